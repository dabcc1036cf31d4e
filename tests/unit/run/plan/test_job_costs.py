"""Estimates out of past runs, and reasons in words."""

import numpy as np
import pytest
from snakemake.persistence import ParamsChange

from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid
from imfmap.maps.rasters import write_raster
from imfmap.plots.pages.page import duration, size
from imfmap.run.plan import dry_run
from imfmap.run.plan.job_costs import JobCostEstimator

HEAD = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time\n"
CRS = body("moon").projected("equirectangular", 10.0, 20.0)


def benchmark(results, run, rule, name, wall_s, cpu_s):
    path = results / run / "benchmarks" / rule / f"{name}.tsv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{HEAD}{wall_s}\t0:00:01\t1\t1\t1\t1\t1\t1\t99\t{cpu_s}\n")


def raster(path, side_px):
    path.parent.mkdir(parents=True, exist_ok=True)
    write_raster(path, np.ones((side_px, side_px), np.uint8), MapGrid.covering(CRS, (0, 0, side_px, side_px), 1.0))


@pytest.fixture
def results(tmp_path):
    """Path: results of two past runs."""
    for run, target, side_px, wall_s in (("one", "a", 1000, 10.0), ("two", "b", 500, 5.0), ("two", "c", 200, 0.2)):
        raster(tmp_path / run / target / "mosaic.tif", side_px)
        raster(tmp_path / run / target / "projected" / "M1L.tif", side_px)
        benchmark(tmp_path, run, "fuse", target, wall_s, 2 * wall_s)
        benchmark(tmp_path, run, "infer_image", f"{target}.M1L", 3 * wall_s, 5 * wall_s)
    for number, wall_s in enumerate((1, 2, 90)):
        benchmark(tmp_path, "one", "download", f"a.M{number}L", wall_s, 0.5 * wall_s)
    benchmark(tmp_path, "one", "locate", "a", "NA", "NA")
    return tmp_path


def test_work_on_pixels_goes_by_megapixel(results):
    found = JobCostEstimator(results).estimate("fuse", megapixels=4.0)
    # 10 s of 1, 5 s of 0.25, 0.2 s of 0.04 megapixels: 10, 20 and 5 s a megapixel.
    assert (found["wall_s"], found["cpu_s"], found["gpu_s"]) == (40.0, 80.0, 0.0)
    assert found["basis"] == "median of 3 jobs of one, two, by megapixel"
    assert JobCostEstimator(results).estimate("infer_image", megapixels=4.0)["wall_s"] == 120.0


def test_where_a_size_is_not_known_it_goes_by_job(results):
    found = JobCostEstimator(results).estimate("fuse")
    assert (found["wall_s"], found["basis"]) == (5.0, "median of 3 jobs of one, two, by job")
    assert JobCostEstimator(results).estimate("download", megapixels=9.0)["cpu_s"] == 1.0


def test_a_network_takes_a_gpu_where_there_may_be_one(results):
    costs = JobCostEstimator(results)
    assert costs.estimate("infer_image", on_gpu=True)["gpu_s"] == 15.0
    assert costs.estimate("infer_image", on_gpu=False)["gpu_s"] == costs.estimate("fuse", on_gpu=True)["gpu_s"] == 0.0


def test_what_was_never_run_or_measured_is_unknown(results):
    assert JobCostEstimator(results).estimate("vectorise") is None
    assert JobCostEstimator(results).estimate("locate") is None
    assert JobCostEstimator(results / "nowhere").estimate("fuse") is None


def changes(old, **params):
    new = {repr(value) for value in params.values()}
    change = ParamsChange(only_old=set(map(repr, old)) - new, only_new=new - set(map(repr, old)), files={"x"})
    return list(dry_run._changes(change, {repr(value): name for name, value in params.items()}))


def test_a_change_of_a_parameter_says_which_and_from_what_to_what():
    old = {"threshold": 0.5, "deep": {"a": 1, "b": 2}}
    new = {"threshold": 0.6, "deep": {"a": 1, "b": 3}}
    assert changes([old, "x"], mapping=new, title="x") == [
        ("parameter", "mapping.deep.b: 2 to 3"),
        ("parameter", "mapping.threshold: 0.5 to 0.6"),
    ]
    assert changes(["a" * 64, "x"], code="b" * 64, title="x") == [("code", "the code that it runs has changed")]
    assert changes(["old"], title="new") == [("parameter", "title is now new"), ("parameter", "no longer old")]
    assert changes(["a" * 64, old], code="b" * 64, mapping={**old, "threshold": 1}) == [
        ("code", "the code that it runs has changed"),
        ("parameter", "mapping.threshold: 0.5 to 1"),
    ]


def test_numbers_for_people():
    assert [size(count) for count in (None, 0, 999, 1000, 2_500_000, 3e12)] == [
        "–",
        "0 B",
        "999 B",
        "1.0 kB",
        "2.5 MB",
        "3.0 TB",
    ]
    assert [duration(seconds) for seconds in (None, 3.2, 89, 120, 7200)] == ["–", "3 s", "89 s", "2 min", "2.0 h"]
