"""Export a run as an artifact: ONNX encoders checked against Keras, the image encoder in int8, and its figures."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from search.encoders.artifact import TURN_MARGIN, TextSpec, write_manifest
from search.encoders.sessions import load_artifact, pad_tokens

from .checkpoint import CACHE, STATE, TOKENIZER
from .data import read_catalogue
from .evaluation.evaluators import (
    ArtifactModel,
    CachedModel,
    RunModel,
    evaluate,
    evaluate_attributes,
    evaluate_gallery,
    fingerprint_of,
)
from .exceptions import ParityError, TrainingError
from .guesses import calibrate_model
from .models.image import with_cells
from .onnx_image import quantise, write_image_onnx
from .onnx_text import write_text_onnx

CALIBRATION_PICTURES = 512
IMAGE_TOLERANCE = 1e-4  # largest difference of a float32 ONNX image embedding from Keras
TEXT_TOLERANCE = 1e-2  # the same for texts, whose weights are stored in int8 and float16


def export(
    workdir: Path,
    data: Sequence[Path],
    out: Path,
    *,
    name: str,
    trained_on: str,
    attributes: Path | None = None,
    sources: Sequence[str] = (),
    licences: Sequence[str] = (),
    turn_margin: float = TURN_MARGIN,
) -> dict:
    """Write the artifact of a run's best weights to `out` and return its manifest's metrics.

    Args:
        workdir: a run folder.
        data: catalogue folders: int8 is calibrated on train pictures of all, and measured on the val products of the first.
        out: artifact folder, created where it is missing.
        name: the artifact's name.
        trained_on: one sentence for the manifest.
        attributes: a drawn catalogue, on which queries of colour, pattern and type are measured as well.
        sources: the data and weights that the run was made from, one sentence each, for the manifest.
        licences: their licences and the artifact's, likewise.
        turn_margin: by which another turn of a photo must be surer than the one that was sent, see `search.engine.turning`.

    Raises:
        ParityError: an ONNX encoder differs from Keras by more than the tolerance.
        TrainingError: Keras' backend is not TensorFlow.
    """
    if keras.backend.backend() != "tensorflow":
        raise TrainingError(
            f"Export goes through TensorFlow, not {keras.backend.backend()}: set KERAS_BACKEND=tensorflow, "
            "which loads the runs of every backend."
        )
    run = RunModel(workdir)
    cache = workdir / CACHE
    out.mkdir(parents=True, exist_ok=True)
    float_image = workdir / "image.float32.onnx"
    write_image_onnx(with_cells(run.model.images, run.config.image), float_image)
    write_text_onnx(run.model.texts, run.config.text.encoder, out / "text.onnx")
    calibration = _calibration(run, data, cache)
    parity = _check_parity(run, float_image, out / "text.onnx", calibration[:64])
    quantise(float_image, out / "image.onnx", calibration)
    shutil.copyfile(workdir / TOKENIZER, out / "tokenizer.json")
    seal = {
        "name": name,
        "dimension": run.config.dimension,
        "image": run.spec,
        "text": TextSpec(max_tokens=run.config.text.max_tokens),
        "trained_on": trained_on,
        "sources": sources,
        "licences": licences,
        "turn_margin": turn_margin,
    }
    write_manifest(out, **seal)
    artifact = ArtifactModel(load_artifact(out, threads=2))
    shipped = CachedModel(artifact, fingerprint_of(out), cache / "embeddings")
    figures = {
        "parity": parity,
        "keras float32, val": evaluate_gallery(run, data[0], cache, "val"),
        "artifact int8": evaluate(shipped, data[0], cache),
        "epochs": json.loads((workdir / STATE).read_text())["epoch"],
    }
    if attributes is not None:
        figures["artifact int8, attribute queries, drawn"] = evaluate_attributes(shipped, attributes, cache)
    calibrations = calibrate_model(shipped, data[0], cache)
    write_manifest(out, **seal, metrics=figures, calibrations=calibrations)
    return figures


def _calibration(run: RunModel, data: Sequence[Path], cache: Path) -> np.ndarray:
    pixels = []
    for folder in data:
        every = read_catalogue([folder], split="train", spec=run.spec, cache=cache).pixels
        rows = np.random.default_rng(run.config.seed).choice(
            len(every), min(len(every), CALIBRATION_PICTURES // len(data)), replace=False
        )
        pixels.append(every[np.sort(rows)])
    return np.concatenate(pixels)


def _check_parity(run: RunModel, image: Path, text: Path, pixels: np.ndarray) -> dict[str, float]:
    import onnxruntime

    texts = [
        "red striped t-shirt",
        "navy sneakers men",
        "a",
        "Women Solid Black Leather Handbag with zip closure " * 8,
    ]
    ids = [run.tokenizer.encode(words).ids for words in texts]
    tokens, lengths = pad_tokens(ids, run.config.text.max_tokens)
    provider = ["CPUExecutionProvider"]
    images = onnxruntime.InferenceSession(str(image), providers=provider).run(None, {"pixels": pixels})[0]
    words = onnxruntime.InferenceSession(str(text), providers=provider).run(
        None, {"tokens": tokens, "lengths": lengths}
    )[0]
    differences = {
        "image": float(np.abs(images - run.encode_pixels(pixels)).max()),
        "text": float(np.abs(words - run.encode_texts(texts)).max()),
    }
    for kind, limit in (("image", IMAGE_TOLERANCE), ("text", TEXT_TOLERANCE)):
        if not differences[kind] <= limit:
            raise ParityError(
                f"The ONNX {kind} encoder differs from Keras by {differences[kind]:.2g}; limit {limit:g}."
            )
    return differences
