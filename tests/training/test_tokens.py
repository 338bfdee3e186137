from training.models.text import packaged_bert
from training.tokens import (
    PADDING,
    UNKNOWN,
    bert_tokenizer,
    tokenize,
    train_tokenizer,
    train_word_tokenizer,
    word_tokenizer,
)

TEXTS = ["red t-shirt", "red tshirt", "blue shirt", "navy sneakers", "sneakers for men"] * 20


def test_padding_is_token_zero_and_empty_text_is_unknown():
    tokenizer = train_tokenizer(TEXTS, vocabulary=80)
    assert tokenizer.token_to_id(PADDING) == 0
    tokens = tokenize(tokenizer, ["red", ""], 4)
    assert tokens.shape == (2, 4)
    assert tokens[1].tolist() == [tokenizer.token_to_id(UNKNOWN), 0, 0, 0]


def test_case_accents_and_punctuation_do_not_matter():
    tokenizer = train_tokenizer(TEXTS, vocabulary=80)
    plain = tokenize(tokenizer, ["red sneakers"], 8).tolist()
    assert tokenize(tokenizer, ["Réd, SNEAKERS!"], 8).tolist() == plain


def test_a_misspelt_word_keeps_known_pieces():
    tokenizer = train_tokenizer(TEXTS, vocabulary=80)
    unknown = tokenizer.token_to_id(UNKNOWN)
    assert unknown not in tokenizer.encode("sneekers").ids


def test_long_texts_are_cut():
    tokenizer = train_tokenizer(TEXTS, vocabulary=80)
    assert tokenize(tokenizer, ["red " * 50], 5).shape == (1, 5)


def test_whole_words_are_numbered_by_how_often_they_come():
    tokenizer = train_word_tokenizer(TEXTS, vocabulary=5)
    red, shirts, zebra = (tokenizer.encode(text).ids for text in ("RED", "sneakers", "zebra"))
    assert sorted(red + shirts) == [2, 3]  # both come twice in five texts, before all others
    assert zebra == [tokenizer.token_to_id(UNKNOWN)]
    assert tokenizer.get_vocab_size() == 5


def test_a_hyphen_stays_inside_a_word():
    tokenizer = word_tokenizer(["t-shirt", "red"])
    assert tokenizer.encode("Red, t-shirt!").tokens == ["red", "t-shirt"]
    assert tokenizer.token_to_id(PADDING) == 0


def test_bert_has_its_own_pieces_between_marks():
    tokenizer = bert_tokenizer(packaged_bert() / "vocab.txt")
    assert tokenizer.encode("Navy sneakers").tokens == ["[CLS]", "navy", "sneakers", "[SEP]"]
    assert tokenizer.token_to_id(PADDING) == 0
