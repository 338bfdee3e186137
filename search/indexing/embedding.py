"""Embed a batch of products for several versions: each picture is read once, each version encodes what it lacks.

Whatever fails is one product's failure, never the batch's.
"""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from socket import gethostname
from typing import Any, TypeVar

import numpy as np
from celery.exceptions import SoftTimeLimitExceeded
from django.utils import timezone
from numpy.typing import NDArray
from PIL import Image

from ..encoders.cache import encoders_for
from ..encoders.pictures import cut_off, open_picture
from ..encoders.sessions import Encoders
from ..exceptions import ArtifactError, EncodingError, PictureError, StorageAway
from ..models import IndexVersion
from ..prometheus import ENCODE_SECONDS, ENCODED
from ..registry import ProductPicture
from ..storage import ask_storage
from .documents import PreparedProduct
from .entries import EntryWrite, ExistingEntry, ExistingImage, ImageWrite, read_existing
from .storage_probe import UNKNOWN, storage_answers

logger = logging.getLogger(__name__)

Item = TypeVar("Item")
Embedding = NDArray[np.float32]  # (dimension,)
AWAY = "The storage does not answer:"
# Pictures are decoded at no less than this many times the encoders' input; measured on catalogue pictures at
# 480 x 640 and 1200 x 1600, the pixels that reach the encoder then differ by 0.1 of 255 on average.
DECODE_SCALE = 3
SAY_AGAIN = timedelta(seconds=10)  # well before what is said is taken for the past
_NO_IMAGE = ExistingImage("", "")
_NO_ENTRY = ExistingEntry("", "", "", "")


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


