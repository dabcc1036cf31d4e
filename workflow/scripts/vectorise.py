"""Fractures of a target: polygons, measures, filters, files."""

from pathlib import Path

import pandas as pd

from imfmap.exports import write_fractures
from imfmap.filters import filter_fractures, read_boundary
from imfmap.jobs import job
from imfmap.morphometry import measure
from imfmap.mosaic import seam_lines
from imfmap.vectorise import vectorise

with job(snakemake):
    settings = snakemake.params.mapping
    polygons = vectorise(snakemake.input.probability, settings["threshold"], settings["hysteresis"])
    fractures = measure(polygons, snakemake.input.probability)
    seams = seam_lines(snakemake.input.sources) if settings["seams"] and snakemake.params.recipe == "paper" else None
    floor = None
    if snakemake.input.boundary:
        floor = pd.concat(read_boundary(snakemake.input.boundary, fractures.crs).values())
    kept, rejected = filter_fractures(fractures, settings["min_area_m2"], seams, floor)
    write_fractures(Path(snakemake.output.gpkg).parent, kept, rejected)
