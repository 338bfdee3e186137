"""Sentences for people: put together when they are made, translated when they are shown."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import cast

from django.utils.formats import number_format
from django.utils.functional import lazy
from django.utils.translation import override


def _filled(sentence: str, values: dict[str, object]) -> str:
    return sentence % values


def _joined(parts: tuple[str, ...], between: str) -> str:
    return str(between).join(map(str, parts))


def _changed(sentence: str, change: Callable[[str], str]) -> str:
    return change(str(sentence))


def _written(number: float | Decimal, decimals: int) -> str:
    return number_format(number, decimals, use_l10n=True, force_grouping=True)


_fill, _join, _change, _write = (lazy(of, str) for of in (_filled, _joined, _changed, _written))


def said(sentence: str, **values: object) -> str:
    """Return a sentence with its values, in the language that is active whenever it is read.

    Args:
        sentence: of `gettext_lazy` or `ngettext_lazy`, with a placeholder such as %(number)s for each value.
        values: by the names of the placeholders; they may be such sentences themselves.
    """
    return cast(str, _fill(sentence, values))


def joined(parts: Iterable[str], between: str = " ") -> str:
    """Return sentences or words one after the other, each in the language that is active whenever they are read; "" for none."""
    parts = tuple(part for part in parts if part)
    if len(parts) < 2:
        return parts[0] if parts else ""
    return cast(str, _join(parts, between))


def changed(sentence: str, change: Callable[[str], str]) -> str:
    """Return what a function makes of a sentence, whenever it is read."""
    return cast(str, _change(sentence, change))


def untranslated(sentence: str) -> str:
    """Return a sentence as it is written in the code: for logs and tables, which hold one language."""
    with override(None):
        return str(sentence)


def figure(number: float | Decimal, decimals: int = 0) -> str:
    """Return a number as the language that is active whenever it is read writes it: "1,234.5", "1.234,5"."""
    return cast(str, _write(number, decimals))
