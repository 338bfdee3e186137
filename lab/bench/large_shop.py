"""A shop of 100,000 drawn products or more, written straight into the tables, and queries that fit it.

Products are the drawn catalogue's, each named after one of 20,000 invented lines besides, so that there are as many words
as in a large shop. Their texts are encoded. No pictures are drawn for them: the embedding of a picture is that of its
text, turned by as much as true pairs of this artifact differ. What is beyond 100,000 products are copies of these in the index
alone, with keys, prices and styles of their own and with embeddings that differ as much as those of like products do.
"""

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from io import BytesIO
from itertools import cycle, islice
from itertools import product as combinations

import numpy as np

PRODUCTS = 100_000
LINES = 20_000
BATCH = 2_000
SEED = 2024
DISTANCES = 4_096  # by which copies differ from what they are copied from
COPY_SIMILARITY = 0.95  # of the embeddings of a product and its copy, about
PAIR_SIMILARITY = 0.75  # of a picture and its text; the median of true pairs is .78
COLOURS_OF_A_KIND = 40  # directions in which pictures of one kind differ from their texts in the same way
SHARES = (2, 20, 200, 2000)  # filters: one product in so many
QUERY_SEED = 2025
BY_HAND = (
    "red shirt", "blue jeans women", "black dress", "striped t-shirt men", "white sneakers", "green jacket",
    "brown leather bag", "navy trousers", "yellow top", "grey hoodie", "pink skirt", "floral dress",
    "sandals", "watch", "cap", "checked shirt for men", "something warm", "party dress", "purple", "shirt under 1500",
    "blak shoes", "sweater", "boots women", "scarf", "shorts men",
)  # fmt: skip
FORMS = (
    "{colour} {noun}", "{noun} for {gender}", "{brand} {noun}", "{pattern} {noun}", "{colour} {noun} under {price}",
    "{slip}", "{colour} {pattern} {noun} {gender}", "{noun}", "{fabric} {noun}", "{brand}",
)  # fmt: skip
PRICES = (800, 1000, 1500, 2000)


def share_filter(share: int) -> str:
    """Return the facet value that one product in `share` has; the facet is "usage"."""
    return f"one in {share}"


def fill(number: int, *, encoded: bool = False):
    """Write products and entries; return the version, active.

    Args:
        number: of products; beyond PRODUCTS a multiple of them, all of whose others are copies.
        encoded: whether texts are encoded and HNSW indexes are built; without, the version has no embeddings.
    """
    times, rest = divmod(number, PRODUCTS)
    if rest and times:
        raise ValueError(f"A shop of more than {PRODUCTS} products holds a multiple of them, not {number}.")
    drawn = min(number, PRODUCTS)
    fill_shop(drawn)
    return index_shop(drawn, encoded=encoded, times=max(times, 1))


def fill_shop(number: int) -> None:
    """Write so many products into the shop's tables, without entries."""
    import django

    django.setup()
    from shop.importer.tables import Checked, store_chunk

    began = time.monotonic()
    rows = drawn_rows(number)
    while chunk := list(islice(rows, BATCH)):
        store_chunk([Checked(0, row.sku, lambda _own, row=row: row, ()) for row in chunk])
    print(f"{number} products written in {time.monotonic() - began:.0f} s", flush=True)


def index_shop(number: int, *, encoded: bool = False, times: int = 1):
    """Write the entries of the shop's products; return the version, active.

    Args:
        number: of products.
        encoded: as in `fill`.
        times: how often each entry is there, with its copies.
    """
    from search.conf import get_settings
    from search.encoders.artifact import read_manifest
    from search.models import IndexVersion, StaleMark, StaleProduct
    from shop.models import Product

    artifact = get_settings().artifact
    manifest = read_manifest(artifact)
    version = IndexVersion.objects.create(
        artifact_path=str(artifact),
        artifact_name=manifest.name,
        fingerprint=manifest.fingerprint,
        dimension=manifest.dimension,
        total=number,
        state=IndexVersion.State.ACTIVE,
    )
    began = time.monotonic()
    skus = iter(list(Product.objects.order_by("pk").values_list("sku", flat=True)))
    while chunk := list(islice(skus, BATCH)):
        _write(version, chunk, encoded)
    StaleMark.objects.all().delete()
    StaleProduct.objects.all().delete()  # all of them stand in the index
    print(f"{number} entries written in {time.monotonic() - began:.0f} s", flush=True)
    if times > 1:
        multiply(version, times)
    if encoded:
        _finish(version)
    return version


