"""The same model called through `keras.predict`, one picture at a time, as articles do; a process of its own.

Run as `python -m lab.bench.keras_baseline ARTIFACT ARCHIVE NUMBER`; prints pictures per second, of a model with random
weights: time does not depend on them.
"""

import io
import sys
import time
import zipfile
from pathlib import Path

from lab.processes import ROOT
from search.encoders.artifact import read_manifest

CONFIGS = ROOT / "training" / "configs"
WARM_UP = 3


def keras_encoders(artifact: Path):
    """Return the image encoder and the text encoder of an artifact's networks, in float32 and of its dimension and picture size."""
    import keras

    from training.config import load_config
    from training.models import image_encoder, text_encoder

    keras.config.set_dtype_policy("float32")
    manifest = read_manifest(artifact)
    # Layers keep their names in ONNX, and an EfficientNet-Lite's first one is its "stem".
    name = "light_more.toml" if b"/stem_" in (artifact / "image.onnx").read_bytes() else "default.toml"
    config = load_config(CONFIGS / name, [f"dimension={manifest.dimension}"])
    size = (manifest.image.height, manifest.image.width)
    return image_encoder(config, size), text_encoder(config, config.text.vocabulary)


def main() -> None:
    """Time it and print the figure."""
    import numpy as np
    from PIL import Image

    from search.encoders.pictures import to_pixels

    artifact, archive, number = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    manifest = read_manifest(artifact)
    model, _ = keras_encoders(artifact)
    with zipfile.ZipFile(archive) as pictures:
        names = [name for name in pictures.namelist() if name.endswith(".jpg")][: number + WARM_UP]
        began = 0.0
        for done, name in enumerate(names):
            if done == WARM_UP:
                began = time.monotonic()
            with Image.open(io.BytesIO(pictures.read(name))) as picture:
                pixels = to_pixels([picture.convert("RGB")], manifest.image)
            embedding = model.predict(pixels, verbose=0)
            assert np.isfinite(embedding).all()
    print(number / (time.monotonic() - began))


if __name__ == "__main__":
    main()
