"""Correct what shoppers type, against a catalogue's own words."""

from collections.abc import Callable, Collection, Container, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from .nearest import NearestWords
from .tokens import Token, read_tokens
from .vocabulary import Vocabulary
from .words import fold, inflections, parts

SHORTEST = 4  # letters; shorter words differ from too many others in one letter
MOST_UNKNOWN = 8  # words of one query; a text with more is not a slip
PART = 3  # letters that each half of a word has at least, where halves are joined or taken apart
HALF_COUNT = 3  # products that bear a word of which two halves were typed


@dataclass(frozen=True, kw_only=True, slots=True)
class Correction:
    """A query as it was probably meant."""

    text: str  # to search for
    original: str  # as it was typed
    changed: tuple[tuple[str, str], ...]  # (typed, shown) of each place that differs
    perhaps: tuple[
        tuple[str, str], ...
    ] = ()  # (typed, meant) of rare words that stay: texts of the catalogue hold them


InTexts = Callable[[Sequence[tuple[str, str]]], Collection[str]]


def _in_no_text(_pairs: Sequence[tuple[str, str]]) -> Collection[str]:
    return ()


class Speller:
    """Corrects queries; knows every word of the catalogue and everyday English.

    Args:
        vocabulary: the catalogue's words.
        everyday: words of the language that are right although no product bears them.
        extra_known: words that are right besides, such as synonyms; a query may be corrected to them, too.
        in_texts: is given (typed, meant) pairs, and returns those typed words that texts of the catalogue hold in any
            inflection, unless typed and meant are inflections of one word.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        *,
        everyday: Container[str] = frozenset(),
        extra_known: Collection[str] = (),
        in_texts: InTexts = _in_no_text,
    ) -> None:
        self._words = {
            fold(part): (part.lower(), 1) for word in extra_known for part in word.split() if fold(part)
        } | dict(vocabulary.words)
        self._pairs = vocabulary.pairs
        self._everyday = everyday
        self._in_texts = in_texts
        self._nearest = NearestWords(self._words)

    def correct(self, text: str) -> Correction | None:
        """Return the corrected query, or None where nothing is to be corrected and no other word may have been meant.

        Quoted phrases, words after a minus, numbers and SKUs are left as they are.
        """
        tokens = list(read_tokens(text))
        edits = {token.start: (token.end, shown) for token, shown in self._taken_apart(tokens)}
        for left, right, shown in self._halves(tokens):
            if left.start not in edits and right.start not in edits:
                edits[left.start] = (right.end, shown)
        covered = [(start, end) for start, (end, _) in edits.items()]
        unknown = [
            place
            for place, token in enumerate(tokens)
            if not any(start <= token.start < end for start, end in covered) and not self._is_known(token)
        ]
        perhaps: list[tuple[str, str]] = []
        if len(unknown) <= MOST_UNKNOWN:
            slips = self._slips(tokens, unknown)
            held = self._in_texts([(token.text, shown) for token, shown in slips]) if slips else ()
            perhaps = [(token.key, fold(shown)) for token, shown in slips if token.text in held]
            edits |= {token.start: (token.end, shown) for token, shown in slips if token.text not in held}
        return _apply(text, edits, tuple(perhaps)) if edits or perhaps else None

    def _slips(self, tokens: Sequence[Token], unknown: Sequence[int]) -> list[tuple[Token, str]]:
        near = {tokens[place]: self._near(tokens, place) for place in unknown}
        return [(token, shown) for token, shown in near.items() if shown is not None]

    def _near(self, tokens: Sequence[Token], place: int) -> str | None:
        before, after = tokens[:place][-1:], tokens[place + 1 :][:1]

        def fits(word: str) -> bool:
            return any(f"{left.key} {word}" in self._pairs for left in before) or any(
                f"{word} {right.key}" in self._pairs for right in after
            )

        return self._nearest.nearest(tokens[place].key, fits)

    def _taken_apart(self, tokens: Sequence[Token]) -> Iterator[tuple[Token, str]]:
        """Two words of the catalogue that were typed as one, where they stand side by side in products."""
        for token in tokens:
            key = token.key
            if self._is_known(token):
                shown = self._words.get(key, ("", 0))[0]
                if " " in shown and "-" not in token.text:
                    yield token, shown
                continue
            for cut in range(PART, len(key) - PART + 1):
                if f"{key[:cut]} {key[cut:]}" in self._pairs:
                    yield token, f"{self._shown(key[:cut])} {self._shown(key[cut:])}"
                    break

    def _halves(self, tokens: Sequence[Token]) -> Iterator[tuple[Token, Token, str]]:
        """One word of the catalogue that was typed as two."""
        for left, right in pairwise(tokens):
            shown, count = self._words.get(left.key + right.key, (" ", 0))
            if (
                left.followed
                and min(len(left.key), len(right.key)) >= PART
                and count >= HALF_COUNT
                and " " not in shown
                and f"{left.key} {right.key}" not in self._pairs
            ):
                yield left, right, shown

    def _is_known(self, token: Token) -> bool:
        if self._knows(token.key):
            return True
        pieces = parts(token.text)
        return len(pieces) > 1 and all(self._knows(fold(piece)) for piece in pieces)

    def _knows(self, key: str) -> bool:
        if len(key) < SHORTEST or key in self._words or key in self._everyday:
            return True
        return any(other in self._words or other in self._everyday for other in inflections(key))

    def _shown(self, key: str) -> str:
        return self._words[key][0] if key in self._words else key


def _apply(text: str, edits: dict[int, tuple[int, str]], perhaps: tuple[tuple[str, str], ...]) -> Correction:
    pieces, changed, place = [], [], 0
    for start, (end, shown) in sorted(edits.items()):
        pieces += [text[place:start], shown]
        changed.append((text[start:end], shown))
        place = end
    return Correction(
        text="".join([*pieces, text[place:]]), original=text, changed=tuple(changed), perhaps=perhaps
    )
