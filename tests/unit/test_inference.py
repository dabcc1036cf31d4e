"""Inference in windows: placed right, turned right, blended without steps, whatever the windows."""

import numpy as np
import pytest
import torch

from imfmap import aligned, inference
from imfmap.bodies import body
from imfmap.errors import InputError
from imfmap.grids import MapGrid
from imfmap.models import build_model, save_checkpoint
from imfmap.probability import decode
from imfmap.products import ImageFacts
from imfmap.rasters import read_raster, write_raster
from imfmap.sunframe import relative_brightness

CRS = body("moon").projected("equirectangular", 10, 20)
SETTINGS = {"overlap": 0.25, "batch_size": 4, "flips": False, "device": "cpu"}


def grid_of(rows, columns):
    return MapGrid.covering(CRS, (0, 0, columns * 1.5, rows * 1.5), 1.5)


def facts(sun_azimuth_deg):
    return ImageFacts("M1L", "2010-01-01T00:00:00", sun_azimuth_deg, 60.0, 1.0, 60.0, 1.0, "native")


class PointWise(torch.nn.Module):
    """Probability = pixel value; anything but the right pixel in the right place shows."""

    def forward(self, image):
        return torch.logit(image.clamp(1e-6, 1 - 1e-6))


class Lit(torch.nn.Module):
    """What a network for Sun-aligned tiles learns: dark towards the Sun (left) and bright beyond is a crack."""

    def forward(self, image):
        rise = torch.roll(image, -2, dims=3) - torch.roll(image, 2, dims=3)
        return 200 * (rise - 0.12)


class EdgeShy(torch.nn.Module):
    """Probability 0.2 at a window's edge, 0.8 in its middle: what blending must hide."""

    def forward(self, image):
        side = image.shape[-1]
        distance = torch.minimum(torch.arange(side), side - 1 - torch.arange(side)).clamp(max=24) / 24
        return torch.logit(0.2 + 0.6 * torch.minimum(distance[:, None], distance[None, :])).expand_as(image)


@pytest.fixture
def use(monkeypatch):
    def use(model, recipe="imfmap", size_px=64):
        settings = {"recipe": recipe, "tile_size_px": size_px}
        monkeypatch.setattr(inference, "load_checkpoint", lambda path: (model, settings))

    return use


def noise(rows, columns, seed=1):
    return (0.05 + 0.01 * np.random.default_rng(seed).standard_normal((rows, columns))).astype(np.float32)


def infer(tmp_path, image, azimuth, settings=SETTINGS):
    write_raster(tmp_path / "image.tif", image, grid_of(*image.shape), nodata=np.nan, tags=facts(azimuth).tags())
    inference.infer_image("model.pt", tmp_path / "image.tif", tmp_path / "probability.tif", settings)
    codes, grid, tags = read_raster(tmp_path / "probability.tif")
    assert grid.transform == grid_of(*image.shape).transform
    return decode(codes), tags


@pytest.mark.parametrize("block_px", [128, 1024])
def test_every_pixel_comes_back_to_its_place(tmp_path, use, monkeypatch, block_px):
    use(PointWise())
    monkeypatch.setattr(aligned, "READ_BLOCK", block_px)
    image = noise(190, 333)
    image[:60, :80] = np.nan
    result, tags = infer(tmp_path, image, 270.0)
    # With the Sun at the left nothing is turned, so nothing but 8-bit rounding may differ.
    np.testing.assert_allclose(result, np.where(np.isnan(image), np.nan, relative_brightness(image) / 255), atol=0.0041)
    assert tags["IMF_PRODUCT"] == "M1L" and float(tags["IMF_MEDIAN_IOF"]) == pytest.approx(0.05, abs=0.001)


@pytest.mark.parametrize("azimuth", [0.0, 37.0, 180.0, 251.0])
def test_turned_image_comes_back_unturned(tmp_path, use, azimuth):
    use(PointWise())
    row, column = np.mgrid[:200, :260]
    image = (0.05 * (1 + 0.3 * np.sin(row / 9) * np.cos(column / 13))).astype(np.float32)
    image[150:, 200:] = np.nan
    result, _ = infer(tmp_path, image, azimuth)
    expected = relative_brightness(image) / 255
    np.testing.assert_array_equal(np.isnan(result), np.isnan(image))
    # Where interpolation had all its neighbours: it smooths the wave (period 57 px) by a small part of its amplitude.
    inside = np.s_[3:145, 3:195]
    np.testing.assert_allclose(result[inside], expected[inside], atol=0.012)


@pytest.mark.parametrize("azimuth", [20.0, 110.0, 200.0, 290.0])
def test_a_crack_is_told_from_a_ridge_under_any_sun(tmp_path, use, azimuth):
    use(Lit())
    row, column = np.mgrid[:240, :240].astype(float)
    towards_sun = np.array([-np.cos(np.radians(azimuth)), np.sin(np.radians(azimuth))])
    # Slopes across two straight forms that lie square to the Sun: brightness follows the slope towards it.
    across = (row - 120) * towards_sun[0] + (column - 120) * towards_sun[1]
    bump = -across * np.exp(-((across / 4) ** 2)) / 4
    along = (row - 120) * towards_sun[1] - (column - 120) * towards_sun[0]
    # A crack is lit on its far side, a ridge on its near one.
    sign = np.where(along > 0, 1.0, -1.0)
    image = (0.05 * (1 + 0.6 * sign * bump)).astype(np.float32)
    result, _ = infer(tmp_path, image, azimuth)
    on_line = (np.abs(across) < 1) & (np.hypot(across, along) < 90)
    assert result[on_line & (along > 12)].min() > 0.5
    assert result[on_line & (along < -12)].max() < 0.1


