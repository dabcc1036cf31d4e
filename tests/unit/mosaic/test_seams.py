"""Seams of a mosaic."""

import numpy as np
import pytest
from shapely import LineString

from imfmap.core.errors import InputError
from imfmap.maps.rasters import write_raster
from imfmap.mosaic import seams as seams_module
from imfmap.mosaic.build import seam_lines
from tests.helpers.mosaic_layers import make_grid


def write_sources(folder, sources, grid, products="A,B,C"):
    path = folder / "s.tif"
    write_raster(path, sources.astype(np.uint8), grid, nodata=0, tags={"IMF_PRODUCTS": products}, overviews=False)
    return path


@pytest.mark.parametrize("strip_rows", [7, 512])
def test_seams_are_where_the_source_changes(tmp_path, monkeypatch, strip_rows):
    monkeypatch.setattr(seams_module, "_STRIP_ROWS", strip_rows)
    grid = make_grid(40, 50)
    sources = np.ones((40, 50))
    sources[:, 20:] = 2
    sources[30:, :] = 3
    sources[:10, :] = 0
    seams = seam_lines(write_sources(tmp_path, sources, grid))
    by_pair = {(a, b): line for a, b, line in zip(seams.product_a, seams.product_b, seams.geometry, strict=True)}
    left, _, right, top = grid.bounds
    x, y = left + 20 * 2.0, top - 30 * 2.0
    assert by_pair["A", "B"].equals(line_between((x, top - 20.0), (x, y)))
    assert by_pair["A", "C"].equals(line_between((left, y), (x, y)))
    assert by_pair["B", "C"].equals(line_between((x, y), (right, y)))
    assert len(seams) == 3 and seams.crs == grid.crs


def line_between(*corners):
    return LineString(corners)


def test_slanted_seams_are_straightened(tmp_path):
    grid = make_grid(300, 300)
    row, column = np.mgrid[:300, :300]
    seams = seam_lines(write_sources(tmp_path, np.where(column > 0.3 * row + 50, 1, 2), grid))
    assert len(seams) == 1
    expected = np.hypot(300, 90) * grid.resolution_m
    assert seams.length.iloc[0] == pytest.approx(expected, rel=0.05)
    assert len(seams.geometry.iloc[0].coords) < 150


def test_one_image_has_no_seam(tmp_path):
    grid = make_grid(20, 20)
    seams = seam_lines(write_sources(tmp_path, np.eye(20), grid))
    assert len(seams) == 0 and list(seams.columns) == ["product_a", "product_b", "geometry"]


def test_sources_of_another_making(tmp_path):
    grid = make_grid(20, 20)
    write_raster(tmp_path / "s.tif", np.ones((20, 20), np.uint8), grid, nodata=0)
    with pytest.raises(InputError, match="IMF_PRODUCTS"):
        seam_lines(tmp_path / "s.tif")
