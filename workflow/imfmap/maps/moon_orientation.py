"""Kernels of the Moon's orientation."""

from importlib.util import find_spec
from pathlib import Path


def moon_orientation_kernels():
    """Kernels of the Moon's orientation that the package lunarsky ships."""
    found = find_spec("lunarsky")
    if found is None:
        return []
    data = Path(found.origin).parent / "data"
    return sorted(path for path in data.rglob("moon_*") if path.suffix in (".bpc", ".tf"))
