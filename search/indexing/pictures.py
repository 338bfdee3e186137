"""Read the pictures of products: bytes, hash, and pixels only where an encoder will see them."""

from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO

from celery.exceptions import SoftTimeLimitExceeded
from PIL import Image

from ..exceptions import PictureError
from ..preprocessing import open_picture
from ..registry import ProductPicture


@dataclass(slots=True)
class ReadPicture:
    """One picture as it was found; `picture_hash` is "" where the storage could not hand out its bytes."""

    name: str
    picture_hash: str = ""
    image: Image.Image | None = None
    error: str = ""


def read_picture(
    picture: ProductPicture, *, at_least: tuple[int, int], known: Collection[str]
) -> ReadPicture:
    """Read one picture, and decode it unless its hash is among the known ones.

    Args:
        picture: the picture that the host named.
        at_least: (width, height) in pixels that the encoders need.
        known: hashes whose embeddings every version has already.

    Returns:
        The picture; whatever went wrong is its error, because one bad picture must not stop a batch.
    """
    found = ReadPicture(picture.name)
    try:
        with picture.open() as file:
            content = file.read()
        found.picture_hash = sha256(content).hexdigest()
        if found.picture_hash not in known:
            found.image = open_picture(BytesIO(content), at_least=at_least)
    except SoftTimeLimitExceeded:
        raise
    except PictureError as error:
        found.error = str(error)
    except Exception as error:  # noqa: BLE001 - a storage may raise anything
        found.error = f"The file cannot be read: {type(error).__name__}: {str(error)[:200]}"
    return found
