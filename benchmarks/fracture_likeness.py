"""Simulated fractures beside real ones: `python benchmarks/fracture_likeness.py`.

The real fractures are those of the panels of fractured melt that have traces and a known Sun (folder IMF_REAL_DATA).
For each panel, simulated ground is seen at the same scale, under a Sun from the same side of the image and at an
incidence of 45, 57 or 70 degrees. It is stretched as the panel is: its darkest pixels to 0, its brightest to 255.
Profiles of 24 m are cut across each fracture every 3 m. Each is divided by the median brightness of its outer thirds,
and measured:

* darkest: the least relative brightness;
* shadow: the length that is darker than a fifth of the surroundings, metres;
* rim: the largest relative brightness;
* contrast: the standard deviation of the relative brightness;
* along: the standard deviation of `shadow` along one fracture, metres.

The benchmark prints Markdown: the 10th, 50th and 90th percentile of the profiles of the real panels, and of scenes as
the detector is trained on, with and without open cracks. It draws real and simulated panels side by side.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from scipy.ndimage import map_coordinates

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "workflow")]

from real_images import REAL, RESOLUTION_M, Panel, read_panels  # noqa: E402

from imfmap.maps.bodies import body  # noqa: E402
from imfmap.maps.grids import MapGrid  # noqa: E402
from imfmap.plots.style import saved_figure  # noqa: E402
from imfmap.simulate.imaging import observe  # noqa: E402
from imfmap.simulate.settings import SceneSettings  # noqa: E402
from imfmap.simulate.terrain import make_terrain  # noqa: E402

HALF_M, STEP_M, ALONG_M = 12.0, 0.5, 3.0
SHADOW = 0.2
INCIDENCES_DEG = (45.0, 57.0, 70.0)
KINDS = {"without open cracks": 0.0, "open cracks": 1.0}
MEASURES = ("darkest", "shadow", "rim", "contrast", "along")
PERCENTILES = (10, 50, 90)
# Narrower and wider fractures are not among the traces.
WIDTHS_M = (3.0, 30.0)


def profiles(pixels: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return the profiles across a line, divided by the brightness of their outer thirds.

    Parameters
    ----------
    pixels : ndarray
        (rows, columns), NaN for no data.
    points : ndarray
        (n, 2) rows and columns along the line.

    Returns
    -------
    ndarray
        (profiles, samples); profiles that leave the image are left out.
    """
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))]) * RESOLUTION_M
    at = np.arange(0.0, along[-1], ALONG_M)
    places = np.column_stack([np.interp(at, along, points[:, axis]) for axis in (0, 1)])
    if len(places) < 3:
        return np.empty((0, 0))
    way = np.gradient(places, axis=0)
    way /= np.maximum(np.hypot(*way.T)[:, None], 1e-9)
    offsets = np.arange(-HALF_M, HALF_M + STEP_M / 2, STEP_M) / RESOLUTION_M
    rows = places[:, 0, None] + way[:, 1, None] * offsets
    columns = places[:, 1, None] - way[:, 0, None] * offsets
    cut = map_coordinates(pixels, [rows, columns], order=1, cval=np.nan)
    cut = cut[np.isfinite(cut).all(1)]
    third = cut.shape[1] // 3
    around = np.median(np.concatenate([cut[:, :third], cut[:, -third:]], axis=1), axis=1)
    return cut[around > 0] / around[around > 0, None]


