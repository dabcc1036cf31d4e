"""Our scores beside the paper's: each in its row, and unknown ones said so."""

import pandas as pd

from imfmap.scoring.published_scores import CHOSEN, PRINTED_SCORES, scores_beside


def test_without_an_evaluation_the_printed_scores_stand_alone():
    table = scores_beside(None).set_index("model")
    assert list(table.index) == [f"{model}, {whose}" for model in PRINTED_SCORES for whose in ("ours", "printed")]
    assert set(table.loc[f"{CHOSEN}, ours"]) == {"-"}
    assert table.loc[f"{CHOSEN}, printed", ["Va2 F1", "Te F1"]].tolist() == ["55.9", "69.3"]
    # The paper tested the chosen network only.
    assert table.loc["resnet101_16, printed", "Te F1"] == "-"


def test_our_scores_stand_above_the_printed_ones(tmp_path):
    scores = {"precision": 50.0, "recall": 40.0, "f1": 44.44, "iou": 28.57}
    head = {"model": CHOSEN, "batch_size": 32, "best_epoch": 9}
    rows = [
        {**head, "set": "Va1", "target": "all", **scores},
        {**head, "set": "Va2", "target": "all", **scores, "iou": 31.0},
        {**head, "set": "Va2", "target": "copernicus", **scores, "iou": 33.0},
        {**head, "set": "Te", "target": "all", **scores, "f1": 51.0},
        {**head, "model": "another", "set": "Te", "target": "all", **scores},
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "table.csv", index=False)
    ours = scores_beside(tmp_path / "table.csv").set_index("model").loc[f"{CHOSEN}, ours"]
    assert ours[["batch", "best epoch", "Va1 P", "Va2 IoU", "Te F1"]].tolist() == ["32", "9", "50.0", "31.0", "51.0"]
    assert ours[["Va2 IoU, copernicus", "Va2 IoU, virtanen_f"]].tolist() == ["33.0", "-"]
