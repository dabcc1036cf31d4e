"""Public archives: search by ODE, download from the LROC PDS node, published weights on Zenodo.

Interfaces: ODE REST V2.1 manual (Washington University); HTTP Range requests (RFC 9110, section 14).
"""

import logging
import math
import re
import shutil

import pandas as pd
import requests
import shapely
from requests.adapters import HTTPAdapter
from tqdm import tqdm
from urllib3.util import Retry

from .bodies import body
from .errors import InputError

log = logging.getLogger(__name__)

COLUMNS = [
    "product",
    "url",
    "bytes",
    "incidence_deg",
    "emission_deg",
    "phase_deg",
    "resolution_m",
    "sub_solar_azimuth_deg",
    "start_time",
    "footprint",
]
PAGE = 100
CHUNK = 1 << 20


def session(acquisition):
    """requests.Session that retries with back-off, and waits as long as a server's Retry-After says."""
    retry = Retry(
        total=acquisition["retries"],
        backoff_factor=1.0,
        status_forcelist=(429, 500, 502, 503, 504),
        allowed_methods=("GET",),
    )
    http = requests.Session()
    http.mount("https://", HTTPAdapter(max_retries=retry))
    http.mount("http://", HTTPAdapter(max_retries=retry))
    return http


def _get(http, url, acquisition, **keywords):
    try:
        answer = http.get(url, timeout=acquisition["timeout_s"], **keywords)
        answer.raise_for_status()
    except requests.RequestException as error:
        raise InputError(url, f"did not answer ({error})", "check the network and try again") from None
    return answer


def _query(http, acquisition, **parameters):
    """Products of one ODE query, all pages."""
    parameters = {
        "query": "product",
        "target": "moon",
        "ihid": "LRO",
        "iid": "LROC",
        "pt": "EDRNAC4",
        "results": "mfpx",
        "output": "JSON",
        "limit": PAGE,
        **parameters,
    }
    offset, found = 0, []
    while True:
        answer = _get(http, acquisition["ode_url"], acquisition, params={**parameters, "offset": offset})
        try:
            results = answer.json()["ODEResults"]
            status = results["Status"]
        except (ValueError, KeyError, TypeError):
            raise InputError(answer.url, "answered something that is no ODE result", "try again later") from None
        if status != "OK":
            raise InputError(answer.url, f"answered {results.get('Error', status)}", "check the search")
        page = results.get("Products", {})
        page = page.get("Product", []) if isinstance(page, dict) else []
        page = [page] if isinstance(page, dict) else page
        found += page
        if len(page) < PAGE:
            return found
        offset += PAGE


def _number(value):
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan


def _row(product):
    """One line of the product table from one ODE product, or None where it has no image file."""
    files = product.get("Product_files", {}).get("Product_file", [])
    files = [files] if isinstance(files, dict) else files
    images = [file for file in files if str(file.get("FileName", "")).upper().endswith(".IMG")]
    if not images:
        return None
    identifier = re.search(r"M\d+[LR]E", str(images[0]["FileName"]).upper())
    if not identifier:
        return None
    return {
        "product": identifier.group(),
        "url": images[0]["URL"],
        "bytes": int(1024 * _number(images[0].get("KBytes"))) if images[0].get("KBytes") else 0,
        "incidence_deg": _number(product.get("Incidence_angle")),
        "emission_deg": _number(product.get("Emission_angle")),
        "phase_deg": _number(product.get("Phase_angle")),
        "resolution_m": _number(product.get("Map_scale")),
        "sub_solar_azimuth_deg": _number(product.get("Solar_azimuth")),
        "start_time": product.get("UTC_start_time", ""),
        "footprint": product.get("Footprint_C0_geometry", ""),
    }


def search(target, acquisition):
    """Images of a target that ODE knows, chosen so that each one adds coverage.

    Parameters
    ----------
    target : dict
        The target's settings with ``search``.
    acquisition : dict
        The completed ``acquisition`` section.

    Returns
    -------
    pandas.DataFrame
        Columns `COLUMNS`, sorted by product.

    Raises
    ------
    InputError
        Where nothing is found, or the archive does not answer.
    """
    limits = target["search"]
    box = _box(target)
    http = session(acquisition)
    rows = {}
    for west, east in _longitude_ranges(box):
        for product in _query(
            http, acquisition, minlat=box[1], maxlat=box[3], westernlon=west % 360.0, easternlon=east % 360.0, loc="f"
        ):
            if row := _row(product):
                rows[row["product"]] = row
    table = pd.DataFrame(list(rows.values()), columns=COLUMNS).sort_values("product", ignore_index=True)
    for column in ("incidence_deg", "emission_deg", "resolution_m"):
        table = table[table[column].between(*limits[column])]
    if table.empty:
        raise InputError(
            f"search at {target['lat']}, {target['lon']}", "no image within the limits", "widen search in the config"
        )
    chosen = choose(table, box, limits.get("max_images", acquisition["max_images"]))
    log.info("%d images within the limits, %d chosen", len(table), len(chosen))
    return chosen.sort_values("product", ignore_index=True)


