"""A STAC catalogue of a run: one collection for each target, with an item for the map and one for each image.

Geometries and boxes are planetocentric longitude and latitude on the body, as the Solar System extension (``ssys``)
requires. The projection extension gives the map's own CRS. All links are relative, so that the folder of results can
move.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pystac
from pystac.extensions.projection import ProjectionExtension
from pystac.extensions.scientific import Publication, ScientificExtension
from pystac.extensions.view import ViewExtension
from pystac.layout import TemplateLayoutStrategy
from shapely.geometry import mapping

from ..camera.times import parse_utc
from ..core.files import replacing, replacing_folder
from ..maps.grids import MapGrid
from ..maps.image_facts import UNKNOWN
from ..maps.image_footprints import geographic_footprint, image_footprints
from ..maps.rasters import open_raster
from .product_files import PROBABILITY, PROJECTED, TARGET_FILES

SSYS = "https://stac-extensions.github.io/ssys/v1.1.0/schema.json"
PAPER_DOI = "10.1029/2025JE009145"
PAPER = (
    "Le Corre et al. (2025): Automated impact melt fracture mapping on the Moon with weakly supervised deep learning. "
    "Journal of Geophysical Research: Planets 130, e2025JE009145."
)


@dataclass(frozen=True)
class StacText:
    """Words of a target's collection.

    Attributes
    ----------
    target : str
        Name of the target: the id of the collection.
    title : str
    description : str
        What was mapped, and how.
    producers : tuple of str
        Who made the images, if it is known.
    """

    target: str
    title: str
    description: str
    producers: tuple[str, ...] = ()


def write_collection(
    folder: str | Path,
    text: StacText,
    files: Sequence[str | Path],
    images: Sequence[str | Path] = (),
    probabilities: Sequence[str | Path] = (),
) -> None:
    """Write a target's collection: ``collection.json``, and one file for each item.

    Parameters
    ----------
    folder : str or Path
        Folder to write. An old folder is replaced when the new one is complete.
    text : StacText
    files : sequence of str or Path
        Products of the target, with ``mosaic.tif``. Those that the table of products has roles for become assets.
    images : sequence of str or Path
        Projected images.
    probabilities : sequence of str or Path
        Probability rasters of the images, if there are any, with the same names.
    """
    files = {_name(path): Path(path) for path in files}
    with open_raster(files["mosaic.tif"]) as mosaic:
        grid = MapGrid.of(mosaic)
    by_product = {Path(path).stem: Path(path) for path in probabilities}
    items = [_image_item(Path(path), row, by_product) for path, row in _outlined(images)]
    items.insert(0, _map_item(text, grid, files, items))
    with replacing_folder(folder) as new:
        collection = pystac.Collection(
            id=text.target,
            title=text.title,
            description=text.description,
            extent=pystac.Extent(
                pystac.SpatialExtent([items[0].bbox]), pystac.TemporalExtent([list(_interval(items[0]))])
            ),
            license="other",
            providers=[
                *(pystac.Provider(name, roles=[pystac.ProviderRole.PRODUCER]) for name in text.producers),
                pystac.Provider("imfmap", roles=[pystac.ProviderRole.PROCESSOR]),
            ],
            keywords=["impact melt fractures", grid.body.name.capitalize()],
            summaries=pystac.Summaries({"ssys:targets": [grid.body.name.capitalize()]}),
        )
        ScientificExtension.ext(collection, add_if_missing=True).apply(publications=[_publication()])
        collection.add_items(items)
        # The slash at the end marks a folder, even if there are dots in its name.
        collection.normalize_hrefs(f"{new.resolve()}/", strategy=TemplateLayoutStrategy(item_template=""))
        collection.make_all_asset_hrefs_relative()
        collection.save(pystac.CatalogType.SELF_CONTAINED)


def write_catalog(path: str | Path, run: str, children: Sequence[str | Path]) -> None:
    """Write a catalogue that links to others: that of a run to its targets, or that of several runs to each of them.

    Parameters
    ----------
    path : str or Path
        ``catalog.json`` to write.
    run : str
        Name of the run, or of all runs: the id of the catalogue.
    children : sequence of str or Path
        ``collection.json`` of each target, or ``catalog.json`` of each run.
    """
    catalog = pystac.Catalog(id=run, title=f"imfmap: {run}", description="Maps of impact melt fractures")
    for child in map(Path, children):
        title = pystac.read_file(str(child)).title
        href = Path(os.path.relpath(child, Path(path).parent)).as_posix()
        catalog.add_link(pystac.Link("child", href, pystac.MediaType.JSON, title))
    catalog.set_root(catalog)
    with replacing(path) as temporary:
        catalog.catalog_type = pystac.CatalogType.SELF_CONTAINED
        catalog.set_self_href(str(Path(path).resolve()))
        catalog.save_object(include_self_link=False, dest_href=str(temporary))


def _name(path):
    return Path(path).name


def _outlined(images):
    frame = image_footprints(images)
    return zip(images, frame.itertuples(), strict=True)


def _map_item(text, grid, files, images):
    times = [moment for item in images for moment in _interval(item)]
    if not times:
        # Of a finished mosaic from elsewhere, only the time of its file is known.
        times = [_time_of(files["mosaic.tif"])]
    geometry, bbox = geographic_footprint(grid)
    item = pystac.Item(
        text.target,
        mapping(geometry),
        bbox,
        None,
        {"title": text.title},
        start_datetime=min(times),
        end_datetime=max(times),
    )
    _describe(item, grid)
    item.properties["gsd"] = grid.resolution_m
    for file in TARGET_FILES:
        if file.roles and file.name in files:
            item.add_asset(_key(file.name), _asset(file, files[file.name] / file.opened))
    return item


def _asset(file, path):
    return pystac.Asset(str(path.resolve()), file.title, None, file.media_type, list(file.roles))


def _image_item(path, facts, probabilities):
    with open_raster(path) as image:
        grid = MapGrid.of(image)
    geometry, bbox = geographic_footprint(grid, facts.geometry)
    # If the time of an image is not known, that of its file is taken.
    moment = _time_of(path) if facts.start_time == UNKNOWN else parse_utc(facts.start_time).replace(tzinfo=UTC)
    item = pystac.Item(facts.product, mapping(geometry), bbox, moment, {"title": facts.product})
    _describe(item, grid)
    item.properties["gsd"] = round(facts.ground_resolution_m, 3)
    view = ViewExtension.ext(item, add_if_missing=True)
    # In this extension, "incidence" is the angle of the line of sight: the emission angle.
    view.apply(
        incidence_angle=None if np.isnan(facts.emission_deg) else round(facts.emission_deg, 3),
        sun_azimuth=_from_north(grid, facts.sun_azimuth_deg),
        sun_elevation=round(90.0 - facts.incidence_deg, 3),
    )
    item.add_asset("image", _asset(PROJECTED, path))
    if path.stem in probabilities:
        item.add_asset("probability", _asset(PROBABILITY, probabilities[path.stem]))
    return item


def _describe(item, grid):
    """Add the fields of the projection, scientific and Solar System extensions to an item."""
    ProjectionExtension.ext(item, add_if_missing=True).apply(
        wkt2=grid.crs.to_wkt("WKT2_2019"),
        projjson=grid.crs.to_json_dict(),
        bbox=list(grid.bounds),
        shape=list(grid.shape),
        transform=list(grid.transform),
    )
    ScientificExtension.ext(item, add_if_missing=True).apply(publications=[_publication()])
    item.stac_extensions.append(SSYS)
    item.properties["ssys:targets"] = [grid.body.name.capitalize()]


def _publication():
    return Publication(PAPER_DOI, PAPER)


def _time_of(path):
    """Return when a file was written last."""
    return datetime.fromtimestamp(int(path.stat().st_mtime), UTC)


def _interval(item):
    common = item.common_metadata
    return (item.datetime, item.datetime) if item.datetime else (common.start_datetime, common.end_datetime)


def _from_north(grid, map_azimuth_deg):
    """Convert a direction on the map, at the middle of the grid, to one clockwise from north."""
    jacobian = grid.ground_jacobians(grid.shape[0] / 2, grid.shape[1] / 2)[0]
    angle = np.radians(map_azimuth_deg)
    east, north = jacobian @ [np.sin(angle), np.cos(angle)]
    return round(float(np.degrees(np.arctan2(east, north)) % 360.0), 3)


def _key(name):
    return name.replace(".", "_").removesuffix("_tif")
