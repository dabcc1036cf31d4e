"""Classes of the ground in the exact truth of a simulated Moon."""

# Values of `truth.tif` by name.
CLASSES = {"background": 0, "fracture": 1, "ridge": 2, "boulder": 3, "crater": 4, "trail": 5}
