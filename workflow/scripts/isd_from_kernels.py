"""Write the camera of one EDR as ISD, from its kernels."""

from imfmap.acquisition.isisdata import kernel_paths
from imfmap.nac.instrument import write_camera
from imfmap.run.job import job

with job(snakemake):
    write_camera(snakemake.input.edr, kernel_paths(snakemake.input.manifest), snakemake.output[0])
