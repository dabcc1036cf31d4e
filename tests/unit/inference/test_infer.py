"""Inference in windows: placed right, turned right, blended without steps, whatever the windows."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from imfmap.core.errors import InputError
from imfmap.inference import infer as infer_module
from imfmap.inference import lattice, map_blocks, predictor, sun_aligned
from imfmap.learning.models import build_model, save_checkpoint
from imfmap.learning.probability_calibration import (
    CALIBRATION_TAG,
    COMPLETENESS_TAG,
    KNOTS,
    THRESHOLD_TAG,
    ProbabilityCalibration,
)
from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid
from imfmap.maps.image_facts import ImageFacts
from imfmap.maps.probability_raster import decode
from imfmap.maps.rasters import read_raster, write_raster
from imfmap.maps.stretching import stretch_to_8bit
from imfmap.tiles.sun_frame import relative_brightness
from imfmap.tiles.tiles import tiles_of_image

CRS = body("moon").projected("equirectangular", 10, 20)
SETTINGS = {"overlap": 0.25, "batch_size": 4, "test_time_augmentation": [], "device": "cpu"}


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
    def use(model, recipe="sun_aligned", size_px=64, sun_input=False):
        settings = {"recipe": recipe, "tile_size_px": size_px, "sun_input": sun_input}
        monkeypatch.setattr(predictor, "load_checkpoint", lambda path: (model, settings))

    return use


def noise(rows, columns, seed=1):
    return (0.05 + 0.01 * np.random.default_rng(seed).standard_normal((rows, columns))).astype(np.float32)


def infer(tmp_path, image, azimuth, settings=SETTINGS):
    write_raster(tmp_path / "image.tif", image, grid_of(*image.shape), nodata=np.nan, tags=facts(azimuth).tags())
    infer_module.infer_image("model.pt", tmp_path / "image.tif", tmp_path / "probability.tif", settings)
    codes, grid, tags = read_raster(tmp_path / "probability.tif")
    assert grid.transform == grid_of(*image.shape).transform
    return decode(codes), tags


@pytest.mark.parametrize("block_px", [128, 1024])
def test_every_pixel_comes_back_to_its_place(tmp_path, use, monkeypatch, block_px):
    use(PointWise())
    for module in (sun_aligned, infer_module, map_blocks):
        monkeypatch.setattr(module, "READ_BLOCK", block_px)
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
    assert_no_step(result)


def test_no_step_at_window_edges_of_a_mosaic(tmp_path, use):
    use(EdgeShy(), "paper")
    assert_no_step(mosaic(tmp_path, np.full((300, 300), 90, np.uint8), {**SETTINGS, "overlap": 0.5}))


def assert_no_step(probability):
    inside = probability[40:-40, 40:-40]
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
    both, _ = infer(tmp_path, noise(64, 64), 270.0, {**SETTINGS, "test_time_augmentation": ["flips"]})
    np.testing.assert_allclose(both, 0.5, atol=0.005)


@pytest.mark.parametrize("augmented, views", [(["rotations"], 4), (["rotations", "flips"], 8)])
def test_rotations_are_averaged(tmp_path, use, augmented, views):
    ran = []

    class Corner(torch.nn.Module):
        def forward(self, image):
            ran.append(len(image))
            corners = torch.tensor([[0.9, 0.1], [0.3, 0.7]]).expand(len(image), 1, 2, 2)
            return torch.logit(torch.nn.functional.interpolate(corners, size=image.shape[-2:], mode="nearest"))

    use(Corner(), "paper")
    result, _ = infer(tmp_path, noise(64, 64), 270.0, {**SETTINGS, "test_time_augmentation": augmented})
    assert len(ran) == views
    np.testing.assert_allclose(result, 0.5, atol=0.005)


def test_tiles_with_the_sun_on_the_left_are_not_turned(tmp_path, use):
    ran = []

    class Counting(PointWise):
        def forward(self, image):
            ran.append(len(image))
            return super().forward(image)

    use(Counting())
    infer(tmp_path, noise(64, 64), 270.0)
    plain = len(ran)
    infer(tmp_path, noise(64, 64), 270.0, {**SETTINGS, "test_time_augmentation": ["rotations"]})
    assert len(ran) == 2 * plain


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
    lattice, wanted = sun_aligned.aligned_lattice(
        infer_module.SunFrame(33.0, 16000, 16000), np.ones((1000, 1000), bool), 512, 0.25
    )
    # 32k x 32k pixels: all windows, with one row of them in memory (two float32 bands).
    assert lattice.shape[0] > 43000 and wanted.sum() > (32000 / 384) ** 2
    assert 2 * 4 * lattice.size_px * lattice.shape[1] < 2**28


def test_with_a_checkpoint(tmp_path):
    settings = {"architecture": "unet", "encoder": "resnet18", "decoder_channels": [8, 8, 8], "recipe": "sun_aligned"}
    settings |= {"tile_size_px": 64, "resolution_m": 1.5, "threshold": 0.5}
    torch.manual_seed(1)
    model = build_model(settings).eval()
    save_checkpoint(tmp_path / "model.pt", model, settings)
    image = noise(64, 64)
    write_raster(tmp_path / "image.tif", image, grid_of(64, 64), nodata=np.nan, tags=facts(270.0).tags())
    for threads in (1, 2):
        infer_module.infer_image(
            tmp_path / "model.pt", tmp_path / "image.tif", tmp_path / f"{threads}.tif", SETTINGS, threads
        )
    result = decode(read_raster(tmp_path / "1.tif")[0])
    np.testing.assert_array_equal(result, decode(read_raster(tmp_path / "2.tif")[0]))
    assert 0 <= result.min() < result.max() <= 1


def mosaic(tmp_path, image, settings):
    write_raster(tmp_path / "mosaic.tif", image, grid_of(*image.shape), nodata=0)
    # Stands for the network that `use` puts in: what is known of a window goes by the checkpoint's content.
    (tmp_path / "model.pt").touch()
    infer_module.infer_mosaic(tmp_path / "model.pt", tmp_path / "mosaic.tif", tmp_path / "probability.tif", settings)
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
    with pytest.raises(InputError, match="no valid pixel"):
        mosaic(tmp_path, np.zeros((64, 64), np.uint8), SETTINGS)
    with pytest.raises(InputError, match="uint16"):
        mosaic(tmp_path, np.ones((64, 64), np.uint16), SETTINGS)
    use(PointWise())
    with pytest.raises(InputError, match="recipe sun_aligned, and a mosaic has no single direction"):
        mosaic(tmp_path, np.ones((64, 64), np.uint8), SETTINGS)
    use(PointWise(), "paper", sun_input=True)
    with pytest.raises(InputError, match="takes the Sun's direction, and a mosaic has no single one"):
        mosaic(tmp_path, np.ones((64, 64), np.uint8), SETTINGS)
    use(PointWise())
    with pytest.raises(InputError, match="no valid pixel"):
        infer(tmp_path, np.full((64, 64), np.nan, np.float32), 90.0)
    # A failed job leaves nothing behind.
    assert {path.name for path in tmp_path.iterdir()} == {"image.tif", "mosaic.tif", "model.pt"}


@pytest.mark.parametrize("block_px", [128, 1024])
def test_an_image_in_the_papers_way(tmp_path, use, monkeypatch, block_px):
    for module in (infer_module, map_blocks):
        monkeypatch.setattr(module, "READ_BLOCK", block_px)
    use(PointWise(), "paper")
    image = noise(190, 333)
    image[:60, :80] = np.nan
    result, tags = infer(tmp_path, image, 123.0)
    # The brightness of its training tiles, where they lay, whatever the Sun.
    np.testing.assert_allclose(result, np.where(np.isnan(image), np.nan, stretch_to_8bit(image) / 255), atol=0.0041)
    assert tags["IMF_RECIPE"] == "paper" and float(tags["IMF_MEDIAN_IOF"]) == pytest.approx(0.05, abs=0.001)


def test_windows_of_an_image_in_the_papers_way_are_its_tiles(tmp_path, use):
    windows_run = []

    class Keeping(PointWise):
        def forward(self, image):
            windows_run.extend((255 * image[:, 0]).round().to(torch.uint8).numpy())
            return super().forward(image)

    use(Keeping(), "paper")
    image = noise(200, 150)
    image[:64, :64] = np.nan
    infer(tmp_path, image, 40.0, {**SETTINGS, "overlap": 0.0})
    options = {"recipe": "paper", "size_px": 64, "overlap": 0.0, "rotate": False, "target": "place"}
    tiles = tiles_of_image(image, np.zeros(image.shape, np.uint8), facts(40.0), 1.5, **options)
    assert len(windows_run) == len(tiles) == 11
    np.testing.assert_array_equal(windows_run, tiles.image)


class Sundial(torch.nn.Module):
    """Probability says which Sun it was told: 0.5 + 0.4 of the cosine on the upper half, of the sine on the lower."""

    def forward(self, image):
        assert image.shape[1] == 3
        upper = torch.arange(image.shape[2])[:, None] < image.shape[2] // 2
        return torch.logit(0.5 + 0.4 * torch.where(upper, image[:, 1:2], image[:, 2:3]))


@pytest.mark.parametrize("offset_deg", [0.0, 25.0])
def test_the_suns_direction_is_told(tmp_path, use, offset_deg):
    settings = {**SETTINGS, "overlap": 0.0, "sun_offset_deg": offset_deg}
    use(Sundial(), "paper", sun_input=True)
    result, tags = infer(tmp_path, noise(64, 64), 70.0, settings)
    angle = np.radians(70.0 + offset_deg)
    np.testing.assert_allclose(result[:32], 0.5 + 0.4 * np.cos(angle), atol=0.003)
    np.testing.assert_allclose(result[32:], 0.5 + 0.4 * np.sin(angle), atol=0.003)
    assert float(tags["IMF_SUN_OFFSET_DEG"]) == offset_deg


def test_mirrored_views_are_told_of_a_mirrored_sun(tmp_path, use):
    told = []

    class Listening(PointWise):
        def forward(self, image):
            cos, sin = image[0, 1:, 0, 0].tolist()
            told.append(round(np.degrees(np.arctan2(sin, cos)) % 360))
            return super().forward(image[:, :1])

    use(Listening(), "paper", sun_input=True)
    image = noise(64, 64)
    result, _ = infer(tmp_path, image, 70.0, {**SETTINGS, "test_time_augmentation": ["flips"]})
    assert told == [70, 110, 290, 250]
    told.clear()
    turned, _ = infer(tmp_path, image, 70.0, {**SETTINGS, "test_time_augmentation": ["flips", "rotations"]})
    assert sorted(told) == [20, 70, 110, 160, 200, 250, 290, 340]
    np.testing.assert_allclose(turned, result, atol=0.0041)
    np.testing.assert_allclose(result, stretch_to_8bit(image) / 255, atol=0.0041)
    # In Sun-aligned windows it is on the left, whatever the frame was told, upside down too.
    use(Listening(), "sun_aligned", sun_input=True)
    told.clear()
    infer(tmp_path, image, 70.0, {**SETTINGS, "test_time_augmentation": ["flips"], "sun_offset_deg": 25.0})
    assert set(told) == {270}


def test_a_wrong_sun_turns_the_windows(tmp_path, use):
    use(Lit())
    row, column = np.mgrid[:240, :240].astype(float)
    across = column - 120
    # A crack under a Sun from the left: dark towards it, bright beyond.
    image = (0.05 * (1 + 0.6 * across * np.exp(-((across / 4) ** 2)) / 4)).astype(np.float32)
    found = {}
    for offset_deg in (0.0, 180.0):
        result, _ = infer(tmp_path, image, 270.0, {**SETTINGS, "sun_offset_deg": offset_deg})
        found[offset_deg] = result[20:-20, 120].mean()
    assert found[0.0] > 0.5 > 0.1 > found[180.0]


class Slow(torch.nn.Module):
    """Counts its batches, and may fall over at one of them."""

    def __init__(self, dies_at=None):
        super().__init__()
        self.batches, self.dies_at = 0, dies_at

    def forward(self, image):
        if self.batches == self.dies_at:
            raise KeyboardInterrupt
        self.batches += 1
        return torch.logit((image.mean((2, 3), keepdim=True) / 2 + image / 2).clamp(0.01, 0.99))


@pytest.mark.parametrize("recipe", ["sun_aligned", "paper"])
def test_windows_that_are_done_are_not_run_again(tmp_path, use, monkeypatch, recipe):
    monkeypatch.setattr(lattice, "KEEP_EVERY_S", 0.0)
    image = noise(300, 400)
    whole = Slow()
    use(whole, recipe)
    expected, _ = infer(tmp_path, image, 200.0)
    assert whole.batches > 6
    os.utime(tmp_path / "image.tif", ns=(10**18, 10**18))

    def again(settings=SETTINGS):
        infer_module.infer_image("model.pt", tmp_path / "image.tif", tmp_path / "probability.tif", settings)
        return decode(read_raster(tmp_path / "probability.tif")[0])

    (tmp_path / "probability.tif").unlink()
    use(Slow(dies_at=5), recipe)
    with pytest.raises(KeyboardInterrupt):
        again()
    assert (tmp_path / ".probability.scratch").exists() and not (tmp_path / "probability.tif").exists()
    rest = Slow()
    use(rest, recipe)
    np.testing.assert_array_equal(again(), expected)
    # The batch that was under way, and one that waited to be blended, are all that was lost.
    assert whole.batches - 5 <= rest.batches <= whole.batches - 3
    assert not (tmp_path / ".probability.scratch").exists()

    for change in ("image", "settings"):
        use(Slow(dies_at=5), recipe)
        with pytest.raises(KeyboardInterrupt):
            again()
        if change == "image":
            os.utime(tmp_path / "image.tif", ns=(10**18 + 1, 10**18 + 1))
        anew = Slow()
        use(anew, recipe)
        again({**SETTINGS, "batch_size": 3} if change == "settings" else SETTINGS)
        assert anew.batches >= whole.batches


@pytest.mark.slow
def test_a_killed_inference_goes_on(tmp_path, use):
    """Killed by the system's own means, in a process of its own."""
    image = noise(400, 600)
    write_raster(tmp_path / "image.tif", image, grid_of(*image.shape), nodata=np.nan, tags=facts(200.0).tags())
    program = tmp_path / "program.py"
    # The model is that of `Slow`.
    program.write_text(
        f"""
import os, signal, sys, torch
from imfmap.inference import infer as infer_module, lattice, predictor
class Model(torch.nn.Module):
    batches = 0
    def forward(self, image):
        Model.batches += 1
        if Model.batches == int(sys.argv[1]):
            os.kill(os.getpid(), signal.SIGKILL)
        return torch.logit((image.mean((2, 3), keepdim=True) / 2 + image / 2).clamp(0.01, 0.99))
predictor.load_checkpoint = lambda path: (Model(), {{"recipe": "sun_aligned", "tile_size_px": 64}})
lattice.KEEP_EVERY_S = 0.0
infer_module.infer_image("model.pt", "image.tif", sys.argv[2], {SETTINGS!r}, 1)
print(Model.batches)
"""
    )

    def start(dies_at, out):
        environment = {**os.environ, "PYTHONPATH": str(Path(infer_module.__file__).parents[2]), "OMP_NUM_THREADS": "1"}
        command = [sys.executable, program, str(dies_at), out]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)

    whole = Slow()
    use(whole)
    infer_module.infer_image("model.pt", tmp_path / "image.tif", tmp_path / "whole.tif", SETTINGS, 1)
    assert start(12, "killed.tif").returncode == -signal.SIGKILL
    assert not (tmp_path / "killed.tif").exists()
    rest = start(0, "killed.tif")
    assert rest.returncode == 0, rest.stderr
    assert int(rest.stdout) <= whole.batches - 9
    assert (tmp_path / "killed.tif").read_bytes() == (tmp_path / "whole.tif").read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"image.tif", "program.py", "whole.tif", "killed.tif"}


