"""Record of a run: configuration, code, jobs, and the checksums and lineage of what was made."""

from imfmap.run.job import job
from imfmap.run.provenance import write_provenance

with job(snakemake):
    made = snakemake.output
    write_provenance(
        snakemake.params.folder, snakemake.params.config, snakemake.input, made.record, made.crate, made.snakefile
    )
