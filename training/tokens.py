"""Tokenizers, one per kind of text encoder; token 0 is padding, and each has a token [UNK].

Subword tokens are learned by byte-pair encoding (Sennrich et al. 2016), so that unseen and misspelt words are
still represented. Word tokens are whole words. BERT's word pieces come with its weights.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import (
    BertWordPieceTokenizer,
    Regex,
    Tokenizer,
    models,
    normalizers,
    pre_tokenizers,
    trainers,
)

PADDING, UNKNOWN = "[PAD]", "[UNK]"


def train_tokenizer(texts: Iterable[str], *, vocabulary: int) -> Tokenizer:
    """Learn `vocabulary` subword tokens from texts, without case and accents."""
    # Punctuation only separates, and a token is the same at the start of a word and inside it, so that
    # "t-shirt", "tshirt" and "t shirt" share their tokens.
    words = pre_tokenizers.Split(Regex(r"[^\p{L}\p{N}]+"), behavior="removed")
    tokenizer = _folding(models.BPE(unk_token=UNKNOWN))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([words, pre_tokenizers.Digits(individual_digits=False)])
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        min_frequency=3,
        special_tokens=[PADDING, UNKNOWN],
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def train_word_tokenizer(texts: Iterable[str], *, vocabulary: int) -> Tokenizer:
    """Use the `vocabulary` most frequent words of texts as tokens, without case and accents; others are unknown."""
    tokenizer = _whole_words(models.WordLevel(unk_token=UNKNOWN))
    trainer = trainers.WordLevelTrainer(
        vocab_size=vocabulary, special_tokens=[PADDING, UNKNOWN], show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def word_tokenizer(words: Sequence[str]) -> Tokenizer:
    """Use the given words as tokens, numbered in their order after [PAD] and [UNK]."""
    numbers = {word: number for number, word in enumerate(dict.fromkeys((PADDING, UNKNOWN, *words)))}
    return _whole_words(models.WordLevel(vocab=numbers, unk_token=UNKNOWN))


def bert_tokenizer(vocabulary: Path) -> Tokenizer:
    """Build BERT's tokenizer from its vocabulary file, one word piece per line."""
    pieces = BertWordPieceTokenizer(str(vocabulary), lowercase=True)
    tokenizer: Tokenizer = pieces._tokenizer
    return tokenizer


def tokenize(tokenizer: Tokenizer, texts: Sequence[str], max_tokens: int) -> NDArray[np.int32]:
    """Return (n, max_tokens) int32 token ids, truncated or padded with 0; an empty text is one unknown token."""
    tokens = np.zeros((len(texts), max_tokens), dtype=np.int32)
    unknown = tokenizer.token_to_id(UNKNOWN)
    for row, encoding in zip(tokens, tokenizer.encode_batch(list(texts)), strict=True):
        ids = encoding.ids[:max_tokens] or [unknown]
        row[: len(ids)] = ids
    return tokens


def _folding(model: models.Model) -> Tokenizer:
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFKD(), normalizers.StripAccents(), normalizers.Lowercase()]
    )
    return tokenizer


def _whole_words(model: models.Model) -> Tokenizer:
    tokenizer = _folding(model)
    # The same words as in training.vectors: "t-shirt" is one word.
    words = Regex(r"[a-z0-9]+(?:[-'][a-z0-9]+)*")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(words, behavior="removed", invert=True)
    return tokenizer
