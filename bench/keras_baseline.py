"""The same model called through `keras.predict`, one picture at a time, as articles do; a process of its own.

Run as `python -m bench.keras_baseline ARTIFACT ARCHIVE NUMBER`; prints pictures per second. Time does not depend on the
weights, so that the architecture with random weights stands for the trained model.
"""

import io
import sys
import time
import zipfile
from pathlib import Path

CONFIG = Path(__file__).parent.parent / "training" / "configs" / "default.toml"
WARM_UP = 3


def main() -> None:
    """Time it and print the figure."""
    import keras
    import numpy as np
    from PIL import Image

    from search.artifact import read_manifest
    from search.preprocessing import to_pixels
    from training.config import load_config
    from training.models import image_encoder

    artifact, archive, number = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    manifest = read_manifest(artifact)
    keras.config.set_dtype_policy("float32")
    config = load_config(CONFIG, [f"dimension={manifest.dimension}"])
    model = image_encoder(config, (manifest.image.height, manifest.image.width))
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
