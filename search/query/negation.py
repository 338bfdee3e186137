"""Negation: "without print", "not red", "anything but formal", "non-leather", "collarless".

Stretches that say what is not wanted are cut from a query before anything else is read, so that neither a unit nor the encoder
sees what they name; `negated` says what they leave out.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..facets import facet_of
from ..sentences import lazily as _
from ..sentences import said
from ..text import Word, inflections, split
from .lexicon import Lexicon
from .opposites import LESS, Opposites, load_opposites
from .prices import Price
from .spelling import everyday_words

MOST_WORDS = 3  # of a thing that is no value: "long front zip"
LONGEST = 6  # words of a phrase that names something
FEWEST = 10  # products whose texts hold a word in "-less" from which on it is a word of the catalogue
RANGE = _("“%(text)s” was not applied: what lies outside of a range is no one range.")

LACKING = frozenset(("without", "w o", "no"))  # what follows is a part: "dress without belt"
_LISTING = LACKING - {"no"} | {"except", "except for", "excluding", "other than", "apart from"}
_CUES = (
    *("anything but", "everything but", "all but", "anything except", "everything except", "except for", "other than"),
    *("apart from", "not", "no", "without", "w o", "except", "excluding", "non", "don t", "doesn t", "isn t", "aren t"),
    *("dont", "doesnt"),
)  # fmt: skip
_CUE_WORDS = tuple(sorted((tuple(cue.split()) for cue in _CUES), key=len, reverse=True))
# What a text without any negation does not hold.
NEGATES = re.compile(rf"\b(?:{'|'.join(sorted({cue[0] for cue in _CUE_WORDS}))})\b|{LESS}\b", re.IGNORECASE)
_BEFORE = frozenset(("but", "and"))  # "but not"
_ARTICLES = frozenset(("a", "an", "the", "any"))
_OR, _AND = frozenset(("or", "nor")), frozenset(("and",))
_STOPS = frozenset(
    ("for", "with", "to", "from", "in", "on", "under", "over", "that", "which", "and", "or", "but")
)


@dataclass(frozen=True, slots=True)
class Thing:
    """What a stretch negates, as it was typed."""

    typed: str
    run: tuple[str, ...]  # its words, folded
    said: str = ""  # with what negates it, as texts may have it: "non leather", "laceless"


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of the query that negates: "without laces or straps"."""

    text: str
    cue: str
    things: tuple[Thing, ...]  # none where it negates twice


def cut_negations(text: str, lexicon: Lexicon) -> tuple[str, tuple[Stretch, ...]]:
    """Return a text without the stretches that negate, and these; there are none where `NEGATES` is not found in it."""
    return _Cutting(text, split(text), lexicon, load_opposites()).cut()


def turned_price(text: str, price: Price | None, rest: str) -> tuple[Price | None, str, tuple[str, ...]]:
    """Return the price that is left of one which may be negated, the text without it, and what could not be applied.

    "not under 500" is 500 and above; "not between 500 and 900" is no one range.

    Args:
        text: the query.
        price: that was read in it.
        rest: the query without those words.
    """
    found = price and re.search(rf"\b(?:(?:but|and)\s+)?(?:not|no)\s+{re.escape(price.text)}", text, re.I)
    if not price or not found:
        return price, rest, ()
    rest = " ".join(f"{text[: found.start()]} {text[found.end() :]}".split())
    if price.lowest is not None and price.highest is not None:
        return None, rest, (said(RANGE, text=found.group()),)
    return Price(found.group(), price.highest, price.lowest), rest, ()


_FIRST = frozenset(cue[0] for cue in _CUE_WORDS)


