"""Models as ONNX files: the same probabilities, and metadata as Deepness reads it."""

import json

import numpy as np
import onnxruntime
import pytest
import torch

from imfmap.core.errors import InputError
from imfmap.inference.predictor import Predictor
from imfmap.learning.models import build_model, save_checkpoint
from imfmap.learning.onnx_export import export_onnx
from imfmap.learning.probability_calibration import KNOTS

USE = {"recipe": "paper", "tile_size_px": 64, "resolution_m": 1.5, "threshold": 0.4}
SMALL = {"architecture": "unet", "encoder": "tu-tf_mobilenetv3_small_minimal_100", "decoder_channels": [16, 8, 8, 8, 4]}


def session_of(tmp_path, **settings):
    """A checkpoint, and its ONNX model in the runtime that Deepness uses."""
    torch.manual_seed(1)
    model = SMALL | USE | settings
    save_checkpoint(tmp_path / "checkpoint.pt", build_model(model), model)
    export_onnx(tmp_path / "checkpoint.pt", tmp_path / "model.onnx")
    assert {path.name for path in tmp_path.iterdir()} == {"checkpoint.pt", "checkpoint.pt.sha256", "model.onnx"}
    return onnxruntime.InferenceSession(str(tmp_path / "model.onnx"), providers=["CPUExecutionProvider"])


@pytest.mark.parametrize(("recipe", "calibrated"), [("paper", False), ("sun_aligned", True)])
def test_the_runtime_gives_the_probabilities_of_the_workflow(tmp_path, caplog, recipe, calibrated):
    curve = {"image": [float(knot) ** 2 for knot in KNOTS], "images": [], "fused": []}
    session = session_of(tmp_path, recipe=recipe, **({"calibration": curve} if calibrated else {}))
    pixels = np.random.default_rng(0).integers(1, 256, (1, 64, 64), dtype=np.uint8)
    # As Deepness makes its input.
    (found,) = session.run(None, {"image": np.float32(pixels[:, None] * 1.0 / 255.0)})
    settings = {"device": "cpu", "test_time_augmentation": [], "batch_size": 1, "overlap": 0, "precision": "float32"}
    predictor = Predictor(tmp_path / "checkpoint.pt", settings)
    expected = predictor(pixels)()
    if calibrated:
        expected = predictor.calibration.of_image(expected)
    np.testing.assert_allclose(found[:, 0], expected, atol=1e-5)
    assert np.ptp(found) > 0.01
    assert ("Sun is on the left" in caplog.text) == (recipe == "sun_aligned")
    values = {key: json.loads(value) for key, value in session.get_modelmeta().custom_metadata_map.items()}
    assert values["model_type"] == "Segmentor" and values["class_names"] == {"0": "background", "1": "fracture"}
    # Centimetres a pixel.
    assert values["resolution"] == 150 and values["tile_size"] == 64 and values["seg_thresh"] == 0.4
    assert session.get_inputs()[0].shape == session.get_outputs()[0].shape == [1, 1, 64, 64]


def test_a_network_that_takes_the_sun_is_refused(tmp_path):
    with pytest.raises(InputError, match="sun_input"):
        session_of(tmp_path, sun_input=True)
    assert not (tmp_path / "model.onnx").exists()
