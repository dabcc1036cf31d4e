"""What a simulated scene holds: amounts, sizes, habits of the labelling person, and the images taken of it."""

from dataclasses import dataclass, field, fields

from ..errors import InputError


def _from_mapping(cls, mapping, where):
    known = {item.name: item for item in fields(cls)}
    for key in mapping:
        if key not in known:
            raise InputError(f"{where}.{key}", "unknown key", f"known keys: {', '.join(known)}")
    values = {}
    for key, value in mapping.items():
        kind = known[key].type
        if kind is float:
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise InputError(f"{where}.{key}", f"'{value}' is no number", "give a number")
            value = float(value)
        elif kind is int and (isinstance(value, bool) or not isinstance(value, int)):
            raise InputError(f"{where}.{key}", f"'{value}' is no whole number", "give a whole number")
        values[key] = value
    return cls(**values)


def _need(condition, where, found, remedy):
    if not condition:
        raise InputError(where, found, remedy)


@dataclass(frozen=True)
class LabelHabits:
    """How a person draws fractures as lines with a width class.

    Attributes
    ----------
    missed_share : float
        Share of the fractures that are not drawn; narrow ones are missed more often than wide ones.
    jitter_m : float
        Standard deviation of a vertex's distance from the true centreline.
    vertex_spacing_m : float
        Mean distance between the clicks of a line.
    cut_share : float
        Mean share of a fracture's length left undrawn at its two ends together.
    wrong_class_share : float
        Share of the lines given a width class one too narrow or one too wide.
    false_share : float
        Lines drawn on ridges or trails by mistake, as a share of the fractures.
    polygon_share : float
        Share of the fractures drawn as polygons instead of lines.
    """

    missed_share: float = 0.10
    jitter_m: float = 1.5
    vertex_spacing_m: float = 22.0
    cut_share: float = 0.08
    wrong_class_share: float = 0.08
    false_share: float = 0.01
    polygon_share: float = 0.05

    @classmethod
    def from_mapping(cls, mapping, where="simulate.labels"):
        """Habits out of the config.

        Raises
        ------
        InputError
            For an unknown key, or a share outside 0..1.
        """
        habits = _from_mapping(cls, mapping, where)
        for item in fields(cls):
            value = getattr(habits, item.name)
            high = 1.0 if item.name.endswith("_share") else 1000.0
            _need(0.0 <= value <= high, f"{where}.{item.name}", f"{value} is out of range", f"use 0..{high:g}")
        _need(habits.vertex_spacing_m > 0, f"{where}.vertex_spacing_m", "must be above 0", "use 10..40")
        return habits


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
        Incidence angle on level ground at the scene's centre, 0..89.
    camera : str
        ``left`` or ``right``.
    summing : int
        Cross-track summing, 1 or 2.
    altitude_km : float
        Height of the circular orbit.
    offset_m : float
        Distance of the centre of the swath east of the scene's centre.
    ascending : bool
        Whether the spacecraft flies north.
    """

    product: str
    sun_azimuth_deg: float
    incidence_deg: float
    camera: str = "left"
    summing: int = 2
    altitude_km: float = 50.0
    offset_m: float = 0.0
    ascending: bool = False

    @classmethod
    def from_mapping(cls, mapping, where="simulate.images"):
        """Image out of the config.

        Raises
        ------
        InputError
            For an unknown or missing key, or a value out of range.
        """
        for key in ("product", "sun_azimuth_deg", "incidence_deg"):
            _need(key in mapping, f"{where}.{key}", "is missing", "every image needs it")
        image = _from_mapping(cls, mapping, where)
        where = f"{where} {image.product}"
        _need(image.camera in ("left", "right"), where, f"camera '{image.camera}'", "use left or right")
        _need(image.summing in (1, 2), where, f"summing {image.summing}", "use 1 or 2")
        _need(0 <= image.incidence_deg < 89.0, where, f"incidence_deg {image.incidence_deg}", "use 0..89")
        _need(20 <= image.altitude_km <= 200, where, f"altitude_km {image.altitude_km}", "use 20..200")
        return image


@dataclass(frozen=True)
class SceneSettings:
    """One simulated scene. All densities are per true ground area or length.

    Attributes
    ----------
    seed : int
        Seed of everything random in the scene.
    size_m : float
        Side of the square scene.
    images : tuple of ImageSettings
    labels : LabelHabits
    terrain_resolution_m : float
        Grid spacing of heights and albedo.
    margin_m : float
        Terrain made beyond the target grid on every side.
    wall_share : float
        Share of the scene taken by the crater wall, 0..0.6; 0 makes a scene of floor only.
    wall_azimuth_deg : float
        Side on which the wall stands, clockwise from the map's up; negative: drawn from the seed.
    wall_slope_deg : float
        Slope of the scarps between the terraces.
    floor_slope_deg : float
        RMS slope of the floor's fractal roughness over one grid spacing.
    wall_roughness : float
        Roughness of the wall as a multiple of the floor's.
    hummock_height_m : float
        Typical height of the hummocks on the floor.
    fracture_km_per_km2 : float
        Length of fractures per area of floor.
    fracture_min_width_m : float
        Narrowest fracture.
    depth_to_width : tuple of float
        Range of the depth of a fracture (and the height of a ridge) over its width.
    polygonal_share, parallel_share : float
        Shares of the fractures in polygonal and in sub-parallel complexes; the rest are curvilinear alone.
    ridge_share : float
        Length of ridges over length of fractures.
    crater_density_per_km2 : float
        Craters of 10 m diameter or more made per km2, before degradation.
    crater_slope : float
        Exponent of the cumulative size-frequency law.
    crater_min_m, crater_max_m : float
        Diameters made.
    crater_degradation : float
        Diffusion age (diffusivity times time over radius squared) of the oldest 10 m crater.
    boulder_density_per_km2 : float
        Boulders of 2 m diameter or more per km2.
    boulder_slope : float
        Exponent of the cumulative size-frequency law of boulders.
    boulder_max_m : float
        Largest boulder.
    cracked_boulder_share : float
        Share of the boulders above 6 m that are split by a crack.
    trails_per_km : float
        Rockfall trails per km of wall foot.
    albedo : float
        Mean reflectance relative to the photometric function's (1 = average highlands).
    albedo_contrast : float
        Standard deviation of the relative albedo pattern of the floor.
    """

    seed: int = 1
    size_m: float = 2300.0
    images: tuple = ()
    labels: LabelHabits = field(default_factory=LabelHabits)
    terrain_resolution_m: float = 0.75
    margin_m: float = 96.0
    wall_share: float = 0.18
    wall_azimuth_deg: float = -1.0
    wall_slope_deg: float = 25.0
    floor_slope_deg: float = 3.6
    wall_roughness: float = 2.2
    hummock_height_m: float = 1.6
    fracture_km_per_km2: float = 4.0
    fracture_min_width_m: float = 1.5
    depth_to_width: tuple = (0.10, 0.35)
    polygonal_share: float = 0.25
    parallel_share: float = 0.35
    ridge_share: float = 0.5
    crater_density_per_km2: float = 320.0
    crater_slope: float = 2.8
    crater_min_m: float = 2.0
    crater_max_m: float = 240.0
    crater_degradation: float = 0.8
    boulder_density_per_km2: float = 260.0
    boulder_slope: float = 3.6
    boulder_max_m: float = 14.0
    cracked_boulder_share: float = 0.08
    trails_per_km: float = 4.0
    albedo: float = 1.0
    albedo_contrast: float = 0.06

    @classmethod
    def from_mapping(cls, mapping, where="simulate"):
        """Scene out of the config; a `SceneSettings` passes through.

        Raises
        ------
        InputError
            For an unknown key or a value out of range.
        """
        if isinstance(mapping, cls):
            return mapping
        mapping = dict(mapping)
        images = tuple(
            ImageSettings.from_mapping(image, f"{where}.images") for image in mapping.pop("images", ()) or ()
        )
        labels = LabelHabits.from_mapping(mapping.pop("labels", {}) or {}, f"{where}.labels")
        if "depth_to_width" in mapping:
            mapping["depth_to_width"] = tuple(mapping["depth_to_width"])
        scene = _from_mapping(cls, mapping | {"images": images, "labels": labels}, where)
        shares = ("polygonal_share", "parallel_share", "cracked_boulder_share")
        for name in shares:
            value = getattr(scene, name)
            _need(0.0 <= value <= 1.0, f"{where}.{name}", f"{value} is out of range", "use 0..1")
        for item in fields(cls):
            value = getattr(scene, item.name)
            if item.type is float and item.name != "wall_azimuth_deg":
                _need(value >= 0.0, f"{where}.{item.name}", f"{value} is negative", "use 0 or more")
        _need(
            scene.polygonal_share + scene.parallel_share <= 1.0,
            where,
            "polygonal_share and parallel_share add up to more than 1",
            "lower one",
        )
        _need(scene.wall_share <= 0.6, f"{where}.wall_share", f"{scene.wall_share} is too much", "use 0..0.6")
        _need(
            0.2 <= scene.terrain_resolution_m <= 5.0,
            f"{where}.terrain_resolution_m",
            f"{scene.terrain_resolution_m} is out of range",
            "use 0.2..5",
        )
        low_high = scene.depth_to_width
        _need(
            len(low_high) == 2 and 0 < low_high[0] <= low_high[1] <= 1,
            f"{where}.depth_to_width",
            f"{low_high} is no range",
            "give two rising numbers in 0..1",
        )
        return scene
