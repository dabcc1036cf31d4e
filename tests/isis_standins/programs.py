"""The work of each program, done by the native engine."""

import os
import signal
import struct
from pathlib import Path

import numpy as np
import pvl
import rasterio

from imfmap.camera.projection import project
from imfmap.camera.shape_model import ShapeModel
from imfmap.core.errors import InputError
from imfmap.engines.isis.commands import INTERPOLATIONS
from imfmap.maps.grids import MapGrid
from imfmap.maps.isis_label import read_cube_label
from imfmap.nac.calibration import calibrate, remove_echo
from imfmap.nac.calibration_files import CalibrationFiles, read_column_cube
from imfmap.nac.camera import camera_from_cube, camera_from_isd
from imfmap.nac.cube import NacCube
from imfmap.nac.edr import read_edr
from imfmap.nac.photometry import normalise

from .command_line import Refused
from .cubefile import add_groups, add_object, add_table, change_pixels, nac_groups, read_pixels, write_cube
from .equalizing import equalizer
from .grids import map_grid, union
from .lists import listed

__all__ = ["equalizer"]

_PROJECTION_NAMES = {
    "EQUIRECTANGULAR": "Equirectangular",
    "POLARSTEREOGRAPHIC": "PolarStereographic",
    "SINUSOIDAL": "Sinusoidal",
    "ORTHOGRAPHIC": "Orthographic",
}
_FIRST_TRACKED = 3  # VALID_MINUI4: the first three 32-bit integers are special


def lronac2isis(given):
    edr = read_edr(given["from"])
    write_cube(given["to"], edr.image[np.newaxis], groups=nac_groups(edr.label))


def spiceinit(given):
    cube = NacCube(given["from"])
    isd = Path(os.environ["IMF_STANDIN_ISDS"]) / f"{cube.label.product_id}.json"
    if not isd.exists():
        raise Refused(f"No Camera Kernels found for the image [{given['from']}]")
    camera, path = camera_from_isd(isd), given["from"]
    prefix = f"INS{camera.instrument.naif_id}_"
    exposure_s = cube.label.exposure_ms / 1000.0
    keywords = {
        **camera.instrument.keywords,
        f"{prefix}MULTIPLI_LINE_ERROR": 0.0,
        f"{prefix}ADDITIVE_LINE_ERROR": camera.line_duration_s - exposure_s,
        f"{prefix}ADDITIONAL_PREROLL": 0,
        f"{prefix}CONSTANT_TIME_OFFSET": 0,
    }
    told = "".join(
        f"  {name} = {tuple(value) if isinstance(value, list) else repr(value)}\n" for name, value in keywords.items()
    )
    clock = struct.pack("<d", camera.start_et_s).hex()
    told += f"  CLOCK_ET_-85_{cube.label.preroll_clock}_COMPUTED = {clock}\n"
    shape = _shape(given)
    add_groups(path, f"  Group = Kernels\n    ShapeModel = {shape}\n  End_Group\n")
    for name, states in (("InstrumentPosition", camera.position), ("SunPosition", camera.sun)):
        columns = dict(zip(("J2000X", "J2000Y", "J2000Z"), states.positions_km.T, strict=True))
        if states.velocities_km_s is not None:
            columns |= dict(zip(("J2000XV", "J2000YV", "J2000ZV"), states.velocities_km_s.T, strict=True))
        cache = "Linear" if states.velocities_km_s is None else "HermiteSpline"
        add_table(path, name, {**columns, "ET": states.times_s}, f"  CacheType = {cache}\n")
    for name, orientation in (("InstrumentPointing", camera.pointing), ("BodyRotation", camera.body_rotation)):
        columns = {f"J2000Q{index}": orientation.quaternions[:, index] for index in range(4)}
        constant = orientation.constant_rotation
        words = "" if constant is None else f"  ConstantRotation = {tuple(constant.reshape(-1).tolist())}\n"
        add_table(path, name, {**columns, "ET": orientation.times_s}, words)
    add_object(path, f"Object = NaifKeywords\n{told}End_Object\n")


