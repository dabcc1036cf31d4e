"""Make the detector that the project ships: `python resources/detector.py`, or `make weights`.

A network is trained on many kinds of simulated scenes, with their exact truth, which no person could draw. The images
are made without orbit and detector. Scenes differ as real places do: smooth and rough melt, few and many craters and
boulders, shallow fractures and open cracks with steep walls, and ordinary ground without any fracture. The tiles are
changed as the pictures of others are (see `augment.augment_sun_aligned`). No real image is used. The demo continues the
training with weak labels, as a user would on the real Moon.

Scenes are kept in a folder, so that a run that was stopped goes on, and so that models of both recipes see the same
images.
"""

import argparse
import json
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from shutil import copyfile
from typing import Any

import numpy as np
from tqdm import tqdm

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "workflow"))

from imfmap.labels.truth_classes import CLASSES  # noqa: E402
from imfmap.learning.models import load_checkpoint, save_checkpoint  # noqa: E402
from imfmap.learning.train import train  # noqa: E402
from imfmap.maps.bodies import body  # noqa: E402
from imfmap.maps.grids import MapGrid  # noqa: E402
from imfmap.maps.image_facts import ImageFacts  # noqa: E402
from imfmap.simulate.imaging import observe  # noqa: E402
from imfmap.simulate.settings import SceneSettings  # noqa: E402
from imfmap.simulate.terrain import make_terrain  # noqa: E402
from imfmap.tiles.split import split_tiles  # noqa: E402
from imfmap.tiles.tiles import tiles_of_image, write_tiles  # noqa: E402

FIRST_SEED, FIRST_HARD_SEED = 5000, 7000
SIZE_M, RESOLUTION_M, TILE_PX = 1050.0, 1.5, 256
SUNS = 3
INCIDENCE_DEG = (20.0, 80.0)
# One scene of this many validates.
VALIDATION_STEP = 12
# Share of the scenes that are ordinary ground without fractures.
PLAIN_SHARE = 0.15
RECIPES = ("sun_aligned", "paper")
MODEL = {
    "architecture": "unet",
    "encoder": "tu-tf_efficientnet_lite0",
    "decoder_channels": [64, 48, 32, 24, 16],
    "batch_size": 8,
}
# ImageNet's weights of the encoder, as benchmarks/imagenet_encoder.py writes them.
ENCODER_WEIGHTS = HERE.parent / "results" / "pretrained" / "tf_efficientnet_lite0.pth"
# Threshold of the maps, until a calibration chooses one.
THRESHOLD = 0.6
TRAINING = {
    "learning_rate": 0.002,
    "schedule": "onecycle",
    "positive_weight": 1.0,
    "dice_weight": 0.5,
    "threshold": 0.5,
    "device": "auto",
    "workers": 0,
}
AUGMENTATION = {
    "sun_aligned": {
        "turn_deg": 20,
        "scale": [0.75, 1.35],
        "contrast": [0.5, 2.5],
        "brightness": 0.06,
        "blur_sigma_px": [0.3, 1.2],
        "noise_sigma": [0, 0.03],
        "gamma": [0.7, 1.4],
        "clipped_share": 0.02,
        "jpeg_quality": [40, 95],
    }
}


def draw_scene(seed: int) -> dict[str, Any]:
    """Return settings of a scene, drawn at random."""
    rng = np.random.default_rng(seed)
    if rng.random() < PLAIN_SHARE:
        return {
            "seed": seed,
            "preset": "cratered_ground",
            "crater_density_per_km2": 10 ** rng.uniform(3.0, 3.9),
            "boulder_density_per_km2": 10 ** rng.uniform(1.0, 3.3),
            "undulation_height_m": rng.uniform(1.0, 8.0),
        }
    shallow = rng.uniform(0.06, 0.2)
    return {
        "seed": seed,
        "fracture_km_per_km2": rng.uniform(2.0, 12.0),
        "depth_to_width": [shallow, shallow + rng.uniform(0.1, 0.3)],
        "fracture_degradation": rng.uniform(0.0, 0.5),
        "open_cracks": {"share": rng.choice([0.0, 0.4, 0.8, 1.0]), "rubble_per_km": 10 ** rng.uniform(1.5, 3.3)},
        "crater_density_per_km2": 10 ** rng.uniform(1.5, 3.0),
        "boulder_density_per_km2": 10 ** rng.uniform(2.0, 3.7),
        "boulder_slope": rng.uniform(2.8, 4.0),
        "boulder_max_m": rng.uniform(8.0, 25.0),
        "boulder_brightening": rng.uniform(0.0, 0.5),
        "floor_slope_deg": rng.uniform(1.5, 6.0),
        "hummock_height_m": rng.uniform(0.0, 4.0),
        "wall_share": rng.choice([0.0, 0.3]),
        "ridge_share": rng.uniform(0.2, 0.8),
        "albedo_contrast": rng.uniform(0.02, 0.15),
        "albedo_mottling": rng.uniform(0.0, 0.08),
    }


