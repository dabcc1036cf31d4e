"""Every column of the layers of fractures and of image outlines: its name, unit, meaning and short name.

The tables, the viewer and the docs read this table. A test compares it with the files that are written. The module
imports nothing of the library.
"""

from collections.abc import Mapping
from dataclasses import dataclass

FRACTURES, REJECTED, CENTRELINES, SEGMENTS = "fractures", "rejected", "centrelines", "segments"
PONDS, FOOTPRINTS = "candidate_ponds", "footprints"
LAYERS = (FRACTURES, REJECTED, CENTRELINES, SEGMENTS, PONDS, FOOTPRINTS)


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes
    ----------
    name : str
        Name in GeoPackage, GeoJSON and CSV.
    kind : type
        `int`, `float` or `str`.
    unit : str
        Symbol of the unit; empty for numbers without unit and for text.
    meaning : mapping of str to str
        What the values are, by layer. `REJECTED` has all columns of `FRACTURES`, with the same meaning.
    shapefile : str
        Name in the shapefile of the fractures, at most 10 characters; empty for columns that only other layers have.
    label : str
        Name in the viewer; if it is empty, the viewer makes it from the column's name.
    shown_decimals : int or None
        Decimals in the viewer; None for text.
    decimals : int or None
        Decimals of numbers in files; None for text and whole numbers.
    """

    name: str
    kind: type
    unit: str
    meaning: Mapping[str, str]
    shapefile: str = ""
    label: str = ""
    shown_decimals: int | None = None
    decimals: int | None = None

    @property
    def title(self) -> str:
        """Name and unit for people."""
        name = self.label or self.name.replace("_", " ").capitalize()
        return f"{name} ({self.unit})" if self.unit else name

    @property
    def layers(self) -> tuple[str, ...]:
        """Layers that have the column, in the order of `LAYERS`."""
        named = {*self.meaning, REJECTED} if FRACTURES in self.meaning else set(self.meaning)
        return tuple(layer for layer in LAYERS if layer in named)


# In the order in which the viewer shows them.
COLUMNS = (
    Column(
        "fracture",
        int,
        "",
        {
            FRACTURES: "number of the fracture, from 1",
            CENTRELINES: "number of the fracture",
            SEGMENTS: "number of the fracture",
        },
        shapefile="fracture",
        label="Number",
        shown_decimals=0,
    ),
    Column(
        "reason",
        str,
        "",
        {REJECTED: "why it was rejected: `small`, `seam` or `outside`"},
        label="Rejected as",
    ),
    Column(
        "length_m",
        float,
        "m",
        {
            FRACTURES: "length of the longest path along the centreline, from edge to edge",
            CENTRELINES: "length of the line; the lines of a fracture add up to its `total_length_m`",
            SEGMENTS: "length of the segment; the segments of a fracture add up to its `total_length_m`",
        },
        shapefile="length_m",
        label="Length",
        shown_decimals=1,
        decimals=2,
    ),
    Column(
        "total_length_m",
        float,
        "m",
        {FRACTURES: "length of that path and its branches", PONDS: "length of its fractures with their branches"},
        shapefile="total_m",
        label="Length with branches",
        shown_decimals=1,
        decimals=2,
    ),
    Column(
        "mean_width_m",
        float,
        "m",
        {
            FRACTURES: "area over the total length",
            CENTRELINES: "mean width along the line",
            SEGMENTS: "median of the line's width profile along the segment",
        },
        shapefile="mean_w_m",
        label="Mean width",
        shown_decimals=1,
        decimals=2,
    ),
    Column(
        "max_width_m",
        float,
        "m",
        {FRACTURES: "the largest width of its profiles, and of the circles that fit between the walls"},
        shapefile="max_w_m",
        label="Largest width",
        shown_decimals=1,
        decimals=2,
    ),
    Column(
        "area_m2",
        float,
        "m²",
        {FRACTURES: "area of the polygon", PONDS: "area of the outline"},
        shapefile="area_m2",
        label="Area",
        shown_decimals=0,
        decimals=2,
    ),
    Column(
        "orientation_deg",
        float,
        "°",
        {
            FRACTURES: "axis of least inertia, clockwise from north, 0..180",
            SEGMENTS: "direction from end to end, clockwise from north, 0..180",
        },
        shapefile="orient_deg",
        label="Orientation",
        shown_decimals=1,
        decimals=1,
    ),
    Column(
        "sinuosity",
        float,
        "",
        {FRACTURES: "`length_m` over the distance of its ends; null for a loop, whose ends meet or lie on a ring"},
        shapefile="sinuosity",
        label="Sinuosity",
        shown_decimals=2,
        decimals=3,
    ),
    Column(
        "confidence",
        float,
        "",
        {
            FRACTURES: "mean probability, 0..1; of a calibrated model the expected share of its area that is fracture",
            PONDS: "mean confidence of its fractures, weighted by area",
        },
        shapefile="confidence",
        label="Confidence",
        shown_decimals=2,
        decimals=3,
    ),
    Column(
        "group",
        int,
        "",
        {FRACTURES: "fractures of one number lie in line: they may be pieces of one"},
        shapefile="group",
        label="Group",
        shown_decimals=0,
    ),
    Column(
        "products",
        str,
        "",
        {FRACTURES: "images it rests on, the surest first"},
        shapefile="products",
        label="Seen by",
    ),
    Column(
        "images_seen",
        int,
        "",
        {FRACTURES: "number of images that cover it"},
        shapefile="n_seen",
        label="Images that cover it",
        shown_decimals=0,
    ),
    Column(
        "images_agreed",
        int,
        "",
        {FRACTURES: "number of these that see it by themselves"},
        shapefile="n_agreed",
        label="Images that agree",
        shown_decimals=0,
    ),
    Column(
        "sun_azimuth_north_deg",
        float,
        "°",
        {FRACTURES: "direction towards the Sun in the first of `products`, clockwise from north"},
        shapefile="sun_az_deg",
        label="Sun azimuth from north",
        shown_decimals=1,
        decimals=1,
    ),
    Column(
        "incidences_deg",
        str,
        "°",
        {FRACTURES: "incidence in each of `products`, as text"},
        shapefile="incs_deg",
        label="Incidence, all",
    ),
    Column(
        "sun_azimuths_north_deg",
        str,
        "°",
        {FRACTURES: "direction towards the Sun in each of `products`, as text"},
        shapefile="sun_azs",
        label="Sun azimuths, all",
    ),
    Column(
        "depth_m",
        float,
        "m",
        {FRACTURES: "depth from the shadow of its wall on its floor; null where no shadow is seen"},
        shapefile="depth_m",
        label="Depth",
        shown_decimals=1,
        decimals=1,
    ),
    Column(
        "depth_kind",
        str,
        "",
        {FRACTURES: "`measured`; or `at least`: no lit floor is seen, and `depth_m` is a lower bound"},
        shapefile="depth_kind",
        label="Depth is",
    ),
    Column(
        "always_dark_share",
        float,
        "",
        {FRACTURES: "share of its area in shadow in all images that cover it: 1 for a candidate of permanent shadow"},
        shapefile="dark_share",
        label="Dark in all images",
        shown_decimals=2,
        decimals=3,
    ),
    Column(
        "shadow_shares",
        str,
        "",
        {FRACTURES: "share of its area in shadow in each image that covers it, as JSON by product"},
        shapefile="shadows",
        label="Dark share by image",
    ),
    Column("pond", int, "", {PONDS: "number of the candidate, from 1"}, label="Candidate", shown_decimals=0),
    Column("fractures", int, "", {PONDS: "number of its fractures"}, label="Fractures", shown_decimals=0),
    Column(
        "density_km_km2",
        float,
        "km/km²",
        {PONDS: "length of its fractures over its area"},
        label="Length over area",
        shown_decimals=1,
        decimals=2,
    ),
    Column(
        "lon_deg",
        float,
        "°",
        {FRACTURES: "longitude of the middle of the area, -180..180", PONDS: "longitude of a place inside, -180..180"},
        shapefile="lon_deg",
        label="Longitude",
        shown_decimals=5,
        decimals=7,
    ),
    Column(
        "lat_deg",
        float,
        "°",
        {FRACTURES: "latitude of the middle of the area, planetocentric", PONDS: "latitude of that place"},
        shapefile="lat_deg",
        label="Latitude",
        shown_decimals=5,
        decimals=7,
    ),
    Column("product", str, "", {FOOTPRINTS: "product id of the image"}, label="Image"),
    Column("start_time", str, "", {FOOTPRINTS: "UTC of its first line, RFC 3339"}, label="Start"),
    Column(
        "sun_azimuth_deg",
        float,
        "°",
        {FOOTPRINTS: "direction towards the Sun on the map, clockwise from the map's up"},
        label="Sun azimuth on the map",
        shown_decimals=1,
    ),
    Column(
        "incidence_deg",
        float,
        "°",
        {FRACTURES: "incidence in the first of `products`", FOOTPRINTS: "incidence"},
        shapefile="inc_deg",
        label="Incidence",
        shown_decimals=1,
        decimals=1,
    ),
    Column("emission_deg", float, "°", {FOOTPRINTS: "emission"}, label="Emission", shown_decimals=1),
    Column("phase_deg", float, "°", {FOOTPRINTS: "phase"}, label="Phase", shown_decimals=1),
    Column(
        "ground_resolution_m",
        float,
        "m",
        {FOOTPRINTS: "size of an image pixel on the ground"},
        label="Image pixel",
        shown_decimals=2,
    ),
    Column("engine", str, "", {FOOTPRINTS: "what projected it: `native`, `isis` or `none`"}),
    Column("line", int, "", {CENTRELINES: "0 for the longest path of the fracture, from 1 for its branches"}),
    Column("segment", int, "", {SEGMENTS: "number of the segment in its fracture, from 1"}),
    Column("distances_m", str, "m", {CENTRELINES: "distances of the width profile from the line's start, in JSON"}),
    Column("widths_m", str, "m", {CENTRELINES: "widths there, from edge to edge across the line, in JSON"}),
)
BY_NAME = {column.name: column for column in COLUMNS}
# Names of the fractures' columns in the shapefile, by their name in the other files.
SHAPEFILE_FIELDS = {column.name: column.shapefile for column in COLUMNS if column.shapefile}


def columns_of(layer: str) -> list[Column]:
    """Return the columns of a layer, in the order of `COLUMNS`."""
    return [column for column in COLUMNS if layer in column.layers]
