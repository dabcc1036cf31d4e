"""Optics of the two cameras."""

from imfmap.nac.optics import NAC


def test_the_two_cameras_look_to_either_side():
    """From LRO's frame kernels on: the left and the right one are mirrored about their boresights."""
    left, right = (NAC[side].look(1.0)[1] for side in ("left", "right"))
    assert left < 0.0 < right
