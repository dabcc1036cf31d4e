"""What the rules that calibrate a model share: the places that they use."""

# Targets that a model is calibrated on. Training has not seen them, and no test judges by them.
CALIBRATED_ON = [name for name in targets_with_role("validation") if origin(name) == name]


def calibration_places(wildcards, run):
    """Files of each of these targets, below a folder of the run."""
    return [
        {
            "name": target,
            "probabilities": f"{run}/models/{wildcards.model}/uncalibrated/{target}",
            "images": [f"{run}/{target}/projected/{product}.tif" for product in usable(target)],
            "classes": f"{true_folder(target, run)}/truth.tif" if has_truth(target) else f"{run}/{target}/labels.tif",
            "objects": f"{true_folder(target, run)}/truth.gpkg" if has_truth(target) else None,
        }
        for target in CALIBRATED_ON
    ]
