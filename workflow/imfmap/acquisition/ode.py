"""The Orbital Data Explorer (ODE): its queries, and its answers as rows of the product table.

Source: ODE REST interface manual V2.1 (PDS Geosciences Node, Washington University in St. Louis).
"""

import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import requests
import shapely
from shapely import MultiPolygon, Polygon

from ..core.errors import SetupError
from ..maps.geometry import point_of, separation_deg
from .answers import OdeProduct, ode_results
from .footprints import canonical_footprint
from .http import ask
from .limits import Pages
from .outside import address, shown

PAGE = 100
_REMEDY = "check acquisition.ode_url and the network, and try again later"
_SUCCESS = ("success", "ok")
_IMAGE = re.compile(r"(M[0-9]{6,12}[LR]E)(?:[^A-Z0-9].*)?\.IMG", re.IGNORECASE)
# Characters of an outline as WKT, and its corners. ODE's have some hundreds of characters.
_LONGEST_OUTLINE, _MOST_CORNERS = 10_000, 250
# Degrees on the sphere from corner to corner. An image of a NAC is less than 5 degrees long.
_LONGEST_EDGE_DEG = 30.0


def query(http: requests.Session, acquisition: Mapping[str, Any], **parameters: Any) -> list[OdeProduct]:
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
    list of OdeProduct

    Raises
    ------
    SetupError
        Where ODE does not answer, refuses, its answer is no ODE result, or it has more pages than `limits` allow.
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
    pages = Pages(acquisition["ode_url"])
    while True:
        answer = ask(http, acquisition["ode_url"], acquisition, _REMEDY, params={**parameters, "offset": offset})
        pages.add(len(answer.body))
        page, total = _page(answer)
        known = len(found)
        # By their ids: if a server repeats a page, no product is there twice, and the loop ends.
        found.update({product.ode_id or product.pdsid or repr(product): product for product in page})
        offset += len(page)
        if len(found) == known or (len(page) < PAGE if total is None else offset >= total):
            return list(found.values())


def _page(answer):
    """Products of one page, and their number on all pages (None where the answer does not say)."""
    results = ode_results(answer, _REMEDY)
    if results.status.lower() not in _SUCCESS:
        error = shown(results.error or results.status)
        if "no products" in error.lower():
            return [], 0
        raise SetupError(shown(answer.url), f"answered {error}", "check the search")
    return results.products, None if math.isnan(results.count) else int(results.count)


def row_of(product: OdeProduct, acquisition: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the line of the product table for a product.

    Parameters
    ----------
    product : OdeProduct
    acquisition : mapping
        The section of the config: ``ode_url``.

    Returns
    -------
    dict or None
        Values by `table.COLUMNS`; None where the product has no NAC image. Numbers that ODE does not give are NaN, and
        so is the Sun's azimuth.

    Raises
    ------
    SetupError
        Where the image's address may not be asked (`outside.address`).
    """
    for file in product.contents.files:
        name = _IMAGE.fullmatch(file.name)
        # Browse images and shapefiles have the same name, but other types.
        if name and file.kind.lower() == "product" and file.url:
            break
    else:
        return None
    where = f"{acquisition['ode_url']}: {name[1].upper()}"
    return {
        "product": name[1].upper(),
        "url": address(file.url, where, acquisition, given_by=acquisition["ode_url"]),
        "bytes": 0 if math.isnan(file.kilobytes) else int(1024 * file.kilobytes),
        "incidence_deg": product.incidence_deg,
        "emission_deg": product.emission_deg,
        "phase_deg": product.phase_deg,
        "resolution_m": product.resolution_m if math.isnan(product.scale_m) else product.scale_m,
        "sub_solar_azimuth_deg": math.nan,
        "start_time": product.start_time,
        "footprint": _footprint(product),
    }


def _footprint(product):
    """Outline as WKT, in the form that `footprints` describes; empty where ODE has none.

    ODE's outline on the sphere (``GL``) is preferred: near a pole, the edges of the cylindrical outline (``C0``) are in
    other places.
    """
    for text, on_sphere in ((product.outline_on_sphere, True), (product.outline_on_cylinder, False)):
        outline = _outline(text)
        if outline is None or (on_sphere and _is_too_large(outline)):
            continue
        # An outline round a pole may have no area when it is drawn in longitude and latitude.
        try:
            outline = canonical_footprint(outline) if on_sphere else outline
        except ValueError:
            continue
        if outline.area > 0:
            return shapely.to_wkt(outline, rounding_precision=6)
    return ""


def _outline(text):
    """Return the polygon of WKT in longitude and latitude; None for a text that is no polygon."""
    if len(text) > _LONGEST_OUTLINE or not text.lstrip().upper().startswith(("POLYGON", "MULTIPOLYGON")):
        return None
    try:
        outline = shapely.from_wkt(text)
    except shapely.errors.GEOSException:
        return None
    if not isinstance(outline, (Polygon, MultiPolygon)) or outline.is_empty:
        return None
    corners = shapely.get_coordinates(outline)
    lon, lat = abs(corners).max(axis=0)
    return outline if lon <= 540 and lat <= 90 and len(corners) <= _MOST_CORNERS else None


def _is_too_large(outline):
    """Whether an edge of an outline is longer than that of any image. To follow such edges takes long."""
    corners, part = shapely.get_coordinates(shapely.get_parts(shapely.boundary(outline)), return_index=True)
    points = point_of(*corners.T, 1.0)
    edges_deg = separation_deg(points[:-1], points[1:])[np.diff(part) == 0]
    return bool((edges_deg > _LONGEST_EDGE_DEG).any())