def _shape(given):
    """Shape model that spiceinit writes: for SYSTEM without one in ISISDATA, it leaves the sphere without a word."""
    if given["shape"].upper() == "SYSTEM":
        models = sorted((Path(os.environ["ISISDATA"]) / "base" / "dems").glob("*.cub"))
        return f"$base/dems/{models[-1].name}" if models else "Null"
    if given["shape"].upper() != "USER":
        return "Null"
    label = Path(given["model"]).read_bytes()[:65536]
    if b"IsisCube" not in label or b"ShapeModelStatistics" not in label:
        print(
            "Group = Kernels\n  NaifFrameCode = -85600\n"
            f'  Error = "Unable to open [{given["model"]}]. It has unidentified file architecture"\nEnd_Group'
        )
        raise Refused("Unable to initialize camera model")
    return given["model"]


def _camera(path):
    """Camera of a cube, or what ISIS says of a cube without SPICE."""
    try:
        return camera_from_cube(path)
    except InputError:
        raise Refused(
            "Unable to initialize camera model in Camera Factory.\n**ERROR** PVL Group [Kernels] does not exist"
        ) from None


def _heights(path):
    """Heights of the shape model that spiceinit wrote into a cube; 0 for the sphere."""
    shape = str(read_cube_label(path)["IsisCube"]["Kernels"]["ShapeModel"])
    if shape in ("Null", "None"):
        return 0.0
    return ShapeModel(shape.replace("$base", f"{os.environ['ISISDATA']}/base"))


def lronaccal(given):
    cube = NacCube(given["from"])
    camera = _camera(given["from"])
    folder, dark = Path(os.environ["ISISDATA"]) / "lro" / "calibration", _true(given["dark"])
    files = CalibrationFiles.of(folder, cube.label)
    if dark and given["darkfiletype"].upper() == "CUSTOM":
        # ISIS takes a dark of another width without a word.
        dark = read_column_cube(given["darkfile"]).size == cube.label.samples
    elif dark:
        try:
            files.dark_times(cube.label.exposure_code == 0)
        except InputError:
            if given["darkfiletype"].upper() == "NEAREST":
                os.kill(os.getpid(), signal.SIGSEGV)
            name = files.dark_stem("*", cube.label.exposure_code == 0)
            raise Refused(f"Could not find any dark file of type {name}.????.cub") from None
    if cube.radiometry is not None:
        raise Refused("This image has already been calibrated")
    image = calibrate(
        cube,
        folder,
        darks=given["darkfiletype"].lower(),
        masked=_true(given["masked"]),
        dark=dark,
        nonlinearity=_true(given["nonlinearity"]),
        flat=_true(given["flatfield"]),
        sun_distance_au=camera.sun_distance_au,
        dark_file=given.get("darkfile"),
    )
    radiometry = "  Group = Radiometry\n    RadiometricType = IOF\n  End_Group\n"
    change_pixels(given["from"], given["to"], image, radiometry)


def lronacecho(given):
    cube = NacCube(given["from"])
    change_pixels(given["from"], given["to"], remove_echo(cube.image, cube.label))


def lronacpho(given):
    camera = _camera(given["from"])
    if "PhotometricModel" not in Path(given["phopar"]).read_text():
        raise Refused("Unable to find PVL object [PhotometricModel] in file [" + given["phopar"] + "]")
    change_pixels(given["from"], given["to"], normalise(NacCube(given["from"]).image, camera, given["phopar"]))


def mosrange(given):
    lons, lats, sizes = [], [], []
    for path in listed(given["fromlist"]):
        camera = _camera(path)
        samples = [0.5, camera.samples / 2, camera.samples + 0.5]
        line, sample = np.meshgrid(np.linspace(0.5, camera.lines + 0.5, 99), samples)
        lon, lat = camera.image_to_ground(line, sample)
        lons.append((lon + 180.0) % 360.0 - 180.0 if given["londom"] == "180" else lon)
        lats.append(lat)
        sizes.append(camera.ground_resolution_m(line, sample))
    lon, lat, size = (np.concatenate([part.ravel() for part in parts]) for parts in (lons, lats, sizes))
    Path(given["to"]).write_text(
        f"""Group = Mapping
  LongitudeDomain = {given["londom"]}
  PixelResolution = {size.mean()} <meters/pixel>
  MinPixelResolution = {size.min()} <meters/pixel>
  MaxPixelResolution = {size.max()} <meters/pixel>
  MinimumLatitude = {lat.min()}
  MaximumLatitude = {lat.max()}
  MinimumLongitude = {lon.min()}
  MaximumLongitude = {lon.max()}
End_Group
End
"""
    )


