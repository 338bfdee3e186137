from time import monotonic

import pytest

from search.indexing.lexicons import refresh_word_list
from search.models import WordList
from search.query import spelling
from search.query.lexicon import CHECK_SECONDS
from search.query.names import Vocabulary
from search.query.spelling import (
    Correction,
    Speller,
    correct,
    cost,
    everyday_words,
    read_tokens,
)
from search.text import inflections
from tests.search.indexed import add, make_version

COUNTS = {
    "watch": ("watch", 900),
    "wash": ("wash", 3),
    "jeans": ("jeans", 200),
    "sneakers": ("sneakers", 40),
    "black": ("black", 2000),
    "lipstick": ("lipstick", 100),
    "reebok": ("Reebok", 60),
    "benetton": ("Benetton", 900),
    "fastrack": ("Fastrack", 110),
    "nike": ("Nike", 500),
    "formal": ("formal", 400),
    "casual": ("casual", 1200),
    "wallet": ("wallet", 90),
    "backpack": ("backpack", 80),
    "tshirt": ("t-shirt", 400),
    "shirt": ("shirt", 1300),
    "flip": ("flip", 200),
    "flops": ("flops", 200),
    "flipflops": ("flip flops", 200),
    "kurta": ("kurta", 100),
    "polo": ("polo", 90),
    "red": ("red", 90),
    "tape": ("Tape", 9),
    "zari": ("zari", 1),
    "men": ("men", 5000),
}
PAIRS = frozenset({"flip flops", "polo shirt", "red tape", "t shirt"})
VOCABULARY = Vocabulary(COUNTS, PAIRS)
SPELLER = Speller(VOCABULARY, everyday=frozenset({"interview", "wedding", "back", "pack", "flat"}))


@pytest.mark.parametrize(
    ("typed", "corrected"),
    [
        ("tshrit white men", "t-shirt white men"),
        ("snekers", "sneakers"),
        ("wach for men", "watch for men"),
        ("blak", "black"),
        ("lipstik", "lipstick"),
        ("fasttrack watch", "Fastrack watch"),
        ("rebok", "Reebok"),
        ("benneton", "Benetton"),
        ("formel casul", "formal casual"),
        ("nikee", "Nike"),
        ("wallett", "wallet"),
        ("backpak, jeens!", "backpack, jeans!"),
    ],
)
def test_slips_are_corrected_in_place(typed, corrected):
    assert SPELLER.correct(typed).text == corrected


def test_a_correction_tells_what_it_changed():
    assert SPELLER.correct("Rebok  jeens  501") == Correction(
        text="Reebok  jeans  501",
        original="Rebok  jeens  501",
        changed=(("Rebok", "Reebok"), ("jeens", "jeans")),
    )


@pytest.mark.parametrize(
    "right",
    [
        "",
        "watch",
        "watches",  # plural
        "jean",  # singular
        "zari",  # of one product only
        "T-Shirts",
        "tshirt",
        "t shirt",
        "flip-flops",
        "wedding interview",  # everyday English
        "rad bak",  # three letters
        "wach1 501s w4tch",  # numbers and SKUs
        '"wach"',
        "jeans -wach",
        "red tape",  # side by side in products
        "asdkjh qwrtzp",  # near nothing
    ],
)
def test_what_is_right_or_near_nothing_is_left_as_it_is(right):
    assert SPELLER.correct(right) is None


@pytest.mark.parametrize(
    ("typed", "corrected"),
    [
        ("flipflops", "flip flops"),
        ("flipflps", "flip flops"),
        ("poloshirt", "polo shirt"),
        ("redtape", "red Tape"),
    ],
)
def test_two_words_typed_as_one_are_taken_apart(typed, corrected):
    assert SPELLER.correct(typed).text == corrected


def test_one_word_typed_as_two_is_joined():
    assert SPELLER.correct("blue back pack").text == "blue backpack"
    assert SPELLER.correct("back, pack") is None


