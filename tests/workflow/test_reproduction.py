"""`snakemake reproduction` with a stand-in for the published record."""

import hashlib
import json

import geopandas as gpd
import numpy as np
import pandas as pd
import yaml
from shapely.geometry import box

from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid
from imfmap.maps.rasters import write_raster
from imfmap.maps.vectors import write_vector
from tests.helpers.servers import serving, settings_for

from .conftest import ROOT, run_snakemake, write_config

CONFIG = ROOT / "config" / "config.yaml"


def test_our_maps_are_laid_beside_the_published_ones(tmp_path):
    config = yaml.safe_load(CONFIG.read_text())
    config["processing"] = {"engine": "native", "resolution_m": 1.5}
    targets = list(config["reproduction"]["files"])
    moon = body("moon")
    with serving() as server:
        config["acquisition"] = settings_for(server)
        files = []
        for name in targets:
            # The maps are there already. The published shapes are in longitude and latitude, without a CRS.
            place = config["targets"][name]
            crs = moon.projected("equirectangular", place["lat"], place["lon"])
            grid = MapGrid.centred(crs, place["lon"], place["lat"], 900.0, 900.0, 1.5)
            x, y = ((low + high) / 2 for low, high in zip(grid.bounds[:2], grid.bounds[2:], strict=True))
            folder = tmp_path / "results" / config["run"]["name"] / name
            write_raster(folder / "mosaic.tif", np.full(grid.shape, 90, np.uint8), grid, nodata=0)
            ours = gpd.GeoDataFrame(geometry=[box(x, y, x + 100, y + 10)], crs=grid.crs)
            write_vector(folder / "fractures.gpkg", {"fractures": ours})
            published = ours.translate(50, 0).to_crs(moon.geographic).set_crs(None, allow_override=True)
            published.to_file(tmp_path / f"IMF_{name}.shp")
            for path in tmp_path.glob(f"IMF_{name}.*"):
                server.files[f"/files/{path.name}"] = path.read_bytes()
                digest = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
                links = {"self": f"{server.url}/files/{path.name}"}
                files.append(
                    {"key": path.name, "size": path.stat().st_size, "links": links, "checksum": f"md5:{digest}"}
                )
        server.files[f"/records/{config['reproduction']['record']}"] = json.dumps({"files": files}).encode()
        evaluation = tmp_path / "results" / config["run"]["name"] / "evaluation" / "table.csv"
        evaluation.parent.mkdir()
        evaluation.write_text(
            "model,batch_size,best_epoch,set,target,precision,recall,f1,iou\nresnet50_32,32,9,Te,all,61.0,52.0,56.1,39.0\n"
        )
        # What makes the maps and the evaluation is not run.
        only = ["--allowed-rules", "fetch_detections", "reproduce", "reproduction", "--", "reproduction"]
        run_snakemake(tmp_path, write_config(tmp_path / "config.yaml", config), *only)
    results = tmp_path / "results" / config["run"]["name"] / "reproduction"
    table = pd.read_csv(results / "table.csv").set_index(["target", "quantity"])
    titles = [config["targets"][name]["title"] for name in targets]
    assert list(table.index.unique("target")) == titles
    for title in titles:
        assert table.loc[(title, "matched"), "ours"] == "1"
        assert "(33 % of what either has)" in table.loc[(title, "area that both have, m2"), "published"]
    scores = [line.split(" | ") for line in (results / "table.md").read_text().splitlines() if "resnet50_32" in line]
    assert [line[0] for line in scores] == ["| resnet50_32, ours", "| resnet50_32, printed"]
    assert "56.1" in scores[0] and "69.3" in scores[1]
    assert {path.name for path in results.iterdir()} >= {"table.md", "table.html", "maps.png", "maps.pdf"}
