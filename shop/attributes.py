"""Attributes of a product: names, each with a word or a number."""

from __future__ import annotations

import re
from math import isfinite
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.fields import InvalidJSONInput

EXPECTED = 'Enter a JSON object of words and numbers, such as {"Pattern": "Striped"}.'
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def flat_attributes(stored: object) -> dict[str, str | int | float]:
    """Words and numbers of what is stored as attributes; a row that was written by SQL may hold any JSON."""
    if not isinstance(stored, dict):
        return {}
    return {name: value for name, value in stored.items() if _is_flat(value)}


class AttributesField(forms.JSONField):
    """A form's field for them; takes what Postgres takes, and nothing nested."""

    default_error_messages = {"invalid": EXPECTED}

    def to_python(self, value: Any) -> dict[str, str | int | float]:
        """Read what was entered; nothing is no attributes.

        Raises:
            ValidationError: it is no JSON, no flat object, or holds what is no text or no number.
        """
        try:
            attributes = super().to_python(value)
        except (ValueError, RecursionError):  # a number of thousands of digits; brackets in brackets
            raise ValidationError(EXPECTED, code="invalid") from None
        if attributes is None:
            return {}
        if not isinstance(attributes, dict):
            raise ValidationError(EXPECTED, code="invalid")
        for name, one in attributes.items():
            if not (_is_flat(one) and _is_storable(name) and _is_storable(one)):
                raise ValidationError(EXPECTED, code="invalid")
        return attributes

    def bound_data(self, data: Any, initial: Any) -> Any:
        """What the form shows again: what was refused as it was typed."""
        try:
            self.to_python(data)
        except ValidationError:
            return InvalidJSONInput(data)
        return super().bound_data(data, initial)


def _is_flat(value: object) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _is_storable(value: str | float) -> bool:
    """Whether jsonb takes it: no NUL, no half of a surrogate pair, no infinite number."""
    if isinstance(value, str):
        return not _UNSTORABLE.search(value)
    return isinstance(value, int) or isfinite(value)
