"""Speed and memory of the shipped encoders beside the same models in float32 ONNX and in `keras.predict`.

Run as `python -m lab.bench.encoders`; each line is measured in a process of its own. Time does not depend on the weights, so
random ones stand for those of the float32 models.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from lab.processes import ROOT
from search.conf import DEFAULT_ARTIFACT
from search.encoders.artifact import read_manifest
from search.encoders.sessions import BATCH, load_artifact

from .keras_baseline import keras_encoders

QUERIES = ("red striped t-shirt", "navy sneakers men", "women solid black leather handbag", "kurta")
ROUNDS = 50  # of all queries
THREADS = 2
COLUMNS = ("pictures per second", "ms per query, p50", "megabytes")


def main() -> None:
    """Measure every variant and print a table."""
    parser = argparse.ArgumentParser(prog="python -m lab.bench.encoders", description=__doc__)
    parser.add_argument("--pictures", type=int, default=512, help="pictures that each variant encodes")
    parser.add_argument(
        "--artifact", type=Path, default=DEFAULT_ARTIFACT, metavar="FOLDER", help="default: the shop's own"
    )
    parser.add_argument("--only", choices=VARIANTS, help="one variant, as JSON")
    options = parser.parse_args()
    if options.only:
        print(json.dumps(VARIANTS[options.only](options.artifact, options.pictures)))
        return
    print(f"{'':34}{''.join(f'{name:>22}' for name in COLUMNS)}")
    for name in VARIANTS:
        command = [
            sys.executable,
            "-m",
            "lab.bench.encoders",
            "--only",
            name,
            "--pictures",
            str(options.pictures),
            "--artifact",
            str(options.artifact),
        ]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"{name} could not be measured:\n{done.stderr[-2000:]}")
        figures = json.loads(done.stdout.splitlines()[-1])
        cells = (f"{figures[key]:.1f}" if key in figures else "" for key in COLUMNS)
        print(f"{name:34}{''.join(f'{cell:>22}' for cell in cells)}", flush=True)


def shipped(artifact: Path, count: int) -> dict[str, float]:
    """Measure the artifact as web and workers run it."""
    encoders = load_artifact(artifact, threads=THREADS)
    images = [Image.fromarray(row) for row in pixels(artifact, count)]
    return {
        **pictures_per_second(count, lambda: encoders.encode_images(images)),
        **milliseconds(lambda query: encoders.encode_texts([query])),
        **megabytes(),
    }


def float32_onnx(artifact: Path, count: int) -> dict[str, float]:
    """Measure the image encoder before it is quantised; a process of its own exports it."""
    import onnxruntime

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "image.onnx"
        export = (
            f"from lab.bench.encoders import write_float32; write_float32({str(artifact)!r}, {str(file)!r})"
        )
        subprocess.run([sys.executable, "-c", export], cwd=ROOT, check=True, capture_output=True)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = THREADS
        session = onnxruntime.InferenceSession(
            str(file), sess_options=options, providers=["CPUExecutionProvider"]
        )
    batches = np.split(pixels(artifact, count), range(BATCH, count, BATCH))
    return {
        **pictures_per_second(count, lambda: [session.run(None, {"pixels": batch}) for batch in batches]),
        **megabytes(),
    }


def keras_in_batches(artifact: Path, count: int) -> dict[str, float]:
    """Measure `predict` on all pictures at once."""
    model, _ = keras_encoders(artifact)
    given = pixels(artifact, count)
    return {
        **pictures_per_second(count, lambda: model.predict(given, batch_size=BATCH, verbose=0)),
        **megabytes(),
    }


def keras_one_by_one(artifact: Path, count: int) -> dict[str, float]:
    """Measure `predict` on one picture, and on one query, at a time, as articles do."""
    from training.tokens import tokenize

    model, texts = keras_encoders(artifact)
    given = pixels(artifact, max(1, count // 8))
    tokenizer = load_artifact(artifact)._tokenizer
    limit = read_manifest(artifact).text.max_tokens
    return {
        **pictures_per_second(
            len(given),
            lambda: [model.predict(given[row : row + 1], verbose=0) for row in range(len(given))],
        ),
        **milliseconds(lambda query: texts.predict(tokenize(tokenizer, [query], limit), verbose=0), rounds=5),
        **megabytes(),
    }


def pixels(artifact: Path, count: int) -> np.ndarray:
    """Return (count, height, width, 3) noise of the size that the artifact takes."""
    spec = read_manifest(artifact).image
    return np.random.default_rng(1).integers(0, 256, (count, spec.height, spec.width, 3)).astype(np.uint8)


def write_float32(artifact: str, file: str) -> None:
    """Export the image encoder in float32."""
    from training.onnx_image import write_image_onnx

    write_image_onnx(keras_encoders(Path(artifact))[0], Path(file))


def pictures_per_second(count: int, encode: Callable[[], object]) -> dict[str, float]:
    """Time a second call; the first one starts sessions and builds graphs."""
    encode()
    began = time.monotonic()
    encode()
    return {"pictures per second": count / (time.monotonic() - began)}


def milliseconds(encode: Callable[[str], object], *, rounds: int = ROUNDS) -> dict[str, float]:
    """Return the median over queries that come one at a time."""
    taken = []
    for query in (*QUERIES, *QUERIES * rounds):
        began = time.perf_counter()
        encode(query)
        taken.append(1000 * (time.perf_counter() - began))
    return {"ms per query, p50": float(np.median(taken[len(QUERIES) :]))}


def megabytes() -> dict[str, float]:
    """Return the most memory that this process has had."""
    return {"megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


VARIANTS: dict[str, Callable[[Path, int], dict[str, float]]] = {
    "artifact as shipped, int8": shipped,
    "float32 ONNX": float32_onnx,
    "keras.predict in batches": keras_in_batches,
    "keras.predict one by one": keras_one_by_one,
}

if __name__ == "__main__":
    main()
