"""Search and download against real HTTP servers on loopback."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

import pandas as pd
import pytest

from imfmap import archive
from imfmap.errors import InputError

TARGET = {"lat": 10.0, "lon": -20.0, "diameter_km": 10.0, "body": "moon"}
SEARCH = {"incidence_deg": [0, 80], "emission_deg": [0, 90], "resolution_m": [0, 1.6]}
PAYLOAD = bytes(range(256)) * 40_000


def product(number, west, east, incidence="45.0", **changes):
    name = f"M{number}LE"
    wkt = f"POLYGON (({west} 9.8, {east} 9.8, {east} 10.2, {west} 10.2, {west} 9.8))"
    return {
        "pdsid": name,
        "Incidence_angle": incidence,
        "Emission_angle": "1.2",
        "Map_scale": "0.9",
        "UTC_start_time": "2010-01-01T00:00:00",
        "Footprint_C0_geometry": wkt,
        "Product_files": {"Product_file": {"FileName": f"{name}.IMG", "Type": "Product", "KBytes": "2", "URL": "u"}},
        **changes,
    }


class Server(ThreadingHTTPServer):
    """ODE and an archive, which can misbehave."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.products, self.requests, self.cut_after, self.trouble = [], [], None, []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_GET(self):
        server = self.server
        server.requests.append((self.path, dict(self.headers)))
        if server.trouble:
            status, headers = server.trouble.pop(0)
            self.send_response(status)
            for key, value in headers.items():
                self.send_header(key, value)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if self.path.startswith("/ode"):
            self.answer(json.dumps(self.ode()).encode())
        elif self.path == "/garbage":
            self.answer(b"<html>busy</html>")
        else:
            self.file()

    def ode(self):
        query = {key: value[0] for key, value in parse_qs(urlparse(self.path).query).items()}
        offset, limit = int(query["offset"]), int(query["limit"])
        page = self.server.products[offset : offset + limit]
        inner = {"Product": page[0] if len(page) == 1 else page} if page else "No Products Found"
        return {"ODEResults": {"Status": "OK", "Count": str(len(self.server.products)), "Products": inner}}

    def answer(self, body, status=200, **headers):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def file(self):
        start = int(self.headers.get("Range", "bytes=0-")[6:-1])
        body = PAYLOAD[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.server.cut_after is not None:
            body, self.server.cut_after = body[: self.server.cut_after], None
        self.wfile.write(body)


@pytest.fixture
def server():
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def acquisition(server):
    return {"ode_url": f"{server.url}/ode", "zenodo_url": server.url, "timeout_s": 5, "retries": 3, "max_images": 60}


def test_search_pages_filters_and_chooses_for_coverage(server, acquisition):
    half = 5.0 / 30.3 / 0.98
    west, east = -20 - half, -20 + half
    server.products = [product(100 + n, west, -20.0) for n in range(120)]
    server.products += [product(300, -20.0, east), product(301, -20.0, east, incidence="85.0")]
    table = archive.search({**TARGET, "search": SEARCH}, acquisition)
    assert list(table["product"]) == ["M100LE", "M300LE"]
    assert list(table["bytes"]) == [2048, 2048]
    assert len([path for path, _ in server.requests if "offset=100" in path]) == 1


def test_one_hit_as_an_object_and_none_as_a_string(server, acquisition):
    with pytest.raises(InputError, match="no image within the limits"):
        archive.search({**TARGET, "search": SEARCH}, acquisition)
    server.products = [product(7, -21, -19)]
    assert list(archive.search({**TARGET, "search": SEARCH}, acquisition)["product"]) == ["M7LE"]


def test_a_polar_target_is_asked_for_in_two_halves(server, acquisition):
    server.products = [product(7, -180, 180)]
    wkt = "POLYGON ((-180 -90, 180 -90, 180 -80, -180 -80, -180 -90))"
    server.products[0]["Footprint_C0_geometry"] = wkt
    archive.search({**TARGET, "lat": -89.9, "search": SEARCH}, acquisition)
    ranges = [parse_qs(urlparse(path).query) for path, _ in server.requests]
    assert [(float(r["westernlon"][0]), round(float(r["easternlon"][0]))) for r in ranges] == [(0, 180), (180, 360)]


def test_choose_works_across_the_180_meridian():
    def footprint(west, east):
        return f"POLYGON (({west} -1, {east} -1, {east} 1, {west} 1, {west} -1))"

    west_part, east_part = footprint(179, 180), footprint(-180, -179)
    table = pd.DataFrame({"product": ["A", "B", "C"], "footprint": [west_part, east_part, west_part]})
    assert sorted(archive.choose(table, (179.0, -1.0, 181.0, 1.0), 10)["product"]) == ["A", "B"]


def test_an_unknown_product_is_named(server, acquisition):
    with pytest.raises(InputError, match="M1L: is not in the archive"):
        archive.locate(["M1L"], acquisition)


def test_garbage_is_said_to_be_garbage(server, acquisition):
    with pytest.raises(InputError, match="no ODE result"):
        archive.locate(["M1L"], {**acquisition, "ode_url": f"{server.url}/garbage"})


def test_a_cut_transfer_goes_on_where_it_stopped(server, acquisition, tmp_path):
    server.cut_after = 3_000_000
    archive.download(f"{server.url}/a.IMG", tmp_path / "a.IMG", acquisition)
    assert (tmp_path / "a.IMG").read_bytes() == PAYLOAD
    assert server.requests[1][1]["Range"].startswith("bytes=")
    assert [path.name for path in tmp_path.iterdir()] == ["a.IMG"]


def test_busy_servers_are_asked_again(server, acquisition, tmp_path):
    server.trouble = [(503, {}), (429, {"Retry-After": "0"})]
    archive.download(f"{server.url}/a.IMG", tmp_path / "a.IMG", acquisition)
    assert len(server.requests) == 3 and (tmp_path / "a.IMG").stat().st_size == len(PAYLOAD)


def test_a_missing_file_is_one_clear_line(server, acquisition, tmp_path):
    server.trouble = [(404, {})]
    with pytest.raises(InputError, match="did not answer .*404"):
        archive.download(f"{server.url}/a.IMG", tmp_path / "a.IMG", acquisition)
    assert not (tmp_path / "a.IMG").exists()
