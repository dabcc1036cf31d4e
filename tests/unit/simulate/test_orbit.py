"""Orbit and attitude of the simulated camera."""

import numpy as np
import pytest

from imfmap.core.errors import InputError
from imfmap.maps.grids import MapGrid
from imfmap.nac.camera import camera_from_isd
from imfmap.nac.isd import write_isd
from imfmap.nac.label import preroll_time
from imfmap.simulate.imaging import ViewingGeometry
from imfmap.simulate.orbit import build_camera, exposure, product_id_of, true_camera
from imfmap.simulate.settings import ImageSettings
from tests.helpers.simulated_images import IMAGED_CRS


def test_time_and_name_of_products():
    # Times of the real images of these numbers (their labels in ISIS's test data).
    for product, utc in (("M143947267LE", "2010-11-09T13:06:39.982"), ("M1333276014RE", "2020-01-10T06:12:26.914")):
        difference = preroll_time(product) - np.datetime64(utc).astype("datetime64[ms]").astype(object)
        assert abs(difference.total_seconds()) < 2.0
    image = ImageSettings("M1400000000", 90.0, 40.0, camera="right")
    assert product_id_of(image) == "M1400000000RE"
    with pytest.raises(InputError, match="is not an image of the right camera"):
        product_id_of(ImageSettings("M1400000000LE", 90.0, 40.0, camera="right"))


@pytest.mark.parametrize(
    ("summing", "altitude_km", "sample_m"), [(1, 40.0, 0.4), (1, 160.0, 1.6), (2, 20.0, 0.4), (2, 80.0, 1.6)]
)
def test_the_whole_range_of_resolutions(summing, altitude_km, sample_m):
    image = ImageSettings.from_mapping(
        {"product": "M1400000000L", "sun_azimuth_deg": 90, "incidence_deg": 40, "summing": summing}
        | {"altitude_km": altitude_km}
    )
    camera = build_camera(image, 102.0, 35.0, 500.0)
    middle = camera.lines / 2, camera.samples / 2
    assert camera.ground_resolution_m(*middle) == pytest.approx(sample_m, rel=0.01)
    _, code = exposure(image)
    assert code >= 0
    look = ViewingGeometry.of(camera, MapGrid.centred(IMAGED_CRS, 102.0, 35.0, 200.0, 200.0, 1.0))
    assert look.sample_m == pytest.approx(sample_m, rel=0.01)
    # Lines are as long as samples are wide, but for the shortest exposure there is.
    assert look.line_m == pytest.approx(sample_m, rel=0.02) or (code == 0 and look.line_m > sample_m)


def test_the_attitude_sways_and_the_isd_records_it(tmp_path):
    settings = {"product": "M1400000000L", "sun_azimuth_deg": 90, "incidence_deg": 40}

    def camera(**keys):
        image = ImageSettings.from_mapping(settings | keys)
        # Long enough for the slow sways to show.
        return image, build_camera(image, 102.0, 35.0, 60_000.0, seed=2)

    def turns_urad(one, other):
        times = np.linspace(one.time_at(1), one.time_at(one.lines), 4000)
        turn = np.einsum("nij,nkj->nik", one.pointing.at(times), other.pointing.at(times))
        return 1e6 * np.stack([turn[:, 1, 2], turn[:, 2, 0], turn[:, 0, 1]], axis=1)

    _, still = camera(jitter_urad=0)
    image, swaying = camera(jitter_urad=40, unrecorded_jitter_urad=2)
    sway = turns_urad(swaying, still)
    assert np.sqrt((sway**2).mean()) == pytest.approx(40.0, rel=0.4)
    assert np.abs(np.diff(sway, axis=0)).max() < 5.0, "no jumps"
    # Recorded: an ISD gives it back. What is not recorded moves the true camera alone.
    write_isd(swaying, tmp_path / "image.json")
    assert np.abs(turns_urad(camera_from_isd(tmp_path / "image.json"), swaying)).max() < 1e-3
    unrecorded = turns_urad(true_camera(swaying, image, seed=2), swaying)
    assert np.sqrt((unrecorded**2).mean()) == pytest.approx(2.0, rel=0.25)
    assert true_camera(still, ImageSettings.from_mapping(settings)) is still
    # The angular velocity of the table is that of its turning.
    times = swaying.pointing.times_s
    step = swaying.pointing.at(times[5] + 5e-3) @ swaying.pointing.at(times[5] - 5e-3).T
    turning = np.array([step[1, 2], step[2, 0], step[0, 1]]) / 1e-2
    stated = swaying.pointing.at(times[5]) @ swaying.pointing.angular_velocities[5]
    np.testing.assert_allclose(turning, stated, atol=2e-5)


def test_orbits_that_cannot_be_are_refused():
    image = {"product": "M1400000000L", "sun_azimuth_deg": 90, "incidence_deg": 40}
    with pytest.raises(InputError, match="does not reach latitude 86.0"):
        build_camera(ImageSettings.from_mapping(image | {"inclination_deg": 85}), 0.0, 86.0, 100.0)
    for key, value in (("roll_deg", 61), ("altitude_km", 210), ("jitter_urad", -1), ("inclination_deg", 30)):
        with pytest.raises(InputError, match=key):
            ImageSettings.from_mapping(image | {key: value})
