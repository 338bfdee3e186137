"""The folder that training hands over: two ONNX encoders, a tokenizer, and a manifest with their checksums."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from ..exceptions import ArtifactError
from .pictures import ImageSpec
from .votes import Calibration

FORMAT = 1
TURN_MARGIN = 0.25  # of an artifact that states none
FILES = ("image.onnx", "text.onnx", "tokenizer.json")


@dataclass(frozen=True, slots=True)
class TextSpec:
    """How a text becomes the text encoder's input: the tokenizer's words, cut to this many tokens."""

    max_tokens: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What `manifest.json` says; everything that decides an embedding's value is in the fingerprint."""

    name: str
    dimension: int
    image: ImageSpec
    text: TextSpec
    files: Mapping[str, str]
    trained_on: str = ""
    metrics: Mapping[str, Any] = field(default_factory=dict)
    sources: tuple[str, ...] = ()  # the data and weights that it was made from, one sentence each
    licences: tuple[str, ...] = ()  # what allows to use them and the artifact, one sentence each
    calibrations: Mapping[str, Calibration] = field(default_factory=dict)  # of guesses, by facet
    turn_margin: float = (
        TURN_MARGIN  # by which another turn of a photo must be surer than the one that was sent
    )

    @property
    def fingerprint(self) -> str:
        """64 hex digits; equal for two artifacts exactly when they give equal embeddings."""
        decisive = {
            "format": FORMAT,
            "dimension": self.dimension,
            "image": asdict(self.image),
            "text": asdict(self.text),
            "files": dict(sorted(self.files.items())),
        }
        return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()


def write_manifest(
    folder: Path,
    *,
    name: str,
    dimension: int,
    image: ImageSpec,
    text: TextSpec,
    trained_on: str = "",
    metrics: Mapping[str, Any] | None = None,
    sources: Sequence[str] = (),
    licences: Sequence[str] = (),
    calibrations: Mapping[str, Calibration] | None = None,
    turn_margin: float = TURN_MARGIN,
) -> Manifest:
    """Seal the three files in `folder` with a manifest of their checksums, and return it."""
    manifest = Manifest(
        name=name,
        dimension=dimension,
        image=image,
        text=text,
        files={file: _sha256(folder / file) for file in FILES},
        trained_on=trained_on,
        metrics=metrics or {},
        sources=tuple(sources),
        licences=tuple(licences),
        calibrations=calibrations or {},
        turn_margin=turn_margin,
    )
    _write(folder, manifest)
    return manifest


def calibrate(folder: Path, calibrations: Mapping[str, Calibration]) -> None:
    """Put calibrations of guesses into an artifact's manifest; its fingerprint stays.

    Raises:
        ArtifactError: a file is missing, unreadable or changed, or the format is not known here.
    """
    _write(folder, replace(read_manifest(folder), calibrations=calibrations))


def _write(folder: Path, manifest: Manifest) -> None:
    content = {"format": FORMAT, "fingerprint": manifest.fingerprint, **asdict(manifest)}
    (folder / "manifest.json").write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def peek_manifest(folder: Path) -> Manifest:
    """Read an artifact's manifest alone, without the files that it describes.

    Raises:
        ArtifactError: it is missing or unreadable, or the format is not known here.
    """
    try:
        content = json.loads((folder / "manifest.json").read_text())
        if content["format"] != FORMAT:
            raise ArtifactError(
                f"{folder} has artifact format {content['format']!r}; this version reads format {FORMAT}."
            )
        return Manifest(
            name=str(content["name"]),
            dimension=int(content["dimension"]),
            image=ImageSpec(**content["image"]),
            text=TextSpec(**content["text"]),
            files={file: str(content["files"][file]) for file in FILES},
            trained_on=str(content["trained_on"]),
            metrics=content["metrics"],
            sources=_sentences(content, "sources"),
            licences=_sentences(content, "licences"),
            calibrations={
                facet: Calibration(**given) for facet, given in content.get("calibrations", {}).items()
            },
            turn_margin=float(content.get("turn_margin", TURN_MARGIN)),
        )
    except OSError as error:
        raise _unreadable(folder, error) from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ArtifactError(f"{folder / 'manifest.json'} is not a valid manifest: {error!r}.") from error


def read_manifest(folder: Path) -> Manifest:
    """Read an artifact's manifest and check every file against it.

    Raises:
        ArtifactError: a file is missing, unreadable or changed, or the format is not known here.
    """
    manifest = peek_manifest(folder)
    try:
        for file, expected in manifest.files.items():
            if _sha256(folder / file) != expected:
                raise ArtifactError(f"{folder / file} is not the file that its manifest describes.")
    except OSError as error:
        raise _unreadable(folder, error) from error
    return manifest


def read_sealed(folder: Path, manifest: Manifest, file: str) -> bytes:
    """Return a file's bytes, checked against the manifest, because the folder may have changed since that was read.

    Raises:
        ArtifactError: the file is missing, unreadable or changed.
    """
    try:
        content = (folder / file).read_bytes()
    except OSError as error:
        raise _unreadable(folder, error) from error
    if hashlib.sha256(content).hexdigest() != manifest.files[file]:
        raise ArtifactError(f"{folder / file} is not the file that its manifest describes.")
    return content


def _sentences(content: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """A list of the manifest that older ones lack."""
    sentences = content.get(key, [])
    if not isinstance(sentences, list) or not all(isinstance(sentence, str) for sentence in sentences):
        raise ValueError(f"{key} is not a list of texts")
    return tuple(sentences)


def _unreadable(folder: Path, error: OSError) -> ArtifactError:
    return ArtifactError(f"The artifact {folder} cannot be read: {error.strerror}: {error.filename}.")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
