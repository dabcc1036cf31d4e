"""Files of weights, read without running anything that is in them."""

import re
import zipfile
from pathlib import Path
from typing import Annotated, Any

import torch
from pydantic import BaseModel, Field, ValidationError

from ..core.choices import OLD_RECIPES
from ..core.errors import InputError

# Every checkpoint of this workflow has these settings. Settings without one of them come from another program.
OWN_SETTINGS = ("architecture", "recipe", "tile_size_px", "resolution_m", "threshold")


# A file that is not packed has about as many bytes in memory.
_MOST_UNPACKED = 4


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
        If the file cannot be read, has no state, or holds more than weights and harmless values.
    """
    _check_unpacked(path)
    try:
        with torch.serialization.safe_globals(_STAND_INS):
            content = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", "give the path of a checkpoint") from None
    except Exception as error:  # the reader raises all kinds of errors on bytes that are no checkpoint
        raise InputError(path, *_refusal(error)) from None
    try:
        state = _tensors_in(content) if isinstance(content, dict) else {}
        if not state:
            raise InputError(path, "holds no state dictionary", "give a checkpoint, or a network's state_dict()")
        settings, training = (_without_stand_ins(content.get(key)) for key in ("settings", "training"))
    except RecursionError:
        raise InputError(path, "holds dictionaries within each other without end", "save the state alone") from None
    if not isinstance(settings, dict) or not set(OWN_SETTINGS) <= set(settings):
        return {"state_dict": state, "settings": None, "training": None}
    _check_settings(settings, path)
    recipe = OLD_RECIPES.get(settings["recipe"], settings["recipe"])
    return {"state_dict": state, "settings": {**settings, "recipe": recipe}, "training": training}


def _check_unpacked(path):
    """Stop at a file that would be far larger in memory than on the disk: PyTorch's own are not packed."""
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile):
        # No file, or one of an older form: who reads it tells the fault.
        return
    packed = Path(path).stat().st_size
    if unpacked > _MOST_UNPACKED * packed:
        found = f"is packed: {packed} bytes would become {unpacked}"
        raise InputError(path, found, "save the state again with torch.save")


class _Settings(BaseModel):
    """Types of a checkpoint's settings: the file may come from anywhere."""

    architecture: str
    recipe: str
    tile_size_px: int = Field(gt=0)
    resolution_m: float = Field(gt=0, allow_inf_nan=False)
    threshold: float = Field(allow_inf_nan=False)
    encoder: str | None = None
    # The widest decoders have 512 channels; more is memory without end.
    decoder_channels: list[Annotated[int, Field(gt=0, le=4096)]] | None = Field(None, max_length=8)
    output_stride: int | None = None
    sun_input: bool | None = None
    input_scaling: str | None = None
    input_channels: int | None = None
    sun_azimuth_deg: float | None = None


def _check_settings(settings, path):
    try:
        _Settings.model_validate(settings)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        found = f"its setting {'.'.join(map(str, fault['loc']))} is no such value ({fault['msg']})"
        raise InputError(path, found, "give the checkpoint as its training wrote it") from None


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
        elif isinstance(value, torch.Tensor) and _is_whole(value):
            found[f"{prefix}{key}"] = value
    return found


def _is_whole(tensor):
    """Whether a tensor is plain numbers in memory: not more numbers than the file holds, as repeated ones are."""
    plain = tensor.layout == torch.strided and tensor.device.type == "cpu"
    return plain and tensor.numel() * tensor.element_size() <= tensor.untyped_storage().nbytes()


def _refusal(error):
    """Return what was found in a file that torch does not read, and what to do about it."""
    said = str(error)
    remedy = "give a checkpoint, or a network's state_dict() as torch.save writes it"
    if named := re.search(r"\bGLOBAL (\S+)", said):
        return f"holds {named[1]}, and to read more than tensors and plain values could run code", remedy
    if "TorchScript" in said:
        return "is a program (TorchScript), and not weights alone", remedy
    return "is no PyTorch file, or not the whole of one", remedy
