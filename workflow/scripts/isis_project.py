"""Map projection: cam2map with forward patches, as the paper did."""

from imfmap import isis
from imfmap.jobs import job

with job(snakemake):
    isis.run(
        "cam2map",
        from_=snakemake.input.cube,
        map=snakemake.input.template,
        to=snakemake.output[0],
        pixres="map",
        defaultrange="map",
        interp=isis.INTERPOLATIONS[snakemake.params.resampling],
        warpalgorithm="forwardpatch",
        patchsize=snakemake.params.isis["patch_size"],
    )
    isis.check_cube(snakemake.output[0], "cam2map")
