"""Fuse the probabilities of many images to one map: a mean, in which an image weighs more where it sees more."""

import logging
import math
from collections.abc import Sequence
from contextlib import ExitStack, nullcontext
from pathlib import Path

import numpy as np
from tqdm import tqdm

from ..core.checksums import Checksums
from ..core.code_digest import code_of
from ..core.errors import InputError
from ..core.open_files import open_files
from ..core.part_store import PartStore
from ..learning.probability_calibration import (
    CALIBRATION_TAG,
    COMPLETENESS_TAG,
    THRESHOLD_TAG,
    ProbabilityCalibration,
    effective_images,
)
from ..maps.alignment import check_same_pixels, offset_on
from ..maps.grids import MapGrid
from ..maps.image_facts import PRODUCTS_TAG, ImageFacts
from ..maps.image_layers import FilledBlocks, by_window
from ..maps.probability_raster import MEDIAN_TAG, NODATA, create_probability, decode, encode
from ..maps.rasters import create_raster, open_raster, read_window
from .shadows import SHADOW_RANGE, neighbourhood_px, surrounding_brightness

log = logging.getLogger(__name__)

BLOCK_PX = 512
LEAST_WEIGHT = 1e-3
_MOST_COUNTED = 255


def fuse(
    probability_paths: Sequence[str | Path],
    projected_paths: Sequence[str | Path],
    out_path: str | Path,
    grid: MapGrid,
    counts_path: str | Path | None = None,
) -> None:
    """Fuse the probabilities of images.

    The fused probability of a pixel is the mean over the images that have data there. Each image has the weight
    `image_weight` (of the whole image) times `lit_weight` (of the place). If the images' probabilities are calibrated,
    so is the mean (see `ProbabilityCalibration.of_mean`), and the result has the images' tags of calibration, threshold
    and completeness. Fused blocks are kept beside the result (see
    `part_store.PartStore`). Their keys are the contents of the images that reach into them, so a further image costs
    only the blocks that it lies on.

    Parameters
    ----------
    probability_paths : list of path
        Probability rasters of `infer.infer_image`.
    projected_paths : list of path
        The projected images that the probabilities were made from, in the same order.
    out_path : path
        8-bit probability raster to write.
    grid : MapGrid
        Grid of the result; the rasters may cover parts of it, on the same pixels.
    counts_path : path, optional
        uint8 raster to write: the number of images that have data at each pixel; 255 stands for 255 or more.

    Raises
    ------
    InputError
        If there is no image, if a raster lies on other pixels than `grid` or lacks its tags, or if the probabilities
        are not all of one calibration.
    """
    if not probability_paths:
        raise InputError(out_path, "there is no image to fuse", "check the target's images")
    # Of each image, the probability and the picture are open.
    with ExitStack() as stack, open_files(2 * len(probability_paths)):
        images = [
            WeightedImage(stack, probability, projected, grid)
            for probability, projected in zip(probability_paths, projected_paths, strict=True)
        ]
        shared_tags = _shared_tags(images)
        calibration = ProbabilityCalibration.from_tag(shared_tags.get(CALIBRATION_TAG), probability_paths[0])
        tags = {PRODUCTS_TAG: ",".join(image.facts.product for image in images), **shared_tags}
        checksums = Checksums(Path(out_path).parent)
        made_of = {image: [*map(checksums.of, image.paths), image.offset] for image in images}
        shared = {"code": code_of(__file__), "resolution_m": grid.resolution_m, "counts": counts_path is not None}
        shared["calibration"] = calibration and calibration.tag()
        with (
            PartStore(out_path, shared) as store,
            create_probability(out_path, grid, tags) as out,
            create_raster(counts_path, grid, "uint8", nodata=0, tags=tags, overviews="nearest")
            if counts_path
            else nullcontext() as counts,
        ):
            images_on = by_window(images, BLOCK_PX)
            for row, column, block in tqdm(list(grid.blocks(BLOCK_PX)), desc="fuse", unit="block", mininterval=1):
                reaching = [images[number] for number in images_on.get((row, column), ())]
                if not reaching:
                    continue
                key = store.key([row, column, block.shape], [made_of[image] for image in reaching])
                counted = counts_path is not None
                fused = store.arrays(key, _fuse_block, reaching, row, column, block.shape, counted, calibration)
                window = ((row, row + block.shape[0]), (column, column + block.shape[1]))
                out.write(fused["codes"], 1, window=window)
                if counts:
                    counts.write(fused["counts"], 1, window=window)
            log.info("fuse: %d blocks were kept from before, %d are new", store.taken, store.made)


def image_weight(facts: ImageFacts, resolution_m: float) -> float:
    """Return the weight of an image as a whole.

    The brightness contrast of a gentle slope grows with the tangent of the incidence angle (Lambert's law, to first
    order in the slope): at noon relief is invisible. From 60 degrees on the weight grows no more, since shadows cover
    the ground. An image that is coarser than the map has less weight, by the square of the ratio of pixel sizes.

    Parameters
    ----------
    facts : ImageFacts
    resolution_m : float
        Pixel size of the map.

    Returns
    -------
    float
        0..1.
    """
    contrast = min(math.tan(math.radians(min(facts.incidence_deg, 89.0))), math.sqrt(3)) / math.sqrt(3)
    sharpness = min(1.0, resolution_m / facts.ground_resolution_m) ** 2
    return max(contrast * sharpness, LEAST_WEIGHT)


