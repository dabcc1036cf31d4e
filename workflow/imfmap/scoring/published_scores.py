"""The scores of our networks beside those that the paper prints of its own."""

from pathlib import Path

import pandas as pd

from ..learning.evaluation_tables import paper_table, score_cell

# Le Corre et al. (2025), tables 3 and 4 and section 4, in percent. The models have their names in config/config.yaml.
PRINTED_COLUMNS = ("batch", "best epoch", "Va1 P", "Va1 R", "Va1 F1", "Va2 IoU", "Va2 P", "Va2 R", "Va2 F1")
PRINTED_SCORES = {
    "resnet50_32": (32, 47, 77.4, 62.8, 69.4, 38.7, 55.7, 56.1, 55.9),
    "resnet50_16": (16, 93, 80.0, 61.9, 69.8, 36.2, 56.9, 50.1, 53.3),
    "resnet101_16": (16, 55, 78.1, 63.5, 70.0, 34.0, 50.0, 51.6, 50.8),
}
# Of the network that the paper chose only.
CHOSEN = "resnet50_32"
PRINTED_OF_CHOSEN = {
    "Te P": 67.7,
    "Te R": 71.0,
    "Te F1": 69.3,
    "Te IoU": 52.9,
    "Va2 IoU, copernicus": 40.1,
    "Va2 IoU, virtanen_f": 21.2,
}


def scores_beside(evaluation_path: str | Path | None) -> pd.DataFrame:
    """Return two rows for each of the paper's three networks: our scores, and those that the paper prints.

    Parameters
    ----------
    evaluation_path : path or None
        CSV of `evaluation_tables.write_evaluation_tables`. Without it, our scores are not known.

    Returns
    -------
    pandas.DataFrame
        Texts: ``model``, ``batch``, ``best epoch``, and the scores of the paper's sets in percent; "-" if not known.
    """
    ours = {} if evaluation_path is None else _our_scores(pd.read_csv(evaluation_path))
    names = [*PRINTED_COLUMNS, *PRINTED_OF_CHOSEN]
    rows = []
    for model, scores in PRINTED_SCORES.items():
        printed = dict(zip(PRINTED_COLUMNS, scores, strict=True)) | (PRINTED_OF_CHOSEN if model == CHOSEN else {})
        for whose, cells in (("ours", ours.get(model, {})), ("printed", printed)):
            rows.append({"model": f"{model}, {whose}", **{name: str(cells.get(name, "-")) for name in names}})
    return pd.DataFrame(rows)


def _our_scores(table):
    """Return the cells of each of our models, by its name and by the name of the column."""
    scores = paper_table(table).set_index("model").to_dict("index")
    chosen = table[(table["set"] == "Va2") & (table.target != "all")]
    for model, target, iou in zip(chosen.model, chosen.target, chosen.iou, strict=True):
        scores[model][f"Va2 IoU, {target}"] = score_cell(iou)
    return scores