def multiply(version, times: int) -> None:
    """Copy every entry of a version, its pictures and its card, so that it is there so many times, each a little different."""
    from django.core.management import call_command
    from django.db import connection, transaction

    began = time.monotonic()
    own = np.random.default_rng(SEED).standard_normal((DISTANCES, version.dimension))
    length = np.sqrt(1 / COPY_SIMILARITY**2 - 1)
    distances = length * own / np.linalg.norm(own, axis=1, keepdims=True)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE away (number integer PRIMARY KEY, embedding halfvec)")
        cursor.executemany(
            "INSERT INTO away VALUES (%s, %s::halfvec)",
            [(number, str(row.round(5).tolist())) for number, row in enumerate(distances)],
        )
        cursor.execute("SELECT max(id) FROM fashion_search_indexentry")
        (last,) = cursor.fetchone()
    for copy in range(1, times):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "SET LOCAL session_replication_role = replica"
            )  # everything is counted once, at the end
            for statement in (_COPY_ENTRIES, _COPY_PICTURES, _COPY_CARDS):
                cursor.execute(
                    statement,
                    {
                        "version": version.pk,
                        "copy": copy,
                        "moved": copy * last,
                        "last": last,
                        "of": DISTANCES,
                    },
                )
    with connection.cursor() as cursor:
        for table in ("indexentry", "entryimage"):
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('fashion_search_{table}', 'id'), max(id)) FROM fashion_search_{table}"
            )
        cursor.execute("VACUUM ANALYZE fashion_search_indexentry")
    version.total = version.total * times
    version.save()
    call_command("search_index", "recount")
    print(f"{version.total} entries in {time.monotonic() - began:.0f} s", flush=True)


_COPY_ENTRIES = """
INSERT INTO fashion_search_indexentry (id, version_id, product_key, sku, name, brand, style, keywords, document, facets, price,
    in_stock, created, text_embedding, text_hash, content_hash, embedded_hash, error, notes, updated_at)
SELECT entry.id + %(moved)s, version_id, product_key || '-' || %(copy)s, sku || '-' || %(copy)s, name, brand,
    CASE style WHEN '' THEN '' ELSE style || '-' || %(copy)s END, keywords, document, facets,
    round(price * (1 + %(copy)s / 50.0), 2), in_stock, created + %(copy)s * interval '1 second',
    l2_normalize(text_embedding + away.embedding), text_hash, content_hash, embedded_hash, error, notes, updated_at
FROM fashion_search_indexentry AS entry JOIN away ON away.number = (entry.id * 31 + %(copy)s) %% %(of)s
WHERE version_id = %(version)s AND entry.id <= %(last)s
"""
_COPY_PICTURES = """
INSERT INTO fashion_search_entryimage (entry_id, version_id, position, name, picture_hash, embedding, error)
SELECT entry_id + %(moved)s, version_id, position, name, picture_hash, l2_normalize(image.embedding + away.embedding), error
FROM fashion_search_entryimage AS image JOIN away ON away.number = (image.entry_id * 37 + %(copy)s) %% %(of)s
WHERE version_id = %(version)s AND image.entry_id <= %(last)s
"""
_COPY_CARDS = """
INSERT INTO fashion_search_storedcard (product_key, card)
SELECT kept.product_key || '-' || %(copy)s, kept.card FROM fashion_search_storedcard AS kept
JOIN fashion_search_indexentry AS entry USING (product_key)
WHERE entry.version_id = %(version)s AND entry.id <= %(last)s
"""


def drawn_rows(number: int) -> Iterator:
    """Rows as an import reads them from the drawn catalogue: category tree, attributes, sizes and all."""
    from sample_catalogue.catalogue import product
    from sample_catalogue.writer import row
    from shop.importer.profiles import read_columns

    lines = invented_words(LINES)
    weights = [1 / (place + 10) for place in range(LINES)]
    for place, line in enumerate(random.Random(SEED).choices(lines, weights, k=number)):
        drawn = row(product(place))
        yield read_columns({**drawn, "name": f"{drawn['name']} {line}"})


def invented_words(number: int) -> list[str]:
    """Names that no dictionary holds, of two or three syllables."""
    syllables = [a + b for a, b in combinations("bdfgklmnprstvz", "aeiou")]
    source = random.Random(SEED)
    names: dict[str, None] = {}
    while len(names) < number:
        names["".join(source.choices(syllables, k=source.choice((2, 3, 3)))).capitalize()] = None
    return list(names)


