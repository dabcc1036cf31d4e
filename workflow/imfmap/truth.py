"""Classes of a raster that says what is truly on the ground, known only on a simulated Moon."""

CLASSES = {"background": 0, "fracture": 1, "ridge": 2, "boulder": 3, "crater": 4, "trail": 5}
