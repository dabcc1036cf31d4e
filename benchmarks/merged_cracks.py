"""Would merged cracks come apart at valleys of the probability? Map fractures are cut there, and held to the truth.

A fracture of a simulated target is cut by a watershed between ridges of the probability, if the valley between them is
so deep: everywhere, or only where the valley is at least half as long as the smaller piece, as between parallel cracks.
The workflow cuts nothing.

python benchmarks/merged_cracks.py [results/demo/unseen]
"""

import argparse
import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
from rasterio.features import rasterize, shapes
from scipy.ndimage import find_objects
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from shapely.geometry import shape
from skimage.measure import label
from skimage.morphology import h_maxima
from skimage.segmentation import watershed

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "workflow"))

from imfmap.fractures.limits import MIN_AREA_M2  # noqa: E402
from imfmap.fractures.measures import measure  # noqa: E402
from imfmap.maps.grids import MapGrid  # noqa: E402
from imfmap.maps.ground_plane import mapped_ground  # noqa: E402
from imfmap.maps.probability_raster import CODES  # noqa: E402
from imfmap.maps.rasters import open_raster  # noqa: E402
from imfmap.maps.vectors import read_vector  # noqa: E402
from imfmap.scoring.measure_errors import truth_measures  # noqa: E402

DEPTHS = (0.1, 0.2)
LONG_SHARE = 0.5


def cut(codes: np.ndarray, owner: np.ndarray, depth: float, only_long: bool) -> np.ndarray:
    """Return the labels of the pieces of fractures; `owner` has the number of the fracture of each pixel, from 1."""
    inside = owner > 0
    tops = label(h_maxima(np.where(inside, codes, 0), round(depth * CODES)), connectivity=2)
    pieces = watershed(-codes.astype(int), np.where(inside, tops, 0), mask=inside, connectivity=2)
    if not only_long:
        return pieces
    extents = np.array([max(s.stop - s.start for s in part) for part in find_objects(pieces)])
    pairs = []
    for one, other in ((pieces[1:], pieces[:-1]), (pieces[:, 1:], pieces[:, :-1])):
        met = (one != other) & (one > 0) & (other > 0)
        pairs.append(np.sort(np.stack([one[met], other[met]]), axis=0))
    (low, high), length = np.unique(np.hstack(pairs), axis=1, return_counts=True)
    short = length < LONG_SHARE * np.minimum(extents[low - 1], extents[high - 1])
    count = len(extents)
    graph = coo_array((np.ones(short.sum()), (low[short] - 1, high[short] - 1)), (count, count))
    joined = np.concatenate([[0], connected_components(graph, directed=False)[1] + 1])
    return joined[pieces]


def line(name: str, target: Path, fractures: gpd.GeoDataFrame, lines: gpd.GeoDataFrame) -> str:
    """Return a row of the table: how fractures match the true ones."""
    probability, truth = target / "probability.tif", target / "simulated" / "truth.gpkg"
    _, counts = truth_measures(fractures, lines, truth, probability, mapped_ground(probability))
    numbers = " | ".join(str(counts[key]) for key in ("mapped", "pairs", "merged", "false"))
    return f"| {name} | {numbers} |"


def main() -> None:
    """Print the table of a target."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", nargs="?", type=Path, default=ROOT / "results" / "demo" / "unseen")
    target = parser.parse_args().target
    fractures, lines = (read_vector(target / "fractures.gpkg", name) for name in ("fractures", "centrelines"))
    with open_raster(target / "probability.tif") as dataset:
        grid, codes = MapGrid.of(dataset), dataset.read(1)
    owner = rasterize(
        zip(fractures.geometry, range(1, len(fractures) + 1), strict=True),
        grid.shape,
        transform=grid.transform,
        dtype="int32",
    )
    print("| cut | fractures | match one true one | hold several | on none |\n|---|---|---|---|---|")
    print(line("none", target, fractures, lines))
    for only_long in (False, True):
        for depth in DEPTHS:
            pieces = cut(codes, owner, depth, only_long).astype(np.int32)
            areas = np.bincount(pieces.ravel()) * grid.resolution_m**2
            pieces[areas[pieces] < MIN_AREA_M2] = 0
            outlines = [shape(one) for one, value in shapes(pieces, pieces > 0, 8, grid.transform) if value]
            polygons = gpd.GeoDataFrame(geometry=outlines, crs=grid.crs)
            name = f"{depth:g}, {'long valleys' if only_long else 'all valleys'}"
            print(line(name, target, *measure(polygons, target / "probability.tif")), flush=True)


if __name__ == "__main__":
    main()
