"""Populations of craters and boulders: number, sizes, ages and places."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
import shapely

from ..maps.grids import MapGrid
from .relief_carving import AGES, add_boulders, add_craters
from .settings import SceneSettings

_SIDES = 7
# Craters younger than this are bright.
FRESH_AGE = 0.012
# In a chain older than this (age of its largest crater), the craters cannot be told from others.
_CHAIN_AGE = 0.4


def power_law(count: int, slope: float, smallest: float, largest: float, rng: np.random.Generator) -> np.ndarray:
    """Draw diameters between two bounds. Their cumulative number decreases as diameter to the power -slope."""
    low, high = smallest**-slope, largest**-slope
    return (low - rng.random(count) * (low - high)) ** (-1.0 / slope)


def draw_count(
    density_per_km2: float,
    at_m: float,
    slope: float,
    smallest_m: float,
    largest_m: float,
    area_m2: float,
    rng: np.random.Generator,
) -> int:
    """Draw the number of objects between two diameters (Poisson). The density counts objects of `at_m` or more."""
    per_m2 = density_per_km2 * 1e-6 * at_m**slope
    return int(rng.poisson(per_m2 * (smallest_m**-slope - largest_m**-slope) * area_m2))


def area_of(bounds: tuple[float, float, float, float]) -> float:
    """Return the area of map bounds in square metres."""
    left, bottom, right, top = bounds
    return (right - left) * (top - bottom)


@dataclass
class Craters:
    """Craters. All arrays are (n,), except `phase`, which is (n, 3).

    Attributes
    ----------
    x, y, diameter_m : ndarray
        Map position and mean diameter.
    age : ndarray
        Diffusion age, see `relief_carving.crater_profiles`.
    freshness : ndarray
        Relative brightening of crater and ejecta.
    wobble, phase : ndarray
        Amplitude and phases of the departure from a circle.
    relief : ndarray
        Depth as a multiple of that of a primary crater of the same age.
    stretch, turn : ndarray
        Length over width, and direction of the length in radians, counterclockwise from x.
    chain : ndarray
        Number of the chain of secondaries that a crater belongs to, 0 if it is in no chain.
    """

    x: np.ndarray
    y: np.ndarray
    diameter_m: np.ndarray
    age: np.ndarray
    freshness: np.ndarray
    wobble: np.ndarray
    phase: np.ndarray
    relief: np.ndarray
    stretch: np.ndarray
    turn: np.ndarray
    chain: np.ndarray

    @classmethod
    def of(
        cls,
        x: np.ndarray,
        y: np.ndarray,
        diameter_m: np.ndarray,
        age: np.ndarray,
        rng: np.random.Generator,
        brightening: float = 0.0,
    ) -> Self:
        """Return primary craters of given places, sizes and ages, with shapes drawn at random."""
        count = len(x)
        fresh = np.where((age < FRESH_AGE) & (diameter_m > 4.0), brightening * rng.random(count), 0.0)
        wobble, phase = rng.uniform(0.0, 0.05, count), rng.uniform(0.0, 2 * np.pi, (count, 3))
        # Depths differ because targets do: blocky or layered ground, slopes.
        relief = np.clip(rng.normal(1.0, 0.12, count), 0.6, 1.3)
        stretch, turn = 1.0 + 0.08 * rng.random(count) ** 2, rng.uniform(0.0, np.pi, count)
        chain = np.zeros(count, np.int64)
        return cls(x, y, diameter_m, age, fresh, wobble, phase, relief, stretch, turn, chain)

    @classmethod
    def draw(cls, bounds: tuple[float, float, float, float], settings: SceneSettings, rng: np.random.Generator) -> Self:
        """Draw the primary craters of a terrain that still have relief.

        Small craters fade sooner than large ones: at one time, the diffusion age of a crater of radius R is that of a
        10 m crater times 5 m / R. It would be (5 m / R)^2 if diffusivity did not grow with scale (Fassett et al. 2022).
        Where small craters fade sooner than the age of the surface, their number is in equilibrium with decay.
        """
        left, bottom, right, top = bounds
        area, slope, degradation = area_of(bounds), settings.crater_slope, settings.crater_degradation
        smallest = max(settings.crater_min_m, 1.5 * settings.terrain_resolution_m)
        largest = max(settings.crater_max_m, smallest)
        # Smaller craters fade within the age of the surface: only the most recent of them are drawn.
        lasting = max(10.0 * degradation / AGES[-1], smallest)
        kept_whole = min(lasting, largest)
        density = settings.crater_density_per_km2
        many = draw_count(density, 10.0, slope, kept_whole, largest, area, rng)
        thinned = density * slope / (slope - 1.0) * 10.0 / lasting
        few = draw_count(thinned, 10.0, slope - 1.0, smallest, kept_whole, area, rng)
        diameter = np.concatenate(
            [power_law(many, slope, kept_whole, largest, rng), power_law(few, slope - 1.0, smallest, kept_whole, rng)]
        )
        count = many + few
        x, y = rng.uniform(left, right, count), rng.uniform(bottom, top, count)
        time = rng.random(count) * np.minimum(1.0, diameter / lasting)
        age = degradation * time * 10.0 / diameter
        return cls.of(x, y, diameter, age, rng, settings.crater_brightening)

    @classmethod
    def secondaries(
        cls, bounds: tuple[float, float, float, float], settings: SceneSettings, rng: np.random.Generator
    ) -> Self:
        """Draw chains of secondary craters that still have relief. All chains run away from one distant primary.

        Secondaries are half as deep as primaries (Pike & Wilhelms 1978), lie rim to rim, and are elongated along the
        chain.
        """
        left, bottom, right, top = bounds
        grain = rng.uniform(0.0, 2 * np.pi)
        count = rng.poisson(settings.secondary_chains_per_km2 * area_of(bounds) * 1e-6)
        parts = []
        for chain in range(1, count + 1):
            members = int(rng.integers(6, 19))
            largest = float(np.clip(rng.lognormal(np.log(15.0), 0.45), 6.0, 60.0))
            heading = grain + rng.normal(0.0, 0.25)
            diameter = largest * np.clip(rng.lognormal(-0.15, 0.3, members), 0.35, 1.3)
            gaps = 0.5 * (diameter[1:] + diameter[:-1]) * rng.uniform(0.7, 1.35, members - 1)
            along = np.concatenate([[0.0], np.cumsum(gaps)])
            across = 0.25 * largest * rng.standard_normal(members) + 0.0015 * rng.normal() * along**2
            x = rng.uniform(left, right) + along * np.cos(heading) - across * np.sin(heading)
            y = rng.uniform(bottom, top) + along * np.sin(heading) + across * np.cos(heading)
            # The craters of a chain formed at one time, and the largest still has relief.
            oldest = min(_CHAIN_AGE, settings.crater_degradation * 10.0 / largest)
            age = oldest * rng.random() * largest / diameter
            part = cls.of(x, y, diameter, age, rng)
            part.relief = 0.5 * part.relief
            part.stretch = rng.uniform(1.05, settings.secondary_stretch, members)
            part.turn = heading + rng.normal(0.0, 0.15, members)
            part.chain = np.full(members, chain)
            parts.append(part)
        return cls.together(parts) if parts else cls.of(*np.zeros((4, 0)), rng)

    @classmethod
    def together(cls, parts: Sequence[Self]) -> Self:
        """Return one population of several: the oldest craters first, without those that have faded."""
        arrays = {item.name: np.concatenate([getattr(part, item.name) for part in parts]) for item in fields(cls)}
        order = np.argsort(-arrays["age"] * arrays["diameter_m"], kind="stable")
        order = order[arrays["age"][order] < AGES[-1]]
        return cls(**{name: array[order] for name, array in arrays.items()})

    def add_to(self, height: np.ndarray, lines: np.ndarray, albedo: np.ndarray, grid: MapGrid) -> None:
        """Add the craters to heights in place. Larger craters remove fractures and ridges under them."""
        row, column = grid.rowcol(self.x, self.y)
        # Rows grow downwards, angles upwards.
        add_craters(
            height, lines, albedo, column, row, 0.5 * self.diameter_m / grid.resolution_m, grid.resolution_m,
            self.age, self.freshness, self.wobble, self.phase, self.relief, self.stretch, -self.turn,
        )  # fmt: skip

    def visible(self, smallest_m: float) -> np.ndarray:
        """Return the indices of craters that are visible: large enough and not too old."""
        return np.flatnonzero((self.diameter_m >= smallest_m) & (self.age < 0.25))

    def outlines(self, index: np.ndarray, scale: float = 1.0) -> np.ndarray:
        """Return the rims as an array (n,) of elliptic polygons."""
        angle = np.linspace(0.0, 2 * np.pi, 25)[:-1]
        radius, stretch = 0.5 * scale * self.diameter_m[index], np.sqrt(self.stretch[index])
        along, across = (radius * stretch)[:, None] * np.cos(angle), (radius / stretch)[:, None] * np.sin(angle)
        cos, sin = np.cos(self.turn[index])[:, None], np.sin(self.turn[index])[:, None]
        x = self.x[index, None] + along * cos - across * sin
        y = self.y[index, None] + along * sin + across * cos
        return shapely.polygons(np.stack([x, y], -1))


@dataclass
class Boulders:
    """Boulders: map x, y, diameter_m and shape. All arrays are (n, ...); see `relief_carving.add_boulders`."""

    x: np.ndarray
    y: np.ndarray
    diameter_m: np.ndarray
    tall_m: np.ndarray
    sides: np.ndarray
    reach: np.ndarray
    steep: np.ndarray
    tilt: np.ndarray
    crack: np.ndarray
    bright: np.ndarray

    @classmethod
    def of(
        cls,
        x: np.ndarray,
        y: np.ndarray,
        diameter_m: np.ndarray,
        cracked_share: float,
        brightening: float,
        rng: np.random.Generator,
    ) -> Self:
        """Return boulders of given places and sizes, with shapes drawn at random."""
        count = len(x)
        spread = rng.uniform(-0.3, 0.3, (count, _SIDES))
        sides = (np.arange(_SIDES) + spread) * 2 * np.pi / _SIDES + rng.uniform(0, 2 * np.pi, (count, 1))
        longer = 1.0 + 0.3 * rng.random((count, 1)) * np.cos(2 * (sides - rng.uniform(0, np.pi, (count, 1))))
        reach = longer * rng.uniform(0.85, 1.1, (count, _SIDES))
        cracked = (rng.random(count) < cracked_share) & (diameter_m > 6.0)
        return cls(
            x,
            y,
            diameter_m,
            # Many boulders are half buried: heights are some 0.6 diameters (Demidov & Basilevsky 2014).
            diameter_m * rng.uniform(0.4, 0.8, count),
            sides,
            reach,
            rng.uniform(0.9, 2.6, (count, _SIDES)),
            rng.normal(0.0, 0.15, (count, 2)),
            np.where(cracked, rng.uniform(0, np.pi, count), np.nan),
            rng.uniform(0.95, 1.0 + brightening, count),
        )

    def add_to(self, height: np.ndarray, albedo: np.ndarray, grid: MapGrid) -> None:
        """Add the boulders to heights and albedo in place."""
        row, column = grid.rowcol(self.x, self.y)
        add_boulders(
            height, albedo, column, row, 0.5 * self.diameter_m / grid.resolution_m, self.tall_m, self.sides,
            self.reach, self.steep, self.tilt, self.crack, self.bright, grid.resolution_m,
        )  # fmt: skip

    def outlines(self, smallest_m: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
        """Return the outlines (polygons) of boulders of `smallest_m` or more, and their indices."""
        index = np.flatnonzero(self.diameter_m >= smallest_m)
        a, d = self.sides[index], self.reach[index] * 0.5 * self.diameter_m[index, None]
        b, e = np.roll(a, -1, axis=1), np.roll(d, -1, axis=1)
        # Corners are where neighbouring sides meet. Angles of sides count rows downwards, the map's y runs upwards.
        cross = np.sin(b - a)
        x = self.x[index, None] + (d * np.sin(b) - e * np.sin(a)) / cross
        y = self.y[index, None] - (e * np.cos(a) - d * np.cos(b)) / cross
        return shapely.convex_hull(shapely.multipoints(np.stack([x, y], -1))), index
