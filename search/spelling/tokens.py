"""The words of a query that may be corrected."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .words import chunks, fold, is_word

# Quoted phrases, and words with a minus in front or with characters in them that no word has.
_LEFT_ALONE = re.compile(r'-?"[^"]*"?|(?:(?<=\s)|^)-\S+|\S*[@/\\_&.+#]\w\S*')


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a query."""

    text: str
    key: str  # folded
    start: int
    end: int
    followed: bool  # by one space and another word


def read_tokens(text: str) -> Iterator[Token]:
    """The words of a query, but for numbers, SKUs, quoted phrases and what is excluded."""
    masked = _LEFT_ALONE.sub(lambda match: "\0" * len(match[0]), text)
    for match in chunks(masked):
        if is_word(match[0]):
            followed = re.match(r" [^\W\d_]", masked[match.end() :]) is not None
            yield Token(match[0], fold(match[0]), match.start(), match.end(), followed)
