"""Folders whose names break shell commands are refused in one line."""

import shlex
import subprocess

import pytest

from imfmap.core.errors import InputError
from imfmap.run.clone_folder import SIGNS, broken_sign, check_folder


@pytest.mark.parametrize(
    ("path", "sign"),
    [
        ("/home/a/My Data/imfmap", "a space"),
        ("/home/a/tab\there", "a line break or tab"),
        ("/home/a/line\nbreak", "a line break or tab"),
        ("/home/it's/imfmap", "'"),
        ("/home/imfmap (1)", "a space"),
        *((f"/home/a{sign}b/imfmap", sign) for sign in SIGNS),
    ],
)
def test_a_folder_that_breaks_commands_is_refused(tmp_path, path, sign):
    assert broken_sign(path) == sign
    with pytest.raises(InputError) as error:
        check_folder(tmp_path / "fine", path)
    said = str(error.value)
    assert " ".join(path.split()) in said and f"the folder's path has {sign} in it" in said and "; move it" in said


@pytest.mark.parametrize("name", ["imfmap-2.0_b", "é~ü", "a+b,c=d@e", "a%b#c", "a!b^c"])
def test_other_signs_are_taken(tmp_path, name):
    check_folder(f"/home/{name}/imfmap")
    folder = tmp_path / name
    folder.mkdir()
    # The shell takes the name as it is.
    run = subprocess.run(["bash", "-c", f"cd {folder} && pwd"], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == str(folder)


@pytest.mark.parametrize("sign", [*SIGNS.replace(":", "").replace("{", "").replace("}", ""), " "])
def test_the_shell_does_not_take_a_refused_sign_as_it_is(tmp_path, sign):
    folder = tmp_path / (f"a{sign}b" if sign not in "[]" else "a[x]b")
    folder.mkdir()
    for fitting in ("axb", "a0b") if sign in "*?[]" else ():
        (tmp_path / fitting).mkdir()
    # `cd a>b` writes a file b, so the shell starts in the test's folder.
    plain, quoted = (
        subprocess.run(["bash", "-c", f"cd {path} && pwd"], cwd=tmp_path, capture_output=True, text=True)
        for path in (str(folder), shlex.quote(str(folder)))
    )
    assert quoted.stdout == f"{folder}\n" != plain.stdout