@dataclass(slots=True)
class _Cutting:
    """A text while stretches are cut from it."""

    text: str
    words: list[Word]
    lexicon: Lexicon
    opposites: Opposites

    def cut(self) -> tuple[str, tuple[Stretch, ...]]:
        stretches: list[Stretch] = []
        kept: list[str] = []
        place = at = 0
        while at < len(self.words):
            if named := self._named(at):
                at += named
                continue
            stretch, end = self._stretch(at)
            if stretch is not None:
                kept.append(self.text[place : self.words[at].start])
                place = self.words[end - 1].end
                stretches.append(stretch)
            at = max(end, at + 1)
        return " ".join(" ".join([*kept, self.text[place:]]).split()), tuple(stretches)

    def _run(self, at: int, end: int) -> tuple[str, ...]:
        return tuple(word.text for word in self.words[at:end])

    def _typed(self, at: int, end: int) -> str:
        return self.text[self.words[at].start : self.words[end - 1].end]

    def _named(self, at: int) -> int:
        """How many words from here on are a name that holds a word of negation; 0 where there is none."""
        for end in range(min(at + LONGEST, len(self.words)), at + 1, -1):
            run = self._run(at, end)
            if _FIRST.isdisjoint(run) or tuple(run[:2]) == ("w", "o"):  # "w/o men" is not "women"
                continue
            if " ".join(run) in self.opposites.names or self.lexicon.knows(run):
                return end - at
        return 0

    def _cue(self, at: int) -> tuple[str, int]:
        """The words of negation that stand here, and where they end."""
        start = at + 1 if self._run(at, at + 1)[:1] and self.words[at].text in _BEFORE else at
        for cue in _CUE_WORDS:
            if self._run(start, start + len(cue)) == cue:
                end = start + len(cue)
                if cue == ("no",) and end < len(self.words) and self.words[end].text.isdigit():
                    return "", at  # a number
                return " ".join(cue), end
        return "", at

    def _stretch(self, at: int) -> tuple[Stretch | None, int]:
        cue, after = self._cue(at)
        if not cue:
            return self._less(at)
        fillers = self.lexicon.synonyms.fillers
        while after < len(self.words) and (
            self._cue(after)[0] or (self.words[after].text in fillers and cue != "non")
        ):
            if self._cue(after)[0] and not cue.endswith(("but", "except")):
                end = self._end_of_thing(self._cue(after)[1], cue)
                return Stretch(self._typed(at, end), cue, ()), end
            after += 1
        if after >= len(self.words):
            return None, at
        end = self._end_of_thing(after, cue)
        run = self._run(after, end)
        said = " ".join((cue, *run)) if cue == "non" else ""
        things = [Thing(self._typed(after, end), run, said)]
        if len(run) > 1 and not self._names_something(run) and self._leads(at):
            things = [Thing(self._typed(one, one + 1), self._run(one, one + 1)) for one in range(after, end)]
        while (following := self._joined(end, cue, things[-1])) is not None:
            after, end = following
            things.append(Thing(self._typed(after, end), self._run(after, end)))
        return Stretch(self._typed(at, end), cue, tuple(things)), end

    def _leads(self, at: int) -> bool:
        """Whether nothing that is wanted stands before; of "no pockets linen" each word then counts as negated."""
        return all(word.text in self.lexicon.synonyms.fillers for word in self.words[:at])

    def _less(self, at: int) -> tuple[Stretch | None, int]:
        """Cut "collarless", unless it is a word of the catalogue or of everyday English."""
        typed, word = self._typed(at, at + 1), self.words[at].text
        base, products = word.removesuffix(LESS), self.lexicon.products_with(word)
        if base == word or len(base) < 3 or products >= FEWEST or self.lexicon.knows([word]):
            return None, at
        bases = [base, *inflections(base)]
        listed = [one for one in bases if self.opposites.table.get(one)]
        known = [one for one in bases if self.lexicon.products_with(one)]
        if not listed and (products or not known or word in everyday_words()):
            return None, at
        meant = (*listed, *known)[0]
        return Stretch(typed, LESS, (Thing(meant, (meant,), word if products else ""),)), at + 1

    def _names_something(self, run: Sequence[str]) -> bool:
        return self.opposites.of(run) is not None or self.lexicon.knows(run)

    def _end_of_thing(self, at: int, cue: str) -> int:
        """Where that ends which begins here: the longest run that names something, or plain words up to the next that do."""
        last = min(at + (1 if cue == "non" else LONGEST), len(self.words))
        for end in range(last, at, -1):
            if self._names_something(self._run(at, end)):
                return end
        end = at + 1
        while (
            end < min(at + MOST_WORDS, last)
            and "," not in self.text[self.words[end - 1].end : self.words[end].start]
            and not self._ends_before(end)
        ):
            end += 1
        return min(end, len(self.words))

    def _ends_before(self, at: int) -> bool:
        word = self.words[at].text
        if word in _STOPS or word in self.lexicon.synonyms.fillers or self._cue(at)[0]:
            return True
        runs = (self._run(at, end) for end in range(at + 1, min(at + LONGEST, len(self.words)) + 1))
        return any(self.lexicon.knows(run) for run in runs)

    def _joined(self, at: int, cue: str, before: Thing) -> tuple[int, int] | None:
        """Where the next thing of an enumeration begins and ends, or None where the words after it are no more of it."""
        if at >= len(self.words) or cue == "non":
            return None
        gap = self.text[self.words[at - 1].end : self.words[at].start]
        joins = {"and" for sign in "&/" if sign in gap} | {"," for sign in "," if sign in gap}
        while at < len(self.words) and self.words[at].text in _OR | _AND:
            joins.add("or" if self.words[at].text in _OR else "and")
            at += 1
        if not joins:
            return None
        while at < len(self.words) and self.words[at].text in _ARTICLES:
            at += 1
        if at >= len(self.words) or self._cue(at)[0] or self.words[at].text in self.lexicon.synonyms.fillers:
            return None
        end = self._end_of_thing(at, cue)
        run = self._run(at, end)
        own, other = self.lexicon.senses(before.run), self.lexicon.senses(run)
        alike = bool({facet_of(token) for token in own} & {facet_of(token) for token in other})
        listed = self.opposites.of(before.run) is not None and self.opposites.of(run) is not None
        part = "and" in joins and cue in _LISTING and not other
        return (at, end) if "or" in joins or alike or listed or part else None
