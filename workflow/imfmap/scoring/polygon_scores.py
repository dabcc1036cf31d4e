"""Score a map's polygons against the exact classes of a simulated scene."""

from pathlib import Path

import geopandas as gpd
from rasterio.features import rasterize

from ..labels.truth_classes import CLASSES
from ..learning.metrics import TruthMetrics
from ..maps.large_shapes import pieces_of
from ..maps.rasters import read_raster


def score_polygons(fractures: gpd.GeoDataFrame, truth_path: str | Path) -> dict[str, float | None]:
    """Score the fractures of a map against the exact classes, pixel by pixel.

    Parameters
    ----------
    fractures : geopandas.GeoDataFrame
        Polygons in the CRS of the truth.
    truth_path : path
        uint8 raster of `CLASSES`.

    Returns
    -------
    dict
        precision, recall, f1, iou and `<class>_hit`, each 0..1 or None if undefined, see `metrics.TruthMetrics`.
    """
    truth, grid, _ = read_raster(truth_path)
    shapes, _ = pieces_of(fractures.geometry.values)
    found = rasterize(shapes, grid.shape, transform=grid.transform, dtype="uint8") if len(shapes) else truth * 0
    metrics = TruthMetrics(CLASSES)
    metrics.update(found > 0, truth, truth == truth)
    return {name: round(float(value), 4) if value == value else None for name, value in metrics.compute().items()}
