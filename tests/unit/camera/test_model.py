"""The projection takes any camera that has the members of `CameraModel`, not the line scanner alone."""

import numpy as np

from imfmap.camera.line_scan import LineScanCamera
from imfmap.camera.model import CameraModel
from imfmap.camera.projection import image_facts, project
from imfmap.maps.bodies import body
from imfmap.maps.geometry import lonlat_of
from imfmap.maps.grids import MapGrid

MEMBERS = {name for name in vars(CameraModel) if not name.startswith("_")}


class FrameCamera:
    """A frame whose lines run along parallels and whose samples run along meridians, all exposed at once."""

    product_id, lines, samples, start_time = "FRAME1", 60, 80, "2026-01-01T00:00:00.000"
    body = body("moon")
    step_deg = 1e-3

    def image_to_ground(self, line, sample, height_m=0.0):
        line, sample = np.broadcast_arrays(np.asarray(line, float), np.asarray(sample, float))
        return 10.0 + (sample - 40.5) * self.step_deg, -(line - 30.5) * self.step_deg

    def locate(self, lon_deg, lat_deg, height_m=0.0):
        return 30.5 - np.asarray(lat_deg) / self.step_deg, 40.5 + (np.asarray(lon_deg) - 10.0) / self.step_deg

    def locate_point(self, point):
        return np.stack(self.locate(*lonlat_of(point)), axis=-1)

    def angles(self, line, sample, height_m=0.0):
        return np.float64(50.0), np.float64(0.0), np.float64(50.0)

    def sun_ground_azimuth_deg(self, line, sample, height_m=0.0):
        return np.float64(90.0)

    def ground_resolution_m(self, line, sample, height_m=0.0, oblique=False):
        return np.float64(np.radians(self.step_deg) * self.body.radius_m)

    def resample(self, lines, first_line, block, factors, method, out):
        rows, columns = np.indices(block.grid.shape)
        line, sample = (np.rint(value).astype(int) for value in self.locate(*block.grid.lonlat(rows, columns)))
        inside = (line >= 1) & (line <= self.lines) & (sample >= 1) & (sample <= self.samples)
        out[:] = np.nan
        out[inside] = lines[line[inside] - 1 - first_line, sample[inside] - 1]


def test_the_line_scanner_is_a_camera_model():
    assert all(hasattr(LineScanCamera, name) for name in MEMBERS)
    assert {"product_id", "lines", "samples"} <= set(LineScanCamera.__dataclass_fields__)


def test_a_frame_camera_is_projected():
    camera = FrameCamera()
    assert all(hasattr(camera, name) for name in MEMBERS)
    pixel_m = float(camera.ground_resolution_m(1, 1))
    crs = camera.body.projected("equirectangular", 0.0, 10.0)
    # The map's pixels are the frame's.
    grid = MapGrid.centred(crs, 10.0, 0.0, 80 * pixel_m, 60 * pixel_m, pixel_m)
    image = np.arange(4800, dtype=np.float32).reshape(60, 80)
    np.testing.assert_array_equal(project(image, camera, grid, "nearest"), image)
    facts = image_facts(camera, grid)
    assert (facts.product, facts.incidence_deg) == ("FRAME1", 50.0)
    assert abs(facts.sun_azimuth_deg - 90.0) < 0.1
