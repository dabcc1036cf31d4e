"""The tables of config/README.md, made from the models. ``python -m imfmap.run.config.reference`` writes them again.

A table stands between ``<!-- keys of NAME -->`` and ``<!-- end -->``.
"""

import re
import sys
from pathlib import Path

from ..product_table import ProductRow
from .explain import phrase, types_of, value_in_words
from .fields import ABSENT, Section
from .images import Acquisition, Coregistration, Isis, Mosaic, Processing
from .learning import Augmentation, Model, PaperAugmentation, SunAlignedAugmentation, Tiles, Training, Widths
from .results import Coarse, Comparison, Evaluation, Inference, Mapping, Products, Question, Reproduction
from .root import Run
from .target import Search, Simulate, SimulatedImage, Target

README = Path(__file__).resolve().parents[4] / "config" / "README.md"
# Sections by the names of their tables in the README.
SECTIONS = {
    "run": Run,
    "processing": Processing,
    "processing.coregistration": Coregistration,
    "processing.mosaic": Mosaic,
    "processing.isis": Isis,
    "acquisition": Acquisition,
    "labels.width_px": Widths,
    "tiles": Tiles,
    "augmentation": Augmentation,
    "augmentation.paper": PaperAugmentation,
    "augmentation.sun_aligned": SunAlignedAugmentation,
    "training": Training,
    "models": Model,
    "evaluation": Evaluation,
    "comparison": Comparison,
    "comparison.questions": Question,
    "coarse": Coarse,
    "reproduction": Reproduction,
    "inference": Inference,
    "mapping": Mapping,
    "products": Products,
    "targets": Target,
    "targets.search": Search,
    "targets.simulate": Simulate,
    "targets.simulate.images": SimulatedImage,
    "product table": ProductRow,
}
_TABLE = re.compile(r"(<!-- keys of ([a-z_. ]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def table(section: type[Section]) -> str:
    """Return a Markdown table of a section's keys: default, allowed values, meaning."""
    types = types_of(section)
    rows = ["| key | default | allowed | meaning |", "|---|---|---|---|"]
    for name, field in section.model_fields.items():
        if isinstance(field.get_default(call_default_factory=True), Section):
            # Such a section has its own table.
            continue
        cells = (f"`{name}`", _default(field), phrase(types[name]), field.description)
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows) + "\n"


def with_tables(text: str) -> str:
    """Return the text of a README with its tables made again from the models."""
    return _TABLE.sub(lambda found: found[1] + table(SECTIONS[found[2]]) + found[3], text)


def tables_in(text: str) -> list[str]:
    """Return the names of the tables in a README."""
    return [found[2] for found in _TABLE.finditer(text)]


def _default(field):
    if field.is_required():
        return "required"
    if field.default is ABSENT:
        return ""
    return "none" if field.default is None or field.default in ([], {}) else f"`{value_in_words(field.default)}`"


if __name__ == "__main__":
    readme = Path(sys.argv[1]) if len(sys.argv) > 1 else README
    readme.write_text(with_tables(readme.read_text()))
