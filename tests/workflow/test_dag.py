"""What Snakemake would do, without doing it."""

import os
import re

import pytest
import yaml

from .conftest import ROOT, run_snakemake, write_config

CONFIG = ROOT / "config" / "config.yaml"
DEMO = ROOT / "config" / "demo.yaml"
ISIS_STEPS = ["isis_ingest", "isis_spice", "isis_calibrate", "isis_echo", "isis_range", "isis_project", "isis_export"]


def counts(text):
    """Jobs by rule, from the first table of job counts."""
    table = text.split("job ", 1)[1].split("total", 1)[0]
    return {rule: int(count) for rule, count in re.findall(r"^(\w+) +(\d+)$", table, re.MULTILINE)}


@pytest.fixture(scope="module")
def paper_plan(tmp_path_factory):
    return run_snakemake(tmp_path_factory.mktemp("paper"), CONFIG, "-n", "all")


def test_the_papers_run_lists_the_whole_chain_offline(paper_plan):
    jobs = counts(paper_plan)
    targets = yaml.safe_load(CONFIG.read_text())["targets"]
    assert jobs["search"] == sum("search" in target for target in targets.values())
    assert jobs["locate"] == sum("products" in target for target in targets.values())
    images = jobs["search"] + sum(len(target.get("products", [])) for target in targets.values())
    for step in ["download", *ISIS_STEPS]:
        assert jobs[step] == images, step
    assert jobs["train"] == 3 and jobs["fetch_checkpoint"] == 1
    assert jobs["fetch_weights"] == 2, "one of each network, whatever trains on it"
    assert jobs["evaluate"] == 9 and jobs["evaluation"] == 1
    assert jobs["map"] == jobs["vectorise"] == jobs["infer_mosaic"] == 2
    assert jobs["label"] == 17


@pytest.mark.parametrize("crater", ["crookes", "schomberger_a"])
def test_one_crater_lists_that_crater_alone(tmp_path, crater):
    text = run_snakemake(tmp_path, CONFIG, "-n", crater)
    jobs = counts(text)
    chain = ["search", "download", *ISIS_STEPS, "isis_mosaic", "isis_picture", "infer_mosaic", "vectorise", "map"]
    assert [jobs.get(step) for step in chain] == [1] * len(chain)
    others = set(yaml.safe_load(CONFIG.read_text())["targets"]) - {crater}
    assert not [name for name in others if f"/{name}/" in text]
    assert "train" not in jobs
    images = yaml.safe_load(CONFIG.read_text())["targets"][crater]["search"]["max_images"]
    assert f"(for {images} images, the most that the search may choose)" in text
    assert re.search(r"of processor time \(.* on 2 cores.*\nTo fetch: [0-9.]+ GB\. On the disk: ", text)


def test_the_default_configuration_is_the_papers(tmp_path):
    """Without --configfile, from the repository's root."""
    import subprocess
    import sys

    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "-n", "crookes"]
    said = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert said.returncode == 0, said.stderr
    assert "results/paper/crookes/map.png" in said.stdout + said.stderr


def test_the_demo_goes_through_every_step():
    jobs = counts(run_snakemake(ROOT, DEMO, "-n", "all", "--forceall"))
    targets = yaml.safe_load(DEMO.read_text())["targets"]
    images = sum(len(target["simulate"]["images"]) for target in targets.values() if "simulate" in target)
    assert jobs["simulate_image"] == jobs["project_edr"] == images
    assert {"simulate_scene", "label", "tile", "split", "train", "evaluate", "infer_image", "fuse", "map"} <= set(jobs)
    assert "giordano_bruno" not in jobs


def test_calibrated_images_are_kept_when_asked_for(tmp_path, mini_config):
    config = {**mini_config, "processing": {"keep_calibrated": True}}
    path = write_config(tmp_path / "kept.yaml", config)
    assert counts(run_snakemake(tmp_path, path, "-n", "floor"))["calibrate_edr"] == 2


def test_products_are_made_as_far_as_they_are_asked_for(tmp_path, mini_config):
    every = {"qgis", "viewer", "stac", "catalog", "tables", "footprints", "sheets"}
    path = write_config(tmp_path / "mini.yaml", mini_config)
    assert every <= set(counts(run_snakemake(tmp_path, path, "-n", "all")))
    few = {**mini_config, "products": {"qgis": False, "viewer": False, "stac": False, "sheets": False}}
    jobs = counts(run_snakemake(tmp_path, write_config(tmp_path / "few.yaml", few), "-n", "all"))
    assert every & set(jobs) == {"tables", "footprints"}


