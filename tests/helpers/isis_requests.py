"""Requests for ISIS data."""

from imfmap.camera.times import ephemeris_time
from tests.helpers.isis_store import KERNELS, ROOT, calibration, databases, july_2009

DAY_S = 86400
LABEL = july_2009()
START_S = int(ephemeris_time(LABEL.start_time))
DARKS = [START_S - 40 * DAY_S, START_S - 12 * DAY_S, START_S + 9 * DAY_S, START_S + 30 * DAY_S]


def store_files():
    """Files of the store by path: what `LABEL`'s image needs, and more."""
    files = databases() | {path: path.encode() * 7 for path in [*KERNELS, *calibration(LABEL, DARKS)]}
    return {ROOT + path: content for path, content in files.items()}
