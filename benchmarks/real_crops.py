"""Detections on real ground: `python benchmarks/real_crops.py results/<run>/models/*/checkpoint.pt`.

The real crops (in the folder IMF_REAL_DATA, by default ../shared/real) have no labels. The twelve crops of ordinary
cratered ground have no known fracture, so detections there are most likely false. Models search the crops with the
Sun's direction that is estimated from each crop (see docs/likeness.md), and with that direction turned by 90 and 180
degrees. The benchmark prints Markdown, and draws the crops with the outlines of the detections. If a model has several
seeds (-s1, -s2), only the first is drawn.

The crops are 8-bit counts. The I/F of the darkest count is not known. Recipe `paper` stretches images again, so this
does not matter. Recipe `sun_aligned` uses brightness relative to the surroundings, which a lost dark offset
exaggerates. Ground with long shadows has black pixels anyway; ground under a higher Sun has not. So a constant is added
to a crop if its contrast (standard deviation over mean) exceeds that of simulated ground at the same incidence:
CONTRAST times the tangent of the incidence. The incidence follows from the crop's latitude and Sun azimuth. `--simulate
16` measures CONTRAST again on 16 patches of config/likeness.yaml. `--contrast 0` leaves the crops as they are.
"""

import argparse
import os
import re
import sys
import tempfile
from collections.abc import Mapping, Sequence
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
from imfmap.likeness.patches import Group, Patch, prepare_calibration, read_real, simulate_patch  # noqa: E402
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
# Contrast (standard deviation over mean) divided by the tangent of the incidence, median of simulated patches.
CONTRAST = 0.11
# Colours of outlines that are visible on grey.
LINES = [COLOURS[number] for number in (4, 5, 3, 2)]
INFERENCE = {"overlap": 0.5, "batch_size": 4, "test_time_augmentation": [], "device": "cpu"}


