"""Fetch published detections of a target, as a GeoPackage."""

from imfmap.acquisition.published_files import download_zenodo_shapes
from imfmap.core.temporary import temporary_folder
from imfmap.maps.grids import MapGrid
from imfmap.maps.rasters import open_raster
from imfmap.maps.vectors import write_vector
from imfmap.run.job import job
from imfmap.scoring.published_comparison import read_published

with job(snakemake), temporary_folder() as folder:
    params = snakemake.params
    fetched = download_zenodo_shapes(params.record, params.pattern, folder, params.acquisition)
    with open_raster(snakemake.input.mosaic) as mosaic:
        shapes = read_published(fetched, MapGrid.of(mosaic))
    write_vector(snakemake.output[0], {"published": shapes})
