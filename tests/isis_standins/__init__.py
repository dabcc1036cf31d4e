"""Programs with ISIS's names that refuse what ISIS refuses and do the work with the native engine.

`install` makes an ISISROOT of them. They read three variables of their own: ``IMF_STANDIN_ISDS``, the folder of the
ISDs that spiceinit finds cameras in; ``IMF_STANDIN_FAILS``, JSON of what is to go wrong, by program and product id
(``*`` for any): a message to fail with (what stands before a line ``--`` goes to standard output), the name of a signal
to end by, or ``NULL``, ``ZERO`` or ``SIZE`` for a success that left an image of nothing, of zeros, or of
another size; and ``IMF_STANDIN_CALLS``, a file to write every command line to.
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
    """Make the programs under `root`/bin; `root`."""
    root_folder = Path(__file__).resolve().parents[2]
    programs = Path(root) / "bin"
    programs.mkdir(parents=True)
    for name in NAMES:
        program = programs / name
        library = str(root_folder / "workflow")
        program.write_text(_SCRIPT.format(python=sys.executable, root=str(root_folder), library=library, name=name))
        program.chmod(0o755)
    return Path(root)
