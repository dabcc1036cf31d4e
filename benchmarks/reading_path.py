"""Speed of all but the network, compared with another commit: `python benchmarks/reading_path.py --against FOLDER`.

FOLDER is a checkout of the other commit (`git worktree add FOLDER COMMIT`). Cases are inference from disk to disk with
a network that returns at once (an image, an image turned to the Sun, a mosaic), and the loading of training tiles with
the augmentation of each recipe. Each case runs in a process of its own, in this checkout and in the other by turns.
Imports, the building of the network and one run to warm up are not counted. The result is Markdown. The seconds of the
processor, of all threads, are what other work on the machine changes least. So ratios are theirs. It also says whether
both commits made the same pixels.
"""

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
INFERENCE = {"image": "image.tif", "image turned to the Sun": "image.tif", "mosaic": "mosaic.tif"}
LOADING = {"training tiles, recipe paper": "paper", "training tiles, recipe sun_aligned": "sun_aligned"}
CASES = (*INFERENCE, *LOADING)


def bench_of(learning: Any, options: dict[str, Any]) -> Any:
    """Return the settings of the benchmark of a checkout's module `learning`."""
    sizes = (options["size_px"], 8, 1.0, 0)
    torch = learning.torch
    return learning.Bench("deeplabv3_mobilenet_v3_large", *sizes, torch.device("cpu"), torch.float32, False)


def infer(learning: Any, options: dict[str, Any], case: str) -> dict[str, Any]:
    """Search an image or a mosaic with a network that returns at once."""
    bench, folder = bench_of(learning, options), Path(options["folder"])
    checkpoint, out = folder / "model.pt", folder / "probability.tif"
    recipe = {"recipe": "sun_aligned"} if "turned" in case else {}
    learning.save_checkpoint(checkpoint, learning.build_model(bench.settings()), bench.settings() | recipe)
    network = learning.AtOnce(checkpoint, bench.inference())
    run = learning.infer_mosaic if case == "mosaic" else learning.infer_image
    small, path = (folder / name for name in (f"small_{INFERENCE[case]}", INFERENCE[case]))
    with learning.mock.patch.object(learning.infer_module, "Predictor", lambda *_: network):
        learning.infer_ours(bench, run, checkpoint, small, folder / "warm.tif")
        started, used = time.perf_counter(), time.process_time()
        learning.infer_ours(bench, run, checkpoint, path, out)
        wall_s, cpu_s = time.perf_counter() - started, time.process_time() - used
    with learning.rasterio.open(out) as dataset:
        tiles = (dataset.height // bench.size_px) * (dataset.width // bench.size_px)
        digest = hashlib.sha256(dataset.read(1).tobytes()).hexdigest()
    return {"tiles": tiles, "wall_s": wall_s, "cpu_s": cpu_s, "digest": digest}


def load(learning: Any, options: dict[str, Any], case: str) -> dict[str, Any]:
    """Load tiles of training, each with its augmentation."""
    from imfmap.learning.augment import AUGMENTATIONS

    bench, tiles = bench_of(learning, options), options["tiles"]
    chosen = [learning.np.arange(tiles) % bench.batch_size]
    dataset = learning.TileDataset([bench.tiles(bench.batch_size)], chosen, AUGMENTATIONS[LOADING[case]])
    for index in range(min(tiles, 16)):
        dataset[1, index]
    digest = hashlib.sha256()
    started, used = time.perf_counter(), time.process_time()
    for index in range(tiles):
        item = dataset[0, index]
        if index < 16:
            digest.update(item["image"].numpy().tobytes() + item["mask"].numpy().tobytes())
    wall_s, cpu_s = time.perf_counter() - started, time.process_time() - used
    return {"tiles": tiles, "wall_s": wall_s, "cpu_s": cpu_s, "digest": digest.hexdigest()}


def run_case(options: dict[str, Any], case: str) -> dict[str, Any]:
    """Run one case with the library of `options["checkout"]`, in this process."""
    checkout = Path(options["checkout"])
    sys.path[:0] = [str(checkout / "benchmarks"), str(checkout / "workflow")]
    import learning

    learning.torch.set_num_threads(options["threads"])
    return (infer if case in INFERENCE else load)(learning, options, case)


def make_inputs(options: dict[str, Any]) -> None:
    """Write an image and a mosaic, and small ones to warm up."""
    sys.path.insert(0, str(HERE))
    import learning

    bench, folder = bench_of(learning, options), Path(options["folder"])
    for prefix, tiles in (("", options["tiles"]), ("small_", 4)):
        image = folder / f"{prefix}image.tif"
        learning.write_image(bench, image, tiles)
        learning.write_mosaic(image, folder / f"{prefix}mosaic.tif")


def in_process(options: dict[str, Any], case: str) -> dict[str, Any]:
    """Return what a step prints that runs in a process of its own."""
    command = [sys.executable, str(HERE / "reading_path.py"), "--step", json.dumps([options, case])]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{case}: failed\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def measure(options: dict[str, Any], checkouts: dict[str, Path], cases: list[str], rounds: int) -> dict[str, Any]:
    """Return the results of each case and checkout: one for each round."""
    found = {case: {name: [] for name in checkouts} for case in cases}
    with tempfile.TemporaryDirectory() as folder:
        options = {**options, "folder": folder}
        in_process(options, "inputs")
        for case in cases:
            for _ in range(rounds):
                for name, checkout in checkouts.items():
                    found[case][name].append(in_process({**options, "checkout": str(checkout)}, case))
                    # A mosaic's windows are kept beside it.
                    for kept in Path(folder).glob(".*.blocks"):
                        kept.unlink()
    return found


def report(found: dict[str, Any]) -> str:
    """Return the table in Markdown; of several rounds, the one with the fewest seconds of the processor counts."""
    lines = [
        "| case | tiles/s | CPU ms a tile | before | ratio | same pixels |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for case, by_name in found.items():
        best = {name: min(results, key=lambda one: one["cpu_s"]) for name, results in by_name.items()}
        ours, tiles = best["this"], best["this"]["tiles"]
        cells = [case, f"{tiles / ours['wall_s']:.0f}", f"{1000 * ours['cpu_s'] / tiles:.2f}", "", "", ""]
        if "other" in best:
            other = best["other"]
            same = "yes" if other["digest"] == ours["digest"] else "no"
            cells[3:] = [f"{1000 * other['cpu_s'] / tiles:.2f}", f"{other['cpu_s'] / ours['cpu_s']:.2f}", same]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description="Speed of all but the network, compared with another commit.")
    parser.add_argument("--against", type=Path, help="checkout of the other commit")
    parser.add_argument("--cases", nargs="+", choices=CASES, default=[*CASES])
    parser.add_argument("--tiles", type=int, default=400, help="tiles in a case")
    parser.add_argument("--size-px", type=int, default=256)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--step", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.step:
        options, case = json.loads(given.step)
        print(json.dumps(make_inputs(options) if case == "inputs" else run_case(options, case)))
        return
    checkouts = {"this": HERE.parent}
    if given.against:
        checkouts["other"] = given.against.resolve()
    options = {"tiles": given.tiles, "size_px": given.size_px, "threads": given.threads}
    print(report(measure(options, checkouts, given.cases, given.rounds)))


if __name__ == "__main__":
    main()
