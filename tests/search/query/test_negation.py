from decimal import Decimal

import pytest

from search.conf import Weights
from search.query.lexicon import Lexicon
from search.query.opposites import load_opposites
from search.query.parse import parts_of, read_query
from search.query.synonyms import load_synonyms

FACETS = {
    "category=Apparel": 90, "category=Tshirts": 30, "category=Dresses": 20, "category=Trousers": 10, "category=Jeans": 10,
    "category=Footwear": 40, "category=Shoes": 40, "category=Casual Shoes": 30, "category=Belts": 10,
    "colour=Red": 20, "colour=Blue": 20, "colour=Navy Blue": 10, "gender=Men": 50, "gender=Women": 40,
    "pattern=Printed": 30, "pattern=Solid": 40, "pattern=Lace": 2, "usage=Formal": 20,
    "brand=Do Not Disturb": 4, "brand=Puma": 9, "size=M": 20,
}  # fmt: skip
PATHS = [
    ("Apparel", "Tshirts"), ("Apparel", "Dresses"), ("Apparel", "Trousers"), ("Apparel", "Jeans"),
    ("Footwear", "Shoes", "Casual Shoes"), ("Accessories", "Belts"),
]  # fmt: skip
LEXEMES = {
    "print": 60, "lace": 50, "slip": 20, "slip-on": 20, "sleev": 90, "sleeveless": 20, "leather": 40, "canva": 10, "pocket": 40,
    "zipper": 20, "collar": 30, "belt": 25, "formal": 30, "polo": 12, "strap": 8, "comfort": 50, "timeless": 20, "sock": 5,
    "show": 5, "solid": 40, "plain": 5, "red": 20, "cotton": 50,
}  # fmt: skip


@pytest.fixture
def lexicon():
    return Lexicon(FACETS, LEXEMES, 150, load_synonyms(), paths=PATHS)


def read(lexicon, text):
    return read_query(text, lexicon, Weights())


def wanted(understood):
    return [unit.text for unit in understood.units if not unit.opposite]


@pytest.mark.parametrize(
    ("text", "kept", "values", "phrase"),
    [
        ("t-shirt without print", ["t-shirt"], ("pattern=Printed",), "print"),
        ("t-shirt w/o print", ["t-shirt"], ("pattern=Printed",), "print"),
        ("no print t-shirt", ["t-shirt"], ("pattern=Printed",), "print"),
        ("trousers but not jeans", ["trousers"], ("category=Jeans",), ""),
        ("shoes without laces", ["shoes"], ("pattern=Lace",), "laces"),
        ("non leather belt", ["belt"], (), "leather"),
        ("non-leather belt", ["belt"], (), "leather"),
        ("anything but formal", [], ("usage=Formal",), "formal"),
        ("dress not in blue", ["dress"], ("colour=Blue", "colour=Navy Blue"), ""),
        ("shoes except puma", ["shoes"], ("brand=Puma",), ""),
        ("shoes other than puma", ["shoes"], ("brand=Puma",), ""),
        ("i don't want jeans", [], ("category=Jeans",), ""),
        ("collarless dress", ["dress"], (), "collar"),
        ("dress without belt", ["dress"], ("category=Belts",), "belt"),
        ("t-shirts but not polo", ["t-shirts"], (), "polo"),
        ("dress without canvas strap", ["dress"], (), "canvas strap"),
        ("dress not for men", ["dress"], ("gender=Men",), ""),
    ],
)
def test_what_is_negated_is_cut_out(lexicon, text, kept, values, phrase):
    understood = read(lexicon, text)
    (negated,) = understood.negated
    assert wanted(understood) == kept
    assert (negated.values, negated.phrase) == (values, phrase)
    assert understood.notes == understood.unknown == ()
    assert not {"print", "laces", "leather", "formal", "blue", "jeans"} & set(understood.encoded.split())


