"""Run an artifact's encoders with ONNX Runtime: pictures and texts in, unit-length embeddings out."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..exceptions import ArtifactError, EncodingError
from .artifact import Manifest, read_manifest, read_sealed
from .pictures import to_pixels

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

BATCH = 32  # pictures per run of the encoder: larger gains no speed on a processor and costs memory
CELLS = "cells"  # second output of an image encoder that gives them
Embeddings = NDArray[np.float32]


def load_artifact(folder: str | Path, *, threads: int = 1) -> "Encoders":
    """Check the artifact in `folder` and return its encoders, without starting them yet.

    ONNX Runtime sessions start at first use, so an object made before a fork stays safe to use after it.

    Args:
        folder: an artifact folder.
        threads: processor threads that one encoder run may use.

    Raises:
        ArtifactError: a file is missing, unreadable, or not the one that the manifest describes.
    """
    folder = Path(folder)
    return Encoders(folder, read_manifest(folder), threads=threads)


class Encoders:
    """The image encoder and the text encoder of one artifact; both give embeddings of one joint space."""

    def __init__(self, folder: Path, manifest: Manifest, *, threads: int) -> None:
        self.folder = folder
        self.manifest = manifest
        self._threads = threads

    @property
    def dimension(self) -> int:
        """Values per embedding."""
        return self.manifest.dimension

    @property
    def fingerprint(self) -> str:
        """The artifact's fingerprint, 64 hex digits."""
        return self.manifest.fingerprint

    @property
    def is_started(self) -> bool:
        """Whether all of it is in memory, so that its folder is not needed any more."""
        return {"_image_session", "_text_session", "_tokenizer"} <= vars(self).keys()

    def start(self) -> None:
        """Load both models and the tokenizer now instead of at first use.

        Raises:
            ArtifactError: one cannot be loaded, or gives embeddings of another dimension than the manifest says.
        """
        self._image_session, self._text_session, self._unknown  # noqa: B018 - each is loaded when it is read

    def start_texts(self) -> None:
        """Load what texts need now, instead of at first use.

        Raises:
            ArtifactError: it cannot be loaded.
        """
        self._text_session, self._unknown  # noqa: B018 - each is loaded when it is read

    def encode_images(self, images: Sequence[Image.Image]) -> Embeddings:
        """Return (n, dimension) float32 of unit length for n RGB pictures of any size."""
        batches = [images[start : start + BATCH] for start in range(0, len(images), BATCH)]
        outputs = [
            self._image_session.run(None, {"pixels": to_pixels(batch, self.manifest.image)})[0]
            for batch in batches
        ]
        return self._unit_length(outputs)

    def encode_photo(self, image: Image.Image) -> tuple[Embeddings, Embeddings | None]:
        """Return a picture's embedding (dimension,), and those of the places of its last feature map, both of unit length.

        The map is (rows, columns, dimension), from the same run of the encoder; None where the encoder does not give it.
        """
        embedding, *more = self._image_session.run(None, {"pixels": to_pixels([image], self.manifest.image)})
        names = [output.name for output in self._image_session.get_outputs()[1:]]
        found = dict(zip(names, more, strict=True)).get(CELLS)
        if found is not None and (found.ndim != 4 or found.shape[-1] != self.dimension):
            raise ArtifactError(self._misshapen(found.shape[-1:]))
        return self._unit_length([embedding])[0], None if found is None else found[0]

    def encode_texts(self, texts: Sequence[str]) -> Embeddings:
        """Return (n, dimension) float32 of unit length for n texts; long ones are cut to `max_tokens`."""
        outputs = []
        for start in range(0, len(texts), BATCH):
            tokens, lengths = self._tokenize(texts[start : start + BATCH])
            outputs.append(self._text_session.run(None, {"tokens": tokens, "lengths": lengths})[0])
        return self._unit_length(outputs)

    def words(self, text: str) -> list[str]:
        """Return the tokens that the text encoder sees of `text`."""
        return list(self._tokenizer.encode(text).tokens)

    def _tokenize(self, texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        # Texts are tokenized one by one: batches start threads, which do not survive a worker's fork.
        ids = [self._tokenizer.encode(text).ids or [self._unknown] for text in texts]
        return pad_tokens(ids, self.manifest.text.max_tokens)

    def _unit_length(self, outputs: list[Embeddings]) -> Embeddings:
        if not outputs:
            return np.empty((0, self.dimension), dtype=np.float32)
        embeddings = np.concatenate(outputs).astype(np.float32)
        if embeddings.shape[1:] != (self.dimension,):
            raise ArtifactError(self._misshapen(embeddings.shape[1:]))
        norms = np.linalg.norm(embeddings, axis=1, keepdims=True)
        if not np.all(np.isfinite(norms)) or not np.all(norms > 0):
            raise EncodingError(f"The encoders in {self.folder} gave embeddings that are not finite or zero.")
        unit: Embeddings = embeddings / norms
        return unit

    @cached_property
    def _image_session(self) -> "InferenceSession":
        return self._start("image.onnx", {"pixels"})

    @cached_property
    def _text_session(self) -> "InferenceSession":
        return self._start("text.onnx", {"tokens", "lengths"})

    @cached_property
    def _tokenizer(self) -> "Tokenizer":
        from tokenizers import Tokenizer

        content = read_sealed(self.folder, self.manifest, "tokenizer.json")
        try:
            return Tokenizer.from_str(content.decode())
        except Exception as error:  # tokenizers raises bare exceptions
            raise ArtifactError(f"The tokenizer in {self.folder} cannot be loaded: {error}") from error

    @cached_property
    def _unknown(self) -> int:
        unknown = self._tokenizer.token_to_id("[UNK]")
        if unknown is None:
            raise ArtifactError(f"The tokenizer in {self.folder} has no token [UNK].")
        return int(unknown)

    def _start(self, file: str, takes: set[str]) -> "InferenceSession":
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # On processors without VNNI sums of int8 products overflow at 16 bits, which changes embeddings beyond recognition; this
        # avoids it, at half the speed there.
        options.add_session_config_entry("session.x64quantprecision", "1")
        model = read_sealed(self.folder, self.manifest, file)
        try:
            session = onnxruntime.InferenceSession(
                model, sess_options=options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # ONNX Runtime has an exception for everything, with no base of their own
            raise ArtifactError(f"{self.folder / file} cannot be loaded: {str(error)[:200]}") from error
        if {given.name for given in session.get_inputs()} != takes:
            raise ArtifactError(f"{self.folder / file} does not take {' and '.join(sorted(takes))}.")
        shape = session.get_outputs()[0].shape
        if len(shape) != 2 or (isinstance(shape[1], int) and shape[1] != self.dimension):
            raise ArtifactError(self._misshapen(shape[1:]))
        return session

    def _misshapen(self, shape: Sequence[object]) -> str:
        found = " x ".join(map(str, shape))
        return f"The encoders in {self.folder} give embeddings of {found} values, the manifest says {self.dimension}."


def pad_tokens(ids: Sequence[Sequence[int]], max_tokens: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Cut and pad token ids into what a text encoder takes; token 0 is the padding.

    Args:
        ids: token ids of each text, at least one.
        max_tokens: longer texts are cut to this many.

    Returns:
        tokens (n, longest) int64 and lengths (n,) int32.
    """
    lengths = np.array([min(len(row), max_tokens) for row in ids], dtype=np.int32)
    tokens = np.zeros((len(ids), int(lengths.max(initial=1))), dtype=np.int64)
    for target, row in zip(tokens, ids, strict=True):
        kept = row[:max_tokens]
        target[: len(kept)] = kept
    return tokens, lengths