def maptemplate(given):
    words = {
        "ProjectionName": _PROJECTION_NAMES[given["projection"].upper()],
        "CenterLongitude": given["clon"],
        "CenterLatitude": given.get("clat"),
        "TargetName": given["targetname"],
        "EquatorialRadius": f"{given['eqradius']} <meters>",
        "PolarRadius": f"{given['polradius']} <meters>",
        "LatitudeType": "Planetocentric",
        "LongitudeDirection": "PositiveEast",
        "LongitudeDomain": given["londom"],
        "MinimumLatitude": given["minlat"],
        "MaximumLatitude": given["maxlat"],
        "MinimumLongitude": given["minlon"],
        "MaximumLongitude": given["maxlon"],
        "PixelResolution": f"{given['resolution']} <meters/pixel>",
    }
    told = "".join(f"  {name} = {value}\n" for name, value in words.items() if value is not None)
    Path(given["map"]).write_text(f"Group = Mapping\n{told}End_Group\nEnd\n")


def cam2map(given):
    grid = map_grid(pvl.load(given["map"])["Mapping"], given)
    resampling = next(name for name, theirs in INTERPOLATIONS.items() if theirs == given["interp"].upper())
    camera = _camera(given["from"])
    image = project(NacCube(given["from"]).image, camera, grid, resampling, _heights(given["from"]))
    bands = "  Group = BandBin\n    FilterName = BroadBand\n  End_Group\n"
    write_cube(given["to"], image[np.newaxis], grid, bands)


def automos(given):
    paths = listed(given["fromlist"])
    grids = []
    for path in paths:
        with rasterio.open(path) as cube:
            grids.append(MapGrid.of(cube))
    grid = union(grids)
    values = np.full(grid.shape, np.nan, np.float32)
    total, count = np.zeros(grid.shape), np.zeros(grid.shape, np.float32)
    tracked = np.zeros(grid.shape, np.uint32)
    for number, (path, own) in enumerate(zip(paths, grids, strict=True)):
        row, column = np.rint(grid.rowcol(*own.xy(0, 0))).astype(int)
        window = np.s_[row : row + own.shape[0], column : column + own.shape[1]]
        pixels = read_pixels(path)
        taken = np.isnan(values[window])
        if given["priority"].upper() == "ONTOP":
            taken |= np.isfinite(pixels)
        values[window][taken] = pixels[taken]
        # As in ISIS, also for pixels without data.
        tracked[window][taken] = _FIRST_TRACKED + number
        total[window] += np.nan_to_num(pixels)
        count[window] += np.isfinite(pixels)
    if given["priority"].upper() == "AVERAGE":
        average = np.divide(total, count, out=np.full(grid.shape, np.nan), where=count > 0)
        write_cube(given["mosaic"], np.stack([average, count]).astype(np.float32), grid)
        return
    write_cube(given["mosaic"], values[np.newaxis], grid)
    if _true(given["track"]):
        mosaic = Path(given["mosaic"])
        tracking = mosaic.with_name(f"{mosaic.stem}_tracking.cub")
        write_cube(tracking, tracked[np.newaxis], grid)
        names = [Path(path).name for path in paths]
        pixel_values = np.arange(_FIRST_TRACKED, _FIRST_TRACKED + len(paths), dtype=np.int32)
        columns = {"FileName": names, "SerialNumber": names, "PixelValue": pixel_values}
        add_table(tracking, "InputImages", columns)
        add_groups(mosaic, f"  Group = Tracking\n    FileName = {tracking.name}\n  End_Group\n")


def _true(text):
    return text.lower() in ("yes", "true", "y", "t")
