"""One part made anew costs that part, and gives what a run from scratch gives."""

import errno
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace

import geopandas
import numpy as np
import pytest
import shapely
import torch

from imfmap.core.part_store import PartStore
from imfmap.fractures import measures
from imfmap.inference import fusion
from imfmap.inference import infer as infer_module
from imfmap.inference import predictor as network_module
from imfmap.inference.fusion import fuse
from imfmap.inference.window_cache import WindowCache
from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid
from imfmap.maps.image_facts import ImageFacts
from imfmap.maps.probability_raster import MEDIAN_TAG, create_probability, encode
from imfmap.maps.rasters import write_raster
from imfmap.mosaic import build as mosaic_module
from imfmap.mosaic.build import mosaic

CRS = body("moon").projected("equirectangular", 10.0, 20.0)
GRID = MapGrid.covering(CRS, (0, 0, 2000.0, 1000.0), 2.0)
BLOCK = 128
SETTINGS = {"overlap": 0.25, "batch_size": 4, "test_time_augmentation": [], "device": "cpu"}


# --- the store ---


def test_what_was_put_in_is_there_later_and_what_nobody_asks_for_goes(tmp_path):
    out = tmp_path / "product.tif"
    with PartStore(out, {"a": 1}) as store:
        keys = [store.key(number) for number in range(3)]
        for key in keys:
            store.put(key, b"x" * 1000 + key)
    with PartStore(out, {"a": 1}) as store:
        assert store.get(keys[1]) == b"x" * 1000 + keys[1]
        assert (store.taken, store.made) == (1, 0)
    with PartStore(out, {"a": 1}) as store:
        assert keys[1] in store and keys[0] not in store and keys[2] not in store
    with PartStore(out, {"a": 2}) as store:
        assert store.key(1) != keys[1]
    assert not store.path.exists(), "of other settings nothing is of use"


def test_a_key_tells_its_parts_apart(tmp_path):
    with PartStore(tmp_path / "product.tif", {}) as store:
        keys = [store.key(*parts) for parts in (([1, 2],), ([1], [2]), ("12",), (b"12",), (b"1", b"2"), ())]
    assert len(set(keys)) == len(keys)


PARTS = {number: bytes([number]) * 20_000 + os.urandom(20_000) for number in range(8)}


@pytest.fixture
def store_path(tmp_path):
    """Path of a store that holds `PARTS`."""
    with PartStore(tmp_path / "product.tif", {}) as store:
        for number, data in PARTS.items():
            store.put(store.key(number), data)
    return store.path


def held_and_usable(store_path):
    """Parts of `PARTS` that a store has, by number; after it was shown that the missing ones can be put in again."""
    out = store_path.with_name("product.tif")
    with PartStore(out, {}) as store:
        held = {number: data for number in PARTS if (data := store.get(store.key(number))) is not None}
        for number in PARTS.keys() - held.keys():
            store.put(store.key(number), PARTS[number])
    with PartStore(out, {}) as store:
        assert all(store.get(store.key(number)) == data for number, data in PARTS.items())
    assert [path.name for path in store_path.parent.iterdir()] == [store_path.name], "one file, and nothing beside it"
    return held


