"""Errors of co-registration: on simulated images, whose shift is known, and on real ground, by closure.

    python benchmarks/coregistration.py

Simulated images show one scene under pairs of Suns, on grids that are moved against each other by parts of a pixel. The
error is the distance between the shift that was found and the true one, in map pixels. Brightness in the place of
edges shows why edges are compared. With IMF_REAL_DATA (by default ../shared/real), the images of its `multisun` are
compared as well: shifts a to b and b to c should add up to the one from a to c.
"""

import argparse
import csv
import itertools
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "workflow"), str(ROOT)]

import numpy as np  # noqa: E402
import rasterio  # noqa: E402
from affine import Affine  # noqa: E402
from scipy import ndimage  # noqa: E402

from imfmap.engines.map_projected import raster_to_map  # noqa: E402
from imfmap.maps.grids import MapGrid  # noqa: E402
from imfmap.maps.image_layers import ImageLayer  # noqa: E402
from imfmap.maps.target_grid import target_grid  # noqa: E402
from imfmap.mosaic import coregistration  # noqa: E402
from imfmap.mosaic.coregistration import Shift, measure_shift  # noqa: E402
from imfmap.simulate.direct_imaging import image_to_map  # noqa: E402
from imfmap.simulate.scene import make_scene  # noqa: E402

PLACE = {"body": "moon", "diameter_km": 1, "resolution_m": 1.5, "projection": "equirectangular"}
SCENE = {**PLACE, "lat": 20.0, "lon": 30.0, "extent_km": [0.9, 0.9]}
SITES = {"S1": (44.1214, -19.5117), "S2": (0.67416, 23.47314)}
# The Sun of the first image: azimuth and incidence. Then those of the others, and the shifts of their grids in pixels.
FIRST = (90.0, 50.0)
OTHERS = {
    "the same Sun": (90.0, 50.0),
    "higher": (90.0, 30.0),
    "near noon": (90.0, 10.0),
    "lower": (90.0, 70.0),
    "grazing": (90.0, 80.0),
    "45 degrees aside": (135.0, 50.0),
    "from the north": (0.0, 50.0),
    "opposite, higher": (270.0, 30.0),
    "opposite": (270.0, 50.0),
    "opposite, lower": (270.0, 70.0),
    "opposite, grazing": (270.0, 80.0),
}
SHIFTS_PX = ((3.3, -2.7), (-5.45, 1.2), (0.75, 0.4), (-20.15, 13.85))
LIMIT_M = 200.0


def simulated(folder: Path, scenes: int) -> Iterator[list[str]]:
    """Yield rows: Sun, largest and median error by edges, least confidence, images left alone, errors by brightness."""
    grid = target_grid(SCENE)
    results = {name: [] for name in OTHERS}
    for seed in range(1, scenes + 1):
        terrain = folder / f"scene{seed}"
        make_scene({"seed": seed}, grid, terrain)
        first = _image(terrain, grid, FIRST, (0.0, 0.0), seed, 0)
        for number, (name, sun) in enumerate(OTHERS.items(), start=1):
            # Every Sun has another shift in every scene.
            shift = SHIFTS_PX[(number + seed) % len(SHIFTS_PX)]
            other = _image(terrain, grid, sun, shift, seed, number)
            # An image whose grid was moved to the right shows all ground farther to the left.
            true = np.array(shift[::-1])
            found = _compared(first, other, grid)
            with mock.patch.object(ndimage, "gaussian_gradient_magnitude", _brightness):
                plain = _compared(first, other, grid)
            results[name].append((_error(found, true), found.confidence, found.is_sure, _error(plain, true)))
    for name, sun in OTHERS.items():
        error, confidence, sure, plain = (np.array(column) for column in zip(*results[name], strict=True))
        shown = error[sure] if sure.any() else np.array([np.nan])
        yield [
            f"{name} ({sun[0]:g}, {sun[1]:g})",
            f"{np.median(shown):.2f}",
            f"{shown.max():.2f}",
            f"{confidence.min():.2f}",
            f"{(~sure).sum()} of {len(sure)}",
            f"{np.median(plain):.2f}",
        ]


