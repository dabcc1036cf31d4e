"""Detections on real fractures: `python benchmarks/real_fractures.py CHECKPOINT...`, or `make real-fractures`.

The real data (folder IMF_REAL_DATA, by default ../shared/real) hold six panels of fractured melt with traced fractures,
twelve crops of ordinary ground, and two places without fractures under ten and seven Suns. Models search each image at
1.5 m/px with the Sun that is known or was read off the image. Objects of less than 150 m2 do not count.

* found: share of the traced length within 3 m of a detection, over all panels together and for each panel.
* on trace: share of the detected area within 10 m of a trace.
* false: objects per km2 on ground without fractures: the crops, each image of the two places, and each place fused.

The benchmark prints Markdown, and draws found over on trace for all thresholds, and the panels with the outlines of the
detections. Models that differ only in their seed (-s1, -s2) share a row: mean and standard deviation.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import json
import numpy as np
import rasterio
from rasterio.warp import Resampling, reproject
from scipy.ndimage import binary_dilation, distance_transform_edt, label
from skimage.draw import line as line_pixels
from skimage.transform import resize

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "workflow"), str(ROOT / "benchmarks")]

from imfmap.acquisition.sun import sun_directions  # noqa: E402
from imfmap.fractures.limits import MIN_AREA_M2  # noqa: E402
from imfmap.inference.fusion import fuse  # noqa: E402
from imfmap.inference.infer import infer_image  # noqa: E402
from imfmap.maps.bodies import body  # noqa: E402
from imfmap.maps.grids import MapGrid  # noqa: E402
from imfmap.maps.image_facts import ImageFacts  # noqa: E402
from imfmap.maps.probability_raster import decode  # noqa: E402
from imfmap.maps.rasters import read_raster, write_raster  # noqa: E402
from imfmap.plots.style import COLOURS, saved_figure  # noqa: E402
from real_crops import names_of, without_seed  # noqa: E402

RESOLUTION_M = 1.5
FOUND_M, ON_TRACE_M = 3.0, 10.0
THRESHOLDS = (0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
INFERENCE = {"overlap": 0.25, "batch_size": 4, "test_time_augmentation": [], "device": "cpu"}
# Incidence of the panels, which nobody knows. It is a tag only.
PANEL_INCIDENCE_DEG = 60.0


@dataclass(frozen=True, eq=False)
class Panel:
    """A real image on the map, with the distance to the nearest trace and the pixels on traces.

    Attributes
    ----------
    name : str
    path : Path
        GeoTIFF.
    pixels : ndarray
        float32, NaN where there is lettering.
    sun_known : bool
    traced : ndarray
        bool, pixels on traces.
    distance_m : ndarray
        Distance of each pixel to the nearest trace.
    """

    name: str
    path: Path
    pixels: np.ndarray
    sun_known: bool
    traced: np.ndarray
    distance_m: np.ndarray


def grid_of(shape: tuple[int, int], lat: float = 0.0, lon: float = 0.0) -> MapGrid:
    """Return a map grid of a shape around a place."""
    crs = body("moon").projected("equirectangular", lat, lon)
    left, top = -RESOLUTION_M * shape[1] / 2, RESOLUTION_M * shape[0] / 2
    return MapGrid(crs, rasterio.transform.from_origin(left, top, RESOLUTION_M, RESOLUTION_M), shape)


def write_image(path: Path, pixels: np.ndarray, azimuth_deg: float, incidence_deg: float, pixel_m: float) -> None:
    """Write an image of the map's resolution with the facts that inference needs."""
    facts = ImageFacts(path.stem, "unknown", azimuth_deg, incidence_deg, 0.0, float("nan"), pixel_m, "none")
    write_raster(path, pixels, grid_of(pixels.shape), nodata=float("nan"), tags=facts.tags(), overviews=False)


