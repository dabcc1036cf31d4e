"""Runs ISIS's programs through pysis, in the environment that they want."""

import logging
import os
import shutil
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory

from ...core.errors import SetupError
from .interface import text_of
from .messages import explained

log = logging.getLogger(__name__)

# With less room than this, whatever went wrong is put down to it.
_LEAST_FREE_BYTES = 64 * 2**20


def run(command):
    """Run a program; what it says goes to the log.

    Parameters
    ----------
    command : commands.Command
        Held to ISIS's interface first.

    Raises
    ------
    InputError
        Where the command is none that ISIS takes, or the program fails: with ISIS's own words and their meaning.
    SetupError
        Where ISIS or its data are not there, or no other image would fare better.
    """
    command.check()
    prepare(command)
    Isis, ProcessError = _pysis()
    log.info("%s", command)
    # A name may be reserved in Python (from): pysis takes a trailing underscore off.
    parameters = {f"{name}_": text_of(value) for name, value in command.parameters.items()}
    try:
        # Left alone, ISIS writes print.prt into whatever folder the workflow runs in.
        with TemporaryDirectory() as folder:
            said = getattr(Isis(), command.program)(**parameters, **{"-log": f"{folder}/print.prt"})
        log.info("%s", said.decode(errors="replace"))
    except ProcessError as error:
        text = b"\n".join(filter(None, (error.stderr, error.stdout))).decode(errors="replace").strip()
        text = text or f"exit status {error.returncode}, no word"
        if (full := _full_disk(command)) is not None:
            raise SetupError(full, f"the disk is full; {command.program} failed with: {text}", "make room") from None
        raise explained(command.program, text, command.parameters.get("from")) from None


def prepare(command):
    """Set and check what ISIS wants of its environment: ISISROOT (else the conda environment), ISISDATA, the PATH.

    Raises
    ------
    SetupError
        Saying which of them is wrong, and how to mend it.
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
    # Here, since pysis looks for ISIS as it is imported; it knows no version of three numbers, and warns of it.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pysis.exceptions import ProcessError
        from pysis.isiscommand import Isis
    return Isis, ProcessError


def _full_disk(command):
    """The folder of the product, where there is no room left in it; else None."""
    outputs = (command.parameters[name] for name in ("to", "mosaic") if name in command.parameters)
    for folder in (Path(out).parent for out in outputs):
        if folder.is_dir() and shutil.disk_usage(folder).free < _LEAST_FREE_BYTES:
            return folder
    return None
