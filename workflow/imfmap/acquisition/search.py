"""Product tables from ODE: of the images of a place (`search`), and of named products (`locate`)."""

import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely

from ..camera.times import parse_utc
from ..core.errors import InputError
from ..core.limits import MOST_IMAGES, check_limit
from ..core.product_ids import OtherProductError, full_id
from ..maps.geometry import azimuth_deg, lonlat_of
from ..nac.instrument import read_edr
from . import ode
from .area_of_interest import area_of_interest
from .footprints import LocalMap, lonlat_box
from .http import session
from .image_choice import choose_images
from .mirrors import find_in_mirror
from .search_report import now, read_report, write_report
from .sun import sun_directions
from .table import read_table, table_of, write_footprints, write_table

log = logging.getLogger(__name__)

RANGES = ("incidence_deg", "emission_deg", "resolution_m")


def search(
    target: Mapping[str, Any],
    acquisition: Mapping[str, Any],
    outputs: Mapping[str, str | Path],
    asked: str | None = None,
) -> None:
    """Find and choose images of a place, and write the product table, outlines and the report.

    If there is a table of the same search already, its lines stay in their places, and images that are new in the
    archive follow them.

    Parameters
    ----------
    target : mapping
        `target_grid.PLACE_KEYS` of the target, and its completed ``search``.
    acquisition : mapping
        The completed section of the config.
    outputs : mapping
        Paths: ``table`` (CSV), ``footprints`` (GeoPackage), ``report`` (JSON).
    asked : str, optional
        Time that the report gives for ODE's answer (`asked_at`); the present time if not given.

    Raises
    ------
    InputError
        Where no image is found. Nothing is written then.
    SetupError
        Where ODE does not answer. Nothing is written then.
    """
    criteria = json.loads(json.dumps({**target, "most": _most(target, acquisition), "gain": acquisition["min_gain"]}))
    before = read_report(outputs["report"])
    kept = None
    if before.get("criteria") == criteria and Path(outputs["table"]).exists():
        kept = read_table(outputs["table"])
    aoi = area_of_interest({**target, "polygon": target["search"].get("polygon")})
    found = _products_found(aoi, acquisition)
    table, report = _pick(found, aoi, target, acquisition, kept, before.get("images", {}))
    report = {"asked": asked or now(), "criteria": criteria, **report}
    left_out = found[~found["product"].isin(table["product"])]
    reasons = [report["images"][product].get("left_out", "") for product in left_out["product"]]
    write_footprints(outputs["footprints"], table, left_out.assign(reason=reasons), target["body"])
    write_report(outputs["report"], report)
    write_table(outputs["table"], table)


def _most(target, acquisition):
    return target["search"].get("max_images", acquisition["max_images"])


def _products_found(aoi, acquisition):
    """Product table of all images of a place in the archive."""
    http = session(acquisition)
    rows = {}
    for west, south, east, north in lonlat_box(aoi):
        box = {"minlat": south, "maxlat": north, "westernlon": west, "easternlon": east}
        products = ode.query(http, acquisition, **{key: f"{value:.6f}" for key, value in box.items()}, loc="f")
        log.info("ODE has %d images in %s", len(products), box)
        rows.update({row["product"]: row for product in products if (row := ode.row_of(product, acquisition))})
    return table_of(rows.values())


def _pick(found, aoi, target, acquisition, kept, known):
    """Product table of the images chosen, and the report.

    Parameters
    ----------
    found : pandas.DataFrame
        All images of the place in the archive.
    kept : pandas.DataFrame or None
        Lines of the last table, which stay.
    known : dict
        Images of the last report. Whether they are used was decided then, or since by a person who edited the table.
    """
    images = {}
    reasons = [_outside(row, target["search"]) for row in found.itertuples()]
    fit = [reason is None for reason in reasons]
    candidates = found[fit]
    for product, reason in zip(found["product"], reasons, strict=True):
        if reason:
            images[product] = {"left_out": reason}
    remedy = "narrow the limits of search, or give a smaller place"
    check_limit(len(candidates), MOST_IMAGES, f"search at {target['lat']}, {target['lon']}", "images are found", remedy)
    if kept is None:
        if candidates.empty:
            raise InputError(
                f"search at {target['lat']}, {target['lon']}",
                f"no image is within the limits of the search ({len(found)} images without them)",
                "widen the limits of search in the config",
            )
        rows = candidates.reset_index(drop=True)
        already = 0
    else:
        kept, new = _moved(kept, found, known), candidates[~candidates["product"].isin([*known, *kept["product"]])]
        rows = pd.concat([kept, new], ignore_index=True)
        already = len(kept)
        for product in candidates["product"][~candidates["product"].isin(kept["product"])]:
            if product in known:
                earlier = known[product].get("left_out")
                images[product] = {"left_out": earlier or "deleted from the table by hand"}
    footprints = [shapely.from_wkt(wkt or None) for wkt in rows["footprint"]]
    suns = sun_directions(list(rows["start_time"]))
    rows = _with_azimuths(rows, footprints, suns)
    choice = choose_images(
        footprints, aoi, suns, rows["resolution_m"], _most(target, acquisition), acquisition["min_gain"], range(already)
    )
    for row, reason in choice.reasons.items():
        images[rows["product"][row]] = {"left_out": reason}
    for row, adds in zip(choice.chosen, choice.adds, strict=True):
        angle = choice.sun_angles_deg[row]
        images[rows["product"][row]] = {
            "adds": round(adds, 6),
            "sun_angle_deg": None if np.isnan(angle) else round(float(angle), 1),
        }
    added = sorted(row for row in choice.chosen if row >= already)
    table = rows.loc[[*range(already), *added]].reset_index(drop=True)
    withdrawn = [] if kept is None else list(kept["product"][~kept["product"].isin(found["product"])])
    report = {
        "coverage": round(choice.coverage, 6),
        "found": len(found),
        "within_limits": len(candidates),
        "chosen": len(table),
        "bytes": int(table["bytes"].fillna(0).sum()),
        "new": [] if kept is None else list(table["product"][already:]),
        "withdrawn": withdrawn,
        "images": {product: images[product] for product in sorted(images)},
    }
    _log_report(report)
    return table, report


