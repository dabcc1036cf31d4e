"""Files of weights, read without running anything that is in them."""

import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from ..core.checksums import sha256
from ..core.choices import OLD_RECIPES
from ..core.errors import InputError
from ..core.extent import check_extent
from ..core.files import replacing

_SAVE_AGAIN = "give a checkpoint, or a network's state_dict() as torch.save writes it"
# Every checkpoint of this workflow has these settings. Settings without one of them come from another program.
OWN_SETTINGS = ("architecture", "recipe", "tile_size_px", "resolution_m", "threshold")


class _StandIn:
    """Stands for a harmless value beside the weights. It takes whatever the value was made from, and keeps nothing."""

    def __new__(cls, *_):
        return super().__new__(cls)

    def __init__(self, *_):
        pass

    def __setstate__(self, _):
        pass


def _empty_dict(*_):
    return {}


def _empty_list(*_):
    return []


# What people keep beside weights: settings, scores, dates, paths. PyTorch's reader knows only the names that it is
# given, and refuses all others, so that a file cannot call what it likes. It is given the names below, but not what
# they stand for: each leads to a stand-in, because no one needs these values, and because not all the real ones are
# harmless (NumPy's take types and bytes of the file's choice).
_HARMLESS = {
    "numpy": "ndarray dtype bool_ int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64",
    "numpy.core.multiarray": "_reconstruct scalar",
    "numpy._core.multiarray": "_reconstruct scalar",
    "argparse": "Namespace",
    "types": "SimpleNamespace",
    "pathlib": "Path PosixPath WindowsPath PurePath PurePosixPath PureWindowsPath",
    "pathlib._local": "Path PosixPath WindowsPath PurePath PurePosixPath PureWindowsPath",
    "datetime": "datetime date time timedelta timezone",
    "decimal": "Decimal",
    "fractions": "Fraction",
    "uuid": "UUID",
    "builtins": "bool int float str bytes list dict tuple set frozenset object range slice",
}
_STAND_INS = [
    *((_StandIn, f"{module}.{name}") for module, names in _HARMLESS.items() for name in names.split()),
    # The reader fills these with what lies in them, weights included.
    (_empty_dict, "collections.defaultdict"),
    (_empty_list, "collections.deque"),
]


def read_state(path: str | Path) -> dict[str, Any]:
    """Read the weights of a checkpoint without running anything that is in the file.

    Parameters
    ----------
    path : path
        A checkpoint of this workflow, or the state of a network: alone or inside dictionaries, with or without other
        values.

    Returns
    -------
    dict
        `state_dict`: every tensor, its name preceded by the keys of the dictionaries that it lies in. `settings` and
        `training`: those of a checkpoint of this workflow, else None.

    Raises
    ------
    InputError
        If the file cannot be read, has changed since it was written, has no state, or holds more than weights and
        harmless values.
    """
    check_sums(path)
    try:
        with torch.serialization.safe_globals(_STAND_INS):
            content = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", "give the path of a checkpoint") from None
    except Exception as error:  # the reader raises all kinds of errors on bytes that are no checkpoint
        raise InputError(path, *_refusal(error)) from None
    check_extent(content, path, _parts_of)
    state = _tensors_in(content) if isinstance(content, dict) else {}
    if not state:
        raise InputError(path, "holds no state dictionary", "give a checkpoint, or a network's state_dict()")
    settings, training = (_without_stand_ins(content.get(key)) for key in ("settings", "training"))
    if not isinstance(settings, dict) or not set(OWN_SETTINGS) <= set(settings):
        return {"state_dict": state, "settings": None, "training": None}
    recipe = settings["recipe"]
    if isinstance(recipe, str):
        recipe = OLD_RECIPES.get(recipe, recipe)
    return {"state_dict": state, "settings": {**settings, "recipe": recipe}, "training": training}


@contextmanager
def replacing_checkpoint(path: str | Path) -> Iterator[Path]:
    """Give a temporary name for a checkpoint, as `files.replacing` does.

    Its SHA-256 comes into a file beside it (``checkpoint.pt.sha256``), in the form of the program `sha256sum`.

    Yields
    ------
    Path
    """
    digest = _digest_of(path)
    # A digest that a kill leaves without its checkpoint would be that of another.
    digest.unlink(missing_ok=True)
    with replacing(path) as temporary:
        yield temporary
    with replacing(digest) as temporary:
        temporary.write_text(f"{sha256(path)}  {Path(path).name}\n")


def check_sums(path: str | Path) -> None:
    """Compare a checkpoint with the digest that was written beside it, and its parts with PyTorch's checksums (CRC-32).

    PyTorch does not do it when it reads: a bit that flipped would be another weight. Files of PyTorch before 1.6 have
    no checksums, and files from elsewhere no digest: they pass.

    Raises
    ------
    InputError
        If the file or a part differs, or the parts take more room than the file, which PyTorch never writes.
    """
    try:
        _check_digest(path)
        if not zipfile.is_zipfile(path):
            return
        with zipfile.ZipFile(path) as parts:
            listed = parts.infolist()
            if sum(part.file_size for part in listed) > Path(path).stat().st_size:
                raise InputError(path, "is compressed, which PyTorch never does with weights", _SAVE_AGAIN)
            broken = parts.testzip()
    except InputError:
        raise
    except (OSError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error):
        return  # the reader says what is wrong with it
    if broken is not None:
        raise InputError(path, f"has changed since it was written: {broken} does not fit its checksum", "get it again")


def _digest_of(path):
    return Path(f"{path}.sha256")


def _check_digest(path):
    digest = _digest_of(path)
    if not (digest.is_file() and Path(path).is_file()):
        return
    stated, found = digest.read_text(errors="replace").split()[:1], sha256(path)
    if stated != [found]:
        told = f"has changed since it was written: its SHA-256 is {found[:12]}..., and {digest.name} says otherwise"
        raise InputError(path, told, f"make it again, or delete {digest.name} if the change is yours")


def _parts_of(value):
    """Return the values inside a value that may hold others in turn."""
    if isinstance(value, dict):
        return value.items()
    inside = enumerate(value) if isinstance(value, list | tuple | set | frozenset) else ()
    return [(place, item) for place, item in inside if isinstance(item, dict | list | tuple | set | frozenset)]


def _without_stand_ins(value):
    """Return a dictionary without its stand-ins, which cannot be written to a checkpoint."""
    if not isinstance(value, dict):
        return value
    return {name: _without_stand_ins(entry) for name, entry in value.items() if not isinstance(entry, _StandIn)}


def _tensors_in(dictionary, prefix=""):
    """Return the tensors in nested dictionaries. Their names are the keys that lead to them, joined by dots."""
    found = {}
    for key, value in dictionary.items():
        if isinstance(value, dict):
            found |= _tensors_in(value, f"{prefix}{key}.")
        elif isinstance(value, torch.Tensor):
            found[f"{prefix}{key}"] = value
    return found


def _refusal(error):
    """Return what was found in a file that torch does not read, and what to do about it."""
    said = str(error)
    remedy = _SAVE_AGAIN
    if named := re.search(r"\bGLOBAL (\S+)", said):
        return f"holds {named[1]}; only tensors and plain values are read, since others could run code", remedy
    if "TorchScript" in said:
        return "is a program (TorchScript), and not weights alone", remedy
    return "is no PyTorch file, or not the whole of one", remedy