@dataclass(slots=True)
class EmbeddedBatch:
    """What to write, by version id, and key -> reason for the products that are to be tried again, for their own sake or not."""

    entries: dict[int, list[EntryWrite]] = field(default_factory=dict)
    images: dict[int, list[ImageWrite]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    put_off: dict[str, str] = field(default_factory=dict)  # key -> reason that lies outside the product


class Embedder:
    """The encoders of all versions that receive changes, started; a version whose artifact this worker lacks is unavailable."""

    def __init__(self, versions: Sequence[IndexVersion]) -> None:
        self.versions: list[IndexVersion] = []
        self.encoders: dict[int, Encoders] = {}
        self.unavailable: dict[int, str] = {}  # version id -> what is left to other workers, and why
        self._storage = ""  # what is wrong with the storage, once a picture could not be read
        for version in versions:
            self._load(version)

    @property
    def has_none(self) -> bool:
        """Whether this worker can embed nothing."""
        return bool(self.unavailable) and not self.encoders

    @property
    def lacking(self) -> str:
        """Why products cannot leave the outbox through this worker; the same for all workers that lack the same; else ""."""
        return " ".join(self.unavailable.values())

    def embed(
        self,
        products: Mapping[str, PreparedProduct],
        *,
        trusted: Collection[str],
        alive: Callable[[], None],
    ) -> EmbeddedBatch:
        """Return what to write for products, encoding only what the versions do not have yet.

        Args:
            products: key -> product.
            trusted: keys of products whose pictures need not be read again while their content hash is
                unchanged; the others' are, because a storage may overwrite a file under the same name.
            alive: called between pictures, which a slow storage may take minutes to hand out.
        """
        batch = EmbeddedBatch()
        if not self.versions:
            return batch
        existing = {version.pk: read_existing(version, products) for version in self.versions}
        changed = {
            key: product
            for key, product in products.items()
            if key not in trusted
            or not all(
                _entry(existing[version.pk], key).is_current(product, version.config)
                for version in self.versions
            )
        }
        pictures = {key: self._read(product, existing, alive) for key, product in changed.items()}
        for version in self.versions:
            self._embed_version(version, changed, pictures, existing[version.pk], batch)
        return batch

    def _load(self, version: IndexVersion) -> None:
        try:
            encoders = encoders_for(version)
            encoders.start()
        except ArtifactError as error:
            self.unavailable[version.pk] = (
                f"The artifact {version.artifact_name} ({version.fingerprint[:8]}) of version {version.pk} cannot be"
                " used by a worker, which leaves its embeddings to others."
            )
            _note_lack(version, str(error))
            return
        self.encoders[version.pk] = encoders
        self.versions.append(version)
        if version.lacking.startswith(_here()):
            IndexVersion.objects.filter(pk=version.pk).update(lacking="", lacking_at=None)

    def _read(
        self,
        product: PreparedProduct,
        existing: Mapping[int, Mapping[str, ExistingEntry]],
        alive: Callable[[], None],
    ) -> list[ReadPicture]:
        specs = [encoders.manifest.image for encoders in self.encoders.values()]
        at_least = (
            DECODE_SCALE * max((spec.width for spec in specs), default=1),
            DECODE_SCALE * max((spec.height for spec in specs), default=1),
        )
        held = [_entry(entries, product.key).images for entries in existing.values()]
        read = []
        for position, picture in enumerate(product.pictures):
            hashes = [images.get(position, _NO_IMAGE).picture_hash for images in held]
            known = hashes[:1] if len(set(hashes)) == 1 else []
            read.append(self._read_picture(product.key, picture, at_least, known, alive))
            alive()
        return read

    def _read_picture(
        self,
        key: str,
        picture: ProductPicture,
        at_least: tuple[int, int],
        known: Sequence[str],
        alive: Callable[[], None],
    ) -> ReadPicture:
        if self._storage:  # nobody waits for each picture of a batch once it is known that none comes
            return ReadPicture(picture.name, error=self._storage, put_off=True)
        found = read_picture(picture, at_least=at_least, known=known, alive=alive)
        if found.unread:
            # Of one file, or of all? A product must not be given up for what is wrong with the storage.
            self._storage = _storage_trouble(found, besides=key, alive=alive)
            found.put_off = bool(self._storage)
            found.error = self._storage or found.error
        return found

    def _embed_version(
        self,
        version: IndexVersion,
        products: Mapping[str, PreparedProduct],
        pictures: Mapping[str, Sequence[ReadPicture]],
        existing: Mapping[str, ExistingEntry],
        batch: EmbeddedBatch,
    ) -> None:
        encoders = self.encoders[version.pk]
        texts = {
            product.text_hash: product.text
            for key, product in products.items()
            if _entry(existing, key).text_hash != product.text_hash
        }
        images = {
            picture.picture_hash: picture.image
            for key in products
            for position, picture in enumerate(pictures[key])
            if picture.image and _image(existing, key, position).picture_hash != picture.picture_hash
        }
        with ENCODE_SECONDS.labels("text", "index").time():
            text_embeddings, text_errors = encode_each(encoders.encode_texts, texts)
        with ENCODE_SECONDS.labels("picture", "index").time():
            image_embeddings, image_errors = encode_each(encoders.encode_images, images)
        ENCODED.labels("text").inc(len(text_embeddings))
        ENCODED.labels("picture").inc(len(image_embeddings))
        entries = batch.entries[version.pk] = []
        writes = batch.images[version.pk] = []
        for key, product in products.items():
            is_new = _entry(existing, key).text_hash != product.text_hash
            errors = [text_errors[product.text_hash]] if product.text_hash in text_errors else []
            for position, picture in enumerate(pictures[key]):
                error = picture.error or image_errors.get(picture.picture_hash, "")
                embedding = image_embeddings.get(picture.picture_hash)
                write = _image_write(
                    key, position, picture, embedding, error, _image(existing, key, position)
                )
                if write is not None:
                    writes.append(write)
                if error:
                    errors.append(f"{picture.name}: {error}")
            reason = " ".join(errors)[:1000]
            waits = [picture.error for picture in pictures[key] if picture.put_off]
            if waits:
                batch.put_off[key] = reason = waits[0][:1000]
            elif reason:
                batch.failures[key] = reason
            entries.append(
                EntryWrite(
                    product,
                    text_embeddings.get(product.text_hash) if is_new else None,
                    # A build is not whole while it waits for pictures that the storage may hand out yet.
                    embedded_hash="" if waits else product.content_hash(version.config),
                    error=reason,
                )
            )


def _here() -> str:
    return f"Host {gethostname()}: "


def _note_lack(version: IndexVersion, reason: str) -> None:
    """Say for the dashboard, checks and figures that this worker lacks a version's artifact; every few seconds at most."""
    lack, now = _here() + reason, timezone.now()
    if version.lacking == lack and version.lacking_at and now - version.lacking_at < SAY_AGAIN:
        return
    logger.error("%s gets no embeddings from this worker: %s", version, reason)
    IndexVersion.objects.filter(pk=version.pk).update(lacking=lack, lacking_at=now)


def _image_write(
    key: str,
    position: int,
    picture: ReadPicture,
    embedding: Embedding | None,
    error: str,
    held: ExistingImage,
) -> ImageWrite | None:
    if not picture.picture_hash and held.name == picture.name and held.picture_hash:
        return None  # a storage that is away for a moment must not cost the embedding that is there
    if held == ExistingImage(picture.name, picture.picture_hash) and not error:
        return None
    return ImageWrite(key, position, picture.name, picture.picture_hash, embedding, error)


def _entry(existing: Mapping[str, ExistingEntry], key: str) -> ExistingEntry:
    return existing.get(key, _NO_ENTRY)


def _image(existing: Mapping[str, ExistingEntry], key: str, position: int) -> ExistingImage:
    return _entry(existing, key).images.get(position, _NO_IMAGE)


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
        content = ask_storage(lambda: _read_file(picture), waiting=alive)
        found.picture_hash = sha256(content).hexdigest()
        if found.picture_hash not in known:
            found.image = open_picture(BytesIO(content), at_least=at_least)
            if said := cut_off(found.image):
                logger.warning("The picture %s: %s", picture.name, said)
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


def _storage_trouble(unread: ReadPicture, *, besides: str, alive: Callable[[], None] | None = None) -> str:
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


def _read_file(picture: ProductPicture) -> bytes:
    with picture.open() as file:
        content: bytes = file.read()
    return content


def encode_each(
    encode: Callable[[Sequence[Item]], NDArray[np.float32]], items: Mapping[str, Item]
) -> tuple[dict[str, Embedding], dict[str, str]]:
    """Encode all items in one run; where that fails, halve the batch until the culprits are alone.

    Args:
        encode: takes n items, gives (n, dimension) float32 of unit length.
        items: hash -> picture or text.

    Returns:
        hash -> embedding, and hash -> reason for the items that cannot be encoded.

    Raises:
        ArtifactError: the encoders cannot be started.
    """
    if not items:
        return {}, {}
    try:
        return dict(zip(items, encode(list(items.values())), strict=True)), {}
    except SoftTimeLimitExceeded:
        raise
    except Exception as error:
        if isinstance(error, ArtifactError) and not isinstance(error, EncodingError):
            raise  # no item's fault: the whole batch is put off
        if len(items) == 1:
            return {}, dict.fromkeys(items, f"The encoder failed: {str(error)[:200]}")
    pairs: list[Any] = list(items.items())
    middle = len(pairs) // 2
    embeddings, errors = encode_each(encode, dict(pairs[:middle]))
    more_embeddings, more_errors = encode_each(encode, dict(pairs[middle:]))
    return embeddings | more_embeddings, errors | more_errors
