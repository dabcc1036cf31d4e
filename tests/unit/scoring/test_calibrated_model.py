"""A model is calibrated on places: all that its checkpoint, its report and its figure hold."""

import pandas as pd
import pytest

from imfmap.core.errors import InputError
from imfmap.core.jsonfiles import read_json
from imfmap.fractures.completeness import Completeness
from imfmap.learning.probability_calibration import ProbabilityCalibration
from imfmap.scoring import completeness_fit
from imfmap.scoring.calibrated_model import fit_model, write_chances, write_report
from imfmap.scoring.calibration_figure import calibration_figure
from tests.helpers.calibrated_places import write_place


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    folder = tmp_path_factory.mktemp("places")
    suns = [((90.0, 55.0), (200.0, 60.0)), ((20.0, 40.0), (130.0, 70.0))]
    return [write_place(folder, f"p{seed}", seed, suns[seed % 2], fractures=12) for seed in range(5)]


@pytest.fixture(scope="module")
def fitted(places):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(completeness_fit, "REPLICATES", 8)
        return fit_model(places, 60.0, 1.5)


def test_settings_can_be_read_from_a_checkpoint(fitted):
    settings, report, chances = fitted
    calibration = ProbabilityCalibration.from_mapping(settings["calibration"], "a.pt")
    completeness = Completeness.from_dict(settings["completeness"])
    assert calibration.images and 0 < settings["threshold"] < 1
    assert completeness.places == 5 and completeness.made_with["threshold"] == settings["threshold"]
    assert chances["length"].between(0, 1).all() and len(chances) > 1000
    # What was fitted keeps its word on places left out.
    for kind in ("one image", "fused"):
        judged = report["left_out"][kind]
        assert judged["largest_error_after"] < judged["largest_error_before"]


def test_the_report_judges_by_places_left_out(fitted, tmp_path):
    report = fitted[1]
    write_report(report, tmp_path / "report.json")
    again = read_json(tmp_path / "report.json")
    rows = {(row["kind"], row["width_class"]) for row in again["corrected"]}
    assert ("length", "all") in rows and ("number", "all") in rows
    assert {row["place"] for row in again["corrected_maps"]} == {f"p{number}" for number in range(5)}
    assert sum(row["fractures"] for row in again["confidence"]) > 20


def test_the_figure_and_the_table_are_written(fitted, tmp_path):
    calibration_figure(tmp_path / "a.png", *fitted[1:])
    calibration_figure(tmp_path / "b.png", fitted[1], None)
    assert (tmp_path / "a.png").stat().st_size > (tmp_path / "b.png").stat().st_size > 5000
    write_chances(fitted[2], tmp_path / "a.csv")
    write_chances(None, tmp_path / "b.csv")
    assert len(pd.read_csv(tmp_path / "a.csv")) == len(fitted[2]) and len(pd.read_csv(tmp_path / "b.csv")) == 0


def test_labels_calibrate_but_tell_nothing_of_completeness(places):
    labelled = [type(one)(one.name, one.probabilities, one.images, one.classes) for one in places]
    settings, report, chances = fit_model(labelled, 60.0, 1.5)
    assert settings["completeness"] is None and chances is None and "corrected" not in report


def test_too_few_places_and_places_without_fractures_are_refused(places, tmp_path):
    with pytest.raises(InputError, match="2 places to calibrate on"):
        fit_model(places[:2], 60.0, 1.5)
    empty = [write_place(tmp_path, f"e{seed}", seed, fractures=0) for seed in range(3)]
    with pytest.raises(InputError, match="no place has a fracture"):
        fit_model(empty, 60.0, 1.5)
