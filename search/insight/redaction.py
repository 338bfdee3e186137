"""Takes out of a query what people paste by mistake: addresses of mail, and long numbers."""

import re
from typing import Any

_MAIL = re.compile(r"\S+@\S+\.\w+")
_NUMBER = re.compile(r"\+?\d(?:[ ./-]?\d){8,}")  # nine digits and more: telephones, cards, accounts


def redact(text: str) -> str:
    """Return the text with mail addresses and numbers of nine digits or more replaced by what they were."""
    return _NUMBER.sub("[number]", _MAIL.sub("[email]", text))


def redact_all(value: Any) -> Any:
    """Return lists and mappings with every text in them redacted, and everything else as it is."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {name: redact_all(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [redact_all(each) for each in value]
    return value
