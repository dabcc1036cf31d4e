"""The lines that a run ends with."""

import json

from imfmap.run.summary import made


def test_it_names_products_and_scores(tmp_path):
    floor = tmp_path / "floor"
    floor.mkdir()
    (floor / "map.png").touch()
    truth = {"precision": 0.8, "recall": 0.7, "f1": 0.746, "ridge_hit": 0.02, "boulder_hit": None}
    summary = {"fractures": {"polygons": 12, "total_length_m": 3456.0}, "truth": truth}
    (floor / "summary.json").write_text(json.dumps(summary))
    lines = made(tmp_path)
    assert lines[0].split() == [str(floor / "map.png"), "the", "map", "(and", "map.pdf)"]
    assert (
        lines[1].startswith("  floor: 12 fractures, 3.5 km; ")
        and "F1 75 %" in lines[1]
        and "2 % of the ridge" in lines[1]
    )


def test_it_says_what_a_map_misses(tmp_path):
    (tmp_path / "floor").mkdir()
    summary = {"fractures": {"polygons": 1, "total_length_m": 20.0}, "completeness": {"in_words": ["One.", "Two."]}}
    (tmp_path / "floor" / "summary.json").write_text(json.dumps(summary))
    assert [line.strip() for line in made(tmp_path)[-2:]] == ["One.", "Two."]


def test_an_empty_folder_has_made_nothing(tmp_path):
    assert made(tmp_path) == []
