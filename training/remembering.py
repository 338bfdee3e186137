"""Keep what an encoder has encoded, so that several protocols do not encode the same pictures again."""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from search.artifact import read_manifest

from .judging import Judged
from .keeping import keep

Embeddings = NDArray[np.float32]


class Remembering:
    """A judged encoder that keeps its embeddings in a folder, by the encoder's fingerprint and the input's bytes.

    Args:
        judged: the encoder.
        fingerprint: equal for two encoders only if they give equal embeddings.
        folder: where embeddings are kept, one `.npy` per input.
    """

    def __init__(self, judged: Judged, fingerprint: str, folder: Path) -> None:
        self.judged = judged
        self.spec = judged.spec
        self.fingerprint = fingerprint
        self.folder = folder

    def encode_pixels(self, pixels: NDArray[np.uint8]) -> Embeddings:
        """Return (n, dimension) for (n, height, width, 3)."""
        shape = json.dumps(pixels.shape).encode()
        content = np.ascontiguousarray(pixels).reshape(-1).data
        return self._remembered("pixels", (shape, content), lambda: self.judged.encode_pixels(pixels))

    def encode_texts(self, texts: Sequence[str]) -> Embeddings:
        """Return (n, dimension) for n texts."""
        content = json.dumps(list(texts)).encode()
        return self._remembered("texts", (content,), lambda: self.judged.encode_texts(texts))

    def _remembered(
        self, kind: str, content: Sequence[bytes | memoryview], encode: Callable[[], Embeddings]
    ) -> Embeddings:
        digest = hashlib.sha256(self.fingerprint.encode())
        for part in content:
            digest.update(part)
        file = self.folder / f"{kind}-{digest.hexdigest()}.npy"
        if not file.exists():
            keep(file, encode())
        return np.load(file)


def fingerprint_of(folder: Path) -> str:
    """Return what decides the embeddings of an artifact folder or a run folder: 64 hex digits.

    An artifact's is that of its manifest. A run's is taken over every file directly in its folder, so whatever a
    family of models is rebuilt from counts, and a run that goes on is encoded anew.
    """
    if (folder / "manifest.json").exists():
        return read_manifest(folder).fingerprint
    digest = hashlib.sha256()
    for file in sorted(path for path in folder.iterdir() if path.is_file()):
        with file.open("rb") as content:
            digest.update(f"{file.name} {hashlib.file_digest(content, 'sha256').hexdigest()}\n".encode())
    return digest.hexdigest()
