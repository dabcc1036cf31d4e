"""Position, pointing and shape: spiceinit, on a copy of the cube."""

import shutil

from imfmap import isis
from imfmap.jobs import job

with job(snakemake):
    settings = snakemake.params.isis
    shutil.copyfile(snakemake.input[0], snakemake.output[0])
    parameters = {"shape": settings["shape"]}
    if settings["shape"] == "user":
        parameters["model"] = settings["shape_model"]
    if settings["spice"] == "web":
        parameters.update(web="yes", url=settings["web_url"])
    parameters.update(
        cksmithed=settings["smithed"],
        spksmithed=settings["smithed"],
        ckpredicted=settings["predicted"],
        spkpredicted=settings["predicted"],
    )
    isis.run("spiceinit", from_=snakemake.output[0], **parameters)
    isis.check_cube(snakemake.output[0], "spiceinit")