def test_other_known_words_are_right_and_may_be_meant():
    speller = Speller(VOCABULARY, extra_known=["saree", "trench coat"])

    assert speller.correct("saree") is None
    assert speller.correct("trensh").text == "trench"


def test_words_of_the_texts_are_right():
    asked = []

    def in_texts(pairs):
        asked.extend(pairs)
        return {"kurtan"}

    speller = Speller(VOCABULARY, in_texts=in_texts)

    correction = speller.correct("kurtan jeens watch")
    assert (correction.text, correction.perhaps) == ("kurtan jeans watch", (("kurtan", "kurta"),))
    assert asked == [("kurtan", "kurta"), ("jeens", "jeans")]


def test_the_commoner_of_two_words_equally_near_is_meant():
    speller = Speller(Vocabulary({"cart": ("cart", 10), "card": ("card", 1000)}, frozenset()))

    assert speller.correct("carb").text == "card"


def test_a_text_full_of_unknown_words_is_no_slip():
    assert SPELLER.correct("jeens " * 8).text == "jeans " * 8
    assert SPELLER.correct("jeens " * 9) is None


def test_a_word_that_stands_beside_the_others_in_products_is_meant():
    words = {"sweat": ("sweat", 10), "sweet": ("sweet", 10), "shirt": ("shirt", 90), "pea": ("pea", 9)}
    speller = Speller(Vocabulary(words, frozenset({"sweat shirt", "sweet pea"})))

    assert speller.correct("swet shirt").text == "sweat shirt"
    assert speller.correct("swet pea").text == "sweet pea"
    assert speller.correct("shirt swet").text == "shirt sweet"  # one e for two is the commoner slip


@pytest.mark.parametrize(
    ("typed", "meant", "expected"),
    [
        ("jeans", "jeans", 0.0),
        ("jeasn", "jeans", 0.6),  # swapped
        ("wallett", "wallet", 0.4),  # doubled
        ("rebok", "reebok", 0.4),  # a double letter left single
        ("benneton", "benetton", 0.8),  # both
        ("casul", "casual", 0.7),  # a vowel left out
        ("wach", "watch", 0.9),  # another letter left out
        ("formel", "formal", 0.6),  # one vowel for another
        ("lipstikk", "lipstick", 0.6),  # k for c
        ("shirr", "shirt", 0.8),  # r beside t
        ("shirp", "shirt", 1.1),  # p far from t
        ("ahirt", "shirt", 1.05),  # a beside s, but first
        ("hsirt", "shirt", 0.6),  # swapped, first or not
        ("hirt", "shirt", 1.15),  # the first left out
    ],
)
def test_each_kind_of_slip_has_its_cost(typed, meant, expected):
    assert cost(typed, meant) == pytest.approx(expected)


def test_everyday_words_are_known_and_slips_are_not():
    words = everyday_words()

    assert {"interview", "football", "wedding", "colour", "hoodies", "dont"} <= words
    assert not {"wach", "blak", "formel", "casul", "jeens"} & words
    assert 35_000 < len(words) < 45_000


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr(spelling, "PACKAGE", "no_such_package")
    with pytest.raises(ModuleNotFoundError, match="no_such_package is not installed"):
        everyday_words.__wrapped__()


def texts(query):
    return [token.text for token in read_tokens(query)]


def test_words_are_read_and_numbers_skus_addresses_are_left_aside():
    assert texts("blue T-shirt 501 NA1387SL02 H&M a@b.com under 1500") == ["blue", "T-shirt", "under"]


def test_quoted_phrases_and_excluded_words_are_left_aside():
    assert texts('jeens "exakt phrase" -blak -"two wrds" shirt') == ["jeens", "shirt"]


def test_a_token_knows_its_place_and_whether_a_word_follows():
    first, second, third = read_tokens("back pack, red")

    assert (first.key, first.start, first.end, first.followed) == ("back", 0, 4, True)
    assert (second.key, second.start, second.end, second.followed) == ("pack", 5, 9, False)
    assert (third.key, third.followed) == ("red", False)


