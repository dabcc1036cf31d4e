"""Detections on real fractures: `python benchmarks/real_fractures.py [CHECKPOINT...]`, or `make real-fractures`.

Without arguments, the shipped detector is tried, and beside it all models of results/detector/*.pt. Models search real
images at 1.5 m/px (see `real_images`). Objects of less than 150 m2 do not count.

* found: share of the traced length within 3 m of a detection, in all panels whose Sun is known together, and in each.
* on trace: share of the detected area within 10 m of a trace.
* false: objects per km2 on ground without fractures: twelve crops, two places in each of their images, and fused.

The benchmark prints Markdown, and draws found over on trace, and the panels with the outlines of the detections. Models
whose names differ only in their seed (-s1, -s2) share a row (mean and standard deviation), and a curve.
"""

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.ndimage import distance_transform_edt, label, maximum

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "workflow"), str(ROOT / "benchmarks")]

from real_crops import without_seed  # noqa: E402
from real_images import REAL, RESOLUTION_M, Panel, map_grid, read_crops, read_panels, read_places  # noqa: E402

from imfmap.fractures.limits import MIN_AREA_M2  # noqa: E402
from imfmap.inference.fusion import fuse  # noqa: E402
from imfmap.inference.infer import infer_image  # noqa: E402
from imfmap.learning.models import load_checkpoint  # noqa: E402
from imfmap.maps.probability_raster import decode  # noqa: E402
from imfmap.maps.rasters import read_raster  # noqa: E402
from imfmap.plots.style import COLOURS, saved_figure  # noqa: E402

