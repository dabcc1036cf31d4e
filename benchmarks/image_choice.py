"""Compare the choice of images with a plain greedy choice, on simulated catalogues of 2000 footprints.

    python benchmarks/image_choice.py

Coverage of both is counted in cells of 250 m, by independent code (tests/helpers/catalogues.py).
"""

import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "workflow"), str(ROOT)]

from shapely import Polygon  # noqa: E402
from tests.helpers.catalogues import catalogue, cells_shown, greedy  # noqa: E402

from imfmap.acquisition.area_of_interest import area_of_interest  # noqa: E402
from imfmap.acquisition.footprints import LocalMap, canonical_footprint  # noqa: E402
from imfmap.acquisition.image_choice import choose_images  # noqa: E402

PLACES = ((-10.4, -165.1), (45.0, 0.0), (85.0, 179.0))
LEAST_GAIN = 0.002
AWAY_DEG = 15.0


def main() -> None:
    """Print a table: number of images, coverage, number of images under another Sun, and CPU seconds of the choice."""
    print("| place | most images | images | coverage | other Suns | s (CPU) |\n|---|---|---|---|---|---|")
    for seed, (lat, lon) in enumerate(PLACES, start=1):
        target = {"lat": lat, "lon": lon, "diameter_km": 40.0, "body": "moon", "projection": "orthographic"}
        aoi = area_of_interest({**target, "resolution_m": 1.5, "standard_parallel_deg": None})
        rings, suns, resolutions = catalogue(2000, lat, lon, 24_000.0, seed)
        footprints = [canonical_footprint(Polygon(ring)) for ring in rings]
        local = LocalMap.about(aoi)
        shown = cells_shown([local.project(outline) for outline in footprints], local.project(aoi), 250.0)
        for most in (20, 400):
            begun = time.process_time()
            choice = choose_images(footprints, aoi, suns, resolutions, most, LEAST_GAIN)
            seconds = time.process_time() - begun
            away = choice.sun_angles_deg > AWAY_DEG
            ours, plain = choice.chosen, greedy(shown, LEAST_GAIN * shown.shape[1], most)
            reached = [f"{100 * shown[rows].any(axis=0).mean():.1f} %" for rows in (ours, plain)]
            cells = [
                f"{lat}, {lon}",
                str(most),
                f"{len(ours)} (greedy {len(plain)})",
                f"{reached[0]} (greedy {reached[1]})",
                f"{away[ours].sum()} (greedy {away[plain].sum()})",
                f"{seconds:.1f}",
            ]
            print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
