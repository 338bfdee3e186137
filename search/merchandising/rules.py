"""Rules of merchandising as plain data: what they do, where and when, and the sentence that says so.

Here, too, is what rules share with redirects, banners and synonyms: schedules, and addresses that may be linked to.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple, Protocol
from urllib.parse import urlsplit

from django.utils import formats
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext

from ..clock import local_time
from ..conf import get_settings
from ..exceptions import UnsafeLink
from ..facets import parse_token
from ..sentences import changed, joined, said
from ..sentences import lazily as _

State = Literal["running", "scheduled", "ended", "disabled"]
Action = Literal["pin", "hide", "boost", "bury"]
Place = Literal["query", "contains", "category", "similar_product", "similar_category"]
# Shares of the distance from the best score of a list to its last.
STRENGTHS = {"slightly": 0.25, "clearly": 0.5, "strongly": 1.0}
DRAFTED = 2_000_000_000  # from which numbers stand for rules that are not saved yet
_PLACES = {
    "query": _("for '%(phrase)s'"),
    "contains": _("for queries with '%(phrase)s'"),
    "category": _("in the category %(phrase)s"),
    "similar_product": _("in items similar to %(phrase)s"),
    "similar_category": _("in items similar to products of the category %(phrase)s"),
}
_ACTIONS = {
    "pin": _("Pins %(subject)s %(how)s %(where)s%(when)s"),
    "hide": _("Hides %(subject)s %(where)s%(when)s"),
    "boost": _("Boosts %(subject)s %(how)s %(where)s%(when)s"),
    "bury": _("Buries %(subject)s %(how)s %(where)s%(when)s"),
}
_STRENGTHS = {"slightly": _("slightly"), "clearly": _("clearly"), "strongly": _("strongly")}
_ORDINALS = (_("first"), _("second"), _("third"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """Pins, hides, boosts or buries a product or the products with a value of a facet, in one place."""

    id: int  # the lower, the older
    action: Action
    place: Place = "query"
    phrase: str = ""  # the query, the category, or the SKU of the product
    place_key: str = ""  # key of the product whose similar items it is about
    product_key: str = ""
    sku: str = ""
    token: str = ""  # "brand=Nike", where it names no product
    position: int = 1  # of a pin
    strength: str = "clearly"  # of boost and bury
    starts: datetime | None = None
    ends: datetime | None = None

    @property
    def number(self) -> str:
        """Its number as sentences name it; of one that is not saved yet, that it is a draft."""
        return str(self.id) if self.id < DRAFTED else gettext("(draft)")

    @property
    def subject(self) -> str:
        """What it is about, in words: "SKU-123" or "brand Nike"."""
        facet, value = parse_token(self.token)
        return f"{facet} {value}" if self.token else self.sku or self.product_key

    @property
    def weight(self) -> float:
        """How far it lifts (above 0) or lowers, as a share of the distance from the best score to the last."""
        share = STRENGTHS[self.strength]
        return share if self.action == "boost" else -share

    def concerns(self, product_key: str, tokens: Collection[str]) -> bool:
        """Whether it is about the product with this key and these facet values."""
        return self.token in tokens if self.token else self.product_key == product_key


class Fired(NamedTuple):
    """A rule that took effect on a product."""

    rule_id: int
    sentence: str
    product_key: str


def say(rule: Rule, now: datetime) -> str:
    """Return what a rule does: "Pins SKU-123 first for 'navy sneakers', until 3 May"."""
    return said(
        _ACTIONS[rule.action],
        subject=rule.subject,
        how=_ordinal(rule.position) if rule.action == "pin" else _STRENGTHS[rule.strength],
        where=said(_PLACES[rule.place], phrase=rule.phrase),
        when=in_words(rule.starts, rule.ends, now),
    )


def _ordinal(number: int) -> str:
    return (
        _ORDINALS[number - 1] if number <= len(_ORDINALS) else said(_("at place %(number)s"), number=number)
    )


class HasSchedule(Protocol):
    """A row that holds between two moments, while it is enabled."""

    enabled: bool
    starts: datetime | None
    ends: datetime | None


def runs(starts: datetime | None, ends: datetime | None, now: datetime) -> bool:
    """Whether now lies between start and end, of which the end is excluded."""
    return (starts is None or starts <= now) and (ends is None or now < ends)


def state_of(scheduled: HasSchedule, now: datetime) -> State:
    """Return "running", "scheduled", "ended" or "disabled"."""
    if scheduled.ends is not None and scheduled.ends <= now:
        return "ended"
    if not scheduled.enabled:
        return "disabled"
    return "running" if runs(scheduled.starts, scheduled.ends, now) else "scheduled"


def overlap(
    starts: datetime | None, ends: datetime | None, other_starts: datetime | None, other_ends: datetime | None
) -> bool:
    """Whether there is a moment at which both hold."""
    begins = max(filter(None, (starts, other_starts)), default=None)
    finishes = min(filter(None, (ends, other_ends)), default=None)
    return begins is None or finishes is None or begins < finishes


def in_words(starts: datetime | None, ends: datetime | None, now: datetime) -> str:
    """Return ", from 1 May until 3 May", without a start that has passed; "" where it holds for ever."""
    begins = _day(starts, now) if starts is not None and starts > now else ""
    if ends is None:
        return said(_(", from %(starts)s"), starts=begins) if begins else ""
    if not begins:
        return said(_(", until %(ends)s"), ends=_day(ends, now))
    return said(_(", from %(starts)s until %(ends)s"), starts=begins, ends=_day(ends, now))


def _day(moment: datetime, now: datetime) -> str:
    local = local_time(moment)
    style = _("j F") if local.year == local_time(now).year else _("j F Y")
    if (local.hour, local.minute) != (0, 0):
        style = joined((style, "H:i"))
    return changed(style, lambda form: formats.date_format(local, form))


def check_link(url: str) -> None:
    """Check that an address is a path of the shop or is at a host of REDIRECT_HOSTS.

    Raises:
        UnsafeLink: it does not; the sentence says why.
    """
    hosts = {host.strip() for host in get_settings().redirect_hosts.split(",") if host.strip()}
    is_path = url.startswith("/") and not urlsplit(url).netloc
    is_host = urlsplit(url).scheme in ("http", "https") and urlsplit(url).netloc in hosts
    is_printed = url.isprintable() and " " not in url
    if not (is_printed and (is_path or is_host)) or not url_has_allowed_host_and_scheme(
        url, allowed_hosts=hosts
    ):
        named = ", ".join(sorted(hosts))
        sentence = (
            gettext(
                "%(url)s must be a path of the shop that begins with one slash, or an address at a host of %(named)s."
            )
            if named
            else gettext(
                "%(url)s must be a path of the shop that begins with one slash, or an address at a host"
                " that the setting REDIRECT_HOSTS names; it names none."
            )
        )
        raise UnsafeLink(sentence % {"url": repr(url), "named": named})


def is_safe(url: str) -> bool:
    """Whether an address may be shown; "" may."""
    if not url:
        return True
    try:
        check_link(url)
    except UnsafeLink:
        return False
    return True
