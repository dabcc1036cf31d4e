"""Write a trained network as an ONNX file for other programs."""

from imfmap.learning.onnx_export import export_onnx
from imfmap.run.job import job

with job(snakemake):
    export_onnx(snakemake.input[0], snakemake.output[0])
