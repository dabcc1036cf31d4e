"""What mapping the whole Moon would take: `python benchmarks/whole_moon.py`, or `make whole-moon`.

The figures of single steps are read from the tables of docs/, where a benchmark has written them. The rest is counted:
surface, pixels, tiles, images, files, requests. The result is printed as Markdown for docs/scale.md.
"""

import argparse
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).resolve().parents[1] / "docs"
MOON_RADIUS_M = 1_737_400.0
RESOLUTION_M = 1.5
TILE_PX, STRIDE_SHARE = 512, 0.75
# A NAC image from 50 km: lines and samples of the EDR, its pixel, its size in the archive.
EDR_SHAPE, EDR_PIXEL_M, EDR_BYTES = (52224, 5064), 0.5, 264e6
# Overviews add a third to the pixels of a raster.
OVERVIEWS = 4 / 3
# The piece of a target of `make bench-increment`: pixels of its strips, and windows of its mosaic.
STRIP_PX, STRIPS, MOSAIC_WINDOWS = 1700 * 512, 56, 64
# What servers are known to bear: requests before the archive pauses, least pause, products a page of a search.
ARCHIVE_REQUESTS, ARCHIVE_PAUSE_S, SEARCH_PAGE = 20, 60.0, 100
# One pointing file is for some 30 days and has some 1.7 GB; the camera has worked since 2009.
POINTING_BYTES, POINTING_DAYS, MISSION_DAYS = 1.7e9, 30, 17 * 365.25
# Jobs of an image on a target, of a target besides, and of a run besides (recipe sun_aligned, native engine;
# tests/benchmarks/test_many_craters.py counts them), and small files of a job.
IMAGE_JOBS, TARGET_JOBS, RUN_JOBS, FILES_PER_JOB = 6, 12, 5, 4


@dataclass(frozen=True)
class Moon:
    """The task.

    Attributes
    ----------
    images : float
        NAC images.
    side_px : float
        Side of a target's map.
    tiles_per_s : float
        Tiles that one GPU searches in a second, from disk to disk.
    run_targets : int
        Targets of one run.
    """

    images: float = 2e6
    side_px: float = 32768
    tiles_per_s: float = 1000.0
    run_targets: int = 50

    @property
    def map_px(self) -> float:
        """Pixels of the Moon's surface."""
        return 4 * math.pi * MOON_RADIUS_M**2 / RESOLUTION_M**2

    @property
    def tiles(self) -> float:
        """Tiles that cover the surface once, side by side."""
        return self.map_px / TILE_PX**2

    @property
    def image_px(self) -> float:
        """Pixels of one image on the map."""
        return math.prod(EDR_SHAPE) * (EDR_PIXEL_M / RESOLUTION_M) ** 2

    @property
    def image_tiles(self) -> float:
        """Tiles of all images, which overlap by a quarter."""
        return self.images * self.image_px / (TILE_PX * STRIDE_SHARE) ** 2

    @property
    def targets(self) -> float:
        """Targets that cover the surface, side by side."""
        return self.map_px / self.side_px**2

    @property
    def pairs(self) -> float:
        """Pairs of an image and a target that it lies on. An image is long, so that many lie on two or more targets."""
        length, width = (size * EDR_PIXEL_M / RESOLUTION_M for size in EDR_SHAPE)
        # Mean number of squares of a grid that a rectangle of any place meets, parallel to the grid.
        return self.images * (1 + length / self.side_px) * (1 + width / self.side_px)

    @property
    def jobs(self) -> float:
        """Jobs of all targets."""
        return self.pairs * IMAGE_JOBS + self.targets * (TARGET_JOBS + RUN_JOBS / self.run_targets)


def measured(docs: Path, page: str, title: str) -> list[float]:
    """Return the numbers of the first table row with this title.

    Parameters
    ----------
    docs : Path
        Folder of the documents.
    page, title : str
        Name of the page, and text of the row's first cell.

    Raises
    ------
    SystemExit
        If the page has no such row.
    """
    for line in (docs / page).read_text().splitlines():
        cells = [cell.strip().strip("*") for cell in line.strip("| ").split("|")]
        if line.startswith("|") and cells[0] == title:
            return [float(cell.replace(",", "")) for cell in cells[1:] if re.fullmatch(r"[0-9][0-9.,]*", cell)]
    raise SystemExit(f"{docs / page}: has no table row '{title}'; correct the title in {Path(__file__).name}")


