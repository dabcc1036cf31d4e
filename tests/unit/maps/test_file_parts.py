"""Files that are read where one is named: each of them counts."""

import os
import time
from xml.sax.saxutils import escape

import numpy as np
import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st
from rasterio.transform import from_origin

from imfmap.core.errors import InputError
from imfmap.maps.file_parts import parts_of
from imfmap.maps.rasters import opened_raster
from imfmap.maps.user_files import content_digest
from tests.helpers.generated import examples

IMAGE = np.arange(12, dtype=np.uint8).reshape(1, 3, 4)


def write(path, driver, **profile):
    with rasterio.open(path, "w", driver=driver, width=4, height=3, count=1, dtype="uint8", **profile) as dataset:
        dataset.write(IMAGE)
    return path


@pytest.fixture
def envi(tmp_path):
    return write(
        tmp_path / "heights.img", "ENVI", crs="+proj=longlat +R=1737400", transform=from_origin(1, 2, 0.1, 0.1)
    )


def gdals(path):
    """Files that GDAL itself reads where one is named."""
    with rasterio.open(path) as dataset:
        return {os.path.basename(name) for name in dataset.files}


def names(path):
    return {part.name for part in parts_of(path)}


@pytest.mark.parametrize("suffix", [".hdr", ".img.aux.xml", ".img"])
def test_each_part_of_an_envi_raster_counts(envi, suffix):
    assert gdals(envi) <= names(envi)
    part = envi.with_suffix(suffix) if suffix != ".img.aux.xml" else envi.with_name("heights.img.aux.xml")
    before = content_digest(envi)
    part.write_text(part.read_text(errors="replace") + "\n<!-- 1 -->" if part.exists() else "<PAMDataset/>")
    assert content_digest(envi) != before


@pytest.mark.parametrize("suffix", [".tfw", ".tifw", ".wld", ".TFW"])
def test_a_world_file_counts_from_the_day_that_it_is_there(tmp_path, suffix):
    path = write(tmp_path / "map.tif", "GTiff")
    before = content_digest(path)
    path.with_suffix(suffix).write_text("1\n0\n0\n-1\n100\n200\n")
    assert gdals(path) <= names(path)
    assert content_digest(path) != before


def test_the_sources_of_a_vrt_count_through_other_vrts(tmp_path, envi):
    (tmp_path / "deep").mkdir()
    for name, source in (("inner.vrt", "../heights.img"), ("outer.vrt", "inner.vrt")):
        (tmp_path / "deep" / name).write_text(
            f'<VRTDataset rasterXSize="4" rasterYSize="3"><VRTRasterBand dataType="Byte" band="1"><SimpleSource>'
            f'<SourceFilename relativeToVRT="1">{source}</SourceFilename><SourceBand>1</SourceBand></SimpleSource>'
            f"</VRTRasterBand></VRTDataset>"
        )
    outer = tmp_path / "deep" / "outer.vrt"
    assert gdals(outer) | {"heights.img", "heights.hdr"} <= names(outer)
    before = content_digest(outer)
    envi.write_bytes(bytes(12))
    assert content_digest(outer) != before


def vrt_of(*sources):
    inside = "".join(
        f"<SimpleSource><SourceFilename>{escape(str(name))}</SourceFilename></SimpleSource>" for name in sources
    )
    band = f'<VRTRasterBand dataType="Byte" band="1">{inside}</VRTRasterBand>'
    return f'<VRTDataset rasterXSize="4" rasterYSize="3">{band}</VRTDataset>'


@pytest.mark.parametrize("name", ["a.vrt", "a.tif", "a.xml", "a"])
def test_a_vrt_is_known_by_its_content_and_not_by_its_name(tmp_path, envi, name):
    path = tmp_path / name
    path.write_text(vrt_of(envi))
    with opened_raster(path) as raster:
        assert raster.read(1).shape == (3, 4)
    before = content_digest(path)
    envi.write_bytes(bytes(12))
    assert content_digest(path) != before


@given(
    start=st.sampled_from(
        ["vrt://", "GTIFF_DIR:1:", "/vsicurl/http://127.0.0.1:9/", "http://127.0.0.1:9/", "/vsizip/", ""]
    )
    | st.text(st.characters(exclude_categories=["C"]), max_size=9),
    end=st.sampled_from(["", "?bands=1", "/x.tif", "x" * 300, "<VRTDataset/>"]),
    nested=st.booleans(),
)
@examples(25)
def test_a_source_that_is_no_file_is_refused_before_gdal_sees_it(tmp_path_factory, start, end, nested):
    folder = tmp_path_factory.mktemp("vrt")
    real = write(folder / "real.tif", "GTiff")
    path, source = folder / "outer.vrt", f"{start}{real}{end}"
    path.write_text(vrt_of(real, source))
    if nested:
        path.replace(folder / "inner.tif")
        path.write_text(vrt_of(folder / "inner.tif"))
    if os.path.isfile(source):
        opened_raster(path).close()
        return
    with pytest.raises(InputError, match="which is no file; give the raster itself"):
        opened_raster(path)


