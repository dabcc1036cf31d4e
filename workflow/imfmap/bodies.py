"""Bodies and their coordinate reference systems.

Radii are those of the IAU Working Group on Cartographic Coordinates and Rotational Elements 2015
(Archinal et al. 2018), the same spheres that PROJ's IAU_2015 catalogue carries.
"""

from dataclasses import dataclass
from functools import cached_property

from pyproj import CRS, Transformer
from pyproj.crs import ProjectedCRS
from pyproj.crs.coordinate_operation import (
    EquidistantCylindricalConversion,
    OrthographicConversion,
    PolarStereographicBConversion,
    SinusoidalConversion,
)

from .errors import InputError

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

    def projected(self, projection, lat_deg, lon_deg):
        """CRS of a map centred on a place.

        Parameters
        ----------
        projection : str
            One of `PROJECTIONS`.
        lat_deg : float
            Standard parallel (equirectangular), centre (orthographic), or a latitude whose sign names the pole
            (polar stereographic, true at the pole), -90..90, planetocentric.
        lon_deg : float
            Central meridian, east-positive.

        Returns
        -------
        pyproj.CRS

        Raises
        ------
        InputError
            For an unknown projection.
        """
        lon_deg = (lon_deg + 180.0) % 360.0 - 180.0
        if projection == "equirectangular":
            conversion = EquidistantCylindricalConversion(
                latitude_first_parallel=lat_deg, longitude_natural_origin=lon_deg
            )
        elif projection == "polar_stereographic":
            conversion = PolarStereographicBConversion(
                latitude_standard_parallel=90.0 if lat_deg >= 0 else -90.0, longitude_origin=lon_deg
            )
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
        return Transformer.from_crs(crs, self.geographic, always_xy=True)


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
    radius = CRS.from_user_input(crs).ellipsoid.semi_major_metre
    for candidate in BODIES.values():
        if abs(candidate.radius_m - radius) < 1500.0:
            return candidate
    raise InputError("CRS", f"its ellipsoid of {radius:.0f} m is no known body's", f"known: {', '.join(BODIES)}")
