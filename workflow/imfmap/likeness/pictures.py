"""Pictures of the likeness report: patches side by side, curves, and figures with their verdicts."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402

from ..core.files import replacing  # noqa: E402
from .compare import VERDICTS, Comparison  # noqa: E402
from .craters import COUNTED_PX, DIAMETERS_PX  # noqa: E402
from .statistics import radial_spectrum, spread  # noqa: E402

if TYPE_CHECKING:
    from .patches import Patch
    from .report import Measured

REAL_COLOUR, SIMULATED_COLOUR = "#d1495b", "#2e6f95"
VERDICT_COLOURS = dict(zip(VERDICTS, ("#3a7d44", "#e0a526", "#b3261e"), strict=True))
_CURVE_QUANTILES = np.concatenate([[0.5, 1, 2], np.arange(5, 100, 5), [98, 99, 99.5]])
_PAGE_SEED = 7


def draw_side_by_side(patches: Sequence["Patch"], path: str | Path, labelled: bool, size_px: int = 400) -> None:
    """Draw patches of both kinds in one grid, in random order.

    Parameters
    ----------
    patches : sequence of Patch
        Stretched patches.
    path : path
        PNG.
    labelled : bool
        Whether kind and name of each patch are shown.
    size_px : int
        Side of the square that is shown of each patch, around its middle.
    """
    order = np.random.default_rng(_PAGE_SEED).permutation(len(patches))
    columns = int(np.ceil(np.sqrt(1.35 * len(patches))))
    rows = -(-len(patches) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(2.45 * columns, 2.6 * rows), squeeze=False)
    for axis in axes.flat:
        axis.axis("off")
    for place, (axis, k) in enumerate(zip(axes.flat, order, strict=False)):
        patch = patches[k]
        start = [max(0, (side - size_px) // 2) for side in patch.pixels.shape]
        piece = patch.pixels[start[0] : start[0] + size_px, start[1] : start[1] + size_px]
        axis.imshow(piece, cmap="gray", vmin=1, vmax=255, interpolation="nearest")
        axis.axis("on")
        axis.set_xticks([])
        axis.set_yticks([])
        colour = (REAL_COLOUR if patch.real else SIMULATED_COLOUR) if labelled else "black"
        for spine in axis.spines.values():
            spine.set(color=colour, linewidth=3.0 if labelled else 0.6)
        title = f"{place + 1}"
        if labelled:
            title += (
                f"  real, {patch.name}" if patch.real else f"  simulated, incidence {patch.facts['incidence_deg']:.0f}°"
            )
        axis.set_title(title, fontsize=8, color=colour, loc="left", pad=3)
    figure.tight_layout(pad=0.6)
    with replacing(path) as temporary:
        figure.savefig(temporary, dpi=110)
    plt.close(figure)


def draw_curves(real: Sequence["Measured"], simulated: Sequence["Measured"], title: str, path: str | Path) -> None:
    """Draw the spectra, quantile curves and crater counts of all patches.

    Parameters
    ----------
    real, simulated : sequence of report.Measured
    title : str
    path : path
        PNG.
    """
    figure, axes = plt.subplots(1, 3, figsize=(13.5, 4.3))
    for patches, colour, label in ((simulated, SIMULATED_COLOUR, "simulated"), (real, REAL_COLOUR, "real")):
        spectra, curves, counts = [], [], []
        for measured in patches:
            patch = measured.shown
            frequency, power = radial_spectrum(patch.pixels)
            spectra.append(np.log10(np.maximum(power / spread(patch.pixels) ** 2, 1e-12)))
            values = np.percentile(patch.pixels, _CURVE_QUANTILES)
            curves.append((values - np.median(patch.pixels)) / spread(patch.pixels))
            larger = (measured.found.diameter_px[None, :] >= 0.999 * np.array(DIAMETERS_PX)[:, None]).sum(axis=1)
            counts.append(np.log10(np.maximum(larger, 0.5) * 1e6 / patch.pixels.size))
        for axis, x, lines in (
            (axes[0], 1.0 / frequency, spectra),
            (axes[1], _CURVE_QUANTILES, curves),
            (axes[2], DIAMETERS_PX, counts),
        ):
            lines = np.array(lines)
            if colour == SIMULATED_COLOUR and len(lines) > 1:
                axis.fill_between(x, *np.percentile(lines, (2.5, 97.5), axis=0), color=colour, alpha=0.22, lw=0)
                axis.plot(x, np.median(lines, axis=0), color=colour, lw=2, label=f"{label}: median, 95 % range")
            else:
                for k, line in enumerate(lines):
                    axis.plot(x, line, color=colour, lw=0.8, alpha=0.9, label=None if k else label)
    axes[0].set(
        xscale="log", xlabel="wavelength (pixels)", ylabel="log10 power / spread²", title="Radial power spectrum"
    )
    axes[0].invert_xaxis()
    axes[1].set(xlabel="percentile", ylabel="(brightness - median) / spread", title="Quantile curve")
    axes[2].set(
        xscale="log", xlabel="diameter (pixels)", ylabel="log10 craters found above it / Mpx", title="Crater counts"
    )
    axes[2].set_xticks(COUNTED_PX + (48.0,), [f"{diameter:g}" for diameter in (*COUNTED_PX, 48.0)])
    axes[2].minorticks_off()
    for axis in axes:
        axis.grid(alpha=0.25)
        axis.spines[["top", "right"]].set_visible(False)
        axis.legend(fontsize=8, frameon=False)
    figure.suptitle(title, fontsize=11, x=0.01, ha="left")
    figure.tight_layout()
    with replacing(path) as temporary:
        figure.savefig(temporary, dpi=120)
    plt.close(figure)


def draw_verdicts(
    comparisons: Sequence[Comparison],
    real: Sequence[Mapping[str, float]],
    simulated: Sequence[Mapping[str, float]],
    title: str,
    path: str | Path,
) -> None:
    """Draw each figure of all patches relative to its simulated range, in the colour of its verdict.

    Parameters
    ----------
    comparisons : sequence of Comparison
    real, simulated : sequence of dict of float
        Figures of each patch.
    title : str
    path : path
        PNG.
    """
    figure, axis = plt.subplots(figsize=(9.5, 0.27 * len(comparisons) + 1.2))
    jitter = np.random.default_rng(_PAGE_SEED)
    for row, comparison in enumerate(comparisons):
        low, middle, high = comparison.simulated
        scale = max(high - low, 1e-12) / 2
        centre = (low + high) / 2
        axis.barh(row, 2.0, left=-1.0, height=0.72, color=VERDICT_COLOURS[comparison.verdict], alpha=0.16, lw=0)
        for figures, colour, size in ((simulated, SIMULATED_COLOUR, 5), (real, REAL_COLOUR, 13)):
            values = np.array([patch[comparison.name] for patch in figures])
            place = np.clip((values - centre) / scale, -3.0, 3.0)
            axis.scatter(place, row + jitter.uniform(-0.22, 0.22, len(place)), s=size, color=colour, alpha=0.75, lw=0)
    axis.set_yticks(range(len(comparisons)), [comparison.name for comparison in comparisons], fontsize=8)
    for label, comparison in zip(axis.get_yticklabels(), comparisons, strict=True):
        label.set_color(VERDICT_COLOURS[comparison.verdict])
    axis.set(xlim=(-3.1, 3.1), ylim=(len(comparisons) - 0.4, -0.6))
    axis.set_xlabel(
        "blue: simulated, red: real; -1 to 1 is the simulated 95 % range, points beyond 3 stand at 3", fontsize=8
    )
    axis.spines[["top", "right", "left"]].set_visible(False)
    axis.set_title(title, fontsize=11, loc="left")
    figure.tight_layout()
    with replacing(path) as temporary:
        figure.savefig(temporary, dpi=120)
    plt.close(figure)
