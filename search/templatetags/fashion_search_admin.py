"""How the admin pages of the plugin write figures, spans of time and addresses of products."""

from datetime import datetime
from typing import Any
from urllib.parse import quote

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext_lazy

from ..monitoring.probes import span

register = template.Library()


@register.filter
def since(moment: datetime) -> str:
    """Write in words how long ago a moment was."""
    return span((timezone.now() - moment).total_seconds())


@register.filter
def with_key(address: str, key: str) -> str:
    """Put a product's key into the address of the host's form, in place of KEY."""
    return address.replace("KEY", quote(key, safe=""))


THIN = "\u202f"  # narrow no-break space
NONE = '<span class="quiet">{}</span>'
STEADY = 0.005  # a smaller relative change counts as none


@register.filter
def thousands(value: float | None) -> str:
    """Write a whole number in groups of three digits."""
    return "" if value is None else f"{value:,.0f}".replace(",", THIN)


@register.filter
def as_share(value: float | None) -> SafeString | str:
    """Write a share from 0 to 1 in per cent; nothing to share is said so."""
    if value is None:
        return format_html(NONE, gettext("none"))
    return f"{100 * value:.1f}".removesuffix(".0") + f"{THIN}%"


@register.filter
def one_line(text: str, longest: int) -> str:
    """Write what somebody typed in one line of a mail."""
    line = " ".join(text.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


@register.filter
def milliseconds(value: float | None) -> SafeString | str:
    """Write milliseconds, with a decimal below ten."""
    if value is None:
        return format_html(NONE, gettext("none"))
    return f"{value:.{1 if value < 10 else 0}f}{THIN}ms"


# Words of the engine that pages show: the stages of a search, and how a result fits.
NAMES = {
    "catalogue": pgettext_lazy("stage", "catalogue"),
    "encode": pgettext_lazy("stage", "encode"),
    "explain": pgettext_lazy("stage", "explain"),
    "facets": pgettext_lazy("stage", "facets"),
    "freeze": pgettext_lazy("stage", "freeze"),
    "products": pgettext_lazy("stage", "products"),
    "rank": pgettext_lazy("stage", "rank"),
    "relax": pgettext_lazy("stage", "relax"),
    "spelling": pgettext_lazy("stage", "spelling"),
    "close": pgettext_lazy("match", "close"),
    "full": pgettext_lazy("match", "full"),
    "listed": pgettext_lazy("match", "listed"),
    "named": pgettext_lazy("match", "named"),
    "pinned": pgettext_lazy("match", "pinned"),
}


@register.filter
def named(word: str) -> str:
    """Write a word of the engine as people read it."""
    return str(NAMES.get(word, word))


@register.filter
def width(value: float) -> str:
    """Write a share as a length; clipped to between 0 and 1."""
    return f"{100 * min(1.0, max(0.0, value)):.1f}%"


@register.filter
def signed_share(value: float | None) -> SafeString | str:
    """Write a change as per cent with its sign; one of nothing is said so."""
    if value is None:
        return format_html(NONE, gettext("none"))
    return f"{100 * value:+.0f}{THIN}%".replace("-", "\u2212")


@register.filter
def signed_points(value: float | None) -> SafeString | str:
    """Write a change of a share as percentage points with its sign."""
    if value is None:
        return format_html(NONE, gettext("none"))
    return f"{100 * value:+.1f}{THIN}".replace("-", "\u2212") + gettext("points")


@register.simple_tag
def change(now: Any, before: Any, kind: str, *, good: str = "up") -> SafeString | str:
    """Write how a figure changed, coloured by whether that is good.

    Args:
        now: the figure, None where there is none.
        before: the same of the period before.
        kind: "share" changes by percentage points, everything else by per cent.
        good: "up" or "down".
    """
    if now is None or before is None or (kind != "share" and not before):
        return format_html('<dd class="change quiet">{}</dd>', gettext("nothing to compare"))
    difference = now - before if kind == "share" else now / before - 1
    if abs(difference) < STEADY:
        return format_html('<dd class="change quiet">{}</dd>', gettext("as before"))
    direction = "up" if difference > 0 else "down"
    amount = f"{100 * abs(difference):.{1 if kind == 'share' else 0}f}{THIN}"
    return format_html(
        '<dd class="change {}">{} {}{}</dd>',
        "better" if direction == good else "worse",
        "▲" if direction == "up" else "▼",
        amount,
        gettext("points") if kind == "share" else "%",
    )


@register.simple_tag
def trend(now: int, before: int | None) -> SafeString | str:
    """Write in a cell how a number of searches changed; nothing where the days before were not counted.

    Args:
        now: of the period, at least 1.
        before: of as many days before; None where they were not counted.
    """
    if before is None:
        return ""
    if not before:
        return gettext("new")
    difference = now / before - 1
    if abs(difference) < STEADY:
        return gettext("as before")
    sign = "▲" if difference > 0 else "▼"
    return format_html('<span class="nowrap">{} {}{}%</span>', sign, f"{100 * abs(difference):.0f}", THIN)
