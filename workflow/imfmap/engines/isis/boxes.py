"""Boxes in longitude and latitude, by which ISIS is told what a map spans."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any, Self

import numpy as np

from ...core.errors import InputError
from ...maps.grids import MapGrid
from ...maps.pvl import read_pvl

_BEYOND_CENTRE_PX = 0.25


@dataclass(frozen=True)
class LonLatBox:
    """A box in degrees: planetocentric latitudes, longitudes that grow to the east.

    Attributes
    ----------
    west, east, south, north : float
    domain : int
        180 where longitudes run from -180 to 180, 360 where they run from 0 to 360.
    """

    west: float
    east: float
    south: float
    north: float
    domain: int

    @classmethod
    def of_grid(cls, grid: MapGrid, place: Mapping[str, Any]) -> Self:
        """Return the box that holds a target's map.

        Parameters
        ----------
        grid : MapGrid
        place : mapping
            The target's settings, see `target_grid.PLACE_KEYS`.
        """
        if place["projection"] == "polar_stereographic" or cls._holds_pole(grid, place["lat"]):
            return cls._cap(grid, place["lat"])
        rows, columns = (np.linspace(*ends, count) for ends, count in zip(_ends(grid), grid.shape, strict=True))
        edges = [(np.full(len(columns), row), columns) for row in rows[[0, -1]]]
        edges += [(rows, np.full(len(rows), column)) for column in columns[[0, -1]]]
        lon, lat = grid.lonlat(*np.concatenate(edges, axis=1))
        centre = (place["lon"] + 180.0) % 360.0 - 180.0
        lon = centre + (lon - centre + 180.0) % 360.0 - 180.0
        domain = 180 if lon.min() < 0 else 360
        if domain == 180 and lon.min() < -180.0:
            lon, domain = lon + 360.0, 360
        return cls(float(lon.min()), float(lon.max()), float(lat.min()), float(lat.max()), domain)

    @staticmethod
    def _holds_pole(grid, lat):
        row, column = grid.rowcol_of_lonlat(0.0, np.copysign(90.0, lat))
        return -0.5 <= row <= grid.shape[0] - 0.5 and -0.5 <= column <= grid.shape[1] - 0.5

    @classmethod
    def _cap(cls, grid, lat):
        """Cap around the pole that holds a polar map: no smaller box in longitude and latitude does."""
        _, corner_lats = grid.lonlat(*np.transpose(list(product(*_ends(grid)))))
        south, north = (float(np.min(corner_lats)), 90.0) if lat >= 0 else (-90.0, float(np.max(corner_lats)))
        return cls(0.0, 360.0, south, north, 360)

    @classmethod
    def of_range(cls, mapping: Mapping[str, Any]) -> Self:
        """Return the box that images cover, from the Mapping group that mosrange wrote."""
        sides = (float(mapping[f"{end}imum{side}"]) for side in ("Longitude", "Latitude") for end in ("Min", "Max"))
        return cls(*sides, int(mapping["LongitudeDomain"]))

    def in_domain(self, lon: float) -> float:
        """Return a longitude in the range of this box's `domain`, in degrees."""
        return (lon + 180.0) % 360.0 - 180.0 if self.domain == 180 else lon % 360.0

    def parameters(self) -> dict[str, float]:
        """Return the box as parameters of ISIS's programs."""
        return {"minlat": self.south, "maxlat": self.north, "minlon": self.west, "maxlon": self.east}

    def common_with(self, other: "LonLatBox", where: str | Path) -> "LonLatBox":
        """Return the box that two boxes of the same domain have in common.

        Raises
        ------
        InputError
            If they have none. `where` names the image.
        """
        west, east = max(self.west, other.west), min(self.east, other.east)
        south, north = max(self.south, other.south), min(self.north, other.north)
        if west >= east or south >= north:
            raise InputError(
                where,
                f"lies wholly off the target's map: it covers {other.west:.3f} to {other.east:.3f} deg east, "
                f"{other.south:.3f} to {other.north:.3f} deg north",
                "leave the image out, or move the target",
            )
        return replace(self, west=west, east=east, south=south, north=north)


def _ends(grid):
    """First and last row, and first and last column, of what a box must span.

    ISIS starts a map at the pixel that its first edge falls in, and rounds its width to whole pixels. With edges at
    pixel centres the width ends in half a pixel, so that the last bit of the number decides whether the last row is
    there. A quarter of a pixel beyond the centres, it ends in three quarters.
    """
    return [(-_BEYOND_CENTRE_PX, size - 1 + _BEYOND_CENTRE_PX) for size in grid.shape]


def read_range(path: str | Path) -> tuple[LonLatBox, float]:
    """Read what an image covers, and the size of its pixels, from the file that mosrange wrote.

    Returns
    -------
    tuple
        The box, and the size of the smallest pixel in metres.

    Raises
    ------
    InputError
        If mosrange did not write the file.
    """
    try:
        mapping = read_pvl(path, "run mosrange again")["Mapping"]
        resolution = mapping["MinPixelResolution"]
        return LonLatBox.of_range(mapping), float(getattr(resolution, "value", resolution))
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise InputError(path, f"is not what mosrange writes ({error})", "run mosrange again") from None
