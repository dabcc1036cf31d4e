"""Small NAC images for tests: labels, cubes and calibration files that fit the cameras of `camera_factory`."""

import numpy as np
import rasterio

from imfmap.camera.times import ephemeris_time, utc_of
from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid
from imfmap.nac.label import FULL_SAMPLES
from tests.helpers.camera_factory import START_ET_S

START = utc_of(START_ET_S)
START_S = int(ephemeris_time(START))
DAY_S = 86400
EXPOSURE_MS = 0.36
FIELDS = {
    "PRODUCT_ID": "M900000001LE",
    "FRAME_ID": "LEFT",
    "LRO:PREROLL_TIME": utc_of(START_ET_S - 0.370),
    "START_TIME": START,
    "STOP_TIME": utc_of(START_ET_S + 0.1),
    "LRO:SPACECRAFT_CLOCK_PREROLL_COUNT": "1/311000799:63569",
    "SPACECRAFT_CLOCK_START_COUNT": "1/311000800:22516",
    "SPACECRAFT_CLOCK_STOP_COUNT": "1/311000800:29069",
    "LINE_EXPOSURE_DURATION": EXPOSURE_MS,
    "LRO:LINE_EXPOSURE_CODE": 3,
}
RESPONSIVITY = {"Radiance_LEFT": 28.8, "Radiance_RIGHT": 28.1, "IOF_LEFT": 15869.0, "IOF_RIGHT": 15431.0}
MASKED = {1: (*range(12, 36), *range(5046, 5062)), 2: (*range(6, 18), *range(2523, 2531))}


def fields(side="left", summing=1, **changes):
    """Return the label fields of an image of a camera."""
    letter = side[0].upper()
    changed = {"PRODUCT_ID": f"M900000001{letter}E", "FRAME_ID": side.upper(), "CROSSTRACK_SUMMING": summing}
    return {**FIELDS, **changed, **changes}


def grid_over(camera, resolution_m, rows, columns):
    """Return a grid around the middle of a camera's image."""
    lon, lat = camera.image_to_ground(camera.lines / 2, camera.samples / 2)
    lon, lat = float(lon), float(lat)
    crs = body("moon").projected("equirectangular", lat, lon)
    return MapGrid.centred(crs, lon, lat, columns * resolution_m, rows * resolution_m, resolution_m)


def write_column_cube(path, values):
    """Write an ISIS cube of one line."""
    path.parent.mkdir(exist_ok=True)
    with rasterio.open(path, "w", driver="ISIS3", height=1, width=len(values), count=1, dtype="float32") as dataset:
        dataset.write(np.asarray(values, np.float32)[np.newaxis], 1)


def write_image_cube(path, image, label, groups="", pixel_type="Real"):
    """Write an ISIS cube of a NAC image with the label of lronac2isis; `groups` is the text of further groups."""
    lines, samples = image.shape
    terms = "\n".join(f"{axis}Terms = {getattr(label, f'{axis.lower()}term')}" for axis in "XMB")
    text = f"""Object = IsisCube
  Object = Core
    StartByte = 65537
    Format = BandSequential
    Group = Dimensions
      Samples = {samples}
      Lines = {lines}
      Bands = 1
    End_Group
    Group = Pixels
      Type = {pixel_type}
      ByteOrder = Lsb
      Base = 0.0
      Multiplier = 1.0
    End_Group
  End_Object
  Group = Instrument
    InstrumentId = {label.prefix}
    FrameId = {label.camera.upper()}
    StartTime = {label.start_time}
    StopTime = {label.stop_time}
    SpacecraftClockPrerollCount = {label.preroll_clock}
    SpacecraftClockStartCount = {label.start_clock}
    LineExposureDuration = {label.exposure_ms} <ms>
    SpatialSumming = {label.summing}
    SampleFirstPixel = 0
  End_Group
  Group = Archive
    ProductId = {label.product_id}
    ProductVersionId = v{label.version}
    LineExposureCode = {label.exposure_code}
    {terms}
  End_Group
  {groups}
End_Object
Object = Label
  Bytes = 65536
End_Object
End
"""
    path.write_bytes(text.encode().ljust(65536, b"\0") + np.ascontiguousarray(image).tobytes())


class CalibrationSet:
    """A calibration directory for one kind of image, and its content."""

    def __init__(self, directory, camera="left", summing=1, exp0=False, darks_days=(-10, 20), seed=5):
        rng = np.random.default_rng(seed)
        samples = FULL_SAMPLES // summing
        self.directory = directory
        directory.mkdir(exist_ok=True)
        self.prefix = "NACL" if camera == "left" else "NACR"
        self.variant = "_Summed" if summing == 2 else ""
        self.exp0 = exp0
        self.flat = rng.uniform(0.9, 1.1, samples).astype(np.float32)
        self.offsets = rng.uniform(20, 40, samples).astype(np.float32)
        self.coefficients = np.column_stack(
            [rng.uniform(0.012, 0.014, 5064), rng.uniform(1.006, 1.007, 5064), rng.uniform(0.05, 0.06, 5064)]
        )
        self.darks = {}
        for days in darks_days:
            self.add_dark(START_S + days * DAY_S, rng.uniform(15, 25, samples).astype(np.float32))
        write_column_cube(directory / f"{self.prefix}_Flatfield{self.variant}.0001.cub", self.flat)
        write_column_cube(directory / f"{self.prefix}_LinearizationOffsets{self.variant}.0001.cub", self.offsets)
        rows = "\n".join(" ".join(f"{value:.10g}" for value in row) for row in self.coefficients)
        (directory / f"{self.prefix}_LinearizationCoefficients.0001.txt").write_text(rows + "\n")
        self.coefficients = np.array([row.split() for row in rows.split("\n")], float)
        lists = f"FullResolution = {MASKED[1]}\nSummed = {MASKED[2]}\nEnd\n"
        (directory / f"{self.prefix}_MaskedPixels.0001.pvl").write_text(lists)
        numbers = "".join(f"{key} = {value}\n" for key, value in RESPONSIVITY.items())
        (directory / "NAC_RadiometricResponsivity.0001.pvl").write_text(numbers + "End\n")

    def add_dark(self, time_s, values, version=1):
        """Add an average dark with a time."""
        exp0 = "_exp0" if self.exp0 else ""
        name = f"{self.prefix}_AverageDarks_{time_s}T{self.variant}{exp0}.{version:04d}.cub"
        write_column_cube(self.directory / "nac_darks" / name, values)
        self.darks[time_s] = np.asarray(values, float)
