"""What a simulated scene holds: amounts, sizes, habits of the labelling person, and the images taken of it."""

from dataclasses import dataclass, field, fields

from ..core.choices import CAMERAS, SUMMINGS
from .dataclass_settings import dataclass_from_mapping, require
from .labelling_habits import LabellingHabits
from .presets import PRESETS

# Allowed values of what is neither a share nor just "0 or more".
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
    "boulder_slope": (1.0, 8.0),
    "boulder_max_m": (2.0, None),
}
_RISING = "give two rising numbers in 0..1"
# Allowed values of an image's settings.
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
        Product identifier; its digits say when the image was taken, as the archive's do, and its last letters (L or R,
        then E) follow from the camera where they are left out.
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
        Distance of the centre of the swath east of the scene's centre.
    ascending : bool
        Whether the spacecraft flies north.
    roll_deg : float
        Turn of the camera about the direction of flight, -60..60, towards the east; the spacecraft then flies so far to
        the west that the swath lies the same.
    inclination_deg : float
        Of the orbit; 90 flies along the meridians, less veers eastward.
    jitter_urad : float
        Root mean square of the attitude's swaying about each axis in microradians (a native pixel is 10), recorded in
        the pointing as a CK does.
    unrecorded_jitter_urad : float
        The same of faster swaying that no pointing records.
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
    def from_mapping(cls, mapping, where="simulate.images"):
        """Image out of the config.

        Raises
        ------
        InputError
            For an unknown or missing key, or a value out of range.
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
    """One simulated scene. All densities are per true ground area or length.

    Attributes
    ----------
    seed : int
        Seed of everything random in the scene.
    preset : str
        Ground that the other keys start from, see `presets.PRESETS`; keys given beside it win.
    images : tuple of ImageSettings
    labels : LabellingHabits
    terrain_resolution_m : float
        Grid spacing of heights and albedo.
    margin_m : float
        Terrain made beyond the target grid on every side.
    melt_floor : bool
        Whether the floor is impact melt; if not, only ponds are, and fractures run in ponds alone.
    floor_diameter_km : float
        Diameter of the crater floor whose edge the wall stands on; at least as large as the scene.
    wall_share : float
        Share of the scene taken by the crater wall, 0..0.6; 0 makes a scene of floor only.
    wall_azimuth_deg : float
        Side on which the wall stands, clockwise from the map's up; negative: drawn from the seed.
    wall_slope_deg : float
        Slope of the scarps between the terraces.
    wall_roughness : float
        Roughness of the wall as a multiple of the floor's.
    wall_ponds_per_km : float
        Perched melt ponds per km of terrace.
    rim_height_m : float
        Height over the floor of a crater rim beyond the scene, whose shadow falls into it; 0 for none.
    rim_distance_km : float
        Distance of its crest from the scene's centre, on the wall's side.
    rim_diameter_km : float
        Diameter of its crest.
    rim_raggedness : float
        Standard deviation of the crest's height over its mean.
    floor_slope_deg : float
        RMS slope of the floor's fractal roughness over 1.5 m.
    floor_hurst : float
        Hurst exponent of that roughness, 0 (rough at small scales) to 1.
    undulation_height_m : float
        RMS height of its long waves (over 100 m).
    hummock_height_m : float
        Typical height of the hummocks on the floor.
    fracture_km_per_km2 : float
        Length of fractures per area of melt.
    fracture_min_width_m, fracture_max_width_m : float
        Narrowest and widest fracture.
    fracture_huge_share : float
        Share of the fractures that are wider than 45 m.
    depth_to_width : tuple of float
        Range of the depth of a fracture (and the height of a ridge) over its width, before it fills.
    fracture_box_share : float
        Share of the fractures that are box-shaped; the others are v-shaped.
    fracture_fill : float
        Mean share of a fracture's depth filled with debris, 0..0.9.
    fracture_degradation : float
        Mean rounding of the cross-sections, 0 (sharp) to 1 (a soft hollow).
    margin_crowding, margin_reach_m : float
        Complexes at the foot of the wall are 1 + margin_crowding times as dense as far from it, falling off over
        margin_reach_m.
    debris_crowding : float
        The same on hummocks and around them.
    polygonal_share, parallel_share : float
        Shares of the fractures in polygonal and in sub-parallel complexes; the rest are curvilinear alone.
    ridge_share : float
        Length of ridges and wrinkles over length of fractures.
    wrinkle_share : float
        Share of that length in trains of wrinkles: low, close, bowed, steeper on one side.
    crater_density_per_km2 : float
        Craters of 10 m diameter or more made per km2, before degradation.
    crater_slope : float
        Exponent of the cumulative size-frequency law.
    crater_min_m, crater_max_m : float
        Diameters made.
    crater_degradation : float
        Diffusion age (diffusivity times time over radius squared) of the oldest 10 m crater.
    crater_brightening : float
        Largest relative brightening of a fresh crater and its ejecta.
    secondary_chains_per_km2 : float
        Chains of secondary craters with relief left.
    pond_craters_per_km2 : float
        Craters older than the fractures, with melt on their floors and in ponds around them.
    pond_crater_min_m, pond_crater_max_m : float
        Their diameters.
    boulder_density_per_km2 : float
        Boulders of 2 m diameter or more per km2.
    boulder_slope : float
        Exponent of the cumulative size-frequency law of boulders.
    boulder_max_m : float
        Largest boulder.
    cracked_boulder_share : float
        Share of the boulders above 6 m that are split by a crack.
    boulder_brightening : float
        Largest relative brightening of a boulder: fresh rock has no dark skin.
    trails_per_km : float
        Rockfall trails per km of wall foot.
    albedo : float
        Mean reflectance relative to the photometric function's (1 = average highlands).
    albedo_contrast : float
        Standard deviation of the relative albedo pattern of the floor, 30 to 800 m wide.
    albedo_mottling : float
        The same of the pattern below 30 m.
    slope_brightening : float
        Relative brightening of slopes of 30 degrees, which shed their dark skin.
    """

    seed: int = 1
    preset: str = "melt_floor"
    images: tuple = ()
    labels: LabellingHabits = field(default_factory=LabellingHabits)
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
    def from_mapping(cls, mapping, where="simulate"):
        """Scene out of the config; a `SceneSettings` passes through.

        Raises
        ------
        InputError
            For an unknown key or preset, or a value out of range.
        """
        if isinstance(mapping, cls):
            return mapping
        preset = mapping.get("preset", cls.preset)
        require(
            isinstance(preset, str) and preset in PRESETS,
            f"{where}.preset",
            f"no preset '{preset}'",
            f"use one of {', '.join(PRESETS)}",
        )
        mapping = {**PRESETS[preset], **mapping}
        images = tuple(
            ImageSettings.from_mapping(image, f"{where}.images") for image in mapping.pop("images", ()) or ()
        )
        labels = LabellingHabits.from_mapping(mapping.pop("labels", {}) or {}, f"{where}.labels")
        if "depth_to_width" in mapping:
            mapping["depth_to_width"] = _pair(mapping["depth_to_width"], f"{where}.depth_to_width")
        scene = dataclass_from_mapping(cls, mapping | {"images": images, "labels": labels}, where)
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
        require(0 < low <= high <= 1, f"{where}.depth_to_width", f"{low}, {high} is no range", _RISING)


def _pair(value, where):
    """Two numbers out of the config."""
    numbers = [one for one in value if isinstance(one, int | float)] if isinstance(value, list | tuple) else []
    require(len(numbers) == 2 and len(value) == 2, where, f"{value!r} is no range", _RISING)
    return tuple(numbers)
