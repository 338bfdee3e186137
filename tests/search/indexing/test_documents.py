"""What a host's document may hold: each value is cleaned with a note, or refused with the field and the remedy."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from django.utils.translation import gettext_lazy
from hypothesis import given
from hypothesis import strategies as st

from search.exceptions import InvalidQuery
from search.indexing.documents import MAX_VALUES, DocumentError, clean_document
from search.registry import ProductDocument, ProductPicture
from search.text import clean_text

MOMENT = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
SOUND = ProductDocument(
    key="7",
    sku="A-7",
    name="Shirt",
    brand="Acme",
    facets={"category": ("Apparel", "Shirts"), "size": ()},
    price=Decimal("9.90"),
    created=MOMENT,
    pictures=(ProductPicture(name="a.jpg", open=lambda: None),),
)


def cleaned(**fields: Any) -> tuple[ProductDocument, list[str]]:
    document, notes = clean_document(replace(SOUND, **fields), "7")
    return document, [str(note) for note in notes]


def facet(values: Any) -> tuple[tuple[str, ...] | None, list[str]]:
    document, notes = cleaned(facets={"brand": values})
    return document.facets.get("brand"), notes


def test_a_sound_document_stays_as_it_is_without_a_note():
    assert clean_document(SOUND, "7") == (SOUND, ())


@pytest.mark.parametrize(
    ("values", "kept", "notes"),
    [
        (("",), (), ["a blank value was left out"]),
        (("\u00a0 \t", "A"), ("A",), ["a blank value was left out ('\\xa0 \\t')"]),
        ((None,), (), ["a blank value was left out (None)"]),
        ((float("nan"),), (), ["a blank value was left out (nan)"]),
        (None, (), ["a blank value was left out (None)"]),
        ((), (), []),
        ((" A ",), ("A",), ["white space or characters that do not show were taken out (' A ')"]),
        (("e\u0301t\u00e9",), ("\u00e9t\u00e9",), ["white space or characters that do not show were taken out ('e\u0301t\u00e9')"]),
        ((38, True, Decimal("1.5")), ("38", "True", "1.5"), [
            "a value of the type int was converted to text (38)",
            "a value of the type bool was converted to text (True)",
            "a value of the type Decimal was converted to text (Decimal('1.5'))",
        ]),
        ((gettext_lazy("Monday"),), ("Monday",), []),
        ("Acme", ("Acme",), ["a single value was taken as a tuple of one ('Acme')"]),
        (38, ("38",), ["a single value was taken as a tuple of one (38)", "a value of the type int was converted to text (38)"]),
        ({"b", "a"}, ("a", "b"), ["values without an order were sorted alphabetically"]),
        ((value for value in ("b", "a")), ("b", "a"), []),
        (["a", "a"], ("a",), []),
        (("a=b", "c > d", "e/f"), ("a=b", "c > d", "e/f"), []),
        (("a\0b\ud800",), ("a b?",), ["white space or characters that do not show were taken out ('a b?')"]),
        (("x" * 5000,), ("x" * 200,), [f"a value was cut to 200 characters, the most that can be filtered by ('{'x' * 38}…)"]),
    ],
)  # fmt: skip
def test_facet_values(values, kept, notes):
    found, said = facet(values)
    assert found == kept
    if "\0" not in str(values):
        assert said == [f'facet "brand": {note}' for note in notes]
    else:
        assert said


def test_values_without_end_are_cut():
    found, said = facet(count())
    assert found == tuple(map(str, range(MAX_VALUES)))
    assert 'facet "brand": only the first 1,000 values were kept' in said


@pytest.mark.parametrize("name", ["", " ", "a=b", "x" * 101])
def test_a_facet_whose_name_cannot_be_one(name):
    document, notes = cleaned(facets={name: ("A",), "brand": ("B",)})
    assert document.facets == {"brand": ("B",)}
    assert notes[-1].startswith("facets: a facet was left out: its name must be a word")


def test_a_category_above_itself_stands_once():
    document, notes = cleaned(facets={"category": ("A", "B", "A")})
    assert document.facets == {"category": ("A", "B")}
    assert notes == [
        "facet \"category\": a category occurred twice in its path; the first occurrence was kept ('A')"
    ]


@pytest.mark.parametrize(
    ("field", "given", "kept", "note"),
    [
        ("name", None, "", "name: None was taken as an empty text"),
        ("name", " ", " ", "name: it is blank, so that nobody finds the product by it"),
        ("sku", None, "", "sku: None was taken as an empty text"),
        ("sku", "x" * 300, "x" * 200, "sku: it was cut to 200 characters"),
        ("sku", 17, "17", "sku: a value of the type int was converted to text (17)"),
        ("brand", None, "", "brand: None was taken as an empty text"),
        ("style", None, "", "style: None was taken as an empty text"),
        ("description", b"caf\xc3\xa9", "caf\u00e9", "description: a value of the type bytes was converted to text"),
        ("keywords", "a\0\ud800", "a ?", "keywords: characters that are not text were replaced"),
        ("key", 7, "7", "key: a value of the type int was converted to text (7)"),
        ("price", "12.50", Decimal("12.50"), "price: a value of the type str was converted to a Decimal ('12.50')"),
        ("price", 12.5, Decimal("12.5"), "price: a value of the type float was converted to a Decimal (12.5)"),
        ("price", Decimal("1.00005"), Decimal("1.0000"), "price: it was rounded to four decimals"),
        ("in_stock", 3, True, "in_stock: a value of the type int was converted to True or False (3)"),
        ("created", date(2026, 1, 2), datetime(2026, 1, 2, tzinfo=UTC), "created: a date was taken as its midnight"),
        ("created", datetime(2026, 1, 2), datetime(2026, 1, 2, tzinfo=UTC), "created: a time without a time zone"),
        ("facets", None, {}, "facets: None was taken as no facets"),
        ("pictures", None, (), "pictures: None was taken as no pictures"),
        ("pictures", (None,), (), "pictures: what is not a ProductPicture was left out (None)"),
        ("pictures", [], (), ""),
    ],
)  # fmt: skip
def test_what_is_made_to_fit(settings, field, given, kept, note):
    settings.TIME_ZONE = "UTC"
    document, notes = cleaned(**{field: given})
    assert getattr(document, field) == kept
    assert type(getattr(document, field)) is type(kept)
    assert any(said.startswith(note) for said in notes) if note else not notes


@pytest.mark.parametrize(
    ("field", "given", "said"),
    [
        ("key", "8", "key is '8' for the product 7: give str(product.pk)."),
        ("price", Decimal("NaN"), "price is Decimal('NaN'): give a Decimal from 0 to below 10,000,000,000, or None."),
        ("price", Decimal("sNaN"), "price is Decimal('sNaN'): give"),
        ("price", float("inf"), "price is inf: give"),
        ("price", Decimal(-1), "price is Decimal('-1'): give"),
        ("price", "cheap", "price is 'cheap': give"),
        ("price", True, "price is True: give"),
        ("price", 10**10, "price is 10000000000: give"),
        ("in_stock", None, "in_stock is None: give True or False."),
        ("in_stock", "False", "in_stock is 'False': give True or False."),
        ("created", None, "created is None: give an aware datetime"),
        ("created", "2026-01-02", "created is '2026-01-02': give an aware datetime"),
        ("created", datetime.max.replace(tzinfo=UTC), "created is "),
        ("facets", ("brand",), "facets is of the type tuple: give a dict of tuples."),
        ("pictures", 3, "pictures is of the type int: give a tuple of ProductPicture."),
    ],
)  # fmt: skip
def test_what_is_refused(field, given, said):
    with pytest.raises(DocumentError) as caught:
        cleaned(**{field: given})
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize("given", [None, {}, "document"])
def test_what_is_no_document(given):
    with pytest.raises(DocumentError, match="return a ProductDocument"):
        clean_document(given, "7")


def test_one_note_of_a_kind_with_the_first_value():
    assert facet(("", "", " "))[1] == ['facet "brand": a blank value was left out']


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.decimals()
    | st.text(st.characters(), max_size=300)
    | st.binary(max_size=5)
    | st.dates(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner)
        | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=5,
)


@given(values=ANYTHING, name=st.none() | st.integers() | st.binary(max_size=5) | st.text(max_size=120))
def test_whatever_a_facet_is_its_values_can_be_chosen(values, name):
    """A filter cleans what shoppers send; a value that comes out otherwise could never be chosen."""
    document, _ = clean_document(replace(SOUND, facets={name: values}), "7")
    for facet_name, kept in document.facets.items():
        assert facet_name.strip()
        assert "=" not in facet_name
        assert len(set(kept)) == len(kept)
        for value in kept:
            assert value
            assert clean_text(value, "brand") == value


@given(
    given=st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(
            ("sku", "name", "brand", "keywords", "description", "style", "facets", "price", "in_stock",
             "created", "pictures"),
            ANYTHING,
        ),
    )
)  # fmt: skip
def test_whatever_a_document_holds_is_cleaned_or_refused(given):
    try:
        document, _ = clean_document(replace(SOUND, **given), "7")
    except DocumentError:
        return
    document.created.isoformat()
    for text in (document.sku, document.name, document.brand, document.keywords, document.description):
        assert text.encode() is not None
        assert "\0" not in text


def test_what_is_kept_is_what_a_filter_takes():
    with pytest.raises(InvalidQuery):
        clean_text("x" * 201, "brand")
    assert clean_text("x" * 200, "brand") == facet(("x" * 201,))[0][0]
