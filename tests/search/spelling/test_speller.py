import pytest

from search.query.spelling import Correction, Speller, Vocabulary

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
