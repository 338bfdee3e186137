import time

import pytest

from search.conf import Weights
from search.query.lexicon import Lexicon
from search.query.parse import clean_query, read_query
from search.query.synonyms import Synonyms
from search.text import clean_text
from tests.pace import slowness

FACETS = {
    "category=Apparel": 60, "category=Topwear": 50, "category=Tshirts": 30, "category=Shirts": 20,
    "category=Trousers": 10, "category=Footwear": 30, "category=Shoes": 30, "category=Casual Shoes": 20,
    "category=Formal Shoes": 10, "category=Lips": 5, "category=Perfume and Body Mist": 5,
    "brand=Red Tape": 6, "brand=United Colors of Benetton": 8, "brand=Arrow": 5,
    "colour=Red": 20, "colour=Blue": 20, "colour=Navy Blue": 10, "colour=Maroon": 5,
    "gender=Men": 50, "gender=Women": 40, "gender=Unisex": 10,
    "size=M": 20, "size=9": 10,
}  # fmt: skip
PATHS = [
    ("Apparel", "Topwear", "Tshirts"),
    ("Apparel", "Topwear", "Shirts"),
    ("Apparel", "Trousers"),
    ("Footwear", "Shoes", "Casual Shoes"),
    ("Footwear", "Shoes", "Formal Shoes"),
    ("Lips",),
    ("Perfume and Body Mist",),
]
LEXEMES = {
    "benetton": 8,
    "tape": 9,
    "linen": 10,
    "interview": 1,
    "trouser": 12,
    "lip": 5,
    "sneaker": 2,
    "shirt": 50,
}
SHOES = {"category=Shoes": 1.0, "category=Casual Shoes": 0.8, "category=Formal Shoes": 0.8}
SYNONYMS = Synonyms(
    means={"sneakers": ("casual shoes",), "men": ("unisex",), "guys": ("men",), "frock": ("dresses",)},
    near={"red": ("maroon",)},
    implies={"shirt": ("men",)},
    purposes={"office": ("formal shoes",), "my feet": ("footwear",), "warm": ("shirts",)},
    fillers=frozenset(["for", "a", "the", "with", "to", "my", "i", "need", "or", "nice"]),
)


@pytest.fixture
def lexicon():
    return Lexicon(FACETS, LEXEMES, 100, SYNONYMS, paths=PATHS)


def read(lexicon, text, **options):
    return read_query(text, lexicon, Weights(), **options)


def values(understood):
    return {unit.text: dict(unit.values) for unit in understood.parts}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("T-Shirts", {"T-Shirts": {"category=Tshirts": 1.0}}),
        ("t shirt", {"t shirt": {"category=Tshirts": 1.0}}),
        ("formal shoes", {"formal shoes": {"category=Formal Shoes": 1.0}}),
        (
            "shoes",
            {"shoes": {"category=Shoes": 1.0, "category=Casual Shoes": 0.8, "category=Formal Shoes": 0.8}},
        ),
        ("body mist", {"body mist": {"category=Perfume and Body Mist": 0.95}}),
        ("blue", {"blue": {"colour=Blue": 1.0, "colour=Navy Blue": 0.8}}),
        ("navy", {"navy": {"colour=Navy Blue": 0.8}}),
        ("red", {"red": {"colour=Red": 1.0, "colour=Maroon": 0.6}}),
        ("red tape", {"red tape": {"brand=Red Tape": 1.0}}),
        ("benetton", {"benetton": {"brand=United Colors of Benetton": 0.9}}),
        ("tape", {}),  # other products hold the word, too
        ("sneakers", {"sneakers": {"category=Casual Shoes": 0.9}}),
        ("guys", {"guys": {"gender=Men": 0.9, "gender=Unisex": 0.81}}),
        ("m", {}),  # a size only after the word
        ("size m", {"size m": {"size=M": 1.0}}),
    ],
)
def test_phrases_name_values(lexicon, text, expected):
    assert values(read(lexicon, text)) == expected


def test_a_query_is_taken_apart(lexicon):
    understood = read(lexicon, "nice navy sneakers for men with linen zzzz under 1500")

    assert [unit.text for unit in understood.units] == ["navy", "sneakers", "men", "linen"]
    assert understood.unknown == ("zzzz",)
    assert understood.price.highest == 1500
    assert understood.encoded == "nice Navy Blue Casual Shoes for men with linen zzzz"
    assert [unit.importance for unit in understood.units[:3]] == [2.0, 4.0, 2.0]
    assert understood.units[3].importance == pytest.approx(
        1.0
    )  # one in ten of a hundred: half as rare as can be


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("shoes to go with trousers", ["shoes"]),
        ("red trousers for casual shoes", ["red", "trousers"]),
        ("trousers shoes", ["shoes"]),
        ("topwear tshirt", ["topwear", "tshirt"]),  # a product can be both
        ("to keep my trousers up", []),
        ("colour for my lips", []),
    ],
)
def test_only_one_garment_is_asked_for(lexicon, text, parts):
    assert [unit.text for unit in read(lexicon, text).parts] == parts