def test_a_finished_mosaic_goes_straight_to_its_search_and_has_all_products(tmp_path, mini_config):
    (tmp_path / "theirs.tif").touch()
    place = {key: mini_config["targets"]["floor"][key] for key in ("lat", "lon", "diameter_km")}
    config = {**mini_config, "recipe": "paper", "processing": {"mosaic": {"stretch": "minmax"}}}
    config["targets"] = {**mini_config["targets"], "theirs": {**place, "mosaic": "theirs.tif"}}
    jobs = counts(run_snakemake(tmp_path, write_config(tmp_path / "mini.yaml", config), "-n", "theirs"))
    chain = ["import_mosaic", "infer_mosaic", "vectorise", "map", "footprints", "qgis", "viewer", "stac"]
    assert [jobs.get(step) for step in chain] == [1] * len(chain)
    assert "mosaic" not in jobs


def test_section_4_5_of_the_paper_is_one_command(tmp_path):
    text = run_snakemake(tmp_path, CONFIG, "-n", "coarse")
    jobs = counts(text)
    targets = yaml.safe_load(CONFIG.read_text())["targets"]
    roles = [target["role"] for target in targets.values()]
    # Both craters as they are, at 6 m/px, and at 6 m/px with the network trained there.
    assert jobs["infer_mosaic"] == jobs["vectorise"] == 6 and jobs["compare_coarse"] == 1 and jobs["coarse_sheet"] == 2
    assert jobs["train"] == 1 and jobs["label"] == jobs["tile"] == roles.count("train")
    files = run_snakemake(tmp_path, CONFIG, "--summary", "coarse")
    assert "split.paper.tile.6m.csv" in files and "crookes_retrained/fractures.gpkg" in files
    assert jobs["average_image"] >= roles.count("train") + 2


def test_a_finished_mosaic_can_be_learnt_from(tmp_path, mini_config):
    (tmp_path / "theirs.tif").touch()
    (tmp_path / "labels.gpkg").touch()
    place = {key: mini_config["targets"]["floor"][key] for key in ("lat", "lon", "diameter_km")}
    theirs = {**place, "mosaic": "theirs.tif", "role": "train", "labels": "labels.gpkg"}
    config = {**mini_config, "recipe": "paper", "targets": {**mini_config["targets"], "theirs": theirs}}
    goal = "results/mini/theirs/tiles/paper/theirs.npz"
    jobs = counts(run_snakemake(tmp_path, write_config(tmp_path / "mini.yaml", config), "-n", goal))
    assert jobs == {"import_mosaic": 1, "label": 1, "tile": 1}
    sun = {"sun_azimuth_deg": 90, "incidence_deg": 50}
    config = {**mini_config, "targets": {**mini_config["targets"], "theirs": {**theirs, **sun}}}
    goal = "results/mini/theirs/tiles/sun_aligned/theirs.npz"
    jobs = counts(run_snakemake(tmp_path, write_config(tmp_path / "mini.yaml", config), "-n", goal))
    assert jobs == {"project_mosaic": 1, "label": 1, "tile": 1}


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (
            {"recipe": "sun_aligned"},
            "models.net: was trained for recipe sun_aligned, and a mosaic has no single direction of the Sun; search",
        ),
        (
            {"sun_input": True},
            "models.net: takes the Sun's direction, and a mosaic has no single one; search the images",
        ),
    ],
)
def test_a_model_that_cannot_search_a_mosaic_is_refused_before_anything_is_made(tmp_path, mini_config, model, said):
    config = {**mini_config, "recipe": "paper", "models": {"net": {**mini_config["models"]["net"], **model}}}
    path = write_config(tmp_path / "mini.yaml", config)
    status, text = run_snakemake(tmp_path, path, "floor", check=False)
    assert status != 0 and said in text
    assert not (tmp_path / "results" / "mini" / "floor").exists()
    # Without a map there is nothing against it.
    run_snakemake(tmp_path, path, "-n", "evaluation")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda config: config["targets"]["floor"].update(lat=95), "targets.floor.lat: 95 is out of range; allowed"),
        (
            lambda config: config["targets"]["floor"].update(latt=5),
            "targets.floor: unknown key 'latt' (did you mean lat?); allowed: ",
        ),
        (
            lambda config: config.update(labels={"width_px": {"gigantic": 3}}),
            "labels.width_px: unknown key 'gigantic'; allowed: tiny, small",
        ),
        (lambda config: config["targets"].update(nothing={"lat": 1, "lon": 2, "diameter_km": 3}), "give exactly one"),
    ],
)
def test_a_bad_configuration_stops_at_once(tmp_path, mini_config, change, said):
    config = yaml.safe_load(yaml.safe_dump(mini_config))
    change(config)
    path = write_config(tmp_path / "bad.yaml", config)
    status, text = run_snakemake(tmp_path, path, "-n", "all", check=False)
    assert status != 0 and "Traceback" not in text
    line = next(line for line in text.splitlines() if said in line)
    assert "bad.yaml" in line
    assert not (tmp_path / "results").exists()


