"""Rows of the tables of a comparison: which model, with which seed, scored in which way.

All functions take the completed configuration (`config.complete.complete`).
"""

from collections.abc import Iterator

from .config.learning import is_sun_aware


def compared_models(config: dict, question: str) -> Iterator[tuple[str, int, str]]:
    """Yield name, seed, and name with the seed of each model that a question compares.

    A checkpoint that was trained elsewhere has one seed only: the first.
    """
    seeds = config["comparison"]["seeds"]
    for name in config["comparison"]["questions"][question]["models"]:
        trained = "architecture" in config["models"][name]
        for seed in seeds if trained else seeds[:1]:
            yield name, seed, f"{name}-s{seed}" if trained else name


def compared_rows(config: dict, question: str, table: str) -> Iterator[dict]:
    """Yield the rows of a table.

    Parameters
    ----------
    config : dict
    question : str
        A key of ``comparison.questions``.
    table : str
        A key of `choices.COMPARISON_TABLES`.

    Yields
    ------
    dict
        ``name`` in the table; ``model``; ``seed``; ``trained``: the model's name with its seed; ``variant``: which
        result of the model is scored (alone, alone+30, one_image, mosaic, fused); ``sun_offset_deg``: only in the
        table sun.
    """
    for name, seed, trained in compared_models(config, question):
        model = config["models"][name]
        row = {"name": name, "model": name, "seed": seed, "trained": trained, "variant": "alone"}
        if table == "images":
            yield row
        elif table == "maps":
            yield row | {"name": f"{name}, one image", "variant": "one_image"}
            if model["recipe"] == "paper" and not is_sun_aware(model):
                yield row | {"name": f"{name}, mosaic", "variant": "mosaic"}
            yield row | {"name": f"{name}, fused", "variant": "fused"}
        elif is_sun_aware(model):
            for offset in config["comparison"]["sun_offsets_deg"]:
                variant = f"alone{offset:+d}" if offset else "alone"
                yield row | {"name": f"{name}, Sun {offset:+d} deg", "variant": variant, "sun_offset_deg": offset}
        else:
            # With a large error of the Sun's direction, the Sun-aware models are worse than this one.
            yield row | {"name": f"{name}, not Sun-aware"}


def row_scores(run: str, row: dict, targets: list[str]) -> list[str]:
    """Return the score file of one row for each target; a folder of score files if images are scored alone.

    Parameters
    ----------
    run : str
        Folder of the run.
    row : dict
        From `compared_rows`.
    targets : list of str
    """
    ending = "" if row["variant"].startswith("alone") else ".json"
    return [f"{run}/compared/{row['trained']}/{target}/scores/{row['variant']}{ending}" for target in targets]
