"""One catalogue of many runs: `python -m imfmap.products.all_runs NAME results/catalog.json results/*/catalog.json`.

Many craters are mapped in several runs, each of which has its own catalogue. This command writes one that links to all
of them, from its own place. The runs stay as they are.
"""

import argparse
import sys
from pathlib import Path

from ..core.errors import InputError
from ..core.jsonfiles import read_json
from .stac import write_catalog


def catalogue_runs(path: str | Path, name: str, catalogues: list[str | Path]) -> None:
    """Write a catalogue that links to the catalogues of runs.

    Parameters
    ----------
    path : path
        The file to write.
    name : str
        Id of the catalogue.
    catalogues : list of path
        ``catalog.json`` of each run.

    Raises
    ------
    InputError
        If one is missing, is no catalogue, or is the file to write; or if two of them have one id.
    """
    seen = {}
    for catalogue in catalogues:
        if Path(catalogue).resolve() == Path(path).resolve():
            raise InputError(catalogue, "is the file to write", "leave it out of the list")
        found = read_json(catalogue)
        if not isinstance(found, dict) or found.get("type") != "Catalog" or not isinstance(found.get("id"), str):
            raise InputError(catalogue, "is no STAC catalogue", "give the catalog.json of a run")
        if found["id"] in seen:
            remedy = "give each run its own run.name"
            raise InputError(catalogue, f"has the id '{found['id']}', as {seen[found['id']]} has", remedy)
        seen[found["id"]] = catalogue
    write_catalog(path, name, catalogues)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", help="id of the catalogue")
    parser.add_argument("path", type=Path, help="file to write")
    parser.add_argument("catalogues", nargs="+", help="catalog.json of each run")
    chosen = parser.parse_args()
    try:
        catalogue_runs(chosen.path, chosen.name, chosen.catalogues)
    except InputError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