def measured(cuts: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    """Return the measures of the profiles of some lines (see the module), one value a profile or a line."""
    cuts = [cut for cut in cuts if len(cut)]
    whole = np.concatenate(cuts)
    shadow = [(cut < SHADOW).sum(1) * STEP_M for cut in cuts]
    return {
        "darkest": whole.min(1),
        "shadow": np.concatenate(shadow),
        "rim": whole.max(1),
        "contrast": whole.std(1),
        "along": np.array([values.std() for values in shadow]),
    }


def as_stretched(pixels: np.ndarray) -> np.ndarray:
    """Return an image between 0 and 255 as the panels are: clipped at its extremes."""
    low, high = np.nanpercentile(pixels, [0.3, 99.7])
    return np.clip((pixels - low) / (high - low), 0.0, 1.0).astype(np.float32) * 255


def traces_of(panel: Panel) -> Iterator[np.ndarray]:
    """Yield the traces of a panel: rows and columns along each."""
    for line in panel.lines:
        yield line[:, ::-1]


def simulated(panel: Panel, share: float, seed: int) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return an image of simulated ground as a panel would show it, and rows and columns along its fractures."""
    shape, rng = panel.pixels.shape, np.random.default_rng(seed)
    crs = body("moon").projected("equirectangular", 0.0, 0.0)
    grid = MapGrid.centred(crs, 0.0, 0.0, shape[1] * RESOLUTION_M, shape[0] * RESOLUTION_M, RESOLUTION_M)
    scene = {
        "seed": seed,
        "wall_share": 0.0,
        "fracture_km_per_km2": 10.0,
        "crater_density_per_km2": 100.0,
        "open_cracks": {"share": share},
    }
    terrain = make_terrain(SceneSettings.from_mapping(scene), grid)
    incidence_deg = INCIDENCES_DEG[seed % len(INCIDENCES_DEG)]
    image = as_stretched(observe(terrain, grid, panel.sun_azimuth_deg, incidence_deg, rng))
    wanted = terrain.fractures[terrain.fractures.width_m.between(*WIDTHS_M)]
    lines = [np.array(line.coords)[:, :2] for line in wanted.centreline]
    return image, [np.column_stack(grid.rowcol(line[:, 0], line[:, 1])) for line in lines]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--real", type=Path, default=REAL, help="folder of the real data")
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "likeness")
    parser.add_argument("--scenes", type=int, default=3, help="simulated scenes for each panel and kind")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        panels = [panel for panel in read_panels(options.real, Path(folder)) if panel.sun_azimuth_deg is not None]
    values = {"real": measured([profiles(panel.pixels, line) for panel in panels for line in traces_of(panel)])}
    pictures = {}
    for kind, share in KINDS.items():
        cuts = []
        for number, panel in enumerate(panels):
            for scene in range(options.scenes):
                image, lines = simulated(panel, share, 100 * number + scene)
                cuts += [profiles(image, line) for line in lines]
                pictures.setdefault(kind, {}).setdefault(panel.name, image)
        values[kind] = measured(cuts)
    print("| profiles | " + " | ".join(MEASURES) + " |\n|---" + "|---" * len(MEASURES) + "|")
    for kind, of_kind in values.items():
        cells = ["/".join(f"{value:.2f}" for value in np.percentile(of_kind[name], PERCENTILES)) for name in MEASURES]
        print(f"| {kind} ({len(of_kind['rim'])}) | " + " | ".join(cells) + " |")
    inside = [
        np.mean([low <= value <= high for value in values["real"][name]])
        for name in MEASURES
        for low, high in [np.percentile(np.concatenate([values[kind][name] for kind in KINDS]), [2.5, 97.5])]
    ]
    print(
        "\nReal values inside the simulated 95 %: ",
        ", ".join(f"{n} {100 * s:.0f} %" for n, s in zip(MEASURES, inside, strict=True)),
    )
    draw(panels, pictures, options.out / "fractures.png")


def draw(panels: Sequence[Panel], pictures: dict, path: Path) -> None:
    """Draw the real panels, and under each the simulated ones."""
    with saved_figure(
        path, rows=1 + len(pictures), columns=len(panels), panel_inches=(2.0, 2.1), squeeze=False
    ) as axes:
        for axis in axes.ravel():
            axis.axis("off")
        for column, panel in enumerate(panels):
            for row, (kind, image) in enumerate(
                [("real", panel.pixels), *((kind, images[panel.name]) for kind, images in pictures.items())]
            ):
                axes[row, column].imshow(image, cmap="gray", vmin=0, vmax=255)
                axes[row, column].set_title(panel.name if row == 0 else f"simulated, {kind}", fontsize=6)


if __name__ == "__main__":
    main()
