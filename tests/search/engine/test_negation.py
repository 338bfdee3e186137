"""What a query negates is in no result, whatever else it says."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from search.engine import Filters, Trial, search
from search.indexing.lexicons import build_lexicon
from search.models import IndexEntry
from tests.search.indexed import add

CUES = ["without", "not", "no", "but not", "except", "other than", "non", "w/o", "-"]
BASES = ["", "shirt", "shoes", "red shirt", "something", "linen", "shirt for men", "jeans or trousers"]
# What is negated, and by which of its values and words a product has it.
HAVING = {
    "print": ({"pattern=Printed"}, "print"),
    "red": ({"colour=Red"}, ""),
    "jeans": ({"category=Jeans"}, ""),
    "pockets": (set(), "pocket"),
    "laces": (set(), "lace"),
    "formal": ({"usage=Formal"}, ""),
    "men": ({"gender=Men"}, ""),
    "zzzz": (set(), "zzzz"),
}
SHOES = {"laced", "slip", "silent"}


def skus(answer):
    return [result.card.sku for result in answer.results]


@pytest.fixture
def shop(version):
    """Shirts, trousers and shoes, printed and plain, with laces and without."""

    def thing(sku, name, *path, colour="Blue", pattern="", usage="Casual", **more):
        facets = {"category": path, "colour": [colour], "usage": [usage], "gender": ["Men"]}
        add(version, sku, name, facets={**facets, **({"pattern": [pattern]} if pattern else {})}, **more)

    thing("printed", "Beach shirt", "Apparel", "Shirts", pattern="Printed", description="linen")
    thing("solid", "Oxford shirt", "Apparel", "Shirts", pattern="Solid", description="A print inside.")
    thing("red", "Plain shirt", "Apparel", "Shirts", colour="Red", pattern="Solid", usage="Formal")
    thing("untold", "Surf shirt", "Apparel", "Shirts", description="With a print and two pockets.")
    thing("pocket", "Work shirt", "Apparel", "Shirts", description="Two pockets.")
    thing("jeans", "Five pocket jeans", "Apparel", "Jeans")
    thing("trousers", "Linen trousers", "Apparel", "Trousers", usage="Formal")
    thing("laced", "Runner", "Footwear", "Shoes", description="Flat laces.")
    thing("slip", "Loafer", "Footwear", "Shoes", description="A slip-on shoe.")
    thing("silent", "Walker", "Footwear", "Shoes", colour="Red", description="A non slip sole.")
    build_lexicon(version)
    return version


def test_it_leaves_out_what_has_the_value_or_the_word(shop):
    answer = search("shirt without print", spelling=False)
    assert set(skus(answer)[: answer.matching]) == {"solid", "red", "pocket"}  # the facet tells of "solid"
    assert set(skus(search("shirt without pockets", spelling=False))) >= {"printed", "solid", "red"}
    assert not {"pocket", "untold", "jeans"} & set(skus(search("shirt without pockets", spelling=False)))


def test_what_says_the_opposite_comes_before_what_is_silent(shop):
    answer = search("shoes without laces", spelling=False)
    assert skus(answer)[:2] == ["slip", "silent"]
    assert (answer.matching, "laced" in skus(answer)) == (1, False)


def test_a_negation_alone_lists_everything_else(shop):
    answer = search("anything but formal", spelling=False)
    assert set(skus(answer)) == {entry.sku for entry in IndexEntry.objects.all()} - {"red", "trousers"}
    assert set(skus(search("something not formal", spelling=False))) == set(skus(answer))


@pytest.mark.parametrize(
    ("text", "lacks"),
    [
        ("non jeans", {"jeans"}),
        ("non jeans, not red", {"jeans", "red", "silent"}),
        ("-print", {"printed", "solid", "untold"}),
        ('-"two pockets" -lace', {"pocket", "untold", "laced"}),
        ("-zzzz", set()),
        ("not red -jeans", {"jeans", "red", "silent"}),
        ("cheapest -print", {"printed", "solid", "untold"}),
    ],
)
def test_negations_alone_list_what_is_left_however_they_are_typed(shop, text, lacks):
    left = {entry.sku for entry in IndexEntry.objects.all()} - lacks
    answer = search(text)
    assert (set(skus(answer)), answer.matching, answer.relaxed) == (left, len(left), ())
    assert search(text, filters=Filters(facets={"category": ("Footwear",)})).total == len(left & SHOES)


def test_totals_counts_and_filters_are_over_what_remains(shop):
    answer = search("shirt not red", spelling=False)
    assert "Red" not in {count.value for count in answer.facets["colour"]}
    assert answer.total == len(skus(answer))
    filtered = search("shirt not red", spelling=False, filters=Filters(facets={"colour": ("Red",)}))
    assert filtered.total == 0


def test_the_answer_says_what_is_negated_and_what_could_not_be(shop):
    answer = search("shirt without print", spelling=False)
    (part,) = [part for part in answer.understood if part.negated]
    assert (part.text, part.facet, part.values, part.without) == (
        "without print",
        "pattern",
        ("Printed",),
        "shirt",
    )
    unapplied = search("shirt without zips", spelling=False)
    assert unapplied.notes == ("“without zips” was not applied: the catalogue does not tell.",)
    assert unapplied.unknown == ()


def test_a_name_with_a_word_of_negation_is_found(shop):
    add(shop, "tee", "No print shirt", facets={"category": ["Shirts"], "pattern": ["Printed"]})
    assert skus(search("no print shirt", spelling=False))[0] == "tee"


def test_why_a_product_is_absent(shop):
    trial = Trial(missing="printed")
    assert search("shirt without print", spelling=False, trial=trial).absence.reasons[0] == (
        "The query says “without print”; it has “print”."
    )


def has(entry, word, cue):
    tokens, stem = HAVING[word]
    if cue == "-":  # excludes by texts alone
        return f"'{stem or word}'" in entry.document
    return bool(tokens & set(entry.facets)) or bool(stem and f"'{stem}'" in entry.document)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(BASES), st.sampled_from(CUES), st.sampled_from(sorted(HAVING)), st.booleans())
def test_a_negation_never_adds_what_has_it(shop, base, cue, word, first):
    negation = f"{cue}{word}" if cue == "-" else f"{cue} {word}"
    query = f"{negation} {base}" if first else f"{base} {negation}"
    entries = {entry.sku: entry for entry in IndexEntry.objects.all()}
    before = set(skus(search(base, spelling=False))) if base else set()
    answer = search(query, spelling=False)
    added = set(skus(answer)) - before
    having = {
        sku for sku in added if has(entries[sku], word, cue) and sku != "solid"
    }  # whose facet says otherwise
    assert not having or answer.notes, (query, having)
