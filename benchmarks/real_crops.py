"""What trained models find on real ground: `python benchmarks/real_crops.py results/<run>/models/*/checkpoint.pt`.

The real crops (the folder of IMF_REAL_DATA, else ../shared/real) have no labels. The twelve of ordinary cratered ground
show no fracture that is known, so what is found there is most likely false; the same is looked for with the Sun told
turned by 90 and 180 degrees. The Sun's direction is told from each crop itself (see docs/likeness.md). Prints Markdown,
and draws every crop with what each model found, of a model's seeds (-s1, -s2) the first.

The crops are 8-bit counts, stretched from a darkest I/F that nobody tells. Recipe `paper` stretches anew and does not
mind; recipe `sun_aligned` looks at brightness relative to its surroundings, which a lost dark offset exaggerates.
Ground in
long shadows reaches black by itself; ground under a higher Sun does not. So a crop whose contrast (standard deviation
over mean) is more than simulated ground has at its incidence is lifted until it is as much: CONTRAST times the tangent
of the incidence, which follows from the crop's latitude and its Sun's azimuth. `--simulate 16` measures CONTRAST anew
on so many patches of config/likeness.yaml; `--contrast 0` leaves the crops as they are.
"""

import argparse
import os
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.ndimage import label

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "workflow"))

from imfmap.core.choices import THRESHOLD  # noqa: E402
from imfmap.fractures.limits import MIN_AREA_M2  # noqa: E402
from imfmap.inference.infer import infer_image  # noqa: E402
from imfmap.likeness.craters import find_sun_and_craters  # noqa: E402
from imfmap.likeness.patches import prepare_calibration, read_real, simulate_patch  # noqa: E402
from imfmap.likeness.report import read_settings  # noqa: E402
from imfmap.likeness.statistics import sun_axis  # noqa: E402
from imfmap.maps.bodies import body  # noqa: E402
from imfmap.maps.grids import MapGrid  # noqa: E402
from imfmap.maps.image_facts import ImageFacts  # noqa: E402
from imfmap.maps.probability_raster import decode  # noqa: E402
from imfmap.maps.rasters import read_raster, write_raster  # noqa: E402
from imfmap.plots.style import COLOURS, saved_figure  # noqa: E402

RESOLUTION_M = 1.5
SUN_ERRORS_DEG = (0.0, 90.0, 180.0)
# Median over simulated patches of their standard deviation over mean, over the tangent of the incidence.
CONTRAST = 0.11
# Colours of outlines: those of the house that show on grey.
LINES = [COLOURS[number] for number in (4, 5, 3, 2)]
INFERENCE = {"overlap": 0.5, "batch_size": 4, "test_time_augmentation": [], "device": "cpu"}


