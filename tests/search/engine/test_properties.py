"""What holds for every query: nothing has what is negated, and what holds a typed word stands before what it is taken for."""

import random
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from search.engine import Trial, search
from search.indexing.lexicons import build_lexicon
from search.models import IndexEntry
from tests.search.indexed import add, unit

DRAWN = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
COLOURS, PATTERNS, WHOM = (
    ("Red", "Blue", "Navy Blue", "Black"),
    ("Printed", "Striped", "Solid"),
    ("Men", "Women"),
)
# Words that stand for a category that is not called so.
LITERAL = {
    "boots": ("Footwear", "Casual Shoes"),
    "frock": ("Apparel", "Dresses"),
    "tee": ("Apparel", "Tshirts"),
}
TOLD = ("velvet", "pockets", "hood", "buckles")  # of descriptions alone
CUES = (
    "without {}",
    "not {}",
    "no {}",
    "but not {}",
    "other than {}",
    "anything but {}",
    "except {}",
    "w/o {}",
    "-{}",
)
NEGATED = (
    *(colour.lower() for colour in COLOURS),
    "printed",
    "striped",
    "men",
    "velvet",
    "pockets",
    "hood",
    "dresses",
    "boots",
)


@pytest.fixture
def drawn(version):
    """Sixty products of drawn colours, patterns and words, the same ones every time; a third are called as shoppers say."""
    draw = random.Random(7)
    for number in range(60):
        word, path = draw.choice(list(LITERAL.items()))
        colour, pattern, whom = draw.choice(COLOURS), draw.choice(PATTERNS), draw.choice(WHOM)
        place = draw.choice(("name", "description", "keywords", "", ""))
        texts = {"name": f"Piece {number}", "keywords": "", "description": " ".join(draw.sample(TOLD, 2))}
        if place:
            texts[place] += f" {word}"
        add(
            version,
            f"p{number:02}",
            texts["name"],
            keywords=texts["keywords"],
            description=texts["description"],
            price=100 + number,
            facets={"category": path, "colour": [colour], "pattern": [pattern], "gender": [whom]},
            text=unit(draw.random(), draw.random(), draw.random()),
            pictures=[unit(draw.random(), draw.random(), draw.random())],
        )
    build_lexicon(version)
    return version


def has(entry, word):
    """Whether a product has what a word names: a value that is called so, or else the word in its texts."""
    named = {token for token in entry.facets if word in token.lower().partition("=")[2].split()}
    if word == "navy blue":
        named = {"colour=Navy Blue"} & set(entry.facets)
    if word in ("velvet", "pockets", "hood", "boots"):
        return f"'{word.removesuffix('s')}'" in entry.document
    return bool(named)


@DRAWN
@given(
    st.sampled_from(
        ["", *LITERAL, "shoes", "dress", "tee for women", "blue boots", "printed frock or tee", "velvet"]
    ),
    st.sampled_from(CUES),
    st.sampled_from(NEGATED),
    st.booleans(),
)
def test_nothing_has_what_is_negated(drawn, base, cue, word, first):
    negation = cue.format(f'"{word}"' if cue == "-{}" and " " in word else word)
    answer = search(f"{negation} {base}" if first else f"{base} {negation}", spelling=False, page_size=100)
    if answer.notes:
        return  # what is not applied is said
    entries = {entry.sku: entry for entry in IndexEntry.objects.all()}
    without = set(skus(search(base, spelling=False, page_size=100)))
    added = {sku for sku in set(skus(answer)) - without if has(entries[sku], word)}
    assert not added
    if cue != "-{}":
        assert not {sku for sku in skus(answer) if has(entries[sku], word)}


@DRAWN
@given(
    st.sampled_from(sorted(LITERAL)),
    st.sampled_from(["", *COLOURS]),
    st.sampled_from(["", *WHOM]),
    st.sampled_from(["", *PATTERNS]),
)
def test_what_holds_a_typed_word_is_never_behind_what_does_not(drawn, word, colour, whom, pattern):
    query = " ".join(filter(None, (colour, pattern, word, f"for {whom}" if whom else "")))
    answer = search(query, spelling=False, page_size=100, trial=Trial(explain=True))
    entries = {entry.sku: entry for entry in IndexEntry.objects.all()}
    tiers = {}
    for sku, item in zip(skus(answer), answer.explanation.results, strict=True):
        holds = f"'{word.removesuffix('s')}'" in entries[sku].document
        if item.match == "full":  # the closest are in the order of what else they have
            tiers.setdefault(round(item.coverage, 6), []).append(holds)
    for tier, holding in tiers.items():
        assert all(before or not after for before, after in pairwise(holding)), (query, tier, holding)


def skus(answer):
    return [result.card.sku for result in answer.results]
