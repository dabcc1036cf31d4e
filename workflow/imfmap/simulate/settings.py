"""Settings of a simulated scene: amounts and sizes of its objects, labelling habits, and its images."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self

from ..core.choices import CAMERAS, SUMMINGS
from ..core.texts import shortened
from .dataclass_settings import dataclass_from_mapping, number_pair, require
from .labelling_habits import LabellingHabits
from .open_cracks import OpenCracks
from .presets import PRESETS

# Ranges of settings that are neither shares (0..1) nor just "0 or more".
_RANGES = {
    "terrain_resolution_m": (0.2, 5.0),
    "wall_share": (0.0, 0.6),
    "ridge_share": (0.0, None),
    "wall_slope_deg": (1.0, 40.0),
    "floor_diameter_km": (0.5, None),
    "rim_distance_km": (0.1, None),
    "rim_diameter_km": (0.1, None),
    "rim_raggedness": (0.0, 0.5),
    "floor_hurst": (0.0, 1.0),
    "fracture_min_width_m": (0.5, None),
    "fracture_max_width_m": (2.0, 90.0),
    "fracture_fill": (0.0, 0.9),
    "fracture_degradation": (0.0, 1.0),
    "margin_reach_m": (1.0, None),
    "crater_min_m": (0.5, None),
    "crater_slope": (1.5, 6.0),
    "secondary_stretch": (1.05, 8.0),
    "boulder_slope": (1.0, 8.0),
    "boulder_max_m": (2.0, None),
}
_RISING = "give two rising numbers in 0..1"
# Ranges of the settings of an image.
IMAGE_RANGES = {
    "incidence_deg": (5, 87),
    "altitude_km": (20, 200),
    "roll_deg": (-60, 60),
    "inclination_deg": (60, 120),
    "jitter_urad": (0, 200),
    "unrecorded_jitter_urad": (0, 20),
}


@dataclass(frozen=True)
class ImageSettings:
    """One NAC image of a scene.

    Attributes
    ----------
    product : str
        Product identifier. As in the archive, its digits give the time of the image. If its last letters (L or R,
        then E) are left out, they follow from the camera.
    sun_azimuth_deg : float
        Direction towards the Sun on the ground at the scene's centre, clockwise from north.
    incidence_deg : float
        Incidence angle on level ground at the scene's centre, 5..87.
    camera : str
        ``left`` or ``right``.
    summing : int
        Cross-track summing, 1 or 2.
    altitude_km : float
        Height of the circular orbit, 20..200: from the left camera's 0.4 m/px unsummed at 40 km to 1.6 m/px at 160 km,
        or summed at 80 km.
    offset_m : float
        Distance by which the swath's centre lies east of the scene's centre.
    ascending : bool
        Whether the spacecraft flies north.
    roll_deg : float
        Turn of the camera towards the east about the direction of flight, -60..60. The orbit then lies further west, so
        that the swath stays where it is.
    inclination_deg : float
        Inclination of the orbit: 90 flies along the meridians, less than 90 moves eastward.
    jitter_urad : float
        Root mean square of the attitude's swaying about each axis in microradians (a native pixel is 10). The pointing
        records it, as a CK does.
    unrecorded_jitter_urad : float
        The same for faster swaying that the pointing does not record.
    """

    product: str
    sun_azimuth_deg: float
    incidence_deg: float
    camera: str = "left"
    summing: int = 2
    altitude_km: float = 50
    offset_m: float = 0
    ascending: bool = False
    roll_deg: float = 0
    inclination_deg: float = 90
    jitter_urad: float = 10
    unrecorded_jitter_urad: float = 0

    @classmethod
    def from_mapping(cls, mapping: dict[str, Any], where: str = "simulate.images") -> Self:
        """Return the image of a mapping of the config.

        Raises
        ------
        InputError
            If a key is unknown or missing, or a value is out of range.
        """
        for key in ("product", "sun_azimuth_deg", "incidence_deg"):
            require(key in mapping, f"{where}.{key}", "is missing", "every image needs it")
        image = dataclass_from_mapping(cls, mapping, where)
        where = f"{where} {image.product}"
        require(image.camera in CAMERAS, where, f"camera '{image.camera}'", f"use {' or '.join(CAMERAS)}")
        require(image.summing in SUMMINGS, where, f"summing {image.summing}", f"use {' or '.join(map(str, SUMMINGS))}")
        for name, (low, high) in IMAGE_RANGES.items():
            value = getattr(image, name)
            require(low <= value <= high, where, f"{name} {value:g}", f"use {low}..{high}")
        return image


@dataclass(frozen=True)
class SceneSettings:
    """Settings of a simulated scene. All densities are per true ground area or length.

    Attributes
    ----------
    seed : int
        Seed of everything random in the scene.
    preset : str
        Kind of ground, see `presets.PRESETS`. It sets defaults; keys that are given override them.
    images : tuple of ImageSettings
    labels : LabellingHabits
    open_cracks : OpenCracks
    terrain_resolution_m : float
        Grid spacing of heights and albedo.
    margin_m : float
        Width of the terrain beyond the target grid, on every side.
    melt_floor : bool
        Whether the floor is impact melt. If not, only ponds are melt, and fractures run only in ponds.
    floor_diameter_km : float
        Diameter of the crater floor, at whose edge the wall stands. It is at least as large as the scene.
    wall_share : float
        Share of the scene on the crater wall, 0..0.6. With 0 there is only floor.
    wall_azimuth_deg : float
        Side on which the wall stands, clockwise from the map's up. A negative value: drawn at random.
    wall_slope_deg : float
        Slope of the scarps between the terraces.
    wall_roughness : float
        Roughness of the wall as a multiple of the floor's.
    wall_ponds_per_km : float
        Perched melt ponds per km of terrace.
    rim_height_m : float
        Height over the floor of a crater rim beyond the scene, whose shadow falls into the scene. 0: no rim.
    rim_distance_km : float
        Distance of that rim's crest from the scene's centre, on the wall's side.
    rim_diameter_km : float
        Diameter of the crest.
    rim_raggedness : float
        Standard deviation of the crest's height as a share of its mean.
    floor_slope_deg : float
        RMS slope of the floor's fractal roughness over 1.5 m.
    floor_hurst : float
        Hurst exponent of the roughness, 0 (rough at small scales) to 1.
    undulation_height_m : float
        RMS height of undulations longer than 100 m.
    hummock_height_m : float
        Typical height of the hummocks on the floor.
    fracture_km_per_km2 : float
        Length of fractures per area of melt, km per km2.
    fracture_min_width_m, fracture_max_width_m : float
        Narrowest and widest fracture.
    fracture_huge_share : float
        Share of the fractures that are wider than 45 m.
    depth_to_width : tuple of float
        Range of a fracture's depth (and of a ridge's height) over its width, before debris fills it.
    fracture_box_share : float
        Share of the fractures that are box-shaped; the others are v-shaped.
    fracture_fill : float
        Mean share of a fracture's depth filled with debris, 0..0.9.
    fracture_degradation : float
        Mean rounding of the cross-sections, 0 (sharp) to 1 (a soft hollow).
    margin_crowding, margin_reach_m : float
        Complexes at the foot of the wall are 1 + margin_crowding times as dense as far from it. The density falls off
        over margin_reach_m.
    debris_crowding : float
        The same for hummocks and their surroundings.
    polygonal_share, parallel_share : float
        Shares of the fractures in polygonal and in sub-parallel complexes. The others are single and curvilinear.
    ridge_share : float
        Length of ridges and wrinkles over length of fractures.
    wrinkle_share : float
        Share of that length in trains of wrinkles: low, close together, curved, steeper on one side.
    crater_density_per_km2 : float
        Number of craters of 10 m diameter or more per km2, before degradation.
    crater_slope : float
        Exponent of the cumulative size-frequency law.
    crater_min_m, crater_max_m : float
        Smallest and largest diameter.
    crater_degradation : float
        Diffusion age (diffusivity times time over radius squared) of the oldest 10 m crater.
    crater_brightening : float
        Largest relative brightening of a fresh crater and its ejecta.
    secondary_chains_per_km2 : float
        Chains of secondary craters that still have relief, per km2.
    secondary_stretch : float
        Largest length over width of a secondary crater. Those of a near primary are grooves.
    pond_craters_per_km2 : float
        Craters older than the fractures, with melt on their floors and in ponds around them, per km2.
    pond_crater_min_m, pond_crater_max_m : float
        Smallest and largest diameter of these craters.
    boulder_density_per_km2 : float
        Boulders of 2 m diameter or more per km2.
    boulder_slope : float
        Exponent of the cumulative size-frequency law of boulders.
    boulder_max_m : float
        Largest boulder.
    cracked_boulder_share : float
        Share of the boulders above 6 m that are split by a crack.
    boulder_brightening : float
        Largest relative brightening of a boulder: fresh rock is not space-weathered.
    trails_per_km : float
        Rockfall trails per km of wall foot.
    albedo : float
        Mean reflectance relative to the photometric function's (1 = average highlands).
    albedo_contrast : float
        Standard deviation of the relative albedo pattern of the floor, 30 to 800 m wide.
    albedo_mottling : float
        Standard deviation of the relative albedo pattern below 30 m.
    slope_brightening : float
        Relative brightening of slopes of 30 degrees, whose space-weathered surface slides off.
    """

    seed: int = 1
    preset: str = "melt_floor"
    images: tuple = ()
    labels: LabellingHabits = field(default_factory=LabellingHabits)
    open_cracks: OpenCracks = field(default_factory=OpenCracks)
    terrain_resolution_m: float = 0.75
    margin_m: float = 96.0
    melt_floor: bool = True
    floor_diameter_km: float = 10.0
    wall_share: float = 0.18
    wall_azimuth_deg: float = -1.0
    wall_slope_deg: float = 25.0
    wall_roughness: float = 2.2
    wall_ponds_per_km: float = 1.2
    rim_height_m: float = 0.0
    rim_distance_km: float = 12.0
    rim_diameter_km: float = 30.0
    rim_raggedness: float = 0.08
    floor_slope_deg: float = 3.6
    floor_hurst: float = 0.75
    undulation_height_m: float = 1.5
    hummock_height_m: float = 1.6
    fracture_km_per_km2: float = 4.0
    fracture_min_width_m: float = 1.0
    fracture_max_width_m: float = 90.0
    fracture_huge_share: float = 0.0001
    depth_to_width: tuple = (0.10, 0.35)
    fracture_box_share: float = 0.4
    fracture_fill: float = 0.15
    fracture_degradation: float = 0.2
    margin_crowding: float = 10.0
    margin_reach_m: float = 150.0
    debris_crowding: float = 4.0
    polygonal_share: float = 0.25
    parallel_share: float = 0.35
    ridge_share: float = 0.5
    wrinkle_share: float = 0.25
    crater_density_per_km2: float = 320.0
    crater_slope: float = 2.8
    crater_min_m: float = 2.0
    crater_max_m: float = 240.0
    crater_degradation: float = 0.8
    crater_brightening: float = 0.22
    secondary_chains_per_km2: float = 0.6
    secondary_stretch: float = 1.4
    pond_craters_per_km2: float = 0.15
    pond_crater_min_m: float = 120.0
    pond_crater_max_m: float = 400.0
    boulder_density_per_km2: float = 260.0
    boulder_slope: float = 3.6
    boulder_max_m: float = 14.0
    cracked_boulder_share: float = 0.08
    boulder_brightening: float = 0.25
    trails_per_km: float = 4.0
    albedo: float = 1.0
    albedo_contrast: float = 0.06
    albedo_mottling: float = 0.0
    slope_brightening: float = 0.25

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any] | Self, where: str = "simulate") -> Self:
        """Return the scene of a mapping of the config. A `SceneSettings` is returned as it is.

        Raises
        ------
        InputError
            If a key or preset is unknown, or a value is out of range.
        """
        if isinstance(mapping, cls):
            return mapping
        preset = mapping.get("preset", cls.preset)
        require(
            isinstance(preset, str) and preset in PRESETS,
            f"{where}.preset",
            f"no preset '{shortened(preset)}'",
            f"use one of {', '.join(PRESETS)}",
        )
        mapping = {**PRESETS[preset], **mapping}
        images = tuple(
            ImageSettings.from_mapping(image, f"{where}.images") for image in mapping.pop("images", ()) or ()
        )
        labels = LabellingHabits.from_mapping(mapping.pop("labels", {}) or {}, f"{where}.labels")
        cracks = OpenCracks.from_mapping(mapping.pop("open_cracks", {}) or {}, f"{where}.open_cracks")
        if "depth_to_width" in mapping:
            mapping["depth_to_width"] = number_pair(mapping["depth_to_width"], f"{where}.depth_to_width")
        scene = dataclass_from_mapping(
            cls, mapping | {"images": images, "labels": labels, "open_cracks": cracks}, where
        )
        scene._check(where)
        return scene

    def _check(self, where):
        for item in fields(self):
            value = getattr(self, item.name)
            low, high = _RANGES.get(item.name, (0.0, 1.0) if item.name.endswith("_share") else (0.0, None))
            if item.type is float and item.name != "wall_azimuth_deg":
                found = f"{value} is negative" if value < 0 else f"{value} is out of range"
                inside = value >= low and (high is None or value <= high)
                require(
                    inside,
                    f"{where}.{item.name}",
                    found,
                    f"use {low:g} or more" if high is None else f"use {low:g}..{high:g}",
                )
        require(
            self.polygonal_share + self.parallel_share <= 1.0,
            where,
            "polygonal_share and parallel_share add up to more than 1",
            "lower one",
        )
        for small, large in (
            ("fracture_min_width_m", "fracture_max_width_m"),
            ("crater_min_m", "crater_max_m"),
            ("pond_crater_min_m", "pond_crater_max_m"),
        ):
            require(
                getattr(self, small) < getattr(self, large), f"{where}.{small}", f"is not below {large}", "lower it"
            )
        low, high = self.depth_to_width
        require(0 < low <= high <= 1, f"{where}.depth_to_width", f"{low}, {high} is not a range", _RISING)
