"""The check of a checkpoint's settings: they come from a file that anybody may have written."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..core.choices import RECIPES
from ..core.errors import InputError
from .architectures import ARCHITECTURES

# Ten times what published networks have. More would fill the memory before the weights show that they do not fit.
_Channels = Annotated[int, Field(ge=1, le=2560)]
_Finite = Annotated[float, Field(allow_inf_nan=False)]


class _Settings(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore")

    architecture: Literal[ARCHITECTURES]
    recipe: Literal[RECIPES]
    tile_size_px: Annotated[int, Field(ge=32, le=8192, multiple_of=32)]
    resolution_m: Annotated[_Finite, Field(gt=0)]
    threshold: Annotated[_Finite, Field(gt=0, lt=1)]
    encoder: Annotated[str, Field(max_length=100)] | None = None
    decoder_channels: Annotated[list[_Channels], Field(max_length=8)] | None = None
    output_stride: int | None = None
    sun_input: bool | None = None
    input_scaling: str | None = None
    input_channels: int | None = None
    sun_azimuth_deg: _Finite | None = None


def check_settings(settings: Mapping[str, Any], path: str | Path) -> None:
    """Refuse settings of a checkpoint that are no settings of a network.

    Parameters
    ----------
    settings : mapping
        As `weight_files.read_state` returns them.
    path : path
        The checkpoint, for the message.

    Raises
    ------
    InputError
        Naming the first setting with a wrong type or value.
    """
    try:
        _Settings.model_validate(dict(settings))
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        key, found = ".".join(map(str, problem["loc"][:1])), str(problem["input"])[:60]
        raise InputError(
            path, f"its setting {key} is '{found}' ({problem['msg']})", "give the checkpoint as its training wrote it"
        ) from None
