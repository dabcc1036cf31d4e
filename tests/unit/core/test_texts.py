"""Texts of users."""

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imfmap.core.texts import for_page, from_page, refused_sign
from tests.helpers.generated import ODD_TITLES, examples, titles


@given(st.one_of(st.sampled_from(ODD_TITLES), st.text()))
@examples(100)
def test_a_text_in_a_page_has_no_markup_and_comes_back(text):
    safe = for_page(text)
    assert not set("<>") & set(safe)
    assert from_page(safe) == text


@given(titles())
@examples(100)
def test_what_is_not_refused_can_be_written_as_xml_and_as_utf_8(text):
    element = ElementTree.Element("a", b=text)
    element.text = text
    again = ElementTree.fromstring(ElementTree.tostring(element, encoding="utf-8"))
    assert (again.text, again.get("b")) == (text, text)


@pytest.mark.parametrize("sign", ["\x00", "\x01", "\n", "\t", "\x1b", "\x7f", "\x85", "\u2028", "\u202e", "\u2066"])
def test_signs_that_nobody_sees_are_refused(sign):
    assert refused_sign(f"A{sign}B") == f"U+{ord(sign):04X}"


def test_half_a_sign_and_no_sign_are_refused():
    assert refused_sign("\ud800") == "U+D800" and refused_sign("\uffff") == "U+FFFF"


@pytest.mark.parametrize("text", ["Crookes", "Ü", "月", "🌗", "👩‍🚀", "קרטר"])
def test_signs_of_any_language_are_taken(text):
    assert refused_sign(text) is None
