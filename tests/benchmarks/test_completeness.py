"""The tables of a calibration, from a report."""

from completeness import tables

BIN = {"from": 0.1, "to": 0.2, "share": 0.5, "probability": 0.15, "fractures": 0.14}
JUDGED = {"largest_error_before": 0.3, "largest_error_after": 0.04, "f1": 0.7, "best_f1": None, "after": [BIN]}
REPORT = {
    "places": ["a", "b"],
    "threshold": 0.4,
    "left_out": {"one image": JUDGED, "fused": JUDGED},
    "confidence": [{"from": 0.0, "to": 0.5, "fractures": 0, "confidence": None, "true_share": None}],
}
ROW = {"kind": "length", "width_class": "huge", "maps": 0, "mapped": None, "corrected": 1.25, "spread": None}


def test_a_class_that_no_map_has_is_a_dash():
    text = tables(REPORT | {"corrected": [ROW | {"coverage": 0.988}]})
    assert "| length | huge | 0 | - | 1.25 | - | 98.8 |" in text
    assert "| 0.1-0.2 | 50.0 | 15.0 | 14.0 |" in text


def test_without_simulated_places_there_is_no_table_of_sums():
    assert "confidence" not in tables(REPORT)
