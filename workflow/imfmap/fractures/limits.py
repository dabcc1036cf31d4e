"""Numbers of the config's `mapping`: what counts as a fracture or a candidate pond, and cells of the density map.

This module imports nothing, so that the config and every step can take the numbers from here.
"""

# The paper rejects smaller detections.
MIN_AREA_M2 = 150
# Clusters of fractures that become candidate ponds, see `pond_candidates.PondRule`.
POND_GAP_M = 150
POND_MIN_FRACTURES = 5
POND_MIN_LENGTH_M = 500
# Cells of the density map per radius of its circle.
CELLS = 10
