"""Photos to search with: decoded in memory, encoded, and forgotten; a signed token carries the embedding alone."""

import base64
import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from io import BytesIO
from typing import Any, BinaryIO, Self

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
from ..exceptions import InvalidQuery, NoVersion, PictureError
from ..models import EntryImage, IndexVersion
from ..session import pinned
from ..vectors import EmbeddingLiteral, from_literal, to_literal
from .request import References

MAX_BYTES = 8_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "HEIF")
SALT = "fashion_search.photo"
_SHARE = r"(?:[01]|0?\.\d{1,6}|1\.0{1,6})"
_BOX = re.compile(rf"{_SHARE}(?:,{_SHARE}){{3}}", re.ASCII)
LONGEST_BOX = 200  # characters, most of them blanks; a megabyte is not looked through
SMALLEST = 0.05  # of a side of the photo, that a box must have
FIELD = "image"  # of a form, that holds the photo
# Rocchio's weights of what a shopper wants more and less of, beside the query's 1 (Manning, Raghavan, Schuetze:
# Introduction to Information Retrieval, 9.1.1, has .75 and .15); pictures of one shop lie close together, so less says more here.
MORE_WEIGHT = 0.75
LESS_WEIGHT = 0.4
NO_BOX = "box must be left,top,right,bottom as fractions of the photo's size, such as 0.1,0.2,0.9,0.8."


@dataclass(frozen=True, slots=True)
class Box:
    """The part of an upright photo that is searched with, as fractions of its width and height from the top left corner.

    Raises:
        InvalidQuery: it does not lie inside, or is smaller than a twentieth of a side.
    """

    left: float = 0.0
    top: float = 0.0
    right: float = 1.0
    bottom: float = 1.0

    def __post_init__(self) -> None:
        inside = 0 <= self.left < self.right <= 1 and 0 <= self.top < self.bottom <= 1
        if not inside or min(self.right - self.left, self.bottom - self.top) < SMALLEST:
            raise InvalidQuery("invalid_box", NO_BOX)

    @classmethod
    def read(cls, stated: str) -> Self:
        """Read "left,top,right,bottom"; the whole photo where nothing is stated.

        Raises:
            InvalidQuery: it is something else.
        """
        if len(stated) > LONGEST_BOX:
            raise InvalidQuery("invalid_box", NO_BOX)
        bare = "".join(stated.split())
        if not bare:
            return cls()
        if not _BOX.fullmatch(bare):
            raise InvalidQuery("invalid_box", NO_BOX)
        return cls(*map(float, bare.split(",")))

    def cut(self, photo: Image.Image) -> Image.Image:
        """Return this part of the photo."""
        width, height = photo.size
        return photo.crop(
            (
                round(self.left * width),
                round(self.top * height),
                max(round(self.right * width), round(self.left * width) + 1),
                max(round(self.bottom * height), round(self.top * height) + 1),
            )
        )


WHOLE = Box()


@pinned()
def take_photo(file: BinaryIO, size: int, box: Box = WHOLE) -> str:
    """Encode a photo and return the token to search with; nothing of it is written anywhere.

    Args:
        file: a seekable binary file at its beginning.
        size: of the file, in bytes.
        box: the part to search with.

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
    needed = encoders.manifest.image
    at_least = (round(needed.width / (box.right - box.left)), round(needed.height / (box.bottom - box.top)))

    def encode() -> NDArray[np.float32]:
        photo = box.cut(open_picture(file, at_least=at_least, formats=FORMATS))
        embedding: NDArray[np.float32] = encoders.encode_images([photo])[0]
        return embedding

    try:
        embedding = in_time(encode, get_settings().encode_timeout_ms, kind="picture")
    except PictureError as error:
        raise InvalidQuery("invalid_photo", f"{error} Send a {named_formats(FORMATS)} photo.") from error
    packed = base64.b85encode(embedding.astype("<f2").tobytes()).decode()
    return signing.dumps([version.fingerprint[:16], packed], salt=SALT)


def embedding_of(token: str, version: IndexVersion) -> EmbeddingLiteral:
    """Return the embedding that a token carries.

    Raises:
        InvalidQuery: it is forged, too old, or of another artifact than the version has.
    """
    try:
        fingerprint, packed = signing.loads(token, salt=SALT, max_age=get_settings().photo_seconds)
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
