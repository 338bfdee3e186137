"""Spelling on the catalogue that DATABASE_URL holds indexed: what is corrected, what is wrongly corrected, how fast.

Run as `python -m lab.bench.spell DATA`, where DATA holds `products.csv.gz` and `shopper_queries.jsonl`.
"""

import csv
import gzip
import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

LETTERS = "abcdefghijklmnopqrstuvwxyz"
WORDS = 1000
SEED = 2024


def main() -> None:
    """Measure and print."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
    import django

    django.setup()
    from search.indexing.lexicons import refresh_word_list
    from search.models import IndexVersion, WordList
    from search.query.names import Vocabulary
    from search.query.spelling import correct

    refresh_word_list()
    version = IndexVersion.objects.serving()
    began = time.perf_counter()
    correct(version.pk, "load")
    print(f"loading words in a new process      {1000 * (time.perf_counter() - began):.0f} ms")
    vocabulary = Vocabulary.unpack(bytes(WordList.objects.get(pk=version.pk).vocabulary))
    data = Path(sys.argv[1])

    def speller(text):
        return correct(version.pk, text)

    words = {key: count for key, (shown, count) in vocabulary.words.items() if is_tested(key, shown)}
    number = random.Random(SEED)
    report_edits("words, each equally often", number.sample(sorted(words), WORDS), speller, vocabulary)
    drawn = number.choices(list(words), list(words.values()), k=WORDS)
    report_edits("words, as often as products have them", drawn, speller, vocabulary)
    report_queries(data / "shopper_queries.jsonl", speller)
    report_names(data / "products.csv.gz", speller)


def is_tested(key: str, shown: str) -> bool:
    """Whether a word of the vocabulary is one that may be corrected: four letters, no joined pair."""
    return len(key) >= 4 and key.isascii() and " " not in shown


def edited(word: str, number: random.Random) -> str:
    """The word with one random letter left out, added, replaced or swapped with the next."""
    while True:
        place, letter = number.randrange(len(word)), number.choice(LETTERS)
        before, after = word[:place], word[place + 1 :]
        slip = number.choice(
            (before + after, before + letter + word[place:], before + letter + after,
             before + after[:1] + word[place] + after[1:])
        )  # fmt: skip
        if slip != word:
            return slip


def report_edits(title: str, words: list[str], speller: Callable, vocabulary) -> None:
    """Print accuracy@1 over words with one random edit; another number of the same word counts as right."""
    from search.text import fold, inflections

    number, outcomes, times = random.Random(SEED), Counter(), []
    for word in words:
        slip = edited(word, number)
        began = time.perf_counter()
        correction = speller(slip)
        times.append(time.perf_counter() - began)
        got = fold(correction.text) if correction else slip
        if got == word or got in inflections(word):
            outcomes["right"] += 1
        elif correction:
            outcomes["another word"] += 1
        else:
            outcomes["a known word" if slip in vocabulary.words else "left as it is"] += 1
    times.sort()
    print(f"{title}: {dict(outcomes)} of {len(words)}")
    print(
        f"  milliseconds p50 {1000 * times[len(times) // 2]:.2f} p99 {1000 * times[-len(times) // 100]:.2f}"
    )


def report_queries(path: Path, speller: Callable) -> None:
    """Print corrections of the typos, and false ones of the other queries."""
    queries = [json.loads(line) for line in path.read_text().splitlines()]
    typos = [query["query"] for query in queries if query["kind"] == "typos"]
    right = [query["query"] for query in queries if query["kind"] != "typos"]
    print(
        f"shopper queries, typos: {sum(speller(text) is not None for text in typos)} of {len(typos)} changed"
    )
    changed = [correction.changed for correction in map(speller, right) if correction]
    print(f"shopper queries, others: {len(changed)} of {len(right)} changed {changed}")


def report_names(path: Path, speller: Callable) -> None:
    """Print false corrections of names from the validation split, inside and outside the catalogue."""
    from search.models import IndexEntry

    with gzip.open(path, "rt", newline="") as file:
        names = {row["name"].strip() for row in csv.DictReader(file) if row["split"] == "val"}
    inside = set(IndexEntry.objects.filter(name__in=names).values_list("name", flat=True))
    for title, chosen in (("in the catalogue", inside), ("not in the catalogue", names - inside)):
        changed = [correction for correction in map(speller, sorted(chosen)) if correction]
        print(f"names {title}: {len(changed)} of {len(chosen)} changed")


if __name__ == "__main__":
    main()
