"""The benchmark set as a user makes it."""

import csv
import hashlib

import pytest
import yaml

from .conftest import ROOT, run_snakemake, write_config
from .test_dag import counts

BENCHMARK = ROOT / "config" / "benchmark.yaml"


@pytest.mark.parametrize(("size", "direct", "sensor", "scenes"), [("full", 150, 0, 19), ("small", 24, 3, 11)])
def test_the_set_is_made_without_training(tmp_path, size, direct, sensor, scenes):
    text = run_snakemake(tmp_path, BENCHMARK, "-n", "benchmark_set", "--config", f"size={size}")
    jobs = counts(text)
    assert (jobs["simulate_projected"], jobs.get("project_edr", 0)) == (direct, sensor)
    assert jobs["simulate_scene"] == jobs["label"] == jobs["simulate_counts"] == scenes
    assert not {"train", "infer_image", "map", "mosaic"} & set(jobs)


@pytest.mark.parametrize("size", ["full", "small"])
def test_models_are_compared_with_a_second_file(tmp_path, size):
    second = ROOT / "config" / "comparison.yaml"
    chosen = yaml.safe_load(second.read_text())
    text = run_snakemake(tmp_path, [BENCHMARK, second], "-n", "comparison", "--config", f"size={size}")
    jobs = counts(text)
    asked = chosen["comparison"]
    seeds, questions = len(asked["seeds"]), asked["questions"]
    if size == "small":
        asked |= {key: value for key, value in chosen["small"]["comparison"].items() if key != "questions"}
        for name, about in chosen["small"]["comparison"]["questions"].items():
            questions[name] |= about
    models, scenes = {name: chosen["models"][name] for about in questions.values() for name in about["models"]}, 5
    told = {name for name, model in models.items() if model["recipe"] == "sun_aligned" or model.get("sun_input")}
    told -= {name for name, model in models.items() if model.get("quarter_turns")}
    mapped = {name for about in questions.values() if "maps" in about.get("tables", ()) for name in about["models"]}
    turned = {
        name for about in questions.values() if "sun" in about.get("tables", ()) for name in about["models"]
    } & told
    wrong = len(turned) * seeds * (len(asked["sun_offsets_deg"]) - 1)
    assert jobs["train"] == len(models) * seeds and jobs["compare_fused"] == len(mapped) * seeds * scenes
    # At the paper's scale DeepLabV3 starts from COCO's weights and the other networks' ResNet50 from ImageNet's.
    assert jobs.get("fetch_weights", 0) == {"full": 2, "small": 0}[size]
    # Every image of a scene in one job, with the Sun as it is, and with each wrong one.
    assert jobs["compare_images"] == jobs["score_images"] == (len(models) * seeds + wrong) * scenes
    # A mosaic has no Sun; one image at each place is there to be fused.
    on_mosaics = {name for name in mapped - told if models[name]["recipe"] == "paper"}
    assert jobs["compare_mosaic"] == len(on_mosaics) * seeds * scenes
    assert jobs["compare_one_image"] == jobs["compare_fused"]
    assert jobs["score_map"] == 2 * jobs["compare_fused"] + jobs["compare_mosaic"]
    assert jobs["compare"] == sum(len(about.get("tables", ["images"])) for about in questions.values())


def test_one_question_is_answered_by_its_name(tmp_path):
    second = ROOT / "config" / "comparison.yaml"
    jobs = counts(run_snakemake(tmp_path, [BENCHMARK, second], "-n", "comparison_split", "--config", "size=small"))
    assert jobs["train"] == 6 and jobs["compare"] == jobs["comparison_split"] == 1 and "compare_fused" not in jobs


def test_a_training_waits_for_the_weights_that_its_encoder_starts_from(tmp_path):
    files = [BENCHMARK, *(ROOT / "config" / name for name in ("comparison.yaml", "pretrained.yaml"))]
    arguments = ("-n", "comparison_pretrained", "--config", "size=small")
    weights = yaml.safe_load(files[-1].read_text())["models"]["lite_paper"]["encoder_weights"]
    status, text = run_snakemake(tmp_path, files, *arguments, check=False)
    assert status != 0 and weights in text
    (tmp_path / weights).parent.mkdir(parents=True)
    (tmp_path / weights).touch()
    jobs = counts(run_snakemake(tmp_path, files, *arguments))
    assert jobs["train"] == 9 and jobs["compare"] == 1


@pytest.fixture(scope="module")
def made_twice(tmp_path_factory):
    """Two folders with the same set: two targets of the small one, made smaller still."""
    config = yaml.safe_load(BENCHMARK.read_text())
    config["small"]["tiles"]["size_px"] = 64
    for name in config["targets"]:
        if name not in ("tycho", "ohm_south"):
            config["small"]["targets"][name] = None
            continue
        target = config["small"]["targets"][name]
        target["extent_km"] = [0.4, 0.45]
        target["simulate"]["images"] = target["simulate"]["images"][:2]
    folders = []
    with pytest.MonkeyPatch.context() as patch:
        for threads in ("1", "2"):
            for library in ("OMP", "NUMBA", "OPENBLAS", "MKL"):
                patch.setenv(f"{library}_NUM_THREADS", threads)
            patch.setenv("GDAL_NUM_THREADS", threads)
            folders.append(tmp_path_factory.mktemp(f"threads{threads}"))
            path = write_config(folders[-1] / "set.yaml", config)
            run_snakemake(folders[-1], path, "benchmark_set", "--cores", threads, "--config", "size=small")
    return [folder / "results" / "benchmark_small" for folder in folders]


@pytest.mark.slow
def test_made_again_every_byte_is_the_same(made_twice):
    hashes = [
        {
            str(path.relative_to(run)): hashlib.sha256(path.read_bytes()).hexdigest()
            for pattern in ("*/projected/*", "*/labels.tif", "*/simulated/*.*", "benchmark_set.*")
            for path in run.glob(pattern)
        }
        for run in made_twice
    ]
    names = set(hashes[0])
    for target, products in {"tycho": 2, "ohm_south": 2}.items():
        assert sum(name.startswith(f"{target}/projected/") for name in names) == products
        assert {f"{target}/simulated/{name}" for name in ("truth.tif", "truth.gpkg", "labels.gpkg")} <= names
    assert names == set(hashes[1])
    assert [name for name in sorted(names) if hashes[0][name] != hashes[1][name]] == []


@pytest.mark.slow
def test_the_summary_counts_each_target_and_set(made_twice):
    with open(made_twice[0] / "benchmark_set.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["set"], row["target"]) for row in rows] == [
        ("Tr + Va1", "tycho"),
        ("Tr + Va1", ""),
        ("Te", "ohm_south"),
        ("Te", ""),
    ]
    for row in rows:
        assert int(row["images"]) == 2 and int(row["fractures"]) > 0
        assert int(row["tiles_with"]) > 0
        assert float(row["image_km2"]) == pytest.approx(2 * 0.4 * 0.45, rel=0.05)
    assert (made_twice[0] / "benchmark_set.md").read_text().count("\n") == 6
