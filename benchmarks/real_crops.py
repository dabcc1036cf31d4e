"""What trained models find on real ground: `python benchmarks/real_crops.py results/<run>/models/*/checkpoint.pt`.

The real crops (the folder of IMF_REAL_DATA, else ../shared/real) have no labels. The twelve of ordinary cratered ground
show no fracture that is known, so what is found there is most likely false; the same is looked for with the Sun told
turned by 90 and 180 degrees. The Sun's direction is told from each crop itself (see docs/likeness.md). Prints Markdown,
and draws every crop with what each model found.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

import numpy as np
from scipy.ndimage import label

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "workflow"))

from imfmap.bodies import body  # noqa: E402
from imfmap.grids import MapGrid  # noqa: E402
from imfmap.inference import infer_image  # noqa: E402
from imfmap.likeness.craters import find_sun_and_craters  # noqa: E402
from imfmap.likeness.patches import read_real  # noqa: E402
from imfmap.likeness.report import read_settings  # noqa: E402
from imfmap.likeness.statistics import sun_axis  # noqa: E402
from imfmap.plotting import COLOURS, drawn  # noqa: E402
from imfmap.probability import decode  # noqa: E402
from imfmap.products import ImageFacts  # noqa: E402
from imfmap.rasters import read_raster, write_raster  # noqa: E402

RESOLUTION_M = 1.5
THRESHOLD, MIN_AREA_M2 = 0.5, 150.0
SUN_ERRORS_DEG = (0.0, 90.0, 180.0)
INFERENCE = {"overlap": 0.5, "batch_size": 4, "flips": False, "device": "cpu"}


def reduced(pixels, times):
    """Means of squares of so many pixels a side."""
    rows, columns = (side // times for side in pixels.shape)
    return pixels[: rows * times, : columns * times].reshape(rows, times, columns, times).mean((1, 3))


def on_map(group, patch, folder):
    """Write a crop as a projected image of the models' resolution; its path."""
    azimuth_deg, _ = find_sun_and_craters(patch.pixels, sun_axis(patch.pixels))
    pixels = reduced(patch.pixels, round(RESOLUTION_M / group.resolution_m)).astype(np.float32)
    crs = body("moon").projected("equirectangular", group.lat, group.lon)
    height_m, width_m = (side * RESOLUTION_M for side in pixels.shape)
    grid = MapGrid.centred(crs, group.lon, group.lat, width_m, height_m, RESOLUTION_M)
    facts = ImageFacts(patch.name, "unknown", azimuth_deg, float("nan"), 0.0, float("nan"), group.resolution_m, "none")
    path = folder / f"{group.name}_{patch.name}.tif"
    write_raster(path, pixels, grid, nodata=float("nan"), tags=facts.tags(), overviews=False)
    return path


def found_in(probability):
    """Objects of 150 m2 and more, and the share of the pixels that they take."""
    objects, _ = label(probability >= THRESHOLD, np.ones((3, 3)))
    sizes = np.bincount(objects.ravel())[1:] * RESOLUTION_M**2
    kept = sizes >= MIN_AREA_M2
    return int(kept.sum()), float(sizes[kept].sum() / (probability.size * RESOLUTION_M**2))


def draw(images, probabilities, path):
    """Crops in rows of six; outlines of what each model found."""
    columns = min(6, len(images))
    rows = -(-len(images) // columns)
    with drawn(path, rows=rows, columns=columns, panel_inches=(1.6, 1.75)) as axes:
        for axis in np.ravel(axes):
            axis.axis("off")
        for axis, image in zip(np.ravel(axes), images, strict=False):
            axis.imshow(image, cmap="gray")
        for number, (name, of_images) in enumerate(probabilities.items()):
            for axis, probability in zip(np.ravel(axes), of_images, strict=False):
                if probability.max() >= THRESHOLD:
                    axis.contour(probability, [THRESHOLD], colors=COLOURS[number % len(COLOURS)], linewidths=0.8)
            np.ravel(axes)[0].plot([], [], color=COLOURS[number % len(COLOURS)], label=name)
        np.ravel(axes)[0].figure.legend(loc="outside lower center", ncols=min(4, len(probabilities)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoints", type=Path, nargs="+")
    real = Path(os.environ.get("IMF_REAL_DATA", ROOT / ".." / "shared" / "real"))
    parser.add_argument("--real", type=Path, default=real)
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "real_crops")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    _, groups = read_settings(ROOT / "config" / "likeness.yaml")
    group = next(one for one in groups if not one.calibrated)
    names = [path.parent.name for path in options.checkpoints]
    with tempfile.TemporaryDirectory() as folder:
        paths = [on_map(group, patch, Path(folder)) for patch in read_real(group, options.real)]
        images = [read_raster(path)[0] for path in paths]
        area_km2 = sum(image.size for image in images) * RESOLUTION_M**2 * 1e-6
        print(f"{len(paths)} crops, {area_km2:.2f} km2 at {RESOLUTION_M} m/px\n")
        errors = [f"Sun {error:+.0f} deg" if error else "Sun as told" for error in SUN_ERRORS_DEG]
        print("| model |" + "".join(f" {name}: objects / km2 | % of pixels |" for name in errors))
        print("|---|" + "---|---|" * len(errors))
        drawn_ones = {}
        for name, checkpoint in zip(names, options.checkpoints, strict=True):
            row = f"| {name} |"
            for error in SUN_ERRORS_DEG:
                probabilities = []
                for path in paths:
                    out = Path(folder) / f"{name}_{path.name}"
                    infer_image(checkpoint, path, out, {**INFERENCE, "sun_offset_deg": error}, threads=1)
                    probabilities.append(decode(read_raster(out)[0]))
                    out.unlink()
                counts, shares = zip(*(found_in(np.nan_to_num(one)) for one in probabilities), strict=True)
                row += f" {sum(counts) / area_km2:.1f} | {100 * np.mean(shares):.2f} |"
                if not error:
                    drawn_ones[name] = [np.nan_to_num(one) for one in probabilities]
            print(row, flush=True)
    draw(images, drawn_ones, options.out / "found.png")
    print(f"\n{options.out / 'found.png'}")


if __name__ == "__main__":
    main()