KILLED = """
import os, signal, sys
from imfmap.core import part_store
part_store._COMMIT_S = float(sys.argv[2])
with part_store.PartStore(sys.argv[1], {}) as store:
    for number in range(40):
        store.put(store.key(number), bytes([number]) * 20_000 + os.urandom(500_000))
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize(("commit_s", "kept"), [(0.0, 40), (1e9, 0)])
def test_a_killed_job_goes_on_from_what_it_had_made(tmp_path, caplog, commit_s, kept):
    """The 20 MB between two commits are more than SQLite holds in memory, so that half of them are in the file."""
    out = tmp_path / "product.tif"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    killed = subprocess.run([sys.executable, "-c", KILLED, str(out), str(commit_s)], env=environment)
    assert killed.returncode == -signal.SIGKILL
    assert bool([*tmp_path.glob("*-journal")]) == (kept == 0), "killed between two commits, or just after one"
    with PartStore(out, {}) as store:
        held = [data for number in range(40) if (data := store.get(store.key(number))) is not None]
    assert len(held) == kept and all(data[:20_000] == bytes([number]) * 20_000 for number, data in enumerate(held))
    assert not caplog.records and not [*tmp_path.glob("*-journal")]


@pytest.mark.parametrize("left", [100, 1000, 20_000, 100_000])
def test_a_store_that_was_cut_is_made_anew(store_path, caplog, left):
    os.truncate(store_path, left)
    assert held_and_usable(store_path) == {}
    assert [record.levelname for record in caplog.records] == ["WARNING"] and str(store_path) in caplog.text


@pytest.mark.parametrize("seed", range(4))
def test_what_the_disk_spoilt_is_no_part_and_no_obstacle(store_path, seed):
    """One byte is another, anywhere; more often in the header and among the keys than chance would have it."""
    whole, rng = store_path.read_bytes(), np.random.default_rng(seed)
    keys = whole.index(b"CREATE TABLE")
    places = [*rng.integers(0, 100, 15), *rng.integers(keys - 200, keys + 200, 5), *rng.integers(0, len(whole), 20)]
    for place in map(int, places):
        data = bytearray(whole)
        data[place] ^= int(rng.integers(1, 256))
        store_path.write_bytes(data)
        held = held_and_usable(store_path)
        assert all(data == PARTS[number] for number, data in held.items()), place


@pytest.mark.parametrize("content", [b"", b"imfmap parts 1\n" + bytes(1000), b"SQLite format 3\0" + bytes(1000)])
def test_a_file_that_is_no_store_is_made_anew(store_path, content):
    store_path.write_bytes(content)
    assert held_and_usable(store_path) == {}


def test_a_full_disk_is_told_as_for_any_other_file(tmp_path):
    with pytest.raises(OSError) as caught, PartStore(tmp_path / "product.tif", {}) as store:
        store.put(store.key(1), b"first")
        store._database.execute("PRAGMA max_page_count = 10")
        for number in range(2, 40):
            store.put(store.key(number), os.urandom(100_000))
    assert caught.value.errno == errno.ENOSPC and str(store.path) in str(caught.value)
    with PartStore(tmp_path / "product.tif", {}) as store:
        assert store.get(store.key(1)) == b"first" and store.get(store.key(39)) is None


def test_memory_does_not_grow_with_the_store(tmp_path):
    """The largest resident set of a process that keeps 100 MB, and of one that reads them and deletes half."""
    program = """
import os, resource, sys
from imfmap.core.part_store import PartStore
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with PartStore(sys.argv[1], {}) as store:
    for number in range(0, 200, int(sys.argv[2])):
        store.values(store.key(number), lambda: os.urandom(250_000).hex())
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    for step, megabytes in ((1, 60), (1, 60), (2, 30)):
        arguments = [sys.executable, "-c", program, str(tmp_path / "product.tif"), str(step)]
        grown_kb = int(subprocess.run(arguments, env=environment, check=True, stdout=subprocess.PIPE).stdout)
        assert grown_kb < 16_000
        size = (tmp_path / ".product.blocks").stat().st_size / 1e6
        assert 0.4 * megabytes < size < megabytes


def test_a_failed_job_keeps_its_parts_for_the_next(tmp_path):
    with pytest.raises(ZeroDivisionError), PartStore(tmp_path / "product.tif", {}) as store:
        store.put(store.key(1), b"first")
        raise ZeroDivisionError
    with PartStore(tmp_path / "product.tif", {}) as store:
        assert store.get(store.key(1)) == b"first"


# --- products of several images ---


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(fusion, "BLOCK_PX", BLOCK)
    monkeypatch.setattr(mosaic_module, "_WINDOW_PX", BLOCK)


