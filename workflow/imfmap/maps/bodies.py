"""Bodies and their coordinate reference systems.

Radii are those of the IAU Working Group on Cartographic Coordinates and Rotational Elements 2015
(Archinal et al. 2018). PROJ's IAU_2015 catalogue has the same spheres.
"""

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from pyproj import CRS, Transformer
from pyproj.crs import ProjectedCRS
from pyproj.crs.coordinate_operation import (
    EquidistantCylindricalConversion,
    OrthographicConversion,
    PolarStereographicBConversion,
    SinusoidalConversion,
)

from ..core.errors import InputError

PROJECTIONS = ("equirectangular", "polar_stereographic", "sinusoidal", "orthographic")


@dataclass(frozen=True)
class Body:
    """A spherical body.

    Attributes
    ----------
    name : str
        Lower-case name, as in the config.
    iau_code : int
        Code of the planetocentric sphere in the IAU_2015 catalogue.
    """

    name: str
    iau_code: int

    @cached_property
    def geographic(self) -> CRS:
        """CRS of planetocentric longitude and latitude in degrees on the IAU sphere."""
        return CRS.from_authority("IAU_2015", self.iau_code)

    @property
    def radius_m(self) -> float:
        """Radius of the sphere in metres."""
        return self.geographic.ellipsoid.semi_major_metre

    def projected(
        self, projection: str, lat_deg: float, lon_deg: float, standard_parallel_deg: float | None = None
    ) -> CRS:
        """Return the CRS of a map centred on a place.

        Parameters
        ----------
        projection : str
            One of `PROJECTIONS`.
        lat_deg : float
            Planetocentric latitude of the centre, -90..90. For polar stereographic maps only its sign counts.
        lon_deg : float
            Longitude of the central meridian, east-positive.
        standard_parallel_deg : float, optional
            Latitude of true scale, for equirectangular and polar stereographic maps; by default that of the centre or
            of the pole.

        Returns
        -------
        pyproj.CRS

        Raises
        ------
        InputError
            If the projection is unknown, or cannot have this standard parallel.
        """
        parallel = true_scale_latitude(projection, lat_deg, standard_parallel_deg)
        lon_deg = (lon_deg + 180.0) % 360.0 - 180.0
        if projection == "equirectangular":
            conversion = EquidistantCylindricalConversion(
                latitude_first_parallel=parallel, longitude_natural_origin=lon_deg
            )
        elif projection == "polar_stereographic":
            conversion = PolarStereographicBConversion(latitude_standard_parallel=parallel, longitude_origin=lon_deg)
        elif projection == "sinusoidal":
            conversion = SinusoidalConversion(longitude_natural_origin=lon_deg)
        elif projection == "orthographic":
            conversion = OrthographicConversion(latitude_natural_origin=lat_deg, longitude_natural_origin=lon_deg)
        else:
            raise InputError("projection", f"unknown projection '{projection}'", f"use one of {', '.join(PROJECTIONS)}")
        centre = f"{abs(lat_deg):g}{'N' if lat_deg >= 0 else 'S'} {abs(lon_deg):g}{'E' if lon_deg >= 0 else 'W'}"
        name = f"{self.name.capitalize()} (2015) - Sphere / {projection.replace('_', ' ').capitalize()} {centre}"
        return ProjectedCRS(conversion=conversion, geodetic_crs=self.geographic, name=name)

    def to_lonlat(self, crs: CRS | str) -> Transformer:
        """Return the transformer from x, y of a CRS to longitude (-180..180) and latitude in degrees."""
        return _transformer(CRS.from_user_input(crs), self.geographic)


def true_scale_latitude(projection: str, lat_deg: float, standard_parallel_deg: float | None = None) -> float:
    """Return the latitude of true scale of a map. Parameters and errors are those of `Body.projected`.

    Returns
    -------
    float
        The standard parallel; by default the latitude of the centre, and on polar maps that of the pole.
    """
    polar = projection == "polar_stereographic"
    if standard_parallel_deg is None:
        return math.copysign(90.0, lat_deg) if polar else lat_deg
    if projection not in ("equirectangular", "polar_stereographic"):
        raise InputError(
            "standard_parallel_deg",
            f"the projection {projection} has no standard parallel",
            "leave it out, or choose equirectangular",
        )
    fits = standard_parallel_deg * lat_deg >= 0 and standard_parallel_deg != 0 if polar else True
    if not fits or (not polar and abs(standard_parallel_deg) >= 90):
        raise InputError(
            "standard_parallel_deg",
            f"{standard_parallel_deg} cannot be true to scale on this map",
            "use a latitude on the side of the pole" if polar else "use one between -90 and 90",
        )
    return standard_parallel_deg


@lru_cache(maxsize=32)
def _transformer(crs, geographic):
    """Return a transformer. It is cached: PROJ takes milliseconds, and every window of a map needs one."""
    return Transformer.from_crs(crs, geographic, always_xy=True)


BODIES = {"moon": Body("moon", 30100), "mercury": Body("mercury", 19900)}


def body(name: str) -> Body:
    """Return the body of a name, in any case.

    Raises
    ------
    InputError
        If the body is not known.
    """
    try:
        return BODIES[name.lower()]
    except KeyError:
        raise InputError("body", f"unknown body '{name}'", f"use one of {', '.join(BODIES)}") from None


def body_of(crs: Any) -> Body:
    """Return the body of a CRS. It is found by the radius of the CRS's ellipsoid.

    Parameters
    ----------
    crs : CRS, str or anything that pyproj understands

    Raises
    ------
    InputError
        If the CRS is of no known body, or has no ellipsoid.
    """
    ellipsoid = CRS.from_user_input(crs).ellipsoid
    if ellipsoid is None:
        raise InputError("CRS", "it has no ellipsoid", f"use a CRS of one of {', '.join(BODIES)}")
    radius = ellipsoid.semi_major_metre
    for candidate in BODIES.values():
        if abs(candidate.radius_m - radius) < 1500.0:
            return candidate
    raise InputError(
        "CRS", f"its ellipsoid of {radius:.0f} m is that of no known body", f"use a CRS of one of {', '.join(BODIES)}"
    )
