"""Photometric normalisation: the model's two forms, its parameter file and its limits."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from imfmap.core.errors import InputError
from imfmap.nac.photometry import PhotometricModel, Photometry, normalise

FORM_B = {
    "AlgorithmVersion": 2019,
    "B0": -1.479654495,
    "B1": -0.000083528,
    "B2": 0.012964707,
    "B3": -0.237774774,
    "B4": 0.556075496,
    "B5": 0.663671460,
    "B6": -0.439918609,
}
FORM_A = {"A0": -2.9811422, "A1": -0.0112862, "A2": -0.8084603, "A3": 1.3248888}


def parameter_file(path, keywords, units="Units = Degrees", centre=600.0, reference=(30, 0, 30), name="LROC_Empirical"):
    incidence, emission, phase = reference
    terms = "\n".join(f"    {key} = {value}" for key, value in keywords.items())
    path.write_text(
        f"""Object = NormalizationModel
  Group = Algorithm
    Name = LROC_Empirical
    Incref={incidence}
    Emaref={emission}
    Pharef={phase}
  EndGroup
EndObject

Object = PhotometricModel
  {units}
  Group = Algorithm
    Name = {name}
    BandBinCenter = {centre}
{terms}
  EndGroup
EndObject
"""
    )
    return path


class Scene:
    """A camera whose angles are smooth functions of the pixel; off the body to the right of `limb`."""

    def __init__(self, lines, samples, incidence_deg=50.0, emission_deg=10.0, phase_deg=40.0, limb=math.inf):
        self.lines, self.samples = lines, samples
        self.base = incidence_deg, emission_deg, phase_deg
        self.limb = limb

    def angles(self, line, sample):
        line, sample = np.broadcast_arrays(np.asarray(line, float), np.asarray(sample, float))
        slope = 0.00056 * sample + 0.0001 * line
        return tuple(np.where(sample > self.limb, np.nan, base + slope) for base in self.base)


def brightness(keywords, incidence_deg, emission_deg, phase):
    """The model, from LROCEmpirical.cpp."""
    mu0, mu = np.cos(np.radians(incidence_deg)), np.cos(np.radians(emission_deg))
    if "B0" in keywords:
        b = [keywords[f"B{index}"] for index in range(7)]
        power = b[0] + b[1] * phase**2 + b[2] * phase + b[3] * np.sqrt(phase) + b[4] * mu + b[5] * mu0 + b[6] * mu0**2
        return mu0 / (mu + mu0) * np.exp(power)
    return np.exp(keywords["A0"] + keywords["A1"] * phase + keywords["A2"] * mu + keywords["A3"] * mu0)


@pytest.mark.parametrize("keywords", [FORM_A, FORM_B, {**FORM_A, "AlgorithmVersion": 2014}])
@pytest.mark.parametrize("angles", [(50, 10, 40), (80, 0.0, 79), (2, 1, 0.0), (30, 30, 0.5)])
def test_every_pixel_is_scaled_by_the_model(tmp_path, keywords, angles):
    camera = Scene(130, 300, *angles)
    picture = np.random.default_rng(0).uniform(0.01, 0.2, (130, 300)).astype(np.float32)
    picture[5, 7] = np.nan
    model_file = parameter_file(tmp_path / "p.pvl", keywords)
    result = normalise(picture, camera, model_file)
    incidence, emission, phase = camera.angles(np.arange(1, 131)[:, None], np.arange(1, 301))
    expected = picture * brightness(keywords, 30, 0, 30) / brightness(keywords, incidence, emission, phase)
    assert result.dtype == np.float32
    assert np.isnan(result).sum() == 1
    np.testing.assert_allclose(result, expected, rtol=1e-5)


def test_blocks_give_what_the_whole_gives(tmp_path):
    camera = Scene(200, 90)
    picture = np.random.default_rng(0).uniform(0.01, 0.2, (200, 90)).astype(np.float32)
    photometry = Photometry(camera, PhotometricModel.read(parameter_file(tmp_path / "p.pvl", FORM_B)))
    whole = photometry.apply(picture, 0)
    blocks = [photometry.apply(picture[first : first + 33], first) for first in range(0, 200, 33)]
    np.testing.assert_array_equal(np.vstack(blocks), whole)


def test_camera_of_another_image(tmp_path):
    camera = Scene(10, 20)
    camera.product_id = "M900000001LE"
    with pytest.raises(InputError, match="M900000001LE.*11 x 20.*10 x 20"):
        normalise(np.ones((11, 20), np.float32), camera, parameter_file(tmp_path / "p.pvl", FORM_B))


def test_limits_of_angles_and_the_limb(tmp_path):
    picture = np.ones((40, 2000), np.float32)
    model_file = parameter_file(tmp_path / "p.pvl", FORM_B)
    for angles in ((84.5, 10, 40), (50, 84.5, 40)):
        camera = Scene(40, 2000, *angles)
        result = normalise(picture, camera, model_file)
        incidence, emission, _ = camera.angles(np.arange(1, 41)[:, None], np.arange(1, 2001))
        beyond = np.maximum(incidence, emission) > 85
        assert 0 < beyond.sum() < beyond.size
        assert (np.isnan(result) != beyond).sum() <= 40  # at most the pixel on the limit, a line
    result = normalise(picture, Scene(40, 2000, limb=777), model_file)
    np.testing.assert_array_equal(np.isnan(result), np.arange(1, 2001) > 777 + np.zeros((40, 1)))


def test_reference_and_units_of_the_file_count(tmp_path):
    model = PhotometricModel.read(parameter_file(tmp_path / "p.pvl", FORM_B, reference=(20, 5, 25)))
    assert model.standard == pytest.approx(brightness(FORM_B, 20, 5, 25), rel=1e-12)
    radians = PhotometricModel.read(parameter_file(tmp_path / "r.pvl", FORM_B, units="Comment = none"))
    assert radians.standard == pytest.approx(brightness(FORM_B, 30, 0, math.radians(30)), rel=1e-12)


def test_highest_version_is_the_default(tmp_path):
    parameter_file(tmp_path / "NAC_PHO_LROC_Empirical.0002.pvl", FORM_A)
    parameter_file(tmp_path / "NAC_PHO_LROC_Empirical.0003.pvl", FORM_B)
    assert PhotometricModel.newest(tmp_path).form == "b"
    with pytest.raises(InputError, match="NAC_PHO_LROC_Empirical"):
        PhotometricModel.newest(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"centre": 321.0}, "600 nm"),
        ({"name": "Hapke"}, "LROC_Empirical"),
        ({"keywords": {**FORM_B, "AlgorithmVersion": 2031}}, "2031"),
        ({"keywords": {**FORM_B, "B3": "much"}}, "no photometric parameter file"),
    ],
)
def test_unfit_parameter_files(tmp_path, options, message):
    options = {"keywords": FORM_B, **options}
    with pytest.raises(InputError, match=message) as caught:
        PhotometricModel.read(parameter_file(tmp_path / "p.pvl", **options))
    assert "p.pvl" in str(caught.value) and "\n" not in str(caught.value)


def test_files_that_are_none(tmp_path):
    (tmp_path / "p.pvl").write_text("IOF_LEFT = 3\nEnd\n")
    for path in (tmp_path / "p.pvl", tmp_path / "none.pvl"):
        with pytest.raises(InputError, match=path.name):
            normalise(np.ones((2, 2), np.float32), SimpleNamespace(), path)
