"""Calibration files: which one counts, and how they are read."""

import itertools

import numpy as np
import pytest
import rasterio

from imfmap.camera.times import ephemeris_time, parse_utc
from imfmap.core.errors import InputError
from imfmap.nac import calibration_files
from imfmap.nac.calibration import calibrate
from imfmap.nac.calibration_files import CalibrationFiles, files_for_image, read_column_cube
from imfmap.nac.label import preroll_time
from tests.helpers.calibrations import OFF, image
from tests.helpers.nac_samples import DAY_S, START, START_S, CalibrationSet, write_column_cube


def dark_used(edr, directory, **options):
    """The dark that calibration subtracts."""
    return edr.image[0] - calibrate(edr, directory, **OFF, **options)[0]


@pytest.mark.parametrize(
    ("days", "chosen"),
    [
        ((-30, -10, 5, 15), (-10, 5)),  # the nearest of each side, not the two nearest
        ((-10, -20), (-10,)),  # nothing after: the nearest
        ((7, 3, 40), (3,)),  # nothing before
        ((0, 10), (0,)),  # one at the very time
        ((-20, 25), (-20, 25)),  # 45 days apart
    ],
)
def test_pair_of_darks(tmp_path, days, chosen):
    made, edr = CalibrationSet(tmp_path, darks_days=days), image()
    darks = [made.darks[START_S + day * DAY_S] for day in chosen]
    weight = chosen[1] / (chosen[1] - chosen[0]) if len(chosen) == 2 else 1.0
    expected = weight * darks[0] + (1 - weight) * darks[-1]
    np.testing.assert_allclose(dark_used(edr, tmp_path), expected, atol=1e-4)


def test_pair_of_darks_too_far_apart(tmp_path):
    CalibrationSet(tmp_path, darks_days=(-20, 26))
    with pytest.raises(InputError, match="more than 45 days apart.*darks: nearest"):
        calibrate(image(), tmp_path)
    calibrate(image(), tmp_path, darks="nearest")


def test_highest_version_of_a_dark_counts(tmp_path):
    made = CalibrationSet(tmp_path, darks_days=(-1,))
    made.add_dark(START_S - DAY_S, np.full(5064, 7.0), version=12)
    made.add_dark(START_S - DAY_S, np.full(5064, 9.0), version=3)
    np.testing.assert_allclose(dark_used(image(), tmp_path), 7.0, atol=1e-4)


def test_exposure_code_zero_takes_darks_of_its_own(tmp_path):
    CalibrationSet(tmp_path, darks_days=(-1,))
    CalibrationSet(tmp_path, darks_days=(), exp0=True).add_dark(START_S - 5 * DAY_S, np.full(5064, 3.0))
    np.testing.assert_allclose(dark_used(image(exposure_code=0), tmp_path), 3.0, atol=1e-4)
    assert CalibrationFiles(tmp_path, "NACL", False).dark_times(exp0=False) == [START_S - DAY_S]


def test_custom_dark(tmp_path):
    write_column_cube(tmp_path / "mine.cub", np.full(5064, 4.0))
    np.testing.assert_allclose(
        dark_used(image(), tmp_path, darks="custom", dark_file=tmp_path / "mine.cub"), 4.0, atol=1e-4
    )
    with pytest.raises(InputError, match="no custom dark"):
        calibrate(image(), tmp_path, darks="custom", **OFF)


@pytest.mark.parametrize(
    ("pattern", "options"),
    [
        ("nac_darks/*", {}),
        ("NACL_MaskedPixels*", {}),
        ("NACL_LinearizationOffsets*", {}),
        ("NACL_LinearizationCoefficients*", {}),
        ("NACL_Flatfield*", {}),
        ("NAC_RadiometricResponsivity*", {"radiometry": "radiance"}),
    ],
)
def test_missing_file_is_named_with_its_place_in_isisdata(tmp_path, pattern, options):
    CalibrationSet(tmp_path)
    (gone, *others) = tmp_path.glob(pattern)
    for path in (gone, *others):
        path.unlink()
    stem = gone.name.split(".")[0] if "Darks" not in gone.name else "nac_darks/NACL_AverageDarks_"
    with pytest.raises(InputError) as caught:
        calibrate(image(), tmp_path, **options)
    message = str(caught.value)
    assert stem in message and "$lro/calibration/" in message and "downloadIsisData" in message and "\n" not in message


def test_unfit_files_and_options(tmp_path):
    made = CalibrationSet(tmp_path)
    with pytest.raises(InputError, match="use one of pair, nearest, custom"):
        calibrate(image(), tmp_path, darks="best")
    with pytest.raises(InputError, match="iof, radiance"):
        calibrate(image(), tmp_path, radiometry="IOF")
    write_column_cube(tmp_path / "NACL_Flatfield.0002.cub", made.flat[:100])
    with pytest.raises(InputError, match="5064 samples, but the file of its flat field has 100"):
        calibrate(image(), tmp_path)
    (tmp_path / "NACL_Flatfield.0003.cub").write_text("no cube")
    with pytest.raises(InputError, match="NACL_Flatfield.0003.cub.*cube"):
        calibrate(image(), tmp_path)
    (tmp_path / "NACL_LinearizationCoefficients.0002.txt").write_text("1 2\n3 4\n")
    with pytest.raises(InputError, match="three numbers"):
        calibrate(image(), tmp_path)
    (tmp_path / "NACL_LinearizationCoefficients.0002.txt").write_text("1 2 3\n3 4 5\n")
    with pytest.raises(InputError, match="2 rows"):
        calibrate(image(), tmp_path)
    (tmp_path / "NACL_MaskedPixels.0002.pvl").write_text("FullResolution = (12, 13, 5050)\nEnd\n")
    with pytest.raises(InputError, match="NACL_MaskedPixels.0002.pvl.*read-out positions"):
        calibrate(image(), tmp_path, nonlinearity=False, flat=False)
    (tmp_path / "NAC_RadiometricResponsivity.0002.pvl").write_text("IOF_LEFT = bright\nEnd\n")
    with pytest.raises(InputError, match="IOF_LEFT"):
        calibrate(image(), tmp_path, nonlinearity=False, flat=False, masked=False)


