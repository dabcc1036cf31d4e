"""Product ids of NAC images, in labels and in names of files: which image they name, and whether two name the same.

An id is M, a number that counts seconds, L or R for the camera, and E for the EDR: ``M143947267LE``. Lists and files of
ISIS often leave the E out.
"""

import re
from pathlib import Path

from .errors import InputError

# Also of pydantic, which reads it with Rust's rules: no look-ahead.
PRODUCT_ID = r"M[0-9]{6,12}[LR]E?"
_AT_START = re.compile(rf"{PRODUCT_ID}(?![A-Za-z0-9])", re.IGNORECASE)


class OtherProductError(InputError):
    """A file is the image of another product than its name says."""


def full_id(product_id: str) -> str:
    """Return a product id as labels write it: in capitals and with its E (``M143947267L`` is ``M143947267LE``)."""
    return product_id.upper().removesuffix("E") + "E"


def named_product(name: str | Path) -> str | None:
    """Return the full id that the name of a file begins with; None if it begins with no id.

    Parameters
    ----------
    name : str or Path
        Name or path of a file, or a text such as ``M143947267L.cal.echo``.
    """
    found = _AT_START.match(Path(name).name)
    return None if found is None else full_id(found[0])


def check_name(path: str | Path, product_id: str) -> None:
    """Refuse a file whose name begins with another product id than that of its content.

    Parameters
    ----------
    path : path
    product_id : str
        What the file itself says that it is.

    Raises
    ------
    OtherProductError
        The line names the file, the product found and the product expected.
    """
    named = named_product(path)
    if named is not None and named != full_id(product_id):
        raise OtherProductError(
            path,
            f"is product {product_id}, but its name says {named}",
            f"put the file of {named} there, or give this one the name of {product_id}",
        )
