"""Plain Postgres, Haystack with Whoosh, and watson: each is filled, then asked."""

from collections.abc import Callable

from django.core.management import call_command
from django.db import connection
from watson import search as watson_search

from search.registry import get_index

DEPTH = 10
Ask = Callable[[str], tuple[list[str], int]]


def texts_of(product) -> tuple[str, str, str]:
    """Return a product's name with its brand, its attribute words, and its description."""
    document = get_index().document(product)
    return f"{document.name} {document.brand} {document.sku}", document.keywords, document.description


class ProductAdapter(watson_search.SearchAdapter):
    """What watson reads of a product."""

    def get_title(self, obj) -> str:
        """Return what counts most."""
        return texts_of(obj)[0]

    def get_description(self, obj) -> str:
        """Return what counts second."""
        return texts_of(obj)[1]

    def get_content(self, obj) -> str:
        """Return what counts least."""
        return texts_of(obj)[2]


def postgres() -> Ask:
    """Fill a table of weighted tsvectors and return what asks it: all words, ranked by ts_rank_cd."""
    from shop.models import Product

    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_texts (sku text, document tsvector)")
        rows = [
            (product.sku, *texts_of(product))
            for product in Product.objects.published().for_cards().iterator(2000)
        ]
        cursor.executemany(
            "INSERT INTO bench_texts VALUES (%s, setweight(to_tsvector('english', %s), 'A')"
            " || setweight(to_tsvector('english', %s), 'B') || setweight(to_tsvector('english', %s), 'C'))",
            rows,
        )
        cursor.execute("CREATE INDEX bench_texts_document ON bench_texts USING gin (document)")
        cursor.execute("ANALYZE bench_texts")

    def ask(text: str) -> tuple[list[str], int]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT sku, count(*) OVER () FROM bench_texts, websearch_to_tsquery('english', %s) AS query"
                " WHERE document @@ query ORDER BY ts_rank_cd(document, query) DESC, sku LIMIT %s",
                [text, DEPTH],
            )
            rows = cursor.fetchall()
        return [sku for sku, _ in rows], rows[0][1] if rows else 0

    return ask


def haystack() -> Ask:
    """Build the Whoosh index and return what asks it, as Haystack's own search view does."""
    from haystack.query import SearchQuerySet

    call_command("rebuild_index", interactive=False, verbosity=0)

    def ask(text: str) -> tuple[list[str], int]:
        found = SearchQuerySet().auto_query(text)
        return [result.sku for result in found[:DEPTH]], found.count()

    return ask


def watson() -> Ask:
    """Build watson's index and return what asks it."""
    call_command("installwatson", verbosity=0)
    call_command("buildwatson", verbosity=0)

    def ask(text: str) -> tuple[list[str], int]:
        found = watson_search.search(text)
        return [result.object.sku for result in found[:DEPTH]], found.count()

    return ask


ENGINES: dict[str, Callable[[], Ask]] = {
    "Postgres full-text search": postgres,
    "Haystack with Whoosh": haystack,
    "django-watson": watson,
}