def reduced(pixels, times):
    """Means of squares of so many pixels a side."""
    rows, columns = (side // times for side in pixels.shape)
    return pixels[: rows * times, : columns * times].reshape(rows, times, columns, times).mean((1, 3))


def incidence_told(lat_deg, azimuth_deg):
    """Incidence on level ground of a Sun at some azimuth, above the equator; see `patches.sun_azimuth_at`."""
    azimuth, lat = np.radians([azimuth_deg, lat_deg])
    hour = np.arctan2(np.sin(azimuth), np.cos(azimuth) / -np.sin(lat))
    return float(np.degrees(np.arccos(np.clip(np.cos(lat) * np.cos(hour), 0.0, 1.0))))


def contrast_of(pixels):
    """Standard deviation over mean."""
    return float(pixels.std() / pixels.mean())


def simulated_contrast(group, seed, count):
    """CONTRAST, measured on so many simulated patches of a group."""
    with tempfile.TemporaryDirectory() as folder:
        prepare_calibration(Path(folder), seed)
        patches = [simulate_patch(group, number, seed, Path(folder)) for number in range(count)]
    times = round(RESOLUTION_M / group.resolution_m)
    slopes = np.tan(np.radians([patch.facts["incidence_deg"] for patch in patches]))
    return float(np.median([contrast_of(reduced(patch.pixels, times)) for patch in patches] / slopes))


def lifted(pixels, contrast):
    """Pixels and the offset that was added to them, so that their contrast is at most this; 0 leaves them."""
    offset = max(0.0, float(pixels.std()) / contrast - float(pixels.mean())) if contrast else 0.0
    return pixels + np.float32(offset), offset


@dataclass(frozen=True, eq=False)
class Crop:
    """A crop as a projected image of the models' resolution: its file, its counts before they were lifted, its facts,
    their contrast over the incidence's tangent, and by how many counts they were lifted."""

    path: Path
    pixels: np.ndarray
    facts: ImageFacts
    contrast: float
    offset: float


def on_map(group, patch, folder, contrast):
    """Write a patch as a `Crop`, lifted where it has more contrast than this over the incidence's tangent."""
    azimuth_deg, _ = find_sun_and_craters(patch.pixels, sun_axis(patch.pixels))
    incidence_deg = incidence_told(group.lat, azimuth_deg)
    slope = np.tan(np.radians(min(incidence_deg, 89.0)))
    pixels = reduced(patch.pixels, round(RESOLUTION_M / group.resolution_m)).astype(np.float32)
    crs = body("moon").projected("equirectangular", group.lat, group.lon)
    height_m, width_m = (side * RESOLUTION_M for side in pixels.shape)
    grid = MapGrid.centred(crs, group.lon, group.lat, width_m, height_m, RESOLUTION_M)
    facts = ImageFacts(patch.name, "unknown", azimuth_deg, incidence_deg, 0.0, float("nan"), group.resolution_m, "none")
    path = folder / f"{group.name}_{patch.name}.tif"
    image, offset = lifted(pixels, contrast * slope)
    write_raster(path, image, grid, nodata=float("nan"), tags=facts.tags(), overviews=False)
    return Crop(path, pixels, facts, contrast_of(pixels) / slope, offset)


def found_in(probability):
    """How many objects of `MIN_AREA_M2` and more there are, and the probability without those that are smaller."""
    found = probability >= THRESHOLD
    objects, _ = label(found, np.ones((3, 3)))
    large = np.bincount(objects.ravel()) * RESOLUTION_M**2 >= MIN_AREA_M2
    large[0] = False
    return int(large.sum()), np.where(found & ~large[objects], 0.0, probability)


def draw(crops, probabilities, path):
    """Crops, each with an arrow from its Sun, and the outlines of what each model found."""
    columns = min(4, len(crops))
    rows = -(-len(crops) // columns)
    with saved_figure(path, rows=rows, columns=columns, panel_inches=(1.75, 1.9), squeeze=False) as axes:
        for axis in axes.ravel():
            axis.axis("off")
        for axis, crop in zip(axes.ravel(), crops, strict=False):
            facts, (darkest, brightest) = crop.facts, np.percentile(crop.pixels, (0.3, 99.7))
            axis.imshow(crop.pixels, cmap="gray", vmin=darkest, vmax=brightest)
            axis.set_title(f"{facts.product}, Sun {90 - facts.incidence_deg:.0f}\u00b0 high", fontsize=6.5, pad=2.5)
            azimuth, middle = np.radians(facts.sun_azimuth_deg), np.array([0.91, 0.09])
            towards = 0.055 * np.array([np.sin(azimuth), np.cos(azimuth)])
            axis.plot(*middle, "o", transform=axis.transAxes, markersize=13, color="black", alpha=0.6, mew=0)
            arrow = dict(arrowstyle="-|>", color="white", linewidth=0.9, mutation_scale=5, shrinkA=0, shrinkB=0)
            axis.annotate("", middle - towards, middle + towards, "axes fraction", arrowprops=arrow)
        for number, (name, of_images) in enumerate(probabilities.items()):
            colour = LINES[number % len(LINES)]
            for axis, probability in zip(axes.ravel(), of_images, strict=False):
                if probability.max() >= THRESHOLD:
                    axis.contour(probability, [THRESHOLD], colors=colour, linewidths=1.1)
            axes[0, 0].plot([], [], color=colour, label=name)
        axes[0, 0].figure.legend(loc="outside lower center", ncols=min(4, len(probabilities)))


def without_seed(name):
    """Name of a model without the seed behind it: unet-s1 is unet."""
    return re.sub(r"-s\d+$", "", name)


def names_of(checkpoints):
    """A name for each model: that of its folder, with the run's where two are called alike."""
    names = [path.absolute().parent.name for path in checkpoints]
    return [
        name if names.count(name) == 1 else f"{path.absolute().parents[2].name}/{name}"
        for name, path in zip(names, checkpoints, strict=True)
    ]


def search(checkpoint, crops, error_deg):
    """Probabilities of crops under a Sun that is told so wrong."""
    probabilities = []
    for crop in crops:
        out = crop.path.with_suffix(".found.tif")
        infer_image(checkpoint, crop.path, out, {**INFERENCE, "sun_offset_deg": error_deg}, threads=1)
        probabilities.append(np.nan_to_num(decode(read_raster(out)[0])))
        out.unlink()
    return probabilities


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoints", type=Path, nargs="+")
    real = Path(os.environ.get("IMF_REAL_DATA", ROOT / ".." / "shared" / "real"))
    parser.add_argument("--real", type=Path, default=real)
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "real_crops")
    parser.add_argument("--contrast", type=float, default=CONTRAST, help="most of a crop, over the incidence's tangent")
    parser.add_argument("--simulate", type=int, metavar="N", help="measure that on N simulated patches (10 s each)")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    seed, groups = read_settings(ROOT / "config" / "likeness.yaml")
    group = next(one for one in groups if not one.calibrated)
    contrast = simulated_contrast(group, seed, options.simulate) if options.simulate else options.contrast
    with tempfile.TemporaryDirectory() as folder:
        crops = [on_map(group, patch, Path(folder), contrast) for patch in read_real(group, options.real)]
        area_km2 = sum(crop.pixels.size for crop in crops) * RESOLUTION_M**2 * 1e-6
        contrasts = [crop.contrast for crop in crops]
        lifts = [f"{crop.facts.product} by {crop.offset:.0f}" for crop in crops if crop.offset]
        print(f"{len(crops)} crops, {area_km2:.2f} km2 at {RESOLUTION_M} m/px")
        print(
            f"contrast over tan(incidence): {min(contrasts):.2f} to {max(contrasts):.2f}; "
            f"above {contrast:.2f} lifted by counts: {', '.join(lifts) or 'none'}\n"
        )
        errors = [f"Sun {error:+.0f} deg" if error else "Sun as told" for error in SUN_ERRORS_DEG]
        print("| model |" + "".join(f" {name}: objects | per km2 | % of pixels |" for name in errors))
        print("|---|" + "---|---|---|" * len(errors))
        drawn_ones = {}
        for name, checkpoint in zip(names_of(options.checkpoints), options.checkpoints, strict=True):
            row = f"| {name} |"
            for error in SUN_ERRORS_DEG:
                counts, kept = zip(*map(found_in, search(checkpoint, crops, error)), strict=True)
                share = np.mean([(one >= THRESHOLD).mean() for one in kept])
                row += f" {sum(counts)} | {sum(counts) / area_km2:.1f} | {100 * share:.2f} |"
                if not error:
                    drawn_ones.setdefault(without_seed(name), (name, kept))
            print(row, flush=True)
    draw(crops, dict(drawn_ones.values()), options.out / "found.png")
    print(f"\n{options.out / 'found.png'}")


if __name__ == "__main__":
    main()
