"""Turn a product into what every index version is told about it, with hashes that show whether that changed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded
from django.db import InterfaceError, OperationalError

from ..exceptions import HostError
from ..facets import COLOUR, TAGS, tokens_of
from ..registry import ProductDocument, ProductIndex, ProductPicture, card_of, describe_failure
from ..text import split, storable
from .document_cleaning import (
    MAX_KEYWORDS,
    MAX_NAME,
    DocumentError,
    Note,
    Notes,
    clean_document,
    clean_text,
)

CARD_FAILED = "card() failed: "  # what the notes on a product begin with that no list can show
MAX_NOTES = 1_000  # characters


@dataclass(frozen=True, slots=True)
class PreparedProduct:
    """One product, ready to be written: the columns of its entry, its encoded text, its pictures, what is to be noted of it."""

    key: str
    columns: Mapping[str, Any]
    text: str
    text_hash: str
    pictures: tuple[ProductPicture, ...]
    notes: tuple[Note, ...] = ()  # what of its document was changed
    card_failure: str = ""  # why lists cannot show it

    @property
    def noted(self) -> str:
        """What its entry keeps of that, in words."""
        said = [self.card_failure] if self.card_failure else []
        return "\n".join([*said, *map(str, self.notes)])[:MAX_NOTES]

    def content_hash(self, config: str) -> str:
        """Return the hash of everything the host told, as an entry keeps it.

        Args:
            config: text search configuration of the entry's version, which decides what is made of the words.
        """
        content = [self.columns, self.text, [picture.name for picture in self.pictures], config]
        return _hash(json.dumps(content, sort_keys=True))


def prepare(index: ProductIndex, product: Any, tags: Sequence[str] = ()) -> PreparedProduct:
    """Ask the host for a product's document and return it cleaned, cut to what Postgres takes, and hashed.

    Its card is made, too, and thrown away: a product that no list can show is to be known before a shopper looks for it.

    Args:
        index: the host's.
        product: one of its products.
        tags: those accepted for it; words to find it by, and values to filter by. They leave its embeddings as they are.

    Raises:
        HostError: the host's document() or encoded_text() failed for this product.
    """
    document, found = document_of(index, product)
    notes = Notes({(note.field, note.what): note for note in found})
    try:
        text = clean_text(index.encoded_text(document), "encoded_text()", MAX_KEYWORDS, notes)
    except SoftTimeLimitExceeded:
        raise
    except Exception as error:
        raise HostError(storable(describe_failure("encoded_text", error))) from error
    if tags:
        document = _tagged(document, tags)
    return PreparedProduct(
        key=document.key,
        columns=_columns(document),
        text=text,
        text_hash=_hash(text),
        pictures=document.pictures,
        notes=tuple(notes.values()),
        card_failure=card_failure(index, product),
    )


def document_of(index: ProductIndex, product: Any) -> tuple[ProductDocument, tuple[Note, ...]]:
    """Return a product's document as it is indexed, and notes on what was changed of it.

    Raises:
        HostError: the host's document() raised, or returned what cannot be indexed.
    """
    try:
        return clean_document(index.document(product), str(product.pk))
    except DocumentError as error:
        raise HostError(storable(f"document() failed: {error}")) from error
    except SoftTimeLimitExceeded:
        raise
    except Exception as error:
        raise HostError(storable(describe_failure("document", error))) from error


def card_failure(index: ProductIndex, product: Any) -> str:
    """Return why lists cannot show a product, or ""."""
    try:
        card_of(index, product)
    except SoftTimeLimitExceeded:
        raise
    except (OperationalError, InterfaceError):
        return ""  # says nothing of the card; if the database is away, the batch ends at its own next query
    except Exception as error:  # noqa: BLE001 - the host's code
        return storable(describe_failure("card", error))
    return ""


def _tagged(document: ProductDocument, tags: Sequence[str]) -> ProductDocument:
    values = tuple(dict.fromkeys((*document.facets.get(TAGS, ()), *tags)))
    return replace(
        document,
        keywords=", ".join(filter(None, (document.keywords, *tags))),
        facets={**document.facets, TAGS: values},
    )


def _columns(document: ProductDocument) -> dict[str, Any]:
    name, brand, sku = document.name, document.brand, document.sku
    return {
        "product_key": document.key,
        "sku": sku.lower(),
        "name": name,
        "brand": brand,
        "title": f"{name} {brand} {sku}",
        "keywords": document.keywords[:MAX_KEYWORDS],
        "style": (document.style or style_of(document))[:MAX_NAME],
        "description": document.description,
        "facets": tokens_of(document.facets),
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


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()
