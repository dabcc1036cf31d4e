"""Calibrate a model on places that its training has not seen, and measure what its maps miss."""

from pathlib import Path

from imfmap.learning.calibrated_checkpoint import write_calibrated
from imfmap.run.job import job
from imfmap.scoring.calibrated_model import fit_model, write_chances, write_report
from imfmap.scoring.calibration_figure import calibration_figure
from imfmap.scoring.calibration_places import PlaceFiles

with job(snakemake):
    out, params = snakemake.output, snakemake.params
    places = [
        PlaceFiles(
            place["name"],
            [Path(place["probabilities"]) / Path(image).name for image in place["images"]],
            place["images"],
            place["classes"],
            place["objects"],
        )
        for place in params.places
    ]
    settings, report, chances = fit_model(places, params.min_area_m2, params.resolution_m)
    calibration_figure(out.figure, report, chances)
    write_chances(chances, out.chances)
    write_report(report, out.report)
    write_calibrated(snakemake.input.checkpoint, out.checkpoint, settings)
