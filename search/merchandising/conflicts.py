"""Rules that contradict each other: who wins, in a sentence.

Hide beats pin, pin beats boost and bury, the older pin keeps a contested place and the newer takes the next free one,
boost and bury of one thing are added up.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import combinations
from typing import NamedTuple, Protocol

from ..sentences import lazily as _
from ..sentences import said
from ..text import PhraseIndex
from .rules import Rule, overlap

Tokens = Mapping[str, Collection[str]]  # product key -> facet tokens


class Conflict(NamedTuple):
    """Two rules and what comes of them."""

    older: int
    newer: int
    sentence: str


class Redirected(Protocol):
    """A redirect of the table."""

    pk: int
    place: str
    phrase: str
    starts: datetime | None
    ends: datetime | None


def clash(one: Rule, other: Rule, tokens: Tokens) -> Conflict | None:
    """Return how two rules that hold in the same place and time contradict each other, or None.

    Args:
        one: a rule.
        other: another one.
        tokens: facet tokens of the products that rules name, where they are known.
    """
    older, newer = sorted((one, other), key=lambda rule: rule.id)
    sentence = _outcome(older, newer, tokens)
    return Conflict(older.id, newer.id, sentence) if sentence else None


def clashes(rules: Sequence[Rule], tokens: Tokens) -> list[Conflict]:
    """Return every conflict among rules that hold in the same place and time, oldest first."""
    pairs = combinations(sorted(rules, key=lambda rule: rule.id), 2)
    return [conflict for one, other in pairs if (conflict := clash(one, other, tokens))]


def find_conflicts(rules: Sequence[Rule], tokens: Tokens, language: str) -> dict[int, list[str]]:
    """Return the sentences about each rule that contradicts another one whose place and schedule meet its own.

    Args:
        rules: those that run now or later.
        tokens: facet tokens of the products that rules name.
        language: of stems.
    """
    found: dict[int, set[Conflict]] = defaultdict(set)
    for rule, others in _neighbours(rules, language):
        for other in others:
            if other.id == rule.id or not overlap(rule.starts, rule.ends, other.starts, other.ends):
                continue
            conflict = clash(rule, other, tokens)
            if conflict:
                found[rule.id].add(conflict)
                found[other.id].add(conflict)
    return {pk: [conflict.sentence for conflict in sorted(conflicts)] for pk, conflicts in found.items()}


def find_rivals(rows: Sequence[Redirected], language: str) -> dict[int, list[str]]:
    """Return the sentences about each redirect that takes queries of another one; the oldest wins.

    Args:
        rows: redirects that run now or later.
        language: of stems.
    """
    index = PhraseIndex(((row.phrase, row.place == "contains", row) for row in rows), language)
    pairs: set[tuple[int, int, str]] = set()
    for row in rows:
        for other in index.matching(row.phrase):
            if other.pk != row.pk and overlap(row.starts, row.ends, other.starts, other.ends):
                pairs.add((*sorted((row.pk, other.pk)), row.phrase))  # type: ignore[arg-type]
    found: dict[int, dict[str, None]] = defaultdict(dict)
    for older, newer, phrase in sorted(pairs):
        sentence = said(
            _("Redirects %(older)s and %(newer)s both take '%(phrase)s': the older one, %(older)s, wins."),
            older=older,
            newer=newer,
            phrase=phrase,
        )
        found[older][sentence] = found[newer][sentence] = None
    return {pk: list(sentences) for pk, sentences in found.items()}


def _neighbours(rules: Sequence[Rule], language: str) -> Iterable[tuple[Rule, list[Rule]]]:
    """Each rule with those that hold wherever it does, or in a part of it."""
    queries = PhraseIndex(
        (
            (rule.phrase, rule.place == "contains", rule)
            for rule in rules
            if rule.place in ("query", "contains")
        ),
        language,
    )
    rest: dict[tuple[str, str], list[Rule]] = defaultdict(list)
    for rule in rules:
        rest[rule.place, rule.phrase.casefold()].append(rule)
    for rule in rules:
        if rule.place in ("query", "contains"):
            yield rule, [other for other in queries.matching(rule.phrase) if _meet(rule, other, queries)]
        else:
            yield rule, rest[rule.place, rule.phrase.casefold()]


def _meet(rule: Rule, other: Rule, queries: PhraseIndex[Rule]) -> bool:
    # What contains "shoes" never is the query "shoes red"; so a rule for one exact query meets only itself there.
    return rule.place == "query" or other.place == "contains" or rule in queries.matching(other.phrase)


def _outcome(older: Rule, newer: Rule, tokens: Tokens) -> str:
    actions = {older.action, newer.action}
    if "pin" in actions:
        return _pin_outcome(older, newer, tokens)
    if not _same_subject(older, newer):
        return ""
    if actions == {"boost", "bury"}:
        boost, bury = (older, newer) if older.action == "boost" else (newer, older)
        return said(_sum(boost, bury), boost=boost.number, bury=bury.number, subject=older.subject)
    if actions == {"hide"}:
        return said(
            _("Rules %(older)s and %(newer)s both hide %(subject)s: one of them is enough."),
            older=older.number,
            newer=newer.number,
            subject=older.subject,
        )
    if "hide" in actions:
        hide, other = (older, newer) if older.action == "hide" else (newer, older)
        sentence = (
            _(
                "Rule %(hide)s hides %(subject)s, which rule %(other)s boosts: it stays hidden, rule %(other)s does nothing."
            )
            if other.action == "boost"
            else _(
                "Rule %(hide)s hides %(subject)s, which rule %(other)s buries: it stays hidden, rule %(other)s does nothing."
            )
        )
        return said(sentence, hide=hide.number, subject=hide.subject, other=other.number)
    return ""


def _pin_outcome(older: Rule, newer: Rule, tokens: Tokens) -> str:
    if older.action == newer.action:
        if older.product_key == newer.product_key:
            if older.position == newer.position:
                sentence = _(
                    "Rules %(older)s and %(newer)s both pin %(subject)s to place %(place)s: one is enough."
                )
            else:
                sentence = _(
                    "Rules %(older)s and %(newer)s pin %(subject)s to two places:"
                    " the older rule %(older)s wins, it stands at place %(place)s."
                )
        elif older.position == newer.position:
            sentence = _(
                "Rules %(older)s and %(newer)s pin to place %(place)s: %(subject)s of the older rule"
                " %(older)s keeps it, %(other)s takes the next free place."
            )
        else:
            return ""
        return said(
            sentence,
            older=older.number,
            newer=newer.number,
            subject=older.subject,
            other=newer.subject,
            place=older.position,
        )
    pin, other = (older, newer) if older.action == "pin" else (newer, older)
    if not other.concerns(pin.product_key, tokens.get(pin.product_key, ())):
        return ""
    if other.action == "hide":
        sentence = (
            _("Rule %(other)s hides %(subject)s (as %(value)s), which rule %(pin)s pins: it stays hidden.")
            if other.token
            else _("Rule %(other)s hides %(subject)s, which rule %(pin)s pins: it stays hidden.")
        )
        return said(sentence, other=other.number, subject=pin.subject, value=other.subject, pin=pin.number)
    if other.token:  # lifting a whole brand and pinning one product of it is no contradiction
        return ""
    sentence = (
        _(
            "Rule %(pin)s pins %(subject)s, which rule %(other)s boosts: it stands at place %(place)s, rule %(other)s does nothing."
        )
        if other.action == "boost"
        else _(
            "Rule %(pin)s pins %(subject)s, which rule %(other)s buries: it stands at place %(place)s, rule %(other)s does nothing."
        )
    )
    return said(sentence, pin=pin.number, subject=pin.subject, other=other.number, place=pin.position)


def _same_subject(one: Rule, other: Rule) -> bool:
    if one.token or other.token:
        return one.token == other.token
    return one.product_key == other.product_key


def _sum(boost: Rule, bury: Rule) -> str:
    total = boost.weight + bury.weight
    if not total:
        return _(
            "Rule %(boost)s boosts and rule %(bury)s buries %(subject)s: both count, so it is neither lifted nor lowered."
        )
    if total > 0:
        return _(
            "Rule %(boost)s boosts and rule %(bury)s buries %(subject)s: both count, so it is lifted by the difference."
        )
    return _(
        "Rule %(boost)s boosts and rule %(bury)s buries %(subject)s: both count, so it is lowered by the difference."
    )
