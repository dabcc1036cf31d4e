"""The report "Is it like the Moon?": figures, verdicts, pictures."""

import json
import logging
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from ..core.errors import InputError
from ..core.files import replacing
from ..core.temporary import temporary_folder
from ..core.yamlfiles import read_yaml
from .compare import COVERED_SHARE, RANGE_PERCENT, VERDICTS, compare, compare_jointly
from .craters import COUNTED_PX, DIAMETERS_PX, FoundCraters, find_sun_and_craters, match_craters
from .pages import as_html, markdown
from .patches import Group, Patch, cut_shares, prepare_calibration, read_real, simulate_patch, stretched
from .pictures import draw_curves, draw_side_by_side, draw_verdicts
from .statistics import all_statistics, brightness_statistics, sun_axis

log = logging.getLogger(__name__)

# Craters older than this do not show in an image; see `relief_carving.crater_profiles`.
_VISIBLE_AGE = 0.06
# Shares of pixels that are clipped when I/F patches are shown, and the smallest number of simulated patches shown.
_SHOWN_SHARES, _SHOWN_PATCHES = (0.002, 0.002), 12


def read_settings(path: str | Path) -> tuple[int, list[Group]]:
    """Read seed and groups from a likeness file.

    Returns
    -------
    tuple
        Seed, list of Group.

    Raises
    ------
    InputError
        If the file is not a likeness file, or a key of a group is missing or unknown.
    """
    settings = read_yaml(path)
    try:
        return int(settings["seed"]), [Group(name=name, **group) for name, group in settings["groups"].items()]
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(path, f"is not a likeness file ({error})", "compare it with config/likeness.yaml") from None


@dataclass(frozen=True, eq=False)
class Measured:
    """A patch and its measured figures.

    Attributes
    ----------
    patch : Patch
    shown : Patch
        The stretched patch.
    figures : dict of float
        Values by the names of the figures.
    sun_azimuth_deg : float
        Direction towards the Sun, estimated from the patch alone.
    found : craters.FoundCraters
    """

    patch: Patch
    shown: Patch
    figures: dict
    sun_azimuth_deg: float
    found: FoundCraters


def make_report(
    settings_path: str | Path, real_folder: str | Path, out_folder: str | Path, processes: int = 1
) -> dict[str, Any]:
    """Compare simulated with real patches, and write the report.

    Files are ``report.html``, ``report.md``, ``report.json``, and pictures of each group: ``NAME_unlabelled.png``,
    ``NAME_labelled.png``, ``NAME_curves.png`` and ``NAME_verdicts.png``.

    Parameters
    ----------
    settings_path : path
        Likeness file, see `read_settings`.
    real_folder : path
        Folder of the real data.
    out_folder : path
    processes : int
        Number of patches that are simulated at the same time.

    Returns
    -------
    dict
        The content of ``report.json``.

    Raises
    ------
    InputError
        If settings or real data are missing or cannot be used.
    """
    seed, groups = read_settings(settings_path)
    real = {group.name: read_real(group, real_folder) for group in groups}
    out_folder = Path(out_folder)
    out_folder.mkdir(parents=True, exist_ok=True)
    report = {"range_percent": RANGE_PERCENT, "covered_share": COVERED_SHARE, "groups": {}}
    for group in groups:
        # Simulated maps are stretched like the real ones: the first like the first, and so on.
        shares = [_SHOWN_SHARES] if group.calibrated else [cut_shares(patch.pixels) for patch in real[group.name]]
        theirs = [measure(group, patch, _SHOWN_SHARES) for patch in real[group.name]]
        ours = simulate(group, seed, shares, processes)
        report["groups"][group.name] = compare_group(group, theirs, ours, out_folder)
    with replacing(out_folder / "report.json") as temporary:
        temporary.write_text(json.dumps(report, indent=1) + "\n")
    with replacing(out_folder / "report.md") as temporary:
        temporary.write_text(markdown(report))
    with replacing(out_folder / "report.html") as temporary:
        temporary.write_text(as_html(report))
    return report


def measure(group: Group, patch: Patch, shares: tuple[float, float]) -> Measured:
    """Measure a patch.

    Parameters
    ----------
    group : Group
    patch : Patch
    shares : tuple of float
        Shares of pixels that a stretch clips at the dark and the bright end. A patch of I/F is measured after this
        stretch if the real patches of the group are stretched maps.

    Returns
    -------
    Measured
    """
    is_map = patch.real and not group.calibrated
    shown = patch if is_map else replace(patch, pixels=stretched(patch.pixels, *shares))
    measured = patch if group.calibrated else shown
    azimuth_deg, found = find_sun_and_craters(measured.pixels, sun_axis(measured.pixels))
    figures = all_statistics(measured.pixels, azimuth_deg, found)
    if group.calibrated:
        figures |= brightness_statistics(measured.pixels)
    return Measured(patch, shown, figures, azimuth_deg, found)


