"""What the index keeps of a product: its document, asked of the host, cleaned, and hashed, so that changes show.

A document is cleaned once, where it comes in, and what was changed is noted: nothing is left out or replaced without a note.
"""

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from enum import Enum
from hashlib import sha256
from itertools import islice
from typing import Any, NamedTuple

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.utils import timezone
from django.utils.functional import Promise

from ..exceptions import HostError, SearchError
from ..facets import CATEGORY, COLOUR, MAX_FACET_NAME, SIGN, TAGS, Placed, placed, tokens_of
from ..models.cards import packed
from ..models.entries import FINEST_PRICE, HIGHEST_PRICE
from ..registry import ProductDocument, ProductIndex, ProductPicture, card_of, describe_failure
from ..text import MAX_LENGTH, one_line, split, storable, with_codes

# Postgres refuses a tsvector over 1 MB and a btree or GIN item over about 2,700 bytes (UTF-8: 4 bytes a character).
MAX_SKU = 200
MAX_NAME = 2_000
MAX_KEYWORDS = 20_000
MAX_DESCRIPTION = 100_000
MAX_VALUES = 1_000  # of one facet, and pictures of one product; a generator need not end
_TEXTS = {
    "sku": MAX_SKU,
    "name": MAX_NAME,
    "brand": MAX_NAME,
    "keywords": MAX_KEYWORDS,
    "description": MAX_DESCRIPTION,
    "style": MAX_NAME,
}
_APART = re.compile(r"[\W_]+")
_SHOWN = 40  # characters of a value in a note
BLANK = "a blank value was left out"
CARD_FAILED = "card() failed: "  # what the notes on a product begin with that no list can show
MAX_NOTES = 1_000  # characters


class DocumentError(SearchError):
    """A document holds what cannot be indexed; the message names the field and says what it should hold."""


class Note(NamedTuple):
    """One thing about a document that was changed, or left out, so that it could be indexed."""

    field: str  # 'facet "brand"'
    what: str  # the same for all products that it happens to
    value: str = ""  # of this product

    def __str__(self) -> str:
        return f"{self.field}: {self.what}" + (f" ({self.value})" if self.value else "")


class Notes(dict[tuple[str, str], Note]):
    """The notes of one document, one of a kind."""

    def add(self, field: str, what: str, value: object = "") -> None:
        """Note that something was changed.

        Args:
            field: where.
            what: was done.
            value: what the host gave, if that says more.
        """
        shown = "" if isinstance(value, str) and not value else repr(value)
        shown = shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN - 1]}…"
        self.setdefault((field, what), Note(field, what, storable(shown)))


@dataclass(frozen=True, slots=True)
class PreparedProduct:
    """One product, ready to be written: the columns of its entry, its encoded text, its pictures, what is to be noted of it."""

    key: str
    columns: Mapping[str, Any]
    text: str
    text_hash: str
    pictures: tuple[ProductPicture, ...]
    notes: tuple[Note, ...] = ()  # what of its document was changed
    card: Mapping[str, Any] | None = None  # what lists show of it; None where the host makes it at each look
    card_failure: str = ""  # why lists cannot show it

    @property
    def noted(self) -> str:
        """What its entry keeps of that, in words."""
        said = [self.card_failure] if self.card_failure else []
        return "\n".join([*said, *map(str, self.notes)])[:MAX_NOTES]

    def content_hash(self, config: str) -> str:
        """Return the hash of everything that the host gave, as an entry keeps it.

        Args:
            config: text search configuration of the entry's version, which decides what is made of the words.
        """
        content = [self.columns, self.text, [picture.name for picture in self.pictures], config]
        return _hash(json.dumps(content, sort_keys=True))


