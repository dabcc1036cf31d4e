"""The lines that a run ends with."""

import json
import os

from imfmap.run.summary import ending, write_failures


def test_it_names_products_and_scores(tmp_path):
    floor = tmp_path / "floor"
    floor.mkdir()
    (floor / "map.png").touch()
    truth = {"precision": 0.8, "recall": 0.7, "f1": 0.746, "ridge_hit": 0.02, "boulder_hit": None}
    summary = {"fractures": {"polygons": 12, "total_length_m": 3456.0}, "truth": truth}
    (floor / "summary.json").write_text(json.dumps(summary))
    lines = ending(tmp_path, 0)
    assert lines[:2] == ["", "Made by this run:"]
    lines = [lines[2], lines[5]]
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
    assert [line.strip() for line in ending(tmp_path, 0)[-2:]] == ["One.", "Two."]


def test_an_empty_folder_has_made_nothing(tmp_path):
    assert ending(tmp_path, 0) == []


def test_it_says_which_images_were_moved_and_which_were_not(tmp_path):
    def image(product, **result):
        told = {"reference": "A", "moved": False, "right_m": None, "up_m": None, "note": "", **result}
        return {"product": product, "coregistration": told}

    images = [
        image("A", note="it is the reference, or there is none"),
        image("B", moved=True, right_m=3.0, up_m=-4.0),
        image("C", moved=True, right_m=0.0, up_m=12.0),
        image("D", note="shares too little ground with the reference"),
    ]
    (tmp_path / "floor").mkdir()
    path = tmp_path / "floor" / "summary.json"
    path.write_text(json.dumps({"fractures": {"polygons": 0, "total_length_m": 0.0}, "images": images}))
    assert ending(tmp_path, 0)[3:] == [
        "    co-registered with A: 2 of 3 images were moved, by 5.0 to 12.0 m",
        "    not moved: D (shares too little ground with the reference)",
    ]
    path.write_text(json.dumps({"fractures": {"polygons": 0, "total_length_m": 0.0}, "images": [{"product": "A"}]}))
    assert len(ending(tmp_path, 0)) == 3


def record(tmp_path, rule, inputs, outputs, ended):
    path = tmp_path / "provenance" / "jobs" / rule / "floor.json"
    path.parent.mkdir(parents=True)
    names = [str(tmp_path / "floor" / name) for name in outputs]
    given = [str(tmp_path / "floor" / name) for name in inputs]
    path.write_text(json.dumps({"rule": rule, "inputs": given, "outputs": names, "ended": ended}))


def test_it_tells_new_products_from_older_ones_and_from_those_that_are_out_of_date(tmp_path):
    (tmp_path / "floor").mkdir()
    for name, time_s in (("map.png", 2000), ("probability.tif", 2000), ("fractures.gpkg", 1000), ("map.qgz", 1000)):
        (tmp_path / "floor" / name).touch()
        os.utime(tmp_path / "floor" / name, (time_s, time_s))
    record(tmp_path, "fuse", [], ["probability.tif"], "2026-01-02")
    record(tmp_path, "vectorise", ["probability.tif"], ["fractures.gpkg"], "2026-01-01")
    record(tmp_path, "map", ["probability.tif"], ["map.png"], "2026-01-03")
    said = "\n".join(ending(tmp_path, 1500))
    made, _, rest = said.partition("There already, and up to date:")
    kept, _, stale = rest.partition("Out of date, since what they were made of was made again")
    assert "map.png" in made and "probability.tif" in made
    assert "map.qgz" in kept and "fractures.gpkg" not in kept
    assert "fractures.gpkg" in stale and "map.png" not in stale


def test_advice_fits_the_failure(tmp_path):
    of_image, of_all = ("download", "floor.M1L", "no answer"), ("train", "net", "no tiles")
    assert any("--keep-going" in line for line in write_failures(tmp_path, [of_image, of_all]))
    assert not any("--keep-going" in line for line in write_failures(tmp_path, [of_all]))
    assert not any("--keep-going" in line for line in write_failures(tmp_path, [of_image], keeps_going=True))
    assert write_failures(tmp_path, [of_all])[-1].startswith("When this is mended, give the same command again")
    assert write_failures(tmp_path, []) == []
