from dataclasses import replace

import keras
import numpy as np
import pytest
from PIL import Image

from search.conf import PACKAGED
from search.encoders.pictures import to_pixels
from search.encoders.sessions import load_artifact
from training.config import Config, ImageSection, Stage, TextMix, TextSection
from training.exceptions import TrainingError
from training.models.image import image_encoder, with_cells
from training.models.text import text_encoder
from training.onnx_image import quantise, write_image_onnx
from training.onnx_text import write_text_onnx
from training.onnx_weights import set_backbone, set_image_weights, set_text_weights
from training.tokens import tokenize

SIZE = (64, 48)
VOCABULARY = 40
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def config(backbone="EfficientNetLite0", dimension=8, **text):
    stage = Stage(loss="contrastive", epochs=1, height=SIZE[0], width=SIZE[1], learning_rate=1e-3)
    return Config(
        name="run",
        stages=(stage,),
        texts=TextMix(name=1.0),
        dimension=dimension,
        image=ImageSection(backbone=backbone, pooling="average"),
        text=TextSection(**{"width": 6, "units": 5, **text}),
    )


@pytest.fixture(autouse=True)
def exact():
    keras.config.set_dtype_policy("float32")
    keras.utils.set_random_seed(5)


def pictures(count):
    return np.random.default_rng(3).integers(0, 255, (count, *SIZE, 3)).astype(np.uint8)


def cosines(one, other):
    return (one * other).sum(axis=1) / np.linalg.norm(one, axis=1) / np.linalg.norm(other, axis=1)


@pytest.mark.parametrize("bidirectional", [True, False])
def test_a_text_encoder_goes_on_as_it_was_exported(tmp_path, bidirectional):
    shipped = text_encoder(config(bidirectional=bidirectional), VOCABULARY)
    write_text_onnx(shipped, "gru", tmp_path / "text.onnx")
    fresh = text_encoder(config(bidirectional=bidirectional), VOCABULARY)
    tokens = np.array([[3, 7, 0, 0], [39, 1, 5, 9]], dtype=np.int32)
    expected = shipped.predict(tokens, verbose=0)
    assert cosines(fresh.predict(tokens, verbose=0), expected).min() < 0.9
    set_text_weights(fresh, tmp_path / "text.onnx")
    assert fresh.predict(tokens, verbose=0) == pytest.approx(expected, abs=0.01)
    with pytest.raises(TrainingError, match="token_embedding has weights of"):
        set_text_weights(text_encoder(config(), VOCABULARY + 1), tmp_path / "text.onnx")


def test_an_image_encoder_goes_on_as_it_was_exported(tmp_path):
    shipped = image_encoder(config(), SIZE)
    write_image_onnx(with_cells(shipped, config().image), tmp_path / "float.onnx")
    quantise(tmp_path / "float.onnx", tmp_path / "image.onnx", pictures(32))
    expected = shipped.predict(pictures(4), verbose=0)
    fresh = image_encoder(config(), SIZE)
    assert cosines(fresh.predict(pictures(4), verbose=0), expected).min() < 0.9
    set_image_weights(fresh, tmp_path / "image.onnx")
    assert cosines(fresh.predict(pictures(4), verbose=0), expected).min() > 0.99
    with pytest.raises(TrainingError, match="of another network: block3_depth_conv has"):
        set_image_weights(image_encoder(config("EfficientNetLite1"), SIZE), tmp_path / "image.onnx")
    with pytest.raises(TrainingError, match="projection has weights of"):
        set_image_weights(image_encoder(config(dimension=9), SIZE), tmp_path / "image.onnx")


@pytest.mark.parametrize(
    ("artifact", "backbone"), [("light", "EfficientNetLite0"), ("resnet50_small", "ResNet50")]
)
def test_an_artifact_s_backbone_begins_a_run(artifact, backbone):
    file = PACKAGED / artifact / "image.onnx"
    whole = config(backbone, dimension=256)
    begun = image_encoder(replace(whole, image=replace(whole.image, weights=str(file))), SIZE)
    whole = image_encoder(whole, SIZE)
    set_image_weights(whole, file)
    features = [encoder.get_layer("features").predict(pictures(4), verbose=0) for encoder in (begun, whole)]
    assert features[0] == pytest.approx(features[1], abs=1e-4)


def test_the_artifact_that_ships_is_a_start(tmp_path):
    artifact = load_artifact(PACKAGED / "resnet50_small", threads=2)
    spec = artifact.manifest.image
    colours = [(200, 30, 40), (20, 40, 90), (240, 240, 235)]
    images = [
        Image.linear_gradient("L").convert("RGB"),
        *(Image.new("RGB", (60, 80), one) for one in colours),
    ]
    own = Config(
        name="run",
        stages=config().stages,
        texts=TextMix(name=1.0),
        image=ImageSection(backbone="ResNet50", pooling="max"),
    )
    encoder = image_encoder(own, (spec.height, spec.width))
    set_image_weights(encoder, PACKAGED / "resnet50_small" / "image.onnx")
    found = encoder.predict(to_pixels(images, spec), verbose=0)
    assert (
        cosines(found, artifact.encode_images(images)).min() > 0.95
    )  # int8 rounds what passes between layers
    texts = text_encoder(own, artifact._tokenizer.get_vocab_size())
    set_text_weights(texts, PACKAGED / "resnet50_small" / "text.onnx")
    queries = ["navy sneakers men", "red dress"]
    tokens = tokenize(artifact._tokenizer, queries, 32)
    assert cosines(texts.predict(tokens, verbose=0), artifact.encode_texts(queries)).min() > 0.999


def test_what_is_no_model_is_refused(tmp_path):
    (tmp_path / "image.onnx").write_bytes(b"no model")
    with pytest.raises(TrainingError, match="cannot be read as an ONNX model"):
        set_backbone(keras.applications.ResNet50(weights=None, include_top=False), tmp_path / "image.onnx")
    with pytest.raises(TrainingError, match="holds no GRU"):
        set_text_weights(text_encoder(config(), VOCABULARY), PACKAGED / "resnet50_small" / "image.onnx")