@pytest.mark.parametrize("service", ["WMS", "WMTS", "WCS", "HTTP"])
def test_a_raster_leads_gdal_into_no_network(tmp_path, service):
    path = tmp_path / "a.tif"
    path.write_text(
        f"<GDAL_{service}><Service name='TMS'><ServerUrl>http://127.0.0.1:9/x</ServerUrl></Service></GDAL_{service}>"
    )
    with pytest.raises(InputError, match="not recognized as being in a supported file format"):
        opened_raster(path)
    with rasterio.Env() as environment:
        assert service not in environment.drivers()


def test_parts_are_found_once_each(tmp_path):
    """In time that grows with their number."""
    for number in range(2000):
        (tmp_path / f"{number}.dat").touch()
    path = tmp_path / "a.vrt"
    path.write_text(vrt_of(*(tmp_path / f"{number}.dat" for number in range(2000))))
    began_s = time.process_time()
    assert len(parts_of(path)) == 2001 and time.process_time() - began_s < 5


def test_a_vrt_that_names_itself_or_is_broken_is_no_endless_loop(tmp_path):
    path = tmp_path / "own.vrt"
    path.write_text('<VRTDataset><SourceFilename relativeToVRT="1">own.vrt</SourceFilename></VRTDataset>')
    assert len(parts_of(path)) == 1
    path.write_text("<VRTDataset><Source")
    assert parts_of(path) == [path]


@pytest.mark.parametrize("pointer", ['^IMAGE = ("PIXELS.RAW", 1)', "^Core = PIXELS.RAW", '  ^IMAGE = "PIXELS.RAW"'])
def test_the_pixels_of_a_detached_label_count(tmp_path, pointer):
    label, pixels = tmp_path / "image.lbl", tmp_path / "PIXELS.RAW"
    label.write_text(f"PDS_VERSION_ID = PDS3\n{pointer}\nEND\n")
    pixels.write_bytes(b"1")
    before = content_digest(label)
    pixels.write_bytes(b"2")
    assert content_digest(label) != before


def test_looking_at_a_raster_changes_nothing_but_a_georeference_beside_it_does(tmp_path):
    path = write(tmp_path / "map.tif", "GTiff")
    before = content_digest(path)
    with rasterio.open(path) as dataset:
        dataset.statistics(1)  # GDAL keeps them beside the file, as QGIS does
    beside = tmp_path / "map.tif.aux.xml"
    if not beside.exists():
        beside.write_text(
            '<PAMDataset><PAMRasterBand band="1"><Histograms><HistItem><HistMin>0</HistMin></HistItem></Histograms>'
            '<Metadata><MDI key="STATISTICS_MAXIMUM">11</MDI></Metadata></PAMRasterBand></PAMDataset>'
        )
    assert "STATISTICS_MAXIMUM" in beside.read_text() and content_digest(path) == before
    text = beside.read_text().replace("<PAMDataset>", "<PAMDataset><GeoTransform>1, 2, 0, 3, 0, 2</GeoTransform>")
    beside.write_text(text)
    assert content_digest(path) != before


def test_every_file_of_a_folder_counts_with_its_name(tmp_path):
    folder = tmp_path / "calibration"
    (folder / "darks").mkdir(parents=True)
    for name in ("flat.cub", "darks/one.cub"):
        (folder / name).write_text(name)
    digests = [content_digest(folder)]
    (folder / ".snakemake_timestamp").touch()
    assert content_digest(folder) == digests[0]
    (folder / "darks" / "one.cub").write_text("darks/two.cub")
    digests.append(content_digest(folder))
    (folder / "darks" / "one.cub").rename(folder / "darks" / "two.cub")
    digests.append(content_digest(folder))
    (folder / "darks" / "more.cub").write_text("")
    digests.append(content_digest(folder))
    assert len(set(digests)) == 4


def test_the_name_of_the_file_itself_says_nothing(tmp_path, envi):
    (tmp_path / "copy").mkdir()
    for part in (envi, envi.with_suffix(".hdr"), envi.with_name("heights.img.aux.xml")):
        if part.exists():
            (tmp_path / "copy" / part.name.replace("heights", "other")).write_bytes(part.read_bytes())
    assert content_digest(tmp_path / "copy" / "other.img") == content_digest(envi)