def write_image(folder, number, row, column, rows, columns, seed=None):
    """Probability and projected image of a product on a part of the grid."""
    rng = np.random.default_rng(number if seed is None else seed)
    grid, product = GRID.window(row, column, rows, columns), f"M{100 + number}L"
    facts = ImageFacts(product, "2010-01-01T00:00:00", 90.0, 40.0 + number, 1.0, 60.0, 1.0, "native")
    projected, probability = folder / f"{product}.tif", folder / f"{product}_p.tif"
    image = rng.uniform(0.02, 0.2, grid.shape).astype(np.float32)
    image[:5] = np.nan
    write_raster(projected, image, grid, nodata=np.nan, tags=facts.tags())
    with create_probability(probability, grid, {MEDIAN_TAG: 0.1}) as dataset:
        dataset.write(encode(np.where(np.isnan(image), np.nan, rng.random(grid.shape))), 1)
    return probability, projected


@pytest.fixture
def images(tmp_path):
    """Files of four images in a row, and of one more that lies on two of them."""
    folder = tmp_path / "images"
    places = [(0, 0, 500, 300), (10, 250, 480, 300), (0, 500, 500, 280), (0, 740, 500, 260), (100, 130, 120, 240)]
    return [write_image(folder, number, *place) for number, place in enumerate(places)]


def run_fuse(folder, images):
    out = folder / "probability.tif"
    with BlockSpy() as spy:
        fuse([image[0] for image in images], [image[1] for image in images], out, GRID)
    return out.read_bytes(), spy.made


def run_mosaic(folder, images, stretch=(0.01, 0.2), priority="ontop", **options):
    out = folder / "mosaic.tif", folder / "mosaic_sources.tif"
    with BlockSpy() as spy:
        mosaic([image[1] for image in images], GRID, *out, stretch=stretch, priority=priority, **options)
    return b"".join(path.read_bytes() for path in out), spy.made


class BlockSpy:
    """Counts what is put into stores."""

    def __enter__(self):
        self.made, self._put = 0, PartStore.put

        def put(store, key, data):
            self.made += 1
            self._put(store, key, data)

        PartStore.put = put
        return self

    def __exit__(self, *_):
        PartStore.put = self._put


@pytest.mark.parametrize("run", [run_fuse, run_mosaic])
def test_one_image_more_costs_its_blocks_and_gives_what_a_run_from_scratch_gives(tmp_path, small_blocks, images, run):
    before, first = run(tmp_path, images[:4])
    assert run(tmp_path, images[:4]) == (before, 0)
    after, second = run(tmp_path, images)
    assert after == run(tmp_path / "scratch", images)[0] != before
    # Rows 100-219, columns 130-369: 2 x 2 blocks of 4 x 8.
    assert first == 32 and second == 4
    assert run(tmp_path, images) == (after, 0)
    assert run(tmp_path, images[:4]) == (before, 4), "what it took off is made again, and no more"


@pytest.mark.parametrize("run", [run_fuse, run_mosaic])
def test_a_touched_or_moved_file_changes_nothing_and_another_content_its_blocks(tmp_path, small_blocks, images, run):
    before, _ = run(tmp_path, images)
    for path in images[1]:
        os.utime(path)
    moved = tmp_path / "moved"
    shutil.move(images[4][0].parent, moved)
    images = [tuple(moved / path.name for path in image) for image in images]
    assert run(tmp_path, images) == (before, 0)
    images[4] = write_image(moved, 4, 100, 130, 120, 240, seed=99)
    after, made = run(tmp_path, images)
    assert made == 4 and after == run(tmp_path / "scratch", images)[0] != before


def test_an_image_that_is_no_more_leaves_the_others_in_their_places(tmp_path, small_blocks, images):
    run_mosaic(tmp_path, images)
    after, made = run_mosaic(tmp_path, images[1:])
    assert after == run_mosaic(tmp_path / "scratch", images[1:])[0]
    # Of columns 0-299 the blocks in which there are other images: two columns of four.
    assert made == 8


