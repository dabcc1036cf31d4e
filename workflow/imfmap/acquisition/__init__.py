"""From a place on the Moon to EDRs on disk, with the kernels and calibration files that they need."""
