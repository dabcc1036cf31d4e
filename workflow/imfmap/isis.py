"""ISIS programs, called through pysis, and what passes between them and this workflow."""

import logging

import numpy as np
import pvl
from rasterio.windows import Window

from .errors import InputError
from .grids import MapGrid
from .rasters import BLOCK, create_raster, open_raster

log = logging.getLogger(__name__)

PROJECTIONS = {
    "equirectangular": "Equirectangular",
    "polar_stereographic": "PolarStereographic",
    "sinusoidal": "Sinusoidal",
    "orthographic": "Orthographic",
}
INTERPOLATIONS = {"nearest": "nearestneighbor", "bilinear": "bilinear", "cubic": "cubicconvolution"}


def run(program, **parameters):
    """Run an ISIS program.

    Parameters
    ----------
    program : str
        Its name, e.g. ``lronaccal``.
    **parameters
        The program's own parameters; ``from_`` stands for ``from``.

    Raises
    ------
    InputError
        Where ISIS is not there, or the program fails: with the program's own first error.
    """
    from pysis.exceptions import ProcessError  # here, since pysis looks for ISIS as it is imported
    from pysis.isiscommand import Isis

    log.info("%s %s", program, " ".join(f"{key.rstrip('_')}={value}" for key, value in parameters.items()))
    try:
        log.info("%s", getattr(Isis(), program)(**parameters).decode(errors="replace"))
    except FileNotFoundError:
        raise InputError(
            program, "is not on the PATH", "run with --software-deployment-method conda, or activate ISIS"
        ) from None
    except ProcessError as error:
        said = error.stderr or error.stdout or b""
        said = said.decode(errors="replace") if isinstance(said, bytes) else said
        raise InputError(program, f"failed: {said.strip() or f'exit status {error.returncode}'}") from None


def check_cube(path, step, min_valid_fraction=0.0):
    """Stop on a cube that ISIS called a success but that holds no image.

    Parameters
    ----------
    path : str or Path
    step : str
        Program that made it.
    min_valid_fraction : float
        Share of pixels that must not be special, 0..1; at least one must be.

    Raises
    ------
    InputError
    """
    valid = total = 0
    with open_raster(path) as cube:
        for _, window in cube.block_windows(1):
            block = cube.read(1, window=window, masked=True)
            valid += int(block.count())
            total += block.size
    if valid == 0 or valid < min_valid_fraction * total:
        raise InputError(path, f"{step} left {valid} valid pixels of {total}", f"look at the log of {step}")


def map_template(grid, place):
    """PVL text of the Mapping group that cam2map projects to: the target's grid.

    ISIS puts the upper left corner of its maps on whole multiples of the pixel resolution, as `MapGrid` does, so
    that both engines share their pixels.

    Parameters
    ----------
    grid : MapGrid
    place : dict
        The target's settings that its grid depends on, see `targets.PLACE_KEYS`.
    """
    projection = place["projection"]
    rows, columns = grid.shape
    edge_rows = np.r_[np.zeros(columns), np.full(columns, rows - 1), np.arange(rows), np.arange(rows)]
    edge_columns = np.r_[np.arange(columns), np.arange(columns), np.zeros(rows), np.full(rows, columns - 1)]
    lon, lat = grid.lonlat(edge_rows, edge_columns)
    centre_lon = (place["lon"] + 180.0) % 360.0 - 180.0
    lon = centre_lon + (lon - centre_lon + 180.0) % 360.0 - 180.0
    domain = 180 if lon.min() < 0 else 360
    minimum_lat, maximum_lat, minimum_lon, maximum_lon = lat.min(), lat.max(), lon.min(), lon.max()
    if projection == "polar_stereographic":
        # A box in longitude and latitude cannot follow a polar map: take the whole cap that holds it.
        domain, minimum_lon, maximum_lon = 360, 0.0, 360.0
        if place["lat"] >= 0:
            maximum_lat = 90.0
        else:
            minimum_lat = -90.0
    mapping = {
        "ProjectionName": PROJECTIONS[projection],
        "TargetName": place["body"].capitalize(),
        "EquatorialRadius": grid.body.radius_m,
        "PolarRadius": grid.body.radius_m,
        "LatitudeType": "Planetocentric",
        "LongitudeDirection": "PositiveEast",
        "LongitudeDomain": domain,
        "CenterLongitude": centre_lon % 360.0 if domain == 360 else centre_lon,
        "CenterLatitude": (90.0 if place["lat"] >= 0 else -90.0)
        if projection == "polar_stereographic"
        else place["lat"],
        "MinimumLatitude": float(minimum_lat),
        "MaximumLatitude": float(maximum_lat),
        "MinimumLongitude": float(minimum_lon),
        "MaximumLongitude": float(maximum_lon),
        "PixelResolution": grid.resolution_m,
    }
    return pvl.dumps(pvl.PVLModule({"Mapping": pvl.PVLGroup(mapping)}), encoder=pvl.encoder.ISISEncoder())


def cube_to_geotiff(cube_path, grid, out_path, tags):
    """Lay a map-projected ISIS cube on the target's grid as float32 GeoTIFF, pixel for pixel.

    Raises
    ------
    InputError
        Where the cube's pixels do not fall on the grid's, or none of them does.
    """
    with open_raster(cube_path) as cube:
        row, column = (float(value) for value in MapGrid.of(cube).rowcol(*grid.xy(0, 0)))
        shift_row, shift_column = round(row), round(column)
        if max(abs(row - shift_row), abs(column - shift_column)) > 0.01 or cube.transform.a != grid.resolution_m:
            raise InputError(
                cube_path,
                f"its pixels lie ({row - shift_row:+.3f}, {column - shift_column:+.3f}) off the target's grid",
                "project it again with the target's map template",
            )
        valid = 0
        with create_raster(out_path, grid, "float32", nodata=float("nan"), tags=tags) as out:
            for top, left, block in grid.blocks(4 * BLOCK):
                rows, columns = block.shape
                window = Window(left + shift_column, top + shift_row, columns, rows)
                values = cube.read(1, window=window, boundless=True, masked=True, fill_value=cube.nodata)
                values = values.astype(np.float32).filled(np.nan)
                valid += int(np.isfinite(values).sum())
                out.write(values, 1, window=Window(left, top, columns, rows))
            if not valid:
                raise InputError(cube_path, "has no valid pixel on the target", "leave the image out of the target")
