"""ISDs (image support data): the JSON files in which ALE and the USGS tools exchange cameras (line scanner model)."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..camera.ephemeris import Orientation, States
from ..camera.instrument import Instrument, instrument_of
from ..core.errors import InputError
from ..core.files import replacing
from ..core.jsonfiles import parse_json
from ..core.product_ids import check_name, named_product
from ..maps.bodies import BODIES
from .label import NAIF_IDS, product_of

if TYPE_CHECKING:
    from ..camera.line_scan import LineScanCamera

MODEL = "USGS_ASTRO_LINE_SCANNER_SENSOR_MODEL"
_DISTORTION = "lrolrocnac"
_SENSOR = "LUNAR RECONNAISSANCE ORBITER NARROW ANGLE CAMERA"
MAKE_AGAIN = "make the ISD again, with ALE or from the kernels"
# NAIF frame codes; those of the Moon are from moon_080317.tf and moon_assoc_me.tf.
_J2000, _LRO_BUS, _MOON_ME, _MOON_PA, _MOON_ME_DE421 = 1, -85000, 31001, 31006, 31007
_RADIUS_TOLERANCE_KM = 0.001


def read_isd(path: str | Path) -> dict[str, Any]:
    """Read the arguments of `line_scan.LineScanCamera` from an ISD.

    Parameters
    ----------
    path : path
        ISD of a NAC image, as ALE writes it. If it does not name its product, the file's name does.

    Returns
    -------
    dict

    Raises
    ------
    InputError
        If the file is no ISD, is of another instrument or body than a NAC and the Moon, or of another product than its
        name says.
    KeyError, TypeError, ValueError, ...
        If a value is missing, or of the wrong type. `camera.camera_from_isd` makes an InputError of them.
    """
    try:
        text = Path(path).read_bytes()
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", "check the path") from None
    isd = parse_json(text, path, MAKE_AGAIN)
    if not isinstance(isd, dict):
        raise InputError(path, "is no ISD", MAKE_AGAIN)
    distortion = isd.get("optical_distortion")
    if isd.get("name_model") != MODEL or not isinstance(distortion, dict) or _DISTORTION not in distortion:
        found = f"sensor {isd.get('name_sensor')}, model {isd.get('name_model')}"
        raise InputError(path, f"is no ISD of a NAC ({found})", "give the ISD of this NAC image")
    return _camera_arguments(isd, path)


def _camera_arguments(isd, path):
    if len(isd["line_scan_rate"]) != 1:
        raise InputError(path, f"has {len(isd['line_scan_rate'])} line rates", "NAC images have one")
    body = _body(isd["radii"], path)
    product_id = str(isd.get("image_identifier", product_of(path)))
    if named_product(product_id) is not None:
        check_name(path, product_id)
    return {
        "product_id": product_id,
        "lines": int(isd["image_lines"]),
        "samples": int(isd["image_samples"]),
        "start_et_s": float(isd["starting_ephemeris_time"]),
        "line_duration_s": float(isd["line_scan_rate"][0][2]),
        "position": States(*_columns(isd["instrument_position"], "positions", "velocities")),
        "pointing": Orientation(
            *_columns(isd["instrument_pointing"], "quaternions", "angular_velocities", "constant_rotation")
        ),
        "body_rotation": Orientation(
            *_columns(isd["body_rotation"], "quaternions", "angular_velocities", "constant_rotation")
        ),
        "sun": States(*_columns(isd["sun_position"], "positions", "velocities")),
        "instrument": _instrument(isd, path),
        "summing": float(isd["detector_sample_summing"]),
        "first_sample": float(isd["starting_detector_sample"]),
        "body_name": body.name,
    }


def _body(radii, path):
    scale = {"km": 1.0, "m": 1e-3}[radii["unit"]]
    axes_km = scale * np.array([radii["semimajor"], radii["semiminor"]])
    for body in BODIES.values():
        if np.abs(axes_km - body.radius_m / 1000.0).max() < _RADIUS_TOLERANCE_KM:
            return body
    known = ", ".join(f"{body.name} {body.radius_m / 1000.0:g} km" for body in BODIES.values())
    raise InputError(path, f"its body has radii {axes_km[0]:g} and {axes_km[1]:g} km", f"known spheres: {known}")


def _instrument(isd, path):
    """Return the instrument, if possible from the kernels' keywords: the ISD's own matrix is a rounded inverse."""
    keywords = isd.get("naif_keywords", {})
    for naif_id in NAIF_IDS.values():
        if f"INS{naif_id}_TRANSY" in keywords:
            return instrument_of(naif_id, keywords, path)
    right = "RIGHT" in str(isd["name_sensor"]).upper()
    inverse = np.array([isd["focal2pixel_samples"], isd["focal2pixel_lines"]], float)
    matrix = np.linalg.inv(inverse[:, 1:])
    offset = -matrix @ inverse[:, 0]
    return Instrument(
        NAIF_IDS["right" if right else "left"],
        float(isd["focal_length_model"]["focal_length"]),
        float(np.abs(matrix).max()),
        float(isd["detector_center"]["sample"]) + 0.5,
        float(isd["detector_center"]["line"]),
        (offset[0], *matrix[0]),
        (offset[1], *matrix[1]),
        float(isd["optical_distortion"][_DISTORTION]["coefficients"][0]),
    )


def _columns(table, needed, *optional):
    """Return the times and the columns of a table; None for an optional column that is missing."""
    return table["ephemeris_times"], table[needed], *map(table.get, optional)


def write_isd(camera: "LineScanCamera", path: str | Path) -> None:
    """Write a camera as an ISD.

    Parameters
    ----------
    camera : line_scan.LineScanCamera
    path : path
    """
    instrument = camera.instrument
    side = next(name for name, naif_id in NAIF_IDS.items() if naif_id == instrument.naif_id)
    centre_et_s = (camera.start_et_s + (camera.start_et_s + camera.lines * camera.line_duration_s)) / 2.0
    radius_km = camera.body.radius_m / 1000.0
    isd = {
        "isis_camera_version": 2,
        "image_identifier": camera.product_id,
        "image_lines": camera.lines,
        "image_samples": camera.samples,
        "name_platform": "LUNAR RECONNAISSANCE ORBITER",
        "name_sensor": f"{_SENSOR} {side.upper()}",
        "reference_height": {"maxheight": 1000, "minheight": -1000, "unit": "m"},
        "name_model": MODEL,
        "interpolation_method": "lagrange",
        "line_scan_rate": [[0.5, camera.start_et_s - centre_et_s, camera.line_duration_s]],
        "starting_ephemeris_time": camera.start_et_s,
        "center_ephemeris_time": centre_et_s,
        "radii": {"semimajor": radius_km, "semiminor": radius_km, "unit": "km"},
        "body_rotation": _body_json(camera.body_rotation),
        "instrument_pointing": _orientation_json(
            camera.pointing, [instrument.naif_id, _LRO_BUS, _J2000], [instrument.naif_id]
        ),
        "naif_keywords": {"BODY301_RADII": [radius_km] * 3, "BODY_FRAME_CODE": _MOON_ME, **instrument.keywords},
        "detector_sample_summing": float(camera.summing),
        "detector_line_summing": 1,
        "focal_length_model": {"focal_length": instrument.focal_length_mm},
        "detector_center": {"line": instrument.boresight_line, "sample": instrument.boresight_sample - 0.5},
        "focal2pixel_lines": instrument.from_focal[1].tolist(),
        "focal2pixel_samples": instrument.from_focal[0].tolist(),
        "optical_distortion": {_DISTORTION: {"coefficients": [instrument.distortion]}},
        "starting_detector_line": 0,
        "starting_detector_sample": float(camera.first_sample),
        "instrument_position": _states_json(camera.position),
        "sun_position": _states_json(camera.sun),
    }
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(isd, indent=1))


def _states_json(states):
    table = _times_json("spk", states.times_s)
    table["positions"] = states.positions_km.tolist()
    if states.velocities_km_s is not None:
        table["velocities"] = states.velocities_km_s.tolist()
    return table


def _body_json(orientation):
    if orientation.constant_rotation is None:
        return _orientation_json(orientation, [_MOON_ME, _J2000], [_MOON_ME])
    return _orientation_json(orientation, [_MOON_PA, _J2000], [_MOON_ME, _MOON_ME_DE421, _MOON_PA])


def _orientation_json(orientation, time_dependent_frames, constant_frames):
    table = _times_json("ck", orientation.times_s)
    table["time_dependent_frames"] = time_dependent_frames
    table["constant_frames"] = constant_frames
    table["quaternions"] = orientation.quaternions.tolist()
    if orientation.angular_velocities is not None:
        table["angular_velocities"] = orientation.angular_velocities.tolist()
    constant = np.eye(3) if orientation.constant_rotation is None else orientation.constant_rotation
    table["constant_rotation"] = constant.reshape(-1).tolist()
    return table


def _times_json(kind, times_s):
    return {
        f"{kind}_table_start_time": times_s[0],
        f"{kind}_table_end_time": times_s[-1],
        f"{kind}_table_original_size": len(times_s),
        "ephemeris_times": times_s.tolist(),
        "reference_frame": _J2000,
    }
