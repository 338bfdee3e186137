"""What the frozen part of an encoder gives for pictures: computed once, by ONNX Runtime where that is faster, and cached."""

import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from .embeddings import CHUNK, Pictures, digest_of, in_batches

if TYPE_CHECKING:
    import keras

# (variant, first row, row after the last one) -> augmented pictures
Change = Callable[[int, int, int], NDArray[np.uint8]]

BATCH = 16  # pictures at a time in ONNX Runtime; on two cores batches of 128 pass EfficientNet-Lite0 a third slower
FEWEST = 500  # pictures for which the export to ONNX pays


def features_of(
    frozen: "keras.Model",
    pixels: NDArray[np.uint8],
    cache: Path,
    *,
    variants: int = 1,
    change: Change | None = None,
    key: str = "",
) -> Pictures:
    """Return what the frozen part of an encoder gives for pictures, extracted once and cached as float16.

    Args:
        frozen: pixels -> values, see `training.models.image.split`.
        pixels: (n, height, width, 3).
        cache: folder whose files are named by a digest of the weights, the pictures' bytes and `key`.
        variants: copies of each picture.
        change: (variant, first row, row after the last one) -> augmented pictures; without it, copies are alike.
        key: what `change` depends on.
    """
    file = (
        cache / f"features-{digest_of(f'{pixels.shape} {key} {variants}', *frozen.get_weights(), pixels)}.npy"
    )
    if not file.exists():
        _extract(frozen, pixels, file, change, variants)
    return Pictures("features", np.load(file, mmap_mode="r"))


def _extract(
    frozen: "keras.Model",
    pixels: NDArray[np.uint8],
    file: Path,
    change: Change | None,
    variants: int,
) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    run = (
        _in_onnx_runtime(frozen) if variants * len(pixels) >= FEWEST and _on_this_processor(frozen) else None
    )
    run = run or (lambda pictures: in_batches(frozen, pictures, batch=128))
    parts = [(variant, start) for variant in range(variants) for start in range(0, len(pixels), CHUNK)]
    values = None
    with tqdm(
        total=variants * len(pixels), desc="extract features", unit="picture", mininterval=1.0
    ) as progress:
        for (variant, start), pictures in _prepared(pixels, parts, change):
            made = run(pictures)
            if values is None:
                # Written straight to the file: copies of a whole catalogue need not fit into memory.
                shape = (variants, len(pixels), *made.shape[1:])
                values = np.lib.format.open_memmap(part, "w+", np.float16, shape)
            values[variant, start : start + CHUNK] = made
            progress.update(len(pictures))
    if values is None:
        values = np.lib.format.open_memmap(part, "w+", np.float16, (variants, 0, *frozen.output_shape[1:]))
    values.flush()
    part.replace(file)


def _prepared(
    pixels: NDArray[np.uint8], parts: list[tuple[int, int]], change: Change | None
) -> Iterator[tuple[tuple[int, int], NDArray[np.uint8]]]:
    """Yield each part and its pictures; the next one's are augmented meanwhile."""

    def prepare(variant: int, start: int) -> NDArray[np.uint8]:
        stop = min(start + CHUNK, len(pixels))
        return change(variant, start, stop) if change else np.asarray(pixels[start:stop])

    with ThreadPoolExecutor(1) as pool:
        waiting = [pool.submit(prepare, *part) for part in parts[:1]]
        for number, part in enumerate(parts):
            waiting.extend(pool.submit(prepare, *later) for later in parts[number + 1 : number + 2])
            yield part, waiting.pop(0).result()


def _on_this_processor(frozen: "keras.Model") -> bool:
    import keras

    # ONNX Runtime has no bfloat16 convolutions; JAX's graphs do not pass through Keras' export.
    float32 = all(layer.compute_dtype == "float32" for layer in frozen.layers)
    return keras.backend.backend() == "tensorflow" and float32 and not keras.distribution.list_devices("gpu")


def _in_onnx_runtime(frozen: "keras.Model") -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
    """Return the model as a function; on two cores EfficientNet-Lite0 is four times as fast as in TensorFlow."""
    import keras
    import onnxruntime

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "frozen.onnx"
        signature = keras.InputSpec(shape=(None, *frozen.input_shape[1:]), dtype="uint8", name="pixels")
        frozen.export(str(path), format="onnx", input_signature=[signature], verbose=False)
        options = onnxruntime.SessionOptions()
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name

    def run(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        batches = range(0, len(pictures), BATCH)
        return np.concatenate([session.run(None, {name: pictures[at : at + BATCH]})[0] for at in batches])

    return run
