"""The folder of a viewer: page, libraries, data and pictures. It appears only when it is complete."""

import json
import re
import shutil
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...core.errors import InputError
from ...core.files import replacing_folder
from ...maps import qml_styles
from ...maps.alignment import check_same_pixels, offset_on, same_crs
from ...maps.grids import MapGrid
from ...maps.probability_raster import NODATA
from ...maps.rasters import open_raster, read_window
from ..layer_titles import TITLES, title_of
from . import payload, pyramid

if TYPE_CHECKING:
    import geopandas

STATIC = Path(__file__).parent / "static"
# OpenLayers and proj4js, which resources/javascript_libraries.py puts there.
VENDOR = Path(__file__).parent / "vendor"
_SAMPLED_PX = 1024
# As GDAL names the CRS of fractures.geojson.
_GEOJSON_CRS = "urn:ogc:def:crs:IAU::{}"
_PERCENTILES = (0.5, 99.5)
_COLOUR_STEPS = 11


@dataclass(frozen=True)
class ViewerText:
    """Words in the viewer.

    Attributes
    ----------
    title : str
        Name of the place.
    footer : str
        Sources and method, in small print.
    """

    title: str
    footer: str = ""


def write_viewer(
    folder: str | Path,
    mosaic_path: str | Path,
    probability_path: str | Path,
    layers: Mapping[str, "geopandas.GeoDataFrame"],
    text: ViewerText,
    images: Sequence[str | Path] = (),
    threads: int = 2,
    density_path: str | Path | None = None,
) -> None:
    """Write the viewer of a target.

    Parameters
    ----------
    folder : str or Path
        Folder to write. An old folder is replaced when the new one is complete.
    mosaic_path : str or Path
        8-bit mosaic, 0 for no data.
    probability_path : str or Path
        8-bit probability raster on the same grid.
    layers : mapping of str to geopandas.GeoDataFrame
        Layers in the mosaic's CRS: ``fractures`` and optionally ``centrelines``, whose width profiles it draws (see
        `measures.measure`), ``segments``, ``rejected``, ``footprints``, ``floor``, ``ponds`` and others that have a
        style in resources/styles.
    text : ViewerText
    images : sequence of str or Path
        Projected images to show as layers.
    threads : int
        Number of pictures that are encoded at a time.
    density_path : str or Path, optional
        Density of fractures (see `density.write_density`).

    Raises
    ------
    InputError
        If the rasters do not have the same pixels.
    """
    with replacing_folder(folder) as new:
        (new / "lib").mkdir()
        for source, to in ((STATIC, new), (VENDOR, new / "lib")):
            for file in source.iterdir():
                shutil.copy(file, to)
        with open_raster(mosaic_path) as mosaic:
            grid = MapGrid.of(mosaic)
            read = partial(read_window, mosaic, fill=0)
            rasters = [_pyramid(new, "mosaic", grid, read, threads)]
        for path in images:
            rasters.append(_image(new, path, grid, threads))
        with open_raster(probability_path) as probability:
            check_same_pixels(probability, grid, mosaic_path)
            read = partial(_codes, probability)
            rasters.append(_pyramid(new, "probability", grid, read, threads, by_code=True))
        if density_path is not None:
            rasters.append(_density(new, density_path, grid))
        data = {
            "title": text.title,
            "footer": text.footer,
            "body": {
                "name": grid.body.name.capitalize(),
                "radius_m": grid.body.radius_m,
                "crs": _GEOJSON_CRS.format(grid.body.iau_code),
            },
            "grid": _grid(grid),
            "tile_px": pyramid.TILE_PX,
            "quantum_px": payload.QUANTUM_PX,
            "rasters": rasters,
            "profiles": payload.profiles(layers["centrelines"]) if "centrelines" in layers else None,
            "layers": {
                name: {"title": title_of(name), **payload.features(frame, grid), "style": payload.classes(name)}
                for name, frame in layers.items()
                if len(frame) or name == "fractures"
            },
        }
        # A script, not JSON: a page opened as file:// may load scripts, but not JSON.
        text_of_data = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        (new / "data.js").write_text(f"window.IMF = {text_of_data};\n")


