"""Read the pictures of products: bytes, hash, and pixels only where an encoder will see them."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO

from celery.exceptions import SoftTimeLimitExceeded
from PIL import Image

from ..encoders.pictures import open_picture
from ..exceptions import PictureError, StorageAway
from ..registry import ProductPicture
from ..storage import ask_storage
from .probing import UNKNOWN, storage_answers

AWAY = "The storage does not answer:"


@dataclass(slots=True)
class ReadPicture:
    """One picture as it was found; `picture_hash` is "" where the storage could not hand out its bytes."""

    name: str
    picture_hash: str = ""
    image: Image.Image | None = None
    error: str = ""
    put_off: bool = False  # it is to be read later, since the storage hands out none
    away: bool = False  # because the storage does not answer
    unread: bool = False  # the storage did not hand it out, for whatever reason


def read_picture(
    picture: ProductPicture,
    *,
    at_least: tuple[int, int],
    known: Collection[str],
    alive: Callable[[], None] | None = None,
) -> ReadPicture:
    """Read one picture, and decode it unless its hash is among the known ones.

    Args:
        picture: the picture that the host named.
        at_least: (width, height) in pixels that the encoders need.
        known: hashes whose embeddings every version has already.
        alive: called while the storage is waited for.

    Returns:
        The picture; whatever went wrong is its error, because one bad picture must not stop a batch.
    """
    found = ReadPicture(picture.name)
    try:
        content = ask_storage(lambda: _read(picture), waiting=alive)
        found.picture_hash = sha256(content).hexdigest()
        if found.picture_hash not in known:
            found.image = open_picture(BytesIO(content), at_least=at_least)
    except SoftTimeLimitExceeded:
        raise
    except PictureError as error:
        found.error = str(error)
    except StorageAway as error:
        found.error, found.unread, found.away = f"{AWAY} {error}", True, True
    except Exception as error:  # noqa: BLE001 - a storage may raise anything
        found.error = f"The file cannot be read: {type(error).__name__}: {str(error)[:200]}"
        found.unread = True
    return found


def storage_trouble(unread: ReadPicture, *, besides: str, alive: Callable[[], None] | None = None) -> str:
    """Return what is wrong with the storage as a whole; "" where it is this one picture that cannot be read.

    Args:
        unread: a picture that could not be read.
        besides: the key of its product, which is no witness.
        alive: called while the storage is waited for.
    """
    try:
        answer = storage_answers(fresh=True, besides=besides, waiting=alive)
    except StorageAway as error:
        return f"{AWAY} {error}"
    return unread.error if answer == UNKNOWN and unread.away else ""


def _read(picture: ProductPicture) -> bytes:
    with picture.open() as file:
        content: bytes = file.read()
    return content
