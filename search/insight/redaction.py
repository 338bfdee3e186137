"""Takes out of a query what people paste by mistake: addresses of mail, and long numbers."""

import re

_MAIL = re.compile(r"\S+@\S+\.\w+")
_NUMBER = re.compile(r"\+?\d(?:[ ./-]?\d){8,}")  # nine digits and more: telephones, cards, accounts


def redact(text: str) -> str:
    """Return the text with mail addresses and numbers of nine digits or more replaced by what they were."""
    return _NUMBER.sub("[number]", _MAIL.sub("[email]", text))
