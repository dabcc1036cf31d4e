"""Writing EDRs in the form of the LROC archive, for simulated images."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..core.checksums import md5_of_bytes
from ..core.errors import InputError
from ..core.files import replacing

_QUALITY = (
    "Eight flags, 1 where true. Bit 1: focal plane array out of its temperature bounds. Bit 2: threshold of saturated "
    "pixels reached. Bit 3: threshold of under-saturated pixels reached. Bit 4: telemetry packets missing. "
    "Bit 5: SPICE bad or missing. Bit 6: observation or housekeeping information bad or missing. Bits 7 and 8: spare."
)

# Keyword, format of its value, default value (None: the caller must give it).
_SECTIONS = {
    "FILE CHARACTERISTICS": (
        ("RECORD_TYPE", "{}", "FIXED_LENGTH"),
        ("RECORD_BYTES", "{}", None),
        ("FILE_RECORDS", "{}", None),
        ("LABEL_RECORDS", "{}", None),
        ("^IMAGE", "{}", None),
    ),
    "DATA IDENTIFICATION": (
        ("DATA_SET_ID", '"{}"', "LRO-L-LROC-2-EDR-V1.0"),
        ("ORIGINAL_PRODUCT_ID", "{}", "simulated"),
        ("PRODUCT_ID", "{}", None),
        ("MISSION_NAME", '"{}"', "LUNAR RECONNAISSANCE ORBITER"),
        ("MISSION_PHASE_NAME", '"{}"', "SIMULATION"),
        ("INSTRUMENT_HOST_NAME", '"{}"', "LUNAR RECONNAISSANCE ORBITER"),
        ("INSTRUMENT_HOST_ID", "{}", "LRO"),
        ("INSTRUMENT_NAME", '"{}"', "LUNAR RECONNAISSANCE ORBITER CAMERA"),
        ("INSTRUMENT_ID", "{}", "LROC"),
        ("LRO:PREROLL_TIME", "{}", None),
        ("START_TIME", "{}", None),
        ("STOP_TIME", "{}", None),
        ("LRO:SPACECRAFT_CLOCK_PREROLL_COUNT", '"{}"', None),
        ("SPACECRAFT_CLOCK_START_COUNT", '"{}"', None),
        ("SPACECRAFT_CLOCK_STOP_COUNT", '"{}"', None),
        ("ORBIT_NUMBER", "{}", 0),
        ("PRODUCER_ID", "{}", "SIMULATION"),
        ("PRODUCT_CREATION_TIME", "{}", "2025-01-01T00:00:00"),
        ("PRODUCER_INSTITUTION_NAME", '"{}"', "SIMULATION"),
        ("PRODUCT_TYPE", "{}", "EDR"),
        ("PRODUCT_VERSION_ID", '"{}"', "v1.8"),
        ("UPLOAD_ID", '"{}"', "SIMULATION"),
    ),
    "DATA DESCRIPTION": (
        ("TARGET_NAME", '"{}"', "MOON"),
        ("RATIONALE_DESC", '"{}"', "SIMULATED IMAGE"),
        ("FRAME_ID", "{}", None),
        ("DATA_QUALITY_ID", '"{}"', "0"),
        ("DATA_QUALITY_DESC", '"{}"', _QUALITY),
    ),
    "ENVIRONMENT": (
        ("LRO:TEMPERATURE_SCS", "{} <degC>", 3.88),
        ("LRO:TEMPERATURE_FPA", "{} <degC>", 17.73),
        ("LRO:TEMPERATURE_FPGA", "{} <degC>", -12.94),
        ("LRO:TEMPERATURE_TELESCOPE", "{} <degC>", 8.89),
        ("LRO:TEMPERATURE_SCS_RAW", "{}", 2770),
        ("LRO:TEMPERATURE_FPA_RAW", "{}", 2115),
        ("LRO:TEMPERATURE_FPGA_RAW", "{}", 3440),
        ("LRO:TEMPERATURE_TELESCOPE_RAW", "{}", 2536),
    ),
    "IMAGING PARAMETERS": (
        ("CROSSTRACK_SUMMING", "{}", 1),
        ("BANDWIDTH", "{} <nm>", 300),
        ("CENTER_FILTER_WAVELENGTH", "{} <nm>", 600),
        ("LINE_EXPOSURE_DURATION", "{:.6f} <ms>", None),
        ("LRO:LINE_EXPOSURE_CODE", "{}", None),
        ("LRO:DAC_RESET_LEVEL", "{}", 198),
        ("LRO:CHANNEL_A_OFFSET", "{}", 40),
        ("LRO:CHANNEL_B_OFFSET", "{}", 104),
        ("LRO:COMPAND_CODE", "{}", 0),
        ("LRO:LINE_CODE", "{}", 51),
        ("LRO:BTERM", "({})", (0, 8, 25, 59, 128)),
        ("LRO:MTERM", "({})", (0.5, 0.25, 0.125, 0.0625, 0.03125)),
        ("LRO:XTERM", "({})", (0, 32, 136, 543, 2207)),
        ("LRO:COMPRESSION_FLAG", "{}", 1),
        ("LRO:MODE", "{}", 7),
    ),
}
_LAYOUT = ("RECORD_BYTES", "FILE_RECORDS", "LABEL_RECORDS", "^IMAGE")


def write_edr(path: str | Path, codes: np.ndarray, label_fields: Mapping[str, Any]) -> None:
    """Write an EDR: an attached label, then the lines. The label is padded to whole records; a record is a line long.

    Parameters
    ----------
    path : path
    codes : ndarray
        (lines, samples) uint8, as the archive stores them (right frames below v1.3 are mirrored).
    label_fields : mapping
        Values by PDS3 keyword. Required: PRODUCT_ID, FRAME_ID (LEFT or RIGHT), LRO:PREROLL_TIME, START_TIME, STOP_TIME,
        LRO:SPACECRAFT_CLOCK_PREROLL_COUNT, SPACECRAFT_CLOCK_START_COUNT, SPACECRAFT_CLOCK_STOP_COUNT,
        LINE_EXPOSURE_DURATION (ms) and LRO:LINE_EXPOSURE_CODE. All other keywords have defaults; layout, size
        and MD5 follow from `codes`.

    Raises
    ------
    InputError
        If a required keyword is missing, or a NAC label has no such keyword.
    """
    codes = np.ascontiguousarray(codes, np.uint8)
    lines, samples = codes.shape
    known = {keyword for section in _SECTIONS.values() for keyword, _, _ in section} - set(_LAYOUT)
    unknown = sorted(set(label_fields) - known)
    if unknown:
        raise InputError(path, f"a NAC label has no keyword {unknown[0]}", f"known: {', '.join(sorted(known))}")
    md5 = md5_of_bytes(codes)
    label_records = 1
    while True:
        layout = (samples, lines + label_records, label_records, label_records + 1)
        fields = {**label_fields, **dict(zip(_LAYOUT, layout, strict=True))}
        text = _label(path, fields, lines, samples, md5).encode("ascii")
        needed = -(-len(text) // samples)
        if needed <= label_records:
            break
        label_records = needed
    with replacing(path) as temporary, open(temporary, "wb") as file:
        file.write(text.ljust(label_records * samples))
        file.write(codes)


def _label(path, fields, lines, samples, md5):
    text = [_line("PDS_VERSION_ID", "PDS3")]
    for title, section in _SECTIONS.items():
        text += ["", f"/*{title}*/"]
        for keyword, form, default in section:
            value = fields.get(keyword, default)
            if value is None:
                raise InputError(path, f"cannot be written without a value for {keyword}", "give it in label_fields")
            value = ", ".join(map(str, value)) if isinstance(value, (tuple, list)) else value
            text.append(_line(keyword, form.format(value)))
    text += [
        "",
        "/*DATA OBJECT*/",
        _line("OBJECT", "IMAGE"),
        _line("    LINES", lines),
        _line("    LINE_SAMPLES", samples),
        _line("    SAMPLE_BITS", 8),
        _line("    SAMPLE_TYPE", "LSB_INTEGER"),
        _line("    UNIT", '"RAW_INSTRUMENT_COUNT"'),
        _line("    MD5_CHECKSUM", f'"{md5}"'),
        _line("END_OBJECT", "IMAGE"),
        "END",
        "",
    ]
    return "\r\n".join(text)


def _line(keyword, value):
    return f"{keyword:<34} = {value}"
