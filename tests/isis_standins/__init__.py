"""Stand-ins for ISIS programs. They reject what ISIS rejects, and do the work with the native engine.

`install` writes an ISISROOT with them. They read three environment variables. ``IMF_STANDIN_ISDS`` is the folder of the
ISDs in which spiceinit finds cameras. ``IMF_STANDIN_FAILS`` is JSON of failures by program and product id (``*`` for
any): an error message (what stands before a line ``--`` goes to standard output), the name of a signal to end by, or
``NULL``, ``ZERO`` or ``SIZE`` for an exit status of 0 with an empty image, an image of zeros, or an image of another
size. ``IMF_STANDIN_CALLS`` is a file to which every command line is added.
"""

import sys
from pathlib import Path

NAMES = (
    "lronac2isis",
    "spiceinit",
    "lronaccal",
    "lronacecho",
    "lronacpho",
    "mosrange",
    "maptemplate",
    "cam2map",
    "equalizer",
    "automos",
)
_SCRIPT = """#!{python}
import sys
sys.path[:0] = [{root!r}, {library!r}]
from tests.isis_standins.command_line import main
main("{name}", sys.argv[1:])
"""


def install(root):
    """Write the programs to `root`/bin, and return `root`."""
    root_folder = Path(__file__).resolve().parents[2]
    programs = Path(root) / "bin"
    programs.mkdir(parents=True)
    for name in NAMES:
        program = programs / name
        library = str(root_folder / "workflow")
        program.write_text(_SCRIPT.format(python=sys.executable, root=str(root_folder), library=library, name=name))
        program.chmod(0o755)
    return Path(root)