def costs(moon: Moon, docs: Path = DOCS) -> Iterator[tuple[str, str, str]]:
    """Yield what the task takes: what, how much, and from which figures it comes."""
    _, _, project_s, *_ = measured(docs, "native_engine.md", "native engine: EDR 5064 x 52224 to map")
    search_s, *_ = measured(docs, "provenance.md", "inference of images")
    mosaic_s, *_ = measured(docs, "provenance.md", "inference on the mosaic")
    small_s = search_s / (STRIPS * STRIP_PX)
    yield "surface", f"{moon.map_px * RESOLUTION_M**2 / 1e12:.1f} million km2", "4 pi (1737.4 km)2"
    yield "tiles of 512 px, side by side", f"{moon.tiles:.2g}", "at 1.5 m/px"
    yield "tiles of all images", f"{moon.image_tiles:.2g}", "recipe sun_aligned, overlap of a quarter"
    yield "targets", f"{moon.targets:,.0f}", f"maps of {moon.side_px:.0f} px"
    yield (
        "jobs",
        f"{moon.jobs:.2g}",
        f"{IMAGE_JOBS} for each image on each target, {TARGET_JOBS} a target, {RUN_JOBS} a run",
    )
    runs, each = moon.targets / moon.run_targets, moon.jobs / moon.targets * moon.run_targets
    yield "runs", f"{runs:,.0f}", f"of {moon.run_targets} targets, {each:,.0f} jobs"
    yield "download", f"{moon.images * EDR_BYTES / 1e12:.0f} TB", "264 MB an image at most"
    pauses_s = moon.images / ARCHIVE_REQUESTS * ARCHIVE_PAUSE_S
    rate = moon.images * EDR_BYTES / pauses_s / 1e6
    yield (
        "pauses of the archive",
        f"{pauses_s / 86400:.0f} days",
        f"{ARCHIVE_REQUESTS} requests, then a minute; {rate:.0f} MB/s",
    )
    yield "pages of searches", f"{moon.images / SEARCH_PAGE:.2g}", f"{SEARCH_PAGE} images a page"
    kernels = MISSION_DAYS / POINTING_DAYS * POINTING_BYTES
    yield "pointing files", f"{kernels / 1e12:.2f} TB", "1.7 GB for 30 days"
    yield "calibration and projection", _hours(moon.images * project_s), f"{project_s} core s an image, each part once"
    yield (
        "search of images, on CPUs",
        _hours(moon.images * moon.image_px * small_s),
        f"{small_s * 1e6:.2f} core s a Mpx",
    )
    yield (
        "search of the mosaic, on CPUs",
        _hours(moon.tiles * mosaic_s / MOSAIC_WINDOWS),
        f"{mosaic_s / MOSAIC_WINDOWS:.1f} core s a tile",
    )
    gpu = f"{moon.tiles_per_s:.0f} tiles/s, a goal that nobody has measured"
    yield "search of images, on GPUs", f"{moon.image_tiles / moon.tiles_per_s / 3600:,.0f} GPU h", gpu
    yield "search of the mosaic, on GPUs", f"{moon.tiles / moon.tiles_per_s / 3600:,.0f} GPU h", gpu
    yield "projected images", _terabytes(moon.images * moon.image_px * 4), "float32, before compression"
    yield "probabilities of images", _terabytes(moon.images * moon.image_px), "8 bit, before compression"
    yield "mosaic, sources, probability", _terabytes(3 * moon.map_px), "8 bit each, before compression"
    planned, _, snakemake_s, *_ = measured(docs, "cluster.md", "run, 20 targets")
    each_s = snakemake_s / planned
    yield "Snakemake itself", _hours(moon.jobs * each_s), f"{1000 * each_s:.0f} core ms a job, where Snakemake runs"
    yield "small files", f"{moon.jobs * FILES_PER_JOB:.2g}", "output, log, benchmark and record of each job"


def _hours(seconds):
    return f"{seconds / 3600:,.0f} core h"


def _terabytes(size):
    return f"{size * OVERVIEWS / 1e12:,.0f} TB"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=float, default=Moon.images, help="NAC images")
    parser.add_argument(
        "--tiles-per-s", type=float, default=Moon.tiles_per_s, help="tiles that a GPU searches in a second"
    )
    parser.add_argument("--run-targets", type=int, default=Moon.run_targets, help="targets of one run")
    chosen = parser.parse_args()
    moon = Moon(chosen.images, tiles_per_s=chosen.tiles_per_s, run_targets=chosen.run_targets)
    print("| what | the whole Moon | from |\n|---|---|---|")
    for row in costs(moon):
        print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()
