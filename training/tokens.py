"""Subword tokens: byte-pair encoding (Sennrich et al. 2016), so that unseen and misspelt words still mean something."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

PADDING, UNKNOWN = "[PAD]", "[UNK]"


def train_tokenizer(texts: Iterable[str], *, vocabulary: int) -> Tokenizer:
    """Learn `vocabulary` tokens from texts; token 0 is the padding. Case and accents are folded."""
    tokenizer = Tokenizer(models.BPE(unk_token=UNKNOWN))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFKD(), normalizers.StripAccents(), normalizers.Lowercase()]
    )
    # Punctuation only separates, and a piece is the same at a word's beginning and inside it, so that
    # "t-shirt", "tshirt" and "t shirt" share their pieces.
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(r"[^\p{L}\p{N}]+"), behavior="removed"),
            pre_tokenizers.Digits(individual_digits=False),
        ]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        min_frequency=3,
        special_tokens=[PADDING, UNKNOWN],
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def tokenize(tokenizer: Tokenizer, texts: Sequence[str], max_tokens: int) -> NDArray[np.int32]:
    """Return (n, max_tokens) int32 token ids, cut or padded with 0; an empty text is one unknown token."""
    tokens = np.zeros((len(texts), max_tokens), dtype=np.int32)
    unknown = tokenizer.token_to_id(UNKNOWN)
    for row, encoding in zip(tokens, tokenizer.encode_batch(list(texts)), strict=True):
        ids = encoding.ids[:max_tokens] or [unknown]
        row[: len(ids)] = ids
    return tokens