def _log_report(report):
    log.info(
        "%d images found, %d within the limits, %d chosen (%.0f MB): they cover %.1f %%",
        report["found"],
        report["within_limits"],
        report["chosen"],
        report["bytes"] / 1e6,
        100 * report["coverage"],
    )
    if report["new"]:
        log.info("new: %s", ", ".join(report["new"]))
    if report["withdrawn"]:
        log.warning("no longer in the archive, left in the table: %s", ", ".join(report["withdrawn"]))


def _outside(row, limits):
    """Why an image is outside the limits of a search, or None."""
    for column in RANGES:
        value, (low, high) = getattr(row, column), limits[column]
        if not low <= value <= high:
            return f"{column} {value:g} is outside {low:g} to {high:g}" if value == value else f"{column} is not known"
    first, last = limits.get("dates", (None, None))
    if first is None:
        return None
    try:
        day = parse_utc(row.start_time).date().isoformat()
    except ValueError:
        return "its date is not known"
    return None if first <= day <= last else f"date {day} is outside {first} to {last}"


def _moved(kept, found, known):
    """Lines that stay, with new addresses of files that the archive moved; addresses written by hand stay."""
    found = found.set_index("product")
    kept = kept.copy()
    for row in kept.index:
        product = kept.loc[row, "product"]
        if product in found.index and product in known and not str(kept.loc[row, "url"]).startswith("file:"):
            kept.loc[row, "url"] = found.loc[product, "url"]
    return kept


def _with_azimuths(rows, footprints, suns):
    """The table, with the Sun's azimuth at the middle of each image filled in where it is empty."""
    rows = rows.copy()
    for row, (outline, sun) in enumerate(zip(footprints, suns, strict=True)):
        if (
            outline is None
            or outline.is_empty
            or np.isnan(sun).any()
            or not np.isnan(rows["sub_solar_azimuth_deg"][row])
        ):
            continue
        middle = LocalMap.about(outline)
        azimuth = azimuth_deg(middle.lon_deg, middle.lat_deg, *lonlat_of(sun))
        rows.loc[row, "sub_solar_azimuth_deg"] = round(float(azimuth), 2)
    return rows


def _right_in_mirror(product, mirror):
    """Path of a product's EDR in a mirror that is a folder; None where it is not there, or is of another product."""
    at_hand = find_in_mirror(product, mirror)
    try:
        if at_hand is not None:
            read_edr(at_hand)
    except OtherProductError as error:
        log.warning("mirror %s: %s: the archive is asked for %s", mirror, error, product)
        return None
    except InputError:
        pass  # its download tells what is wrong with it
    return at_hand


def locate(products: Sequence[str], acquisition: Mapping[str, Any]) -> pd.DataFrame:
    """Return the product table of named products, from the mirror if it is a folder that has them, else from ODE.

    A file in the mirror that is of another product than its name says is not taken.

    Parameters
    ----------
    products : sequence of str
        Product ids.
    acquisition : mapping
        The completed section of the config.

    Returns
    -------
    pandas.DataFrame
        In the order of `products`.

    Raises
    ------
    InputError
        Where the archive does not have a product.
    """
    http = session(acquisition)
    rows = []
    for product in products:
        name = full_id(product)
        at_hand = _right_in_mirror(name, acquisition["mirror"])
        if at_hand is not None:
            row = dict.fromkeys(("start_time", "footprint"), "")
            row.update(url=at_hand.as_uri(), bytes=at_hand.stat().st_size)
        else:
            answered = (
                ode.row_of(item, acquisition) for item in ode.query(http, acquisition, productid=f"*{name.lower()}*")
            )
            row = next((row for row in answered if row and row["product"] == name), None)
        if row is None:
            raise InputError(product, "is not in the archive", "check the product id")
        rows.append({**row, "product": product})
    table = table_of(rows).set_index("product").loc[list(products)].reset_index()
    footprints = [shapely.from_wkt(wkt or None) for wkt in table["footprint"]]
    return _with_azimuths(table, footprints, sun_directions(list(table["start_time"])))
