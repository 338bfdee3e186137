"""Turn a product into what every index version is told about it, with hashes that show whether that changed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from ..registry import ProductDocument, ProductIndex, ProductPicture
from ..understanding.lexicon import COLOUR, TAGS
from ..understanding.words import split

# Postgres refuses a tsvector over 1 MB and a btree or GIN item over about 2,700 bytes (UTF-8: 4 bytes a character).
MAX_SKU = 200
MAX_FACET = 500
MAX_NAME = 2_000
MAX_KEYWORDS = 20_000
MAX_DESCRIPTION = 100_000


@dataclass(frozen=True, slots=True)
class PreparedProduct:
    """One product, ready to be written: the columns of its entry, its encoded text, its pictures."""

    key: str
    columns: Mapping[str, Any]
    text: str
    text_hash: str
    pictures: tuple[ProductPicture, ...]

    def content_hash(self, config: str) -> str:
        """Return the hash of everything the host told, as an entry keeps it.

        Args:
            config: text search configuration of the entry's version, which decides what is made of the words.
        """
        content = [self.columns, self.text, [picture.name for picture in self.pictures], config]
        return _hash(json.dumps(content, sort_keys=True))


def prepare(index: ProductIndex, product: Any, tags: Sequence[str] = ()) -> PreparedProduct:
    """Ask the host for a product's document and return it cleaned, cut to what Postgres takes, and hashed.

    Args:
        index: the host's.
        product: one of its products.
        tags: those accepted for it; words to find it by, and values to filter by. They leave its embeddings as they are.
    """
    document = index.document(product)
    text = _clean(index.encoded_text(document), MAX_KEYWORDS)
    if tags:
        document = _tagged(document, tags)
    return PreparedProduct(
        key=document.key,
        columns=_columns(document),
        text=text,
        text_hash=_hash(text),
        pictures=document.pictures,
    )


def _tagged(document: ProductDocument, tags: Sequence[str]) -> ProductDocument:
    values = tuple(dict.fromkeys((*document.facets.get(TAGS, ()), *tags)))
    return replace(
        document,
        keywords=", ".join(filter(None, (document.keywords, *tags))),
        facets={**document.facets, TAGS: values},
    )


def _columns(document: ProductDocument) -> dict[str, Any]:
    name, brand = _clean(document.name, MAX_NAME), _clean(document.brand, MAX_NAME)
    sku = _clean(document.sku, MAX_SKU)
    tokens = {f"{field}={value}": None for field, values in document.facets.items() for value in values}
    return {
        "product_key": document.key,
        "sku": sku.lower(),
        "name": name,
        "brand": brand,
        "title": f"{name} {brand} {sku}",
        "keywords": _clean(document.keywords, MAX_KEYWORDS),
        "style": _clean(document.style or style_of(document), MAX_NAME),
        "description": _clean(document.description, MAX_DESCRIPTION),
        "facets": [_clean(token, MAX_FACET) for token in tokens],
        "price": None if document.price is None else str(document.price),
        "in_stock": document.in_stock,
        "created": document.created.isoformat(),
    }


def style_of(document: ProductDocument) -> str:
    """Brand and name without the words of the product's colours: "Acme|men shirt" for all colours of a shirt."""
    colours = " ".join(document.facets.get(COLOUR, ())).casefold()
    named = {word.text for word in split(colours)}
    words = [word.text for word in split(document.name) if word.text not in named]
    return f"{document.brand}|{' '.join(words)}".casefold()


def _clean(text: str, longest: int) -> str:
    # Postgres stores neither NUL nor half of a surrogate pair; one such character would refuse a whole batch.
    return text[:longest].replace("\0", " ").encode("utf-8", "replace").decode("utf-8")


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()
