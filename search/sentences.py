"""Sentences for people: put together when they are made, translated when they are shown."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import TYPE_CHECKING

from django.utils.formats import number_format
from django.utils.functional import lazy
from django.utils.translation import override

if TYPE_CHECKING:
    # A sentence is a str to whom it is given: it can be shown, compared and formatted. What joins sentences uses `joined`.
    def gettext_lazy(message: str) -> str: ...  # noqa: D103
    def ngettext_lazy(singular: str, plural: str, number: str | None = None) -> str: ...  # noqa: D103
    def pgettext_lazy(context: str, message: str) -> str: ...  # noqa: D103
else:
    from django.utils.translation import gettext_lazy, ngettext_lazy, pgettext_lazy

__all__ = [
    "changed",
    "figure",
    "gettext_lazy",
    "joined",
    "ngettext_lazy",
    "pgettext_lazy",
    "said",
    "untranslated",
]


def _filled(sentence: str, values: dict[str, object]) -> str:
    return sentence % values


def _joined(parts: tuple[str, ...], between: str) -> str:
    return str(between).join(map(str, parts))


def _changed(sentence: str, change: Callable[[str], str]) -> str:
    return change(str(sentence))


def _written(number: float | Decimal, decimals: int) -> str:
    return number_format(number, decimals, use_l10n=True, force_grouping=True)


_fill: Callable[..., str] = lazy(_filled, str)
_join: Callable[..., str] = lazy(_joined, str)
_change: Callable[..., str] = lazy(_changed, str)
_write: Callable[..., str] = lazy(_written, str)


def said(sentence: str, **values: object) -> str:
    """Return a sentence with its values, in the language that is active whenever it is read.

    Args:
        sentence: of `gettext_lazy` or `ngettext_lazy`, with a placeholder such as %(number)s for each value.
        values: by the names of the placeholders; they may be such sentences themselves.
    """
    return _fill(sentence, values)


def joined(parts: Iterable[str], between: str = " ") -> str:
    """Return sentences or words one after the other, each in the language that is active whenever they are read; "" for none."""
    parts = tuple(part for part in parts if part)
    if len(parts) < 2:
        return parts[0] if parts else ""
    return _join(parts, between)


def changed(sentence: str, change: Callable[[str], str]) -> str:
    """Return what a function makes of a sentence, whenever it is read."""
    return _change(sentence, change)


def untranslated(sentence: str) -> str:
    """Return a sentence as it is written in the code: for logs and tables, which hold one language."""
    with override(None):
        return str(sentence)


def figure(number: float | Decimal, decimals: int = 0) -> str:
    """Return a number as the language that is active whenever it is read writes it: "1,234.5", "1.234,5"."""
    return _write(number, decimals)