def prepare(index: ProductIndex, product: Any, tags: Sequence[str] = ()) -> PreparedProduct:
    """Ask the host for a product's document and return it cleaned, cut to what Postgres takes, and hashed.

    Its card is made, too: it is kept for lists, and a product that none can show is to be known before a shopper looks for it.

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
    card, card_failure = made_card(index, product)
    return PreparedProduct(
        key=document.key,
        columns=_columns(document),
        text=text,
        text_hash=_hash(text),
        pictures=document.pictures,
        notes=tuple(notes.values()),
        card=card,
        card_failure=card_failure,
    )


def document_of(index: ProductIndex, product: Any) -> tuple[ProductDocument, tuple[Note, ...]]:
    """Return a product's document as it is indexed, and notes on what was changed of it.

    Raises:
        HostError: the host's document() raised, or returned what cannot be indexed.
    """
    try:
        return clean_document(index.document(product), str(product.pk), index.ambiguous())
    except DocumentError as error:
        raise HostError(storable(f"document() failed: {error}")) from error
    except SoftTimeLimitExceeded:
        raise
    except Exception as error:
        raise HostError(storable(describe_failure("document", error))) from error


def made_card(index: ProductIndex, product: Any) -> tuple[Mapping[str, Any] | None, str]:
    """Return what lists show of a product as it is kept, and why they cannot show it, or ""."""
    try:
        return packed(card_of(index, product)), ""
    except SoftTimeLimitExceeded:
        raise
    except (OperationalError, InterfaceError):
        # Says nothing of the card; if the database is away, the batch ends at its own next query.
        return None, ""
    except Exception as error:  # noqa: BLE001 - the host's code
        return None, storable(describe_failure("card", error))


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
        # Codes are found by their words, too, and Postgres would read "-42" in "AB-42" as a number.
        "title": " ".join((name, brand, sku, *(_APART.sub(" ", code) for code in document.codes))),
        "keywords": with_codes(document.keywords[:MAX_KEYWORDS], document.codes),
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


def clean_document(
    document: object, key: str, ambiguous: Collection[str] = ()
) -> tuple[ProductDocument, tuple[Note, ...]]:
    """Return a document in which each field is of its type, and notes on what was changed for that.

    Facet values become what a filter for them becomes: one line without white space around it, of at most 200 characters.

    Args:
        document: what the host's document() returned.
        key: of the product that it was asked for.
        ambiguous: names that several categories have; the values of these carry their path.

    Raises:
        DocumentError: a field holds what cannot be made to fit without guessing.
    """
    if not isinstance(document, ProductDocument):
        raise DocumentError(f"it returned {type(document).__name__}: return a ProductDocument.")
    notes = Notes()
    cleaned: dict[str, Any] = {
        name: clean_text(getattr(document, name), name, longest, notes) for name, longest in _TEXTS.items()
    }
    for name in ("sku", "name"):
        if not cleaned[name].strip():
            notes.add(name, "it is blank, so that nobody finds the product by it")
    return replace(
        document,
        **cleaned,
        key=_key(document.key, key, notes),
        codes=_codes(document.codes, notes),
        facets=_facets(document.facets, notes, ambiguous),
        price=_price(document.price, notes),
        in_stock=_in_stock(document.in_stock, notes),
        created=_created(document.created, notes),
        pictures=_pictures(document.pictures, notes),
    ), tuple(notes.values())


def clean_text(given: object, field: str, longest: int, notes: Notes) -> str:
    """Return a text that Postgres takes.

    Args:
        given: what the host gave.
        field: where it stood.
        longest: characters that are kept.
        notes: where changes are noted.
    """
    text = _as_text(given, field, notes)
    stored = storable(text)
    if stored != text:
        notes.add(field, "characters that are not text were replaced", text)
    if len(stored) > longest:
        notes.add(field, f"it was cut to {longest:,} characters", f"{stored[:_SHOWN]}")
    return stored[:longest]


def _as_text(given: object, field: str, notes: Notes) -> str:
    if isinstance(given, Promise):  # a translation that is looked up when it is read
        return str(given)
    if isinstance(given, str):
        return str.__str__(given.value if isinstance(given, Enum) else given)
    if given is None:
        notes.add(field, "None was taken as an empty text")
        return ""
    notes.add(field, f"a value of the type {type(given).__name__} was converted to text", given)
    return given.decode("utf-8", "replace") if isinstance(given, bytes) else str(given)


def _key(given: object, key: str, notes: Notes) -> str:
    if str(given) != key:
        raise DocumentError(f"key is {given!r} for the product {key}: give str(product.pk).")
    if not isinstance(given, str):
        notes.add("key", f"a value of the type {type(given).__name__} was converted to text", given)
    return key


def _codes(given: object, notes: Notes) -> tuple[str, ...]:
    found = (_value(one, "codes", notes) for one in _listed(given, "codes", notes))
    return tuple(dict.fromkeys(filter(None, found)))


def _facets(given: object, notes: Notes, ambiguous: Collection[str] = ()) -> dict[str, tuple[str, ...]]:
    if given is None:
        notes.add("facets", "None was taken as no facets")
        return {}
    if not isinstance(given, Mapping):
        raise DocumentError(f"facets is of the type {type(given).__name__}: give a dict of tuples.")
    facets: dict[str, tuple[str, ...]] = {}
    for stated, values in given.items():
        name = one_line(storable(_as_text(stated, "facets", notes)))
        if not name or SIGN in name or len(name) > MAX_FACET_NAME:
            notes.add(
                "facets",
                f'a facet was left out: its name must be a word of up to {MAX_FACET_NAME} characters without "="',
                stated,
            )
            continue
        field = f'facet "{name}"'
        if name != stated:
            notes.add(field, "its name was normalised", stated)
        found = [value for one in _listed(values, field, notes) if (value := _value(one, field, notes))]
        if name == CATEGORY and ambiguous and not isinstance(values, Placed):
            found = placed(found, ambiguous, MAX_LENGTH)
        distinct = tuple(dict.fromkeys((*facets.get(name, ()), *found)))
        if name == CATEGORY and len(distinct) < len(found):
            notes.add(
                field, "a category occurred twice in its path; the first occurrence was kept", found[-1]
            )
        facets[name] = distinct
    return facets


def _listed(values: object, field: str, notes: Notes) -> list[Any]:
    if values is None:
        notes.add(field, BLANK, values)
        return []
    if isinstance(values, str | bytes | Promise) or not isinstance(values, Iterable):
        notes.add(field, "a single value was taken as a tuple of one", values)
        return [values]
    if isinstance(values, Set | Mapping):
        notes.add(field, "values without an order were sorted alphabetically")
        return sorted(islice(values, MAX_VALUES), key=str)
    found = list(islice(values, MAX_VALUES + 1))
    if len(found) > MAX_VALUES:
        notes.add(field, f"only the first {MAX_VALUES:,} values were kept")
    return found[:MAX_VALUES]


def _value(given: object, field: str, notes: Notes) -> str:
    if given is None or (isinstance(given, float | Decimal) and Decimal(given).is_nan()):
        # NaN is what tables have where nothing stands.
        notes.add(field, BLANK, given)
        return ""
    text = storable(_as_text(given, field, notes))
    value = one_line(text)
    if not value:
        notes.add(field, BLANK, text)
    elif value != (given if isinstance(given, str) else text):
        notes.add(field, "white space or characters that do not show were taken out", text)
    if len(value) > MAX_LENGTH:
        notes.add(
            field, f"a value was cut to {MAX_LENGTH} characters, the most that can be filtered by", value
        )
        value = value[:MAX_LENGTH].strip()
    return value


def _price(given: Any, notes: Notes) -> Decimal | None:
    if given is None:
        return None
    try:
        if isinstance(given, bool):
            raise TypeError
        price = given if isinstance(given, Decimal) else Decimal(str(given).strip())
        usable = price.is_finite() and 0 <= price < HIGHEST_PRICE
    except (InvalidOperation, TypeError, ValueError):
        usable = False
    if not usable:
        raise DocumentError(
            f"price is {given!r:.100}: give a Decimal from 0 to below 10,000,000,000, or None."
        )
    if not isinstance(given, Decimal | int):
        notes.add("price", f"a value of the type {type(given).__name__} was converted to a Decimal", given)
    if int(price.as_tuple().exponent) >= -4:
        return price
    rounded = price.quantize(FINEST_PRICE, ROUND_HALF_EVEN)
    if rounded != price:
        notes.add("price", "it was rounded to four decimals", given)
    return min(rounded, HIGHEST_PRICE - FINEST_PRICE)


def _in_stock(given: Any, notes: Notes) -> bool:
    if isinstance(given, bool):
        return given
    if not isinstance(given, int | float | Decimal) or given != given:
        raise DocumentError(f"in_stock is {given!r:.100}: give True or False.")
    notes.add("in_stock", f"a value of the type {type(given).__name__} was converted to True or False", given)
    return bool(given)


def _created(given: Any, notes: Notes) -> datetime:
    if isinstance(given, date) and not isinstance(given, datetime):
        notes.add("created", "a date was taken as its midnight")
        given = datetime.combine(given, time())
    elif isinstance(given, datetime) and timezone.is_naive(given) and settings.USE_TZ:
        notes.add("created", "a time without a time zone was taken as one in the setting TIME_ZONE")
    if not isinstance(given, datetime) or not 1 < given.year < 9999:  # Postgres goes further, Python does not
        raise DocumentError(
            f"created is {given!r:.100}: give an aware datetime, such as that of the first sale."
        )
    return timezone.make_aware(given, timezone.get_default_timezone()) if timezone.is_naive(given) else given


def _pictures(given: Any, notes: Notes) -> tuple[ProductPicture, ...]:
    if given is None:
        notes.add("pictures", "None was taken as no pictures")
        return ()
    if not isinstance(given, Iterable):
        raise DocumentError(
            f"pictures is of the type {type(given).__name__}: give a tuple of ProductPicture."
        )
    found = list(islice(given, MAX_VALUES + 1))
    if len(found) > MAX_VALUES:
        notes.add("pictures", f"only the first {MAX_VALUES:,} were kept")
    pictures = []
    for picture in found[:MAX_VALUES]:
        if not isinstance(picture, ProductPicture):
            notes.add("pictures", "what is not a ProductPicture was left out", picture)
            continue
        name = clean_text(picture.name, "pictures", MAX_NAME, notes)
        if not name.strip():
            notes.add("pictures", "a picture without a name was left out")
            continue
        pictures.append(picture if name == picture.name else replace(picture, name=name))
    return tuple(pictures)
