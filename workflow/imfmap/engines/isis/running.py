"""Running ISIS's programs through pysis, in the environment that they need."""

import logging
import os
import shutil
import warnings
from pathlib import Path

from ...core.errors import SetupError
from ...core.temporary import shown
from .commands import Command
from .interface import text_of
from .messages import ended_by_signal, explained
from .paths import Links, check_folder, working_folder

log = logging.getLogger(__name__)

# If less room is left on the disk, that counts as the cause of any failure.
_LEAST_FREE_BYTES = 64 * 2**20


def run(command: Command, where: str | Path | None = None, links: Links | None = None) -> None:
    """Run a program. Its output goes to the log.

    Parameters
    ----------
    command : commands.Command
        Its files may have any names: ISIS is given relative paths or links where it would misread them.
    where : path, optional
        File that the program works on, for messages; by default its parameter ``from``.
    links : paths.Links, optional
        Links in the lists of files that the command names, for messages.

    Raises
    ------
    InputError
        If ISIS would refuse the command, or the program fails: with ISIS's own words and their meaning.
    SetupError
        If ISIS or its data are not there, or no other image would fare better.
    """
    prepare(command)
    where = command.parameters.get("from") if where is None else where
    with working_folder() as folder:
        own = Links(folder)
        given = command.with_paths(own.existing, own.new)
        given.check()
        _call(given, folder, where, [each for each in (own, links) if each is not None])


def _call(command, folder, where, links):
    Isis, ProcessError = _pysis()
    log.info("%s", command)
    # pysis removes the trailing underscore, which keeps names such as from apart from Python's own words.
    parameters = {f"{name}_": text_of(value) for name, value in command.parameters.items()}
    try:
        # Without -log, ISIS writes print.prt into the working directory.
        said = getattr(Isis(), command.program)(**parameters, **{"-log": f"{folder}/print.prt"})
        log.info("%s", said.decode(errors="replace"))
    except ProcessError as error:
        text = b"\n".join(filter(None, (error.stderr, error.stdout))).decode(errors="replace").strip()
        for each in links:
            text = each.original(text)
        log.info("%s", text)
        if (full := _full_disk(command)) is not None:
            text = shown(text) or f"exit status {error.returncode}"
            raise SetupError(full, f"the disk is full; {command.program} failed with: {text}", "make room") from None
        if error.returncode < 0:
            raise ended_by_signal(command.program, -error.returncode, where) from None
        raise explained(command.program, text or f"exit status {error.returncode}, no word", where) from None


def prepare(command: Command) -> None:
    """Set and check the environment that ISIS needs: ISISROOT, ISISDATA and the PATH.

    ISISROOT is the conda environment if it is not set.

    Raises
    ------
    SetupError
        Says which of them is wrong, and how to mend it.
    """
    root = os.environ.get("ISISROOT") or os.environ.get("CONDA_PREFIX")
    data = os.environ.get("ISISDATA")
    if not root or not Path(root).is_dir():
        raise SetupError(
            "ISISROOT",
            f"names no folder ({root})" if root else "is not set, and no conda environment is active",
            "run with --software-deployment-method conda, activate ISIS's environment, or set processing.isis.root",
        )
    if not data or not Path(data).is_dir():
        raise SetupError(
            "ISISDATA",
            f"names no folder ({data})" if data else "is not set",
            "set it, or processing.isis.data, to the folder that downloadIsisData filled (docs/isis_engine.md)",
        )
    local_kernels = command.program == "spiceinit" and not command.parameters.get("web")
    for variable, folder in (("ISISROOT", root), ("ISISDATA", data)):
        check_folder(folder, variable)
    part = "lro/calibration" if command.program == "lronaccal" else "lro/kernels" if local_kernels else ""
    if not (Path(data) / part).is_dir():
        raise SetupError(
            "ISISDATA",
            f"{data} has no {part}, which {command.program} needs",
            "fetch it: downloadIsisData lro $ISISDATA" + ("" if local_kernels else ' --exclude="kernels/**"'),
        )
    os.environ["ISISROOT"] = str(root)
    programs = str(Path(root) / "bin")
    if programs not in os.environ["PATH"].split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([programs, os.environ["PATH"]])
    if shutil.which(command.program) is None:
        raise SetupError(
            command.program,
            f"is not on the PATH, nor in {programs}",
            "install ISIS 8 there, or set processing.isis.root",
        )


def _pysis():
    # Imported here, since pysis looks for ISIS when it is imported. It warns of versions with three numbers.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pysis.exceptions import ProcessError
        from pysis.isiscommand import Isis
    return Isis, ProcessError


def _full_disk(command):
    """Folder of the product if no room is left in it, else None."""
    outputs = (command.parameters[name] for name in ("to", "mosaic") if name in command.parameters)
    for folder in (Path(out).parent for out in outputs):
        if folder.is_dir() and shutil.disk_usage(folder).free < _LEAST_FREE_BYTES:
            return folder
    return None
