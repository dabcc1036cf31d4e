"""Open cracks: deep fractures with steep walls, whose beds lie in shadow, with rubble on bed and rims.

Cooling melt opens cracks whose walls stand in solid rock, far above the angle of repose of loose debris. On real images
of fractured melt (Wagner & Robinson 2014, figures 5 and 7), such cracks are dark bands with ragged edges. They widen to
pits and close again, and blocks lie in and beside them. Their profiles are compared with simulated ones by `make
likeness`.
"""

from dataclasses import dataclass, fields
from typing import Any, Self

from .dataclass_settings import dataclass_from_mapping, number_pair, require


@dataclass(frozen=True)
class OpenCracks:
    """Amount and shape of the open cracks among the fractures of a scene.

    Attributes
    ----------
    share : float
        Share of the fractures that are open cracks.
    depth_to_width : tuple of float
        Range of the depth over the width.
    wall_share : tuple of float
        Range of the share of the half-width that the wall takes. The smaller, the steeper.
    pinching : float
        Standard deviation of the logarithm of the width along a crack: 0 is even, 0.8 a chain of pits.
    raggedness_m : float
        Standard deviation by which angular blocks move an edge, with sizes of 4 to 20 m along it.
    rubble_per_km : float
        Blocks of 1 m or more in and beside a crack, per km of its length.
    """

    share: float = 0.0
    depth_to_width: tuple = (0.2, 1.2)
    wall_share: tuple = (0.1, 0.6)
    pinching: float = 0.45
    raggedness_m: float = 0.9
    rubble_per_km: float = 400.0

    @classmethod
    def from_mapping(cls, mapping: dict[str, Any], where: str = "simulate.open_cracks") -> Self:
        """Return the settings of a mapping of the config.

        Raises
        ------
        InputError
            If a key is unknown or a value is out of range.
        """
        pairs = {item.name for item in fields(cls) if item.type is tuple}
        if isinstance(mapping, dict):
            mapping = {
                key: number_pair(value, f"{where}.{key}") if key in pairs else value for key, value in mapping.items()
            }
        cracks = dataclass_from_mapping(cls, mapping, where)
        for name, high in (("share", 1.0), ("pinching", 2.0), ("raggedness_m", 5.0), ("rubble_per_km", 1e5)):
            value = getattr(cracks, name)
            require(0.0 <= value <= high, f"{where}.{name}", f"{value} is out of range", f"use 0..{high:g}")
        for name, high in (("depth_to_width", 4.0), ("wall_share", 1.0)):
            first, last = getattr(cracks, name)
            require(0 < first <= last <= high, f"{where}.{name}", f"{first}, {last} is not a range", f"use 0..{high:g}")
        return cracks
