"""Square pieces of an image and of the layers over it, along the map or along the Sun's direction.

A piece is a dict. `image`, `valid` and the other layers are uint8 (S, S). `row` and `column` are the place of its pixel
(0, 0) in the arrays. `turn_deg` is the clockwise turn of its content.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from ..labels.truth_classes import NOT_LABELLED
from ..maps.stretching import stretch_to_8bit
from .sun_frame import LEFT_DEG, SunFrame, relative_brightness, sample_brightness, sample_nearest

if TYPE_CHECKING:
    from ..maps.image_facts import ImageFacts


def stride_of(size_px: int, overlap: float) -> int:
    """Return the step, in pixels, from one tile, or window of inference, to the next."""
    return max(1, round(size_px * (1 - overlap)))


def map_pieces(
    layers: dict[str, np.ndarray], facts: "ImageFacts", size_px: int, stride: int
) -> Iterator[dict[str, Any]]:
    """Yield pieces along the map's rows and columns, from the upper left on; past the edges they have no data."""
    rows, columns = layers["image"].shape
    if layers["image"].dtype != np.uint8:
        layers = layers | {"image": stretch_to_8bit(layers["image"])}
    for row in range(0, max(1, rows - (size_px - stride)), stride):
        for column in range(0, max(1, columns - (size_px - stride)), stride):
            piece = {"row": row, "column": column, "turn_deg": 0.0}
            for name, layer in layers.items():
                inside = layer[row : row + size_px, column : column + size_px]
                piece[name] = np.zeros((size_px, size_px), np.uint8)
                piece[name][: inside.shape[0], : inside.shape[1]] = inside
            piece["valid"] = (piece["image"] > 0).astype(np.uint8)
            yield piece


def sun_pieces(
    layers: dict[str, np.ndarray], facts: "ImageFacts", size_px: int, stride: int
) -> Iterator[dict[str, Any]]:
    """Yield pieces along the Sun's direction, centred on the map; past the edges they have no data."""
    rows, columns = layers["image"].shape
    brightness = relative_brightness(layers["image"])
    # The centre is a whole number, so that pixels stay in place if the Sun stands along one of the map's axes.
    frame = SunFrame(facts.sun_azimuth_deg, rows // 2, columns // 2)
    valid_rows, valid_columns = np.flatnonzero(brightness.any(1)), np.flatnonzero(brightness.any(0))
    if not len(valid_rows):
        return
    corner_rows, corner_columns = np.meshgrid(valid_rows[[0, -1]], valid_columns[[0, -1]])
    v, u = frame.from_map(corner_rows, corner_columns)
    across = np.arange(size_px, dtype=float)
    for top in _lattice(v.min(), v.max(), size_px, stride):
        for left in _lattice(u.min(), u.max(), size_px, stride):
            positions = frame.on_map(top + across, left + across)
            row, column = frame.to_map(top, left)
            place = {"row": row, "column": column, "turn_deg": (LEFT_DEG - facts.sun_azimuth_deg) % 360.0}
            # The part of the map that the piece is drawn from.
            bounds = positions.bounds()
            first = [max(0, int(bound) - 1) for bound in bounds[:2]]
            last = [max(0, int(bound) + 3) for bound in bounds[2:]]
            part = slice(first[0], last[0]), slice(first[1], last[1])
            if not brightness[part].any():
                continue
            positions = positions.within(*first)
            image = sample_brightness(brightness[part], positions)
            piece = {name: sample_nearest(layers[name][part], positions) for name in layers.keys() - {"image"}}
            yield piece | place | {"image": image, "valid": (image > 0).astype(np.uint8)}


def _lattice(low, high, size_px, stride):
    """Return the starts, whole numbers, of the fewest pieces that cover the pixels low..high, centred on them."""
    low, high = int(np.floor(low + 1e-6)), int(np.ceil(high - 1e-6))
    length = high - low + 1
    count = max(1, -(-(length - size_px) // stride) + 1)
    first = low + (length - (size_px + (count - 1) * stride)) // 2
    return first + stride * np.arange(count)


def without_unlabelled(piece: dict[str, Any]) -> dict[str, Any]:
    """Return a piece whose pixels that nobody looked at for labels (`NOT_LABELLED`) are neither labelled nor valid."""
    unseen = piece["mask"] == NOT_LABELLED
    return piece | {name: np.where(unseen, np.uint8(0), piece[name]) for name in ("mask", "valid")}


def quarter_turns(piece: dict[str, Any], size_px: int) -> Iterator[dict[str, Any]]:
    """Yield the piece and, if it has labels, its copies turned clockwise by 90, 180 and 270 degrees."""
    yield piece
    if not piece["mask"].any():
        return
    last = size_px - 1
    corners = {90: (last, 0), 180: (last, last), 270: (0, last)}
    for turn_deg, (down, right) in corners.items():
        turned = {name: np.rot90(value, -turn_deg // 90) for name, value in piece.items() if np.ndim(value) == 2}
        place = {"row": piece["row"] + down, "column": piece["column"] + right, "turn_deg": float(turn_deg)}
        yield piece | turned | place
