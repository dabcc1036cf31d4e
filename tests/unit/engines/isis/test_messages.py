"""ISIS's messages, explained to the user."""

import pytest

from imfmap.core.errors import InputError, SetupError
from imfmap.core.temporary import beside
from imfmap.engines.isis import messages


@pytest.mark.parametrize(
    ("text", "said", "setup"),
    [
        ("No Camera Kernels found for the image [a.cub].", "no kernel with the camera's pointing", False),
        ("The Spice Server was unable to initialize the cube.  The error reported was: x", "server has no", False),
        ("An error occurred when talking to the server. The server was not found.", "cannot be reached", True),
        ("An error occurred when talking to the server. The server encountered an unexpected error.",
         "has no kernels for it", False),
        ("The server sent an unrecognized response [<html><title>Login</title></html>].", "not the SPICE server", True),
        ("The server sent an unrecognized response [].", "web_url and the proxy", True),
        ("Unable to initialize camera model in Camera Factory.\n**ERROR** No existing files found with a numerical "
         "version matching [naif????.tls] in [/d/base/kernels/lsk].", "base data has no file naif.*isData base", True),
        ("Unable to initialize camera model in Camera Factory.\n**ERROR** unable to find plugin for LROC.",
         "installation of ISIS is broken: a plugin", True),
        ("Unable to initialize camera model in Camera Factory.", "none of the kernels at hand", False),
        ("The camera model used to create a camera for this cube is out of date, please re-run spiceinit on the file.",
         "camera model is out of date.*run spiceinit on the cube again", False),
        ("Unable to open [/m.tif]. It has unidentified file architecture.", "run demprep on the cube ", True),
        ("NAIF DSK file [$Base/dems/moon.bds] does not exist.", "shape model is not in ISISDATA.*sData base", True),
        ("The Spice Server returned incompatible SPICE data.", "downloadIsisData base", True),
        ("Spice file does not exist [/d/lro/kernels/spk/f.bsp].", "kernel /d/lro/kernels/spk/f.bsp is missing", True),
        ("No existing files found with a numerical version matching [lroc_kernels.????.db] in [/d/lro/kernels/ck]",
         "kernel database lroc_kernels.*spice: web, or processing.isis.data", True),
        ("No existing files found with a numerical version matching [fdf????.bsp] in [$lro/kernels/spk]",
         "no kernel fdf.*fetch the kernels [(]downloadIsisData lro [$]ISISDATA[)]$", True),
        ("No existing files found with a numerical version matching [x.????.pvl] in [/database/lro/calibration]",
         'no calibration file x.*--exclude="kernels', True),
        ("No existing files found with a numerical version matching [x.????.db] in [/base/isis/lro/kernels/spk]",
         "ISISDATA has no kernel x.*spice: web", True),
        ("No existing files found with a numerical version matching [x.????.cub] in [/base/isis/lro/calibration]",
         'no calibration file x.*--exclude="kernels', True),
        ("No existing files found with a numerical version matching [x.????.tls] in [/lro/isis/base/kernels/lsk]",
         "base data has no file x.*isData base", True),
        ("Spice file does not exist [/d/base/kernels/lsk/naif0012.tls]", "naif0012.tls is missing.*isData base", True),
        ("Spice file does not exist [/base/kernels/d/lro/kernels/ck/a.bc]", "a.bc is missing.*spice: web", True),
        ("Writing to the file [/a/b.cub] failed with writing [4096] bytes", "disk is full, or a quota", True),
        ("Unable to find PVL object [PhotometricModel] in file [p.pvl]", "file that processing.photometry names", True),
        ("x: error while loading shared libraries: libcsmapi.so.3: cannot open shared object", "pin csm=3.0", True),
        ("x: error while loading shared libraries: libQt5Core.so.5: cannot open", "ISIS is broken: a library", True),
        ("Unable to normalize overlaps. The number of overlaps and holds must be", "too few images overlap", True),
        ("No existing files found with a numerical version matching [NACL_MaskedPixels.????.pvl] in [/d]",
         r"ISIS has no file NACL_MaskedPixels.\?\?\?\?.pvl.*downloadIsisData lro", True),
        ("Could not find any dark file of type NACL_AverageDarks_*T.????.cub.\n", "there is no dark file NACL", True),
        ("Could not find a pair of dark files within 45 day range that includes the image", "darks: nearest", False),
        ("/d/lro/calibration/NACL_Flatfield.0001.cub does not exist.", "file /d/lro/calibration/NACL_Flat", True),
        ("write failed: No space left on device", "the disk is full", True),
        ("This image has already been calibrated.", "calibrated already", False),
        ("Unable to open [/a/b.cub].", "ISIS cannot open /a/b.cub", False),
        ("Unable to open [/isis/bin/xml/cam2map.xml].", "ISISROOT names no installation", True),
        ("There are input images that do not overlap with enough valid pixels. See", "brightness: none", True),
        ("Something never seen.", r"failed \(ISIS: \*\*ERROR\*\* Something never seen", False),
    ],
)  # fmt: skip
def test_isiss_words_reach_the_user_with_what_they_mean(text, said, setup):
    error = messages.explained("spiceinit", f"**ERROR** {text}\n", "a.cub")
    with pytest.raises(InputError, match=said):
        raise error
    assert isinstance(error, SetupError) == setup
    assert "\n" not in str(error) and "**ERROR**" in str(error) and str(error).startswith("spiceinit of a.cub: ")


