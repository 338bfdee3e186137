import pytest

from search.engine.completions import Typed, as_written, complete, once, respelt, typed_spans
from search.query.collecting import NameCollector
from search.query.names import Vocabulary
from search.query.rows import PrefixIndex

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
    assert respelt(INDEX, typed) == meant


def names_of(*products, spellings=None):
    """Names of products, each given as its name, brand and values; and how folded words are shown."""
    collector = NameCollector()
    for number, (name, brand, values) in enumerate(products):
        facets = [(facet, value) for facet, given in values.items() for value in given]
        collector.add(str(number), name=name, brand=brand, facets=facets)
    words = {key: (shown, 1) for key, shown in (spellings or {}).items()}
    return collector.names(Vocabulary(words, frozenset()))


def completed(names, text, limit=9):
    return complete(Typed.of(names, text.strip(), ended=text.endswith(" ")), limit)


def test_the_last_word_is_completed_by_what_most_products_have():
    shirts = [("Blue shirt", "", {}), ("Blue shirts", "", {}), ("Blue shirts", "", {})]
    shoes = [("Blue shoes", "", {})] * 4
    names = names_of(*shirts, *shoes, ("Red shawl", "", {}))

    assert completed(names, "blue sh") == ["blue shoes", "blue shirts"]  # the singular adds nothing
    assert completed(names, "blue sh", 1) == ["blue shoes"]
    assert completed(names, "sh") == ["shoes", "shirts", "shawl"]
    assert completed(names, "blue shx") == completed(names, "yellow z") == []


def test_values_complete_it_too_and_may_hold_words_before_it():
    sports = ("Runner", "Red Tape", {"category": ["Shoes", "Sports Shoes"], "colour": ["Navy Blue"]})
    names = names_of(*[sports] * 3, ("Coat", "Nike", {"category": ["Coats"], "colour": ["Navy Blue"]}))

    assert completed(names, "sports sh") == ["sports shoes"]
    assert completed(names, "navy sh") == ["navy shoes", "navy sports shoes"]
    assert completed(names, "navy blue r") == ["navy blue Red Tape", "navy blue runner"]
    assert completed(names, "coats r") == []


def test_what_is_missing_to_say_what_it_is_comes_first():
    drawn = ("Red shirt", "Disney", {"category": ["Shirts"], "colour": ["Red"]})
    names = names_of(*[drawn] * 9, ("Red frock", "", {"category": ["Dresses"], "colour": ["Red"]}))

    assert completed(names, "red d") == [
        "red dresses",
        "red Disney",
    ]
    assert completed(names, "red ") == ["red shirts", "red dresses"]
    assert completed(names, "red") == ["red", "red shirts", "red dresses"]
    assert completed(names, "red shirts ") == []  # that says it


def test_words_that_no_product_has_beside_the_others_stay_and_do_not_count():
    names = names_of(("Red shirt", "", {}), ("Blue cap under cover", "", {}))

    assert completed(names, "shirt under 500 r") == ["shirt under 500 red"]
    assert completed(names, "-shirt r") == ["-shirt red"]
    assert completed(names, 'red -"blue sh') == completed(names, 'red -"sh') == []
    assert completed(names, "red -sh") == completed(names, "shirt under 50") == []
    typed = Typed.of(names, "-blue sh", ended=False)
    assert (typed.before, typed.said, typed.products.any()) == (("blue",), (), False)


def test_words_before_are_whole_and_mended():
    names = names_of(("Women's red shirt", "Levi's", {}), spellings={"levis": "Levi's", "womens": "women's"})

    assert completed(names, "wom sh") == ["women's shirt"]
    assert completed(names, "levis rad") == []  # three letters may be anything
    assert completed(names, "shrit levi") == ["shirt Levi's"]


def test_what_stands_in_one_name_of_hundreds_is_left_out():
    names = names_of(*[("Blue shirt", "", {})] * 101, ("Blue shark", "", {}))

    assert completed(names, "blue sh") == ["blue shirt"]
    assert completed(names, "blue sha") == ["blue shark"]


def test_texts_are_written_as_the_catalogue_does():
    values = {"category": ["T-shirts"]}
    names = names_of(
        ("Red Levi's t-shirt", "Red Tape", values), spellings={"levis": "Levi's", "tshirt": "t-shirt"}
    )

    assert as_written(names, "RED TSHIRT, not Café") == "red t-shirt, not Café"
    assert as_written(names, "shirt of red tape red") == "shirt of Red Tape red"


def test_texts_are_compared_without_case_accents_spacing_and_number():
    assert once(["Café", "T-Shirts", "red dress"], ["cafe", "t shirt"]) == ["red dress"]
    assert once(["flip flops", "Flipflop", "red dresses", "Red Dress", "😀", "😀"]) == [
        "flip flops",
        "red dresses",
        "😀",
    ]


@pytest.mark.parametrize(
    ("text", "words", "typed"),
    [
        ("red dress", ["red", "d"], ["red", "d"]),
        ("Navy T-shirts", ["sh"], ["sh"]),
        ("Levi's jeans", ["levis"], ["Levi's"]),
        ("Levi's jeans", ["levi"], ["Levi"]),
        ("Crème brûlée", ["cre", "bru"], ["Crè", "brû"]),
        ("red red", ["red", "red"], ["red", "red"]),
        ("casual shoes", ["x"], []),
    ],
)
def test_what_was_typed_is_marked(text, words, typed):
    assert [text[start:end] for start, end in typed_spans(text, words)] == typed
