"""Tables of the evaluation."""

from imfmap.run import model_choice


def evaluation_tables():
    return [f"{RUN}/evaluation/table.md"] if config["evaluation"]["models"] else []
