"""What the library knows about each rule of the workflow, by its name.

A test compares the table with the rules. The module imports only the standard library, since every job of a run may
read it.
"""

from dataclasses import dataclass

# The work of a rule grows with the pixels of the target's map, or with those of one image on the map.
MAP, IMAGE = "map", "image"


@dataclass(frozen=True)
class RuleFacts:
    """Facts of one rule.

    Attributes
    ----------
    pixels : str or None
        `MAP` or `IMAGE`; None if the work grows with something else.
    network : bool
        Whether it runs a neural network (on a GPU if there is one).
    fetches : str or None
        What it fetches from a server; None for nothing.
    """

    pixels: str | None = None
    network: bool = False
    fetches: str | None = None


_OTHER, _MAP, _IMAGE = RuleFacts(), RuleFacts(MAP), RuleFacts(IMAGE)
RULES = {
    "all": _OTHER,
    # acquire.smk
    "search": RuleFacts(fetches="the archive's answer"),
    "locate": RuleFacts(fetches="the archive's answer"),
    "download": RuleFacts(fetches="an EDR"),
    "fetch_isisdata": RuleFacts(fetches="kernels and calibration files"),
    "link_calibration": _OTHER,
    "isd_from_kernels": _OTHER,
    "isisdata": _OTHER,
    # simulate.smk
    "simulate_calibration": _OTHER,
    "simulate_scene": _MAP,
    "simulate_image": _OTHER,
    "simulate_projected": _IMAGE,
    "simulate_counts": _OTHER,
    "benchmark_set": _OTHER,
    # calibrate.smk
    "isis_ingest": _OTHER,
    "isis_spice": _OTHER,
    "isis_calibrate": _OTHER,
    "isis_echo": _OTHER,
    "isis_photometry": _OTHER,
    "calibrate_edr": _OTHER,
    # project.smk
    "project_edr": _IMAGE,
    "project_cube": _IMAGE,
    "isis_template": _OTHER,
    "isis_range": _OTHER,
    "isis_project": _IMAGE,
    "isis_export": _IMAGE,
    "project_mosaic": _OTHER,
    "project_raster": _IMAGE,
    "coregister": _IMAGE,
    "survey": _OTHER,
    # mosaic.smk, coarse.smk
    "mosaic": _MAP,
    "isis_mosaic": _MAP,
    "isis_picture": _MAP,
    "import_mosaic": _MAP,
    "average_image": _OTHER,
    # label.smk, tile.smk
    "label": _MAP,
    "check_labels": _OTHER,
    "draft_labels": _OTHER,
    "tile": _IMAGE,
    "split": _OTHER,
    # train.smk, evaluate.smk
    "train": RuleFacts(network=True),
    "fetch_weights": RuleFacts(fetches="weights to train from"),
    "use_checkpoint": _OTHER,
    "fetch_checkpoint": RuleFacts(fetches="published weights"),
    "export_onnx": _OTHER,
    "evaluate": RuleFacts(network=True),
    "evaluation": _OTHER,
    # calibrate_model.smk
    "infer_uncalibrated": RuleFacts(network=True),
    "calibrate_model": _OTHER,
    "calibration": _OTHER,
    # infer.smk
    "infer_image": RuleFacts(IMAGE, network=True),
    "fuse": _MAP,
    "infer_mosaic": RuleFacts(MAP, network=True),
    # compare.smk, coarse.smk
    "compare_images": RuleFacts(network=True),
    "compare_fused": _OTHER,
    "compare_one_image": _OTHER,
    "compare_mosaic": RuleFacts(network=True),
    "score_images": _OTHER,
    "score_map": _OTHER,
    "score_labels": _OTHER,
    "compare": _OTHER,
    "comparison": _OTHER,
    "compare_coarse": _OTHER,
    "coarse_sheet": _OTHER,
    "coarse": _OTHER,
    # reproduction.smk
    "fetch_detections": RuleFacts(fetches="published detections"),
    "reproduce": _OTHER,
    "reproduction": _OTHER,
    # vectorise.smk, map.smk, figures.smk, products.smk, provenance.smk
    "vectorise": _MAP,
    "map": _MAP,
    "distances": _MAP,
    "statistics": _OTHER,
    "check_measures": _OTHER,
    "fetch_base_map": RuleFacts(fetches="the WAC mosaic of the Moon"),
    "sheets": _MAP,
    "tables": _OTHER,
    "footprints": _MAP,
    "qgis": _OTHER,
    "viewer": _MAP,
    "stac": _OTHER,
    "catalog": _OTHER,
    "merge_fractures": _OTHER,
    "provenance": _OTHER,
}

# What a user asks for by these names, for `snakemake --list`. (Other rules show the message of their jobs.)
ASKED = {
    "all": "All maps of the run (targets of role map), the evaluation of its models, the catalogue, and the provenance",
    "evaluation": "Training of the models of evaluation.models, and their scores on the validation and test targets",
    "calibration": "The model that maps, with probabilities that are calibrated on the validation targets",
    "comparison": "The tables of the questions that the configuration asks (config/comparison.yaml)",
    "coarse": "Maps of coarser pixels beside those of the targets (config/coarse.yaml)",
    "reproduction": "Our maps beside the published ones of the same craters",
    "benchmark_set": "The simulated benchmark set, without training (config/benchmark.yaml)",
    "isisdata": "The kernels and calibration files of all targets that are fetched",
    "check_labels": "A report on the labels that were drawn",
}


def facts_of(rule: str) -> RuleFacts:
    """Return the facts of a rule; empty facts for a rule that is not in the table, such as that of a target."""
    return RULES.get(rule, _OTHER)
