"""A shop of 100,000 drawn products, written straight into the tables, and queries that fit it.

Products are the drawn catalogue's, each named after one of 20,000 invented lines besides, so that there are as many words
as in a large shop. Their texts are encoded. No pictures are drawn for them: the embedding of a picture is that of its
text, turned by as much as true pairs of this artifact differ.
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
        number: of products.
        encoded: whether texts are encoded and HNSW indexes are built; without, the version has no embeddings.
    """
    fill_shop(number)
    return index_shop(number, encoded=encoded)


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


def index_shop(number: int, *, encoded: bool = False):
    """Write the entries of the shop's products; return the version, active. The arguments are those of `fill`."""
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
    if encoded:
        _finish(version)
    return version


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
