"""Classes of width."""

import ast
import math

import pytest

from imfmap.labels.width_classes import (
    CLASS_PIXEL_M,
    LINE_WIDTH_PX,
    WIDTH_BOUNDS_M,
    WIDTH_BOUNDS_PX,
    WIDTH_CLASSES,
    width_class,
)
from imfmap.maps.qml_styles import vector_style
from tests.helpers.library import LIBRARY


def test_widths_that_lines_are_drawn_with_lie_in_their_classes():
    assert tuple(LINE_WIDTH_PX) == WIDTH_CLASSES
    for name, width_px in LINE_WIDTH_PX.items():
        assert width_class(width_px * CLASS_PIXEL_M) == name
        low, high = WIDTH_BOUNDS_PX[name]
        # The open class begins at 30 px; if it were as wide as its neighbour, its middle would be 35.
        assert width_px == (low + min(high, low + 10)) / 2


@pytest.mark.parametrize("name", WIDTH_CLASSES)
def test_bounds_are_those_of_the_classes(name):
    low, high = WIDTH_BOUNDS_M[name]
    assert (low, high) == tuple(CLASS_PIXEL_M * bound for bound in WIDTH_BOUNDS_PX[name])
    assert width_class(low) == width_class(math.nextafter(high, 0)) == name


def test_a_line_is_drawn_with_the_middle_of_its_class():
    assert LINE_WIDTH_PX == {"tiny": 2.5, "small": 7.5, "medium": 15, "large": 25, "huge": 35}
    assert [width_class(width_px * CLASS_PIXEL_M) for width_px in LINE_WIDTH_PX.values()] == list(WIDTH_CLASSES)


def test_the_style_of_fractures_has_the_classes():
    style = vector_style("fractures")
    assert style.column == "mean_width_m"
    assert [part.lower for part in style.classes] == [low for low, _ in WIDTH_BOUNDS_M.values()]
    # QGIS takes no infinity: the open class ends beyond any fracture.
    assert [part.upper for part in style.classes[:-1]] == [high for _, high in list(WIDTH_BOUNDS_M.values())[:-1]]
    assert style.classes[-1].upper >= 1e5
    for part, (name, (low, high)) in zip(style.classes, WIDTH_BOUNDS_M.items(), strict=True):
        words = (
            f"{low:g} to {high:g} m"
            if low and high < math.inf
            else f"{low:g} m and more"
            if low
            else f"under {high:g} m"
        )
        assert part.label == f"{words} ({name})"


def test_no_other_module_has_bounds_of_its_own():
    """Bounds beside each other in a module, in pixels or in metres, are a second copy of the classes."""
    bounds = [{low for low, _ in table.values() if low} for table in (WIDTH_BOUNDS_PX, WIDTH_BOUNDS_M)]
    found = set()
    for path in LIBRARY.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Dict | ast.Tuple | ast.List | ast.Set):
                numbers = {
                    float(inner.value)
                    for inner in ast.walk(node)
                    if isinstance(inner, ast.Constant) and isinstance(inner.value, int | float)
                }
                if len(numbers) < 12 and any(table <= numbers for table in bounds):
                    found.add(str(path.relative_to(LIBRARY)))
    assert found == {"labels/width_classes.py"}
