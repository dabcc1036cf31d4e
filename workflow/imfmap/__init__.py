"""Impact melt fracture mapping on the Moon: the science, importable without Snakemake."""

__version__ = "0.1.0"
