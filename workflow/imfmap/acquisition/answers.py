"""What servers answer, checked as it comes in: ODE's products, Zenodo's records, and listings of the ISIS data's store.

An answer becomes one of these models, or is refused. What no model names is left out.
"""

import logging
import math
from typing import Annotated, Any
from xml.etree import ElementTree

from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from ..camera.times import parse_utc
from ..core.errors import SetupError
from .http import Answer
from .outside import shown

log = logging.getLogger(__name__)

_LARGEST_BYTES = 10**15


class _Part(BaseModel):
    """A part of an answer."""


def _listed(value):
    """What ODE gives as a list, as one object, or as a text where there is nothing: as a list."""
    if value is None or isinstance(value, str):
        return []
    return [value] if isinstance(value, dict) else value


def _number(value):
    """Return a number, also from a text; NaN for anything else."""
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan
    return number if math.isfinite(number) else math.nan


def _between(low, high):
    """Type of a number that ODE may not know: NaN then, and for what cannot be."""

    def known(value):
        number = _number(value)
        return number if low <= number <= high else math.nan

    return Annotated[float, BeforeValidator(known)]


def _part(value):
    """What ODE gives as an object, or as a text where there is nothing: as an object."""
    return {} if value is None or isinstance(value, str) else value


def _time(value):
    """Return the time of an image of LRO; an empty text for anything else."""
    try:
        return value if isinstance(value, str) and 2009 <= parse_utc(value).year < 2049 else ""
    except (ValueError, OverflowError):
        return ""


_Angle = _between(0, 180)
_Text = Annotated[str, BeforeValidator(lambda value: value if isinstance(value, str) else "")]
_Id = Annotated[str, BeforeValidator(lambda value: str(value) if isinstance(value, (str, int)) else "")]


class OdeFile(_Part):
    """A file of a product."""

    name: _Text = Field("", alias="FileName")
    kind: _Text = Field("Product", alias="Type")
    kilobytes: _between(0, 1e9) = Field(math.nan, alias="KBytes")
    url: _Text = Field("", alias="URL")


class _OdeFiles(_Part):
    files: Annotated[list[OdeFile], BeforeValidator(_listed)] = Field([], alias="Product_file")


class OdeProduct(_Part):
    """A product in ODE's own words. Numbers that ODE does not know are NaN, texts are empty."""

    ode_id: _Id = ""
    pdsid: _Id = ""
    contents: Annotated[_OdeFiles, BeforeValidator(_part)] = Field(_OdeFiles(), alias="Product_files")
    incidence_deg: _Angle = Field(math.nan, alias="Incidence_angle")
    emission_deg: _Angle = Field(math.nan, alias="Emission_angle")
    phase_deg: _Angle = Field(math.nan, alias="Phase_angle")
    scale_m: _between(0, 1e6) = Field(math.nan, alias="Map_scale")
    resolution_m: _between(0, 1e6) = Field(math.nan, alias="Map_resolution")
    start_time: Annotated[str, BeforeValidator(_time)] = Field("", alias="UTC_start_time")
    outline_on_sphere: _Text = Field("", alias="Footprint_GL_geometry")
    outline_on_cylinder: _Text = Field("", alias="Footprint_C0_geometry")


class _OdeProducts(_Part):
    products: Annotated[list[OdeProduct], BeforeValidator(_listed)] = Field([], alias="Product")


class OdeResults(_Part):
    """One page of ODE's answer."""

    status: str = Field(alias="Status")
    error: Any = Field(None, alias="Error")
    count: _between(0, 1e9) = Field(math.nan, alias="Count")
    contents: Annotated[_OdeProducts, BeforeValidator(_part)] = Field(_OdeProducts(), alias="Products")

    @property
    def products(self) -> list[OdeProduct]:
        """Products of the page."""
        return self.contents.products


class _OdeAnswer(_Part):
    results: OdeResults = Field(alias="ODEResults")


class _ZenodoLinks(_Part):
    own: str = Field("", alias="self")


class ZenodoFile(_Part):
    """A file of a record; `checksum` is ``md5:...``, and `own` of its `links` is its address."""

    key: str
    size: int | None = Field(None, ge=0, le=_LARGEST_BYTES)
    checksum: str = ""
    links: _ZenodoLinks = _ZenodoLinks()


class ZenodoRecord(_Part):
    """A record of Zenodo."""

    files: list[ZenodoFile] = []


class _Key(_Part):
    key: str
    size: int = Field(ge=0, le=_LARGEST_BYTES)


class BucketPage(_Part):
    """One page of the listing of an S3 bucket (ListObjectsV2); `token` asks for the next one."""

    keys: list[_Key]
    token: str | None


def ode_results(answer: Answer, remedy: str) -> OdeResults:
    """Return a page of ODE's.

    Raises
    ------
    SetupError
        If the answer is no such page of results.
    """
    return _read(_OdeAnswer, answer, "ODE result", remedy).results


def zenodo_record(answer: Answer, remedy: str) -> ZenodoRecord:
    """Return a record of Zenodo's.

    Raises
    ------
    SetupError
        If the answer is no such record.
    """
    return _read(ZenodoRecord, answer, "Zenodo record", remedy)


def bucket_page(answer: Answer, remedy: str) -> BucketPage:
    """Return a page of a bucket's listing.

    Raises
    ------
    SetupError
        If the answer is no such page of a listing.
    """
    try:
        parser = ElementTree.XMLParser(target=_PlainTree())
        parser.feed(answer.body)
        listing = parser.close()
        if not listing.tag.endswith("ListBucketResult"):
            raise ValueError(f"it is a <{listing.tag}>")
        keys = [
            {"key": entry.findtext("{*}Key"), "size": entry.findtext("{*}Size")}
            for entry in listing.iterfind("{*}Contents")
        ]
        more = listing.findtext("{*}IsTruncated") == "true"
        return BucketPage(keys=keys, token=(more and listing.findtext("{*}NextContinuationToken")) or None)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise _none(answer, "listing", error, remedy) from None


class _PlainTree(ElementTree.TreeBuilder):
    """Tree of XML without a document type, and so without entities: they may grow without end, or name files."""

    def doctype(self, name: str, public: str | None, system: str | None) -> None:
        raise ValueError("it has a document type")


def _read(model, answer, what, remedy):
    try:
        return model.model_validate_json(answer.body.removeprefix(b"\xef\xbb\xbf"))
    except ValidationError as error:
        raise _none(answer, what, error, remedy) from None


def _none(answer, what, error, remedy):
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        error = f"{'.'.join(map(str, first['loc']))}: {first['msg']}".removeprefix(": ")
    log.info("%s: %s", shown(answer.url), shown(error))
    return SetupError(shown(answer.url), f"answered something that is no {what}", remedy)