@pytest.mark.parametrize("program", ["mosrange", "cam2map", "lronaccal", "lronacpho"])
def test_a_cube_without_spice_is_named_by_the_programs_that_want_it(program):
    error = messages.explained(program, "**ERROR** Unable to initialize camera model in Camera Factory.", "M1.cub")
    assert str(error).startswith(f"{program} of M1.cub: the cube has no camera") and "run spiceinit on the cube" in str(
        error
    )
    assert not isinstance(error, SetupError)


@pytest.mark.parametrize(
    "group",
    [
        'Group = Kernels\n NaifFrameCode = -85600\n Error = "Spice file does not exist\n   [/d/x.bsp]"\nEnd_Group',
        'Group = Kernels\n Error = "Spice file does not exist [/d/x.bsp]"\n SpacecraftPointing = (a, b)\nEnd_Group',
    ],
)
def test_only_the_error_of_a_long_group_is_quoted(group):
    text = f"**ERROR** Unable to initialize camera model.\n{group.replace('-85600', '-85600 ' + 1400 * 'x')}"
    error = messages.explained("spiceinit", text, "a.cub")
    assert isinstance(error, SetupError)
    assert '(ISIS: Error = "Spice file does not exist [/d/x.bsp]"); set processing' in str(error)


@pytest.mark.parametrize(
    ("hidden", "said", "shown"),
    [
        (("results/x/M1LE.spice.cub", ".cub"), "[{}]", "[results/x/M1LE.spice.cub]"),
        (("M1LE.cal.cub", ".cub"), "{} is bad", "M1LE.cal.cub is bad"),
        (("results/equalized",), "[{}/M1LE.equ.cub]", "[results/equalized/M1LE.equ.cub]"),
        ((), "[results/.hidden/M1.cub]", "[results/.hidden/M1.cub]"),
    ],
)
def test_messages_name_the_product_and_not_the_hidden_temporary(hidden, said, shown):
    text = said.format(beside(*hidden)) if hidden else said  # the name holds the process: not in the test's id
    line = str(messages.explained("cam2map", f"**ERROR** {text}", beside("r/M1.map.cub", ".cub")))
    assert shown in line and line.startswith("cam2map of r/M1.map.cub: ") and ".part" not in line


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("Read-only file system", "the disk is read-only"),
        ("Too many open files", "too many files are open"),
        ("terminate called after throwing an instance of 'std::bad_alloc'", "the memory is used up"),
        ("mkdir: Permission denied", "may not read or write"),
    ],
)
def test_faults_of_the_machine_leave_no_image_out(said, found):
    error = messages.explained("cam2map", f"**ERROR** {said}", "M1.cub")
    assert isinstance(error, SetupError) and found in str(error)


@pytest.mark.parametrize(
    ("number", "said", "setup"),
    [
        (9, "was killed .signal 9, SIGKILL., perhaps because .* out of memory", True),
        (25, "a file grew larger than", True),
        (15, "was ended from outside .signal 15, SIGTERM.", True),
        (11, "crashed .signal 11, SIGSEGV.", False),
        (6, "crashed .signal 6, SIGABRT.", False),
        (250, "was ended from outside .signal 250, unknown", True),
    ],
)
def test_signals_are_named(number, said, setup):
    error = messages.ended_by_signal("lronaccal", number, beside("M1.cal.cub", ".cub"))
    with pytest.raises(InputError, match=f"^lronaccal of M1.cal.cub: {said}"):
        raise error
    assert isinstance(error, SetupError) == setup
