"""Photos to search with: decoded in memory, encoded, and forgotten; a signed token carries the embedding, and how the photo was turned."""

import base64
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from io import BytesIO
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from django.core import signing
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.db.models import TextField
from django.db.models.functions import Cast
from numpy.typing import NDArray
from PIL import Image

from ..conf import get_settings
from ..encoders.cache import encoders_for
from ..encoders.pictures import named_formats, open_picture
from ..encoders.queries import in_time
from ..encoders.sessions import Encoders
from ..exceptions import EncoderTimeout, InvalidQuery, NoVersion, PictureError
from ..models import EntryImage, IndexVersion
from ..session import pinned
from ..vectors import EmbeddingLiteral, from_literal, to_literal
from .boxes import WHOLE, Box, proposed
from .request import References
from .turning import TURNS, surest_turn, turned_picture

MAX_BYTES = 8_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "HEIF")
SALT = "fashion_search.photo"
FIELD = "image"  # of a form, that holds the photo
# Rocchio's weights of what a shopper wants more and less of, beside the query's 1 (Manning, Raghavan, Schuetze:
# Introduction to Information Retrieval, 9.1.1, has .75 and .15); pictures of one shop lie close together, so less says more here.
MORE_WEIGHT = 0.75
LESS_WEIGHT = 0.4
NO_TURN = "turn must be 0, 90, 180 or 270: degrees clockwise."


@pinned()
def take_photo(file: BinaryIO, size: int, box: Box = WHOLE, turn: int | None = None) -> str:
    """Encode a photo and return the token to search with; nothing of it is written anywhere.

    Args:
        file: a seekable binary file at its beginning.
        size: of the file, in bytes.
        box: the part to search with, on the photo as it is turned.
        turn: clockwise, in degrees, one of 0, 90, 180 and 270. None for the surest of them, which is nearly always 0;
            the token says which, see `told_by`.

    Raises:
        InvalidQuery: it is too large, no picture, or damaged; the sentence says what to do.
        EncoderTimeout: too many are being encoded; it may work in a moment.
        NoVersion: there is no index to search yet.
    """
    if size > MAX_BYTES:
        raise InvalidQuery(
            "photo_too_large", f"The photo has more than {MAX_BYTES // 1_000_000} MB: make it smaller."
        )
    version = IndexVersion.objects.active()
    if version is None:
        raise NoVersion("There is no search index yet, so that photos cannot be searched with.")
    encoders = encoders_for(version)
    limit = get_settings().encode_timeout_ms
    needed = encoders.manifest.image
    wide, high = (needed.height, needed.width) if turn in (90, 270) else (needed.width, needed.height)
    left, top, right, bottom = box.before(turn or 0)
    at_least = (round(wide / (right - left)), round(high / (bottom - top)))

    def encode() -> tuple[NDArray[np.float32], Image.Image, tuple[Box, ...]]:
        part = box.cut(open_picture(file, at_least=at_least, formats=FORMATS), turn or 0)
        embedding, cells = encoders.encode_photo(part)
        boxes = proposed(cells, part, needed) if box == WHOLE else ()
        factor = min(part.width, part.height) // (2 * max(wide, high))
        return embedding, part.reduce(factor) if factor > 1 else part, boxes

    try:
        embedding, part, boxes = in_time(encode, limit, kind="picture")
    except PictureError as error:
        raise InvalidQuery("invalid_photo", f"{error} Send a {named_formats(FORMATS)} photo.") from error
    if turn is None:
        embedding, turn = _turned(embedding, part, encoders, version)
        boxes = tuple(Box(*one.before(-turn % 360)) for one in boxes)
    packed = base64.b85encode(embedding.astype("<f2").tobytes()).decode()
    return signing.dumps(
        [version.fingerprint[:16], packed, turn, [one.percent() for one in boxes]], salt=SALT
    )


def _turned(
    embedding: NDArray[np.float32], part: Image.Image, encoders: Encoders, version: IndexVersion
) -> tuple[NDArray[np.float32], int]:
    """The embedding of a photo by its surest turn, and that turn; as it was sent, where there is no time for others."""

    def encode() -> NDArray[np.float32]:
        return encoders.encode_images([turned_picture(part, turn) for turn in TURNS[1:]])

    try:
        others = in_time(encode, get_settings().encode_timeout_ms, kind="picture")
    except EncoderTimeout:
        return embedding, 0
    embeddings = np.concatenate([embedding[None], others])
    turn = surest_turn(embeddings, version, encoders.manifest.turn_margin)
    return embeddings[TURNS.index(turn)], turn


def read_turn(stated: str) -> int | None:
    """Read how a photo is to be turned; None where nothing is stated.

    Raises:
        InvalidQuery: it is none of 0, 90, 180 and 270.
    """
    if not stated.strip():
        return None
    if stated.strip() not in map(str, TURNS):
        raise InvalidQuery("invalid_turn", NO_TURN)
    return int(stated)