@pytest.mark.parametrize("options", [{"stretch": "minmax"}, {"priority": "average"}, {"brightness": "both"}])
def test_what_concerns_all_of_a_mosaic_is_never_out_of_date(tmp_path, small_blocks, images, options):
    run_mosaic(tmp_path, images[:4], **options)
    assert run_mosaic(tmp_path, images, **options)[0] == run_mosaic(tmp_path / "scratch", images, **options)[0]
    other = {"priority": "beneath"}
    assert run_mosaic(tmp_path, images, **other)[0] == run_mosaic(tmp_path / "scratch2", images, **other)[0]


def test_a_percentile_stretch_stays_when_an_image_comes(tmp_path, small_blocks, images):
    run_mosaic(tmp_path, images[:4], stretch="percentile")
    after, made = run_mosaic(tmp_path, images, stretch="percentile")
    assert after == run_mosaic(tmp_path / "scratch", images, stretch="percentile")[0]
    # Of each of the four blocks the measure and the picture.
    assert made == 8


# --- the paper's inference ---


class Counting(torch.nn.Module):
    """A convolution with edges, that counts the windows it is given."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(5)
        self.layer, self.seen = torch.nn.Conv2d(1, 1, 5, padding=2), 0

    def forward(self, image):
        self.seen += int((image.reshape(len(image), -1).std(dim=1) > 0).sum())
        return 8 * self.layer(image)


@pytest.fixture
def network(monkeypatch):
    model = Counting()
    settings = {"recipe": "paper", "tile_size_px": 64}
    monkeypatch.setattr(network_module, "load_checkpoint", lambda path: (model, settings))
    return model


def infer(folder, network, image, settings=SETTINGS, checkpoint=b"one"):
    folder.mkdir(exist_ok=True)
    (folder / "model.pt").write_bytes(checkpoint)
    write_raster(folder / "mosaic.tif", image, replace(GRID, shape=image.shape), nodata=0)
    network.seen = 0
    out = folder / "probability.tif"
    infer_module.infer_mosaic(folder / "model.pt", folder / "mosaic.tif", out, settings)
    return out.read_bytes(), network.seen


def test_tiles_whose_pixels_did_not_change_are_not_inferred_again(tmp_path, network):
    image = np.random.default_rng(2).integers(1, 256, (400, 400), dtype=np.uint8)
    before, first = infer(tmp_path, network, image)
    assert first == 64, "64 px every 48 px: 8 x 8"
    assert infer(tmp_path, network, image) == (before, 0)
    changed = image.copy()
    changed[100:110, 200:210] = 9
    after, second = infer(tmp_path, network, changed)
    # Of the rows windows 1 (48-111) and 2 (96-159) reach 100-109, of the columns 3 (144-207) and 4 (192-255).
    assert second == 4 and after != before
    assert after == infer(tmp_path / "scratch", network, changed)[0]


def test_blocks_whose_windows_did_not_change_are_not_blended_again(tmp_path, network, monkeypatch):
    monkeypatch.setattr(infer_module, "_use_threads", lambda threads: 2)
    image = np.random.default_rng(2).integers(1, 256, (1200, 2300), dtype=np.uint8)
    image[:300, 1000:1100] = 0
    blended, before = [], WindowCache.codes

    def codes(known, block, make):
        return before(known, block, lambda place: blended.append(place) or make(place))

    monkeypatch.setattr(WindowCache, "codes", codes)
    infer(tmp_path, network, image)
    assert len(blended) == 6
    for place, blocks in {
        (500, 600): {(0, 0)},
        # Columns 1008-1071 are a window's: it reaches into two blocks.
        (500, 1022): {(0, 0), (0, 1024)},
        (1199, 2299): {(1024, 2048)},
    }.items():
        image[place] ^= 1
        blended.clear()
        after, _ = infer(tmp_path, network, image)
        assert set(blended) == blocks
        assert after == infer(tmp_path / "scratch", network, image)[0]
        shutil.rmtree(tmp_path / "scratch")
    blended.clear()
    settings = {**SETTINGS, "overlap": 0.0}
    after, seen = infer(tmp_path, network, image, settings)
    assert len(blended) == 6 and seen > 0, "the same windows elsewhere do not make a block known"
    assert after == infer(tmp_path / "scratch", network, image, settings)[0]


@pytest.mark.parametrize(
    "change",
    [
        {"settings": {**SETTINGS, "test_time_augmentation": ["flips"]}},
        {"checkpoint": b"two"},
        {"settings": SETTINGS | {"batch_size": 3}},
    ],
)
def test_another_checkpoint_or_setting_infers_all_anew(tmp_path, network, change):
    image = np.random.default_rng(2).integers(1, 256, (200, 200), dtype=np.uint8)
    _, first = infer(tmp_path, network, image)
    views = 4 if change.get("settings", {}).get("test_time_augmentation") else 1
    assert infer(tmp_path, network, image, **change)[1] == views * first == views * 16


# --- polygons ---


def test_a_polygon_that_is_there_again_is_not_measured_again(tmp_path, monkeypatch):
    measured = []
    before = measures._measures
    monkeypatch.setattr(
        measures, "_measures", lambda geometry, *rest: measured.append(geometry) or before(geometry, *rest)
    )
    probability = tmp_path / "probability.tif"
    with create_probability(probability, GRID) as dataset:
        dataset.write(np.full(GRID.shape, 200, np.uint8), 1)
    bars = [
        shapely.box(x, 300.0, x + 12.0, 300.0 + length) for x, length in ((100.0, 80.0), (400.0, 60.0), (700.0, 200.0))
    ]
    bars.append(shapely.MultiPolygon([shapely.box(900, 400, 906, 406), shapely.box(906, 406, 912, 412)]))

    def measure(shapes, folder=tmp_path):
        measured.clear()
        frame = geopandas.GeoDataFrame(geometry=list(shapes), crs=GRID.crs)
        return [part.to_wkt().to_csv() for part in measures.measure(frame, probability, folder / "fractures.gpkg")]

    first = measure(bars[:3])
    assert len(measured) == 3
    assert measure(bars[:3]) == first and not measured
    second = measure(bars)
    assert measured == [bars[3]]
    (tmp_path / "scratch").mkdir()
    assert measure(bars, tmp_path / "scratch") == second
    codes = np.full(GRID.shape, 200, np.uint8)
    row, column = (int(np.rint(place)) for place in GRID.rowcol(bars[1].bounds[0], bars[1].bounds[3]))
    codes[row : row + 6, column : column + 6] = 150
    with create_probability(probability, GRID) as dataset:
        dataset.write(codes, 1)
    third = measure(bars)
    assert measured == [bars[1]] and third != second, "its confidence is another"
    (tmp_path / "other").mkdir()
    assert measure(bars, tmp_path / "other") == third
    frame = geopandas.GeoDataFrame(geometry=bars, crs=GRID.crs)
    assert [part.to_wkt().to_csv() for part in measures.measure(frame, probability)] == third


def test_arrays_come_back_as_they_were(tmp_path):
    rng = np.random.default_rng(0)
    smooth = np.full((300, 200), 1000, np.uint16)
    smooth[:, 90:99] += rng.integers(0, 9, (300, 9)).astype(np.uint16)
    arrays = {
        "noise": rng.integers(0, 65536, (300, 200)).astype(np.uint16),
        "smooth": smooth,
        "turned": rng.random((5, 7)).T,
        "flags": rng.random((3, 4, 5)) > 0.5,
        "none": np.empty((0, 4), np.float32),
        "number": np.array(2.5, np.float32),
    }
    with PartStore(tmp_path / "product.tif", {}) as store:
        key = store.key("arrays")
        store.arrays(key, lambda: arrays)
        found = store.arrays(key, dict)
        # Numbers that repeat take little room, and those that do not take no more than they have.
        sizes = {}
        for name in ("noise", "smooth"):
            store.arrays(store.key(name), lambda name=name: {name: arrays[name]})
            sizes[name] = len(store._read(store.key(name)))
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype and found[name].flags.writeable
        np.testing.assert_array_equal(found[name], array)
        assert found[name].shape == array.shape
    assert sizes["noise"] < 1.01 * arrays["noise"].nbytes and sizes["smooth"] < 0.1 * smooth.nbytes
