"""Rows and files of the comparison of models."""

from functools import partial

from imfmap.run import comparison_rows, settings, target_choice
from imfmap.run.comparison_rows import TABLES, row_scores

COMPARED = f"{RUN}/compared/{{model}}/{{target}}"
SCORED_TARGETS = target_choice.scored(config)
QUESTIONS = config["comparison"]["questions"]

compared_models = partial(comparison_rows.compared_models, config)
compared_rows = partial(comparison_rows.compared_rows, config)


def comparison_tables(question):
    """Tables that answer a question."""
    return [f"{RUN}/comparison/{question}/{table}.md" for table in QUESTIONS[question]["tables"]]
