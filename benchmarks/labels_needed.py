"""How many labels help: `python benchmarks/labels_needed.py`.

The shipped detector learns on from the weak labels of more and more simulated craters of the benchmark set (the small
size; each crater has 4.4 km2 and two images), as a user of docs/tutorial_labels.md does it with drawn ones. Each
training takes as many steps. The networks are then scored against the exact truth of five other craters, every image
alone. The first row is the detector as it comes. The result is Markdown.

The folder holds what Snakemake made; what is there is used again.
"""

import argparse
import math
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas
import pandas
import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "workflow"))

from imfmap.learning.train import train  # noqa: E402
from imfmap.tiles.split import LEFT_OUT, split_tiles  # noqa: E402

CRATERS = ("king", "jackson", "tycho", "aristarchus", "lalande", "wiener_f")
RESULTS = Path("results", "benchmark_small")
# Share of the tiles that validates.
VALIDATION_FRACTION = 0.2
CONFIGS = [ROOT / "config" / name for name in ("benchmark.yaml", "comparison.yaml")]
COLUMNS = {"F1 %": "F1 %", "P %": "precision %", "R %": "recall %", "AP %": "AP %", "fractures found %": "found %"}
COLUMNS["false objects / km2"] = "false objects / km2"


@dataclass(frozen=True)
class Labels:
    """An amount of labels.

    Attributes
    ----------
    craters : int
        The first so many of `CRATERS` are labelled.
    share : float
        Share of each one's tiles, in reading order from the north. The others are left out.
    """

    craters: int
    share: float = 1.0

    @property
    def name(self) -> str:
        """Name of the model that learns from them."""
        return f"labels_{self.craters * self.share:g}".replace(".", "_")


AMOUNTS = (Labels(1, 0.25), Labels(1), Labels(3), Labels(6))


def snakemake(folder: Path, targets: Sequence[str], configs: Sequence[Path]) -> None:
    """Make files of the benchmark set in a folder.

    Raises
    ------
    subprocess.CalledProcessError
        If Snakemake fails.
    """
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--directory", str(folder)]
    command += ["--cores", str(len(os.sched_getaffinity(0))), *targets, "--configfile", *map(str, configs)]
    subprocess.run([*command, "--config", "size=small"], check=True, stdout=sys.stderr)


def labelled(folder: Path, labels: Labels) -> tuple[float, int]:
    """Return the length of the labelled fractures, km, and their number: the share of those of the craters."""
    length_m, number = 0.0, 0
    for name in CRATERS[: labels.craters]:
        lines = geopandas.read_file(folder / RESULTS / name / "simulated" / "labels.gpkg", layer="lines")
        length_m, number = length_m + lines.length.sum(), number + len(lines)
    return labels.share * length_m / 1000.0, round(labels.share * number)


def divided(table: pandas.DataFrame, share: float, seed: int) -> pandas.DataFrame:
    """Return a table of tiles (`split.split_tiles`) in which the share of labelled ground trains and validates.

    The first tiles of each image are labelled, in reading order. The others are left out.
    """
    count = table.groupby(["target", "product"]).tile.transform("max") + 1
    known = table.tile + 1 <= share * count
    validates = table[known].sample(frac=VALIDATION_FRACTION, random_state=seed).index
    sets = pandas.Series(LEFT_OUT, table.index).mask(known, "train")
    sets[validates] = "validation"
    return table.assign(set=sets)


def learn(folder: Path, labels: Labels, steps: int, detector: dict, seed: int) -> Path:
    """Let the detector learn on from an amount of labels, unless that was done before.

    Parameters
    ----------
    folder : Path
        Folder of `snakemake`, with the tiles of all craters.
    labels : Labels
    steps : int
        Approximate steps of the training: epochs are whole.
    detector : dict
        Settings of the network, and the weights to start from.
    seed : int

    Returns
    -------
    Path
        The checkpoint.
    """
    work = folder / f"{labels.name}-s{seed}"
    checkpoint = work / "checkpoint.pt"
    if checkpoint.exists():
        return checkpoint
    work.mkdir(exist_ok=True)
    paths = [
        path
        for name in CRATERS[: labels.craters]
        for path in sorted((folder / RESULTS / name / "tiles" / "sun_aligned").glob("*.npz"))
    ]
    table = divided(split_tiles(paths, work / "split.csv", seed=seed), labels.share, seed)
    table.to_csv(work / "split.csv", index=False)
    epochs = max(1, round(steps * detector["batch_size"] / (table.set == "train").sum()))
    training = {"epochs": epochs, "learning_rate": 0.001, "schedule": "onecycle", "dice_weight": 0.5}
    made = [work / name for name in ("metrics.json", "curves.png")]
    machine = {"device": "auto", "threads": len(os.sched_getaffinity(0))}
    train(paths, work / "split.csv", checkpoint, *made, model=detector, training=training | machine, seed=seed)
    return checkpoint