@pytest.mark.parametrize("azimuth", [270.0, 300.0])
def test_no_step_at_window_edges(tmp_path, use, azimuth):
    use(EdgeShy())
    settings = {**SETTINGS, "overlap": 0.5}
    result, _ = infer(tmp_path, noise(300, 300), azimuth, settings)
    inside = result[40:-40, 40:-40]
    assert inside.min() > 0.45
    steepest = max(np.abs(np.diff(inside, axis=axis)).max() for axis in (0, 1))
    # The windows themselves climb by 0.025 a pixel; unblended they would dip by 0.6 where they meet.
    assert steepest < 0.035


def test_flips_are_averaged(tmp_path, use):
    class TopHeavy(torch.nn.Module):
        def forward(self, image):
            ramp = torch.linspace(0.1, 0.9, image.shape[-2])[:, None]
            return torch.logit(ramp.expand_as(image))

    use(TopHeavy())
    plain, _ = infer(tmp_path, noise(64, 64), 270.0)
    assert np.ptp(plain) > 0.4
    both, _ = infer(tmp_path, noise(64, 64), 270.0, {**SETTINGS, "flips": True})
    np.testing.assert_allclose(both, 0.5, atol=0.005)


def test_windows_without_data_are_not_run(tmp_path, use):
    seen = []

    class Counting(PointWise):
        def forward(self, image):
            seen.extend(bool(window.any()) for window in image)
            return super().forward(image)

    use(Counting())
    image = np.full((600, 600), np.nan, np.float32)
    image[20:60, 500:560] = 0.05
    result, _ = infer(tmp_path, image, 45.0)
    assert len(seen) <= 16
    np.testing.assert_array_equal(np.isfinite(result), np.isfinite(image))


def test_memory_does_not_grow_with_the_image(use):
    lattice, wanted = aligned.aligned_lattice(
        inference.SunFrame(33.0, 16000, 16000), np.ones((1000, 1000), bool), 512, 0.25
    )
    # 32k x 32k pixels: all windows, with one row of them in memory (two float32 bands).
    assert lattice.shape[0] > 43000 and wanted.sum() > (32000 / 384) ** 2
    assert 2 * 4 * lattice.size_px * lattice.shape[1] < 2**28


def test_with_a_checkpoint(tmp_path):
    settings = {"architecture": "unet", "encoder": "resnet18", "decoder_channels": [8, 8, 8], "recipe": "imfmap"}
    settings |= {"tile_size_px": 64, "resolution_m": 1.5, "threshold": 0.5}
    torch.manual_seed(1)
    model = build_model(settings).eval()
    save_checkpoint(tmp_path / "model.pt", model, settings)
    image = noise(64, 64)
    write_raster(tmp_path / "image.tif", image, grid_of(64, 64), nodata=np.nan, tags=facts(270.0).tags())
    for threads in (1, 2):
        inference.infer_image(
            tmp_path / "model.pt", tmp_path / "image.tif", tmp_path / f"{threads}.tif", SETTINGS, threads
        )
    result = decode(read_raster(tmp_path / "1.tif")[0])
    np.testing.assert_array_equal(result, decode(read_raster(tmp_path / "2.tif")[0]))
    assert 0 <= result.min() < result.max() <= 1


def mosaic(tmp_path, image, settings):
    write_raster(tmp_path / "mosaic.tif", image, grid_of(*image.shape), nodata=0)
    inference.infer_mosaic("model.pt", tmp_path / "mosaic.tif", tmp_path / "probability.tif", settings)
    return decode(read_raster(tmp_path / "probability.tif")[0])


@pytest.mark.parametrize("overlap", [0.0, 0.3])
def test_mosaic_in_place(tmp_path, use, overlap):
    use(PointWise(), "paper")
    image = np.random.default_rng(2).integers(1, 256, (150, 210), dtype=np.uint8)
    image[:70, 140:] = 0
    result = mosaic(tmp_path, image, {**SETTINGS, "overlap": overlap})
    np.testing.assert_allclose(result, np.where(image == 0, np.nan, image / 255), atol=0.0041)


def test_mosaic_on_the_tile_grid_of_the_paper(tmp_path, use):
    use(EdgeShy(), "paper")
    result = mosaic(tmp_path, np.full((128, 192), 90, np.uint8), {**SETTINGS, "overlap": 0.0})
    tile = torch.sigmoid(EdgeShy()(torch.zeros(1, 1, 64, 64)))[0, 0].numpy()
    np.testing.assert_allclose(result, np.tile(tile, (2, 3)), atol=0.0021)


def test_bad_input_is_refused(tmp_path, use):
    use(PointWise(), "paper")
    with pytest.raises(InputError, match=r"recipe paper; this run's is imfmap"):
        infer(tmp_path, noise(64, 64), 90.0)
    with pytest.raises(InputError, match="no valid pixel"):
        mosaic(tmp_path, np.zeros((64, 64), np.uint8), SETTINGS)
    with pytest.raises(InputError, match="uint16"):
        mosaic(tmp_path, np.ones((64, 64), np.uint16), SETTINGS)
    use(PointWise())
    with pytest.raises(InputError, match="no valid pixel"):
        infer(tmp_path, np.full((64, 64), np.nan, np.float32), 90.0)
    # A failed job leaves nothing behind.
    assert {path.name for path in tmp_path.iterdir()} == {"image.tif", "mosaic.tif"}
