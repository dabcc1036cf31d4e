"""Words and numbers that the configuration and the code share. Each of them is defined here only.

The models of the configuration (package ``run/config``) take them from here, and so do the modules that use them. This
module imports nothing, because every job loads it to check the configuration again.
"""

# A recipe says how images are cut into tiles and searched. `OLD_RECIPES` gives the present names of former ones.
RECIPES = ("paper", "sun_aligned")
OLD_RECIPES = {"imfmap": "sun_aligned"}

# Roles of targets, each with the name of its data set in the paper (Le Corre et al. 2025).
PAPER_SETS = {"train": "Tr + Va1", "validation": "Va2", "test": "Te", "map": "In"}
ROLES = tuple(PAPER_SETS)
LABELLED_ROLES = ("train", "validation", "test")

# In place of a file: the base map that is fetched from USGS.
WAC = "wac"

# Images and mosaics.
DARKS = ("pair", "nearest", "custom")
CAMERAS = ("left", "right")
SUMMINGS = (1, 2)
RESAMPLINGS = ("nearest", "bilinear", "cubic", "antialiased")
PRIORITIES = ("beneath", "ontop", "average")
STRETCHES = ("minmax", "percentile")
# Which images are co-registered.
COREGISTERED = ("projected", "all", "none")
BRIGHTNESS_MATCHES = ("offset", "gain", "both")
# Settings of processing, with their defaults. The defaults of calibration are those of ISIS's lronaccal.
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
# The paper has 4 training tiles for 1 validation tile.
VALIDATION_FRACTION = 0.2
SCHEDULES = ("constant", "onecycle")
DEVICES = ("auto", "cpu", "cuda")
PRECISIONS = ("auto", "float32", "bfloat16", "float16")
SCALINGS = ("imagenet", "unit")
VIEWS = ("flips", "rotations")
SCALING = "imagenet"
# Optional settings of inference, with their defaults.
INFERENCE = {"batch_size": 8, "device": "auto", "precision": "auto", "sun_offset_deg": 0, "calibrated": True}
# Settings of training, with their defaults. Each model may have its own values.
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
# A pixel counts as fracture if its probability is this or more.
THRESHOLD = 0.5
# Places that a model's probabilities are calibrated on, at least: each is judged by the others.
LEAST_CALIBRATED = 3
# Augmentation applies each change to a training tile with this probability. Its strength is drawn from the ranges of
# the recipe.
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
        "gamma": None,
        "clipped_share": 0,
        "jpeg_quality": None,
    },
}

# Models that the project ships (resources/<name>.pt), each with its recipe.
SHIPPED_MODELS = {"detector": "sun_aligned"}

# Tables of a comparison, each with the title of what it shows.
COMPARISON_TABLES = {
    "images": "every image alone",
    "maps": "all images of a place, fused or as a mosaic, and one of them",
    "sun": "a wrong direction of the Sun",
}
# Pixels. A larger tile of a checkpoint or a configuration would fill the memory.
LARGEST_TILE_PX = 8192
