"""Names of rules wherever they are used: in Python, in profiles, in the docs."""

import re

import pytest
import yaml
from snakemake.profiles import ProfileConfigFileParser

from imfmap.run.rule_facts import IMAGE, MAP, RULES, facts_of
from tests.helpers import rules
from tests.helpers.library import LIBRARY, REPOSITORY

TEXTS = rules.rules()
SCRIPT = re.compile(r'"\.\./scripts/(\w+)\.py"')


def fact(name):
    """Rules of which a fact is known."""
    return {rule for rule, facts in RULES.items() if getattr(facts, name)}


def test_the_table_has_every_rule_and_no_other():
    assert set(RULES) == rules.names()
    assert facts_of("crookes") == facts_of("all")


def test_the_names_are_those_that_snakemake_knows():
    """The reading of the rules' files finds every line that begins a rule with a name."""
    lines = [line for path in rules.rule_files() for line in path.read_text().splitlines()]
    begun = {found[1] for line in lines if (found := re.match(r" *(?:rule|checkpoint) (\w+):$", line))}
    assert begun == rules.names() and len(begun) > 60


def test_what_runs_a_network_takes_its_turn_on_the_gpu():
    assert fact("network") == {name for name, text in TEXTS.items() if re.search(r"\bgpu_turn=", text)}


def test_what_fetches_calls_the_acquisition():
    """Each rule whose script imports what asks servers, and which writes no link."""
    fetching = {
        path.stem
        for path in (LIBRARY.parent / "scripts").glob("*.py")
        if re.search(r"^from imfmap\.acquisition\.\w+ import", path.read_text(), re.MULTILINE)
    }
    # These compare an image with the table of a search.
    reading = {"project_edr", "isis_export"}
    found = {name for name, text in TEXTS.items() if (script := SCRIPT.search(text)) and script[1] in fetching}
    assert fact("fetches") == found - {"link_calibration", "isd_from_kernels", *reading}


@pytest.mark.parametrize(("pixels", "wildcard"), [(MAP, False), (IMAGE, True)])
def test_work_by_pixels_is_of_a_target_or_of_its_image(pixels, wildcard):
    for name in (rule for rule, facts in RULES.items() if facts.pixels == pixels):
        benchmark = re.search(r"benchmark_of\(([^)]*)\)", TEXTS[name])[1]
        assert '"target"' in benchmark and ('"product"' in benchmark) == wildcard, name


def test_logs_and_benchmarks_lie_under_the_name_of_their_rule():
    """The plan finds past jobs by it, the list of failures says it."""
    for name, text in TEXTS.items():
        for stage in re.findall(r'(?:log|benchmark)_of\(\s*"(\w+)"', text):
            assert stage == name


def test_python_names_rules_that_there_are():
    named = {
        name
        for path in LIBRARY.rglob("*.py")
        for found in re.findall(r'\["rule"\] (?:==|in) (.+)', path.read_text())
        for name in re.findall(r'"(\w+)"', found.split(" else ")[0])
    }
    assert named and named <= rules.names()


def profiles():
    return sorted((REPOSITORY / "profiles").glob("*/config.yaml"))


def test_profiles_name_rules_and_groups_that_there_are():
    groups = {name for text in TEXTS.values() for name in re.findall(r'group:\n\s+"(\w+)"', text)}
    read = set()
    for path in profiles():
        with path.open() as file:
            options = ProfileConfigFileParser().parse(file)
        named = {entry.split(":")[0] for entry in options.get("set-resources", [])}
        named |= {entry.split("=")[0] for entry in options.get("set-threads", [])}
        assert named <= rules.names(), path
        if named:
            assert named == fact("network"), "a GPU is asked for by what runs a network"
        components = {entry.split("=")[0] for entry in options.get("group-components", [])}
        assert components <= groups, path
        # Rules that the profile's template names by themselves.
        assert set(re.findall(r'rule == "(\w+)"', path.read_text())) <= rules.names()
        read |= named | components
    assert {"train", "image"} <= read


def documents():
    return [REPOSITORY / "README.md", *(REPOSITORY / "config").glob("*.md"), *(REPOSITORY / "docs").glob("*.md")]


def test_docs_and_benchmarks_name_rules_that_there_are():
    texts = [*documents(), *(REPOSITORY / "benchmarks").glob("*.py"), *LIBRARY.rglob("*.py")]
    named = {name for path in texts for name in re.findall(r"\brules? `(\w+)`", path.read_text())}
    assert {"label", "vectorise"} <= named and named <= rules.names()
    steps = (REPOSITORY / "docs" / "isis_engine.md").read_text()
    assert set(re.findall(r"^\| `(isis_\w+)`", steps, re.MULTILINE)) <= rules.names()


def test_commands_name_rules_or_targets_that_there_are():
    configs = [yaml.safe_load(path.read_text()) for path in (REPOSITORY / "config").glob("*.yaml")]
    goals = rules.names() | {name for config in configs for name in config.get("targets") or ()}
    text = (REPOSITORY / "Makefile").read_text()
    made = set(re.findall(r"\$\(SNAKEMAKE\) (\w+)", text))
    assert "all" in made and made <= goals
    said = {name for path in documents() for name in re.findall(r"`snakemake (?:-n )?(\w+)`", path.read_text())}
    assert "crookes" in said and said - {found for found in said if found.startswith("comparison_")} <= goals
