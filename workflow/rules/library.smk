"""Finds the folder of this workflow (ROOT), and makes its library importable, here and in the scripts of all jobs."""

import os
import shutil
import sys
import tarfile
import tempfile
import time
from pathlib import Path

from snakemake.exceptions import WorkflowError

# The library, which names all other temporary files, is what is unpacked here. One that was killed left a folder.
UNPACKING = ".unpacking."
LONGEST_UNPACKING_S = 3600


def workflow_folder():
    """Folder of this workflow: a clone of the user's, or an unpacked copy of a hosted repository."""
    here = workflow.current_basedir
    if Path(str(here)).is_dir():
        return Path(str(here)).parents[1]
    if not hasattr(here, "hosted_repo"):
        raise WorkflowError(f"{here}: is no folder, and no repository on GitHub or GitLab; give the path of a clone")
    # Snakemake fetches single files of a hosted workflow, from a clone in its cache. The library needs all files.
    folder = Path(workflow.source_path("library.smk")).parents[2] / "unpacked"
    if not folder.exists():
        try:
            _unpack(here, folder)
        except OSError as error:
            raise WorkflowError(
                f"{folder.parent}: cannot be written ({error.strerror}); make room, or check permissions"
            )
    return folder


def _unpack(hosted, folder):
    """Unpack a hosted repository into a folder of Snakemake's cache."""
    for left in folder.parent.glob(f"{UNPACKING}*"):
        if time.time() - left.stat().st_mtime > LONGEST_UNPACKING_S:
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=UNPACKING) as temporary:
        archive, unpacked = Path(temporary, "repository.tar"), Path(temporary, "unpacked")
        hosted.hosted_repo.repo.git.archive(hosted.ref, output=str(archive))
        with tarfile.open(archive) as tar:
            tar.extractall(unpacked, filter="data")
        try:
            os.rename(unpacked, folder)
        except OSError:  # another process was faster
            if not folder.exists():
                raise


ROOT = workflow_folder()
# Snakemake gives its own search path to every script, in whatever environment the script runs.
sys.path.insert(0, str(ROOT / "workflow"))
