"""Media types of files, by suffix."""

from pathlib import Path

GEOTIFF = "image/tiff; application=geotiff"
CLOUD_OPTIMIZED_GEOTIFF = f"{GEOTIFF}; profile=cloud-optimized"
UNKNOWN = "application/octet-stream"
MEDIA_TYPES = {
    ".csv": "text/csv",
    ".geojson": "application/geo+json",
    ".gpkg": "application/geopackage+sqlite3",
    ".html": "text/html",
    ".json": "application/json",
    ".md": "text/markdown",
    ".parquet": "application/vnd.apache.parquet",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".qgz": "application/x-qgis-project",
    ".shp": "application/vnd.shp",
    ".tif": GEOTIFF,
}


def media_type(path: str | Path) -> str:
    """Return the media type of a file; `UNKNOWN` for a suffix that is not in the table, such as that of an EDR."""
    return MEDIA_TYPES.get(Path(path).suffix, UNKNOWN)
