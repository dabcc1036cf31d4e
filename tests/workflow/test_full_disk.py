"""Every kind of file that the library writes, on a disk that is full after any number of bytes: one line, no file.

The library writes through others that tell of a full disk in their own words, or not at all. Each kind of file is
written here within a job, on a small disk of its own (root mounts it), and under a limit of file sizes (as anybody).
"""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import geopandas
import numpy as np
import pandas as pd
import pytest
import shapely
import torch

from imfmap.core.files import replacing, replacing_folder
from imfmap.core.jsonfiles import write_json
from imfmap.core.part_store import PartStore
from imfmap.core.scratch import RowFile, Scratch
from imfmap.core.temporary import remove_leftovers
from imfmap.learning.models import build_model, save_checkpoint
from imfmap.learning.training_log import EpochLog
from imfmap.learning.training_state import TrainingState
from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid
from imfmap.maps.probability_raster import create_probability
from imfmap.maps.rasters import write_raster
from imfmap.maps.reported_writes import open_for_writing
from imfmap.maps.vectors import write_vector
from imfmap.plots.style import saved_figure
from imfmap.products.viewer.pyramid import grey_picture, mean, write_pyramid
from imfmap.run.job import job
from imfmap.run.left_out import write_mark

GRID = MapGrid.covering(body("moon").projected("equirectangular", 10.0, 20.0), (0, 0, 1400.0, 1200.0), 2.0)
RNG = np.random.default_rng(1)
PIXELS = RNG.random(GRID.shape).astype(np.float32)
CODES = (PIXELS * 250).astype(np.uint8)
FRACTURES = geopandas.GeoDataFrame(
    {"number": range(400), "name": [f"fracture {number}" for number in range(400)]},
    geometry=[shapely.Point(x, y).buffer(5) for x, y in RNG.random((400, 2)) * 1000],
    crs=GRID.crs,
)


def raster(folder):
    write_raster(folder / "a.tif", PIXELS, GRID, nodata=np.nan)


def cloud_raster(folder):
    with create_probability(folder / "a.tif", GRID) as dataset:
        dataset.write(CODES, 1)


def cube(folder):
    profile = {"driver": "ISIS3", "width": 700, "height": 600, "count": 1, "dtype": "float32"}
    with replacing(folder / "a.cub") as temporary, open_for_writing(temporary, **profile) as dataset:
        dataset.write(PIXELS, 1)


def vector(suffix):
    def write(folder):
        layers = {"one": FRACTURES, "two": FRACTURES} if suffix == ".gpkg" else FRACTURES
        write_vector(folder / f"a{suffix}", layers)

    return write


def figure(suffix):
    def write(folder):
        with saved_figure(folder / f"a{suffix}") as axes:
            axes.imshow(PIXELS[:200, :200])
            axes.plot(*RNG.random((2, 500)))

    return write


def table(folder):
    with replacing(folder / "a.csv") as temporary:
        pd.DataFrame(FRACTURES.drop(columns="geometry")).to_csv(temporary)


def arrays(folder):
    with replacing(folder / "a.npz") as temporary:
        np.savez_compressed(temporary, pixels=PIXELS)


SETTINGS = {"architecture": "unet", "encoder": "resnet18", "decoder_channels": [32, 16, 8], "recipe": "paper"}
MODEL = build_model(SETTINGS)


def checkpoint(folder):
    save_checkpoint(folder / "a.pt", MODEL, SETTINGS)


def training_state(folder):
    TrainingState(folder / ".resume", "key").save({"network": torch.from_numpy(PIXELS)}, 1)
    (folder / "a.txt").touch()


def training_log(folder):
    with EpochLog(folder / "logs") as log:
        for epoch in range(3000):
            log.add({"epoch": epoch, "train_loss": 0.5})
    (folder / "a.txt").touch()


def part_store(folder):
    with PartStore(folder / "a.tif", {}) as store:
        for number in range(10):
            store.put(store.key(number), PIXELS[number * 50 : (number + 1) * 50].tobytes())
    (folder / "a.txt").touch()


