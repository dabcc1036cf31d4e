"""Make the small weights that the demo starts from: `python resources/start_weights.py`.

A network is trained on many kinds of simulated scenes that the demo does not use, with their exact truth, which no
person could draw. The images are made without orbit and detector. The weights are an example of weights of any origin:
the demo continues the training with weak labels, as for the real Moon.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
from tqdm import tqdm

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "workflow"))

from imfmap.labels.truth_classes import CLASSES  # noqa: E402
from imfmap.learning.train import train  # noqa: E402
from imfmap.maps.bodies import body  # noqa: E402
from imfmap.maps.grids import MapGrid  # noqa: E402
from imfmap.maps.image_facts import ImageFacts  # noqa: E402
from imfmap.simulate.imaging import observe  # noqa: E402
from imfmap.simulate.settings import SceneSettings  # noqa: E402
from imfmap.simulate.terrain import make_terrain  # noqa: E402
from imfmap.tiles.split import split_tiles  # noqa: E402
from imfmap.tiles.tiles import tiles_of_image, write_tiles  # noqa: E402

FIRST_SEED = 5000
SIZE_M, RESOLUTION_M, TILE_PX = 1050.0, 1.5, 256
SUNS = 3
INCIDENCE_DEG = (30.0, 68.0)
MODEL = {
    "architecture": "unet",
    "encoder": "tu-tf_mobilenetv3_small_minimal_100",
    "decoder_channels": [64, 48, 32, 24, 16],
    "batch_size": 4,
}
TRAINING = {
    "learning_rate": 0.002,
    "schedule": "onecycle",
    "positive_weight": 1.0,
    "dice_weight": 0.5,
    "threshold": 0.5,
    "device": "auto",
    "workers": 0,
}


def scene_tiles(seed: int, folder: Path) -> list[Path]:
    """Write the tiles of one scene under several Suns to a folder, and return their paths."""
    rng = np.random.default_rng(seed)
    crs = body("moon").projected("equirectangular", 0.0, 0.0)
    grid = MapGrid.centred(crs, 0.0, 0.0, SIZE_M, SIZE_M, RESOLUTION_M)
    shallow, deep = rng.uniform(0.08, 0.2), rng.uniform(0.3, 0.5)
    settings = SceneSettings(
        seed=seed,
        fracture_km_per_km2=rng.uniform(3.0, 10.0),
        depth_to_width=(shallow, deep),
        crater_density_per_km2=rng.uniform(100.0, 350.0),
        ridge_share=rng.uniform(0.3, 0.8),
    )
    terrain = make_terrain(settings, grid)
    mask = (terrain.classes(grid) == CLASSES["fracture"]).astype(np.uint8)
    paths = []
    for number in range(SUNS):
        azimuth_deg, incidence_deg = rng.uniform(0.0, 360.0), rng.uniform(*INCIDENCE_DEG)
        image = observe(terrain, grid, azimuth_deg, incidence_deg, rng)
        facts = ImageFacts(f"S{seed}{number}", "", azimuth_deg, incidence_deg, 0.0, incidence_deg, 1.0, "native")
        tiles = tiles_of_image(
            image,
            mask,
            facts,
            RESOLUTION_M,
            recipe="sun_aligned",
            size_px=TILE_PX,
            overlap=0.1,
            rotate=False,
            target=f"scene_{seed}",
            min_valid_fraction=0.5,
        )
        paths.append(folder / f"{facts.product}.npz")
        write_tiles(paths[-1], tiles)
    return paths


def main() -> None:
    """Simulate scenes, train a network, and write its weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=40)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=HERE / "start_weights.pt")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        seeds = tqdm(range(FIRST_SEED, FIRST_SEED + options.scenes), desc="simulating", unit="scene")
        paths = [path for seed in seeds for path in scene_tiles(seed, folder)]
        split_tiles(paths, folder / "split.csv", 0.1)
        outputs = options.out, folder / "metrics.json", folder / "curves.png"
        training = TRAINING | {"epochs": options.epochs, "threads": options.threads}
        report = train(paths, folder / "split.csv", *outputs, model=MODEL, training=training)
    size_mb = options.out.stat().st_size / 1e6
    best, speed = report["best"], report["trained_tiles_per_s"]
    print(f"{options.out}: {size_mb:.1f} MB, validation F1 {100 * best['validation_f1']:.1f} %, {speed:.1f} tiles/s")


if __name__ == "__main__":
    main()
