"""Scores of probability rasters where the truth is known.

`score_probability` counts one probability raster against truth and weak labels, and writes counts that add up.
`combine_scores` adds the counts of any number of maps to `scores.Scores`, from which every figure of the tables is
made. `score_labels` does to the weak labels what `score_probability` does to a map: what they cost. The polygons of a
finished map are scored by `polygon_scores.score_polygons`.
"""

from pathlib import Path

from tqdm import tqdm

from ..core.choices import THRESHOLD
from ..core.errors import InputError
from ..core.jsonfiles import read_json, write_json
from ..fractures.limits import MIN_AREA_M2
from .blocks import Scene
from .counts import FractureCounts, Histograms, ObjectCounts
from .scores import Scores

# Objects and fractures are counted at these probabilities too.
OTHER_THRESHOLDS = (0.3, 0.7)


def score_probability(
    probability_path,
    image_path,
    truth_raster_path,
    truth_vectors_path,
    label_raster_path,
    out_json,
    threshold=THRESHOLD,
    *,
    target,
    sources_path=None,
    shown_paths=(),
    min_area_m2=MIN_AREA_M2,
):
    """Count the probabilities of one image, or of a whole map, against what is truly there.

    Only pixels with a probability and with image data count. A true fracture counts where at least half of its
    centreline is seen, and is found where at least half of what is seen is covered. A detected object (pixels that
    touch) lies on what is truly there (`counts.THINGS`) and most of it overlaps, if that is a quarter of it or more;
    else along a seam or in the dark, as far as these are told, by the same rule; else on background. It is true where
    it lies on a fracture.

    Places are in shadow where the surroundings are (`shadows.NEIGHBOURHOOD_M` wide: a fracture is dark itself); objects
    lie in shadow where they are dark themselves. Both are told by the projected image, of a map by the image that the
    mosaic shows there: so a fused map and a mosaic are compared in the same places.

    Parameters
    ----------
    probability_path : path
        8-bit probability raster.
    image_path : path or None
        The projected image it was made from (valid pixels, incidence, shadow), or, for a map of several, the mosaic
        (valid pixels) or None.
    truth_raster_path, truth_vectors_path : path
        ``truth.tif`` and ``truth.gpkg`` of a simulated scene.
    label_raster_path : path
        Weak labels, 0 or 1.
    out_json : path
        File to write.
    threshold : float
        Probability, 0..1, at which objects are counted, beside `OTHER_THRESHOLDS`.
    target : str
        Name of the scene, so that places can be counted.
    sources_path : path, optional
        Which image each pixel of the mosaic came from, to tell its seams and shadows.
    shown_paths : sequence of path
        The projected images that the mosaic was made of, to tell its shadows.
    min_area_m2 : float
        Smaller objects do not count.

    Returns
    -------
    dict
        What was written: `target`, `product`, `incidence_deg`, `sun_azimuth_deg` (None for a map of several images),
        `resolution_m`, `area_km2`, `threshold`, `min_area_m2`; `histograms`: pixels at the 251 levels of probability by
        `truth` class, `label`, `width` class (of fracture pixels), `light` and `seam`; `fractures`: width class, length
        and covered share of each; `objects`: number on each kind, by threshold.

    Raises
    ------
    InputError
        Where the rasters are on different grids, or nothing is valid.
    """
    paths = {"probability": probability_path, "image": image_path, "sources": sources_path}
    paths |= {"truth": truth_raster_path, "labels": label_raster_path}
    return _score(Scene(paths, shown_paths), truth_vectors_path, out_json, target, threshold, min_area_m2)


def score_labels(
    image_path, truth_raster_path, truth_vectors_path, label_raster_path, out_json, *, target, min_area_m2=MIN_AREA_M2
):
    """Count the weak labels against the truth as if they were a map; see `score_probability`."""
    scene = Scene({"image": image_path, "truth": truth_raster_path, "labels": label_raster_path})
    return _score(scene, truth_vectors_path, out_json, target, THRESHOLD, min_area_m2)


def combine_scores(paths):
    """Add score files up.

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
        Where there are none, or they were counted at different thresholds or least areas.
    """
    if not paths:
        raise InputError("scores", "no files given", "score at least one map")
    paths = [file for path in map(Path, paths) for file in (sorted(path.glob("*.json")) if path.is_dir() else [path])]
    files = [read_json(path) for path in paths]
    for key in ("threshold", "min_area_m2"):
        other = next((n for n, file in enumerate(files) if file[key] != files[0][key]), None)
        if other is not None:
            raise InputError(paths[other], f"{key} is {files[other][key]}, not {files[0][key]}", "score all alike")
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
        raise InputError(scene.mapped, "has no valid pixel", "leave it out")
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