def draw_hard_scene(seed: int) -> dict[str, Any]:
    """Return settings of a scene without fractures, but with what the first networks took for them on real images.

    These are grooves of elongated secondary craters, fields of boulders, hummocks, ridges and wrinkles.
    """
    rng = np.random.default_rng(seed)
    if rng.random() < 0.5:
        return {
            "seed": seed,
            "preset": "cratered_ground",
            "crater_density_per_km2": 10 ** rng.uniform(2.5, 3.9),
            "crater_degradation": rng.uniform(1.0, 6.0),
            "secondary_chains_per_km2": rng.uniform(20.0, 120.0),
            "secondary_stretch": rng.uniform(1.5, 4.0),
            "boulder_density_per_km2": 10 ** rng.uniform(1.0, 3.3),
            "undulation_height_m": rng.uniform(1.0, 10.0),
        }
    return {
        "seed": seed,
        # The few fractures are there for their ridges, which are as long as `ridge_share` says.
        "fracture_km_per_km2": 0.3,
        "ridge_share": rng.uniform(3.0, 15.0),
        "wrinkle_share": rng.uniform(0.2, 0.7),
        "crater_density_per_km2": 10 ** rng.uniform(1.5, 3.0),
        "secondary_chains_per_km2": rng.uniform(0.0, 10.0),
        "secondary_stretch": rng.uniform(1.5, 4.0),
        "boulder_density_per_km2": 10 ** rng.uniform(3.0, 4.2),
        "boulder_slope": rng.uniform(2.6, 3.6),
        "boulder_max_m": rng.uniform(10.0, 30.0),
        "boulder_brightening": rng.uniform(0.0, 0.5),
        "floor_slope_deg": rng.uniform(1.5, 6.0),
        "hummock_height_m": rng.uniform(1.0, 8.0),
        "wall_share": rng.choice([0.0, 0.3]),
        "albedo_contrast": rng.uniform(0.02, 0.15),
    }


def scene_tiles(seed: int, folder: Path) -> None:
    """Write the tiles of one scene under several Suns, for each recipe, to a folder. What is there is kept."""
    done = folder / f"{seed}.json"
    if done.exists():
        return
    rng = np.random.default_rng([seed, 1])
    crs = body("moon").projected("equirectangular", 0.0, 0.0)
    grid = MapGrid.centred(crs, 0.0, 0.0, SIZE_M, SIZE_M, RESOLUTION_M)
    scene = draw_scene(seed) if seed < FIRST_HARD_SEED else draw_hard_scene(seed)
    terrain = make_terrain(SceneSettings.from_mapping(scene), grid)
    truth = terrain.classes(grid)
    mask = (truth == CLASSES["fracture"]).astype(np.uint8)
    for number in range(SUNS):
        azimuth_deg, incidence_deg = rng.uniform(0.0, 360.0), rng.uniform(*INCIDENCE_DEG)
        image = observe(terrain, grid, azimuth_deg, incidence_deg, rng)
        facts = ImageFacts(f"S{seed}{number}", "", azimuth_deg, incidence_deg, 0.0, incidence_deg, 1.0, "native")
        for recipe in RECIPES:
            tiles = tiles_of_image(
                image,
                mask,
                facts,
                RESOLUTION_M,
                recipe=recipe,
                size_px=TILE_PX,
                overlap=0.1,
                rotate=False,
                target=f"scene_{seed}",
                min_valid_fraction=0.5,
                truth=truth,
            )
            (folder / recipe).mkdir(exist_ok=True)
            write_tiles(folder / recipe / f"{facts.product}.npz", tiles)
    done.write_text(json.dumps(scene, indent=1, default=float) + "\n")