def scratch(folder):
    with Scratch(folder / "a.tif", {}) as kept:
        rows = RowFile(kept.path("rows"), GRID.shape, np.float32)
        rows.write(0, 0, PIXELS)
        kept.save_state({"pixels": PIXELS})
        (folder / "a.txt").touch()


def viewer_tiles(folder):
    def read(row, column, rows, columns):
        tile = np.zeros((rows, columns), np.uint8)
        seen = CODES[row : row + rows, column : column + columns]
        tile[: seen.shape[0], : seen.shape[1]] = seen
        return tile

    with replacing_folder(folder / "a") as new:
        write_pyramid(new, GRID.shape, read, mean, grey_picture)


WRITERS = {
    "GeoTIFF": raster,
    "cloud optimized GeoTIFF": cloud_raster,
    "ISIS cube": cube,
    "GeoPackage": vector(".gpkg"),
    "shapefile": vector(".shp"),
    "GeoJSON": vector(".geojson"),
    "PNG": figure(".png"),
    "PDF": figure(".pdf"),
    "JSON": lambda folder: write_json(folder / "a.json", {"numbers": list(range(20_000))}),
    "CSV": table,
    "NPZ": arrays,
    "checkpoint": checkpoint,
    "state of a training": training_state,
    "log of a training": training_log,
    "store of parts": part_store,
    "scratch": scratch,
    "tiles of a viewer": viewer_tiles,
    "mark of an image left out": lambda folder: write_mark(folder / "a.tif", "project", "is bad"),
}


def says_in(descriptor):
    """Send all that this process says as an error to an open file, also what libraries say past Python."""
    os.dup2(descriptor, 2)
    sys.stderr = open(2, "w", buffering=1, closefd=False)  # noqa: SIM115 (it stays till the process ends)


def in_a_job(writer, folder, log, limit=None):
    """Run a writer as a script of a rule does, in a process of its own.

    Returns
    -------
    tuple of int and str
        Exit status, and all that it said on standard error.
    """
    snakemake = SimpleNamespace(rule="step", log=[str(log)], input=[], output=[str(folder / "a")], params={})
    # A pipe: a limit of file sizes would cut a file.
    said, end = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 99
        try:
            says_in(end)
            if limit is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
            with job(snakemake):
                writer(folder)
            status = 0
        except SystemExit as ended:
            status = ended.code
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            os._exit(status)
    os.close(end)
    with open(said, errors="replace") as text:
        told = text.read()
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), told


def shown_files(folder):
    """Files under final names, with their bytes."""
    files = (path for path in folder.rglob("*") if path.is_file() and "logs" not in path.parts)
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in files
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    }


def check(name, folder, log, whole, limit=None):
    status, said = in_a_job(WRITERS[name], folder, log, limit)
    # GDAL says on standard error, too, what it does not raise.
    lines = [line for line in said.splitlines() if line and not line.startswith(("_tiff", "ERROR"))]
    if status == 0:
        assert shown_files(folder).keys() == whole.keys(), said
        assert {key: len(data) for key, data in shown_files(folder).items()} == {
            key: len(data) for key, data in whole.items()
        }
        return False
    assert status == 1, said
    assert len(lines) == 1 and lines[0].startswith("imfmap: step: ") and ";" in lines[0], said
    assert "Traceback" not in said
    assert shown_files(folder) == {}, lines
    return True


@pytest.fixture(scope="module", params=WRITERS)
def written(request, tmp_path_factory):
    """Name of a writer, what it writes on a disk with room, and the bytes that this takes."""
    folder = tmp_path_factory.mktemp("whole")
    status, said = in_a_job(WRITERS[request.param], folder, folder.with_suffix(".log"))
    assert status == 0, said
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return request.param, shown_files(folder), sizes


# Of the bytes that a file takes: none, any, and all but the last.
SHARES = [0.0, *np.random.default_rng(7).random(2).round(3), 0.999]