def _box(target):
    """West, south, east, north in degrees of a target's square, west in -180..180, east above west."""
    km_per_degree = math.pi * body(target["body"]).radius_m / 180e3
    half = target["diameter_km"] / 2 / km_per_degree
    south, north = max(-90.0, target["lat"] - half), min(90.0, target["lat"] + half)
    if max(abs(south), abs(north)) >= 89.9:
        return -180.0, south, 180.0, north
    half_lon = half / math.cos(math.radians(max(abs(south), abs(north))))
    west = (target["lon"] - half_lon + 180.0) % 360.0 - 180.0
    return west, south, west + min(360.0, 2 * half_lon), north


def _longitude_ranges(box):
    """ODE takes no box round a pole: ask for it in two halves."""
    west, _, east, _ = box
    return [(west, east)] if east - west < 359.0 else [(0.0, 180.0), (180.0, 359.999999)]


def choose(table, box, max_images, least_gain=0.005):
    """Images by what each adds to the coverage of a box, greatest first, until none adds enough.

    Parameters
    ----------
    table : pandas.DataFrame
        With `footprint` as WKT in -180..180.
    box : tuple
        West, south, east, north in degrees.
    least_gain : float
        Share of the box that an image must add.
    """
    places = shapely.union_all([shapely.box(box[0] + turn, box[1], box[2] + turn, box[3]) for turn in (-360, 0, 360)])
    places = places.intersection(shapely.box(-180, -90, 180, 90))
    footprints = {
        index: shapely.make_valid(shapely.from_wkt(wkt)).intersection(places)
        for index, wkt in table["footprint"].items()
        if wkt
    }
    covered, chosen = shapely.Polygon(), []
    while footprints and len(chosen) < max_images:
        gains = {index: shape.difference(covered).area / places.area for index, shape in footprints.items()}
        best = max(gains, key=lambda index: (gains[index], -index))
        if gains[best] < least_gain:
            break
        covered = covered.union(footprints.pop(best))
        chosen.append(best)
    return table.loc[chosen]


def locate(products, acquisition):
    """Product table of known products.

    Raises
    ------
    InputError
        For a product that the archive does not have.
    """
    http = session(acquisition)
    rows = []
    for product in products:
        name = product if product.endswith("E") else product + "E"
        found = [row for item in _query(http, acquisition, productid=f"*{name}*") if (row := _row(item))]
        if not found:
            raise InputError(product, "is not in the archive", "check the product id")
        rows.append({**found[0], "product": product})
    return pd.DataFrame(rows, columns=COLUMNS)


def download(url, path, acquisition):
    """Fetch a file; a cut transfer goes on where it stopped, and the file appears when it is whole.

    Raises
    ------
    InputError
        Where the server does not answer, or the length is not the one it said.
    """
    http = session(acquisition)
    part = path.with_name(path.name + ".part")
    part.parent.mkdir(parents=True, exist_ok=True)
    for _ in range(acquisition["retries"] + 1):
        have = part.stat().st_size if part.exists() else 0
        headers = {"Range": f"bytes={have}-"} if have else {}
        with _get(http, url, acquisition, headers=headers, stream=True) as answer:
            resumed = answer.status_code == 206
            total = int(answer.headers.get("Content-Length", 0)) + (have if resumed else 0)
            if shutil.disk_usage(part.parent).free < total:
                raise InputError(part.parent, f"no room for {total / 1e6:.0f} MB of {path.name}", "free some disk")
            with (
                open(part, "ab" if resumed else "wb") as file,
                tqdm(
                    total=total or None, initial=have if resumed else 0, unit="B", unit_scale=True, desc=path.name
                ) as bar,
            ):
                try:
                    for chunk in answer.iter_content(CHUNK):
                        file.write(chunk)
                        bar.update(len(chunk))
                except requests.RequestException as error:
                    log.warning("%s: cut (%s), going on", url, error)
        if not total or part.stat().st_size == total:
            break
    size = part.stat().st_size
    if total and size != total:
        raise InputError(url, f"gave {size} bytes of {total}", "try again")
    part.replace(path)


def fetch_published_weights(record, path, acquisition):
    """Fetch the one checkpoint file of a Zenodo record.

    Raises
    ------
    InputError
        Where the record has no checkpoint, or several.
    """
    http = session(acquisition)
    answer = _get(http, f"{acquisition['zenodo_url']}/records/{record}", acquisition)
    files = {file["key"]: file["links"]["self"] for file in answer.json().get("files", [])}
    weights = [name for name in files if name.lower().endswith((".pt", ".pth", ".ckpt"))]
    if len(weights) != 1:
        raise InputError(
            answer.url,
            f"has {len(weights)} checkpoints among {', '.join(files) or 'no files'}",
            "download the right one and name it as the model's checkpoint",
        )
    download(files[weights[0]], path, acquisition)
