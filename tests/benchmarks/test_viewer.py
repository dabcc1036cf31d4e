"""The benchmark of the viewer: its layers, and its table."""

import geopandas as gpd
import numpy as np
import shapely
import viewer


def test_a_pattern_is_laid_side_by_side():
    fractures = gpd.GeoDataFrame({"fracture": [1, 2, 3]}, geometry=shapely.points([10.0, 20.0, 30.0], -5.0))
    lines = fractures.iloc[[0, 2, 2]].reset_index(drop=True)
    layers = viewer.repeated({"fractures": fractures, "segments": lines}, 7, copies=3, side=2)
    assert layers["fractures"]["fracture"].tolist() == list(range(1, 8))
    step = 1.5 * viewer.PATTERN_PX
    first = shapely.get_coordinates(layers["fractures"].geometry)[[0, 3, 6]]
    np.testing.assert_allclose(first, [[10, -5], [10 + step, -5], [10, -5 - step]])
    assert layers["segments"]["fracture"].tolist() == [1, 3, 3, 4, 6, 6, 7], "lines of fractures that are left out go"
    assert (layers["fractures"]["products"].str.count("M15") >= 1).all()


def test_the_least_work_counts():
    def taken(*seconds):
        return [{"opened": {"wall_s": 9.0, "cpu_s": second}} for second in seconds]

    table = viewer.report({"this": 3.0, "other": 12.0}, {"this": taken(5.0, 4.0), "other": taken(9.0, 8.0)})
    assert "The data file has 3.0 MB, before 12.0 MB." in table
    assert table.splitlines()[-1] == "| opened | 9.0 | 4.0 | 8.0 | 2.00 |"
    assert viewer.report({"this": 3.0}, {"this": taken(5.0)}).splitlines()[-1] == "| opened | 9.0 | 5.0 |  |  |"
