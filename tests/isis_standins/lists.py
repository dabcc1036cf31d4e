"""Lists of files, as ISIS reads them."""

import re
from pathlib import Path

from .command_line import Refused


def listed(path):
    """Files of a list: ISIS cuts lines at blanks and commas, and takes what follows a plus sign for attributes."""
    try:
        text = Path(path).read_text()
    except OSError:
        raise Refused(f"Unable to open [{path}]") from None
    names = [re.split(r"[\s,]", line.strip())[0].split("+")[0] for line in text.splitlines() if line.strip()]
    for name in names:
        if not Path(name).is_file():
            raise Refused(f"Unable to open [{name}]")
    return names
