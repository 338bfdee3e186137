"""Count the words of the version that searches use, and keep them where web processes load them from."""

from collections.abc import Iterator
from hashlib import sha256

from django.db import transaction
from django.utils import timezone

from ..indexing.unhurried import unhurried
from ..models import IndexEntry, IndexVersion, WordList
from ..querysets import EntryQuerySet
from ..resilience import Attempts
from ..spelling.counting import WordCounter
from .names import NameCollector

CHUNK = 5000  # entries per read


@unhurried()
def refresh_word_list() -> bool:
    """Count the words of the serving version if its entries have changed since; return whether they were counted.

    Raises:
        Exception: an entry could not be counted; all others were, and the next round tries again.
        ExceptionGroup: several could not be.
    """
    version = IndexVersion.objects.serving()
    if version is None:
        return False
    entries = EntryQuerySet(IndexEntry).in_version(version.pk)
    source = entries.state()
    if WordList.objects.filter(pk=version.pk, source=source).exists():
        return False
    counter, collector, attempts = WordCounter(), NameCollector(), Attempts("Counting the words of names")
    with transaction.atomic():  # which the cursor must not outlive
        for key, name, brand, keywords, facets in _read_entries(entries):
            with attempts.at(f"product {key}"):
                counter.add(name=name, brand=brand, keywords=keywords, values=[value for _, value in facets])
                collector.add(key, name=name, brand=brand, facets=facets)
    vocabulary, names = counter.vocabulary().pack(), collector.names().pack()
    WordList.objects.update_or_create(
        version=version,
        defaults={
            "source": "" if attempts.errors else source,
            "stamp": sha256(vocabulary + names).hexdigest(),
            "vocabulary": vocabulary,
            "names": names,
            "made_at": timezone.now(),
        },
    )
    attempts.raise_any()
    return True


def _read_entries(entries: EntryQuerySet) -> Iterator[tuple[str, str, str, str, list[tuple[str, str]]]]:
    # What is in stock and new comes first, in suggestions as well.
    ordered = entries.order_by("-in_stock", "-created", "product_key")
    columns = ordered.values_list("product_key", "name", "brand", "keywords", "facets")
    for key, name, brand, keywords, tokens in columns.iterator(chunk_size=CHUNK):
        facets = [(facet, value) for facet, _, value in (token.partition("=") for token in tokens)]
        yield key, name, brand, keywords, facets
