from training.data import Product
from training.vocabulary import FAMILIAR, read_words, shopper_texts, unfamiliar


def test_the_lists_have_words_and_none_is_empty():
    words = read_words()
    assert set(words) == {"things", "people", "looks", "uses", "phrases"}
    assert all(word == word.strip().lower() and word for kind in words.values() for word in kind)
    assert {"frock", "jumper", "trainers", "specs", "timepiece"} <= set(words["things"])


def test_each_thing_is_a_text_and_part_of_others():
    texts = shopper_texts(per_thing=2)
    assert texts == shopper_texts(per_thing=2)
    assert len(texts) == len(set(texts))
    assert set(read_words()["things"]) <= set(texts)
    assert sum("stilettos" in text for text in texts) == 3
    assert "{" not in " ".join(texts)


def test_texts_of_words_that_the_catalogue_uses_are_left_out():
    often = [Product("shop", str(number), "Acme Red Shoes for Men") for number in range(FAMILIAR)]
    seldom = [Product("shop", "x", "Acme Kicks")]
    texts = ["shoes", "red kicks", "shoes for men", "sneakers", "Red Shoes"]
    assert unfamiliar(texts, [*often, *seldom]) == ["red kicks", "sneakers"]
