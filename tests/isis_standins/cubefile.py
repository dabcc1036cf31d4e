"""ISIS cubes: GDAL writes and reads the pixels, this module labels and tables."""

import shutil
import warnings
from pathlib import Path

import numpy as np
import rasterio
from rasterio.errors import NotGeoreferencedWarning

NULL = np.float32(-3.4028226550889045e38)
_LABEL_BYTES = 65536
_TYPES = {"Double": ("<f8", 8), "Integer": ("<i4", 4)}

warnings.simplefilter("ignore", NotGeoreferencedWarning)


def write_cube(path, bands, grid=None, groups=""):
    """Write bands (count, lines, samples; NaN for Null), with the text of further groups of object IsisCube."""
    bands, tracked = np.asarray(bands), np.asarray(bands).dtype == np.uint32
    if tracked:
        # GDAL cannot write 32-bit integers. Their bits are written as reals, and the label gets the true type.
        bands = bands.view(np.float32)
    elif bands.dtype.kind == "f":
        bands = np.where(np.isnan(bands), NULL, bands).astype(np.float32)
    placed = {} if grid is None else {"crs": grid.crs.to_wkt(), "transform": grid.transform}
    profile = {"driver": "ISIS3", "count": len(bands), "dtype": bands.dtype.name, **placed}
    with rasterio.open(path, "w", height=bands.shape[1], width=bands.shape[2], **profile) as out:
        out.write(bands)
    add_groups(path, groups)
    if tracked:
        _edit_label(path, lambda label: label.replace("= Real", "= UnsignedInteger"))


def change_pixels(source, path, image, groups=""):
    """Write a copy of a cube, with label and tables, with other pixels and further groups."""
    shutil.copyfile(source, path)
    data = np.memmap(path, np.float32, "r+", offset=_LABEL_BYTES, shape=image.shape)
    data[:] = np.where(np.isnan(image), NULL, image)
    data.flush()
    add_groups(path, groups)


def nac_groups(label):
    """Groups of IsisCube that lronac2isis makes of the label of an EDR."""
    terms = "".join(f"    {axis}Terms = {getattr(label, f'{axis.lower()}term')}\n" for axis in "XMB")
    return f"""  Group = Instrument
    InstrumentId = {label.prefix}
    FrameId = {label.camera.upper()}
    TargetName = Moon
    StartTime = {label.start_time}
    StopTime = {label.stop_time}
    SpacecraftClockPrerollCount = {label.preroll_clock}
    SpacecraftClockStartCount = {label.start_clock}
    LineExposureDuration = {label.exposure_ms!r} <ms>
    SpatialSumming = {label.summing}
    SampleFirstPixel = 0
  End_Group
  Group = Archive
    ProductId = {label.product_id}
    ProductVersionId = v{label.version}
    LineExposureCode = {label.exposure_code}
{terms}  End_Group
  Group = BandBin
    FilterName = BroadBand
  End_Group
"""


def read_pixels(path):
    """Pixels of a cube of one band, NaN for special ones."""
    with rasterio.open(path) as cube:
        pixels = cube.read(1)
    return np.where(pixels < -3.4e38, np.nan, pixels).astype(np.float32)


def spoil(path, kind):
    """Leave a cube that holds nothing (NULL), nothing but zeros (ZERO), or half of its lines (SIZE)."""
    with rasterio.open(path) as cube:
        image = cube.read()
    if kind == "SIZE":
        write_cube(path, image[:, : image.shape[1] // 2])
    else:
        write_cube(path, np.full(image.shape, np.nan if kind == "NULL" else 0.0, np.float32))


def add_groups(path, text):
    """Add groups to the object IsisCube of a cube."""
    end = "End_Object\n\nObject = Label"
    _edit_label(path, lambda label: label.replace(end, text + end))


def add_object(path, text):
    """Add an object at the end of a cube's label."""
    _edit_label(path, lambda label: label[: label.rindex("\nEnd")] + f"\n{text}End\n")


def add_table(path, name, columns, keywords=""):
    """Add a table to a cube.

    Parameters
    ----------
    columns : dict
        Values by field name: numbers (stored as doubles), whole numbers (as integers) or texts.
    """
    fields, parts = [], []
    for field, values in columns.items():
        values = np.asarray(values)
        kind = {"f": "Double", "i": "Integer"}.get(values.dtype.kind, "Text")
        size = 1
        if kind == "Text":
            values = values.astype("S")
            size = values.dtype.itemsize
        fields.append(f"  Group = Field\n    Name = {field}\n    Type = {kind}\n    Size = {size}\n  End_Group\n")
        parts.append((field, _TYPES[kind][0] if kind in _TYPES else f"S{size}", values))
    records = np.zeros(len(parts[0][2]), [(field, kind) for field, kind, _ in parts])
    for field, _, values in parts:
        records[field] = values
    start = Path(path).stat().st_size + 1
    with open(path, "ab") as file:
        file.write(records.tobytes())
    add_object(
        path,
        f"Object = Table\n  Name = {name}\n  StartByte = {start}\n  Bytes = {records.nbytes}\n"
        f"  Records = {len(records)}\n  ByteOrder = Lsb\n{keywords}{''.join(fields)}End_Object\n",
    )


def _edit_label(path, change):
    with open(path, "r+b") as file:
        label = change(file.read(_LABEL_BYTES).rstrip(b"\0").decode()).encode()
        assert len(label) <= _LABEL_BYTES
        file.seek(0)
        file.write(label.ljust(_LABEL_BYTES, b"\0"))
