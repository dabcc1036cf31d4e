"""Real images for the benchmarks, at the models' resolution: panels of fractured melt, and ground without fractures.

The images lie in the folder of real data (IMF_REAL_DATA, by default ../shared/real). They are 8-bit pictures that
others have stretched. Each becomes a projected image of 1.5 m/px with the Sun that is known, or was read off it.
"""

import json
import os
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas
import rasterio
from rasterio.errors import NotGeoreferencedWarning
from rasterio.warp import Resampling, reproject
from scipy.ndimage import distance_transform_edt
from skimage.draw import line as pixels_of_line
from skimage.transform import resize

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "workflow"), str(ROOT / "benchmarks")]

from real_crops import on_map  # noqa: E402

from imfmap.acquisition.sun import sun_directions  # noqa: E402
from imfmap.likeness.patches import read_real  # noqa: E402
from imfmap.likeness.report import read_settings  # noqa: E402
from imfmap.maps.bodies import body  # noqa: E402
from imfmap.maps.grids import MapGrid  # noqa: E402
from imfmap.maps.image_facts import ImageFacts  # noqa: E402
from imfmap.maps.rasters import write_raster  # noqa: E402

REAL = Path(os.environ.get("IMF_REAL_DATA", ROOT / ".." / "shared" / "real"))
RESOLUTION_M = 1.5
# A tag only: nobody knows the incidence of the panels.
PANEL_INCIDENCE_DEG = 60.0


@dataclass(frozen=True, eq=False)
class Panel:
    """A real image of fractured melt.

    Attributes
    ----------
    path : Path
        GeoTIFF, NaN where lettering hides the ground.
    pixels : ndarray
        float32 (rows, columns), its values.
    sun_azimuth_deg : float or None
        Clockwise from up, read off the image; None where it cannot be read.
    lines : list of ndarray
        Traced centrelines, each (n, 2): columns and rows.
    traced : ndarray
        bool, pixels under a traced centreline.
    distance_m : ndarray
        Distance of each pixel to the nearest trace.
    """

    path: Path
    pixels: np.ndarray
    sun_azimuth_deg: float | None
    lines: list
    traced: np.ndarray
    distance_m: np.ndarray

    @property
    def name(self) -> str:
        """str: name of the file without its ending."""
        return self.path.stem


def map_grid(shape: tuple[int, int]) -> MapGrid:
    """Return a map grid of a shape. Its place does not matter."""
    left, top = -RESOLUTION_M * shape[1] / 2, RESOLUTION_M * shape[0] / 2
    transform = rasterio.transform.from_origin(left, top, RESOLUTION_M, RESOLUTION_M)
    return MapGrid(body("moon").projected("equirectangular", 0.0, 0.0), transform, shape)


def write_image(path: Path, pixels: np.ndarray, azimuth_deg: float, incidence_deg: float, pixel_m: float) -> None:
    """Write an image of 1.5 m/px with the facts that inference needs."""
    facts = ImageFacts(path.stem, "unknown", azimuth_deg, incidence_deg, 0.0, float("nan"), pixel_m, "none")
    write_raster(path, pixels, map_grid(pixels.shape), nodata=float("nan"), tags=facts.tags(), overviews=False)


def read_panels(real: Path, folder: Path) -> list[Panel]:
    """Write the panels of fractured melt to a folder, and return them."""
    panels = []
    for name, facts in json.loads((real / "imf" / "traces.json").read_text())["panels"].items():
        with (
            warnings.catch_warnings(action="ignore", category=NotGeoreferencedWarning),
            rasterio.open(real / "imf" / name) as dataset,
        ):
            counts = dataset.read(1).astype(np.float32)
        scale = facts["m_per_px"] / RESOLUTION_M
        shape = tuple(round(side * scale) for side in counts.shape)
        pixels = resize(counts, shape, order=1, anti_aliasing=True, preserve_range=True).astype(np.float32)
        for box in facts["ignore"]:
            left, top, right, bottom = (int(np.ceil(edge * scale)) for edge in box)
            pixels[max(top - 1, 0) : bottom, max(left - 1, 0) : right] = np.nan
        traced = np.zeros(shape, bool)
        lines = [(np.array(trace) + 0.5) * scale - 0.5 for trace in facts["lines"]]
        for points in (np.rint(line).astype(int) for line in lines):
            for (x0, y0), (x1, y1) in zip(points[:-1], points[1:], strict=True):
                row, column = pixels_of_line(y0, x0, y1, x1)
                inside = (row >= 0) & (row < shape[0]) & (column >= 0) & (column < shape[1])
                traced[row[inside], column[inside]] = True
        traced &= np.isfinite(pixels)
        azimuth_deg, path = facts["sun_azimuth_deg"], folder / f"{Path(name).stem}.tif"
        write_image(path, pixels, azimuth_deg or 0.0, PANEL_INCIDENCE_DEG, facts["m_per_px"])
        panels.append(Panel(path, pixels, azimuth_deg, lines, traced, distance_transform_edt(~traced) * RESOLUTION_M))
    return panels


def read_crops(real: Path, folder: Path) -> list[Path]:
    """Write the crops of ordinary ground to a folder, with the Suns that are estimated from them."""
    _, groups = read_settings(ROOT / "config" / "likeness.yaml")
    group = next(group for group in groups if not group.calibrated)
    return [on_map(group, patch, folder, 0.0).path for patch in read_real(group, real)]


def read_places(real: Path, folder: Path) -> dict[str, list[Path]]:
    """Write the images of the places under many Suns to a folder, each place on one grid; return the paths by place."""
    table = pandas.read_csv(real / "multisun" / "illumination.csv")
    return {site: [*_images_of(site, rows, real, folder)] for site, rows in table.groupby("site")}


def _images_of(site, rows, real, folder) -> Iterator[Path]:
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
                place = dataset.crs.to_dict()["lat_ts"], dataset.crs.to_dict()["lon_0"]
                shape = round((top - bottom) / RESOLUTION_M), round((right - left) / RESOLUTION_M)
                grid = rasterio.transform.from_origin(left, top, RESOLUTION_M, RESOLUTION_M), dataset.crs, shape
            pixels = np.full(grid[2], np.nan, np.float32)
            reproject(
                counts, pixels, src_transform=dataset.transform, src_crs=dataset.crs, src_nodata=np.nan,
                dst_transform=grid[0], dst_crs=grid[1], dst_nodata=np.nan, resampling=Resampling.average,
            )  # fmt: skip
        path = folder / f"{site}_{row.product}.tif"
        write_image(path, pixels, azimuth_at(*place, row.start_time), row.incidence_deg, row.resolution_m)
        yield path


def azimuth_at(lat_deg: float, lon_deg: float, time: str) -> float:
    """Return the azimuth of the Sun at a place and a time (UTC), clockwise from north."""
    sun = sun_directions([time.replace(" ", "T")])[0]
    lat, lon = np.radians([lat_deg, lon_deg])
    east = np.array([-np.sin(lon), np.cos(lon), 0.0])
    north = np.array([-np.sin(lat) * np.cos(lon), -np.sin(lat) * np.sin(lon), np.cos(lat)])
    return float(np.degrees(np.arctan2(sun @ east, sun @ north)) % 360.0)
