"""The shape of the ground that ISIS projects a cube on: which model it is, and whether it can be used."""

import logging
import os
import re
from pathlib import Path

import numpy as np

from ...camera.shape_model import ShapeModel
from ...core.errors import InputError, SetupError
from ...maps.isis_label import object_in, read_cube_label
from ...maps.rasters import open_raster
from .cubes import quiet

log = logging.getLogger(__name__)

_NO_MODEL = ("null", "none", "", "ellipsoid")
_DSK = (".bds", ".dsk")
_FETCH = "fetch it: downloadIsisData base $ISISDATA; or set processing.isis.shape: ellipsoid"


def shape_model_of(cube_path: str | Path, data: str | Path | None = None) -> Path | None:
    """Return the shape model that spiceinit wrote into a cube.

    Parameters
    ----------
    cube_path : path
        A cube that spiceinit has been run on.
    data : path, optional
        ISISDATA; by default the environment's.

    Returns
    -------
    Path or None
        None for a sphere.

    Raises
    ------
    SetupError
        If the model is not on this machine.
    """
    name = str(object_in(read_cube_label(cube_path), "IsisCube", "Kernels").get("ShapeModel"))
    if name.lower() in _NO_MODEL:
        return None
    path = _data_path(name, os.environ.get("ISISDATA", "") if data is None else data)
    if not path.exists():
        raise SetupError(path, f"is the shape model of {cube_path}, and is not there", _FETCH)
    return path


def check_shape(cube_path: str | Path, shape: str, data: str | Path | None = None) -> None:
    """Stop if spiceinit left the sphere where a model was asked for, or named a model that is not there.

    Parameters
    ----------
    cube_path : path
        A cube that spiceinit has been run on.
    shape : str
        ``processing.isis.shape`` of the config.
    data : path, optional
        ISISDATA; by default the environment's.

    Raises
    ------
    SetupError
    """
    if shape_model_of(cube_path, data) is None and shape != "ellipsoid":
        raise SetupError(
            "processing.isis.shape",
            f"is {shape}, and spiceinit found no shape model: {cube_path} would be projected on the sphere",
            f"if ISISDATA has no base/dems, {_FETCH}",
        )


def shape_resolution_m(cube_path: str | Path, data: str | Path | None = None) -> float | None:
    """Return the size of the pixels of the shape model that a cube is to be projected on.

    Parameters
    ----------
    cube_path : path
        A cube that spiceinit has been run on.
    data : path, optional
        ISISDATA; by default the environment's.

    Returns
    -------
    float or None
        Metres; None for a sphere, and for a model that has no pixels (NAIF's DSK).

    Raises
    ------
    InputError
        If the model is not there, or cannot be read.
    """
    path = shape_model_of(cube_path, data)
    if path is None or path.suffix.lower() in _DSK:
        return None
    with quiet(), open_raster(path) as model:
        if model.crs is not None and not model.crs.is_projected:
            return model.transform.a * np.pi / 180.0 * model.crs.to_dict().get("R", 1737400.0)
        return model.transform.a


def heights_of(cube_path: str | Path, data: str | Path | None = None) -> "float | ShapeModel":
    """Return the heights of the ground that a cube is projected on.

    Parameters
    ----------
    cube_path : path
        A cube that spiceinit has been run on.
    data : path, optional
        ISISDATA; by default the environment's.

    Returns
    -------
    float or ShapeModel
        0 for a sphere. A model that only ISIS can read counts as a sphere, with a warning.

    Raises
    ------
    SetupError
        If the model is not there.
    """
    path = shape_model_of(cube_path, data)
    if path is None:
        return 0.0
    try:
        return ShapeModel(path)
    except InputError as error:
        log.warning("the angles and the resolution of %s are those of the sphere: %s", cube_path, error)
        return 0.0


def _data_path(name, data):
    """A file of ISISDATA: ISIS writes its areas as $base, $lro, and the folder itself as $ISISDATA."""
    name = name.replace("$ISISDATA", str(data))
    return Path(re.sub(r"^\$(\w+)", lambda area: f"{data}/{area[1].lower()}", name))
