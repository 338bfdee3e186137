"""Which phrases a query is or contains, compared as queries are read: case, spaces, accents and plurals aside."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Generic, TypeVar

from ..text import keys, split

Item = TypeVar("Item")


class PhraseIndex(Generic[Item]):
    """Finds, of many phrases, those that fit a query; the time depends on the query, not on how many they are.

    Args:
        entries: phrase, whether containing it is enough, and what is found by it.
        language: of stems, as Postgres names its text search configurations.
    """

    def __init__(self, entries: Iterable[tuple[str, bool, Item]], language: str) -> None:
        self._language = language
        self._items: list[Item] = []
        self._whole: dict[str, list[int]] = defaultdict(list)
        self._within: dict[str, list[int]] = defaultdict(list)
        self._longest = 0
        for phrase, contains, item in entries:
            words = [word.text for word in split(phrase)]
            if not words:
                continue
            if contains:
                self._longest = max(self._longest, len(words) + 1)  # "tshirt" is in "red t shirt"
            for key in keys(words, language):
                (self._within if contains else self._whole)[key].append(len(self._items))
            self._items.append(item)

    def matching(self, text: str) -> list[Item]:
        """Return what is found by phrases that the text is or contains, in the order in which it was given."""
        words = [word.text for word in split(text)]
        if not words or not self._items:
            return []
        found: set[int] = set()
        for key in keys(words, self._language):
            found.update(self._whole.get(key, ()))
        if self._within:
            for start in range(len(words)):
                for end in range(start + 1, min(start + self._longest, len(words)) + 1):
                    for key in keys(words[start:end], self._language):
                        found.update(self._within.get(key, ()))
        return [self._items[number] for number in sorted(found)]


def same_words(one: str, other: str, language: str) -> bool:
    """Whether two phrases are the same query."""
    return bool(PhraseIndex([(one, False, True)], language).matching(other))
