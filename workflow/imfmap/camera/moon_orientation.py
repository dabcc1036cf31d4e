"""SPICE kernels of the Moon's orientation."""

from importlib.util import find_spec
from pathlib import Path


def moon_orientation_kernels() -> list[Path]:
    """Return the kernels of the Moon's orientation in the package lunarsky; none if it is not installed."""
    package = find_spec("lunarsky")
    if package is None:
        return []
    data = Path(package.origin).parent / "data"
    return sorted(path for path in data.rglob("moon_*") if path.suffix in (".bpc", ".tf"))
