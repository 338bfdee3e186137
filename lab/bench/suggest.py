"""Suggestions and spelling at 100,000 products: time, memory, loading, and the same prefixes asked of Postgres.

Run as `python -m lab.bench.suggest [PRODUCTS]`.
"""

import random
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from resource import RUSAGE_SELF, getrusage
from urllib.parse import quote

import psutil

from lab.servers import Servers

from .large_shop import PRODUCTS, SEED, fill
from .spell import edited

TYPED = 1_000  # beginnings of queries


def main() -> None:
    """Fill a shop, measure and print."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else PRODUCTS
    with Servers():
        version = fill(number)
        report_refreshing()
        report_loading(version)
        beginnings = list(typed(random.Random(SEED)))
        report_suggestions(beginnings)
        report_spelling(version)
        report_postgres(version, beginnings)


def typed(source: random.Random) -> Iterator[str]:
    """Beginnings of product names as they are typed, one in five with a slip in its first word."""
    from search.models import IndexEntry

    names = list(IndexEntry.objects.order_by("product_key").values_list("name", flat=True))
    for name in source.sample(names, TYPED):
        words = source.sample(name.split(), min(2, len(name.split())))
        if source.random() < 0.2 and len(words[0]) > 3:
            words[0] = edited(words[0].lower(), source)
        text = " ".join(words)
        yield text[: source.randint(1, len(text))]


def report_refreshing() -> None:
    """Print how long the task in the worker takes."""
    from django.db.models import Sum
    from django.db.models.functions import Length

    from search.indexing.lexicons import refresh_word_list
    from search.models import WordList, WordListPart
    from search.query.names import Vocabulary

    before = getrusage(RUSAGE_SELF).ru_maxrss
    print(f"words counted in                     {timed(refresh_word_list):.0f} ms")
    grown = (getrusage(RUSAGE_SELF).ru_maxrss - before) / 1e3
    print(f"memory for that, at most             {grown:.0f} MB")
    print(f"unchanged entries noticed in         {timed(refresh_word_list):.0f} ms")
    kept = WordList.objects.get()
    names = WordListPart.objects.filter(stamp=kept.stamp).aggregate(bytes=Sum(Length("data")))["bytes"]
    words = len(Vocabulary.unpack(bytes(kept.vocabulary)).words)
    print(
        f"words {words}; kept {len(kept.vocabulary) / 1e6:.1f} MB for spelling, {names / 1e6:.1f} MB for names"
    )


def report_loading(version) -> None:
    """Print what the first query after a change costs a web process."""
    from search.engine.suggestions import suggest
    from search.query import names
    from search.query import spelling as corrections
    from search.query.spelling import correct

    memory = psutil.Process().memory_info().rss
    for again in ("in a new process", "after a change"):
        corrections._speller.cache_clear()
        names.forget_names()
        print(f"first correction {again:16}    {timed(lambda: correct(version.pk, 'shirt')):.0f} ms")
        print(f"first suggestion {again:16}    {timed(lambda: suggest('zzzz')):.0f} ms")
    print(
        f"memory grown by                      {(psutil.Process().memory_info().rss - memory) / 1e6:.0f} MB"
    )


def report_suggestions(beginnings: list[str]) -> None:
    """Print the time of `suggest` and of its address, through all of Django."""
    from django.test import Client

    from search.engine.suggestions import suggest

    client = Client(headers={"host": "localhost"})
    report("suggest()", suggest, beginnings)
    report("GET suggest/", lambda text: client.get(f"/api/v1/suggest/?q={quote(text)}"), beginnings)


def report_spelling(version) -> None:
    """Print the time of a correction, of right and of misspelt words."""
    from search.models import IndexEntry
    from search.query.spelling import correct

    source = random.Random(SEED)
    names = list(IndexEntry.objects.order_by("product_key").values_list("name", flat=True)[:TYPED])
    slips = [edited(source.choice(name.split()).lower(), source) for name in names]
    report("correct(), right names", lambda text: correct(version.pk, text), names)
    report("correct(), a word with a slip", lambda text: correct(version.pk, text), slips)


def report_postgres(version, beginnings: list[str]) -> None:
    """Print the time that six products by prefix take Postgres, newest first, with a GIN index over names."""
    from django.db import connection

    from search.text import fold, spelt_words

    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE INDEX bench_names ON fashion_search_indexentry USING gin (to_tsvector('simple', name))"
        )
        cursor.execute("ANALYZE fashion_search_indexentry")

        def ask(text: str) -> None:
            cursor.execute(
                "SELECT product_key FROM fashion_search_indexentry WHERE version_id = %s"
                " AND to_tsvector('simple', name) @@ to_tsquery('simple', %s)"
                " ORDER BY in_stock DESC, created DESC, product_key LIMIT 6",
                [version.pk, " & ".join(f"{fold(word[0])}:*" for word in spelt_words(text))],
            )
            cursor.fetchall()

        report(
            "keys only, from a tsvector instead", ask, [text for text in beginnings if any(spelt_words(text))]
        )


def report(title: str, ask: Callable[[str], object], texts: Iterable[str]) -> None:
    """Print p50, p95 and p99 of asking each text once, after ten that are not counted."""
    texts = list(texts)
    for text in texts[:10]:
        ask(text)
    times = sorted(timed(lambda text=text: ask(text)) for text in texts)
    p50, p95, p99 = (times[min(len(times) - 1, int(len(times) * share))] for share in (0.5, 0.95, 0.99))
    print(f"{title:36} p50 {p50:.1f} ms  p95 {p95:.1f} ms  p99 {p99:.1f} ms", flush=True)


def timed(call: Callable[[], object]) -> float:
    """Milliseconds that a call takes."""
    began = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - began)


if __name__ == "__main__":
    main()
