"""Calibrate a model on places that its training has not seen, and measure what its maps miss."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from ..core.choices import LEAST_CALIBRATED
from ..core.errors import InputError
from ..core.files import replacing
from ..core.jsonfiles import write_json
from ..core.temporary import temporary_folder
from .calibration_fit import COUNTED, DETECTED, fit_calibration, leave_one_out, map_histograms, threshold_of_best_f1
from .calibration_places import PlaceFiles, PlaceMap, maps_of_place
from .completeness_fit import LEAST_PLACES, chance_table, fit_completeness, judgement

log = logging.getLogger(__name__)

# Images of a place that are mapped alone.
_MOST_SINGLE = 3
_CONFIDENCE_EDGES = np.linspace(0.0, 1.0, 11)


def fit_model(
    places: Sequence[PlaceFiles], min_area_m2: float, resolution_m: float
) -> tuple[dict[str, Any], dict[str, Any], pd.DataFrame | None]:
    """Fit calibration, threshold and completeness of a model.

    Parameters
    ----------
    places : list of PlaceFiles
        Probabilities before any calibration, and truth or labels. Completeness is fitted to the simulated ones.
    min_area_m2 : float
        Smaller detections are rejected.
    resolution_m : float
        Pixel size of the maps.

    Returns
    -------
    settings : dict
        For the checkpoint: `calibration`, `threshold` and `completeness` (None without simulated places).
    report : dict
        The same, and how good it is on places that were left out.
    chances : pandas.DataFrame or None
        See `completeness_fit.chance_table`.

    Raises
    ------
    InputError
        If there are fewer than `LEAST_CALIBRATED` places.
    """
    if len(places) < LEAST_CALIBRATED:
        raise InputError("targets", f"{len(places)} places to calibrate on", f"give {LEAST_CALIBRATED} or more")
    pixels = [files.read() for files in tqdm(places, desc="reading", unit="place", mininterval=1)]
    if not any(place.fracture.any() for place in pixels):
        raise InputError("targets", "no place has a fracture", "give places with fractures")
    calibration = fit_calibration(pixels)
    maps = [counts for place in pixels for counts in map_histograms(place, calibration).values()]
    threshold = threshold_of_best_f1(maps)
    judged = leave_one_out(pixels)
    settings = {"calibration": calibration.as_dict(), "threshold": threshold, "completeness": None}
    report = {**settings, "places": [files.name for files in places], "detected": DETECTED, "counted": COUNTED}
    report["left_out"] = judged
    for kind in ("one image", "fused"):
        log.info("%s: largest error of a bin on places left out: %s", kind, judged[kind]["largest_error_after"])
    simulated = [(files, place) for files, place in zip(places, pixels, strict=True) if files.objects]
    if len(simulated) < LEAST_PLACES:
        return settings, report, None
    made = []
    for files, place in tqdm(simulated, desc="mapping", unit="place", mininterval=1):
        with temporary_folder() as folder:
            made += maps_of_place(files, _image_sets(place), calibration, threshold, min_area_m2, folder)
    made_with = {"threshold": threshold, "min_area_m2": min_area_m2, "resolution_m": resolution_m}
    completeness, table = fit_completeness(made, made_with)
    settings["completeness"] = report["completeness"] = completeness.as_dict()
    report["corrected"] = judgement(table)
    report["corrected_maps"] = table.to_dict("records")
    report["confidence"] = confidence_bins(made)
    return settings, report, chance_table(completeness)


def confidence_bins(maps: Sequence[PlaceMap]) -> list[dict[str, float]]:
    """Return the true share of the area of fractures by their confidence.

    Returns
    -------
    list of dict
        For each tenth with fractures: ``from``, ``to``, ``fractures`` (their number), mean ``confidence`` and mean
        ``true_share``.
    """
    found = pd.concat([one.found for one in maps], ignore_index=True)
    index = np.clip(np.digitize(found["confidence"], _CONFIDENCE_EDGES) - 1, 0, len(_CONFIDENCE_EDGES) - 2)
    return [
        {
            "from": round(float(_CONFIDENCE_EDGES[number]), 1),
            "to": round(float(_CONFIDENCE_EDGES[number + 1]), 1),
            "fractures": len(part),
            "confidence": float(part["confidence"].mean()),
            "true_share": float(part["true_share"].mean()),
        }
        for number, part in found.groupby(index)
    ]


def write_report(report: Mapping[str, Any], path: str | Path) -> None:
    """Write the report of `fit_model` as JSON."""
    write_json(path, dict(report))


def write_chances(chances: pd.DataFrame | None, path: str | Path) -> None:
    """Write the table of chances as CSV; only its head if there is none."""
    table = pd.DataFrame(columns=["width_m"]) if chances is None else chances
    with replacing(path) as temporary:
        table.to_csv(temporary, index=False)


def _image_sets(place):
    """Return the images of the maps of a place: one set of each number, and some images alone."""
    singles = [(index,) for index in range(min(_MOST_SINGLE, len(place.codes)))]
    sizes = {}
    for chosen in place.image_sets():
        sizes.setdefault(len(chosen), chosen)
    return [*singles, *sizes.values()]
