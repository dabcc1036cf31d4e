"""A target's map as a folder that any browser opens: no server, no network.

`build.write_viewer` writes it: the page (``static/``), OpenLayers, the map's numbers and outlines as one script, and
the rasters as pyramids of small pictures.
"""

from .build import ViewerText, write_viewer

__all__ = ["ViewerText", "write_viewer"]
