"""Searches in a stand-in for ODE."""

from urllib.parse import parse_qs, urlparse

from tests.helpers.catalogues import swath

TARGET = {
    "lat": 10.0,
    "lon": -20.0,
    "diameter_km": 10.0,
    "body": "moon",
    "projection": "equirectangular",
    "resolution_m": 1.5,
    "standard_parallel_deg": None,
    "search": {"incidence_deg": [0, 80], "emission_deg": [0, 90], "resolution_m": [0, 1.6]},
}
WEST, EAST = swath(339.91, 10.0, 0.0, 6000.0, 13000.0), swath(340.09, 10.0, 0.0, 6000.0, 13000.0)
OUTPUTS = {"table": "csv", "footprints": "gpkg", "report": "json"}


def queries(ode_server):
    return [{key: value[0] for key, value in parse_qs(urlparse(path).query).items()} for path in ode_server.paths]


def left_out(report, product):
    return report["images"][product]["left_out"]