def test_a_name_that_is_no_target_gets_the_nearest_ones(tmp_path):
    status, text = run_snakemake(tmp_path, CONFIG, "-n", "--", "croookes", check=False)
    assert status != 0 and "Traceback" not in text
    (line,) = [line for line in text.splitlines() if line.startswith("croookes: is no target of ")]
    assert "config.yaml; did you mean crookes or crookes_coarse or crookes_retrained? snakemake --list" in line
    assert not (tmp_path / "results").exists()


def test_the_first_crater_needs_no_isis_and_no_training(tmp_path):
    config = ROOT / "config" / "first_crater.yaml"
    (name,) = yaml.safe_load(config.read_text())["targets"]
    jobs = counts(run_snakemake(tmp_path, config, "-n", name))
    chain = ["locate", "download", "fetch_isisdata", "project_edr", "coregister", "infer_image", "fuse", "vectorise"]
    assert [jobs[step] for step in chain] == [1, 2, 2, 2, 2, 2, 1, 1]
    assert not {"train", "label", "fetch_checkpoint"} & set(jobs) and not [step for step in jobs if "isis_" in step]
    assert f" {name} --configfile config/first_crater.yaml" in (ROOT / "Makefile").read_text()


def test_threads_of_jobs_sleep_while_they_wait(tmp_path):
    import subprocess
    import sys

    outer = tmp_path / "Snakefile"
    outer.write_text(f'include: "{ROOT}/Snakefile"\nprint("policy", os.environ["OMP_WAIT_POLICY"])\n')
    command = [
        sys.executable,
        "-m",
        "snakemake",
        "--snakefile",
        str(outer),
        "-n",
        "check_labels",
        "--configfile",
        str(DEMO),
    ]
    for given, expected in (({}, "passive"), ({"OMP_WAIT_POLICY": "active"}, "active")):
        environment = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"} | given
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert f"policy {expected}" in done.stdout, done.stdout + done.stderr


def test_the_tutorial_goes_from_the_shipped_network_to_ones_own(tmp_path):
    """The commands of docs/tutorial_labels.md, before labels are drawn and after."""
    shipped = ROOT / "config" / "my_crater.yaml"
    commands = re.findall(
        r"^snakemake --cores \d (\S+) --configfile (\S+)$", (ROOT / "docs" / "tutorial_labels.md").read_text(), re.M
    )
    assert {file for _, file in commands} == {"config/my_crater.yaml"}
    for asked in dict.fromkeys(asked for asked, _ in commands):
        jobs = counts(run_snakemake(tmp_path, shipped, "-n", asked))
        assert "train" not in jobs and ("infer_image" in jobs) == (asked != "check_labels"), asked
    config = yaml.safe_load(shipped.read_text())
    # What step 5 changes.
    labels = ROOT / "resources" / "labels" / "template.gpkg"
    config["targets"]["my_crater"]["labels"] = str(labels)
    config["inference"]["model"] = "mine"
    jobs = counts(run_snakemake(tmp_path, write_config(tmp_path / "config.yaml", config), "-n", "my_crater"))
    assert jobs["train"] == jobs["label"] == jobs["map"] == 1 and jobs["infer_image"] == 2


def test_a_list_says_what_each_target_is(tmp_path):
    lines = run_snakemake(tmp_path, ROOT / "config" / "first_crater.yaml", "--list-target-rules").splitlines()
    said = dict(re.findall(r"^(\w+) \((.+)\)$", "\n".join(lines), re.MULTILINE))
    assert said["king_bridge"] == "Melt pond of King crater, named images of the archive: the map, and all before it"
    assert not [line for line in lines if re.fullmatch(r"\w+", line)], "every name has its line"
    assert "wildcards" not in "".join(said.values())


@pytest.mark.parametrize("name", ["giordano_bruno", "unseen", "king_bridge"])
def test_a_target_of_another_shipped_configuration_is_told(tmp_path, name):
    status, said = run_snakemake(tmp_path, CONFIG, "-n", name, check=False)
    assert status and re.search(rf"{name}: is no target of \S+, but of (\S+); add --configfile \1", said)
