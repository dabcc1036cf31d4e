"""The base map that is fetched on wish, from a stand-in for USGS."""

from tests.helpers.servers import serving, settings_for
from tests.helpers.target_factory import target_grid, write_target
from tests.unit.products.figures.test_base_map import base_map

from .conftest import run_snakemake, write_config

PATH = "results/base_maps/wac.tif"


def test_the_mosaic_is_fetched_once_for_all_runs(tmp_path):
    grid = target_grid()
    target = write_target(tmp_path / "own", grid)
    mosaic = base_map(tmp_path / "usgs.tif", grid, 200).read_bytes()
    images = {"projected": [str(path) for path in target.images]}
    place = {"lat": -10.4, "lon": -165.0, "diameter_km": 1.0, "role": "map", **images}
    with serving() as server:
        server.files["/mosaic/wac.tif"] = mosaic
        config = {
            "run": {"name": "one"},
            "recipe": "sun_aligned",
            "acquisition": settings_for(server, wac_url=f"{server.url}/mosaic/wac.tif"),
            "models": {"net": {"shipped": "detector"}},
            "inference": {"model": "net"},
            "targets": {"floor": {**place, "base_map": "wac"}},
        }
        first = write_config(tmp_path / "one.yaml", config)
        said = run_snakemake(tmp_path, first, PATH)
        assert "To fetch: 6.0 GB" in said
        assert (tmp_path / PATH).read_bytes() == mosaic and server.paths == ["/mosaic/wac.tif"]
        other = write_config(tmp_path / "two.yaml", {**config, "run": {"name": "two"}})
        run_snakemake(tmp_path, other, PATH, "--forcerun", "fetch_base_map")
        assert server.paths == ["/mosaic/wac.tif"], "what is whole is not fetched again"
