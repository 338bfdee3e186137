"""What a probe finds, and how several findings become one.

A probe is a function that looks at one thing and returns a `Finding`. Probes of the index are in `index_probes`, those of what it runs on in
`service_probes`, and those that are too costly for anything but `search_index verify` in `verify`. System checks, `verify`, the dashboard,
/health/ready and /metrics show findings and look at nothing themselves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Self

from django.utils.translation import ngettext_lazy

from ..sentences import figure, joined, said
from ..sentences import lazily as _

MINUTE, HOUR, DAY = 60, 3600, 86_400


class State(StrEnum):
    """How something is, the worst last."""

    OK = "ok"
    ATTENTION = "attention"  # search works, somebody should look
    BROKEN = "broken"  # shoppers or workers notice

    @property
    def label(self) -> str:
        """The state as people read it."""
        return _LABELS[self]


_LABELS = {State.OK: _("ok"), State.ATTENTION: _("attention"), State.BROKEN: _("broken")}
_NOUNS = {
    "changed product": ngettext_lazy("%(number)s changed product", "%(number)s changed products", "plural"),
    "picture": ngettext_lazy("%(number)s picture", "%(number)s pictures", "plural"),
    "product": ngettext_lazy("%(number)s product", "%(number)s products", "plural"),
    "record": ngettext_lazy("%(number)s record", "%(number)s records", "plural"),
    "version": ngettext_lazy("%(number)s version", "%(number)s versions", "plural"),
    "worker": ngettext_lazy("%(number)s worker", "%(number)s workers", "plural"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What a probe found."""

    name: str
    state: State
    sentence: str
    remedy: str = ""  # what to do where the state is not "ok"
    check_id: str = ""  # of the system check that says so, if one does
    tolerated: bool = False  # `verify` and /health/ready pass all the same
    figures: Mapping[str, float] = field(default_factory=dict, compare=False)
    parts: tuple["Finding", ...] = ()  # what it was put together from

    @property
    def passed(self) -> bool:
        """Whether this is as it should be, or nearly so."""
        return self.state is State.OK or self.tolerated

    @property
    def detail(self) -> str:
        """The sentence; where it does not pass, those of all its parts that do not, and what to do."""
        if self.passed:
            return self.sentence
        sentences = [part.sentence for part in self.parts if not part.passed] or [self.sentence]
        return joined([*sentences, self.remedy])

    def renamed(self, name: str) -> Self:
        """Return it under the name that it has where it is shown."""
        return replace(self, name=name)


def combine(name: str, parts: Sequence[Finding], well: str) -> Finding:
    """Return one finding for several troubles: the worst state, with the sentences and remedies of all that are as bad.

    Args:
        name: of the finding.
        parts: the troubles.
        well: the sentence where there are none.
    """
    if not parts:
        return Finding(name, State.OK, well)
    state = max((part.state for part in parts), key=list(State).index)
    worst = [part for part in parts if part.state is state]
    return Finding(
        name,
        state,
        joined(part.sentence for part in worst),
        joined(dict.fromkeys(part.remedy for part in worst)),
        tolerated=all(part.passed for part in parts),
        parts=tuple(parts),
    )


def counted(
    name: str,
    number: int,
    *,
    well: str,
    trouble: str,
    remedy: str,
    state: State = State.ATTENTION,
    tolerated: bool = False,
    parts: Sequence[Finding] = (),
) -> Finding:
    """Return a finding that is well where there is none of something; its figure "number" says how many there are.

    Args:
        name: of the finding.
        number: of what should not be.
        well: the sentence where there is none.
        trouble: the sentence where there are some.
        remedy: what to do then.
        state: the state then.
        tolerated: whether `verify` and /health/ready pass all the same.
        parts: each of them.
    """
    figures = {"number": number}
    if not number:
        return Finding(name, State.OK, well, figures=figures)
    return Finding(name, state, trouble, remedy, tolerated=tolerated, figures=figures, parts=tuple(parts))


def summarise(findings: Sequence[Finding]) -> Finding:
    """Return the line above all lines of the dashboard, whose state is the worst of theirs."""
    broken = [found.name for found in findings if found.state is State.BROKEN]
    attention = [found.name for found in findings if found.state is State.ATTENTION]
    if broken:
        return Finding(_("Search"), State.BROKEN, said(_("Broken: %(names)s."), names=joined(broken, ", ")))
    if attention:
        sentence = said(_("Search works; to be looked at: %(names)s."), names=joined(attention, ", "))
        return Finding(_("Search"), State.ATTENTION, sentence)
    return Finding(_("Search"), State.OK, _("Search is healthy."))


def span(seconds: float) -> str:
    """Return a span of time in words, with two units at most: "45 s", "3 min", "2 h 5 min", "4 days"."""
    whole = round(max(0.0, seconds))
    if whole < MINUTE:
        return f"{whole} s"
    if whole < 10 * MINUTE:
        return f"{whole // MINUTE} min" + (f" {whole % MINUTE} s" if whole % MINUTE else "")
    if whole < HOUR:
        return f"{whole // MINUTE} min"
    if whole < DAY:
        minutes = whole % HOUR // MINUTE
        return f"{whole // HOUR} h" + (f" {minutes} min" if minutes else "")
    days = whole // DAY
    return said(ngettext_lazy("%(days)s day", "%(days)s days", "days"), days=days)


def count(number: int, noun: str) -> str:
    """Return a number and its noun, one of _NOUNS: "1 product", "1,234 products"."""
    return said(_NOUNS[noun], number=figure(number), plural=number)
