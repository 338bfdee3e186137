"""Whether the storage hands out pictures: a few that were read before are read again."""

from collections.abc import Callable
from functools import partial
from random import randint
from time import monotonic

from django.db import DatabaseError
from django.db.models import Max, Min

from ..exceptions import HostError, StorageAway
from ..models import EntryImage, IndexVersion
from ..registry import ProductPicture, get_index, load_products
from ..sentences import lazily as _
from ..sentences import said
from ..storage import ask_storage
from .documents import document_of

PROBE_SECONDS = 4.0  # that one picture may take
TRIED = 3  # pictures; one that can be read is enough
WELL_SECONDS = 30.0  # that a good answer is believed
AWAY_SECONDS = 5.0  # that a bad one is
UNKNOWN = _("No picture is in the index yet.")

_NEVER = (float("-inf"), "", "")
_last: tuple[float, str, str] = _NEVER  # when it was looked at, what it came to, what was wrong


def storage_answers(
    *, fresh: bool = False, besides: str = "", waiting: Callable[[], None] | None = None
) -> str:
    """Return a sentence that pictures can be read; looked at anew every half minute, and more often while they cannot.

    Args:
        fresh: do not believe a good answer of a moment ago.
        besides: key of a product whose pictures are not asked for.
        waiting: called while the storage is waited for.

    Raises:
        StorageAway: none of those that could be read before can be read now; the message says why.
    """
    global _last
    when, sentence, trouble = _last
    if monotonic() - when >= (AWAY_SECONDS if trouble else 0.0 if fresh else WELL_SECONDS):
        try:
            sentence, trouble = _probe(besides, waiting), ""
        except StorageAway as error:
            sentence, trouble = "", str(error)
        _last = (monotonic(), sentence, trouble)
    if trouble:
        raise StorageAway(trouble)
    return sentence


def why_products_wait() -> str:
    """Return the sentence shown while products wait for their pictures; "" where the storage answers."""
    try:
        storage_answers(fresh=True)
    except StorageAway as error:
        return said(
            _("The storage of the pictures does not answer, and products wait until it does: %(error)s"),
            error=error,
        )
    return ""


def forget_storage() -> None:
    """Forget what was seen last."""
    global _last
    _last = _NEVER


def _probe(besides: str, waiting: Callable[[], None] | None) -> str:
    trouble = ""
    for picture in _known_pictures(besides):
        try:
            ask_storage(partial(_read_first_byte, picture), seconds=PROBE_SECONDS, waiting=waiting)
        except StorageAway:
            raise
        except Exception as error:  # noqa: BLE001 - a storage may raise anything
            trouble = (
                f"{picture.name}, which could be read before: {type(error).__name__}: {str(error)[:200]}"
            )
        else:
            return _("Pictures can be read.")
    if trouble:
        raise StorageAway(trouble)
    return UNKNOWN


def _known_pictures(besides: str) -> list[ProductPicture]:
    """Return some pictures that have been read for the index and that their products still have, chosen at random."""
    version = IndexVersion.objects.serving()
    images = EntryImage.objects.filter(version=version, error="").exclude(embedding=None)
    span = images.aggregate(first=Min("pk"), last=Max("pk"))
    if version is None or span["first"] is None:
        return []
    chosen: dict[str, str] = {}
    for _attempt in range(TRIED):
        others = images.exclude(entry__product_key__in=[besides, *chosen]).order_by("pk")
        rows = others.values_list("entry__product_key", "name")
        from_here = rows.filter(pk__gte=randint(span["first"], span["last"]))
        chosen.update(from_here[:1] or rows[:1])
    index = get_index()
    found = []
    try:
        products = load_products(chosen)
    except DatabaseError:
        raise
    except Exception:  # noqa: BLE001 - the host's code; the check of entries says that no product can be read
        return []
    for key, product in products.items():
        try:
            pictures = document_of(index, product)[0].pictures
        except HostError:  # which is kept with the product where it is indexed
            continue
        found += [picture for picture in pictures if picture.name == chosen[key]][:1]
    return found


def _read_first_byte(picture: ProductPicture) -> None:
    with picture.open() as file:
        file.read(1)