def real(data: Path, folder: Path) -> Iterator[list[str]]:
    """Yield rows: site, images, pairs and triples; distances of pairs before and after; and closure of triples."""
    with open(data / "illumination.csv", newline="") as file:
        rows = {row["product"]: row for row in csv.DictReader(file)}
    for site, (lat, lon) in SITES.items():
        grid = target_grid({**PLACE, "lat": lat, "lon": lon, "extent_km": [0.96, 0.96]})
        images = []
        for path in sorted(data.glob(f"{site}_*.tif")):
            product = path.stem.removeprefix(f"{site}_")
            images.append(folder / f"{product}.tif")
            raster_to_map(path, grid, images[-1], product, {"start_time": rows[product]["start_time"]})
        shifts = {pair: _compared(*pair, grid) for pair in itertools.combinations(images, 2)}
        sure = {pair: np.array([shift.rows, shift.columns]) for pair, shift in shifts.items() if shift.is_sure}
        closures = [
            np.linalg.norm(sure[a, b] + sure[b, c] - sure[a, c])
            for a, b, c in itertools.combinations(images, 3)
            if {(a, b), (b, c), (a, c)} <= set(sure)
        ]
        before = np.array([np.linalg.norm(shift) for shift in sure.values()])
        # Every image is laid on the one that most others can be compared with.
        reference = max(images, key=lambda image: sum(image in pair for pair in sure))
        after = [
            np.linalg.norm(shift - (_from(sure, reference, pair[1]) - _from(sure, reference, pair[0])))
            for pair, shift in sure.items()
            if all(_from(sure, reference, image) is not None for image in pair) and reference not in pair
        ]
        numbers = [1.5 * np.array(values) for values in (before, after, closures)]
        yield [
            site,
            str(len(images)),
            f"{len(sure)} of {len(shifts)}",
            *(f"{np.median(metres):.2f} / {metres.max():.2f}" for metres in numbers),
            str(len(closures)),
        ]


def _image(terrain, grid, sun, shift_px, seed, number):
    moved = MapGrid(grid.crs, grid.transform @ Affine.translation(*shift_px), grid.shape)
    product = f"M15{seed:03d}{number:04d}LE"
    out = terrain / f"{product}.moved.tif"
    settings = {"product": product, "sun_azimuth_deg": sun[0], "incidence_deg": sun[1]}
    image_to_map(terrain / "terrain.tif", settings, moved, out, seed)
    # Said to lie on the target's grid, it is an image that was projected to the wrong place.
    with rasterio.open(out, "r+") as dataset:
        dataset.transform = grid.transform
    return out


def _compared(first, other, grid) -> Shift:
    with ImageLayer.open(first, grid) as reference, ImageLayer.open(other, grid) as image:
        return measure_shift(reference.read, image.read, grid.shape, LIMIT_M / grid.resolution_m)


def _brightness(pixels, sigma):
    """Brightness in the place of edges, above its darkest value."""
    smooth = ndimage.gaussian_filter(pixels, sigma)
    return smooth - smooth.min()


def _error(found, true):
    return float(np.hypot(found.rows - true[0], found.columns - true[1]))


def _from(shifts, reference, image):
    """Return the shift that lays an image on the reference; None if it was not found."""
    if image == reference:
        return np.zeros(2)
    return shifts[reference, image] if (reference, image) in shifts else _negative(shifts.get((image, reference)))


def _negative(shift):
    return None if shift is None else -shift


def _table(head: Sequence[str], rows: Iterator[list[str]]) -> None:
    print(f"| {' | '.join(head)} |\n|{'---|' * len(head)}")
    for row in rows:
        print(f"| {' | '.join(row)} |", flush=True)


def main() -> None:
    """Print the table of simulated images, and that of real ones if they are there."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scenes", type=int, default=1, help="number of simulated scenes; 0 leaves them out")
    arguments = parser.parse_args()
    data = Path(os.environ.get("IMF_REAL_DATA", ROOT.parent / "shared" / "real")) / "multisun"
    least = f"{coregistration.LEAST_CONFIDENCE:.0%}"
    with tempfile.TemporaryDirectory() as folder:
        if arguments.scenes:
            print(f"Simulated, against the Sun {FIRST}; images of which less than {least} of windows agree stay:\n")
            head = ["Sun (azimuth, incidence)", "median error, px", "largest, px", "least confidence", "left alone"]
            _table([*head, "by brightness: median error, px"], simulated(Path(folder), arguments.scenes))
        if not data.is_dir():
            print(f"\nNo real images: {data} is not there.")
            return
        print("\nReal (median / largest, metres):\n")
        head = ["site", "images", "pairs that are sure", "pairs before", "pairs after", "closure of triples", "triples"]
        _table(head, real(data, Path(folder)))


if __name__ == "__main__":
    main()
