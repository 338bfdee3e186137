import pytest

from search.conf import Weights
from search.query.lexicon import Lexicon
from search.query.parse import parts_of, read_query
from search.query.size_charts import LETTER, Size, letter_size, load_charts, size_of
from search.query.stated_sizes import SIZED, find_sizes
from search.query.synonyms import Synonyms

SOLD = {
    "category=Jeans": {"size=32", "size=34", "size=4-5 Y", "size=6-7 Y"},
    "category=Shirts": {"size=S", "size=M", "size=L", "size=XL", "size=XXL", "size=6-7 Y"},
    "category=Shoes": {"size=UK 5", "size=UK 8", "size=UK 9"},
    "category=Dresses": {"size=M", "size=4-5 Y", "size=6-7 Y"},
    "category=Watches": set(),
}
OF_WOMEN = {"size=UK 5", "size=M"}
GENDERS = {"gender=Men": 9, "gender=Women": 9, "gender=Unisex": 5, "gender=Girls": 5, "gender=Boys": 5}
SYNONYMS = Synonyms(
    means={"girl": ("girls",), "girls": ("unisex",), "kids": ("boys", "girls"), "jersey": ("shirts",)},
    kids=("boys", "girls"),
    fillers=frozenset(["for", "a", "in", "size", "with", "of", "or"]),
)


def held(categories, sizes, genders):
    """Women's are the sizes of `OF_WOMEN`, men's are the others."""
    some = set().union(*(SOLD[category] for category in categories or SOLD))
    if genders:
        some = some & OF_WOMEN if "gender=Women" in genders else some - OF_WOMEN
    return frozenset(size for size in sizes if size in some)


@pytest.fixture
def lexicon():
    facets = GENDERS | dict.fromkeys(SOLD, 9) | {size: 9 for sizes in SOLD.values() for size in sizes}
    paths = [(token.partition("=")[2],) for token in SOLD]
    return Lexicon(facets, None, 100, SYNONYMS, paths=paths, held=held)


def read(lexicon, text):
    return read_query(text, lexicon, Weights())


def sizes(understood):
    return {
        unit.text: sorted(unit.values)
        for unit in understood.units
        if any(token.startswith("size=") for token in unit.values)
    }


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ("XXL", Size(LETTER, name="XXL")),
        ("2xl", Size(LETTER, name="XXL")),
        ("XX-Large", Size(LETTER, name="XXL")),
        ("extra large", Size(LETTER, name="XL")),
        ("triple xl", Size(LETTER, name="XXXL")),
        ("5XL", Size(LETTER, name="XXXXXL")),
        ("medium", Size(LETTER, name="M")),
        ("34", Size("number", 34)),
        ("UK 8", Size("UK", 8)),
        ("uk-8", Size("UK", 8)),
        ("IND 8", Size("UK", 8)),
        ("42 EU", Size("EU", 42)),
        ("6-7 Y", Size("years", 6, 7)),
        ("18-24 M", Size("years", 1.5, 2)),
        ("34x32", Size("waist", 34)),
        ("34B", Size("other", name="34B")),
    ],
)
def test_a_size_is_one_however_it_is_written(value, size):
    assert size_of(value) == size