def simulate(group: Group, seed: int, shares: Sequence[tuple[float, float]], processes: int = 1) -> list[Measured]:
    """Simulate and measure the patches of a group.

    Parameters
    ----------
    group : Group
    seed : int
    shares : sequence of tuple of float
        Shares of pixels that stretches clip at the dark and the bright end. The patches take them in turn.
    processes : int
        Number of patches that are simulated at the same time.

    Returns
    -------
    list of Measured
        In the order of the patches' numbers.
    """
    with temporary_folder() as folder:
        prepare_calibration(folder, seed)
        jobs = [(group, number, seed, folder, shares[number % len(shares)]) for number in range(group.patches)]
        if processes == 1:
            return _listed_with_progress(map(_simulated, jobs), group)
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            return _listed_with_progress(pool.map(_simulated, jobs), group)


def _listed_with_progress(results, group):
    """Return results as a list, with a log line for each."""
    measured = []
    for result in results:
        measured.append(result)
        log.info("%s: patch %d of %d", group.name, len(measured), group.patches)
    return measured


def _simulated(job):
    group, number, seed, calibration_dir, shares = job
    return measure(group, simulate_patch(group, number, seed, calibration_dir), shares)


def compare_group(
    group: Group, real: Sequence[Measured], simulated: Sequence[Measured], out_folder: str | Path
) -> dict[str, Any]:
    """Compare the patches of one group, and draw its pictures.

    Parameters
    ----------
    group : Group
    real, simulated : sequence of Measured
    out_folder : path
        Folder of the pictures.

    Returns
    -------
    dict
        The group's part of ``report.json``.
    """
    out_folder = Path(out_folder)
    theirs, ours = ([patch.figures for patch in kind] for kind in (real, simulated))
    comparisons = compare(theirs, ours)
    side_by_side = [patch.shown for patch in (*real, *simulated[: max(_SHOWN_PATCHES, len(real))])]
    for name, labelled in (("unlabelled", False), ("labelled", True)):
        draw_side_by_side(side_by_side, out_folder / f"{group.name}_{name}.png", labelled)
    draw_curves(real, simulated, group.title, out_folder / f"{group.name}_curves.png")
    draw_verdicts(comparisons, theirs, ours, group.title, out_folder / f"{group.name}_verdicts.png")
    return {
        "title": group.title,
        "real_patches": len(real),
        "simulated_patches": len(simulated),
        "statistics": [asdict(item) for item in comparisons],
        "verdicts": {verdict: sum(item.verdict == verdict for item in comparisons) for verdict in VERDICTS},
        "together": compare_jointly(theirs, ours).as_dict(),
        "sun_azimuth_error_deg": None if group.calibrated else score_sun(simulated),
        "detector": None if group.calibrated else score_detector(simulated),
    }


def score_sun(simulated: Sequence[Measured]) -> dict[str, float]:
    """Return the errors of the Sun's direction on simulated maps: median, and share of patches within 20 degrees."""
    errors = [
        abs((one.sun_azimuth_deg - one.patch.facts["sun_azimuth_deg"] + 180.0) % 360.0 - 180.0) for one in simulated
    ]
    return {"median": float(np.median(errors)), "share_within_20": float(np.mean(np.array(errors) < 20.0))}


def score_detector(simulated: Sequence[Measured]) -> dict[str, Any]:
    """Return precision and recall of the crater detector on simulated maps, above each diameter with known craters.

    `match_craters` decides which finds are craters. Recall counts only craters younger than `visible_age`.
    """
    known_px = min(one.patch.craters[:, 2].min(initial=np.inf) for one in simulated)
    scores = []
    for least in (diameter for diameter in COUNTED_PX if diameter >= known_px):
        finds = hits = craters = seen_craters = 0
        for one in simulated:
            found, size = one.found, one.patch.pixels.shape[0]
            row, column, diameter, age = one.patch.craters.T
            right, _ = match_craters(found, row, column, diameter)
            counted = found.diameter_px >= 0.999 * least
            finds, hits = finds + int(counted.sum()), hits + int(right[counted].sum())
            inside = (
                (diameter >= least)
                & (diameter <= DIAMETERS_PX[-1])
                & (age <= _VISIBLE_AGE)
                & (np.minimum(row, column) > diameter)
                & (np.maximum(row, column) < size - 1 - diameter)
            )
            _, seen = match_craters(found, row[inside], column[inside], diameter[inside])
            craters, seen_craters = craters + int(inside.sum()), seen_craters + int(seen.sum())
        scores.append(
            {
                "least_px": least,
                "precision": hits / finds if finds else None,
                "recall": seen_craters / craters if craters else None,
                "craters": craters,
            }
        )
    return {"visible_age": _VISIBLE_AGE, "scores": scores}
