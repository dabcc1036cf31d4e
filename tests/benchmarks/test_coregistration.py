"""The benchmark of co-registration, in small."""

import re
import sys

import pytest


@pytest.mark.slow
def test_it_tells_the_errors_of_shifts_that_are_known(monkeypatch, capsys, tmp_path):
    import coregistration

    monkeypatch.setattr(coregistration, "SCENE", {**coregistration.SCENE, "extent_km": [0.5, 0.5]})
    monkeypatch.setattr(
        coregistration, "OTHERS", {name: coregistration.OTHERS[name] for name in ("higher", "opposite")}
    )
    monkeypatch.setenv("IMF_REAL_DATA", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["coregistration.py"])
    coregistration.main()
    said = capsys.readouterr().out
    rows = re.findall(
        r"^\| (higher|opposite) \(.*?\) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \| (\d) of 1 \| ([\d.]+) \|$", said, re.M
    )
    assert [row[0] for row in rows] == ["higher", "opposite"] and f"{tmp_path}/multisun is not there" in said
    for _, median, largest, confidence, left, _ in rows:
        assert float(median) == float(largest) < 0.5 and float(confidence) > 0.4 and left == "0"
