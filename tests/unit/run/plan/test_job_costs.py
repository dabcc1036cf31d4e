"""Estimates out of past runs, and reasons in words."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from snakemake.persistence import ParamsChange

from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid
from imfmap.maps.rasters import write_raster
from imfmap.plots.pages.page import duration, size
from imfmap.run.plan import dry_run, job_costs
from imfmap.run.plan.job_costs import JobCostEstimator
from imfmap.run.plan.reference_costs import LARGE_NETWORK, REFERENCE, STRIP_KM, network_work, strip_megapixels
from imfmap.run.rule_facts import RULES

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


def test_past_jobs_scale_the_reference(results):
    costs, reference = JobCostEstimator(results), REFERENCE["fuse"]
    ratios = sorted(20 * part / reference.cpu_s(size) for part, size in ((1, 1.0), (0.5, 0.25), (0.02, 0.04)))
    found = costs.estimate("fuse", megapixels=4.0)
    assert found["cpu_s"] == pytest.approx(ratios[1] * reference.cpu_s(4.0), abs=0.1)
    assert found["wall_s"] == pytest.approx(found["cpu_s"] / 2, abs=0.1) and found["gpu_s"] == 0.0
    assert found["basis"].startswith("3 jobs of one, two: ")


@pytest.mark.parametrize(("count", "read"), [(199, 199), (200, 200), (201, 101), (5000, 200)])
def test_of_many_past_jobs_some_are_read(tmp_path, monkeypatch, count, read):
    """A plan of a new run does not read what a hundred runs of thousands of jobs have measured."""
    names = [f"{number:04}" for number in range(count)]
    folders = {run: tmp_path / run / "benchmarks" / "download" for run in ("one", "two")}
    for folder in folders.values():
        folder.mkdir(parents=True)
    for name in names:
        (folders["one" if name < names[count // 2] else "two"] / f"{name}.tsv").touch()
    asked = []
    monkeypatch.setattr(job_costs, "_measured", lambda path: asked.append(path) or (float(path.stem), 1.0))
    found = JobCostEstimator(tmp_path).estimate("download")
    assert len(asked) == read and {path.parts[-4] for path in asked} == {"one", "two"}
    assert found["wall_s"] == pytest.approx((count - 1) / 2, abs=0.01 * count)


def test_the_start_of_a_small_job_does_not_grow_with_the_map(tmp_path):
    """A job of 0.1 megapixels that took 2 s says nothing of 20 s a megapixel."""
    raster(tmp_path / "one" / "a" / "mosaic.tif", 316)
    benchmark(tmp_path, "one", "vectorise", "a", 2.6, 2.6)
    assert JobCostEstimator(tmp_path).estimate("vectorise", megapixels=1000.0)["cpu_s"] < 200


def test_where_a_size_is_not_known_it_goes_by_job(results):
    found = JobCostEstimator(results).estimate("fuse")
    assert (found["wall_s"], found["basis"]) == (5.0, "median of 3 jobs of one, two, by job")
    assert JobCostEstimator(results).estimate("download", megapixels=9.0)["cpu_s"] == 1.0


def test_a_network_takes_a_gpu_where_there_may_be_one(results):
    costs = JobCostEstimator(results)
    assert costs.estimate("infer_image", 1.0, on_gpu=True)["gpu_s"] > 0
    assert costs.estimate("infer_image", 1.0)["gpu_s"] == costs.estimate("fuse", 1.0, on_gpu=True)["gpu_s"] == 0.0


def test_what_was_never_run_costs_the_reference_scaled_to_this_machine(results, tmp_path_factory):
    elsewhere = JobCostEstimator(tmp_path_factory.mktemp("new"))
    assert elsewhere.machine_factor == 1
    found = elsewhere.estimate("vectorise", megapixels=100.0)
    assert found["cpu_s"] == pytest.approx(REFERENCE["vectorise"].cpu_s(100.0), abs=0.1)
    assert found["gpu_s"] == 0 and "reference" in found["basis"]
    here = JobCostEstimator(results)
    assert here.machine_factor != 1
    assert here.estimate("vectorise", megapixels=100.0)["cpu_s"] == pytest.approx(
        here.machine_factor * REFERENCE["vectorise"].cpu_s(100.0), abs=0.1
    )
    assert elsewhere.estimate("vectorise") is None, "its size is not known"


@given(st.sampled_from(sorted(REFERENCE)), st.floats(0, 1e5), st.floats(0, 1e5))
def test_a_larger_map_never_costs_less(rule, one, other):
    costs = JobCostEstimator("nowhere")
    small, large = (costs.estimate(rule, size)["cpu_s"] for size in sorted((one, other)))
    assert 0 <= small <= large and math.isfinite(large)


def test_every_rule_has_a_reference_cost():
    assert set(REFERENCE) == set(RULES)


def test_the_network_of_a_past_job_is_the_one_that_explains_its_time(tmp_path):
    """Past searches with the paper's network do not make every network 36 times dearer."""
    raster(tmp_path / "one" / "a" / "mosaic.tif", 3000)
    took_s = REFERENCE["infer_mosaic"].cpu_s(9.0 * LARGE_NETWORK)
    benchmark(tmp_path, "one", "infer_mosaic", "a", took_s, took_s)
    costs = JobCostEstimator(tmp_path)
    assert costs.estimate("infer_mosaic", 9.0, work=LARGE_NETWORK)["cpu_s"] == pytest.approx(took_s, rel=0.01)
    assert costs.estimate("infer_mosaic", 9.0)["cpu_s"] == pytest.approx(REFERENCE["infer_mosaic"].cpu_s(9.0), abs=0.1)


def test_a_strip_is_no_larger_than_the_map():
    assert strip_megapixels((50, 50), 1.0) == STRIP_KM[0] * STRIP_KM[1]
    assert strip_megapixels((2, 3), 2.0) == 1.5


def test_networks_that_are_not_known_to_be_small_are_large():
    small, shipped = (
        network_work({"encoder": "tu-tf_mobilenetv3_small_minimal_100"}),
        network_work({"shipped": "detector"}),
    )
    assert small == 1 < shipped == network_work({"encoder": "tu-tf_efficientnet_lite0"})
    assert shipped < network_work({"zenodo": 1}) == network_work({"checkpoint": "x"})


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
