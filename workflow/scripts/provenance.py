"""Write the record of a run: configuration, code, jobs, checksums and lineage of products."""

from imfmap.run.job import job
from imfmap.run.provenance import write_provenance

with job(snakemake):
    made = snakemake.output
    write_provenance(
        snakemake.params.folder, snakemake.params.config, snakemake.input, made.record, made.crate, made.snakefile
    )
