"""The benchmark of all but the network tells both commits apart by their pixels and by their time."""

import pytest
import reading_path


def result(cpu_s, digest="a", tiles=100):
    return {"tiles": tiles, "wall_s": 2 * cpu_s, "cpu_s": cpu_s, "digest": digest}


def test_the_table_has_the_ratio_of_the_fastest_rounds():
    found = {"image": {"this": [result(3.0), result(1.0)], "other": [result(4.0), result(9.0)]}}
    assert reading_path.report(found).splitlines()[-1] == "| image | 50 | 10.00 | 40.00 | 4.00 | yes |"
    found["image"]["other"] = [result(4.0, "b")]
    assert reading_path.report(found).splitlines()[-1].endswith("| 4.00 | no |")
    assert reading_path.report({"image": {"this": [result(1.0)]}}).splitlines()[-1] == "| image | 50 | 10.00 |  |  |  |"


@pytest.mark.slow
def test_a_commit_makes_the_same_pixels_as_itself():
    options = {"tiles": 4, "size_px": 64, "threads": 1}
    checkouts = dict.fromkeys(("this", "other"), reading_path.HERE.parent)
    found = reading_path.measure(options, checkouts, ["image turned to the Sun"], 1)
    assert all(row.endswith("| yes |") for row in reading_path.report(found).splitlines()[2:])
