"""Populations of craters and boulders: how many, how large, how old, where."""

from dataclasses import dataclass

import numpy as np
from shapely import Polygon, polygons

from .stamps import AGES, stamp_boulders, stamp_craters

_SIDES = 7


def power_law(count, slope, smallest, largest, rng):
    """Diameters whose cumulative number falls as diameter to the power -slope between two bounds."""
    low, high = smallest**-slope, largest**-slope
    return (low - rng.random(count) * (low - high)) ** (-1.0 / slope)


def number_of(density_per_km2, at_m, slope, smallest_m, largest_m, area_m2, rng):
    """Poisson number of objects between two diameters, of a density that holds for `at_m` and more."""
    per_m2 = density_per_km2 * 1e-6 * at_m**slope
    return int(rng.poisson(per_m2 * (smallest_m**-slope - largest_m**-slope) * area_m2))


@dataclass
class Craters:
    """Craters: map x, y, diameter_m, diffusion age, brightening; all (n,)."""

    x: np.ndarray
    y: np.ndarray
    diameter_m: np.ndarray
    age: np.ndarray
    freshness: np.ndarray
    wobble: np.ndarray
    phase: np.ndarray

    @classmethod
    def draw(cls, bounds, settings, rng):
        """Draw the craters of a terrain, old ones first.

        Small craters fade sooner than large ones: at one time, the diffusion age of a crater of radius R is that of a
        10 m crater times 5 m / R. It would be (5 m / R)^2 if diffusivity did not grow with scale (Fassett et al. 2022).
        """
        left, bottom, right, top = bounds
        area = (right - left) * (top - bottom)
        smallest, largest, slope = settings.crater_min_m, settings.crater_max_m, settings.crater_slope
        count = number_of(settings.crater_density_per_km2, 10.0, slope, smallest, largest, area, rng)
        x, y = rng.uniform(left, right, count), rng.uniform(bottom, top, count)
        diameter = power_law(count, slope, smallest, largest, rng)
        time = rng.random(count)
        age = settings.crater_degradation * time * 10.0 / diameter
        fresh = np.where((age < 0.012) & (diameter > 4.0), rng.uniform(0.0, 0.22, count), 0.0)
        wobble, phase = rng.uniform(0.0, 0.05, count), rng.uniform(0.0, 2 * np.pi, (count, 3))
        order = np.argsort(-time, kind="stable")
        order = order[age[order] < AGES[-1]]
        return cls(*(a[order] for a in (x, y, diameter, age, fresh, wobble, phase)))

    def stamp(self, height, lines, albedo, grid):
        """Add the craters to heights, wiping fractures and ridges under the larger ones."""
        row, column = grid.rowcol(self.x, self.y)
        radius = 0.5 * self.diameter_m / grid.resolution_m
        stamp_craters(
            height,
            lines,
            albedo,
            column,
            row,
            radius,
            grid.resolution_m,
            self.age,
            self.freshness,
            self.wobble,
            self.phase,
        )

    def visible(self, smallest_m):
        """Indices of craters with relief left: large enough and not too old."""
        return np.flatnonzero((self.diameter_m >= smallest_m) & (self.age < 0.25))

    def outlines(self, index, scale=1.0):
        """Circles as polygons (n,)."""
        angle = np.linspace(0.0, 2 * np.pi, 25)[:-1]
        ring = np.stack([np.cos(angle), np.sin(angle)], -1)
        radius = 0.5 * scale * self.diameter_m[index]
        centre = np.stack([self.x[index], self.y[index]], -1)
        return polygons(centre[:, None] + radius[:, None, None] * ring)


@dataclass
class Boulders:
    """Boulders: map x, y, diameter_m and shape; all (n, ...)."""

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
    def draw(cls, x, y, diameter_m, cracked_share, rng):
        """Give boulders at given places and sizes their shapes."""
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
            # Boulders are half buried as often as not: heights of some 0.6 diameters (Demidov & Basilevsky 2014).
            diameter_m * rng.uniform(0.35, 0.75, count),
            sides,
            reach,
            rng.uniform(1.2, 3.0, (count, _SIDES)),
            rng.normal(0.0, 0.15, (count, 2)),
            np.where(cracked, rng.uniform(0, np.pi, count), np.nan),
            rng.uniform(1.0, 1.3, count),
        )

    def stamp(self, height, albedo, grid):
        """Set the boulders on the ground."""
        row, column = grid.rowcol(self.x, self.y)
        stamp_boulders(
            height, albedo, column, row, 0.5 * self.diameter_m / grid.resolution_m, self.tall_m, self.sides,
            self.reach, self.steep, self.tilt, self.crack, self.bright, grid.resolution_m,
        )  # fmt: skip

    def outlines(self, smallest_m=0.0):
        """Footprints as polygons of boulders at least so large, and their indices."""
        index = np.flatnonzero(self.diameter_m >= smallest_m)
        shapes = []
        for k in index:
            a, d = self.sides[k], self.reach[k] * 0.5 * self.diameter_m[k]
            b, e = np.roll(a, -1), np.roll(d, -1)
            # Corners are where neighbouring sides meet; sides run with rows growing downwards, the map's y upwards.
            cross = np.sin(b - a)
            px = (d * np.sin(b) - e * np.sin(a)) / cross
            py = (e * np.cos(a) - d * np.cos(b)) / cross
            shapes.append(Polygon(np.column_stack([self.x[k] + px, self.y[k] - py])).convex_hull)
        return shapes, index
