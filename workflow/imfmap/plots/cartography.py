"""Parts of map figures: base picture, graticule, scale bar, compass. For Matplotlib axes in map metres."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, Rectangle
from matplotlib.patheffects import withStroke
from rasterio.enums import Resampling
from rasterio.windows import Window
from scipy.ndimage import uniform_filter

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from rasterio.io import DatasetReader

    from ..maps.grids import MapGrid

INK = "#1c1c1e"
FAINT = "#77777c"
SUN, SUN_EDGE = "#ffc53d", "#7a5200"
SUN_WORDS = "sunlight comes from here"
# Most images whose rays of sunlight are drawn on a compass.
MOST_RAYS = 6
NO_DATA = "#ececee"
GREY_RANGE = (0.03, 0.82)


def halo(width: float = 2.0, color: str = "black", alpha: float = 0.75) -> list[withStroke]:
    """Return path effects that keep light marks readable on any ground."""
    return [withStroke(linewidth=width, foreground=color, alpha=alpha)]


def base_picture(
    dataset: "DatasetReader", window: tuple[int, int, int, int] | None = None, most_pixels: int = 2400
) -> np.ndarray:
    """Return the picture of an 8-bit mosaic for a map.

    Parameters
    ----------
    dataset : rasterio dataset
        uint8, 0 for no data.
    window : tuple of int, optional
        Row, column, rows, columns; by default the whole mosaic.
    most_pixels : int
        Most pixels of the picture on its longer side.

    Returns
    -------
    ndarray
        float RGBA (rows, columns, 4), 0..1; transparent where there is no data. Broad differences of brightness, such
        as between images under different Suns, are halved, so that one stretch shows the relief everywhere.
    """
    row, column, rows, columns = window or (0, 0, *dataset.shape)
    shrink = max(1.0, max(rows, columns) / most_pixels)
    shape = (max(1, round(rows / shrink)), max(1, round(columns / shrink)))
    grey = dataset.read(
        1,
        window=Window(column, row, columns, rows),
        out_shape=shape,
        resampling=Resampling.average if shrink > 1 else Resampling.nearest,
    ).astype(np.float32)
    valid = grey > 0
    picture = np.zeros((*shape, 4), np.float32)
    if valid.any():
        size = max(3, max(shape) // 8)
        around, share = (
            uniform_filter(uniform_filter(layer, size), size) for layer in (grey, valid.astype(np.float32))
        )
        around = around / np.maximum(share, 1e-6)
        even = grey / np.sqrt(np.maximum(around, 1.0))
        low, high = np.percentile(even[valid], (0.5, 99.7))
        bright = np.clip((even - low) / max(high - low, 1e-6), 0, 1)
        picture[..., :3] = (GREY_RANGE[0] + (GREY_RANGE[1] - GREY_RANGE[0]) * bright)[..., np.newaxis]
        picture[..., 3] = valid
    return picture


def graticule(axes: "Axes", grid: "MapGrid", ticks: tuple[int, int] = (4, 4)) -> None:
    """Draw the graticule: fine lines on the map, degrees of longitude along the lower edge, of latitude along the left.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    grid : MapGrid
    ticks : tuple of int
        Number of ticks of longitude and latitude, roughly.
    """
    rows, columns = grid.shape
    left, bottom, right, top = grid.bounds
    along = np.linspace(0, 1, 129)
    lon = np.unwrap(np.asarray(grid.lonlat(rows - 0.5, along * columns - 0.5)[0]), period=360)
    lat = np.asarray(grid.lonlat(along * rows - 0.5, -0.5)[1])
    places = _nice_ticks(lon, left + along * (right - left), ticks[0])
    text = [_degrees((value + 180) % 360 - 180, ("E", "W"), places) for value, _ in places]
    axes.set_xticks([place for _, place in places], text)
    meridians = [value for value, _ in places]
    places = _nice_ticks(lat, top + along * (bottom - top), ticks[1])
    text = [_degrees(value, ("N", "S"), places) for value, _ in places]
    axes.set_yticks([place for _, place in places], text, rotation=90, va="center")
    parallels = [value for value, _ in places]
    axes.tick_params(length=3, width=0.6, color=FAINT, labelcolor=FAINT, labelsize=7.5, pad=2)
    _graticule_lines(axes, grid, meridians, parallels)


def _graticule_lines(axes, grid, meridians, parallels):
    """Draw meridians and parallels as curves across the map; they stay within its limits."""
    limits = axes.get_xlim(), axes.get_ylim()
    along = np.linspace(-0.02, 1.02, 65)
    rows, columns = (side * along - 0.5 for side in grid.shape)
    lon, lat = (np.asarray(values) for values in grid.lonlat(*np.meshgrid(rows, columns)))
    lon = np.unwrap(np.unwrap(lon, period=360, axis=0), period=360, axis=1)
    to_map = grid.body.to_lonlat(grid.crs)
    lats, lons = np.linspace(lat.min(), lat.max(), 129), np.linspace(lon.min(), lon.max(), 129)
    curves = [(np.full_like(lats, value), lats) for value in meridians]
    curves += [(lons, np.full_like(lons, value)) for value in parallels]
    lines = [np.column_stack(to_map.transform(*curve, direction="INVERSE")) for curve in curves]
    axes.add_collection(LineCollection(lines, colors="white", linewidths=0.5, alpha=0.35, zorder=2.5), autolim=False)
    axes.set(xlim=limits[0], ylim=limits[1])


def scale_bar(axes: "Axes", grid: "MapGrid", share: float = 0.22, size: float = 8.5, at_right: bool = False) -> None:
    """Draw a bar of a round number of true ground metres.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    grid : MapGrid
    share : float
        Greatest length of the bar, as a share of the width of the axes.
    size : float
        Font size.
    at_right : bool
        Whether the bar is in the lower right corner, not in the lower left one.
    """
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    row, column = grid.rowcol((left + right) / 2, (bottom + top) / 2)
    true = np.hypot(*grid.ground_jacobians(row, column)[0][:, 0])
    length_m = nice_below(share * (right - left) * true)
    width, height = length_m / true, 0.008 * (top - bottom)
    x, y = left + 0.035 * (right - left), bottom + 0.035 * (top - bottom)
    if at_right:
        x = right - 0.035 * (right - left) - width
    axes.add_patch(
        Rectangle((x, y), width, height, facecolor="white", edgecolor="none", zorder=8, path_effects=halo(2.5))
    )
    name = f"{length_m / 1000:g} km" if length_m >= 1000 else f"{length_m:g} m"
    axes.text(
        x + width / 2,
        y + 2 * height,
        name,
        ha="center",
        va="bottom",
        color="white",
        fontsize=size,
        fontweight="bold",
        path_effects=halo(2.2),
        zorder=8,
    )


def compass(axes: "Axes", grid: "MapGrid", sun_azimuths_deg: Sequence[float], size: float = 1.0) -> None:
    """Draw a compass into axes of its own. It shows north, and where the sunlight of each image comes from.

    A Sun stands on the rim in the direction towards the Sun, and its ray points from there to the middle, as light
    falls.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    grid : MapGrid
    sun_azimuths_deg : sequence of float
        Directions towards the Sun on the map, clockwise from the map's up.
    size : float
        Size of letters and marks. 1 suits axes of one inch.
    """
    # Smaller letters are placed further out.
    letter_at = 1.52 if size == 1 else 1.75
    limits = (-letter_at - 0.08, letter_at + 0.08) if size == 1 else (-2.05, 2.05)
    axes.set(xlim=limits, ylim=limits, aspect="equal")
    axes.axis("off")
    axes.add_patch(Circle((0, 0), 1.0, facecolor=(0, 0, 0, 0.45), edgecolor="white", linewidth=0.9 * size))
    rows, columns = grid.shape
    east_north = grid.ground_jacobians(rows / 2, columns / 2)[0]
    north = np.linalg.solve(east_north, [0.0, 1.0])
    north = north / np.hypot(*north)
    arrow = {"arrowstyle": "-|>", "color": SUN, "linewidth": 1.1 * size, "mutation_scale": 7 * size, "shrinkA": 0}
    for azimuth in sun_azimuths_deg:
        angle = np.radians(azimuth)
        towards_sun = np.array([np.sin(angle), np.cos(angle)])
        # Of many images, the Suns alone: their rays would hide each other.
        if len(sun_azimuths_deg) <= MOST_RAYS:
            axes.annotate("", xy=0.12 * towards_sun, xytext=0.8 * towards_sun, arrowprops=arrow)
        _sun(axes, towards_sun, 0.13)
    side = 0.13 * np.array([-north[1], north[0]])
    tip, foot = 1.32 * north, 0.86 * north
    axes.fill(*np.array([tip, foot + side, foot - side]).T, color="white", path_effects=halo(1.5), zorder=5)
    axes.text(
        *(letter_at * north),
        "N",
        color="white",
        ha="center",
        va="center",
        fontsize=9 * size**0.6,
        fontweight="bold",
        path_effects=halo(),
    )


def _sun(axes, middle, radius):
    """Draw a disc with beams around it: a sign that stands for the Sun itself, not for the end of an arrow."""
    angles = np.radians(np.arange(0, 360, 45))
    beams = np.stack([np.sin(angles), np.cos(angles)], axis=-1)
    ends = np.stack([middle + 1.35 * radius * beams, middle + 2.0 * radius * beams], axis=1)
    axes.add_collection(LineCollection(ends, colors=SUN, linewidths=1.1, path_effects=halo(2.0), zorder=6))
    axes.add_patch(Circle(middle, radius, facecolor=SUN, edgecolor=SUN_EDGE, linewidth=0.7, zorder=7))


def sun_handle(images: int = 1) -> Line2D:
    """Return the legend entry of the Suns of a compass: the Sun, and its light that comes from there."""
    words = SUN_WORDS if images == 1 else f"{SUN_WORDS} ({images} images)"
    sign = {"marker": "o", "markevery": [0], "markersize": 6, "markeredgecolor": SUN_EDGE}
    return Line2D([], [], color=SUN, linewidth=1.1, label=words, **sign)


def letter_box(axes: "Axes", left: float, bottom: float, side: float, letter: str) -> None:
    """Draw a square on a map, with the letter of the inset that shows it: above the square, or inside at the top."""
    low, high = axes.get_ylim()
    above = bottom + side < high - 0.05 * (high - low)
    axes.add_patch(
        Rectangle(
            (left, bottom), side, side, fill=False, edgecolor="white", linewidth=1.1, zorder=7, path_effects=halo(2.4)
        )
    )
    axes.annotate(
        letter,
        (left, bottom + side),
        xytext=(1, 2) if above else (4, -3),
        textcoords="offset points",
        color="white",
        fontsize=9.5,
        fontweight="bold",
        va="bottom" if above else "top",
        path_effects=halo(),
        zorder=8,
    )


def nice_below(value: float) -> float:
    """Return the largest number of the form 1, 2 or 5 times a power of ten that is not above a value."""
    power = 10.0 ** np.floor(np.log10(value))
    return power * max(factor for factor in (1, 2, 5) if factor * power <= value * (1 + 1e-9))


def _nice_ticks(values, places, count):
    """Return round values within monotonic values, and their places."""
    low, high = float(values.min()), float(values.max())
    if not np.isfinite([low, high]).all() or high - low < 1e-9:
        return []
    step = nice_below((high - low) / max(count - 1, 1))
    ticks = step * np.arange(np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9) + 1)
    order = np.argsort(values)
    at = np.interp(ticks, values[order], places[order])
    # Labels close to a corner would reach out of the map.
    low, high = sorted((places[0], places[-1]))
    room = 0.03 * (high - low)
    return [
        (float(tick), float(place)) for tick, place in zip(ticks, at, strict=True) if low + room < place < high - room
    ]


def _degrees(value, names, ticks):
    step = ticks[1][0] - ticks[0][0] if len(ticks) > 1 else 0.01
    decimals = max(0, int(-np.floor(np.log10(step) + 1e-9)))
    side = names[0] if value > 0 else names[1] if value < 0 else ""
    return f"{abs(value):.{decimals}f}°{side}"
