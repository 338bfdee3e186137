"""Photos to search with: decoded in memory, encoded, and forgotten; a signed token carries the embedding alone."""

import base64
import re
from dataclasses import dataclass
from typing import BinaryIO, Self

import numpy as np
from django.core import signing
from numpy.typing import NDArray
from PIL import Image

from ..conf import get_settings
from ..encoders.cache import encoders_for
from ..encoders.pictures import open_picture
from ..encoders.queries import in_time, to_literal
from ..exceptions import InvalidQuery, NoVersion, PictureError
from ..models import IndexVersion
from ..querysets import EmbeddingLiteral
from ..routing import pinned

MAX_BYTES = 8_000_000
FORMATS = ("JPEG", "PNG", "WEBP")
SALT = "fashion_search.photo"
_SHARE = r"(?:[01]|0?\.\d{1,6}|1\.0{1,6})"
_BOX = re.compile(rf"{_SHARE}(?:,{_SHARE}){{3}}", re.ASCII)
LONGEST_BOX = 200  # characters, most of them blanks; a megabyte is not looked through
SMALLEST = 0.05  # of a side of the photo, that a box must have


NO_BOX = "box must be left,top,right,bottom in shares of the photo, such as 0.1,0.2,0.9,0.8."


@dataclass(frozen=True, slots=True)
class Box:
    """The part of an upright photo that is searched with, in shares of its width and height from the top left corner.

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
        raise InvalidQuery("invalid_photo", f"{error} Send a JPEG, PNG or WebP photo.") from error
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
