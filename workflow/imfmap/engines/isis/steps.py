"""One step of the chain: a program runs, and its product is checked."""

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ...core.files import replacing, written_by_library
from ...core.temporary import folder_beside
from . import commands
from .boxes import LonLatBox
from .cubes import LEAST_VALID, check_cube, size_of
from .paths import Links, working_folder
from .running import run
from .tracking import check_tracking, write_list


def make_cube(
    build: Callable[[Path], commands.Command],
    out: str | Path,
    size: Sequence[int] | None = None,
    least_valid: float = LEAST_VALID,
    copy_of: str | Path | None = None,
    check: Callable[[Path], None] | None = None,
) -> None:
    """Make a cube with one program, and check it. It gets its name only when it is good.

    Parameters
    ----------
    build : callable
        Takes a name for the cube and returns the `commands.Command`.
    out : path
    size : sequence of int, optional
        Lines and samples that it must have.
    least_valid : float
        Share of valid pixels that it must have.
    copy_of : path, optional
        Cube that is copied first, for a program that works in place.
    check : callable, optional
        Takes the cube, and raises an error if it is not good.

    Raises
    ------
    InputError
    """
    with replacing(out) as temporary:
        if copy_of is not None:
            shutil.copyfile(copy_of, temporary)
        command = build(temporary)
        with written_by_library(temporary):
            run(command)
        check_cube(temporary, command.program, size, least_valid, shown=out)
        if check is not None:
            check(temporary)


def change_cube(build: Callable[[str | Path, Path], commands.Command], cube: str | Path, out: str | Path) -> None:
    """Make a cube from another one of the same size, as `make_cube` does; `build` takes the names of both."""
    make_cube(lambda temporary: build(cube, temporary), out, size_of(cube))


def make_text(build: Callable[[Path], commands.Command], out: str | Path) -> None:
    """Make a text file (a map, a range) with one program. It gets its name only when it is complete."""
    with replacing(out) as temporary, written_by_library(temporary):
        run(build(temporary))


def measure_range(cube: str | Path, out: str | Path, place: Mapping[str, Any], box: LonLatBox) -> None:
    """Write what a cube covers, in the projection and longitudes of a target's map (mosrange)."""
    with working_folder() as folder, replacing(out) as temporary, written_by_library(temporary):
        links, cubes = Links(folder), folder / "cubes.lis"
        write_list([links.existing(cube)], cubes)
        run(commands.image_range(cubes, temporary, place, box), cube, links)


def lay_mosaic(cubes: Sequence[str | Path], out: str | Path, priority: str) -> None:
    """Lay projected cubes over each other, in the order of the list. The tracking cube comes beside the mosaic."""
    out = Path(out)
    # In a folder of its own, since automos names the tracking cube after the mosaic.
    with folder_beside(out) as hidden, working_folder() as folder:
        links, cube_list, made = Links(folder), folder / "cubes.lis", hidden / out.name
        write_list([links.existing(cube) for cube in cubes], cube_list)
        with written_by_library(made):
            run(commands.mosaic(cube_list, made, priority), out, links)
        check_cube(made, "automos", least_valid=0.0, shown=out)
        if commands.tracks(priority):
            check_tracking(commands.tracking_cube(made), size_of(made))
            os.replace(commands.tracking_cube(made), commands.tracking_cube(out))
        os.replace(made, out)
