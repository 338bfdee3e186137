"""The default configuration's encoders in Keras, in float32, with random weights: time does not depend on them."""

from pathlib import Path

from search.artifact import Manifest

CONFIG = Path(__file__).parents[2] / "training" / "configs" / "default.toml"


def keras_encoders(manifest: Manifest):
    """Return the image encoder and the text encoder, of the dimension and the picture size of an artifact."""
    import keras

    from training.config import load_config
    from training.models import image_encoder, text_encoder

    keras.config.set_dtype_policy("float32")
    config = load_config(CONFIG, [f"dimension={manifest.dimension}"])
    size = (manifest.image.height, manifest.image.width)
    return image_encoder(config, size), text_encoder(config, config.text.vocabulary)
