"""Depths from shadows against the truth: a scene of open cracks under Suns of four heights.

Prints the rows of depths of ``measures.csv``, of fractures that are mapped without an error. The cracks have steep
walls and level beds, which the fractures of the demo mostly have not.

python benchmarks/depths.py [--seed 21]
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from rasterio.features import rasterize

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "workflow"))

from imfmap.fractures.measures import measure  # noqa: E402
from imfmap.fractures.polygons import vectorise  # noqa: E402
from imfmap.maps.bodies import body  # noqa: E402
from imfmap.maps.grids import MapGrid  # noqa: E402
from imfmap.maps.ground_plane import mapped_ground  # noqa: E402
from imfmap.maps.probability_raster import create_probability, encode  # noqa: E402
from imfmap.maps.vectors import read_vector  # noqa: E402
from imfmap.scoring.measure_errors import error_table, truth_measures  # noqa: E402
from imfmap.simulate.direct_imaging import image_to_map  # noqa: E402
from imfmap.simulate.scene import make_scene  # noqa: E402

SUNS = {"M1500000000LE": (268, 32), "M1500001000LE": (84, 47), "M1500002000LE": (255, 62), "M1500003000LE": (95, 75)}
SCENE = {"margin_m": 80.0, "fracture_km_per_km2": 10.0, "crater_density_per_km2": 160.0, "open_cracks": {"share": 1.0}}


def depth_errors(folder: Path, seed: int) -> str:
    """Return the table of errors of depths in a scene, made in a folder."""
    grid = MapGrid.centred(body("moon").projected("equirectangular", -10.4, -165.1), -165.1, -10.4, 1200.0, 1050.0, 1.5)
    make_scene({"seed": seed, **SCENE}, grid, folder)
    images = []
    for product, (azimuth_deg, incidence_deg) in SUNS.items():
        images.append(folder / f"{product}.tif")
        image = {"product": product, "sun_azimuth_deg": azimuth_deg, "incidence_deg": incidence_deg}
        image_to_map(folder / "terrain.tif", image, grid, images[-1], seed)
    cracks = read_vector(folder / "truth.gpkg", "fractures", grid.crs)
    drawn = rasterize(cracks.geometry, grid.shape, transform=grid.transform)
    with create_probability(folder / "probability.tif", grid) as dataset:
        dataset.write(encode(np.where(drawn, 0.9, 0.1)), 1)
    mapped = mapped_ground(folder / "probability.tif")
    fractures, lines = measure(vectorise(folder / "probability.tif", 0.5), folder / "probability.tif")
    errors, _ = truth_measures(fractures, lines, folder / "truth.gpkg", folder / "probability.tif", mapped, images)
    table = error_table(errors)
    return table[table["measure"].str.startswith("depth")].to_string(index=False)


def main() -> None:
    """Make the scene in a temporary folder, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=21)
    started = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        print(depth_errors(Path(folder), parser.parse_args().seed))
    print(f"{time.process_time() - started:.0f} s of one core")


if __name__ == "__main__":
    main()
