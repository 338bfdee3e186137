from training.tokens import PADDING, UNKNOWN, tokenize, train_tokenizer

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