def test_or_makes_alternatives(lexicon):
    (unit,) = read(lexicon, "red or blue").units
    assert unit.text == "red or blue"
    assert set(unit.values) == {"colour=Red", "colour=Maroon", "colour=Blue", "colour=Navy Blue"}


def test_what_is_implied_is_asked_for_unless_it_is_said(lexicon):
    assert [(unit.text, unit.implied) for unit in read(lexicon, "shirt").units] == [
        ("shirt", False),
        ("men", True),
    ]
    assert [unit.text for unit in read(lexicon, "women shirt").units] == ["women", "shirt"]


def test_quoted_phrases_are_read_literally(lexicon):
    understood = read(lexicon, "red linen shirt", quoted=["red linen"])
    assert (understood.units[0].text, understood.units[0].phrases, understood.units[0].values) == (
        "red linen",
        ("red linen",),
        {},
    )
    assert [unit.text for unit in understood.parts] == ["shirt", "men"]


def test_cheap_is_told_apart(lexicon):
    understood = read(lexicon, "cheap red shoes")
    assert (understood.cheap, understood.encoded) == ("cheap", "red shoes")


def test_without_counts_every_word_is_known():
    understood = read(Lexicon({}, None, 0, SYNONYMS), "linen zzzz")
    assert [(unit.text, unit.importance) for unit in understood.units] == [("linen", 2.0), ("zzzz", 2.0)]
    assert understood.unknown == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("something for the office desk", {"office": {"category=Formal Shoes": 0.7}}),
        ("put on my feet", {"my feet": {"category=Footwear": 0.7}}),
        (
            "my feet for office",
            {"my feet": {"category=Footwear": 0.7}, "office": {"category=Formal Shoes": 0.7}},
        ),
        ("shoes for the office", {"shoes": SHOES, "office": {"category=Formal Shoes": 0.7}}),
        ("trousers for the office", {"trousers": {"category=Trousers": 1.0}}),
        ("office trousers", {"trousers": {"category=Trousers": 1.0}}),
    ],
)
def test_a_purpose_stands_for_what_serves_it_unless_another_thing_is_named(lexicon, text, expected):
    assert values(read(lexicon, text)) == expected


def test_of_purposes_that_no_product_serves_at_once_the_one_of_more_words_counts(lexicon):
    assert values(read(lexicon, "keep my feet warm")) == {"my feet": {"category=Footwear": 0.7}}


def test_brands_are_known_by_their_beginning_and_by_their_initials(lexicon):
    benetton = {"brand=United Colors of Benetton": 0.9}
    for typed in ("united colors", "UCB", "u.c.b"):
        assert list(values(read(lexicon, f"{typed} tshirts")).values()) == [
            benetton,
            {"category=Tshirts": 1.0},
        ]


def test_what_follows_that_or_who_tells_about_the_thing_before(lexicon):
    for text in ("shirt that fits with trousers", "trousers for men who wear a shirt"):
        heads = [unit for unit in read(lexicon, text).parts if unit.facets[0] == "category"]
        assert [unit.text for unit in heads] == [text.split()[0]]


def test_a_rare_word_stands_for_a_much_commoner_one_too(lexicon):
    (unit,) = read(lexicon, "interview", meant={"interview": "linen"}).units
    assert (unit.phrases, unit.near, unit.values) == (("interview",), ("linen",), {})
    (unit,) = read(lexicon, "tape", meant={"tape": "linen"}).units
    assert unit.near == ()  # not common enough


def test_children_are_told_from_their_values_alone(lexicon):
    kids = Synonyms(means={"boys": ("unisex",)}, kids=("boys", "girls"))
    facets = {"gender=Boys": 3, "gender=Unisex": 4, "gender=Men": 5}
    assert Lexicon(facets, {}, 12, kids).kids == ("gender=Boys",)


@pytest.mark.parametrize(
    ("typed", "cleaned"),
    [
        ("  red\tshirt\n", "red shirt"),
        ("cafe\u0301", "café"),
        ("red\u200bshirt\u202e", "redshirt"),
        ("a\x07b\x7fc", "a b c"),
        ("\x01\x02", ""),
        ("", ""),
        ("😀 لباس", "😀 لباس"),
    ],
)
def test_text_is_normalised(typed, cleaned):
    assert clean_query(typed).text == cleaned


def test_both_unicode_forms_of_a_word_are_one_query():
    assert clean_query("cafe\u0301 noir") == clean_query("café noir")


@pytest.mark.parametrize(
    ("typed", "cleaned"),
    [("a\x00b", "a b"), ("red \ud83d shirt\udc00", "red shirt"), ("\x00", ""), ("\ud83d", ""), (None, "")],
)
def test_what_postgres_or_the_encoder_cannot_take_is_left_out(typed, cleaned):
    query = clean_query(typed)
    assert (query.text, query.wanted, query.dropped) == (cleaned, cleaned, typed is not None)