FOUND_M, ON_TRACE_M = 3.0, 10.0
THRESHOLDS = (0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
INFERENCE = {"overlap": 0.25, "batch_size": 4, "test_time_augmentation": [], "device": "cpu"}
GROUNDS = ("crops", "images alone", "fused")


@dataclass(frozen=True, eq=False)
class Found:
    """What a model gives for all real images: probabilities, NaN without data.

    Attributes
    ----------
    panels : dict
        Probability by the panel's name.
    plain : dict
        Lists of probabilities on ground without fractures, by the names of `GROUNDS`.
    """

    panels: dict
    plain: dict


def search(checkpoint: Path, path: Path) -> np.ndarray:
    """Return the probability of an image. Its file stays beside the image, for `fuse`."""
    infer_image(checkpoint, path, path.with_suffix(".found.tif"), INFERENCE, threads=1)
    return decode(read_raster(path.with_suffix(".found.tif"))[0])


def search_all(
    checkpoint: Path, panels: Sequence[Panel], crops: Sequence[Path], places: Mapping[str, Sequence[Path]]
) -> Found:
    """Search all real images with a model."""
    alone, fused = [], []
    for paths in places.values():
        alone += [search(checkpoint, path) for path in paths]
        out = paths[0].with_suffix(".fused.tif")
        fuse([path.with_suffix(".found.tif") for path in paths], paths, out, map_grid(alone[-1].shape))
        fused.append(decode(read_raster(out)[0]))
    plain = [search(checkpoint, path) for path in crops], alone, fused
    return Found(
        {panel.name: search(checkpoint, panel.path) for panel in panels}, dict(zip(GROUNDS, plain, strict=True))
    )


def objects(probability: np.ndarray, threshold: float, peak: float = 0.0) -> tuple[int, np.ndarray]:
    """Return the number of objects of `MIN_AREA_M2` or more, with a pixel of probability `peak`, and their pixels."""
    probability = np.nan_to_num(probability)
    numbered, count = label(probability >= threshold, np.ones((3, 3)))
    kept = np.bincount(numbered.ravel()) * RESOLUTION_M**2 >= MIN_AREA_M2
    kept &= maximum(probability, numbered, np.arange(count + 1)) >= peak
    kept[0] = False
    return int(kept.sum()), kept[numbered]


def counts(panel: Panel, probability: np.ndarray, threshold: float, peak: float = 0.0) -> np.ndarray:
    """Return the numbers of traced pixels that are found, of traced, of detected ones on a trace, and of detected."""
    _, detected = objects(probability, threshold, peak)
    near = distance_transform_edt(~detected) * RESOLUTION_M <= FOUND_M if detected.any() else detected
    on_trace = detected & (panel.distance_m <= ON_TRACE_M)
    return np.array([(panel.traced & near).sum(), panel.traced.sum(), on_trace.sum(), detected.sum()])


def shares(numbers: np.ndarray) -> np.ndarray:
    """Return found and on trace in percent; NaN where nothing was traced or detected."""
    found, traced, on_trace, detected = numbers
    return np.array([100 * found / traced if traced else np.nan, 100 * on_trace / detected if detected else np.nan])


def per_km2(probabilities: Sequence[np.ndarray], threshold: float, peak: float = 0.0) -> float:
    """Return the number of objects per km2; NaN if there is no ground."""
    area_km2 = sum(np.isfinite(probability).sum() for probability in probabilities) * RESOLUTION_M**2 * 1e-6
    return sum(objects(one, threshold, peak)[0] for one in probabilities) / area_km2 if area_km2 else np.nan


def figures(found: Found, panels: Sequence[Panel], threshold: float, peak: float = 0.0) -> np.ndarray:
    """Return the figures of a model at a threshold: found and on trace of all panels and of each, false objects."""
    each = {panel.name: counts(panel, found.panels[panel.name], threshold, peak) for panel in panels}
    together = sum(each[panel.name] for panel in panels if panel.sun_azimuth_deg is not None)
    false = [per_km2(found.plain[ground], threshold, peak) for ground in GROUNDS]
    return np.concatenate([shares(together), *(shares(each[panel.name]) for panel in panels), false])


def table(of_seeds: np.ndarray, thresholds: Sequence[float], panels: Sequence[Panel], own: float) -> str:
    """Return the figures of a model's seeds (seeds, thresholds, figures) as Markdown."""
    names = [f"{panel.name}{'' if panel.sun_azimuth_deg is not None else ' (Sun not known)'}" for panel in panels]
    lines = ["| threshold | found %, on trace % | " + " | ".join([*names, *GROUNDS]) + " |", "|---" * 11 + "|"]
    for number, threshold in enumerate(thresholds):
        cells = [_cell(of_seeds[:, number, index], 0 if index < 14 else 1) for index in range(of_seeds.shape[2])]
        pairs = [", ".join(cells[start : start + 2]) for start in range(0, 14, 2)]
        lines.append(
            f"| {threshold:g}{' (its own)' if threshold == own else ''} | " + " | ".join(pairs + cells[14:]) + " |"
        )
    return "\n".join(lines)


def _cell(values, digits):
    """Return mean and standard deviation of the seeds' values."""
    if np.isnan(values).any():
        return "-"
    spread = f" ± {values.std(ddof=1):.{digits}f}" if len(values) > 1 else ""
    return f"{values.mean():.{digits}f}{spread}"


def draw_curves(of_models: Mapping[str, np.ndarray], panels: Sequence[Panel], path: Path) -> None:
    """Draw found over on trace: one panel for all together, one for each real panel."""
    titles = ["all panels with a known Sun", *(panel.name for panel in panels)]
    with saved_figure(path, rows=2, columns=4, panel_inches=(2.3, 2.2), squeeze=False) as axes:
        axes.ravel()[-1].axis("off")
        for place, (axis, title) in enumerate(zip(axes.ravel(), titles, strict=False)):
            for number, (name, of_seeds) in enumerate(of_models.items()):
                for seed in of_seeds:
                    axis.plot(seed[:, 2 * place + 1], seed[:, 2 * place], ".-", color=COLOURS[number % 7], markersize=3)
                axis.plot([], [], color=COLOURS[number % 7], label=name)
            axis.set(title=title, xlim=(0, 101), ylim=(0, 101), xlabel="on trace, %", ylabel="found, %")
        handles = axes[0, 0].get_legend_handles_labels()
        axes.ravel()[-1].legend(*handles, loc="center")


def draw_panels(
    found: Mapping[str, Found], panels: Sequence[Panel], thresholds: Mapping[str, float], peak: float, path: Path
) -> None:
    """Draw the panels with the traces, and with the outlines of each model's detections at its own threshold."""
    with saved_figure(path, rows=len(found), columns=len(panels), panel_inches=(2.2, 2.3), squeeze=False) as axes:
        for row, (name, of_model) in zip(axes, found.items(), strict=True):
            for axis, panel in zip(row, panels, strict=True):
                axis.axis("off")
                axis.imshow(panel.pixels, cmap="gray", vmin=0, vmax=255)
                rows, columns = np.nonzero(panel.traced)
                axis.plot(columns, rows, ",", color=COLOURS[4])
                _, detected = objects(of_model.panels[panel.name], thresholds[name], peak)
                if detected.any():
                    axis.contour(detected, [0.5], colors=COLOURS[1], linewidths=0.7)
                axis.set_title(f"{panel.name}\n{name}, p {thresholds[name]:g}", fontsize=6)


def own_threshold(checkpoint: Path) -> float:
    """Return the threshold that a checkpoint names."""
    return load_checkpoint(checkpoint)[1]["threshold"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark from the command line."""
    trained = sorted((ROOT / "results" / "detector").glob("*.pt"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoints", type=Path, nargs="*", default=[ROOT / "resources" / "detector.pt", *trained])
    parser.add_argument("--real", type=Path, default=REAL, help="folder of the real data")
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "real_fractures")
    parser.add_argument(
        "--peak", type=float, default=0.0, help="least probability that a pixel of each object reaches (hysteresis)"
    )
    parser.add_argument("--panels-only", action="store_true", help="leave out the places under many Suns")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        panels = read_panels(options.real, Path(folder))
        crops = read_crops(options.real, Path(folder))
        places = {} if options.panels_only else read_places(options.real, Path(folder))
        area_km2 = sum(np.isfinite(panel.pixels).sum() for panel in panels) * RESOLUTION_M**2 * 1e-6
        print(f"{len(panels)} panels, {area_km2:.2f} km2; {len(crops)} crops; {sum(map(len, places.values()))} images")
        found = {path: search_all(path, panels, crops, places) for path in options.checkpoints}
    models, thresholds = {}, {}
    for path in options.checkpoints:
        name = path.parent.name if path.stem == "checkpoint" else path.stem
        models.setdefault(without_seed(name), []).append(path)
    for name, paths in models.items():
        own = thresholds[name] = own_threshold(paths[0])
        levels = sorted({*THRESHOLDS, own})
        of_seeds = np.array([[figures(found[path], panels, level, options.peak) for level in levels] for path in paths])
        print(f"\n{name}{f', {len(paths)} seeds' if len(paths) > 1 else ''}:\n")
        print(table(of_seeds, levels, panels, own), flush=True)
        models[name] = of_seeds
        found[name] = found[paths[0]]
    draw_curves(models, panels, options.out / "curves.png")
    draw_panels({name: found[name] for name in models}, panels, thresholds, options.peak, options.out / "panels.png")


if __name__ == "__main__":
    main()
