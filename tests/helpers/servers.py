"""Local servers that behave like ODE, the archive and USGS's store, and misbehave on request."""

import hashlib
import json
import threading
import time
import zlib
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlparse
from xml.sax.saxutils import escape

S3 = "http://s3.amazonaws.com/doc/2006-03-01/"


LOGIN_PAGE = b"<!DOCTYPE html>\n<html><head><title>Log in</title></head><body>Please log in</body></html>"


class Trouble:
    """One misbehaviour, for the next request whose path has `only` in it; for all of them where it is `lasting`."""

    def __init__(self, kind, only="", lasting=False, **details):
        self.kind, self.only, self.lasting, self.details = kind, only, lasting, details


class Server(ThreadingHTTPServer):
    """Files, an ODE and a bucket under one address.

    Attributes
    ----------
    files : dict of str: bytes
        By path.
    products : list of dict
        Products in the form of ODE's answers (`ode_product`).
    requests : list of (str, dict)
        Path with query, and headers, of every request.
    troubles : list of Trouble
        Each is used once, but for lasting ones.
    absent : int
        Status of the answer for a file that is not there.
    moved : dict of str: str
        Addresses that requests are redirected to, by the beginning of their path, which they replace.
    limit : (int, float) or None
        Requests that are answered before 429 is, and for how many seconds.
    most_at_once : int
        Largest number of connections that were answered at the same time.
    """

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.products, self.requests, self.troubles = {}, [], [], []
        self.page_limit = 10_000
        self.etags, self.ranges, self.keys_a_page = True, True, 1000
        self.absent, self.moved, self.limit = 404, {}, None
        self.since_pause, self.busy_until = 0, 0.0
        self.at_once = self.most_at_once = 0
        self.lock = threading.Lock()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def paths(self):
        return [path for path, _ in self.requests]

    def trouble_for(self, path):
        with self.lock:
            for trouble in self.troubles:
                if trouble.only in path:
                    if not trouble.lasting:
                        self.troubles.remove(trouble)
                    return trouble
        return None

    def is_busy(self):
        """Whether a request is over the limit."""
        with self.lock:
            if self.limit and time.monotonic() >= self.busy_until:
                self.since_pause += 1
                if self.since_pause > self.limit[0]:
                    self.since_pause, self.busy_until = 0, time.monotonic() + self.limit[1]
            return time.monotonic() < self.busy_until


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Else the system holds a body back until the head is acknowledged, which takes 40 ms.
    disable_nagle_algorithm = True

    def log_message(self, *args):
        pass

    def do_GET(self):
        server = self.server
        with server.lock:
            server.requests.append((self.path, dict(self.headers)))
            server.at_once += 1
            server.most_at_once = max(server.most_at_once, server.at_once)
        try:
            self._answer(server.trouble_for(self.path))
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        finally:
            with server.lock:
                server.at_once -= 1

    def _answer(self, trouble):
        kind = trouble.kind if trouble else None
        if self.server.is_busy():
            return self._send(b"slow down", 429, {})
        for start, target in self.server.moved.items():
            if self.path.startswith(start):
                return self._send(b"", 302, {"Location": target + self.path.removeprefix(start)})
        if kind in ("slow", "slow status"):
            time.sleep(trouble.details["seconds"])
        if kind in ("status", "slow status"):
            return self._send(b"", trouble.details["status"], trouble.details.get("headers", {}))
        if kind == "redirect":
            return self._send(b"", 302, {"Location": trouble.details["to"]})
        if kind == "garbage":
            return self._send(trouble.details.get("body", b"<html>busy</html>"), 200, {})
        address = urlparse(self.path)
        query = {key: value[0] for key, value in parse_qs(address.query).items()}
        if address.path == "/ode":
            return self._page(json.dumps(self._ode(query)).encode(), "application/json", kind)
        if query.get("list-type") == "2":
            return self._page(self._listing(query), "application/xml", kind)
        content = self.server.files.get(unquote(address.path))
        if content is None:
            return self._send(b"<Error/>", self.server.absent, {})
        return self._file(content, trouble)

    def _send(self, body, status, headers):
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _page(self, body, content_type, kind):
        """Answer of a service; its first half where the trouble is a cut."""
        if kind == "cut":
            self.close_connection = True
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2])
        else:
            self._send(body, 200, {"Content-Type": content_type})

    def _ode(self, query):
        chosen = [product for product in self.server.products if _matches(product, query)]
        offset, limit = int(query["offset"]), min(int(query["limit"]), self.server.page_limit)
        page = chosen[offset : offset + limit]
        inner = {"Product": page[0] if len(page) == 1 else page} if page else "No Products Found"
        return {"ODEResults": {"Count": str(len(chosen)), "Status": "Success", "Products": inner}}

    def _listing(self, query):
        keys = sorted(path[1:] for path in self.server.files if path[1:].startswith(query["prefix"]))
        first = int(query.get("continuation-token", 0))
        last = first + self.server.keys_a_page
        more = last < len(keys)
        entries = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{len(self.server.files['/' + key])}</Size></Contents>"
            for key in keys[first:last]
        )
        token = f"<NextContinuationToken>{last}</NextContinuationToken>" if more else ""
        return (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="{S3}"><Name>bucket</Name>'
            f"<IsTruncated>{str(more).lower()}</IsTruncated>{token}{entries}</ListBucketResult>"
        ).encode()

    def _file(self, content, trouble):
        kind = trouble.kind if trouble else None
        tag = f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'
        if kind == "corrupt":
            content = bytes([content[0] ^ 1]) + content[1:-1] + bytes([content[-1] ^ 1])
        first, status = 0, 200
        asked = self.headers.get("Range")
        if asked and self.server.ranges and self.headers.get("If-Range", tag) == tag:
            first, status = int(asked[6:-1]), 206
            if first >= len(content):
                return self._send(b"", 416, {"Content-Range": f"bytes */{len(content)}"})
        body = content[first:]
        self.send_response(status)
        if self.server.etags:
            self.send_header("ETag", tag)
        self.send_header("Last-Modified", formatdate(0, usegmt=True))
        if status == 206:
            self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
        stated = len(body) + trouble.details["more"] if kind == "wrong length" else len(body)
        self.send_header("Content-Length", str(stated))
        self.end_headers()
        if kind in ("cut", "wrong length"):
            self.close_connection = True
        if kind == "cut":
            body = body[: trouble.details["after"]]
        pause = trouble.details["seconds"] if kind == "drip" else 0
        for start in range(0, len(body), 1 << 18):
            self.wfile.write(body[start : start + (1 << 18)])
            time.sleep(pause)
        return None