def lit_weight(image: np.ndarray, median: float, side_px: int) -> np.ndarray:
    """Return the weight of each place: 1 where the surroundings are lit, almost 0 in shadows wider than a fracture.

    Parameters
    ----------
    image : ndarray
        I/F (rows, columns), NaN for no data.
    median : float
        Median I/F of the whole image.
    side_px : int
        Side of the square that is averaged.

    Returns
    -------
    ndarray
        float32 (rows, columns), `LEAST_WEIGHT`..1.
    """
    relative = surrounding_brightness(image, side_px) / max(median, 1e-9)
    low, high = SHADOW_RANGE
    ramp = np.clip((relative - low) / (high - low), 0, 1)
    return np.maximum(ramp * ramp * (3 - 2 * ramp), LEAST_WEIGHT)


class WeightedImage:
    """One image on the fused grid: its probability, its brightness, its weights.

    Parameters
    ----------
    stack : contextlib.ExitStack
        Closes the rasters.
    probability_path, projected_path : path
        See `fuse`.
    grid : MapGrid
        Grid of the map.

    Attributes
    ----------
    paths : tuple of path
    facts : ImageFacts
    calibration_tags : dict of str
        Tags that say how the probability was calibrated; empty if it was not.
    """

    def __init__(self, stack: ExitStack, probability_path: str | Path, projected_path: str | Path, grid: MapGrid):
        self.paths = probability_path, projected_path
        self.probability = stack.enter_context(open_raster(probability_path))
        self._filled = FilledBlocks(self.probability)
        self.projected = stack.enter_context(open_raster(projected_path))
        self.facts = ImageFacts.from_tags(self.projected.tags(), projected_path)
        self.offset = offset_on(self.probability, grid, "the target's map", "infer the image again for this target")
        check_same_pixels(self.probability, MapGrid.of(self.projected), projected_path, "infer the image again")
        self.weight = image_weight(self.facts, grid.resolution_m)
        self.side_px = neighbourhood_px(grid.resolution_m)
        tags = self.probability.tags()
        if MEDIAN_TAG not in tags:
            raise InputError(probability_path, f"has no tag {MEDIAN_TAG}", "infer the image again with this workflow")
        self.median = float(tags[MEDIAN_TAG])
        names = (CALIBRATION_TAG, THRESHOLD_TAG, COMPLETENESS_TAG)
        self.calibration_tags = {name: tags[name] for name in names if name in tags}

    def windows(self, size: int) -> list[tuple[int, int]]:
        """Return the windows of the target's grid on which the image may have data; see `ImageLayer.windows`."""
        return self._filled.windows(self.offset, size)

    def block(self, row: int, column: int, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray] | None:
        """Return probability and weight of a block: float32, NaN and 0 without data. Return None if it has no data."""
        row, column = row - self.offset[0], column - self.offset[1]
        codes = read_window(self.probability, row, column, *shape, fill=NODATA)
        if (codes == NODATA).all():
            return None
        margin = self.side_px // 2
        rows, columns = shape[0] + 2 * margin, shape[1] + 2 * margin
        image = read_window(self.projected, row - margin, column - margin, rows, columns, fill=np.nan)
        lit = lit_weight(image, self.median, self.side_px)[margin:-margin, margin:-margin]
        return decode(codes), np.where(codes == NODATA, 0, self.weight * lit)


def _shared_tags(images):
    """Return the tags that say how the probabilities of all images were calibrated, and what holds for that."""
    first = images[0]
    for image in images[1:]:
        if image.calibration_tags != first.calibration_tags:
            found = f"is calibrated in another way than {first.paths[0]}"
            raise InputError(image.paths[0], found, "infer all images of the target with one model")
    return first.calibration_tags


def _fuse_block(images, row, column, shape, counted, calibration):
    """Return the codes of a block's fused probability and, if `counted`, the number of images with data per pixel."""
    total, weights, seen = np.zeros(shape, np.float32), np.zeros(shape, np.float32), np.zeros(shape, np.uint16)
    squares = np.zeros(shape, np.float32)
    for image in images:
        block = image.block(row, column, shape)
        if block is not None:
            probability, weight = block
            total += np.nan_to_num(probability) * weight
            weights += weight
            squares += weight**2
            seen += weight > 0
    with np.errstate(invalid="ignore"):
        mean = np.where(seen > 0, total / weights, np.nan)
    codes = encode(mean if calibration is None else calibration.of_mean(mean, effective_images(weights, squares)))
    return {"codes": codes, "counts": np.minimum(seen, _MOST_COUNTED).astype(np.uint8)} if counted else {"codes": codes}
