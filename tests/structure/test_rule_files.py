"""What holds for the text of all rules."""

import re

import pytest


@pytest.fixture(scope="module")
def rules(root):
    """dict: text of each rule, by its name."""
    found = {}
    for path in sorted((root / "workflow" / "rules").glob("*.smk")):
        for text in re.split(r"^(?= *(?:rule|checkpoint) \w+:$)", path.read_text(), flags=re.MULTILINE)[1:]:
            found[re.match(r" *(?:rule|checkpoint) (\w+):", text)[1]] = text
    return found


def test_each_rule_has_the_digest_of_its_own_script(rules):
    """Otherwise a change of its code would not remake its products."""
    for name, text in rules.items():
        scripts = re.findall(r'"\.\./scripts/(\w+\.py)"', text)
        assert re.findall(r'code=code_digest\("(\w+\.py)"\)', text) == scripts, name
    assert sum("code_digest" in text for text in rules.values()) > 50


def test_what_all_stages_share_is_short(root):
    for name in ("common.smk", "common_learn.smk"):
        assert len((root / "workflow" / "rules" / name).read_text().splitlines()) < 150, name
