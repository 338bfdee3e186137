import pytest

from search.engine.suggestions import complete, respelt
from search.query.names import NameCollector, PrefixIndex

INDEX = PrefixIndex.of([["jeans"], ["jeans"], ["sneakers"], ["shirt"], ["short"], ["short"]])


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("jean", "jean"),
        ("jeens", "jeans"),
        ("jaens", "jeans"),
        ("sneker", "sneaker"),
        ("snekaers", "sneakers"),
        ("shurt", "short"),  # in more rows than "shirt"
        ("xeans", "xeans"),  # the first letter stays
        ("jen", "jen"),  # too short
        ("jxxns", "jxxns"),  # two edits
    ],
)
def test_a_word_that_begins_nothing_becomes_the_nearest_beginning(typed, meant):
    assert respelt(INDEX, [typed]) == [meant]


def test_the_last_word_is_completed_by_what_most_products_hold():
    collector = NameCollector()
    for number, name in enumerate(
        ["Blue shirt", "Blue shirts", "Blue shoes", "Blue shoes", "Blue shoes", "Red shawl"]
    ):
        collector.add(str(number), name=name, brand="", facets=())
    names = collector.names()
    prefixes = ["blue", "sh"]
    mask = names.products.matching(prefixes)

    assert complete(names, prefixes, mask, 5) == ["blue shoes", "blue shirt"]  # the plural adds nothing
    assert complete(names, prefixes, mask, 1) == ["blue shoes"]
