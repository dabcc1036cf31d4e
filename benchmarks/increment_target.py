"""The target of the benchmark `increment.py`: simulated EDRs with their cameras, and networks."""

import sys
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from affine import Affine
from demo_network import DEMO_NETWORK

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "workflow"))

from imfmap.learning.models import build_model, save_checkpoint  # noqa: E402
from imfmap.learning.weights import start_from  # noqa: E402
from imfmap.maps.bodies import body  # noqa: E402
from imfmap.maps.grids import MapGrid  # noqa: E402
from imfmap.nac.edr import read_edr, write_edr  # noqa: E402
from imfmap.nac.isd import write_isd  # noqa: E402
from imfmap.nac.label import preroll_time  # noqa: E402
from imfmap.simulate.calibration_set import write_calibration_set  # noqa: E402
from imfmap.simulate.imaging import image_scene, scene_camera  # noqa: E402
from imfmap.simulate.orbit import label_fields  # noqa: E402
from imfmap.simulate.scene import write_terrain  # noqa: E402
from imfmap.simulate.sensor import COMPANDING  # noqa: E402
from imfmap.simulate.settings import ImageSettings, SceneSettings  # noqa: E402
from imfmap.simulate.terrain import make_terrain  # noqa: E402

RESOLUTION_M = 1.5
LON_DEG, LAT_DEG, SEED = 20.0, 10.0, 7
# Width on the map of the swath of a summed image from 50 km: 2532 samples of 1.0 m.
STRIP_PX = 1700
# The demo's ground, and Suns like those of its images (azimuth, incidence). The images take them in turn.
GROUND = {"fracture_km_per_km2": 8, "depth_to_width": (0.18, 0.45), "crater_density_per_km2": 160}
SUNS = ((275.0, 42.0), (75.0, 55.0), (120.0, 64.0), (240.0, 35.0))
# The demo's network with the start weights of its training, and the paper's network with random weights.
MODELS = {
    "sun_aligned": {"recipe": "sun_aligned", "tile_size_px": 256, **DEMO_NETWORK},
    "paper": {"recipe": "paper", "tile_size_px": 512, "architecture": "deeplabv3_resnet50"},
}
START_WEIGHTS = Path(__file__).resolve().parents[1] / "resources" / "detector.pt"


class Target:
    """Strips side by side on a map, like NAC images. Each strip is as long as the map is high.

    The ground under one strip is simulated, and imaged under each of `SUNS`. The EDRs of all images hold these counts.
    Each EDR has its own product id, time, camera and place on the map.

    Parameters
    ----------
    folder : Path
    images : int
        Number of strips. One more image has the number `images`. It lies where the middle strip lies, and its id comes
        just before that strip's, so that its share of the mosaic is that of an average image.
    size_px : tuple of int
        Rows and columns of the map.
    """

    def __init__(self, folder: Path, images: int, size_px: tuple[int, int]):
        self.folder, self.images = folder, images
        crs = body("moon").projected("equirectangular", LAT_DEG, LON_DEG)
        sides_m = (RESOLUTION_M * size for size in reversed(size_px))
        # Edges of a centred grid lie on whole pixels, so that it may be a pixel too large.
        self.grid = MapGrid.centred(crs, LON_DEG, LAT_DEG, *sides_m, RESOLUTION_M).window(0, 0, *size_px)
        self.calibration = folder / "calibration"
        year = preroll_time(self.product(0)).year
        write_calibration_set(self.calibration, SEED, year)

    def product(self, number: int) -> str:
        """Return the product id of an image. The order of ids is the priority in the mosaic."""
        place = number if number < self.images else self.images // 2 - 0.5
        return f"M{1500000000 + round(1000 * place)}LE"

    def edr(self, number: int) -> tuple[Path, Path]:
        """Write the EDR and the ISD of an image, and return their paths."""
        place = number if number < self.images else self.images // 2
        first_column = round(place * (self.grid.shape[1] - STRIP_PX) / max(self.images - 1, 1))
        sun = number % len(SUNS)
        _, terrain_grid, bounds = self._scene
        image = _image(self.product(number), sun)
        shift_m = self.grid.xy(0, first_column)[0] - self.grid.xy(0, 0)[0]
        shifted = replace(terrain_grid, transform=Affine.translation(shift_m, 0) * terrain_grid.transform)
        bounds = bounds[0] + shift_m, bounds[1], bounds[2] + shift_m, bounds[3]
        camera = scene_camera(image, shifted, bounds, SEED)
        edr, isd = (self.folder / "edr" / f"{image.product}{suffix}" for suffix in (".IMG", ".json"))
        edr.parent.mkdir(exist_ok=True)
        write_isd(camera, isd)
        # The number of lines differs by one if the track has a slightly different direction on the map.
        codes = np.take(self._codes[sun], np.arange(camera.lines), axis=0, mode="clip")
        write_edr(edr, codes, label_fields(image, camera) | _COMPANDING)
        return edr, isd

    def checkpoint(self, recipe: str) -> Path:
        """Write the checkpoint of a recipe's network, and return its path."""
        path = self.folder / f"{recipe}.pt"
        torch.manual_seed(SEED)
        model = build_model(MODELS[recipe])
        if recipe == "sun_aligned":
            start_from(model, START_WEIGHTS)
        use = {"resolution_m": RESOLUTION_M, "threshold": 0.5}
        save_checkpoint(path, model, MODELS[recipe] | use)
        return path

    @cached_property
    def _scene(self):
        """Terrain file under the first strip, its grid, and map bounds of the strip."""
        strip = self.grid.window(0, 0, self.grid.shape[0], STRIP_PX)
        terrain = make_terrain(SceneSettings.from_mapping({**GROUND, "seed": SEED}), strip)
        path = self.folder / "terrain.tif"
        write_terrain(terrain, strip, path, SEED)
        return path, terrain.grid, strip.bounds

    @cached_property
    def _codes(self):
        """Detector counts for each of `SUNS`, uint8 (lines, samples)."""
        codes = []
        for sun in range(len(SUNS)):
            edr, isd = self.folder / f"sun_{sun}.IMG", self.folder / f"sun_{sun}.json"
            image = _image(self.product(sun), sun)
            camera = image_scene(self._scene[0], image, self.calibration, edr, isd, SEED)
            codes.append(read_edr(edr).read_codes(0, camera.lines))
        return codes


_COMPANDING = {f"LRO:{name.upper()}": terms for name, terms in COMPANDING.items()}


def _image(product, sun):
    azimuth_deg, incidence_deg = SUNS[sun]
    return ImageSettings(product, azimuth_deg, incidence_deg)
