"""Which products a target has."""

# Files of a target in its catalogue. Some are made only if a key of `products` in the configuration asks for them.
PRODUCT_FILES = {
    "mosaic.tif": None,
    "mosaic_sources.tif": None,
    "probability.tif": None,
    "fractures.gpkg": None,
    "fractures.shp": None,
    "fractures.geojson": None,
    "fractures.csv": None,
    "width_profiles.csv": None,
    "footprints.gpkg": None,
    "statistics.csv": None,
    "summary.json": None,
    "density.tif": None,
    "density.png": None,
    "density.pdf": None,
    "rose.png": None,
    "rose.pdf": None,
    "map.png": None,
    "map.pdf": None,
    "overview.png": "sheets",
    "overview.pdf": "sheets",
    "rejected.png": "sheets",
    "rejected.pdf": "sheets",
    "map.qgz": "qgis",
    "viewer": "viewer",
}


# Files of targets whose floor is mapped, and of targets whose truth is known.
DISTANCE_FILES = ("distances.png", "distances.pdf")
TRUTH_FILES = ("measures.csv", "measures.png", "measures.pdf")


def products_of(target):
    """Files of a target that the configuration asks for."""
    wanted = [name for name, key in PRODUCT_FILES.items() if key is None or config["products"][key]]
    wanted += DISTANCE_FILES if has_boundary(target) else ()
    wanted += TRUTH_FILES if has_truth(target) else ()
    return [f"{RUN}/{target}/{name}" for name in wanted]


def map_of(target):
    """All files that a target's own rule asks for."""
    return [*products_of(target), *([f"{RUN}/{target}/stac"] if config["products"]["stac"] else [])]


def run_catalog():
    return [f"{RUN}/catalog.json"] if config["products"]["stac"] and targets_with_role("map") else []
