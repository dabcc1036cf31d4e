"""Record of a run: configuration, code, packages, and checksums of what was made."""

from imfmap.jobs import job
from imfmap.provenance import write_record

with job(snakemake):
    write_record(snakemake.params.folder, snakemake.params.config, snakemake.output[0])
