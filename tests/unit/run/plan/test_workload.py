"""How much the steps of a target have to do, from the configuration alone."""

import pytest

from imfmap.run.config.complete import complete
from imfmap.run.plan.job_costs import JobCostEstimator
from imfmap.run.plan.reference_costs import EDR_BYTES, KERNEL_BYTES, MOST_KERNEL_BYTES, REFERENCE
from imfmap.run.plan.workload import Workload

PLACE = {"lat": 1.0, "lon": 2.0, "diameter_km": 20}


@pytest.fixture
def workload(tmp_path):
    """Return a workload of a crater of 22 x 22 km at 2 m/px, with 40 images of 2.5 x 22 km."""
    targets = {
        "a": {**PLACE, "role": "map", "search": {"max_images": 40}},
        "b": {**PLACE, "role": "train", "products": ["M1500000000LE", "M1500000000RE"], "labels": "b.gpkg"},
    }
    models = {
        "published": {"zenodo": 1},
        "small": {"architecture": "unet", "encoder": "tu-tf_mobilenetv3_small_minimal_100", "epochs": 7},
    }
    given = {
        "run": {"name": "try"},
        "recipe": "paper",
        "models": models,
        "processing": {"resolution_m": 2.0},
        "targets": targets,
        "tiles": {"overlap": 0.0},
    }
    config = complete(given, "here")
    return lambda name="a", images=40: Workload(config, name, images, JobCostEstimator(tmp_path), tmp_path)


def step(rule, **wildcards):
    return {"rule": rule, "wildcards": wildcards}


def cpu_s(workload, *given, **wildcards):
    return workload.estimate(step(*given, **wildcards), on_gpu=False)["cpu_s"]


def test_steps_of_a_map_grow_with_the_map_and_those_of_an_image_with_a_strip(workload):
    assert workload().map_megapixels == pytest.approx(121, rel=1e-3)
    assert cpu_s(workload(), "fuse") == pytest.approx(REFERENCE["fuse"].cpu_s(121), abs=0.1)
    assert cpu_s(workload(), "project_edr", product="x") == pytest.approx(
        REFERENCE["project_edr"].cpu_s(2.5 * 22 / 4), abs=0.1
    )
    assert cpu_s(workload(), "map") == pytest.approx(REFERENCE["map"].start_s, abs=0.1)


def test_the_papers_network_searches_the_windows_that_hold_data(workload):
    known = REFERENCE["infer_mosaic"]
    assert cpu_s(workload(), "infer_mosaic") == pytest.approx(known.cpu_s(121 * 36), rel=1e-3)
    assert cpu_s(workload(images=2), "infer_mosaic") == pytest.approx(known.cpu_s(2 * 13.75 * 36), abs=0.1)


def test_a_training_grows_with_its_images_and_epochs(workload):
    assert cpu_s(workload(None, 0), "train", model="small") == pytest.approx(
        REFERENCE["train"].cpu_s(2 * 13.75 * 7), abs=0.1
    )


def test_the_disk_holds_what_is_fetched_and_what_is_made(workload):
    assert workload().disk(step("download", product="x"), 40, None)["fetched_bytes"] == 40 * EDR_BYTES
    assert workload().disk(step("download", product="x"), 1, 1234) == {
        "fetched_bytes": 1234,
        "kept_bytes": 1234,
        "temporary_bytes": 0,
    }
    found = workload().disk(step("mosaic"), 1, None)
    assert (found["fetched_bytes"], found["kept_bytes"]) == (
        0,
        pytest.approx(121 * REFERENCE["mosaic"].kept_growth_bytes, rel=1e-3),
    )
    assert workload().disk(step("isis_project", product="x"), 1, None)["temporary_bytes"] > 1e9
    # A rule of a target, which has no job of its own.
    assert set(workload().disk(step("a"), 1, None).values()) == {0}


@pytest.mark.parametrize("images", [1, 10, 37, 38, 60, 1000])
def test_all_images_share_the_kernels_that_there_are(workload, images):
    for counts in ([images], [1] * images):
        together = workload(images=images)
        total = sum(together.disk(step("fetch_isisdata", product="x"), n, None)["kept_bytes"] for n in counts)
        assert total == pytest.approx(min(images * KERNEL_BYTES, MOST_KERNEL_BYTES), rel=1e-6)
