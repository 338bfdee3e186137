"""Clean what people type, once, before anything else reads it."""

import re
from dataclasses import dataclass

from ..exceptions import InvalidQuery
from ..text import one_line

MAX_LENGTH = 200  # characters of a query; websearch_to_tsquery takes 6 s for 1 MB

_SURROGATE = re.compile("[\ud800-\udfff]")
_QUOTED = re.compile(r'"([^"]+)"')
_EXCLUDED = re.compile(r'(?:(?<=\s)|^)-("[^"]*"?|\S+)')


@dataclass(frozen=True, slots=True)
class Query:
    """A cleaned query, taken apart as far as the legs need it."""

    text: str  # as the shopper reads it again
    wanted: str  # without what is excluded: what the encoder sees
    excluded: tuple[str, ...]  # words and phrases with a minus in front
    quoted: tuple[str, ...] = ()  # phrases of `wanted` that stood in quotation marks

    @property
    def has_words(self) -> bool:
        """Whether a letter or digit is left; emoji alone have no meaning to the encoder."""
        words = self.wanted.lower().split()
        return any(word != "or" and any(map(str.isalnum, word)) for word in words)


def clean_query(text: str, parameter: str = "q") -> Query:
    """Return the query normalised (NFC, no control characters, single spaces) and taken apart.

    Raises:
        InvalidQuery: the text holds NUL or half a surrogate pair, or is longer than 200 characters.
    """
    cleaned = clean_text(text, parameter)
    excluded = tuple(term.strip('"') for term in _EXCLUDED.findall(cleaned))
    kept = _EXCLUDED.sub(" ", cleaned)
    wanted = " ".join(kept.replace('"', " ").split())
    return Query(
        text=cleaned,
        wanted=wanted,
        excluded=tuple(term for term in excluded if any(map(str.isalnum, term))),
        quoted=tuple(" ".join(phrase.split()) for phrase in _QUOTED.findall(kept) if phrase.strip()),
    )


def clean_text(text: str, parameter: str) -> str:
    """Return one line of text as Postgres and the encoder take it.

    Raises:
        InvalidQuery: the text holds NUL or half a surrogate pair, or is longer than 200 characters.
    """
    if "\x00" in text:
        raise InvalidQuery("invalid_character", f"{parameter} holds a NUL character; remove it.")
    if _SURROGATE.search(text):
        raise InvalidQuery("invalid_character", f"{parameter} holds half a surrogate pair; send valid UTF-8.")
    if len(text) <= 4 * MAX_LENGTH:  # a decomposed text may shrink below the limit
        text = one_line(text)
    if len(text) > MAX_LENGTH:
        raise InvalidQuery(
            "too_long", f"{parameter} is longer than {MAX_LENGTH} characters; shorten it to that."
        )
    return text
