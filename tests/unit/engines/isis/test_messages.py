"""ISIS's messages, explained to the user."""

import pytest

from imfmap.core.errors import InputError, SetupError
from imfmap.engines.isis import messages


@pytest.mark.parametrize(
    ("text", "said", "setup"),
    [
        ("No Camera Kernels found for the image [a.cub].", "no kernel with the camera's pointing", False),
        ("The Spice Server was unable to initialize the cube.  The error reported was: x", "server has no", False),
        ("An error occurred when talking to the server. The server was not found.", "cannot be reached", True),
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
