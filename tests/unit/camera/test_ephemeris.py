"""Positions and orientations between the tabled times."""

import numpy as np
import pytest
import spiceypy

from imfmap.camera.ephemeris import Orientation, States


def test_hermite_states_follow_a_cubic_and_leave_along_the_tangent():
    times_s = np.array([0.0, 1.0, 4.0])
    track = np.polynomial.Polynomial([1.0, -2.0, 0.5, 0.25])
    states = States(times_s, np.outer(track(times_s), [1, 2, 3]), np.outer(track.deriv()(times_s), [1, 2, 3]))
    inside = np.array([0.0, 0.3, 1.0, 2.2, 4.0])
    np.testing.assert_allclose(states.at(inside), np.outer(track(inside), [1, 2, 3]), atol=1e-12)
    np.testing.assert_allclose(states.at(5.0), (track(4.0) + track.deriv()(4.0)) * np.array([1, 2, 3]))
    np.testing.assert_allclose(states.at(-1.0), (track(0.0) - track.deriv()(0.0)) * np.array([1, 2, 3]))


def test_states_without_velocity_are_linear_and_one_state_stands():
    states = States([0.0, 2.0], [[0, 0, 0], [2, 4, 6]])
    np.testing.assert_allclose(states.at([[0.5, 3.0]]), [[[0.5, 1, 1.5], [3, 6, 9]]])
    np.testing.assert_allclose(States([1.0], [[1, 2, 3]]).at([0.0, 9.0]), [[1, 2, 3]] * 2)
    np.testing.assert_allclose(States([1.0], [[1, 2, 3]], [[1, 0, 0]]).at(3.0), [3, 2, 3])


@pytest.mark.parametrize("angle", [1e-9, 1e-4, 0.5])
def test_orientation_turns_evenly_about_one_axis(angle):
    axis = np.array([0.6, 0.0, 0.8])
    turn = [spiceypy.axisar(axis, part * angle) for part in (0.0, 1.0)]
    quaternions = [spiceypy.m2q(turn[0]), -spiceypy.m2q(turn[1])]  # the sign must not matter
    constant = spiceypy.rotate(0.3, 1)
    orientation = Orientation([10.0, 12.0], quaternions, constant_rotation=constant)
    for time_s in (10.0, 10.5, 12.0, 13.0):
        expected = constant @ spiceypy.axisar(axis, (time_s - 10.0) / 2.0 * angle)
        np.testing.assert_allclose(orientation.at(time_s), expected, atol=1e-15)


@pytest.mark.parametrize(
    ("times_s", "positions", "found"),
    [
        ([0.0, 1.0], [[1, 2, 3]], "2 times"),
        ([1.0, 1.0], [[1, 2, 3]] * 2, "do not increase"),
        ([0.0, 1.0], [[1, 2, 3], [1, 2, np.nan]], "not finite"),
        ([0.0, 1.0], [[1, 2, 3], [1, 2, 3e154]], "beyond all bounds"),
    ],
)
def test_unfit_tables_are_refused(times_s, positions, found):
    with pytest.raises(ValueError, match=found):
        States(times_s, positions)
