"""Queries in other languages, by lists of words, and emoji."""

import pytest

from search.conf import Weights
from search.query.languages import read_words
from search.query.lexicon import Lexicon
from search.query.parse import parts_of, read_query
from search.query.spelling import Speller
from search.query.synonyms import Synonyms
from search.query.word_lists import FOLDER, load_emoji, load_languages
from search.text import split

FACETS = {
    "category=Dresses": 60, "category=Shirts": 200, "category=Casual Shoes": 200, "category=Sarees": 30, "category=Bath Robe": 2,
    "category=Sports Shoes": 20, "category=Skirts": 30, "category=Ties": 20, "category=Handbags": 20,
    "colour=Red": 90, "colour=Black": 200, "gender=Men": 500, "gender=Women": 400, "brand=Nike": 90,
}  # fmt: skip
LEXEMES = {
    "dress": 70, "shirt": 220, "shoe": 220, "sare": 31, "saree": 31, "robe": 2, "red": 100, "black": 210, "men": 500, "women": 400,
    "rock": 40, "band": 30, "nike": 90, "cotton": 300, "cocktail": 9, "leather": 50, "skirt": 30, "stripe": 40,
}  # fmt: skip
SYNONYMS = Synonyms(
    means={"robe": ("bath robe",), "sneakers": ("casual shoes",)},
    fillers=frozenset(["for", "a", "the", "with", "in", "or", "without", "to", "on", "i", "need"]),
)


@pytest.fixture
def lexicon():
    return Lexicon(FACETS, LEXEMES, 2000, SYNONYMS)


def english(lexicon, text):
    return " ".join(word.text for word in split(read_words(text, lexicon).text))


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("rotes Kleid", "de", "red dress"),
        ("roter Rock", "de", "red skirt"),
        ("ein schwarzes Hemd für Herren", "de", "black shirt for men"),
        ("Gruene Schuhe", "de", "green shoes"),
        ("Damenschuhe", "de", "women shoes"),
        ("Lederschuhe", "de", "leather shoes"),
        ("Cocktailkleid", "de", "cocktail dress"),
        ("zapatos negros hombre", "es", "shoes black men"),
        ("camisas de rayas", "es", "shirt striped"),
        ("chaussures", "fr", "shoes"),
        ("robe rouge", "fr", "dress red"),
        ("sac à main noir", "fr", "handbag black"),
        ("scarpe nere da donna", "it", "shoes black for women"),
        ("लाल साड़ी", "hi", "red saree"),
        ("महिलाओं के लिए जूते", "hi", "women shoes"),
        ("lal saree", "hi", "red saree"),
        ("laal shirt", "hi", "red shirt"),
        ("kala joota", "hi", "black shoes"),
        ("Nike Schuhe", "de", "nike shoes"),
    ],
)
def test_the_words_of_a_query_choose_its_language(lexicon, text, language, expected):
    assert (read_words(text, lexicon).language, english(lexicon, text)) == (language, expected)
    assert read_query(text, lexicon, Weights()).language == language  # which looks at the words first


def test_two_rare_words_of_the_catalogue_may_be_another_language():
    lexicon = Lexicon(FACETS, LEXEMES | {"roug": 1}, 2000, SYNONYMS)
    assert read_query("robe rouge", lexicon, Weights()).language == "fr"
    assert read_query("robe", lexicon, Weights()).language == ""


@pytest.mark.parametrize(
    "text",
    [
        "red dress", "rock band shirt", "robe", "rock", "bath robe", "Nike", "shirt for men", "a shirt with a tie", "blu", "S-1201",
        "cotton shirt without sleeves", "shoes 42", "",
    ],
)  # fmt: skip
def test_a_query_in_the_language_of_the_catalogue_stays_as_it_is(lexicon, text):
    reading = read_words(text, lexicon)
    assert (split(reading.text), reading.language, reading.unlisted) == (split(text), "", False)


def test_lists_are_not_read_for_words_that_the_catalogue_knows(lexicon):
    load_languages.cache_clear()
    read_words("red dress for men", lexicon)
    assert load_languages.cache_info().currsize == 0


@pytest.mark.parametrize("text", ["красное платье", "เสื้อ", "ψάχνω", "czerwona sukienka"])
def test_a_language_without_a_list_is_said_so(lexicon, text):
    reading = read_words(text, lexicon)
    assert (split(reading.text), reading.language, reading.unlisted) == (split(text), "", True)


def test_one_unknown_word_in_latin_letters_is_no_language(lexicon):
    assert not read_words("xyzzy", lexicon).unlisted


def test_emoji_are_words(lexicon):
    assert english(lexicon, "👗") == "dress"
    assert english(lexicon, "🔴👟 for men") == "red sneakers for men"
    assert english(lexicon, "❤️ dress") == "dress"
    assert english(lexicon, "🕶️") == "sunglasses"


def test_a_catalogue_that_is_not_in_english_or_not_counted_is_left_alone():
    for words in (Lexicon({}, None, 0, SYNONYMS), Lexicon(FACETS, {}, 10, SYNONYMS, language="german")):
        assert read_words("rotes Kleid 👗", words).text == "rotes Kleid 👗"


def test_what_was_understood_is_shown_as_it_was_typed(lexicon):
    text = "rotes Kleid"
    understood = read_query(text, lexicon, Weights())
    assert [(part.text, part.values, part.without) for part in parts_of(text, understood)] == [
        ("rotes", ("Red",), "Kleid"),
        ("Kleid", ("Dresses",), "rotes"),
    ]
    assert (understood.encoded, understood.language, understood.unknown) == ("red dress", "de", ())


def test_two_meanings_of_an_emoji_are_one_thing_with_two_values(lexicon):
    (part,) = parts_of("👔", read_query("👔", lexicon, Weights()))
    assert (part.text, part.values, part.without) == ("👔", ("Shirts", "Ties"), "")


def test_what_a_list_has_and_no_product_is_unknown_as_it_was_typed(lexicon):
    assert read_query("geblümtes Kleid", lexicon, Weights()).unknown == ("geblümtes",)


def test_mostly_unknown_words_are_not_corrected_unless_all_of_them_can_be():
    class Words:
        words = {"perros": ("Perros", 9), "black": ("black", 90), "dress": ("dress", 90)}
        pairs = frozenset()

    speller = Speller(Words())
    assert speller.correct("sapatos pretos") is None
    assert speller.correct("blak dres").text == "black dress"


def test_the_lists_that_ship_are_sound():
    languages = load_languages()
    assert sorted(languages) == ["de", "es", "fr", "hi", "it"]
    assert all(len(language.words) > 150 for language in languages.values())
    meanings, _ = load_emoji()
    assert meanings["👗"] == ("dress",)
    assert "❤" not in meanings
    assert FOLDER.name == "languages"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("name = ", "is not TOML"),
        ('name = "X"', "stemmer must be a text"),
        ('name = "X"\nstemmer = "german"\nfillers = "der"\nwords = 3', r"\[words\] must be a table of texts"),
        ('name = "X"\nstemmer = "german"\nfillers = "der"\n[words]\n"der" = "red"', "stands there twice"),
        ('name = "X"\nstemmer = "german"\nfillers = "der"\n[words]\n"rot" = "-"', "must mean English words"),
        ('name = "X"\nstemmer = "german"\nfillers = "der"\ncompounds = 1', "compounds must be true or false"),
    ],
)
def test_a_list_that_is_not_sound_names_the_place(tmp_path, content, sentence):
    (tmp_path / "xx.toml").write_text(content)
    with pytest.raises(ValueError, match=rf"xx\.toml.*{sentence}"):
        load_languages(tmp_path)
