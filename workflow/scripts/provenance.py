"""Write the record of a run: configuration, code, jobs, checksums and lineage of products."""

from imfmap.core.checksums import listed_folder
from imfmap.run.job import job
from imfmap.run.provenance import write_provenance

with job(snakemake):
    made, chosen = snakemake.output, snakemake.params
    products = list(map(listed_folder, snakemake.input))
    write_provenance(chosen.folder, chosen.config, products, made.record, made.crate, made.snakefile)
