"""Patches with known spectra, and patches with craters at known places."""

import numpy as np

from imfmap.likeness.craters import shaded_bowl


def power_law(size, slope, seed):
    """Return noise whose power decreases with frequency by a power law."""
    rng = np.random.default_rng(seed)
    f = np.fft.fftfreq(size)
    f = np.hypot(f[:, None], f[None, :])
    f[0, 0] = np.inf
    return np.fft.ifft2(np.fft.fft2(rng.standard_normal((size, size))) * f ** (slope / 2)).real


def pitted(sun_azimuth_deg, seed=1, size=256, count=24):
    """Return the image of a plain with bowls under a Sun at one side, and rows, columns and diameters of the bowls."""
    rng = np.random.default_rng(seed)
    image = 0.2 * power_law(size, -2.0, seed) / power_law(size, -2.0, seed).std()
    places = []
    while len(places) < count:
        diameter = float(np.exp(rng.uniform(np.log(8), np.log(30))))
        row, column = rng.uniform(30, size - 30, 2)
        if all(np.hypot(row - r, column - c) > 0.8 * (diameter + d) for r, c, d in places):
            places.append((row, column, diameter))
    for row, column, diameter in places:
        bowl = shaded_bowl(diameter, sun_azimuth_deg)
        half = bowl.shape[0] // 2
        r, c = int(round(row)), int(round(column))
        top, left = max(r - half, 0), max(c - half, 0)
        part = bowl[top - r + half : size - r + half, left - c + half : size - c + half]
        image[top : top + part.shape[0], left : left + part.shape[1]] += 1.5 * part / np.abs(bowl).max()
    return image, np.array(places)