def _write(version, skus: Sequence[str], encoded: bool) -> None:
    from search.encoders.cache import encoders_for
    from search.indexing.documents import prepare
    from search.indexing.entries import EntryWrite, ImageWrite, write_cards, write_entries, write_texts
    from search.registry import ProductPicture, get_index

    index = get_index()
    prepared = [prepare(index, row) for row in index.get_queryset().filter(sku__in=skus)]
    write_cards(prepared)
    if not encoded:
        write_texts(version, prepared)
        return
    prepared = [
        replace(product, pictures=(ProductPicture(name="drawn", open=BytesIO),)) for product in prepared
    ]
    texts = encoders_for(version).encode_texts([product.text for product in prepared])
    pictures = picture_embeddings(texts, [product.columns["keywords"].split(",")[0] for product in prepared])
    write_entries(
        version,
        [
            EntryWrite(product, text, product.content_hash(version.config))
            for product, text in zip(prepared, texts, strict=True)
        ],
        [
            ImageWrite(product.key, 0, "drawn", product.key, picture, "")
            for product, picture in zip(prepared, pictures, strict=True)
        ],
    )


def picture_embeddings(texts: np.ndarray, kinds: Sequence[str]) -> np.ndarray:
    """Return what pictures of these texts would have: near to them, and nearer to others of their kind than to others.

    Args:
        texts: text embeddings, shape (products, dimension), unit length.
        kinds: what each product is.
    """
    dimension = texts.shape[1]
    turned = np.empty_like(texts)
    for number, (text, kind) in enumerate(zip(texts, kinds, strict=True)):
        shared = np.random.default_rng([SEED, hash_of(kind), number % COLOURS_OF_A_KIND])
        own = np.random.default_rng([SEED, number, int(abs(text[0]) * 1e6)])
        away = _unit(shared.standard_normal(dimension)) + _unit(own.standard_normal(dimension))
        away = _unit(away - text * (away @ text))
        turned[number] = PAIR_SIMILARITY * text + np.sqrt(1 - PAIR_SIMILARITY**2) * away
    return turned


def hash_of(text: str) -> int:
    """Return a number that stands for a text, the same in every process."""
    return int.from_bytes(text.encode()[:8].ljust(8), "big")


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


def _finish(version) -> None:
    """Give some products the values that filters ask for, and do what the end of a build does."""
    from django.db import connection

    from search.indexing.hnsw import build_indexes
    from search.indexing.lexicons import build_lexicon, refresh_word_list

    began = time.monotonic()
    with connection.cursor() as cursor:
        for share in SHARES:
            cursor.execute(
                "UPDATE fashion_search_indexentry SET facets = facets || %s::text[]"
                " WHERE version_id = %s AND hashtext(product_key) %% %s = 0",
                [[f"usage={share_filter(share)}"], version.pk, share],
            )
    build_indexes(version)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE fashion_search_indexentry")
        cursor.execute("VACUUM ANALYZE fashion_search_entryimage")
    build_lexicon(version)
    refresh_word_list()
    print(f"indexes and words in {time.monotonic() - began:.0f} s", flush=True)


def mixed_queries(number: int) -> list[str]:
    """Return different queries: some 25 written by hand, then each form in turn with words of the catalogue."""
    source, found = random.Random(QUERY_SEED), dict.fromkeys(BY_HAND)
    for form in cycle(FORMS):
        if len(found) >= number:
            break
        found[form.format(**_words(source)).lower()] = None
    return list(islice(found, number))


def _words(source: random.Random) -> dict[str, object]:
    from sample_catalogue.vocabulary import KINDS
    from sample_catalogue.wording import ADJECTIVES, BRANDS

    from .spell import edited

    kind = source.choice(list(KINDS.values()))
    noun, colour = source.choice(kind.noun), source.choice(kind.colours)
    pattern = source.choice([name for name in kind.patterns if name != "solid"] or ["solid"])
    return {
        "noun": noun,
        "colour": colour,
        "gender": source.choice(kind.genders),
        "brand": source.choice(BRANDS),
        "pattern": ADJECTIVES[pattern][-1],
        "price": source.choice(PRICES),
        "fabric": source.choice(kind.fabrics)[0],
        "slip": f"{colour} {edited(noun.lower(), source)}",
    }