def _grid(grid):
    return {
        "left": grid.transform.c,
        "top": grid.transform.f,
        "resolution_m": grid.resolution_m,
        "rows": grid.shape[0],
        "columns": grid.shape[1],
        "proj4": _proj4(grid.crs),
        "lonlat": _proj4(grid.body.geographic),
        "crs": grid.crs.name,
    }


def _proj4(crs):
    """Return the PROJ string for proj4js, which needs the two axes of a sphere instead of its radius."""
    with warnings.catch_warnings():
        # PROJ warns that a PROJ string has no datum; for a sphere nothing is lost.
        warnings.simplefilter("ignore", UserWarning)
        proj4 = crs.to_proj4()
    return re.sub(r"\+R=(\S+)", r"+a=\1 +b=\1", proj4).replace(" +type=crs", "")


def _pyramid(folder, name, grid, read, threads, by_code=False):
    """Write the pyramid of a raster, and return its entry for the viewer's data."""
    reduce = pyramid.most if by_code else pyramid.mean
    encode = pyramid.colour_picture(qml_styles.colour_table("probability")) if by_code else pyramid.grey_picture
    tiles = pyramid.write_pyramid(folder / "tiles" / name, grid.shape, read, reduce, encode, threads)
    entry = {"name": name, "label": TITLES.get(name), "tiles": tiles}
    return {**entry, **_colour_bar(name, 1.0)} if by_code else entry


def _density(folder, path, grid):
    """Write the picture of the density of length, which is coarse, and return its entry."""
    with open_raster(path) as dataset:
        own, values = MapGrid.of(dataset), dataset.read(1)
    if not same_crs(own, grid):
        raise InputError(path, "is on another CRS than the mosaic", "make both again for one target")
    known = np.isfinite(values)
    largest = max(float(values[known].max()), 1e-9) if known.any() else 1.0
    table = qml_styles.colour_table("density")
    picture = table[np.rint(np.where(known, values, 0) / largest * (len(table) - 1)).astype(int)]
    picture[..., 3] = np.where(known, picture[..., 3], 0)
    (folder / "density.webp").write_bytes(pyramid.picture(picture))
    place = {"picture": "density.webp", "extent": own.bounds}
    return {"name": "density", "label": TITLES["density"], **place, **_colour_bar("density", largest)}


def _colour_bar(name, largest):
    """Return the colours of values from 0 to the largest at even steps, as CSS, and values at its ends and middle."""
    table = qml_styles.colour_table(name)
    steps = np.rint(np.linspace(0, len(table) - 1, _COLOUR_STEPS)).astype(int)
    marks = ["0", f"{largest / 2:.2g}", f"{largest:.2g}"]
    return {"colours": [qml_styles.css(table[step]) for step in steps], "marks": marks}


def _image(folder, path, grid, threads):
    """Write the pyramid of a projected image, stretched between percentiles of I/F; return its entry."""
    with open_raster(path) as dataset:
        row, column = offset_on(dataset, grid, "the mosaic")
        shrink = max(1.0, max(dataset.shape) / _SAMPLED_PX)
        sample = dataset.read(1, out_shape=tuple(max(1, round(side / shrink)) for side in dataset.shape))
        low, high = np.nanpercentile(sample, _PERCENTILES) if np.isfinite(sample).any() else (0.0, 1.0)

        def read(first_row, first_column, rows, columns):
            values = read_window(dataset, first_row - row, first_column - column, rows, columns, fill=np.nan)
            share = (values - low) / max(high - low, 1e-9)
            return np.where(np.isfinite(values), 1 + np.rint(254 * np.clip(share, 0, 1)), 0).astype(np.uint8)

        product = Path(path).stem
        return {**_pyramid(folder, f"image-{product}", grid, read, threads), "label": product, "image": True}


def _codes(dataset, row, column, rows, columns):
    codes = read_window(dataset, row, column, rows, columns, fill=0)
    return np.where(codes == NODATA, np.uint8(0), codes)
