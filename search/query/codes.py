"""Codes of products in a query: SKUs and the codes that names hold, such as "GA-100-1A2DR", found however they are typed.

They are compared without case, hyphens and spaces, as they stand, by their beginning ("ga100"), and with one wrong or missing
character. The codes of a version lie in its word list; a process reads them with the first query that holds anything like a code.
Those that are not there yet, because no worker has counted the words since, are looked up whole in the entries themselves.
"""

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

from django.contrib.postgres.search import SearchQuery
from django.db.models import Q

from ..models import IndexEntry, IndexVersion
from ..models.terms import any_phrase_text
from ..sentences import lazily as _
from ..sentences import said
from ..text import without_codes
from .lexicon import word_list_of
from .names import SHORTEST_CODE, Names, bare_code, codes_of_name, names_of
from .prices import without_stated_prices

logger = logging.getLogger(__name__)

SHORTEST_NUMBER = 5  # digits of a code without letters
SHORTEST_CLOSE, SHORTEST_CLOSE_NUMBER = (
    5,
    7,
)  # characters from which one may be wrong; every short number is near to another
MOST_HITS = 48  # products; what more of them have is a word
MOST_NAMED = 3  # codes that are named where none is as typed
LONGEST_RUN = 4  # words that a code may be typed as
MOST_LOOKED_UP = 8  # stretches of a query that are looked up in the entries
# Keys of products and the codes that are meant -> these as names and SKUs have them.
AsWritten = Callable[[Iterable[str], Sequence[str]], Iterator[str]]
# Bare codes, with the ways in which each may be written -> the keys of the products that have them by now.
Uncounted = Callable[[Mapping[str, Sequence[str]]], Mapping[str, Sequence[str]]]
NO_CODE = _("No product has the code %(typed)s; nearest: %(nearest)s.")