def test_a_vocabulary_comes_back_as_it_was_packed():
    vocabulary = Vocabulary({"tshirt": ("t-shirt", 7), "reebok": ("Reebok", 3)}, frozenset({"polo tshirt"}))

    assert Vocabulary.unpack(vocabulary.pack()) == vocabulary


def test_an_empty_vocabulary_comes_back_empty():
    assert Vocabulary.unpack(Vocabulary({}, frozenset()).pack()) == Vocabulary({}, frozenset())


@pytest.mark.parametrize(
    ("word", "others"),
    [
        ("shirt", ["shirts"]),
        ("shirts", ["shirt", "shirtses"]),
        ("watches", ["watch", "watche", "watcheses"]),
        ("watch", ["watchs", "watches"]),
        ("accessories", ["accessory", "accessori", "accessorie", "accessorieses"]),
        ("accessory", ["accessories", "accessorys"]),
        ("dress", ["dresses"]),  # not "dres"
    ],
)
def test_plural_and_singular(word, others):
    assert list(inflections(word)) == others


@pytest.fixture
def version(tiny_artifact, search_settings, db):
    version = make_version(tiny_artifact)
    for number in range(12):
        add(version, f"S-{number}", "Striped jeans", brand="Reebok", description="Worn by kurtan dancers.")
    refresh_word_list()
    return version


def test_a_query_is_corrected_against_the_words_of_the_version(version):
    assert correct(version.pk, "rebok jeens").text == "Reebok jeans"


def test_words_of_descriptions_are_right_in_any_inflection(version):
    assert correct(version.pk, "rebok reboks").text == "Reebok Reebok"
    add(version, "S-99", "Hat", description="A rebok in the crowd.")

    correction = correct(version.pk, "rebok reboks")
    assert (correction.text, correction.changed) == ("rebok reboks", ())
    assert correction.perhaps == (("rebok", "reebok"), ("reboks", "reebok"))


def test_a_slip_that_shares_its_stem_with_an_everyday_word_is_corrected(version):
    add(version, "E-1", "Earrings", description="For the ear.")
    refresh_word_list()

    assert correct(version.pk, "earings").text == "earrings"  # its English stem is "ear"


def test_a_slip_with_the_stem_of_the_word_that_was_meant_is_corrected(version):
    add(version, "N-1", "Nike cap", brand="Nike")
    refresh_word_list()

    assert correct(version.pk, "nikee").text == "Nike"  # English stems of both are "nike"


def test_changed_words_are_loaded_after_a_moment(version, monkeypatch):
    assert correct(version.pk, "sneekers") is None
    add(version, "N-4", "Sneakers")
    assert refresh_word_list()
    assert correct(version.pk, "sneekers") is None  # the table was looked at just now

    monkeypatch.setattr("search.resilience.monotonic", lambda: monotonic() + CHECK_SECONDS)
    assert correct(version.pk, "sneekers").text == "sneakers"


def test_extra_words_make_another_speller(version):
    assert correct(version.pk, "jeanz").text == "jeans"
    assert correct(version.pk, "jeanz", frozenset({"jeanz"})) is None


def test_a_query_is_not_corrected_beyond_its_longest(version):
    numbers = "1 " * 97

    assert len(correct(version.pk, f"{numbers}rebok").text) == 200
    assert correct(version.pk, f"1{numbers}rebok") is None


def test_a_version_whose_words_were_not_counted_corrects_nothing(version):
    WordList.objects.all().delete()

    assert correct(version.pk, "rebok") is None


def test_a_loaded_speller_asks_the_database_about_doubts_only(version, django_assert_num_queries):
    correct(version.pk, "jeans")
    with django_assert_num_queries(0):
        correct(version.pk, "reebok jeans interview")
    with django_assert_num_queries(6) as asked:  # five are the session's
        correct(version.pk, "rebok")
    assert sum("plainto_tsquery" in query["sql"] for query in asked.captured_queries) == 1
