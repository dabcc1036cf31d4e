"""Values of rasters of labels and of the exact truth of a simulated Moon."""

# Classes of the ground in `truth.tif`, by name.
CLASSES = {"background": 0, "fracture": 1, "ridge": 2, "boulder": 3, "crater": 4, "trail": 5}
# Value of a label raster where nobody looked.
NOT_LABELLED = 255