def reduced(pixels: np.ndarray, times: int) -> np.ndarray:
    """Return the means of squares of `times` x `times` pixels."""
    rows, columns = (side // times for side in pixels.shape)
    return pixels[: rows * times, : columns * times].reshape(rows, times, columns, times).mean((1, 3))


def incidence_from_azimuth(lat_deg: float, azimuth_deg: float) -> float:
    """Return the incidence on level ground of a Sun above the equator; inverse of `patches.sun_azimuth_at`."""
    azimuth, lat = np.radians([azimuth_deg, lat_deg])
    hour = np.arctan2(np.sin(azimuth), np.cos(azimuth) / -np.sin(lat))
    return float(np.degrees(np.arccos(np.clip(np.cos(lat) * np.cos(hour), 0.0, 1.0))))


def contrast_of(pixels: np.ndarray) -> float:
    """Return standard deviation over mean."""
    return float(pixels.std() / pixels.mean())


def simulated_contrast(group: Group, seed: int, count: int) -> float:
    """Return CONTRAST as measured on `count` simulated patches of a group."""
    with tempfile.TemporaryDirectory() as folder:
        prepare_calibration(Path(folder), seed)
        patches = [simulate_patch(group, number, seed, Path(folder)) for number in range(count)]
    times = round(RESOLUTION_M / group.resolution_m)
    slopes = np.tan(np.radians([patch.facts["incidence_deg"] for patch in patches]))
    return float(np.median([contrast_of(reduced(patch.pixels, times)) for patch in patches] / slopes))


def lifted(pixels: np.ndarray, contrast: float) -> tuple[np.ndarray, float]:
    """Return pixels with an offset added that limits their contrast, and the offset. A limit of 0 adds nothing."""
    offset = max(0.0, float(pixels.std()) / contrast - float(pixels.mean())) if contrast else 0.0
    return pixels + np.float32(offset), offset


@dataclass(frozen=True, eq=False)
class Crop:
    """A crop as a projected image of the models' resolution.

    Attributes
    ----------
    path : Path
        GeoTIFF.
    pixels : ndarray
        Counts without the offset.
    facts : ImageFacts
    contrast : float
        Contrast of `pixels` over the tangent of the incidence.
    offset : float
        Number that was added to the counts in the file.
    """

    path: Path
    pixels: np.ndarray
    facts: ImageFacts
    contrast: float
    offset: float


def on_map(group: Group, patch: Patch, folder: Path, contrast: float) -> Crop:
    """Write a patch as a projected image, with its contrast over the incidence's tangent limited; return the `Crop`."""
    azimuth_deg, _ = find_sun_and_craters(patch.pixels, sun_axis(patch.pixels))
    incidence_deg = incidence_from_azimuth(group.lat, azimuth_deg)
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


def found_in(probability: np.ndarray) -> tuple[int, np.ndarray]:
    """Return the number of objects of `MIN_AREA_M2` or more, and the probability without smaller objects."""
    is_object = probability >= THRESHOLD
    objects, _ = label(is_object, np.ones((3, 3)))
    large = np.bincount(objects.ravel()) * RESOLUTION_M**2 >= MIN_AREA_M2
    large[0] = False
    return int(large.sum()), np.where(is_object & ~large[objects], 0.0, probability)


def draw(crops: Sequence[Crop], probabilities: Mapping[str, Sequence[np.ndarray]], path: Path) -> None:
    """Draw the crops, each with an arrow away from its Sun and the outlines of each model's detections."""
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


def without_seed(name: str) -> str:
    """Return the name of a model without its seed: unet for unet-s1."""
    return re.sub(r"-s\d+$", "", name)


def names_of(checkpoints: Sequence[Path]) -> list[str]:
    """Return a name for each model: that of its folder. Equal names get the name of the run in front."""
    names = [path.absolute().parent.name for path in checkpoints]
    return [
        name if names.count(name) == 1 else f"{path.absolute().parents[2].name}/{name}"
        for name, path in zip(names, checkpoints, strict=True)
    ]


def search(checkpoint: Path, crops: Sequence[Crop], error_deg: float) -> list[np.ndarray]:
    """Return the probabilities of crops, with an error added to the Sun's azimuth."""
    probabilities = []
    for crop in crops:
        out = crop.path.with_suffix(".found.tif")
        infer_image(checkpoint, crop.path, out, {**INFERENCE, "sun_offset_deg": error_deg}, threads=1)
        probabilities.append(np.nan_to_num(decode(read_raster(out)[0])))
        out.unlink()
    return probabilities


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoints", type=Path, nargs="+")
    real = Path(os.environ.get("IMF_REAL_DATA", ROOT / ".." / "shared" / "real"))
    parser.add_argument("--real", type=Path, default=real)
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "real_crops")
    parser.add_argument(
        "--contrast", type=float, default=CONTRAST, help="limit of a crop's contrast over the incidence's tangent"
    )
    parser.add_argument(
        "--simulate", type=int, metavar="N", help="measure that limit on N simulated patches (10 s each)"
    )
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    seed, groups = read_settings(ROOT / "config" / "likeness.yaml")
    group = next(group for group in groups if not group.calibrated)
    contrast = simulated_contrast(group, seed, options.simulate) if options.simulate else options.contrast
    with tempfile.TemporaryDirectory() as folder:
        crops = [on_map(group, patch, Path(folder), contrast) for patch in read_real(group, options.real)]
        area_km2 = sum(crop.pixels.size for crop in crops) * RESOLUTION_M**2 * 1e-6
        contrasts = [crop.contrast for crop in crops]
        lifts = [f"{crop.facts.product} by {crop.offset:.0f}" for crop in crops if crop.offset]
        print(f"{len(crops)} crops, {area_km2:.2f} km2 at {RESOLUTION_M} m/px")
        print(
            f"contrast over tan(incidence): {min(contrasts):.2f} to {max(contrasts):.2f}; "
            f"counts added above {contrast:.2f}: {', '.join(lifts) or 'none'}\n"
        )
        errors = [f"Sun {error:+.0f} deg" if error else "Sun as estimated" for error in SUN_ERRORS_DEG]
        print("| model |" + "".join(f" {name}: objects | per km2 | % of pixels |" for name in errors))
        print("|---|" + "---|---|---|" * len(errors))
        drawn_ones = {}
        for name, checkpoint in zip(names_of(options.checkpoints), options.checkpoints, strict=True):
            row = f"| {name} |"
            for error in SUN_ERRORS_DEG:
                counts, kept = zip(*map(found_in, search(checkpoint, crops, error)), strict=True)
                share = np.mean([(probability >= THRESHOLD).mean() for probability in kept])
                row += f" {sum(counts)} | {sum(counts) / area_km2:.1f} | {100 * share:.2f} |"
                if not error:
                    drawn_ones.setdefault(without_seed(name), (name, kept))
            print(row, flush=True)
    draw(crops, dict(drawn_ones.values()), options.out / "found.png")
    print(f"\n{options.out / 'found.png'}")


if __name__ == "__main__":
    main()