def test_what_is_no_text_is_a_fault_of_the_caller():
    with pytest.raises(TypeError, match="must be a str, not bytes"):
        clean_query(b"red")


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("word " * 40, ("word " * 40).strip()),  # 199 characters
        ("x" + "word " * 40 + "red", ("x" + "word " * 40).strip()),  # 200, and one word more
        ("xx" + "word " * 40 + "red", ("xx" + "word " * 39).strip()),  # the fortieth ends behind the 200th
        ("a" * 201, "a" * 200),
        ("cafe\u0301 " * 50, ("café " * 40).strip()),
        (" \n" * 1000 + "red " * 60, ("red " * 50).strip()),
        ("red" + " " * 5000 + "dress", "red"),
    ],
)
def test_a_long_text_is_cut_at_a_word(typed, text):
    query = clean_query(typed)
    assert (query.text, query.wanted) == (text, text)
    assert query.cut == (" ".join(typed.split()) != typed.strip() or len(typed.strip()) > 200)


def test_a_phrase_that_is_cut_is_no_phrase():
    query = clean_query("word " * 38 + '"velvet running shoes"')
    assert query.wanted.endswith("word velvet")
    assert (query.quoted, query.cut) == ((), True)


def test_a_megabyte_is_cut_at_once():
    started = time.perf_counter()
    assert len(clean_query("words " * 170_000).text) == 197
    assert time.perf_counter() - started < 0.05 * slowness()


def test_two_hundred_characters_are_accepted():
    assert clean_text("é" * 200, "q") == "é" * 200
    assert clean_text("e\u0301" * 200, "q") == "é" * 200


def test_a_cleaned_query_has_parts():
    query = clean_query('Red "running shoes" -nike -"track suit" OR red - 😀')

    assert query.wanted == "Red running shoes OR red - 😀"
    assert query.has_words
    assert query.excluded == ("nike", "track suit")


def test_a_hyphenated_word_excludes_nothing():
    query = clean_query("t-shirt v-neck")

    assert (query.wanted, query.excluded) == ("t-shirt v-neck", ())


@pytest.mark.parametrize("typed", ["😀😀", "--- !!!", "", "-red", "or -- OR"])
def test_a_query_may_be_left_without_words(typed):
    assert not clean_query(typed).has_words


# What a typed word holds first, beside what it is taken for.


@pytest.fixture
def footwear():
    """A catalogue whose boots lie among other shoes, as its names alone tell."""
    facets = FACETS | {
        "category=Watches": 9,
        "category=Flats": 4,
        "usage=Sports": 12,
        "brand=AND": 3,
        "brand=U.S. Polo Assn.": 4,
    }
    synonyms = Synonyms(
        means={"boots": ("casual shoes",), "ankle boots": ("casual shoes",), "sports watch": ("watches",)},
        fillers=SYNONYMS.fillers | {"and"},
    )
    paths = [*PATHS, ("Watches",), ("Footwear", "Flats")]
    return Lexicon(facets, {**LEXEMES, "boot": 6, "neck": 5}, 100, synonyms, paths=paths)


def only(understood):
    (unit,) = understood.units
    return unit


def test_a_word_that_stands_for_a_value_is_looked_for_itself_as_well(footwear):
    boots = only(read(footwear, "boots"))
    assert (boots.literal, boots.own, boots.called) == (("boots",), (), ("boots",))
    assert boots.roots == ("category=Footwear",)
    assert only(read(footwear, "ankle boots")).called == ("ankle boots", "boots")


def test_a_word_that_values_are_called_by_is_not(footwear):
    assert only(read(footwear, "shoes")).literal == ()
    navy = only(read(footwear, "navy"))
    assert (navy.literal, navy.own) == ((), ("colour=Navy Blue",))


@pytest.mark.parametrize("text", ["men", "guys", "united colors", "size 9"])
def test_for_whom_of_which_brand_and_size_values_alone_tell(lexicon, text):
    assert [unit.literal for unit in read(lexicon, text).units] == [()]


def test_a_modifier_inside_of_a_phrase_counts(footwear):
    assert values(read(footwear, "sports watch")) == {
        "sports watch": {"category=Watches": 0.9},
        "sports": {"usage=Sports": 1.0},
    }


def test_a_kind_is_noted_with_what_stands_before_it(footwear):
    units = {unit.text: unit.called for unit in read(footwear, "linen shirt").units}
    assert units == {"linen": (), "shirt": ("linen shirt",)}
    for text in ("red shirt", "men shirt", "red tape shirt", "linen for shirt"):
        assert read(footwear, text).units[-1].called == (), text


def test_a_single_letter_belongs_to_the_word_after_it(footwear):
    assert [unit.phrases for unit in read(footwear, "v neck shirt").units] == [("v neck",), ("shirt",)]
    assert [unit.text for unit in read(footwear, "x shirt").units] == ["shirt"]


@pytest.mark.parametrize(
    ("text", "brands"),
    [
        ("AND shirt", ["AND"]),
        ("and", ["and"]),
        ("AND", ["AND"]),
        ("shirt and shoes", []),
        ("SHIRT AND SHOES", []),
        ("uspa", ["uspa"]),
    ],
)
def test_a_word_that_asks_for_nothing_may_be_a_brand(footwear, text, brands):
    assert [unit.text for unit in read(footwear, text).units if unit.facets[:1] == ("brand",)] == brands
