"""Words and numbers that a configuration and the code share: each stands here once.

The models of the configuration (`run.config`) take them from here, and so do the modules that act on them. The module
imports nothing, because every job checks the configuration again.
"""

# How images are cut into tiles and searched; `OLD_RECIPES` are former names, by their present ones.
RECIPES = ("paper", "sun_aligned")
OLD_RECIPES = {"imfmap": "sun_aligned"}

# What a target is for: a name of its set in the paper (Le Corre et al. 2025) for each role.
PAPER_SETS = {"train": "Tr + Va1", "validation": "Va2", "test": "Te", "map": "In"}
ROLES = tuple(PAPER_SETS)
LABELLED_ROLES = ("train", "validation", "test")

# Images and mosaics.
DARKS = ("pair", "nearest", "custom")
CAMERAS = ("left", "right")
SUMMINGS = (1, 2)
RESAMPLINGS = ("nearest", "bilinear", "cubic", "antialiased")
PRIORITIES = ("beneath", "ontop", "average")
STRETCHES = ("minmax", "percentile")
BRIGHTNESS_MATCHES = ("offset", "gain", "both")
# Steps of processing, with their defaults: those of calibration are lronaccal's own.
PROCESSING = {
    "resampling": "cubic",
    "verify_md5": True,
    "masked": True,
    "dark": True,
    "darks": "pair",
    "nonlinearity": True,
    "flat": True,
    "echo": True,
}
MOSAIC = {"priority": "beneath", "stretch": "percentile", "brightness": "none"}

# Tiles and networks.
SPLITS = ("tile", "place")
# The paper's 4:1.
VALIDATION_FRACTION = 0.2
SCHEDULES = ("constant", "onecycle")
DEVICES = ("auto", "cpu", "cuda")
PRECISIONS = ("auto", "float32", "bfloat16", "float16")
SCALINGS = ("imagenet", "unit")
VIEWS = ("flips", "rotations")
SCALING = "imagenet"
# Settings of a search for fractures that its callers may leave out, with their defaults.
INFERENCE = {"batch_size": 8, "device": "auto", "precision": "auto", "sun_offset_deg": 0}
# Settings of a training that a model may have its own value of, with their defaults.
LEARNING = {
    "epochs": 100,
    "learning_rate": 0.0001,
    "schedule": "constant",
    "positive_weight": 1,
    "dice_weight": 0,
    "cldice_weight": 0,
    "ignore_px": 0,
    "soft_px": 0,
    "quarter_turns": False,
}
# Settings of the machine that trains, with their defaults.
MACHINE = {"device": "auto", "devices": 1, "precision": "auto", "compile": False, "workers": 0, "threads": 2}
# Probability from which on a pixel counts as fracture.
THRESHOLD = 0.5
# Each change of a training tile is drawn with this probability, within the ranges of its recipe.
AUGMENTATION_PROBABILITY = 0.5
AUGMENTATION_RANGES = {
    "paper": {
        "clahe_regions": 8,
        "clahe_clip": 0.01,
        "noise_sigma": [0.0075, 0.0125],
        "distortion_scale": [0.5, 1.5],
    },
    "sun_aligned": {
        "swap": True,
        "turn_deg": 15,
        "scale": [0.85, 1.2],
        "contrast": [0.7, 1.4],
        "brightness": 0.04,
        "blur_sigma_px": [0.3, 0.9],
        "noise_sigma": [0, 0.015],
    },
}

# Tables of a comparison, and what each holds.
COMPARISON_TABLES = {
    "images": "every image alone",
    "maps": "all images of a place, fused or as a mosaic, and one of them",
    "sun": "a wrong direction of the Sun",
}
