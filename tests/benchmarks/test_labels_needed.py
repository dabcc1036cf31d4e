"""The benchmark of labels: how much of each crater is labelled, and what its table says."""

import geopandas
import labels_needed
import pandas
import pytest
import shapely
from labels_needed import CRATERS, RESULTS, Labels

from imfmap.tiles.split import LEFT_OUT


def tiles(count, *products):
    rows = [("a", product, tile, "train") for product in products for tile in range(count)]
    return pandas.DataFrame(rows, columns=["target", "product", "tile", "set"])


@pytest.mark.parametrize(("share", "known"), [(1.0, 20), (0.25, 5), (0.24, 4)])
def test_the_first_tiles_of_each_image_are_labelled(share, known):
    table = labels_needed.divided(tiles(20, "M1", "M2"), share, seed=1)
    labelled = table[table.set != LEFT_OUT]
    assert list(labelled.tile) == [*range(known)] * 2
    assert (labelled.set == "validation").sum() == round(0.2 * 2 * known)


def test_the_labels_of_a_share_are_its_share_of_the_craters(tmp_path):
    for name in CRATERS[:2]:
        folder = tmp_path / RESULTS / name / "simulated"
        folder.mkdir(parents=True)
        lines = [shapely.LineString([(0, 0), (3000, 4000)]), shapely.LineString([(0, 0), (1000, 0)])]
        frame = geopandas.GeoDataFrame(geometry=lines, crs="EPSG:3857")
        frame.to_file(folder / "labels.gpkg", layer="lines")
        frame.buffer(9.0).to_file(folder / "labels.gpkg", layer="polygons")
    assert labels_needed.labelled(tmp_path, Labels(2)) == (12.0, 4)
    assert labels_needed.labelled(tmp_path, Labels(2, 0.25)) == (3.0, 1)


def test_the_table_has_a_row_for_each_amount_and_the_spread_of_its_seeds():
    scores = {column: ["60.0", "70.0", "72.0"] for column in labels_needed.COLUMNS}
    table = pandas.DataFrame(scores, index=["detector", "labels_0_25_s1", "labels_0_25_s2"])
    lines = labels_needed.report(table, {"detector": (0.0, 0.0, 0), "labels_0_25": (1.1, 3.25, 7)}).splitlines()
    assert lines[2].startswith("| 0.0 | 0 | 0.0 | 60.0 |")
    assert lines[3].startswith("| 1.1 | 7 | 3.2 | 71.0 ± 1.4 |")
