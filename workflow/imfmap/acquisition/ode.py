"""The Orbital Data Explorer (ODE): its queries, and its answers as rows of the product table.

Source: ODE REST interface manual V2.1 (PDS Geosciences Node, Washington University in St. Louis).
"""

import math
import re
from collections.abc import Mapping
from typing import Any

import requests
import shapely
from shapely import MultiPolygon, Polygon

from ..core.errors import SetupError
from .footprints import canonical_footprint
from .http import ask

PAGE = 100
_REMEDY = "check acquisition.ode_url and the network, and try again later"
_SUCCESS = ("success", "ok")
_PRODUCT = re.compile(r"(M\d{6,12}[LR]E)(?![A-Z0-9])", re.IGNORECASE)


def query(http: requests.Session, acquisition: Mapping[str, Any], **parameters: Any) -> list[dict[str, Any]]:
    """Return the products of a query, from all pages of the answer.

    Parameters
    ----------
    http : requests.Session
    acquisition : mapping
        The completed section of the config: ``ode_url``, ``timeout_s``.
    **parameters
        Parameters of the query: ``minlat``, ``maxlat``, ``westernlon``, ``easternlon`` (0..360), or ``productid``.

    Returns
    -------
    list of dict
        Products in ODE's own words.

    Raises
    ------
    SetupError
        Where ODE does not answer, refuses, or its answer is no ODE result.
    """
    parameters = {
        "query": "product",
        "target": "moon",
        "ihid": "LRO",
        "iid": "LROC",
        "pt": "EDRNAC4",
        "results": "cmfpx",
        "output": "JSON",
        "limit": PAGE,
        **parameters,
    }
    found = {}
    offset = 0
    while True:
        answer = ask(http, acquisition["ode_url"], acquisition, _REMEDY, params={**parameters, "offset": offset})
        page, total = _page(answer)
        known = len(found)
        # By their ids: if a server repeats a page, no product is there twice, and the loop ends.
        found.update({str(product.get("ode_id") or product.get("pdsid") or repr(product)): product for product in page})
        offset += len(page)
        if len(found) == known or (len(page) < PAGE if total is None else offset >= total):
            return list(found.values())


def _page(answer):
    """Products of one page, and their number on all pages (None where the answer does not say)."""
    try:
        results = answer.json()["ODEResults"]
        status = str(results["Status"])
    except (ValueError, KeyError, TypeError):
        raise SetupError(answer.url, "answered something that is no ODE result", _REMEDY) from None
    if status.lower() not in _SUCCESS:
        error = str(results.get("Error") or status)
        if "no products" in error.lower():
            return [], 0
        raise SetupError(answer.url, f"answered {error}", "check the search")
    products = results.get("Products")
    page = _listed(products.get("Product") if isinstance(products, dict) else None)
    if not all(isinstance(product, dict) for product in page):
        raise SetupError(answer.url, "answered something that is no ODE result", _REMEDY)
    total = _number(results.get("Count"))
    return page, None if math.isnan(total) else int(total)


def _listed(value):
    """What ODE gives as a list, as one object, or as a string if there is nothing: as a list."""
    if isinstance(value, dict):
        return [value]
    return value if isinstance(value, list) else []


def _number(value):
    try:
        number = float(value)
    except (TypeError, ValueError):
        return math.nan
    return number if math.isfinite(number) else math.nan


def row_of(product: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the line of the product table for a product.

    Parameters
    ----------
    product : mapping
        A product in ODE's own words.

    Returns
    -------
    dict or None
        Values by `table.COLUMNS`; None where the product has no NAC image. Numbers that ODE does not give are NaN, and
        so is the Sun's azimuth.
    """
    files = _listed((product.get("Product_files") or {}).get("Product_file"))
    for file in files:
        name = _PRODUCT.match(str(file.get("FileName", "")))
        # Browse images and shapefiles have the same name, but other types.
        if name and str(file.get("Type", "Product")).lower() == "product" and _is_image(file):
            break
    else:
        return None
    kilobytes = _number(file.get("KBytes"))
    scale = _number(product.get("Map_scale"))
    return {
        "product": name[1].upper(),
        "url": str(file["URL"]),
        "bytes": 0 if math.isnan(kilobytes) else int(1024 * kilobytes),
        "incidence_deg": _number(product.get("Incidence_angle")),
        "emission_deg": _number(product.get("Emission_angle")),
        "phase_deg": _number(product.get("Phase_angle")),
        "resolution_m": _number(product.get("Map_resolution")) if math.isnan(scale) else scale,
        "sub_solar_azimuth_deg": math.nan,
        "start_time": str(product.get("UTC_start_time") or ""),
        "footprint": _footprint(product),
    }


def _is_image(file):
    return str(file.get("FileName", "")).upper().endswith(".IMG") and bool(file.get("URL"))


def _footprint(product):
    """Outline as WKT, in the form that `footprints` describes; empty where ODE has none.

    ODE's outline on the sphere (``GL``) is preferred: near a pole, the edges of the cylindrical outline (``C0``) are in
    other places.
    """
    for key, on_sphere in (("Footprint_GL_geometry", True), ("Footprint_C0_geometry", False)):
        try:
            outline = shapely.from_wkt(product.get(key) or None)
        except (shapely.errors.GEOSException, TypeError):
            continue
        if not isinstance(outline, (Polygon, MultiPolygon)) or outline.is_empty:
            continue
        # An outline round a pole may have no area when it is drawn in longitude and latitude.
        outline = canonical_footprint(outline) if on_sphere else outline
        if outline.area > 0:
            return shapely.to_wkt(outline, rounding_precision=6)
    return ""
