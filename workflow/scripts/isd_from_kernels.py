"""Camera of one EDR, out of its kernels, as ISD."""

from imfmap.acquisition.isisdata import kernel_paths
from imfmap.camera.line_scan import LineScanCamera
from imfmap.run.job import job

with job(snakemake):
    kernels = kernel_paths(snakemake.input.manifest)
    LineScanCamera.from_kernels(snakemake.input.edr, kernels).to_isd(snakemake.output[0])