class Told(NamedTuple):
    """What a photo's token tells beside the embedding."""

    turned: int = 0  # how the photo was turned before it was encoded, clockwise in degrees
    boxes: tuple[
        Box, ...
    ] = ()  # pieces that it may show, on the photo as it is turned; none where a box was stated


def told_by(token: str) -> Told:
    """Return what a token tells; nothing without one that can be used."""
    try:
        _, _, turned, *rest = signing.loads(token, salt=SALT, max_age=get_settings().photo_seconds)
        return Told(int(turned), tuple(map(Box.of_percent, rest[0])) if rest else ())
    except (signing.BadSignature, ValueError, TypeError):
        return Told()


def embedding_of(token: str, version: IndexVersion) -> EmbeddingLiteral:
    """Return the embedding that a token carries.

    Raises:
        InvalidQuery: it is forged, too old, or of another artifact than the version has.
    """
    try:
        fingerprint, packed, *_ = signing.loads(token, salt=SALT, max_age=get_settings().photo_seconds)
        embedding = np.frombuffer(base64.b85decode(packed), dtype="<f2").astype(np.float32)
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise InvalidQuery("expired_photo", "The photo is not known any more: send it again.") from error
    if fingerprint != version.fingerprint[:16] or embedding.shape != (version.dimension,):
        raise InvalidQuery("expired_photo", "The photo is not known any more: send it again.")
    return to_literal(embedding)


# Uploads that stay in memory: Django's own handlers write what is large to a file.


class MemoryOnly(FileUploadHandler):
    """Keeps one photo in memory, of a larger one than it may be only the beginning and the size; other files are passed over.

    Set it as the request's only upload handler before anything reads the body.
    """

    _taken = False

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin a file."""
        super().new_file(*args, **kwargs)
        if self.field_name != FIELD or self._taken:
            raise SkipFile
        self._taken = True
        self.file = BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Take a part of it, if it may still be a photo."""
        if start <= MAX_BYTES:
            self.file.write(raw_data)

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        """Return the file with its true size."""
        self.file.seek(0)
        return InMemoryUploadedFile(
            self.file, self.field_name, self.file_name or "", self.content_type or "", file_size, self.charset
        )


# The point in the space of pictures that a search with references looks around.


@dataclass(frozen=True, slots=True)
class ReferencePoint:
    """Where to look in the space of pictures."""

    embedding: EmbeddingLiteral | None  # None where nothing says what results look like
    left_out: frozenset[str] = frozenset()  # product keys of what the shopper wants less of
    whole: bool = (
        True  # False where a product among the references has no picture in the index, and says nothing
    )


def point_of(references: References, version: IndexVersion, text: EmbeddingLiteral | None) -> ReferencePoint:
    """Return where results lie that look like the references; products that are not in the index any more say nothing.

    Args:
        references: what results should look like, and less like.
        version: the version that is searched.
        text: the query's embedding, which stands for the photo where there is none and nothing is wanted more.

    Raises:
        InvalidQuery: the photo's token cannot be used.
    """
    pictures = _first_pictures(version, {*_lower(references.more), *_lower(references.less)})
    more = [pictures[sku] for sku in _lower(references.more) if sku in pictures]
    less = [pictures[sku] for sku in _lower(references.less) if sku in pictures]
    left_out = frozenset(key for key, _ in less)
    whole = pictures.keys() >= {*_lower(references.more), *_lower(references.less)}
    base = embedding_of(references.photo, version) if references.photo else None if more else text
    if base is None and not more:
        return ReferencePoint(None, left_out, whole and not references.less)
    point = np.zeros(version.dimension, np.float32) if base is None else from_literal(base)
    if more:
        point += MORE_WEIGHT * np.mean([from_literal(literal) for _, literal in more], axis=0)
    if less:
        # In proportion to what speaks for something, so that the point stays on its side.
        point -= LESS_WEIGHT * np.linalg.norm(point) * np.mean([from_literal(one) for _, one in less], axis=0)
    length = np.linalg.norm(point)
    return ReferencePoint(to_literal(point / length) if length else None, left_out, whole)


def _first_pictures(version: IndexVersion, skus: Collection[str]) -> dict[str, tuple[str, EmbeddingLiteral]]:
    """Product key and embedding of each product's first picture that has one, by lower-cased SKU."""
    if not skus:
        return {}
    pictures = EntryImage.objects.in_version(version.pk).filter(
        entry__version_id=version.pk, entry__sku__in=list(skus), embedding__isnull=False
    )
    first = pictures.order_by("entry__sku", "position").distinct("entry__sku")
    literal = first.annotate(_literal=Cast("embedding", TextField()))
    rows = literal.values_list("entry__sku", "entry__product_key", "_literal")
    return {sku: (key, embedding) for sku, key, embedding in rows}


def _lower(skus: tuple[str, ...]) -> list[str]:
    return list(dict.fromkeys(unicodedata.normalize("NFC", sku).strip().lower() for sku in skus))