def read_panels(real: Path, folder: Path) -> list[Panel]:
    """Write the panels of fractured melt at 1.5 m/px to a folder, and return them."""
    panels = []
    described = json.loads((real / "imf" / "traces.json").read_text())["panels"]
    for name, facts in described.items():
        with rasterio.open(real / "imf" / name) as dataset:
            counts = dataset.read(1).astype(np.float32)
        scale = facts["m_per_px"] / RESOLUTION_M
        shape = tuple(round(side * scale) for side in counts.shape)
        pixels = resize(counts, shape, order=1, anti_aliasing=True, preserve_range=True).astype(np.float32)
        for left, top, right, bottom in facts["ignore"]:
            pixels[int(top * scale) : int(np.ceil(bottom * scale)), int(left * scale) : int(np.ceil(right * scale))] = (
                np.nan
            )
        traced = np.zeros(shape, bool)
        for trace in facts["lines"]:
            points = np.rint((np.array(trace) + 0.5) * scale - 0.5).astype(int)
            for (x0, y0), (x1, y1) in zip(points[:-1], points[1:], strict=True):
                rows, columns = line_pixels(y0, x0, y1, x1)
                inside = (rows >= 0) & (rows < shape[0]) & (columns >= 0) & (columns < shape[1])
                traced[rows[inside], columns[inside]] = True
        traced &= np.isfinite(pixels)
        distance_m = distance_transform_edt(~traced) * RESOLUTION_M
        path = folder / f"{Path(name).stem}.tif"
        azimuth_deg = facts["sun_azimuth_deg"]
        write_image(path, pixels, azimuth_deg or 0.0, PANEL_INCIDENCE_DEG, facts["m_per_px"])
        panels.append(Panel(Path(name).stem, path, pixels, azimuth_deg is not None, traced, distance_m))
    return panels


def read_crops(real: Path, folder: Path) -> list[Path]:
    """Write the crops of ordinary ground at 1.5 m/px to a folder, with the Suns that are estimated from them."""
    from imfmap.likeness.patches import read_real
    from imfmap.likeness.report import read_settings
    from real_crops import on_map

    _, groups = read_settings(ROOT / "config" / "likeness.yaml")
    group = next(group for group in groups if not group.calibrated)
    return [on_map(group, patch, folder, 0.0).path for patch in read_real(group, real)]


def read_multisun(real: Path, folder: Path) -> dict[str, list[Path]]:
    """Write the images of the two places at 1.5 m/px to a folder; return their paths by place."""
    import pandas

    table = pandas.read_csv(real / "multisun" / "illumination.csv")
    places = {}
    for site, rows in table.groupby("site"):
        grid = None
        for row in rows.itertuples():
            source = real / "multisun" / f"{site}_{row.product}.tif"
            if not source.exists():
                continue
            with rasterio.open(source) as dataset:
                counts = dataset.read(1).astype(np.float32)
                counts[counts == 255] = np.nan
                if grid is None:
                    left, bottom, right, top = dataset.bounds
                    parameters = dataset.crs.to_dict()
                    lat, lon = parameters["lat_ts"], parameters["lon_0"]
                    shape = round((top - bottom) / RESOLUTION_M), round((right - left) / RESOLUTION_M)
                    grid = rasterio.transform.from_origin(left, top, RESOLUTION_M, RESOLUTION_M), shape
                pixels = np.full(grid[1], np.nan, np.float32)
                reproject(
                    counts, pixels, src_transform=dataset.transform, src_crs=dataset.crs, src_nodata=np.nan,
                    dst_transform=grid[0], dst_crs=dataset.crs, dst_nodata=np.nan, resampling=Resampling.average,
                )  # fmt: skip
            azimuth_deg = sun_azimuth_at(lat, lon, row.start_time)
            path = folder / f"{site}_{row.product}.tif"
            write_image(path, pixels, azimuth_deg, row.incidence_deg, row.resolution_m)
            places.setdefault(site, []).append(path)
    return places


def sun_azimuth_at(lat_deg: float, lon_deg: float, time: str) -> float:
    """Return the azimuth of the Sun at a place and time, clockwise from north."""
    sun = sun_directions([time.replace(" ", "T")])[0]
    lat, lon = np.radians([lat_deg, lon_deg])
    east = np.array([-np.sin(lon), np.cos(lon), 0.0])
    north = np.array([-np.sin(lat) * np.cos(lon), -np.sin(lat) * np.sin(lon), np.cos(lat)])
    return float(np.degrees(np.arctan2(sun @ east, sun @ north)) % 360.0)


