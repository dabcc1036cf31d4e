"""Images to calibrate, and the calibration of lronaccal in plain loops."""

from types import SimpleNamespace

import numpy as np

from tests.helpers.nac_samples import EXPOSURE_MS, START


def image(camera="left", summing=1, top=900.0, exposure_code=3, seed=0):
    """Return the parts of an EDR that calibration needs, with random counts."""
    samples = 5064 // summing
    counts = np.random.default_rng(seed).uniform(20, top, (3, samples)).astype(np.float32)
    label = SimpleNamespace(
        product_id="M900000001LE",
        camera=camera,
        prefix="NACL" if camera == "left" else "NACR",
        samples=samples,
        lines=3,
        summing=summing,
        exposure_ms=EXPOSURE_MS,
        exposure_code=exposure_code,
        start_time=START,
    )
    return SimpleNamespace(image=counts, label=label, max_count=float(counts.max()))


OFF = {"masked": False, "nonlinearity": False, "flat": False, "radiometry": None}
