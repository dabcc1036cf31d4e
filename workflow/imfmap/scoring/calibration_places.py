"""Read the places on which a model is calibrated, and make their maps as a run would."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import shapely
from rasterio.features import rasterize

from ..core.errors import InputError
from ..fractures.accept import filter_fractures
from ..fractures.completeness import Views, light_at, views_of_ground
from ..fractures.corrected import Mapped
from ..fractures.measures import measure
from ..fractures.polygons import vectorise
from ..inference.fusion import WeightedImage, fuse, image_weight
from ..labels.truth_classes import CLASSES, NOT_LABELLED
from ..labels.width_classes import WIDTH_CLASSES, width_class
from ..learning.probability_calibration import CALIBRATION_TAG, ProbabilityCalibration
from ..maps.grids import MapGrid
from ..maps.ground_plane import mapped_ground
from ..maps.image_facts import ImageFacts
from ..maps.probability_raster import NODATA, create_probability, encode
from ..maps.rasters import open_raster, read_window
from ..maps.vectors import read_vector
from .calibration_fit import Place, calibrated_codes
from .counts import line_points

# Pixels of a place that the calibration is fitted on: all, or a regular sample.
MOST_PIXELS = 500_000
# A true fracture counts if at least this share of its centreline lies on the map; it is found if this share of that is.
SEEN_SHARE = FOUND_SHARE = 0.5
_BLOCK_PX = 512
# Cells of the ground on which the images of a map are looked for, metres.
_CELL_M = 50.0


@dataclass(frozen=True)
class PlaceFiles:
    """Files of a place.

    Attributes
    ----------
    name : str
    probabilities, images : list of path
        Probability raster of each image before any calibration, and the projected images, in the same order.
    classes : path
        Raster of the true classes, or of labels (0 or 1; `truth_classes.NOT_LABELLED` where nobody looked).
    objects : path or None
        ``truth.gpkg`` of a simulated scene. Without it, the place tells nothing of completeness.
    """

    name: str
    probabilities: Sequence[str | Path]
    images: Sequence[str | Path]
    classes: str | Path
    objects: str | Path | None = None

    def read(self) -> Place:
        """Return the pixels of the place.

        Raises
        ------
        InputError
            If rasters lie on different pixels, or probabilities are calibrated already.
        """
        with ExitStack() as stack:
            truth = stack.enter_context(open_raster(self.classes))
            grid = MapGrid.of(truth)
            images = [
                WeightedImage(stack, probability, image, grid)
                for probability, image in zip(self.probabilities, self.images, strict=True)
            ]
            for image in images:
                if CALIBRATION_TAG in image.calibration_tags:
                    raise InputError(image.paths[0], "is calibrated already", "infer it with calibrated: false")
            step = max(1, int(np.ceil(np.sqrt(grid.shape[0] * grid.shape[1] / MOST_PIXELS))))
            parts = []
            for row, column, block in grid.blocks(_BLOCK_PX - _BLOCK_PX % step):
                chosen = slice(None, None, step), slice(None, None, step)
                layers = [image.block(row, column, block.shape) for image in images]
                if all(layer is None for layer in layers):
                    continue
                empty = np.full(block.shape, np.nan), np.zeros(block.shape)
                codes, weights = zip(*(empty if layer is None else layer for layer in layers), strict=True)
                true = read_window(truth, row, column, *block.shape)
                fracture, seen = true == CLASSES["fracture"], true != NOT_LABELLED
                codes = np.stack([encode(values)[chosen].ravel() for values in codes])
                known = (codes != NODATA).any(axis=0) & seen[chosen].ravel()
                weights = np.stack([values[chosen].ravel() for values in weights]).astype(np.float32)
                parts.append((codes[:, known], weights[:, known], fracture[chosen].ravel()[known]))
        if not parts:
            raise InputError(self.classes, "has no pixel with a probability", "leave this target out")
        codes, weights, fracture = (np.concatenate(part, axis=-1) for part in zip(*parts, strict=True))
        return Place(self.name, codes, weights, fracture)


@dataclass(frozen=True)
class PlaceMap:
    """One map of a place, from some or all of its images, beside the truth.

    Attributes
    ----------
    place : str
    images : int
        Number of images.
    fractures : pandas.DataFrame
        True fractures that lie on the map: `width_m`, `length_m` (of the part on the map), `covered` (0..1).
    features : ndarray
        (fractures, features), see `completeness.Views.features`.
    found : pandas.DataFrame
        Polygons of the map: `confidence`, `true_share` of their area, `area_m2`, `total_length_m`, `mean_width_m`.
    mapped : Mapped
    views : Views
    """

    place: str
    images: int
    fractures: pd.DataFrame
    features: np.ndarray
    found: pd.DataFrame
    mapped: Mapped
    views: Views

    def true_sums(self, kind: str) -> np.ndarray:
        """Return the true length, or number, of each width class on the map."""
        classes = np.array([WIDTH_CLASSES.index(width_class(width)) for width in self.fractures.width_m], int)
        weights = self.fractures.length_m if kind == "length" else None
        return np.bincount(classes, weights, len(WIDTH_CLASSES)).astype(float)


def maps_of_place(
    files: PlaceFiles,
    image_sets: Sequence[Sequence[int]],
    calibration: ProbabilityCalibration,
    threshold: float,
    min_area_m2: float,
    folder: Path,
) -> list[PlaceMap]:
    """Make maps of a simulated place from sets of its images, as a run makes them, and lay them beside the truth.

    Parameters
    ----------
    files : PlaceFiles
        With `objects`.
    image_sets : list of sequence of int
        Images of each map, by their place among those of `files`.
    calibration : ProbabilityCalibration
    threshold : float
        Calibrated probability.
    min_area_m2 : float
        Smaller detections are rejected.
    folder : path
        Empty folder for rasters; they are left there.

    Returns
    -------
    list of PlaceMap
    """
    with open_raster(files.classes) as dataset:
        grid, classes = MapGrid.of(dataset), dataset.read(1)
    paths = [_calibrated(path, calibration, folder / Path(path).name) for path in files.probabilities]
    truth = _TrueLines(files.objects, grid)
    maps = []
    for number, chosen in enumerate(image_sets):
        images = [files.images[index] for index in chosen]
        fused = folder / f"fused.{number}.tif"
        fuse([paths[index] for index in chosen], images, fused, grid)
        polygons = vectorise(fused, threshold)
        kept, _ = filter_fractures(measure(polygons, fused)[0], min_area_m2)
        with open_raster(fused) as dataset:
            seen = dataset.read(1) != NODATA
        fractures, views, across = truth.on_map(seen, _drawn(kept.geometry, grid) > 0, images)
        maps.append(
            PlaceMap(
                place=files.name,
                images=len(chosen),
                fractures=fractures,
                features=views.features_across(fractures["width_m"].to_numpy(), across),
                found=_true_shares(kept, classes, grid),
                mapped=Mapped.of(kept),
                views=views_of_ground(images, mapped_ground(fused, _CELL_M), grid.resolution_m),
            )
        )
    return maps


class _TrueLines:
    """Centrelines of the true fractures of a place, as points about a pixel apart."""

    def __init__(self, path, grid):
        frame = read_vector(path, "fractures", grid.crs, columns=("width_m", "length_m"))
        lines = shapely.force_2d(read_vector(path, "centrelines", grid.crs).geometry.to_numpy())
        # A crater may have removed a part: only the rest of a fracture can be found.
        self._lines = shapely.intersection(lines, frame.geometry.to_numpy())
        self._width_m, self._grid = frame["width_m"].to_numpy(float), grid
        row, column, owner = line_points(self._lines, grid)
        self._whole = np.bincount(owner, minlength=len(frame))
        inside = (row >= 0) & (row < grid.shape[0]) & (column >= 0) & (column < grid.shape[1])
        self._row, self._column, self._owner = row[inside], column[inside], owner[inside]

    def on_map(self, seen, covered, images):
        """Return the fractures of which half or more is seen.

        Returns
        -------
        fractures : pandas.DataFrame
            `width_m`, `length_m` (of the part that is seen) and `covered` (share of that part).
        views : Views
            Of each fracture.
        across : ndarray
            (fractures, images) mean absolute sine of the angle between the line and the Sun.
        """
        here = seen[self._row, self._column]
        points, hit = (self._sums(chosen) for chosen in (here, here & covered[self._row, self._column]))
        chosen = np.flatnonzero((points > 0) & (points >= SEEN_SHARE * self._whole))
        part = points[chosen] / self._whole[chosen]
        table = pd.DataFrame(
            {
                "width_m": self._width_m[chosen],
                "length_m": part * shapely.length(self._lines[chosen]),
                "covered": hit[chosen] / points[chosen],
            }
        )
        x, y = self._grid.transform * (self._column + 0.5, self._row + 0.5)
        facts, weights = [], []
        for path in images:
            with open_raster(path) as image:
                facts.append(ImageFacts.from_tags(image.tags(), path))
                light = self._sums(here, light_at(image, x, y))
            weights.append(image_weight(facts[-1], self._grid.resolution_m) * light[chosen] / points[chosen])
        azimuth_deg = np.array([fact.sun_azimuth_deg for fact in facts])
        incidence_deg = np.array([fact.incidence_deg for fact in facts])
        views = Views(np.array(weights).reshape(len(facts), -1).T, np.ones(len(chosen)), azimuth_deg, incidence_deg)
        return table, views, _across(self._lines[chosen], azimuth_deg)

    def _sums(self, chosen, values=None):
        """Return the number of chosen points of each fracture, or the sum of their values."""
        values = None if values is None else values[chosen]
        return np.bincount(self._owner[chosen], values, minlength=len(self._lines))


def _across(lines, azimuth_deg):
    """Return the mean absolute sine of the angle between each line and each direction: (lines, directions)."""
    points, owner = shapely.get_coordinates(lines, return_index=True)
    parts = np.diff(points, axis=0)[owner[1:] == owner[:-1]]
    owner = owner[1:][owner[1:] == owner[:-1]]
    length = np.hypot(*parts.T)
    strike = np.arctan2(parts[:, 0], parts[:, 1])
    sums = [
        np.bincount(owner, length * np.abs(np.sin(np.radians(angle) - strike)), len(lines)) for angle in azimuth_deg
    ]
    return np.array(sums).T / np.maximum(np.bincount(owner, length, len(lines)), 1e-9)[:, np.newaxis]


def _calibrated(path, calibration, out_path):
    """Write the calibrated probability of one image, from that before calibration."""
    with open_raster(path) as dataset:
        codes, tags = dataset.read(1), dataset.tags() | {CALIBRATION_TAG: calibration.tag()}
        with create_probability(out_path, MapGrid.of(dataset), tags) as out:
            out.write(calibrated_codes(calibration)[codes], 1)
    return out_path


def _drawn(shapes, grid):
    """Return a raster of the numbers of polygons, from 1; 0 elsewhere."""
    numbered = [(shape, number) for number, shape in enumerate(shapes, start=1)]
    return (
        rasterize(numbered, grid.shape, transform=grid.transform, dtype="int32")
        if numbered
        else np.zeros(grid.shape, int)
    )


def _true_shares(fractures, classes, grid):
    """Return the confidence of each polygon, and the share of its area that is a true fracture."""
    drawn = _drawn(fractures.geometry, grid)
    count = len(fractures) + 1
    area, hits = (
        np.bincount(drawn.ravel(), minlength=count),
        np.bincount(drawn[classes == CLASSES["fracture"]], minlength=count),
    )
    shares = hits[1:] / np.maximum(area[1:], 1)
    columns = ("confidence", "area_m2", "total_length_m", "mean_width_m")
    return pd.DataFrame({name: fractures[name].to_numpy(float) for name in columns} | {"true_share": shares})
