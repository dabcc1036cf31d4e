"""Convert a projected cube to a float32 GeoTIFF on the target's grid, with its Sun direction in the tags."""

from dataclasses import replace

from imfmap.acquisition.table import compare_image
from imfmap.camera.projection import image_facts
from imfmap.engines.isis.cubes import cube_to_geotiff
from imfmap.engines.isis.shapes import heights_of
from imfmap.maps.target_grid import target_grid
from imfmap.nac.instrument import cube_camera
from imfmap.run.job import job

with job(snakemake):
    grid = target_grid(snakemake.params.place)
    facts = image_facts(cube_camera(snakemake.input.level1), grid, "isis", heights_of(snakemake.input.level1))
    facts = replace(facts, product=snakemake.wildcards.product)
    cube_to_geotiff(snakemake.input.cube, grid, snakemake.output[0], facts.tags(), snakemake.params.min_valid_fraction)
    if snakemake.input.table:
        compare_image(snakemake.input.table, facts.product, facts.start_time, facts.incidence_deg)