def ship(checkpoint: Path, out: Path) -> None:
    """Write a network as the detector, in half the bytes.

    Parameters
    ----------
    checkpoint : Path
        Of a training; or calibrated (``make calibration``), with its own threshold and its completeness.
    out : Path
    """
    network, settings = load_checkpoint(checkpoint)
    threshold = {} if settings.get("calibration") else {"threshold": THRESHOLD}
    save_checkpoint(out, network.half(), settings | threshold)


def main() -> None:
    """Simulate scenes, train a network, and write its weights."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=HERE.parent / "results" / "detector", help="scenes and training")
    parser.add_argument("--out", type=Path, default=HERE / "detector.pt")
    parser.add_argument("--recipe", choices=RECIPES, default="sun_aligned")
    parser.add_argument("--scenes", type=int, default=240)
    parser.add_argument("--hard-scenes", type=int, default=120)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0, help="seed of the training")
    parser.add_argument("--processes", type=int, default=2, help="processes that simulate")
    parser.add_argument("--threads", type=int, default=2, help="threads that train")
    parser.add_argument("--model", type=json.loads, default={}, help="settings of the network that differ, as JSON")
    parser.add_argument("--training", type=json.loads, default={}, help="settings of the training that differ, as JSON")
    parser.add_argument("--calibrated", type=Path, help="train nothing; ship what make calibration wrote")
    starts = parser.add_mutually_exclusive_group()
    starts.add_argument(
        "--encoder-weights", type=Path, default=ENCODER_WEIGHTS, help="ImageNet's weights of the encoder"
    )
    starts.add_argument("--start", type=Path, help="weights of a whole network to start from")
    options = parser.parse_args()
    if options.calibrated:
        ship(options.calibrated, options.out)
        copyfile(options.calibrated.with_name("completeness.csv"), options.out.with_suffix(".completeness.csv"))
        return
    tiles = options.folder / "tiles"
    tiles.mkdir(parents=True, exist_ok=True)
    seeds = [*range(FIRST_SEED, FIRST_SEED + options.scenes)]
    seeds += range(FIRST_HARD_SEED, FIRST_HARD_SEED + options.hard_scenes)
    with ProcessPoolExecutor(options.processes) as pool:
        list(
            tqdm(pool.map(partial(scene_tiles, folder=tiles), seeds), desc="simulating", unit="scene", total=len(seeds))
        )
    if not options.epochs:
        return
    paths = [tiles / options.recipe / f"S{seed}{number}.npz" for seed in seeds for number in range(SUNS)]
    work = options.folder / options.out.stem
    work.mkdir(parents=True, exist_ok=True)
    # Whole scenes validate, so that no ground is in both sets.
    table = split_tiles(paths, work / "split.csv")
    validates = table.target.isin([f"scene_{seed}" for seed in seeds[::VALIDATION_STEP]])
    table.assign(set=np.where(validates, "validation", "train")).to_csv(work / "split.csv", index=False)
    training = TRAINING | {"epochs": options.epochs, "threads": options.threads} | options.training
    start = {"weights": str(options.start)} if options.start else {"encoder_weights": str(options.encoder_weights)}
    model = MODEL | options.model | start
    checkpoint = work / "checkpoint.pt"
    report = train(
        paths,
        work / "split.csv",
        checkpoint,
        work / "metrics.json",
        work / "curves.png",
        model=model,
        training=training,
        augmentation={**AUGMENTATION},
        seed=options.seed,
    )
    ship(checkpoint, options.out)
    size_mb = options.out.stat().st_size / 1e6
    best, speed = report["best"], report["trained_tiles_per_s"]
    print(f"{options.out}: {size_mb:.1f} MB, validation F1 {100 * best['validation_f1']:.1f} %, {speed:.1f} tiles/s")


if __name__ == "__main__":
    main()