STEEP = ProbabilityCalibration(tuple(np.clip((np.array(KNOTS) - 0.1) / 0.06, 0, 1).tolist()))
COMPLETE = {"places": 4}


class Fine(torch.nn.Module):
    """Probability between 0.1 and 0.16, where `STEEP` makes sixteen steps of 8 bit of one."""

    def forward(self, image):
        return torch.logit(0.1 + 0.06 * image)


@pytest.fixture
def use_calibrated(monkeypatch):
    def use(model, recipe):
        settings = {"recipe": recipe, "tile_size_px": 64, "threshold": 0.31, "completeness": COMPLETE}
        settings["calibration"] = STEEP.as_dict()
        monkeypatch.setattr(predictor, "load_checkpoint", lambda path: (model, settings))

    return use


@pytest.mark.parametrize("recipe", ["sun_aligned", "paper"])
def test_probabilities_are_calibrated_before_they_are_rounded(tmp_path, use_calibrated, use, recipe):
    image = noise(128, 128)
    use_calibrated(Fine(), recipe)
    calibrated, tags = infer(tmp_path, image, 270.0)
    raw, plain = infer(tmp_path, image, 270.0, SETTINGS | {"calibrated": False})
    np.testing.assert_allclose(calibrated, STEEP.of_image(raw), atol=0.0021 * 17)
    # Had they been rounded first, there would be no more levels than before.
    assert len(np.unique(calibrated)) > 3 * len(np.unique(raw))
    assert ProbabilityCalibration.from_tag(tags[CALIBRATION_TAG], "p") == STEEP and tags[THRESHOLD_TAG] == "0.31"
    assert json.loads(tags[COMPLETENESS_TAG]) == COMPLETE
    assert not {CALIBRATION_TAG, THRESHOLD_TAG, COMPLETENESS_TAG} & set(plain)
    use(Fine(), recipe)
    without, _ = infer(tmp_path, image, 270.0)
    np.testing.assert_array_equal(without, raw)


def test_a_mosaic_is_calibrated_and_claims_no_completeness(tmp_path, use_calibrated):
    use_calibrated(PointWise(), "paper")
    image = np.random.default_rng(2).integers(1, 80, (100, 100), dtype=np.uint8)
    result = mosaic(tmp_path, image, SETTINGS)
    np.testing.assert_allclose(result, STEEP.of_image(image / 255), atol=0.0041)
    tags = read_raster(tmp_path / "probability.tif")[2]
    assert CALIBRATION_TAG in tags and COMPLETENESS_TAG not in tags
    # A mosaic without calibration is made anew, although the checkpoint's file is the same.
    raw = mosaic(tmp_path, image, SETTINGS | {"calibrated": False})
    np.testing.assert_allclose(raw, image / 255, atol=0.0041)


def test_a_job_that_searches_images_loads_no_library_of_tables_or_outlines(root):
    program = "import sys, imfmap.inference.infer; print({'pandas', 'geopandas', 'shapely'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=root / "workflow", capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"