def search(checkpoint: Path, path: Path, keep: bool = False) -> np.ndarray:
    """Return the probability of an image, NaN without data; `keep` keeps the file, as `.found.tif`."""
    out = path.with_suffix(".found.tif")
    infer_image(checkpoint, path, out, INFERENCE, threads=1)
    probability = decode(read_raster(out)[0])
    if not keep:
        out.unlink()
    return probability


def objects_of(probability: np.ndarray, threshold: float) -> tuple[int, np.ndarray]:
    """Return the number of objects of `MIN_AREA_M2` or more, and their pixels."""
    numbered, _ = label(np.nan_to_num(probability) >= threshold, np.ones((3, 3)))
    large = np.bincount(numbered.ravel()) * RESOLUTION_M**2 >= MIN_AREA_M2
    large[0] = False
    return int(large.sum()), large[numbered]


def counts_of(panel: Panel, probability: np.ndarray, threshold: float) -> np.ndarray:
    """Return traced pixels found, traced pixels, detected pixels on trace, detected pixels."""
    _, detected = objects_of(probability, threshold)
    near = distance_transform_edt(~detected) * RESOLUTION_M <= FOUND_M if detected.any() else detected
    on_trace = detected & (panel.distance_m <= ON_TRACE_M)
    return np.array([(panel.traced & near).sum(), panel.traced.sum(), on_trace.sum(), detected.sum()])


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoints", type=Path, nargs="+")
    parser.add_argument("--real", type=Path, default=Path(os.environ.get("IMF_REAL_DATA", ROOT / ".." / "shared" / "real")))
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "real_fractures")
    parser.add_argument("--no-multisun", action="store_true")
    parser.add_argument("--thresholds", type=float, nargs="+", default=THRESHOLDS)
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        panels = read_panels(options.real, folder)
        crops = read_crops(options.real, folder)
        places = {} if options.no_multisun else read_multisun(options.real, folder)
        for model, checkpoint in zip(names_of(options.checkpoints), options.checkpoints, strict=True):
            found = {panel.name: search(checkpoint, panel.path) for panel in panels}
            on_crops = [search(checkpoint, path) for path in crops]
            alone, fused = [], []
            for site, paths in places.items():
                alone += [search(checkpoint, path, keep=True) for path in paths]
                out = folder / f"{site}.fused.tif"
                fuse([path.with_suffix(".found.tif") for path in paths], paths, out, grid_of(alone[-1].shape))
                fused.append(decode(read_raster(out)[0]))
            print(f"\n## {model}\n")
            print("| threshold | found % | on trace % | " + " | ".join(panel.name for panel in panels) + " | crops | alone | fused |")
            print("|---" * (len(panels) + 6) + "|")
            for threshold in options.thresholds:
                counts = {panel.name: counts_of(panel, found[panel.name], threshold) for panel in panels}
                total = sum(counts[panel.name] for panel in panels if panel.sun_known)
                cells = [f"{threshold:.2f}", *shares(total)]
                cells += ["/".join(shares(counts[panel.name])) for panel in panels]
                for images in (on_crops, alone, fused):
                    area_km2 = sum(np.isfinite(image).sum() for image in images) * RESOLUTION_M**2 * 1e-6
                    number = sum(objects_of(image, threshold)[0] for image in images)
                    cells.append(f"{number / area_km2:.1f}" if area_km2 else "-")
                print("| " + " | ".join(cells) + " |", flush=True)
            np.savez(options.out / f"{model.replace('/', '_')}.npz", **found)


def shares(counts: np.ndarray) -> list[str]:
    """Return found and on trace in percent."""
    found, traced, on_trace, detected = counts
    return [f"{100 * found / traced:.0f}", f"{100 * on_trace / detected:.0f}" if detected else "-"]


if __name__ == "__main__":
    main()
