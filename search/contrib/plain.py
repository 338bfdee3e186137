"""The words of texts that other people's shops keep as HTML."""

from html import unescape

from django.utils.html import strip_tags


def plain_text(html: str | None) -> str:
    """Return the text of HTML on one line; words of two paragraphs stay apart."""
    return " ".join(unescape(strip_tags((html or "").replace("<", " <"))).split())