def _matches(product, query):
    """Return whether a query asks for a product, by name or by bounds."""
    if "productid" in query:
        return query["productid"].strip("*").lower() in product["pdsid"].lower()
    if float(product["Maximum_latitude"]) < float(query["minlat"]):
        return False
    if float(product["Minimum_latitude"]) > float(query["maxlat"]):
        return False
    west, east = float(query["westernlon"]), float(query["easternlon"])
    inner, outer = float(product["Westernmost_longitude"]), float(product["Easternmost_longitude"])
    width, own = (east - west) % 360 or 360, (outer - inner) % 360 or 360
    return (inner - west) % 360 <= width or (west - inner) % 360 <= own


def ode_product(name, ring, url="http://127.0.0.1:9/x.IMG", kilobytes=2, **changes):
    """Return a product in the form of ODE's collection EDRNAC4: numbers as strings, types of files, id in lower case.

    Parameters
    ----------
    name : str
        E.g. ``M103595705LE``.
    ring : sequence of (float, float)
        Corners of its outline, longitude 0..360 and latitude.
    """
    lons, lats = [corner[0] for corner in ring], [corner[1] for corner in ring]
    turn = [((lon - lons[0] + 180) % 360) - 180 for lon in lons]
    text = ", ".join(f"{lon % 360} {lat}" for lon, lat in [*ring, ring[0]])
    return {
        "ode_id": str(zlib.crc32(name.encode())),
        "pdsid": f"nac.{name.lower()}",
        "ihid": "LRO",
        "iid": "LROC",
        "pt": "EDRNAC4",
        "Incidence_angle": "45.0",
        "Emission_angle": "1.2",
        "Phase_angle": "46.2",
        "Map_resolution": "0.9",
        "UTC_start_time": "2010-01-01T00:00:00.000",
        "Minimum_latitude": str(min(lats)),
        "Maximum_latitude": str(max(lats)),
        "Westernmost_longitude": str((lons[0] + min(turn)) % 360),
        "Easternmost_longitude": str((lons[0] + max(turn)) % 360),
        "Footprint_GL_geometry": f"POLYGON (({text}))",
        "Product_files": {
            "Product_file": [
                {"FileName": f"{name}.xml", "Type": "Product", "KBytes": "13", "URL": url[:-4] + ".xml"},
                {"FileName": f"{name}.IMG", "Type": "Product", "KBytes": str(kilobytes), "URL": url},
                {"FileName": f"{name}_pyr.tif", "Type": "Browse", "KBytes": "90", "URL": url[:-4] + "_pyr.tif"},
            ]
        },
        **changes,
    }


@contextmanager
def serving():
    """Run a `Server` during the block."""
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def settings_for(server, **changes):
    """Return the section ``acquisition`` of a config for a local server."""
    return {
        "ode_url": f"{server.url}/ode",
        "zenodo_url": server.url,
        "mirror": None,
        "isisdata_url": f"{server.url}/usgs_data",
        "timeout_s": 5,
        "retries": 3,
        "backoff_s": 0.01,
        "max_images": 60,
        "min_gain": 0.002,
        "max_age_days": None,
        **changes,
    }