@pytest.mark.parametrize(
    ("text", "kept", "words"),
    [
        ("dress without sleeves or pockets", ["dress"], ["sleeves", "pockets"]),
        ("dress without pockets and zippers", ["dress"], ["pockets", "zippers"]),
        ("dress without print and red", ["dress", "red"], ["print"]),
        ("dress not red, blue", ["dress"], ["red", "blue"]),
        ("dress without print, no belt", ["dress"], ["print", "belt"]),
        ("dress without comfort strap", ["dress"], ["comfort strap"]),
        ("without pockets cotton", [], ["pockets", "cotton"]),
        ("no laces no print shoes", ["shoes"], ["laces", "print"]),
        ("red dress without print for women", ["red", "dress", "women"], ["print"]),
    ],
)
def test_how_far_it_reaches(lexicon, text, kept, words):
    understood = read(lexicon, text)
    assert wanted(understood) == kept
    assert [one.word for one in understood.negated] == words


@pytest.mark.parametrize(
    "text", ["do not disturb dress", "no show socks", "timeless dress", "sleeveless dress", "dress not"]
)
def test_names_and_words_of_the_catalogue_are_no_negation(lexicon, text):
    understood = read(lexicon, text)
    assert understood.negated == understood.notes == ()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("dress without zzzz", "“without zzzz” was not applied: the catalogue does not tell."),
        ("dress not M", "“not M” was not applied: products come in several sizes."),
        ("dress not without pockets", "“not without pockets” was not applied: it negates twice; say what you want instead."),
        ("dress not between 500 and 900", "“not between 500 and 900” was not applied: what lies outside of a range is no one range."),
    ],
)  # fmt: skip
def test_what_cannot_be_applied_is_said_and_never_reversed(lexicon, text, sentence):
    understood = read(lexicon, text)
    assert understood.notes == (sentence,)
    assert (wanted(understood), understood.negated, understood.price) == (["dress"], (), None)


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("dress not above 500", (None, Decimal(500))),
        ("dress but not under 500", (Decimal(500), None)),
        ("dress no less than 500", (Decimal(500), None)),
        ("dress not more than 500", (None, Decimal(500))),
    ],
)
def test_a_price_that_is_negated_is_turned(lexicon, text, ends):
    understood = read(lexicon, text)
    assert understood.price
    assert (understood.price.lowest, understood.price.highest) == ends
    assert wanted(understood) == ["dress"]


def test_a_facet_tells_only_where_it_has_a_good_part_of_those_whose_texts_hold_the_word(lexicon):
    (printed,), (lace,) = (read(lexicon, f"dress without {word}").negated for word in ("print", "lace"))
    assert set(printed.told) == {"pattern=Printed", "pattern=Solid", "pattern=Lace"}
    assert (lace.values, lace.phrase, lace.told) == (("pattern=Lace",), "lace", ())


def test_opposites_are_asked_for_where_texts_alone_tell(lexicon):
    (opposite,) = [unit for unit in read(lexicon, "shoes without laces").units if unit.opposite]
    assert "slip-on" in opposite.phrases
    assert not any(unit.opposite for unit in read(lexicon, "t-shirt without print").units)
    assert read(lexicon, "dress without sleeves").encoded == "dress sleeveless"


def test_parts_say_what_is_negated_and_the_query_without_it(lexicon):
    query = "red t-shirt without print -polo"
    parts = [part for part in parts_of(query, read(lexicon, "red t-shirt without print")) if part.negated]
    assert [(part.text, part.facet, part.values, part.without) for part in parts] == [
        ("without print", "pattern", ("Printed",), "red t-shirt -polo"),
        ("-polo", "", ("polo",), "red t-shirt without print"),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("opposites = 3", r"\[opposites\] must be a table"),
        ("[opposites]\nlaces = 'velcro'", "'laces' must be a list of phrases, not 'velcro'"),
        ("names = 'no show'", "'names' must be a list of phrases"),
        ("[opposites", "is not TOML"),
    ],
)
def test_a_wrong_file_says_where(tmp_path, content, message):
    file = tmp_path / "negation.toml"
    file.write_text(content)
    with pytest.raises(ValueError, match=message):
        load_opposites(file)


def test_a_cue_is_not_joined_to_what_it_negates(lexicon):
    (negated,) = read(lexicon, "shirt w/o men").negated
    assert negated.values == ("gender=Men",)  # and not "women"
