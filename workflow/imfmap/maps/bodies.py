"""Bodies and their coordinate reference systems.

Radii are those of the IAU Working Group on Cartographic Coordinates and Rotational Elements 2015
(Archinal et al. 2018), the same spheres that PROJ's IAU_2015 catalogue carries.
"""

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache

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
    def geographic(self):
        """pyproj.CRS: planetocentric longitude and latitude in degrees on the IAU sphere."""
        return CRS.from_authority("IAU_2015", self.iau_code)

    @property
    def radius_m(self):
        """float: radius of the sphere in metres."""
        return self.geographic.ellipsoid.semi_major_metre

    def projected(self, projection, lat_deg, lon_deg, standard_parallel_deg=None):
        """CRS of a map centred on a place.

        Parameters
        ----------
        projection : str
            One of `PROJECTIONS`.
        lat_deg : float
            Centre, -90..90, planetocentric; of a polar stereographic map only its sign counts.
        lon_deg : float
            Central meridian, east-positive.
        standard_parallel_deg : float, optional
            Latitude of true scale of equirectangular and polar stereographic maps; by default the centre's, or the
            pole.

        Returns
        -------
        pyproj.CRS

        Raises
        ------
        InputError
            For an unknown projection, or a standard parallel that it cannot have.
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
        name = f"{self.name.capitalize()} (2015) - Sphere / {projection.replace('_', ' ').capitalize()}"
        return ProjectedCRS(conversion=conversion, geodetic_crs=self.geographic, name=name)

    def to_lonlat(self, crs):
        """pyproj.Transformer: from x, y of `crs` to longitude, latitude in degrees (-180..180)."""
        return _transformer(CRS.from_user_input(crs), self.geographic)


def true_scale_latitude(projection, lat_deg, standard_parallel_deg=None):
    """Latitude of true scale of a map; parameters and errors as `Body.projected`.

    Returns
    -------
    float
        The standard parallel, or what stands for it by default: the centre's latitude, on polar maps the pole's.
    """
    polar = projection == "polar_stereographic"
    if standard_parallel_deg is None:
        return math.copysign(90.0, lat_deg) if polar else lat_deg
    if projection not in ("equirectangular", "polar_stereographic"):
        raise InputError(
            "standard_parallel_deg", f"a map in {projection} has none", "leave it out, or choose equirectangular"
        )
    fits = standard_parallel_deg * lat_deg >= 0 and standard_parallel_deg != 0 if polar else True
    if not fits or (not polar and abs(standard_parallel_deg) >= 90):
        raise InputError(
            "standard_parallel_deg",
            f"{standard_parallel_deg} cannot be true to scale on this map",
            "use a latitude of the pole's own side" if polar else "use one between -90 and 90",
        )
    return standard_parallel_deg


@lru_cache(maxsize=32)
def _transformer(crs, geographic):
    """Every window of a map asks for its own, and PROJ takes milliseconds to make one."""
    return Transformer.from_crs(crs, geographic, always_xy=True)


BODIES = {"moon": Body("moon", 30100), "mercury": Body("mercury", 19900)}


def body(name):
    """Body by name.

    Raises
    ------
    InputError
        For a body that is not known.
    """
    try:
        return BODIES[name.lower()]
    except KeyError:
        raise InputError("body", f"unknown body '{name}'", f"use one of {', '.join(BODIES)}") from None


def body_of(crs):
    """Body whose sphere a CRS rests on, found by its radius.

    Parameters
    ----------
    crs : CRS, str or anything that pyproj understands

    Raises
    ------
    InputError
        For a CRS on no known body, or none at all.
    """
    ellipsoid = CRS.from_user_input(crs).ellipsoid
    if ellipsoid is None:
        raise InputError("CRS", "it rests on no ellipsoid", f"known: {', '.join(BODIES)}")
    radius = ellipsoid.semi_major_metre
    for candidate in BODIES.values():
        if abs(candidate.radius_m - radius) < 1500.0:
            return candidate
    raise InputError("CRS", f"its ellipsoid of {radius:.0f} m is no known body's", f"known: {', '.join(BODIES)}")
