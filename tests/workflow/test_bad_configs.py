"""Configurations that cannot be run: one clear line before anything is planned."""

import pytest
import yaml

from .conftest import run_snakemake

pytestmark = pytest.mark.slow

PLACE = "{lat: 1, lon: 2, diameter_km: 1, products: [M1500000000LE]}"
MAPPED = "{lat: 1, lon: 2, diameter_km: 1, role: map, products: [M1500000000LE]}"


def one_of(source):
    """A configuration of one target with this source."""
    return f"models: {{net: {{zenodo: 1}}}}\ntargets: {{a: {{lat: 1, lon: 2, diameter_km: 1, role: map, {source}}}}}"


def planned(folder, text, goal="all"):
    """Exit status and text of a dry run."""
    path = folder / "bad.yaml"
    path.write_text(f"run: {{name: bad}}\n{text}")
    return run_snakemake(folder, path, "-n", goal, check=False)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        # Rules of three kinds: the target of all, a step, and one that a question of a comparison makes.
        (f"targets: {{all: {PLACE}}}", "targets: 'all' is the name of a rule; rename the target"),
        (f"targets: {{mosaic: {PLACE}}}", "targets: 'mosaic' is the name of a rule; rename the target"),
        (
            "models: {net: {checkpoint: a.pt}}\ncomparison: {questions: {sun: {title: a, models: [net]}}}\n"
            f"targets: {{comparison_sun: {PLACE}}}",
            "targets: 'comparison_sun' is the name of a rule; rename the target",
        ),
        (
            f"targets: {{a: {PLACE}}}\ntargets: {{b: {PLACE}}}",
            "targets stands twice, in lines 2 and 3; keep one of the two",
        ),
        (one_of("mosaic: 'a{x}.tif', sun_azimuth_deg: 1, incidence_deg: 9"), "targets.a.mosaic: the path has { in it"),
        (
            one_of("edrs: ['my image.IMG']"),
            "targets.a.edrs: the name of 'my image.IMG' is 'my image' up to its first dot",
        ),
        (one_of("products: no_such.csv"), "targets.a.products: there is no file no_such.csv"),
        (one_of('products: [M1500000000LE], title: "A\\x01B"'), "targets.a.title: has the character U+0001"),
        (f"targets: {{a: {MAPPED}}}", "models: is empty, so no model can map a; add one, such as"),
    ],
)
def test_it_stops_with_one_line(tmp_path, text, line):
    status, said = planned(tmp_path, text)
    assert status != 0 and "Traceback" not in said
    (found,) = [each for each in said.splitlines() if "bad.yaml: " in each]
    assert f"bad.yaml: {line}" in found
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"run:\n\tname: bad\n", "line 2: cannot be read as YAML"),
        (b"run: {name: b\xfcd}\n", "cannot be read as YAML"),
    ],
)
def test_a_default_configuration_that_snakemake_cannot_read_is_named(tmp_path, content, line):
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.yaml").write_bytes(content)
    status, said = run_snakemake(tmp_path, [], "-n", "all", check=False)
    assert status != 0 and "Traceback" not in said
    (found,) = [each for each in said.splitlines() if "config/config.yaml: " in each]
    assert line in found


def test_without_a_model_all_but_the_map_is_made(tmp_path):
    status, said = planned(tmp_path, f"targets: {{a: {MAPPED}}}", "results/bad/a/projected/M1500000000LE.tif")
    assert status == 0, said
    status, said = planned(tmp_path, f"targets: {{a: {MAPPED}}}", "results/bad/a/map.png")
    assert status != 0 and "models: is empty, so no model can map a" in said


def test_unusual_names_of_files_are_planned(tmp_path):
    names = ["my (1) map#%*.tif", "-x y.gpkg", "we'i\"ght [1]?.pt"]
    for name in names:
        (tmp_path / name).touch()
    source = yaml.safe_dump(
        {"mosaic": names[0], "boundary": names[1], "title": "</script><b>$x$"}, default_flow_style=True
    )
    text = f"recipe: paper\nmodels: {yaml.safe_dump({'net': {'checkpoint': names[2]}}, default_flow_style=True)}"
    text += f"targets: {{a: {{lat: 1, lon: 2, diameter_km: 1, role: map, {source.strip()[1:-1]}}}}}\n"
    status, said = planned(tmp_path, text)
    assert status == 0, said
