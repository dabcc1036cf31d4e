"""Is it like the Moon: figures that do what they say, and a report that tells likeness from unlikeness."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest
import yaml
from PIL import Image

from imfmap.core.errors import InputError
from imfmap.likeness.compare import compare, compare_jointly
from imfmap.likeness.craters import crater_statistics, find_craters, find_sun_and_craters, match_craters, shaded_bowl
from imfmap.likeness.patches import Group, Patch, cut_shares, draw_settings, read_real, stretched, sun_azimuth_at
from imfmap.likeness.report import compare_group, make_report, measure, read_settings, simulate
from imfmap.likeness.statistics import all_statistics, radial_spectrum, spectrum_statistics, sun_axis

SIZE_PX = 200
GROUP = Group(
    name="tiny",
    title="A tiny ground",
    real="crops/*.png",
    calibrated=False,
    size_px=SIZE_PX,
    resolution_m=1.0,
    lat=-45.5,
    lon=177.0,
    patches=6,
    scene={
        "preset": "cratered_ground",
        "crater_density_per_km2": {"log_between": [4000, 8000]},
        "terrain_resolution_m": 0.75,
        "margin_m": 24,
    },
    image={"incidence_deg": {"between": [62, 80]}, "summing": 2},
)


def power_law(size, slope, seed):
    """Noise whose power falls with frequency to a power."""
    rng = np.random.default_rng(seed)
    f = np.fft.fftfreq(size)
    f = np.hypot(f[:, None], f[None, :])
    f[0, 0] = np.inf
    return np.fft.ifft2(np.fft.fft2(rng.standard_normal((size, size))) * f ** (slope / 2)).real


def pitted(sun_azimuth_deg, seed=1, size=256, count=24):
    """A plain with bowls of one shape, lit from a side: the image, and rows, columns and diameters of the bowls."""
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


@pytest.mark.parametrize("slope", [-1.0, -2.0, -3.0])
def test_spectrum_has_the_slope_and_the_power_of_known_noise(slope):
    slopes = [spectrum_statistics(power_law(512, slope, seed))["spectrum_slope"] for seed in range(4)]
    assert np.mean(slopes) == pytest.approx(slope, abs=0.1)
    white = np.random.default_rng(1).normal(0.0, 3.0, (256, 256))
    _, power = radial_spectrum(white)
    # Over the unit square of frequencies the power integrates to the variance.
    assert power.mean() == pytest.approx(9.0, rel=0.05)


def test_figures_do_not_change_with_the_stretch_nor_with_a_quarter_turn():
    image, _ = pitted(80.0)
    azimuth_deg = 80.0

    def figures(patch, turned_deg=0.0):
        azimuth = azimuth_deg + turned_deg
        return all_statistics(patch, azimuth, find_craters(patch, azimuth))

    plain = figures(image)
    for name, value in figures(40.0 * image + 1000.0).items():
        assert value == pytest.approx(plain[name], rel=1e-4, abs=1e-4), name
    # Turned to the left, the Sun is, too.
    for name, value in figures(np.rot90(image), -90.0).items():
        assert value == pytest.approx(plain[name], rel=0.05, abs=0.05), name


@pytest.mark.parametrize("azimuth_deg", [75.0, 200.0, 340.0])
def test_the_suns_direction_is_told_from_hollows(azimuth_deg):
    image, _ = pitted(azimuth_deg)
    for ground, expected_deg in ((image, azimuth_deg), (-image, azimuth_deg + 180.0)):
        # Knobs look like hollows lit from the other side.
        found_deg, found = find_sun_and_craters(ground, sun_axis(ground))
        assert abs((found_deg - expected_deg + 180.0) % 360.0 - 180.0) < 12.0
        assert len(found.row) > 12


def test_planted_craters_are_found_and_noise_holds_next_to_none():
    image, places = pitted(75.0)
    found = find_craters(image, 75.0)
    right, seen = match_craters(found, *places.T)
    assert seen.mean() > 0.9
    large = found.diameter_px > 9.0
    assert right[large].mean() > 0.8
    noise = np.random.default_rng(2).standard_normal((256, 256))
    large_in_noise = (find_craters(noise, 75.0).diameter_px > 9.0).sum()
    assert large_in_noise < 0.1 * len(places)
    # Lit from the other side, hollows are knobs.
    right, seen = match_craters(find_craters(image, 255.0), *places.T)
    assert seen.mean() < 0.1
    counts = crater_statistics(found, image.size)
    assert counts["craters_6px"] > counts["craters_12px"] > counts["craters_24px"]


def test_stretch_cuts_the_shares_it_is_told():
    image = np.random.default_rng(3).gamma(4.0, 1.0, (200, 200))
    counts = stretched(image, 0.01, 0.02)
    assert counts.min() == 1 and counts.max() == 255
    assert cut_shares(counts) == pytest.approx((0.01, 0.02), abs=0.004)
    assert np.corrcoef(counts.ravel(), image.ravel())[0, 1] > 0.98


def test_settings_are_drawn_from_their_ranges():
    settings = {"a": 3, "b": {"between": [1, 2]}, "c": {"log_between": [10, 1000]}, "d": {"one_of": ["x", "y"]}}
    draws = [draw_settings(settings, np.random.default_rng(seed)) for seed in range(200)]
    assert {draw["a"] for draw in draws} == {3} and {draw["d"] for draw in draws} == {"x", "y"}
    assert min(draw["b"] for draw in draws) >= 1 and max(draw["b"] for draw in draws) <= 2
    assert np.median([draw["c"] for draw in draws]) == pytest.approx(100, rel=0.4)
    with pytest.raises(InputError, match="use between"):
        draw_settings({"a": {"about": [1, 2]}}, np.random.default_rng(0))


def test_the_sun_stands_where_it_can():
    # At noon over the equator's north, in the south; at the equinox it rises due east anywhere.
    assert sun_azimuth_at(45.0, 45.0, morning=True) == pytest.approx(180.0, abs=0.1)
    assert sun_azimuth_at(-45.0, 45.0, morning=True) == pytest.approx(0.0, abs=0.1)
    assert sun_azimuth_at(-45.0, 89.99, morning=True) == pytest.approx(90.0, abs=0.1)
    assert sun_azimuth_at(30.0, 60.0, morning=False) == pytest.approx(360.0 - sun_azimuth_at(30.0, 60.0, True))
    with pytest.raises(InputError, match="never seen at latitude 45"):
        sun_azimuth_at(45.0, 40.0, morning=True)


def test_verdicts_follow_from_the_figures():
    rng = np.random.default_rng(5)
    simulated = [{"same": v, "wide": v, "off": v} for v in rng.normal(0, 1, 60)]
    real = [{"same": v, "wide": 3.2 * v, "off": v + 6.0} for v in rng.uniform(-1, 1, 20)]
    verdicts = {item.name: item.verdict for item in compare(real, simulated)}
    assert verdicts == {"same": "covered", "wide": "partly covered", "off": "not covered"}
    off = next(item for item in compare(real, simulated) if item.name == "off")
    assert off.real_is_larger > 0.99 and off.share_inside == 0.0

    def patches(shift, seed):
        rng = np.random.default_rng(seed)
        return [{name: rng.normal(shift) for name in "abcd"} for _ in range(20)]

    alike, apart = compare_jointly(patches(0.0, 1), patches(0.0, 2)), compare_jointly(patches(3.0, 1), patches(0.0, 2))
    assert alike.told_apart < 0.75 and alike.near_share > 0.7
    assert apart.told_apart > 0.99 and apart.near_share < 0.5


def test_unfit_input_is_told_in_one_line(tmp_path):
    with pytest.raises(InputError, match="set IMF_REAL_DATA"):
        read_real(GROUP, tmp_path)
    (tmp_path / "crops").mkdir()
    Image.fromarray(np.zeros((20, 30), np.uint8)).save(tmp_path / "crops" / "a.png")
    with pytest.raises(InputError, match="200 x 200 are needed"):
        read_real(GROUP, tmp_path)
    with pytest.raises(InputError, match="cannot be read"):
        read_settings(tmp_path / "none.yaml")
    (tmp_path / "bad.yaml").write_text("groups: {plains: {title: nothing else}}\nseed: 1\n")
    with pytest.raises(InputError, match="is no likeness file"):
        read_settings(tmp_path / "bad.yaml")


@pytest.mark.slow
def test_the_report_knows_its_like_and_white_noise(tmp_path):
    shares = [(0.003, 0.004)]
    stand_ins = simulate(replace(GROUP, patches=4), 11, shares)
    (tmp_path / "crops").mkdir()
    for one in stand_ins:
        pixels = one.shown.pixels.astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / "crops" / f"{one.patch.name.replace(' ', '')}.png")
    settings = {"seed": 5, "groups": {"tiny": {key: value for key, value in asdict(GROUP).items() if key != "name"}}}
    (tmp_path / "likeness.yaml").write_text(yaml.safe_dump(settings))
    report = make_report(tmp_path / "likeness.yaml", tmp_path, tmp_path / "out")
    names = {path.name for path in (tmp_path / "out").iterdir()}
    pictures = {f"tiny_{name}.png" for name in ("unlabelled", "labelled", "curves", "verdicts")}
    assert names == pictures | {"report.json", "report.md", "report.html"}
    assert json.loads((tmp_path / "out" / "report.json").read_text())["groups"].keys() == {"tiny"}
    group = report["groups"]["tiny"]
    assert sum(group["verdicts"].values()) == len(group["statistics"]) > 25
    assert group["verdicts"]["not covered"] < 0.3 * len(group["statistics"])
    assert group["sun_azimuth_error_deg"]["median"] < 10.0
    scores = {score["least_px"]: score for score in group["detector"]["scores"]}
    assert scores[12.0]["precision"] > 0.5 and scores[12.0]["recall"] > 0.5
    page = (tmp_path / "out" / "report.html").read_text()
    assert all(f"tiny_{name}.png" in page for name in ("unlabelled", "labelled", "curves", "verdicts"))

    # White noise, stretched alike, is none of it.
    rng = np.random.default_rng(6)
    noise = [
        Patch(
            f"noise {k}", True, stretched(rng.standard_normal((SIZE_PX, SIZE_PX)), 0.003, 0.004), {}, np.empty((0, 4))
        )
        for k in range(4)
    ]
    unlike = compare_group(GROUP, [measure(GROUP, patch, shares[0]) for patch in noise], stand_ins, tmp_path / "out")
    assert unlike["verdicts"]["not covered"] > 0.7 * len(unlike["statistics"])
    assert unlike["together"]["near_share"] == 0.0
    assert unlike["together"]["told_apart"] > 0.99
