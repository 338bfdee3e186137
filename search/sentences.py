"""Sentences for people: put together when they are made, translated when they are shown."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import TYPE_CHECKING

from django.utils.formats import number_format
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy, override

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    _Text = str | _StrPromise
else:
    _Text = str


def _filled(sentence: _Text, values: dict[str, object]) -> str:
    return sentence % values


def _joined(parts: tuple[str, ...], between: str) -> str:
    return str(between).join(map(str, parts))


def _changed(sentence: str, change: Callable[[str], str]) -> str:
    return change(str(sentence))


def _written(number: float | Decimal, decimals: int) -> str:
    return number_format(number, decimals, use_l10n=True, force_grouping=True)


_fill = lazy(_filled, str)
_join = lazy(_joined, str)
_change = lazy(_changed, str)
_write = lazy(_written, str)

if TYPE_CHECKING:

    def lazily(text: str) -> str:
        """Return a text in the language that is active whenever it is read: `gettext_lazy`, for what takes a `str`."""

else:
    lazily = gettext_lazy


def said(sentence: _Text, **values: object) -> str:
    """Return a sentence with its values, in the language that is active whenever it is read.

    Args:
        sentence: of `lazily` or `ngettext_lazy`, with a placeholder such as %(number)s for each value.
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


def untranslated(sentence: object) -> str:
    """Return a sentence as it is written in the code: for logs and tables, which hold one language."""
    with override(None):
        return str(sentence)


def figure(number: float | Decimal, decimals: int = 0) -> str:
    """Return a number as the language that is active whenever it is read writes it: "1,234.5", "1.234,5"."""
    return _write(number, decimals)
