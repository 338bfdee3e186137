"""Everyday English words, which are right although no product bears them: "interview", "wedding".

The list is the one in the package symspellpy: the words of SCOWL with their counts in Google's Ngrams (CC BY 3.0). Only
the file is read: the package's own index of deletions takes 118 MB for 30,000 words, in every web process.
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

PACKAGE, FILE = "symspellpy", "frequency_dictionary_en_82_765.txt"
EVERYDAY = 250_000  # occurrences in Google's Ngrams; rarer words are as likely a misspelling as meant
DIGITS = len(str(EVERYDAY))  # a longer count is a greater one


@cache
def everyday_words() -> frozenset[str]:
    """Return the everyday words, lower-cased and without apostrophes; read once per process, in about 40 ms.

    Raises:
        ModuleNotFoundError: the package that brings the list is not installed.
    """
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"{PACKAGE} is not installed; it brings the list of English words.")
    text = (Path(spec.submodule_search_locations[0]) / FILE).read_text(encoding="utf-8-sig")
    columns = text.replace("'", "").split()
    pairs = zip(columns[::2], columns[1::2], strict=True)
    return frozenset(word for word, count in pairs if len(count) > DIGITS or int(count) >= EVERYDAY)