_EDGES = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])|[\W_]+")  # of letters, digits and signs
_TOKEN = re.compile(r"[^\W_]+(?:[-_./#][^\W_]+)*")
_LETTERS = 4  # of a word that may belong to a code: "GA 100"
# Sizes, packs and measures, which are made of letters and digits, too.
_MEASURE = re.compile(
    r"\d+(?:[.,/x\u00d7-]\d+)*-?(?:ml|ltr|lt|gms?|grams?|kgs?|oz|cms?|mms?|mtrs?|inch(?:es)?|ft|gb|mp|mah|yrs?|years?|months?|packs?|pcs?|"
    r"pieces?|pk|ply|gsm|denier|days?|hours?|hrs?|carats?|karats?|watts?|rs|off|in-1|[a-z]{1,2}|xl|xxl|xxxl)"
    r"|(?:uk|us|eu|size|spf|uv|age|pack|set|waist|under|above|below|over|rs)-?\d+(?:\.\d+)?|w?\d+[x\u00d7/-]?l?\d{1,2}"
    r"|\d{1,3}(?:,\d{3})+|\d+-in-\d+",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ReadCodes:
    """What a query says of codes."""

    rest: str = ""  # the query without those that products have
    typed: tuple[str, ...] = ()  # as typed, those that products have
    hits: tuple[str, ...] = ()  # keys of these products
    close: tuple[
        str, ...
    ] = ()  # where there are none, keys of products whose codes are nearest to what was typed
    notes: tuple[str, ...] = ()  # sentences that say so

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of the products that come first."""
        return self.hits or self.close

    @property
    def only_close(self) -> bool:
        """Whether no product has what was typed."""
        return bool(self.close) and not self.hits


@dataclass(frozen=True, slots=True)
class _Typed:
    """A stretch of a query that may be a code."""

    text: str
    code: str  # without case, hyphens and spaces
    parts: tuple[str, ...]  # what hyphens separate, folded
    single: bool  # typed as one word


def typed_codes(text: str) -> list[_Typed]:
    """Return the stretches of a query that look like codes, longest first; prices that are certain are passed over."""
    if not any(map(str.isdigit, text)):
        return []
    text = without_stated_prices(text)
    words = list(_TOKEN.finditer(text))
    found = []
    for length in range(min(LONGEST_RUN, len(words)), 0, -1):
        for at in range(len(words) - length + 1):
            run = words[at : at + length]
            if length > 1 and not _is_run(text, run):
                continue
            typed = text[run[0].start() : run[-1].end()]
            code = bare_code(typed)
            if _is_code(typed, code):
                parts = tuple(part for part in map(bare_code, re.split(r"[\W_]+", typed)) if part)
                found.append(_Typed(typed, code, parts, length == 1))
    return found


def _is_run(text: str, run: Sequence[re.Match[str]]) -> bool:
    """Whether words may be one code: short, with a space between, the first one of letters ("GA 100")."""
    spaces = (text[left.end() : right.start()] == " " for left, right in pairwise(run))
    short = (any(map(str.isdigit, word[0])) or len(word[0]) <= _LETTERS for word in run)
    return any(map(str.isalpha, run[0][0])) and all(spaces) and all(short)


def _is_code(typed: str, code: str) -> bool:
    """Whether it is a number that is long enough, or letters and digits that are no measure."""
    if code.isdigit():
        return len(code) >= SHORTEST_NUMBER
    return len(code) >= SHORTEST_CODE and any(map(str.isdigit, code)) and not _MEASURE.fullmatch(typed)


class Codes:
    """The codes of one version's products.

    Args:
        names: what was collected of its products.
    """

    def __init__(self, names: Names) -> None:
        self._keys = names.keys
        self._names = names.products
        self._index = names.codes

    def holding(self, typed: _Typed) -> list[str]:
        """Return keys of the products that have the code, or codes that begin with it, or all of its parts; none where they are many."""
        number = typed.code.isdigit()
        span = self._index.span(typed.code)
        exact = self._index.whole(typed.code)
        rows = self._rows(exact or (span[:0] if number else span))
        if not rows and typed.single and len(typed.parts) > 1:
            # "GA 100 1A2DR" of a name whose words were not joined
            whole = [part for part in typed.parts if self._names.whole(part)]
            if len(whole) == len(typed.parts):
                rows = self._names.matching(typed.parts).rows().tolist()
        return [self._keys[row] for row in rows] if len(rows) <= MOST_HITS else []

    def close_to(self, typed: _Typed) -> tuple[list[str], list[str]]:
        """Return keys of the products whose code, or the beginning of it, differs in one character, and these codes."""
        code = typed.code
        if len(code) < (SHORTEST_CLOSE_NUMBER if code.isdigit() else SHORTEST_CLOSE):
            return [], []
        words = self._index.words
        edited = one_edit(code, words.letters)
        near = [other for other in edited if words.whole(other)]
        if not near and not code.isdigit():
            beginnings: dict[str, list[str]] = {}
            for beginning in edited:
                if beginning[:1] == code[0] and (span := words.span(beginning)):
                    longer = [word for word in words.run(span) if len(word) > len(code)]
                    if longer:
                        beginnings[beginning] = longer
            # Of equally near beginnings, those of the typed length: a wrong character is likelier than a missing one.
            same = [beginning for beginning in beginnings if len(beginning) == len(code)]
            near = [word for beginning in same or beginnings for word in beginnings[beginning]]
        rows = sorted({row for word in near for row in self._rows(self._index.whole(word))})
        if len(rows) > MOST_HITS:
            return [], []
        return [self._keys[row] for row in rows], near

    def read(
        self, text: str, typed: Sequence[_Typed], as_written: AsWritten, uncounted: Uncounted
    ) -> ReadCodes:
        """Return what a query says of codes.

        Args:
            text: the cleaned query, without what it excludes.
            typed: what in it looks like a code.
            as_written: gives the codes of products as their names and SKUs have them.
            uncounted: looks for codes that were not counted yet.
        """
        read = with_hits(text, typed, {one.text: self.holding(one) for one in typed})
        read = read if read.hits else with_hits(text, typed, looked_up(typed, uncounted))
        if read.hits:
            return read
        for one in typed:
            keys, near = self.close_to(one) if one.single else ([], [])
            if keys:
                shown = ", ".join(dict.fromkeys(as_written(keys, near)))
                return ReadCodes(
                    _without(text, one.text),
                    close=tuple(keys),
                    notes=(said(NO_CODE, typed=one.text, nearest=shown),),
                )
        return ReadCodes(text)

    def _rows(self, span: range) -> list[int]:
        return sorted(set(self._index.held(span).tolist())) if span else []


def one_edit(text: str, letters: Iterable[str]) -> set[str]:
    """Return a text and all those that one letter more, less or other makes of it, or two neighbours that change places."""
    letters = list(letters)
    found = {text}
    for at in range(len(text) + 1):
        before, after = text[:at], text[at:]
        found.update(before + letter + after for letter in letters)
        if after:
            found.add(before + after[1:])
            found.update(before + letter + after[1:] for letter in letters)
        if len(after) > 1:
            found.add(before + after[1] + after[0] + after[2:])
    return found


def with_hits(text: str, typed: Sequence[_Typed], known: Mapping[str, Sequence[str]]) -> ReadCodes:
    """Return what a query says of codes that products have.

    Args:
        text: the query.
        typed: what in it looks like a code, longest first.
        known: by the text of each the keys of the products that have it.
    """
    rest = text
    hits: dict[str, None] = {}
    found: list[str] = []
    for one in typed:
        if known[one.text] and one.text in rest:  # or it is inside of a longer one
            hits |= dict.fromkeys(known[one.text])
            found.append(one.text)
            rest = _without(rest, one.text)
    return ReadCodes(rest, tuple(found), tuple(hits))


def looked_up(typed: Sequence[_Typed], uncounted: Uncounted) -> dict[str, Sequence[str]]:
    """Return by the text of each stretch the keys of the products whose code it is, by one query."""
    some = typed[:MOST_LOOKED_UP]
    found = uncounted({one.code: _spellings(one) for one in some})
    few = {code: sorted(keys) for code, keys in found.items() if len(keys) <= MOST_HITS}
    return {one.text: few.get(one.code, ()) for one in typed}


def read_codes(text: str, version: IndexVersion) -> ReadCodes:
    """Return what a query says of codes; nothing is asked of the database where it holds nothing like one.

    Args:
        text: the cleaned query, without what it excludes.
        version: the one that is searched.
    """
    typed = typed_codes(text)
    if not typed:
        return ReadCodes(text)
    uncounted = partial(_uncounted, version)
    words = word_list_of(version.pk)
    try:
        if words is not None:
            names = names_of(version.pk, words[0])
            return Codes(names).read(text, typed, partial(_as_written, version.pk), uncounted)
    except LookupError as error:  # they were made by the release before, or go with their version
        logger.warning("No counted code can be read: %s", error)
    return with_hits(text, typed, looked_up(typed, uncounted))


def _without(text: str, stretch: str) -> str:
    return " ".join(text.replace(stretch, " ", 1).split())


def _spellings(typed: _Typed) -> list[str]:
    """A code as entries may have it: as it was typed, with spaces for signs, in one word, and its letters and digits apart."""
    apart = " ".join(_EDGES.split(typed.code))
    return list(dict.fromkeys((typed.text.lower(), " ".join(typed.parts), typed.code, apart)))


def _uncounted(version: IndexVersion, codes: Mapping[str, Sequence[str]]) -> Mapping[str, Sequence[str]]:
    """The keys of the products that have codes, by the indexes over SKUs and over words, as further SKUs are words of the title."""
    spellings = [one for spellings in codes.values() for one in spellings]
    titled = SearchQuery(any_phrase_text(spellings, "A"), config=version.config, search_type="raw")
    entries = IndexEntry.objects.in_version(version.pk).filter(Q(sku__in=spellings) | Q(document=titled))
    found: dict[str, list[str]] = {}
    # Without an order, so that of a phrase which many have no more than these are read.
    for key, sku, keywords in entries.values_list("product_key", "sku", "keywords")[: MOST_HITS * 2]:
        for code in {bare_code(sku), *map(bare_code, without_codes(keywords)[1])} & codes.keys():
            found.setdefault(code, []).append(key)
    return found


def _as_written(version_id: int, keys: Iterable[str], near: Sequence[str]) -> Iterator[str]:
    """Codes as names and SKUs have them; a few."""
    entries = IndexEntry.objects.in_version(version_id).of_products(list(keys)[:MOST_NAMED])
    for name, sku, keywords in entries.order_by("product_key").values_list("name", "sku", "keywords"):
        written = [run for code, run in codes_of_name(name) if code in near]
        written += [code for code in (sku.upper(), *without_codes(keywords)[1]) if bare_code(code) in near]
        yield next(iter(written), sku.upper())
