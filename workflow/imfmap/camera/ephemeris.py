"""Tables of positions and orientations over ephemeris time, interpolated as in ISIS and ALE."""

from dataclasses import dataclass

import numpy as np

# Larger numbers cannot be squared.
_LARGEST = 1e150


@dataclass(frozen=True, eq=False)
class States:
    """Positions of a body or spacecraft.

    Attributes
    ----------
    times_s : ndarray
        (n,) ephemeris times (TDB seconds past J2000), increasing.
    positions_km : ndarray
        (n, 3), J2000 axes, relative to the centre of the imaged body.
    velocities_km_s : ndarray, optional
        (n, 3). With them, positions are interpolated by cubic Hermite splines; without them, linearly.
    """

    times_s: np.ndarray
    positions_km: np.ndarray
    velocities_km_s: np.ndarray | None = None

    def __post_init__(self):
        for name, columns in (("times_s", 0), ("positions_km", 3), ("velocities_km_s", 3)):
            _set_array(self, name, columns)
        _check_table("position table", 1, self.times_s, self.positions_km, self.velocities_km_s)

    def at(self, times_s: float | np.ndarray) -> np.ndarray:
        """Return positions (..., 3) in km at times of any shape. Beyond the table, the motion at its end goes on."""
        if len(self.times_s) == 1:
            return self._from_one(times_s)
        index, fraction, step = _interval(self.times_s, times_s)
        start, end = self.positions_km[index], self.positions_km[index + 1]
        if self.velocities_km_s is None:
            return start + fraction * (end - start)
        inside = np.clip(fraction, 0.0, 1.0)
        square, cube = inside**2, inside**3
        v_start, v_end = self.velocities_km_s[index] * step, self.velocities_km_s[index + 1] * step
        spline = (
            (2 * cube - 3 * square + 1) * start
            + (cube - 2 * square + inside) * v_start
            + (3 * square - 2 * cube) * end
            + (cube - square) * v_end
        )
        return spline + (fraction - inside) * np.where(fraction < 0, v_start, v_end)

    def _from_one(self, times_s):
        position = np.broadcast_to(self.positions_km[0], (*np.shape(times_s), 3))
        if self.velocities_km_s is None:
            return position
        return position + (np.asarray(times_s, float) - self.times_s[0])[..., None] * self.velocities_km_s[0]


@dataclass(frozen=True, eq=False)
class Orientation:
    """Rotation from J2000 to a frame.

    Attributes
    ----------
    times_s : ndarray
        (n,) ephemeris times, increasing, n >= 2.
    quaternions : ndarray
        (n, 4), scalar first, in NAIF's sense: their matrices rotate J2000 vectors into the time-dependent frame.
    angular_velocities : ndarray, optional
        (n, 3) rad/s. They are only kept for the ISD. Between the times, rotations are interpolated by slerp.
    constant_rotation : ndarray, optional
        (3, 3), from the time-dependent frame to the final one.
    """

    times_s: np.ndarray
    quaternions: np.ndarray
    angular_velocities: np.ndarray | None = None
    constant_rotation: np.ndarray | None = None

    def __post_init__(self):
        for name, columns in (("times_s", 0), ("quaternions", 4), ("angular_velocities", 3), ("constant_rotation", 3)):
            _set_array(self, name, columns)
        _check_table("rotation table", 2, self.times_s, self.quaternions, self.angular_velocities)
        if not (np.linalg.norm(self.quaternions, axis=-1) > 0).all():
            raise ValueError("the rotation table has a quaternion of length 0")
        constant = self.constant_rotation
        if constant is not None and not (constant.shape == (3, 3) and _can_be_squared(constant)):
            raise ValueError("the constant rotation is no matrix of 3 x 3 finite numbers")

    def at(self, times_s: float | np.ndarray) -> np.ndarray:
        """Return matrices (..., 3, 3) from J2000 to the frame, at times of any shape."""
        index, fraction, _ = _interval(self.times_s, times_s)
        matrices = matrices_of(_slerp(self.quaternions[index], self.quaternions[index + 1], fraction))
        return matrices if self.constant_rotation is None else self.constant_rotation @ matrices


def _set_array(instance, name, columns):
    value = getattr(instance, name)
    if value is not None:
        object.__setattr__(instance, name, np.asarray(value, float).reshape((-1, columns) if columns else -1))


def _check_table(what, least, times_s, *columns):
    columns = [column for column in columns if column is not None]
    sizes = {len(times_s), *map(len, columns)}
    if len(sizes) != 1 or len(times_s) < least:
        raise ValueError(
            f"the {what} has {len(times_s)} times and {sorted(sizes)} records; it needs {least} or more, and as many "
            "records as times"
        )
    if not (np.diff(times_s) > 0).all():
        raise ValueError(f"the times of the {what} do not increase")
    if not all(map(_can_be_squared, (times_s, *columns))):
        raise ValueError(f"the {what} has values that are not finite, or beyond all bounds")


def _can_be_squared(values):
    """Return whether all values are finite and small enough for lengths to be computed of them."""
    return bool((np.abs(values) < _LARGEST).all())


def _interval(table_s, times_s):
    """Return index of the interval, position in it (outside 0..1 beyond the table) and its length, as (..., 1)."""
    times_s = np.asarray(times_s, float)
    index = np.clip(np.searchsorted(table_s, times_s, side="right") - 1, 0, len(table_s) - 2)
    step = (table_s[index + 1] - table_s[index])[..., None]
    return index, (times_s - table_s[index])[..., None] / step, step


def _slerp(start, end, fraction):
    """Interpolate quaternions on the sphere, along the shorter arc. `fraction` may lie outside 0..1."""
    start = start / np.linalg.norm(start, axis=-1, keepdims=True)
    end = end / np.linalg.norm(end, axis=-1, keepdims=True)
    cosine = np.sum(start * end, axis=-1, keepdims=True)
    end = np.where(cosine < 0, -end, end)
    # All angles are small here. The chord keeps their precision; an arc cosine near 1 would lose it.
    angle = 2.0 * np.arcsin(np.clip(np.linalg.norm(end - start, axis=-1, keepdims=True) / 2.0, 0.0, 1.0))
    sine = np.sin(angle)
    small = sine < 1e-12
    safe = np.where(small, 1.0, sine)
    from_start = np.where(small, 1.0 - fraction, np.sin((1.0 - fraction) * angle) / safe)
    from_end = np.where(small, fraction, np.sin(fraction * angle) / safe)
    return from_start * start + from_end * end


def matrices_of(quaternions: np.ndarray) -> np.ndarray:
    """Return the rotation matrices (..., 3, 3) of scalar-first quaternions (..., 4), in NAIF's sense (q2m)."""
    w, x, y, z = np.moveaxis(quaternions / np.linalg.norm(quaternions, axis=-1, keepdims=True), -1, 0)
    rows = (
        (1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
        (2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
        (2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)),
    )
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)