def test_2l_is_no_letter_size():
    assert letter_size("2l") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("shirt 2xl", {"2xl": ["size=XXL"]}),
        ("extra large shirt", {"extra large": ["size=XL"]}),
        ("small shirt", {"small": ["size=S"]}),
        ("shirt size m", {"size m": ["size=M"]}),
        ("jeans 34", {"34": ["size=34"]}),
        ("34 jeans", {"34": ["size=34"]}),
        ("jeans 34/32", {"34/32": ["size=34"]}),
        ("jeans W34 L32", {"W34 L32": ["size=34"]}),
        ("jeans 32 or 34", {"32 or 34": ["size=32", "size=34"]}),
        ("shoes uk9", {"uk9": ["size=UK 9"]}),
        ("shoes 9", {"9": ["size=UK 9"]}),
        ("size 9 uk shoes", {"size 9 uk": ["size=UK 9"]}),
        ("shoes EU 42", {"EU 42": ["size=UK 8"]}),
        ("women shoes EU 38", {"EU 38": ["size=UK 5"]}),
        ("jersey 4-5 Y", {}),
        ("jeans 4-5 Y", {"4-5 Y": ["size=4-5 Y"]}),
        ("dress for 6 year old girl", {"6 year old": ["size=6-7 Y"]}),
        ("girls dress age 5", {"age 5": ["size=4-5 Y"]}),
        ("girls dress under 6 years", {"under 6 years": ["size=4-5 Y"]}),
        # What stays a word, or is a price.
        ("shirt 34", {}),
        ("watch 34", {}),
        ("pack of 3 shirts", {}),
        ("jeans under 34", {}),
        ("shirt with small print", {}),
        ("levi's jeans", {}),
    ],
)
def test_sizes_are_read_beside_what_the_category_has(lexicon, text, expected):
    assert sizes(read(lexicon, text)) == expected


def test_a_number_that_is_no_size_stays_a_word(lexicon):
    assert [unit.text for unit in read(lexicon, "shirt 34").units] == ["shirt", "34"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("shoes size 42 EU", "EU 42: UK 8 (men\u2019s sizes)"),
        ("shoes 42", "EU 42: UK 8 (men\u2019s sizes)"),
        ("women shoes US 7", "US 7: UK 5 (women\u2019s sizes)"),
        ("jeans 34x32", "34, inseam 32 is not applied"),
        ("jeans M", "M: 34 (men\u2019s sizes)"),
        ("dress EU 42", "EU 42: about M (women\u2019s sizes)"),
        ("women shoes EU 38", "EU 38: UK 5 (women\u2019s sizes)"),
        ("men shoes EU 43", "EU 43: UK 9 (men\u2019s sizes)"),
        ("shirt 2xl", ""),
    ],
)
def test_what_was_converted_or_left_out_is_said(lexicon, text, says):
    understood = read(lexicon, text)
    (part,) = (part for part in parts_of(text, understood) if part.facet == "size")
    assert part.says == says
    assert part.without == text.rsplit(part.text, 1)[0].strip()


def test_a_converted_size_is_of_those_whose_chart_it_was(lexicon):
    implied = [unit for unit in read(lexicon, "shoes EU 42").units if unit.implied]
    assert [unit.facets for unit in implied] == [("gender",)]
    assert "gender=Women" not in implied[0].values


@pytest.mark.parametrize("text", ["shirt US 42", "shirt 5xl", "shoes uk 3.5"])
def test_a_size_that_there_is_not_is_told_and_not_applied(lexicon, text):
    understood = read(lexicon, text)
    (note,) = understood.notes
    assert text.partition(" ")[2] in note
    assert len(understood.units) == 1


def test_an_age_asks_for_a_child(lexicon):
    values = read(lexicon, "dress 6 years old").units[-1].values
    assert set(values) == {"gender=Boys", "gender=Girls"}
    (unit,) = (unit for unit in read(lexicon, "watch for 6 year old girl").units if unit.says)
    assert unit.values["gender=Girls"] == 1


def test_an_adults_age_is_told(lexicon):
    assert len(read(lexicon, "shirt for 40 year old").notes) == 1


def test_children_come_before_unisex_products(lexicon):
    unit = read(lexicon, "shirt for girls").units[-1]
    assert unit.values["gender=Girls"] == 1 > 0.5 > unit.values["gender=Unisex"]
    assert unit.values["gender=Unisex"] > unit.values["gender=Boys"] > 0
    assert "kids" in unit.called
    assert "gender=Men" not in unit.roots


