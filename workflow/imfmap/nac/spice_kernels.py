"""The camera of an image from SPICE kernels, computed as ALE and spiceinit do."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import spiceypy

from ..camera.ephemeris import Orientation, States
from ..camera.instrument import instrument_of
from ..camera.moon_orientation import moon_orientation_kernels
from ..core.errors import InputError
from ..maps.isis_label import read_cube_label
from ..maps.pvl import read_pvl
from . import optics
from .edr import read_label
from .label import NacLabel

_LRO, _MOON, _SUN = -85, 301, 10
_FRAMES = {"left": "LRO_LROCNACL", "right": "LRO_LROCNACR"}
_INSTRUMENT_KEYWORDS = (
    "FOCAL_LENGTH",
    "PIXEL_PITCH",
    "BORESIGHT_SAMPLE",
    "BORESIGHT_LINE",
    "TRANSX",
    "TRANSY",
    "OD_K",
)
_SUBSAMPLED_LINES, _LEAST_SAMPLES = 10, 100


def read_kernel_camera(
    label: str | Path | NacLabel | Mapping[str, Any], kernels: Sequence[str | Path]
) -> dict[str, Any]:
    """Return the arguments of `line_scan.LineScanCamera` from SPICE kernels.

    Parameters
    ----------
    label : path, label.NacLabel or mapping
        Label of the image: a file with a PDS3 label (attached or detached) or an ISIS label (a cube, or its detached
        label); or the contents of one.
    kernels : sequence of path
        Kernels to load; later ones take precedence. Needed are leap seconds, spacecraft clock, frames, instrument
        (ISIS's addendum may be left out), constants, SPK of LRO, the Moon and the Sun, CK of the spacecraft bus and of
        the NACs. If a kernel was delivered in pieces (``_0``, ``_1``), all pieces are needed: one holds LRO, another
        the Sun. The Moon's orientation (DE421, mean Earth) comes from the package lunarsky unless a kernel has another.

    Returns
    -------
    dict

    Raises
    ------
    InputError
        If a kernel is missing or broken, loads other files, or the kernels do not cover the image's time.
    """
    facts = label if isinstance(label, NacLabel) else _read_facts(label)
    paths = [*moon_orientation_kernels(), *map(Path, kernels)]
    missing = next((path for path in paths if not path.is_file()), None)
    if missing is not None:
        raise InputError(missing, "is no kernel file", "check the list of kernels")
    loaded = []
    try:
        for path in paths:
            _check_alone(path)
            spiceypy.furnsh(str(path))
            loaded.append(str(path))
        return _camera_arguments(facts)
    except spiceypy.SpiceyError as error:
        reason = f"{error.short}: {error.long.strip().split('. ')[0][:300]}"
        raise InputError(
            facts.product_id,
            f"its kernels do not give its camera ({reason})",
            "give kernels that cover the image's time",
        ) from None
    finally:
        for path in reversed(loaded):
            spiceypy.unload(path)


def _check_alone(path):
    """Stop at a meta-kernel: kernels come from a store, and what such a file names may be anywhere on this machine."""
    with open(path, "rb") as file:
        if file.read(4) in (b"DAF/", b"DAS/", b"NAIF"):
            return
        file.seek(0)
        data = False
        for line in file:
            words = line.split()
            if words[:1] in ([b"\\begindata"], [b"\\begintext"]):
                data = words[0] == b"\\begindata"
            elif data and b"KERNELS_TO_LOAD" in line.upper():
                raise InputError(path, "is a meta-kernel, which loads other files", "list the kernels themselves")


def _read_facts(label):
    where = "label" if isinstance(label, Mapping) else label
    if not isinstance(label, Mapping):
        try:
            with open(label, "rb") as file:
                start = file.read(4096)
        except OSError as error:
            raise InputError(label, f"cannot be read ({error.strerror})", "check the path") from None
        if b"IsisCube" not in start:
            label = read_label(label)
        elif Path(label).suffix.lower() == ".lbl":
            label = read_pvl(label)
        else:
            label = read_cube_label(label)
    return (NacLabel.from_cube if "IsisCube" in label else NacLabel.from_pds)(label, where)


def _camera_arguments(facts):
    keywords = {}
    for keyword in _INSTRUMENT_KEYWORDS:
        keywords[f"INS{facts.naif_id}_{keyword}"] = _pool(facts.naif_id, keyword)
    preroll_lines = _pool(facts.naif_id, "ADDITIONAL_PREROLL", [optics.ADDITIONAL_PREROLL_LINES])[0]
    line_error = _pool(facts.naif_id, "MULTIPLI_LINE_ERROR", [optics.MULTIPLICATIVE_LINE_ERROR])[0]
    added_s = _pool(facts.naif_id, "ADDITIVE_LINE_ERROR", [0.0])[0]
    offset_s = _pool(facts.naif_id, "CONSTANT_TIME_OFFSET", [0.0])[0]
    duration_s = facts.exposure_ms / 1000.0 * (1.0 + line_error) + added_s
    start_s = spiceypy.scs2e(_LRO, facts.preroll_clock) + preroll_lines * duration_s + offset_s
    times_s = _sample_times(start_s, start_s + facts.lines * duration_s, facts.lines)
    ends_s = times_s[[0, -1]]
    return {
        "product_id": facts.product_id,
        "lines": facts.lines,
        "samples": facts.samples,
        "start_et_s": start_s,
        "line_duration_s": duration_s,
        # LRO is so near the surface that the light time to the Moon's centre would be wrong. ISIS uses NONE, too.
        "position": _states(_LRO, times_s, "NONE"),
        "pointing": _orientation(_FRAMES[facts.camera], times_s),
        "body_rotation": _orientation("MOON_PA", ends_s, "MOON_ME"),
        "sun": _states(_SUN, ends_s, "LT+S"),
        "instrument": instrument_of(facts.naif_id, keywords, "instrument kernel"),
        "summing": facts.summing,
    }


def _pool(naif_id, keyword, default=None):
    """Return the values of an instrument keyword in the kernel pool."""
    name = f"INS{naif_id}_{keyword}"
    try:
        return spiceypy.gdpool(name, 0, 16).tolist()
    except spiceypy.NotFoundError:
        if default is None:
            raise InputError(
                "kernels", f"none of them has {name}", "add LROC's instrument kernel (lro_lroc_v18.ti)"
            ) from None
        return default


def _sample_times(start_s, end_s, lines):
    """Return the times to tabulate, as ALE chooses them: for every tenth line if these are enough, else every line."""
    reduced = lines // _SUBSAMPLED_LINES + 1
    return np.linspace(start_s, end_s, reduced if reduced >= _LEAST_SAMPLES else lines + 1)


def _states(target, times_s, correction):
    states = np.array([spiceypy.spkez(target, time_s, "J2000", correction, _MOON)[0] for time_s in times_s])
    return States(times_s, states[:, :3], states[:, 3:])


def _orientation(frame, times_s, constant_frame=None):
    quaternions, velocities = [], []
    for time_s in times_s:
        state = spiceypy.sxform("J2000", frame, time_s)
        quaternions.append(spiceypy.m2q(np.ascontiguousarray(state[:3, :3])))
        velocities.append(spiceypy.xf2rav(state)[1])
    if constant_frame is None:
        return Orientation(times_s, quaternions, velocities)
    # Both signs give the same rotation; ALE writes this one for a body.
    return Orientation(
        times_s, np.negative(quaternions), velocities, spiceypy.pxform(frame, constant_frame, times_s[0])
    )
