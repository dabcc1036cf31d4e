"""The work of each program, done by the native engine."""

import os
import struct
from pathlib import Path

import numpy as np
import pvl
import rasterio

from imfmap.camera.projection import project
from imfmap.engines.isis.commands import ADJUSTMENTS, INTERPOLATIONS, PROJECTIONS
from imfmap.maps.alignment import offset_on
from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid
from imfmap.maps.image_layers import ImageLayer
from imfmap.mosaic.equalize import match_brightness
from imfmap.nac.calibration import calibrate, remove_echo
from imfmap.nac.camera import camera_from_cube, camera_from_isd
from imfmap.nac.cube import NacCube
from imfmap.nac.edr import read_edr
from imfmap.nac.photometry import normalise

from .command_line import Refused
from .cubefile import add_groups, add_object, add_table, change_pixels, write_cube

_PROJECTION_NAMES = {
    "EQUIRECTANGULAR": "Equirectangular",
    "POLARSTEREOGRAPHIC": "PolarStereographic",
    "SINUSOIDAL": "Sinusoidal",
    "ORTHOGRAPHIC": "Orthographic",
}
_FIRST_TRACKED = 3  # VALID_MINUI4: the first three 32-bit integers are special


def lronac2isis(given):
    edr = read_edr(given["from"])
    label = edr.label
    terms = "".join(f"    {axis}Terms = {getattr(label, f'{axis.lower()}term')}\n" for axis in "XMB")
    write_cube(
        given["to"],
        edr.image[np.newaxis],
        groups=f"""  Group = Instrument
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
""",
    )


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
    shape = given["model"] if given["shape"].upper() == "USER" else "Null"
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


def lronaccal(given):
    cube = NacCube(given["from"])
    if cube.radiometry is not None:
        raise Refused("This image has already been calibrated")
    image = calibrate(
        cube,
        Path(os.environ["ISISDATA"]) / "lro" / "calibration",
        darks=given["darkfiletype"].lower(),
        masked=_true(given["masked"]),
        dark=_true(given["dark"]),
        nonlinearity=_true(given["nonlinearity"]),
        flat=_true(given["flatfield"]),
        sun_distance_au=camera_from_cube(given["from"]).sun_distance_au,
        dark_file=given.get("darkfile"),
    )
    radiometry = "  Group = Radiometry\n    RadiometricType = IOF\n  End_Group\n"
    change_pixels(given["from"], given["to"], image, radiometry)


def lronacecho(given):
    cube = NacCube(given["from"])
    change_pixels(given["from"], given["to"], remove_echo(cube.image, cube.label))


def lronacpho(given):
    camera = camera_from_cube(given["from"])
    change_pixels(given["from"], given["to"], normalise(NacCube(given["from"]).image, camera, given["phopar"]))


def mosrange(given):
    lons, lats, sizes = [], [], []
    for path in _listed(given["fromlist"]):
        camera = camera_from_cube(path)
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
    camera = camera_from_cube(given["from"])
    image = project(NacCube(given["from"]).image, camera, grid, resampling)
    bands = "  Group = BandBin\n    FilterName = BroadBand\n  End_Group\n"
    write_cube(given["to"], image[np.newaxis], grid, bands)


def equalizer(given):
    paths, outs = _listed(given["fromlist"]), _listed(given["tolist"])
    method = next(name for name, theirs in ADJUSTMENTS.items() if theirs == given["adjust"].upper())
    datasets = [rasterio.open(path) for path in paths]
    grid = _union([MapGrid.of(dataset) for dataset in datasets])
    layers = [ImageLayer(dataset, "", dataset.name, offset_on(dataset, grid, "the mosaic")) for dataset in datasets]
    for path, out, change in zip(paths, outs, match_brightness(layers, grid, method), strict=True):
        change_pixels(path, out, change.apply(_read(path)))


def automos(given):
    paths = _listed(given["fromlist"])
    grids = []
    for path in paths:
        with rasterio.open(path) as cube:
            grids.append(MapGrid.of(cube))
    grid = _union(grids)
    values = np.full(grid.shape, np.nan, np.float32)
    total, count = np.zeros(grid.shape), np.zeros(grid.shape, np.float32)
    tracked = np.zeros(grid.shape, np.uint32)
    for number, (path, own) in enumerate(zip(paths, grids, strict=True)):
        row, column = np.rint(grid.rowcol(*own.xy(0, 0))).astype(int)
        window = np.s_[row : row + own.shape[0], column : column + own.shape[1]]
        pixels = _read(path)
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


def _listed(path):
    return Path(path).read_text().split()


def _read(path):
    with rasterio.open(path) as cube:
        pixels = cube.read(1)
    return np.where(pixels < -3.4e38, np.nan, pixels).astype(np.float32)


def _union(grids):
    edges = np.array([grid.bounds for grid in grids])
    bounds = (*edges[:, :2].min(axis=0), *edges[:, 2:].max(axis=0))
    return MapGrid.covering(grids[0].crs, bounds, grids[0].resolution_m)


def map_grid(mapping, given):
    """Return the grid of the map part that a command requests, with its corner where ISIS puts it."""
    name = next(ours for ours, theirs in PROJECTIONS.items() if theirs == str(mapping["ProjectionName"]).upper())
    lat, lon = float(mapping.get("CenterLatitude", 0.0)), float(mapping["CenterLongitude"])
    crs = body(mapping["TargetName"]).projected(name, lat, lon)
    west, east, south, north = (float(given[side]) for side in ("minlon", "maxlon", "minlat", "maxlat"))
    lons, lats = np.meshgrid(np.linspace(west, east, 99), np.linspace(south, north, 99))
    x, y = body(mapping["TargetName"]).to_lonlat(crs).transform(lons, lats, direction="INVERSE")
    resolution = mapping["PixelResolution"]
    return MapGrid.covering(crs, (x.min(), y.min(), x.max(), y.max()), float(getattr(resolution, "value", resolution)))
