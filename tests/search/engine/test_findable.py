"""Which texts find something, and the property that all suggestions do."""

import random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from search.engine import findable, search
from search.engine.completions import once
from search.engine.findable import first_that_find, forget_findable, which_find
from search.engine.suggestions import suggest
from search.indexing.lexicons import build_lexicon, refresh_word_list
from search.merchandising.snapshots import forget_snapshot
from search.models import MerchandisingRule
from search.query.lexicon import forget_words
from tests.search.indexed import add, make_version

COLOURS = ("Red", "Navy Blue", "Off White", "Green")
KINDS = (
    (("Apparel", "Topwear", "T-Shirts"), "t-shirt"),
    (("Apparel", "Dresses"), "dress"),
    (("Footwear", "Shoes", "Sports Shoes"), "running shoes"),
    (("Footwear", "Flip Flops"), "flip-flops"),
    (("Accessories", "Watches"), "watch"),
)
BRANDS = ("Levi's", "Red Tape", "U.S. Polo Assn.", "Crème & Co", "AND", "s.Oliver")
LINES = (
    "Do Not Disturb",
    "Without Limits",
    "501",
    "GA-100-1A2DR",
    "Café Racer",
    "Under Cover",
    "No Show",
    "Pack of 3",
)
SIZES = ("S", "XL", "UK 9", "2-3 Y", "34")


@pytest.fixture
def catalogue(tiny_artifact, search_settings, db):
    """Products of all colours, kinds and brands, with names and values of the sorts that are read otherwise than as words."""
    version = make_version(tiny_artifact)
    source = random.Random(7)
    for number in range(60):
        colour, (path, noun), brand = source.choice(COLOURS), source.choice(KINDS), source.choice(BRANDS)
        facets = {"category": path, "colour": [colour], "brand": [brand], "size": source.sample(SIZES, 2)}
        name = f"{brand} {source.choice(('Men', 'Women', 'Kids'))} {source.choice(LINES)} {colour} {noun}"
        words = ", ".join((*path, colour, *facets["size"]))
        price = source.choice((99, 450, 2500))
        add(version, f"S-{number}", name, brand=brand, keywords=words, facets=facets, price=price)
    build_lexicon(version)
    refresh_word_list()
    return version


NAMES = st.builds(
    lambda *words: " ".join(words),
    *(st.sampled_from(("", *some)) for some in (COLOURS, BRANDS, LINES, [noun for _, noun in KINDS])),
)
TYPED = st.one_of(
    NAMES.flatmap(lambda name: st.integers(0, len(name)).map(lambda end: name[:end])),  # as it is typed
    st.permutations([*COLOURS, *SIZES, "women", "under 500", "without", "shoes", "not", "-red", "or", "-", "cheap", "xyzzy"])
    .map(lambda words: " ".join(words[:3]))
    .flatmap(lambda text: st.integers(1, len(text)).map(lambda end: text[:end])),
    NAMES.flatmap(  # with a letter left out, or typed twice
        lambda name: st.tuples(st.integers(0, max(0, len(name) - 1)), st.integers(0, 2)).map(
            lambda at: name[: at[0]] + name[at[0] : at[0] + 1] * at[1] + name[at[0] + 1 :]
        )
    ),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12),
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(typed=TYPED)
def test_every_suggestion_finds_something(catalogue, typed):
    answer = suggest(typed, limit=2)
    texts = [*answer.queries, *(one.value for one in (*answer.categories, *answer.brands))]
    for text in texts:
        found = search(text)
        assert found.matching, (typed, text)
        assert not found.unknown, (typed, text)
        assert found.results, (typed, text)
    offered = [*texts, *(one.card.name for one in answer.products)]
    assert once(offered) == offered, typed


def test_only_what_some_product_has_all_of_finds_something(catalogue):
    texts = [
        "red dress",
        "xyzzy",
        "red xyzzy",
        "shoes under 10",
        "shoes under 500",
        "Levi's",
        "S-7",
        "dress for",
        "",
    ]

    assert which_find(catalogue.pk, texts) == ["red dress", "shoes under 500", "Levi's"]
    assert which_find(catalogue.pk, ["red dress -red", "not red", "do not disturb"]) == [
        "not red",
        "do not disturb",
    ]
    assert which_find(catalogue.pk + 1, texts) == which_find(catalogue.pk, []) == []


def test_what_is_only_mentioned_far_from_the_name_is_not_found(catalogue):
    facets = {"category": ["Sails"], "pattern": ["Tartan"]}
    add(catalogue, "SAIL", "Canvas sail", keywords="sail", facets=facets)
    add(
        catalogue,
        "KITE",
        "Canvas kite",
        keywords="kite",
        description="Not tartan",
        facets={"category": ["Kites"]},
    )
    build_lexicon(catalogue)
    forget_words()

    assert which_find(catalogue.pk, ["tartan sail", "tartan kite"]) == ["tartan sail"]
    assert (search("tartan sail").matching, search("tartan kite").matching) == (1, 0)


def test_what_rules_hide_is_not_found(catalogue):
    hidden = add(catalogue, "HIDDEN", "Velvet curtain", brand="Levi's", keywords="curtain")
    build_lexicon(catalogue)
    forget_words()
    assert which_find(catalogue.pk, ["velvet curtain"]) == ["velvet curtain"]

    MerchandisingRule.objects.create(
        action="hide", sku="hidden", product_key=str(hidden.pk), phrase="velvet curtain", place="query"
    )
    forget_findable()
    forget_snapshot()
    assert which_find(catalogue.pk, ["velvet curtain"]) == []


def test_texts_are_looked_up_in_one_statement_and_known_for_a_minute(catalogue, monkeypatch):
    def statements(texts):
        with CaptureQueriesContext(connection) as asked:
            found = which_find(catalogue.pk, texts)
        return found, [query["sql"] for query in asked if "fashion_search_indexentry" in query["sql"]]

    found, asked = statements(["red dress", "green watch", "xyzzy"])
    assert (found, len(asked)) == (["red dress", "green watch"], 1)
    assert statements(["green watch", "xyzzy"]) == (["green watch"], [])
    later = findable.monotonic() + findable.KEPT_SECONDS + 1
    monkeypatch.setattr(findable, "monotonic", lambda: later)
    assert len(statements(["green watch", "xyzzy"])[1]) == 1


def test_what_is_known_is_bounded(catalogue, monkeypatch):
    monkeypatch.setattr(findable, "MOST_KEPT", 2)
    which_find(catalogue.pk, ["red", "green", "dress"])
    assert list(findable._kept) == [(catalogue.pk, "green"), (catalogue.pk, "dress")]


def test_no_more_are_looked_up_than_needed(catalogue):
    assert first_that_find(catalogue.pk, ["red", "xyzzy", "green", "dress"], 2) == ["red", "green"]
    assert (catalogue.pk, "dress") in findable._kept  # with "green", since "xyzzy" finds nothing
    forget_findable()
    assert first_that_find(catalogue.pk, ["red", "green", "dress"], 2) == ["red", "green"]
    assert (catalogue.pk, "dress") not in findable._kept
