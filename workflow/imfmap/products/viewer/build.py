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

from ...core.files import replacing_folder
from ...maps import qml_styles
from ...maps.alignment import check_same_pixels, offset_on
from ...maps.grids import MapGrid
from ...maps.probability_raster import CODES, NODATA
from ...maps.rasters import open_raster, read_window
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
    centrelines: "geopandas.GeoDataFrame | None" = None,
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
        Layers in the mosaic's CRS: ``fractures`` (see `measures.measure`), and optionally ``rejected``, ``footprints``,
        ``floor``, ``ponds`` and others that have a style in resources/styles.
    text : ViewerText
    images : sequence of str or Path
        Projected images to show as layers.
    threads : int
        Number of pictures that are encoded at a time.
    centrelines : geopandas.GeoDataFrame, optional
        Centrelines with the width profiles that the viewer draws (see `measures.measure`).

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
            rasters = [_pyramid(new, "mosaic", "Mosaic", grid, read, threads)]
        for path in images:
            rasters.append(_image(new, path, grid, threads))
        with open_raster(probability_path) as probability:
            check_same_pixels(probability, grid, mosaic_path)
            read = partial(_codes, probability)
            rasters.append(_pyramid(new, "probability", "Probability", grid, read, threads, by_code=True))
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
            "profiles": {} if centrelines is None else payload.profiles(centrelines),
            "layers": {
                name: {**payload.features(frame, grid), "style": payload.classes(name)}
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


def _pyramid(folder, name, label, grid, read, threads, by_code=False):
    """Write the pyramid of a raster, and return its entry for the viewer's data."""
    reduce = pyramid.most if by_code else pyramid.mean
    encode = pyramid.colour_picture(qml_styles.colour_table("probability")) if by_code else pyramid.grey_picture
    tiles = pyramid.write_pyramid(folder / "tiles" / name, grid.shape, read, reduce, encode, threads)
    entry = {"name": name, "label": label, "tiles": tiles}
    return {**entry, "colours": _colours()} if by_code else entry


def _colours():
    """Return the colours of probabilities from 0 to 1 at even steps, as CSS."""
    table = qml_styles.colour_table("probability")
    return [qml_styles.css(table[round(share * CODES)]) for share in np.linspace(0, 1, _COLOUR_STEPS)]


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
        return {**_pyramid(folder, f"image-{product}", product, grid, read, threads), "image": True}


def _codes(dataset, row, column, rows, columns):
    codes = read_window(dataset, row, column, rows, columns, fill=0)
    return np.where(codes == NODATA, np.uint8(0), codes)
