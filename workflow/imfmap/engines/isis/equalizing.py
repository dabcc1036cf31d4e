"""One brightness for the cubes of a target, by equalizer.

equalizer refuses to solve if there are fewer overlaps and held images than images. So two images, or a row of strips,
need one held image in each connected group. Its solution leaves the held images as they are. The native engine keeps
the mean of each group, so the corrections are shifted to that mean before they are applied.
"""

import logging
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from ...core.errors import InputError
from ...core.files import replacing_folder, written_by_library
from . import commands
from .cubes import check_cube
from .overlaps import connected_groups
from .paths import Links, working_folder
from .running import run
from .tracking import write_list

log = logging.getLogger(__name__)

# Statistics of the overlaps, which have keywords of the same name, stand in other groups.
_NORMALIZATION = re.compile(r"Group\s*=\s*Normalization\b.*?End_Group", re.DOTALL)
_BAND = re.compile(r"(?P<before>\bBand\d+\s*=\s*)\((?P<values>[^()]*)\)")


@contextmanager
def of_one_brightness(
    cubes: Sequence[str | Path], products: Sequence[str], folder: str | Path, brightness: str, keep: bool
) -> Iterator[list[str | Path]]:
    """Give the cubes for automos: the projected cubes themselves, or copies of one brightness.

    Parameters
    ----------
    cubes, products, brightness
        See `equalize`; with brightness ``none``, the cubes stay as they are.
    folder : path
        Folder of the copies.
    keep : bool
        Whether the folder stays.

    Yields
    ------
    list of path

    Raises
    ------
    InputError
    """
    if brightness == "none":
        yield list(cubes)
        return
    try:
        equalize(cubes, products, folder, brightness)
        yield equalized(folder, products)
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


def equalize(cubes: Sequence[str | Path], products: Sequence[str], out: str | Path, brightness: str) -> None:
    """Bring projected cubes to one brightness.

    Parameters
    ----------
    cubes : sequence of path
    products : sequence of str
        Their product ids.
    out : path
        Folder of the new cubes; it appears only when all of them are good.
    brightness : str
        ``processing.mosaic.brightness`` of the config. A cube that overlaps no other is copied, as the native engine
        leaves such an image as it is.

    Raises
    ------
    InputError
    """
    with replacing_folder(out) as made:
        outs = equalized(made, products)
        groups = connected_groups(cubes)
        for (single,) in (group for group in groups if len(group) == 1):
            shutil.copyfile(cubes[single], outs[single])
        groups = [group for group in groups if len(group) > 1]
        _warn_of_singles(products, groups)
        if groups:
            with written_by_library(made):
                _equalize_groups(cubes, outs, groups, brightness)
        for cube in outs:
            check_cube(cube, "equalizer", least_valid=0.0, shown=Path(out) / cube.name)


def equalized(folder: str | Path, products: Sequence[str]) -> list[Path]:
    """Return the paths of the cubes of one brightness in their folder."""
    return [Path(folder) / f"{product}.equ.cub" for product in products]


def _warn_of_singles(products, groups):
    there = {place for group in groups for place in group}
    singles = [product for place, product in enumerate(products) if place not in there]
    if singles and len(products) > 1:
        log.warning(
            "%s: too few pixels overlap another image, so that the brightness stays as it is", ", ".join(singles)
        )


def _equalize_groups(cubes, outs, groups, brightness):
    order = sorted(place for group in groups for place in group)
    places = [[order.index(place) for place in group] for group in groups]
    with working_folder() as folder:
        links = Links(folder)
        sources = [links.existing(cubes[place]) for place in order]
        lists = {name: folder / f"{name}.lis" for name in ("from", "to", "hold")}
        write_list(sources, lists["from"])
        write_list([links.new(outs[place]) for place in order], lists["to"])
        write_list([sources[group[0]] for group in places], lists["hold"])
        found, recentred = folder / "found.pvl", folder / "recentred.pvl"
        run(commands.find_brightness(lists["from"], lists["hold"], found, brightness), links=links)
        recentred.write_text(recentre(found.read_text(), places, brightness, found))
        run(commands.apply_brightness(lists["from"], lists["to"], recentred), links=links)


def recentre(text: str, groups: Sequence[Sequence[int]], brightness: str, where: str | Path) -> str:
    """Return equalizer's statistics with the corrections of each group about their mean.

    Parameters
    ----------
    text : str
        What ``equalizer process=calculate`` wrote to its ``outstats``.
    groups : sequence of sequence of int
        Places of the images of each group, in the order of equalizer's list.
    brightness : str
        ``offset``, ``gain`` or ``both``.
    where : path
        Named in messages.

    Returns
    -------
    str
        In each group the mean of the logarithms of the gains is 0, and that of the offsets 0. For ``gain`` the average
        is 0: equalizer then multiplies, since ``process=apply`` takes no ``adjust``.

    Raises
    ------
    InputError
        If the text does not hold one correction for each image.
    """
    try:
        groups_of_text = "\n".join(_NORMALIZATION.findall(text))
        triples = [found["values"].split(",") for found in _BAND.finditer(groups_of_text)]
        bands = np.array([[float(value) for value in triple] for triple in triples])
        count = sum(map(len, groups))
        if bands.shape != (count, 3) or not (np.isfinite(bands).all() and (bands[:, 0] > 0).all()):
            raise ValueError(f"it has {len(bands)} corrections for {count} images")
    except ValueError as error:
        raise InputError(where, f"is not what equalizer writes ({error})", "run equalizer again") from None
    for group in map(list, groups):
        bands[group, 0] /= np.exp(np.log(bands[group, 0]).mean())
        bands[group, 1] -= bands[group, 1].mean()
    if brightness == "gain":
        bands[:, 1:] = 0.0
    values = iter(bands.tolist())

    def with_values(band):
        return f"{band['before']}({', '.join(map(repr, next(values)))})"

    return _NORMALIZATION.sub(lambda group: _BAND.sub(with_values, group[0]), text)
