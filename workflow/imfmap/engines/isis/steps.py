"""One step of the chain: a program run, and its product looked at."""

import os
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from ...core.files import replacing
from . import commands
from .cubes import LEAST_VALID, check_cube, size_of
from .equalizing import equalized
from .paths import Links, working_folder
from .running import run
from .tracking import check_tracking, write_list


def make_cube(build, out, size=None, least_valid=LEAST_VALID, copy_of=None, check=None):
    """Make a cube with one program, and check it; it appears under its name only when it is good.

    Parameters
    ----------
    build : callable
        Of the cube's name: the `commands.Command`.
    out : path
    size : tuple of int, optional
        Lines and samples that it must have.
    least_valid : float
        Share of valid pixels that it must have.
    copy_of : path, optional
        Cube that is copied first, for a program that works in place.
    check : callable, optional
        Of the cube: raises an error if it is not good.

    Raises
    ------
    InputError
    """
    with replacing(out) as temporary:
        if copy_of is not None:
            shutil.copyfile(copy_of, temporary)
        command = build(temporary)
        run(command)
        check_cube(temporary, command.program, size, least_valid, shown=out)
        if check is not None:
            check(temporary)


def change_cube(build, cube, out):
    """Make a cube out of another of the same size; parameters as `make_cube`, `build` of both names."""
    make_cube(lambda temporary: build(cube, temporary), out, size_of(cube))


def make_text(build, out):
    """Make a text file (a map, a range) with one program; it appears under its name only when it is whole."""
    with replacing(out) as temporary:
        run(build(temporary))


def measure_range(cube, out, place, box):
    """Ask mosrange what a cube covers in the terms of a target's map."""
    with working_folder() as folder, replacing(out) as temporary:
        links, cubes = Links(folder), folder / "cubes.lis"
        write_list([links.existing(cube)], cubes)
        run(commands.image_range(cubes, temporary, place, box), cube, links)


def mosaic_inputs(inputs, products):
    """Cubes for automos: given one by one, or as the folder that equalizer filled."""
    return equalized(inputs[0], products) if Path(inputs[0]).is_dir() else list(inputs)


def lay_mosaic(cubes, out, priority):
    """Lay projected cubes over each other, first in the list first; the tracking cube comes beside the mosaic."""
    out = Path(out)
    # In a folder of its own, since automos names the tracking cube after the mosaic.
    with TemporaryDirectory(dir=out.parent, prefix=".", suffix=".part") as hidden, working_folder() as folder:
        links, cube_list, made = Links(folder), folder / "cubes.lis", Path(hidden) / out.name
        write_list([links.existing(cube) for cube in cubes], cube_list)
        run(commands.mosaic(cube_list, made, priority), out, links)
        check_cube(made, "automos", least_valid=0.0, shown=out)
        if commands.tracks(priority):
            check_tracking(commands.tracking_cube(made), size_of(made))
            os.replace(commands.tracking_cube(made), commands.tracking_cube(out))
        os.replace(made, out)
