"""Postgres full-text search by the beginnings of all words (`:*`), without trigrams."""

import re

from .postgres import Engine as FullText


class Engine(FullText):
    """All words, each as the beginning of one."""

    query = "to_tsquery('english', %s)"

    def asked(self, text: str) -> str:
        """Join the words with & and let each be a beginning."""
        return " & ".join(f"{word}:*" for word in re.findall(r"\w+", text))
