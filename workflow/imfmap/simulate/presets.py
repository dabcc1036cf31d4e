"""Kinds of ground that a scene can start from."""

PRESETS = {
    # The floor of a young crater under impact melt: the defaults of `SceneSettings`.
    "melt_floor": {},
    # Ordinary regolith (mare or old highlands): craters of all sizes in equilibrium with decay, no melt, no wall.
    "cratered_ground": {
        "melt_floor": False,
        "wall_share": 0.0,
        "fracture_km_per_km2": 0.0,
        "hummock_height_m": 0.0,
        "undulation_height_m": 4.0,
        "floor_slope_deg": 2.0,
        "floor_hurst": 0.6,
        "crater_density_per_km2": 8000.0,
        "crater_slope": 3.0,
        "crater_min_m": 1.0,
        "crater_max_m": 300.0,
        "crater_degradation": 4.0,
        "crater_brightening": 0.4,
        "secondary_chains_per_km2": 1.5,
        "pond_craters_per_km2": 0.0,
        "boulder_density_per_km2": 60.0,
        "boulder_max_m": 6.0,
    },
}