def test_special_pixels_of_a_cube_are_nan(tmp_path):
    bits = np.array([0xFF7FFFFA, 0xFF7FFFFB, 0xFF7FFFFC, 0xFF7FFFFD, 0xFF7FFFFE, 0xFF7FFFFF], np.uint32)
    write_column_cube(tmp_path / "x.cub", bits.view(np.float32))
    np.testing.assert_array_equal(np.isnan(read_column_cube(tmp_path / "x.cub")), [False] + 5 * [True])


def test_the_files_of_an_image_follow_from_its_id(tmp_path):
    """A file of the other camera, or a dark that is not next to the image in time, is no reason to make it again."""
    product = "M114145549LE"
    taken_s = ephemeris_time(preroll_time(product))
    for camera, summing, exp0 in itertools.product(("left", "right"), (1, 2), (False, True)):
        made = CalibrationSet(tmp_path, camera, summing, exp0, darks_days=())
        for days in (-300, -50, -10, 15, 40, 300):
            made.add_dark(int(taken_s + days * DAY_S), np.ones(5064 // summing))
        made.add_dark(int(taken_s - 10 * DAY_S), np.ones(5064 // summing), version=2)
    (tmp_path / "README").touch()
    found = [path.relative_to(tmp_path).as_posix() for path in files_for_image(tmp_path, product)]
    darks = [name for name in found if name.startswith("nac_darks/")]
    # Four kinds, four times, one of them in two versions.
    assert len(darks) == 4 * 5 and all("NACL" in name for name in darks)
    assert not [name for name in darks if f"_{int(taken_s + 300 * DAY_S)}T" in name]
    assert sorted(set(found) - set(darks)) == [
        "NACL_Flatfield.0001.cub",
        "NACL_Flatfield_Summed.0001.cub",
        "NACL_LinearizationCoefficients.0001.txt",
        "NACL_LinearizationOffsets.0001.cub",
        "NACL_LinearizationOffsets_Summed.0001.cub",
        "NACL_MaskedPixels.0001.pvl",
        "NAC_RadiometricResponsivity.0001.pvl",
    ]
    # Of an image under another name, more files count.
    assert len(files_for_image(tmp_path, "mine")) == 2 * (4 * 7 + 6) + 1
    assert files_for_image(tmp_path / "none", product) == []


@pytest.mark.parametrize("summing", [1, 2])
@pytest.mark.parametrize("code", [0, 3])
@pytest.mark.parametrize("darks", ["pair", "nearest"])
def test_calibration_reads_no_other_file(tmp_path, monkeypatch, summing, code, darks):
    for exp0 in (False, True):
        CalibrationSet(tmp_path, "left", summing, exp0, darks_days=(-400, -40, -3, 5, 30, 400))
    opened = set()
    highest = calibration_files.highest_version
    monkeypatch.setattr(
        calibration_files, "highest_version", lambda *named: opened.add(highest(*named)) or highest(*named)
    )
    calibrate(image(exposure_code=code, summing=summing), tmp_path, darks=darks)
    # The number in an id counts seconds: this is the id of an image of that time.
    days = (parse_utc(START) - preroll_time("M114145549LE")).total_seconds()
    assert len(opened) > 4 and opened <= set(files_for_image(tmp_path, f"M{114145549 + int(days)}LE"))


def test_a_cube_that_points_elsewhere_is_not_followed(tmp_path):
    """It comes from a store, and would have GDAL read any file or address."""
    elsewhere, cube = tmp_path / "elsewhere.cub", tmp_path / "folder" / "flat.0001.cub"
    cube.parent.mkdir()
    write_column_cube(elsewhere, np.arange(8.0))
    assert list(read_column_cube(elsewhere)) == list(range(8))
    band = f"<SimpleSource><SourceFilename>{elsewhere}</SourceFilename><SourceBand>1</SourceBand></SimpleSource>"
    cube.write_text(
        '<VRTDataset rasterXSize="8" rasterYSize="1"><VRTRasterBand dataType="Float32" band="1">'
        f"{band}</VRTRasterBand></VRTDataset>"
    )
    with pytest.raises(InputError, match="cannot be read as a cube"):
        read_column_cube(cube)
    options = {"width": 8, "height": 1, "count": 1, "dtype": "float32", "ADD_GDAL_HISTORY": "NO"}
    with rasterio.open(tmp_path / "x.lbl", "w", driver="ISIS3", DATA_LOCATION="EXTERNAL", **options) as label:
        label.write(np.ones((1, 1, 8), np.float32))
    cube.write_bytes((tmp_path / "x.lbl").read_bytes().replace(b"x.cub", b"../x.cub"))
    with pytest.raises(InputError, match="has its pixels in another file .*x.cub"):
        read_column_cube(cube)
