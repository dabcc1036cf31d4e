"""One EDR from the archive, whole and with the right MD5."""

from pathlib import Path

import pandas as pd

from imfmap.archive import download
from imfmap.errors import InputError
from imfmap.jobs import job
from imfmap.pds import verify_md5

with job(snakemake):
    table = pd.read_csv(snakemake.input.table, dtype={"product": str}).set_index("product")
    if snakemake.wildcards.product not in table.index:
        raise InputError(snakemake.input.table, f"has no product {snakemake.wildcards.product}", "search again")
    edr = Path(snakemake.output.edr)
    download(table.loc[snakemake.wildcards.product, "url"], edr, snakemake.params.acquisition)
    verify_md5(edr)