def scores(folder: Path, models: dict[str, dict]) -> pandas.DataFrame:
    """Score models on the craters that no training has seen.

    Parameters
    ----------
    folder : Path
    models : dict
        Settings of each model, as in a configuration.

    Returns
    -------
    pandas.DataFrame
        The first table of the comparison, one row for each model.
    """
    question = {"title": "How many labels help", "models": [*models]}
    config = folder / "labels_needed.yaml"
    config.write_text(yaml.safe_dump({"models": models, "comparison": {"questions": {"labels_needed": question}}}))
    snakemake(folder, ["comparison_labels_needed"], [*CONFIGS, config])
    lines = (folder / RESULTS / "comparison" / "labels_needed" / "images.md").read_text().splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("| model"))
    rows = [[cell.strip() for cell in line.strip("| ").split("|")] for line in lines[first : lines.index("", first)]]
    return pandas.DataFrame(rows[2:], columns=rows[0]).set_index("model")


def report(table: pandas.DataFrame, amounts: dict[str, tuple[float, float, int]]) -> str:
    """Return the result as Markdown.

    Parameters
    ----------
    table : pandas.DataFrame
        Scores by model (see `scores`).
    amounts : dict
        Labelled ground in km2, length in km and number of the fractures on it, by model.
    """
    lines = ["| labelled km2 | fractures | their length, km | " + " | ".join(COLUMNS.values()) + " |"]
    lines.append("|---" * (3 + len(COLUMNS)) + "|")
    for model, (km2, km, number) in amounts.items():
        of_seeds = table[table.index.str.fullmatch(rf"{model}(_s\d+)?")]
        cells = [_mean(of_seeds[column]) for column in COLUMNS]
        lines.append(f"| {km2:.1f} | {number} | {km:.1f} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _mean(cells):
    """Return mean and standard deviation of the seeds."""
    values = cells.astype(float)
    spread = "" if len(values) == 1 else f" ± {values.std():.1f}"
    return f"{values.mean():.1f}{spread}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=ROOT / "results" / "labels_needed")
    parser.add_argument("--steps", type=int, default=200, help="approximate steps of each training")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    given = parser.parse_args(arguments)
    given.folder.mkdir(parents=True, exist_ok=True)
    config = yaml.safe_load((ROOT / "config" / "my_crater.yaml").read_text())
    detector = config["models"]["mine"] | {"weights": str(ROOT / config["models"]["mine"]["weights"])}
    small = yaml.safe_load(CONFIGS[0].read_text())["small"]["targets"]
    products = {name: [image["product"] for image in small[name]["simulate"]["images"]] for name in CRATERS}
    tiles = [RESULTS / name / "tiles" / "sun_aligned" / f"{each}.npz" for name in CRATERS for each in products[name]]
    snakemake(given.folder, list(map(str, tiles)), CONFIGS)
    models, amounts = {"detector": {"shipped": "detector"}}, {"detector": (0.0, 0.0, 0)}
    for labels in AMOUNTS:
        km2 = sum(math.prod(small[name]["extent_km"]) for name in CRATERS[: labels.craters]) * labels.share
        amounts[labels.name] = (km2, *labelled(given.folder, labels))
        for seed in given.seeds:
            checkpoint = learn(given.folder, labels, given.steps, detector, seed)
            models[f"{labels.name}_s{seed}"] = {"checkpoint": str(checkpoint.resolve()), "recipe": "sun_aligned"}
    print(report(scores(given.folder, models), amounts))


if __name__ == "__main__":
    main()
