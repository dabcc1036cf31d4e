import os
from pathlib import Path

from imfmap.core import processors


def test_the_processor_is_named_as_the_system_does(monkeypatch, tmp_path):
    told = tmp_path / "cpuinfo"
    told.write_text("processor\t: 0\nmodel name\t: Some CPU: fast\n\nprocessor\t: 1\nmodel name\t: Another\n")
    monkeypatch.setattr(processors, "Path", lambda path: told if str(path) == "/proc/cpuinfo" else Path(path))
    assert processors.processor_name() == "Some CPU: fast"
    told.unlink()
    assert processors.processor_name() in (processors.platform.processor(), os.uname().machine)


def test_no_more_processors_than_the_process_may_use():
    assert 1 <= processors.usable_processors() <= os.cpu_count()