def test_a_small_disk_gives_one_line_and_no_file(written, tmp_path):
    name, whole, sizes = written
    failed = []
    for number, share in enumerate(SHARES):
        disk = tmp_path / str(number)
        disk.mkdir()
        pages = max(1, int(share * sum(sizes)) // 4096)
        mount = ["mount", "-t", "tmpfs", "-o", f"size={pages * 4096}", "tmpfs", str(disk)]
        if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
            pytest.skip("no small disk: mounting one needs root")
        try:
            failed.append(check(name, disk, tmp_path / f"{number}.log", whole))
            # The same goes on once there is room.
            subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
            status, said = in_a_job(WRITERS[name], disk, tmp_path / f"{number}.log")
            assert status == 0 and shown_files(disk).keys() == whole.keys(), said
        finally:
            subprocess.run(["umount", "--lazy", str(disk)], check=True)
    assert failed[0] or sum(sizes) < 4096


def test_a_limit_of_file_sizes_gives_one_line_and_no_file(written, tmp_path):
    """Nothing shows in the room of the disk, as with a quota."""
    name, whole, sizes = written
    failed = []
    for number, share in enumerate(SHARES):
        folder = tmp_path / str(number)
        folder.mkdir()
        # The log is a file, too.
        limit = max(300, int(share * max(sizes)))
        failed.append(check(name, folder, tmp_path / f"{number}.log", whole, limit))
    assert failed[0]


# These keep what they have for the next try, under names that stay.
KEPT = ("log of a training", "store of parts")


@pytest.mark.parametrize("name", [name for name in WRITERS if name not in KEPT])
def test_what_a_kill_leaves_goes_at_the_next_start(tmp_path, name):
    """Killed in the moment when the file is whole and has not its name yet: it is as large as it will be."""
    pid = os.fork()
    if pid == 0:
        os.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
        WRITERS[name](tmp_path)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    assert sum(path.is_file() for path in tmp_path.rglob("*")) > 0
    remove_leftovers(tmp_path)
    left = [path for path in tmp_path.rglob("*") if path.is_file() and ".scratch" not in path.parent.name]
    assert left == []


@pytest.mark.parametrize(("limit", "found"), [("NOFILE", "too many files are open"), ("AS", "the memory is used up")])
def test_other_limits_of_the_system_give_one_line(tmp_path, limit, found):
    def reaches_it(folder):
        number = getattr(resource, f"RLIMIT_{limit}")
        if limit == "NOFILE":
            resource.setrlimit(number, (40, 40))
            files = [open(os.devnull) for _ in range(100)]  # noqa: SIM115
            assert not files
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(number, (used + 10**8, used + 10**8))
        np.ones(10**9)

    status, said = in_a_job(reaches_it, tmp_path, tmp_path / "a.log")
    assert status == 1 and found in said and len(said.splitlines()) == 1


@pytest.fixture
def read_only_disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("no read-only disk: mounting one needs root")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.parametrize("name", WRITERS)
def test_a_read_only_disk_gives_one_line(read_only_disk, tmp_path, name):
    status, said = in_a_job(WRITERS[name], read_only_disk, tmp_path / "a.log")
    assert status == 1 and len(said.splitlines()) == 1, said
    assert "the disk is read-only" in said and str(read_only_disk) in said


def test_a_log_that_cannot_be_written_gives_one_line(read_only_disk, tmp_path):
    log, output = [str(read_only_disk / "a.log")], [str(tmp_path / "a")]
    snakemake = SimpleNamespace(rule="step", log=log, input=[], output=output, params={})
    pid = os.fork()
    if pid == 0:
        says_in(os.open(tmp_path / "said", os.O_WRONLY | os.O_CREAT))
        try:
            with job(snakemake):
                pass
        except SystemExit as ended:
            os._exit(ended.code)
        os._exit(99)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 1
    lines = (tmp_path / "said").read_text().splitlines()
    assert len(lines) == 1 and "the disk is read-only" in lines[0]
