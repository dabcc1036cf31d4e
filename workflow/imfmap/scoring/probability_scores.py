"""Score probability rasters where the truth is known.

`score_probability` counts one probability raster against truth and weak labels, and writes counts that can be added.
`combine_scores` adds the counts of any number of maps to `scores.Scores`, which computes every figure of the tables.
`score_labels` scores the weak labels as if they were a map, to show their own errors. The polygons of a finished map
are scored by `polygon_scores.score_polygons`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from ..core.choices import THRESHOLD
from ..core.errors import InputError
from ..core.jsonfiles import read_json, write_json
from ..fractures.limits import MIN_AREA_M2
from .blocks import Scene
from .counts import FractureCounts, Histograms, ObjectCounts
from .scores import Scores

# Objects and fractures are also counted at these probabilities.
OTHER_THRESHOLDS = (0.3, 0.7)


def score_probability(
    probability_path: str | Path,
    image_path: str | Path | None,
    truth_raster_path: str | Path,
    truth_vectors_path: str | Path,
    label_raster_path: str | Path,
    out_json: str | Path,
    threshold: float = THRESHOLD,
    *,
    target: str,
    sources_path: str | Path | None = None,
    shown_paths: Sequence[str | Path] = (),
    min_area_m2: float = MIN_AREA_M2,
) -> dict[str, Any]:
    """Count the probabilities of one image, or of a whole map, against the truth.

    Only pixels with a probability and with image data count. A true fracture counts if at least half of its centreline
    lies on such pixels. It is found if at least half of these are covered. A detected object is a group of pixels that
    touch. It lies on the true thing (`counts.THINGS`) that has the most of its pixels, if that is at least a quarter of
    them. If there is none, the same rule is applied to seams and shadows, if they are known. Else the object lies on
    background. An object is true if it lies on a fracture.

    A place is in shadow if its surroundings are dark (`shadows.NEIGHBOURHOOD_M` wide, since a fracture is dark, too).
    An object lies in shadow if it is dark itself. Both are known from the projected image. For a map of several images
    it is the image that the mosaic shows at the place, so that a fused map and a mosaic are compared in the same
    places.

    Parameters
    ----------
    probability_path : path
        8-bit probability raster.
    image_path : path or None
        The projected image that the probability was made from (it gives valid pixels, incidence and shadow). For a map
        of several images, the mosaic (it gives valid pixels) or None.
    truth_raster_path, truth_vectors_path : path
        ``truth.tif`` and ``truth.gpkg`` of a simulated scene.
    label_raster_path : path
        Weak labels, 0 or 1.
    out_json : path
        File to write.
    threshold : float
        Probability, 0..1, at which objects are counted, in addition to `OTHER_THRESHOLDS`.
    target : str
        Name of the scene: files of one name are of one place.
    sources_path : path, optional
        Raster that tells which image each pixel of the mosaic came from; gives seams and shadows.
    shown_paths : sequence of path
        The projected images that the mosaic was made of; they give shadows.
    min_area_m2 : float
        Smaller objects do not count.

    Returns
    -------
    dict
        What was written: `target`; `product`, `incidence_deg`, `sun_azimuth_deg` (None for a map of several images);
        `resolution_m`, `area_km2`, `threshold`, `min_area_m2`; `histograms`: numbers of pixels at the 251 levels of
        probability, by `truth` class, `label`, `width` class (of fracture pixels), `light` and `seam`; `fractures`:
        width class, length and covered share of each; `objects`: number on each kind, by threshold.

    Raises
    ------
    InputError
        If the rasters are on different grids, or no pixel is valid.
    """
    paths = {"probability": probability_path, "image": image_path, "sources": sources_path}
    paths |= {"truth": truth_raster_path, "labels": label_raster_path}
    return _score(Scene(paths, shown_paths), truth_vectors_path, out_json, target, threshold, min_area_m2)


def score_labels(
    image_path: str | Path | None,
    truth_raster_path: str | Path,
    truth_vectors_path: str | Path,
    label_raster_path: str | Path,
    out_json: str | Path,
    *,
    target: str,
    min_area_m2: float = MIN_AREA_M2,
) -> dict[str, Any]:
    """Count the weak labels against the truth as if they were a map; see `score_probability`."""
    scene = Scene({"image": image_path, "truth": truth_raster_path, "labels": label_raster_path})
    return _score(scene, truth_vectors_path, out_json, target, THRESHOLD, min_area_m2)


def combine_scores(paths: Sequence[str | Path]) -> Scores:
    """Add the counts of score files.

    Parameters
    ----------
    paths : list of path
        Files of `score_probability` or `score_labels`, or folders of them.

    Returns
    -------
    scores.Scores

    Raises
    ------
    InputError
        If there is no file, or if files were counted at different thresholds or smallest areas.
    """
    if not paths:
        raise InputError("scores", "no files given", "score at least one map")
    paths = [file for path in map(Path, paths) for file in (sorted(path.glob("*.json")) if path.is_dir() else [path])]
    files = [read_json(path) for path in paths]
    for key in ("threshold", "min_area_m2"):
        other = next((n for n, file in enumerate(files) if file[key] != files[0][key]), None)
        if other is not None:
            raise InputError(
                paths[other],
                f"{key} is {files[other][key]}, not {files[0][key]}",
                "score all maps with one threshold and one min_area_m2",
            )
    return Scores(files)


def _score(scene, vectors, out_json, target, threshold, min_area_m2):
    thresholds = sorted({threshold, *OTHER_THRESHOLDS})
    with scene:
        fractures = FractureCounts(vectors, scene.grid, thresholds)
        objects = {f"{value:g}": ObjectCounts(scene.grid, value, min_area_m2) for value in thresholds}
        histograms, pixels = Histograms(), 0
        for block in tqdm(scene.blocks(), desc=f"scoring {Path(out_json).stem}", unit="block", mininterval=1):
            histograms.add(block, fractures.add(block))
            for counted in objects.values():
                counted.add(block)
            pixels += int(block.valid.sum())
    if not pixels:
        raise InputError(scene.mapped, "has no valid pixel", "leave this map out")
    result = {"target": target}
    result |= {name: getattr(scene.facts, name, None) for name in ("product", "incidence_deg", "sun_azimuth_deg")}
    result |= {
        "resolution_m": scene.grid.resolution_m,
        "area_km2": pixels * scene.grid.resolution_m**2 * 1e-6,
        "threshold": threshold,
        "min_area_m2": min_area_m2,
        "histograms": histograms.as_dict(),
        "fractures": fractures.as_dict(),
        "objects": {name: counted.as_dict() for name, counted in objects.items()},
    }
    write_json(out_json, result, indent=None)
    return result
