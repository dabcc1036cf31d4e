"""config/README.md has the tables that the models make."""

from typing import get_args, get_origin

import pytest

from imfmap.run.config.explain import types_of
from imfmap.run.config.fields import Section
from imfmap.run.config.reference import README, SECTIONS, table, tables_in, with_tables
from imfmap.run.config.root import Config
from imfmap.run.product_table import ProductRow


def sections(annotation):
    """Every section that a type holds."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        yield annotation
        for inner in types_of(annotation).values():
            yield from sections(inner)
    elif get_origin(annotation):
        for inner in get_args(annotation):
            yield from sections(inner)


ALL = {*sections(Config), ProductRow}


def test_the_readme_is_what_the_models_say():
    text = README.read_text()
    assert text == with_tables(text), "run python -m imfmap.run.config.reference"


def test_a_changed_model_shows():
    text = README.read_text().replace("`0.002`", "`0.003`")
    assert text != with_tables(text)


def test_every_section_has_its_table():
    assert sorted(tables_in(README.read_text())) == sorted(SECTIONS)
    # Of those that hold nothing but sections, the README has the inner ones' tables.
    told = {*SECTIONS.values()}
    assert not [section for section in ALL - told if len(table(section).splitlines()) > 2 and section is not Config]


def test_every_key_is_documented():
    text = README.read_text()
    assert not [name for section in ALL for name in section.model_fields if f"`{name}`" not in text]


@pytest.mark.parametrize("section", sorted(ALL, key=lambda section: section.__name__))
def test_every_key_has_a_description_of_one_line(section):
    for name, field in section.model_fields.items():
        assert field.description and "\n" not in field.description, name