def test_all_children_beside_one_are_that_one(lexicon):
    for text in ("kids shirt for girls", "girl shirt kids"):
        asked = [unit.values for unit in read(lexicon, text).units if "gender" in unit.facets]
        assert len(asked) == 2
        assert all(values["gender=Girls"] >= 0.9 and values["gender=Boys"] < 0.5 for values in asked)
    (unit,) = (unit for unit in read(lexicon, "kids shirt").units if "gender" in unit.facets)
    assert unit.values["gender=Girls"] == unit.values["gender=Boys"] >= 0.9


def test_the_charts_that_ship_can_be_read():
    (conversion, *_) = load_charts().conversions(Size("EU", 42), ["men"])
    assert conversion == ("men", [Size("UK", 8), Size("US", 9)], frozenset())


def _eu_by_length(uk: float, *, child: bool) -> float:
    """The exact European size of a UK size by ISO/TS 19407, which measures both by the length of the foot."""
    return ((uk + (10 if child else 23)) * 25.4 / 3 + 40 / 3) / (20 / 3)


@pytest.mark.parametrize("who", ["men", "women", "children"])
def test_shoes_are_within_a_size_of_the_standard_or_said_to_be_about(who):
    rows = [
        row
        for row in load_charts().rows
        if row.who == who and {"UK", "EU"} <= {size.system for size in row.sizes}
    ]
    shoes = [row for row in rows if not any(size.system == LETTER for size in row.sizes)]
    assert len(shoes) >= 8
    for row in shoes:
        (uk,) = (size.low for size in row.sizes if size.system == "UK")
        exact = _eu_by_length(uk, child=who == "children" and uk > 2)
        for size in row.sizes:
            if size.system == "EU":
                assert abs(size.low - exact) < (1.3 if "EU" in row.about else 0.9), row


@pytest.mark.parametrize("who", ["men", "women", "children"])
def test_no_size_stands_in_two_rows_for_one_thing(who):
    for system in ("UK", "EU", "US", "waist"):
        for letters in (True, False):
            found = [
                size
                for row in load_charts().rows
                if row.who == who and any(size.system == LETTER for size in row.sizes) == letters
                for size in row.sizes
                if size.system == system
            ]
            assert len(found) == len(set(found))


WAISTS = {"XS": (66, 74), "S": (74, 82), "M": (82, 90), "L": (90, 98), "XL": (98, 106), "XXL": (106, 117)}


def test_waists_lie_in_the_ranges_of_en_13402_3():
    rows = [row for row in load_charts().rows if any(size.system == "waist" for size in row.sizes)]
    assert len(rows) == len(WAISTS)
    for row in rows:
        (letter,) = (size.name for size in row.sizes if size.system == LETTER)
        low, high = WAISTS[letter]
        assert all(low <= size.low * 2.54 < high for size in row.sizes if size.system == "waist"), row


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[[chart", "is not TOML"),
        ('[[chart]]\nwho = "dogs"', "who of chart 1"),
        ('[[chart]]\nwho = "men"\nrows = [{ FR = "1" }]', "FR"),
        ('[[chart]]\nwho = "men"\nrows = [{ UK = "1", about = "EU" }]', "about of chart 1 names EU"),
    ],
)
def test_a_wrong_file_of_charts_says_where(tmp_path, content, message):
    file = tmp_path / "sizes.toml"
    file.write_text(content)
    with pytest.raises(ValueError, match=message):
        load_charts(file)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "jeans 34x32",
            "W34 L32",
            "shirt 2xl",
            "xx-large shirt",
            "extra large shirt",
            "extral",
            "double xl",
            "x l",
            "x-small",
        ),
        *(
            "EU 42",
            "uk9",
            "size m",
            "large size",
            "s",
            "M",
            "6 year old",
            "age four 4",
            "18 months",
            "34B",
            "UNDER 10 YEARS",
        ),
    ],
)
def test_what_may_state_a_size_is_looked_at(text):
    assert find_sizes(text)
    assert SIZED.search(text)


@pytest.mark.parametrize(
    "text", ["red shirt", "men's shoes", "navy sneakers men", "silk saree", "t-shirt", "mls"]
)
def test_what_states_none_is_not(text):
    assert not SIZED.search(text)
