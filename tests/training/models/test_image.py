import keras
import numpy as np
import pytest

from training.config import Config, ImageSection, Stage, TextMix
from training.exceptions import TrainingError
from training.models.efficientnet_lite import efficientnet_lite, packaged_weights, set_weights
from training.models.image import (
    backbone_of,
    image_encoder,
    set_trained,
    split,
    unfold_batch_norm,
    with_cells,
)
from training.pytorch_weights import read_checkpoint

SIZE = (64, 48)


def config(**image):
    stage = Stage(loss="contrastive", epochs=1, height=SIZE[0], width=SIZE[1], learning_rate=1e-3)
    section = ImageSection(**{"backbone": "EfficientNetLite0", "pooling": "average", **image})
    return Config(name="run", stages=(stage,), texts=TextMix(name=1.0), dimension=8, image=section)


def stage(**values):
    return Stage(loss="contrastive", epochs=1, height=64, width=48, learning_rate=1e-3, **values)


def pictures(count=2):
    return np.random.default_rng(3).integers(0, 255, (count, *SIZE, 3)).astype(np.uint8)


@pytest.fixture(scope="module")
def encoder():
    keras.config.set_dtype_policy("float32")
    keras.utils.set_random_seed(4)
    return image_encoder(config(), SIZE)


# Parameters without those of the classifier, from the authors' tables: 4.7, 5.4 and 6.1 million with 1.28 million of it.
@pytest.mark.parametrize(("name", "millions"), [("0", 3.37), ("1", 4.14), ("2", 4.81)])
def test_the_networks_have_the_published_number_of_parameters(name, millions):
    model = efficientnet_lite(f"EfficientNetLite{name}")
    trained = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    assert trained / 1e6 == pytest.approx(millions, abs=0.02)
    assert model.compute_output_shape((1, 64, 48, 3)) == (1, 1280)


def test_the_packaged_weights_recognise_what_they_were_trained_on():
    """A network with one weight out of place would answer at random: the classifier names a drawn traffic light."""
    tensors = read_checkpoint(packaged_weights(0))
    model = efficientnet_lite("EfficientNetLite0", weights="imagenet")
    picture = np.full((224, 224, 3), 200, np.float32)
    picture[20:204, 82:142] = 25
    rows, columns = np.mgrid[:224, :224]
    for middle, colour in ((55, (255, 40, 30)), (112, (70, 60, 20)), (169, (20, 70, 40))):
        picture[(rows - middle) ** 2 + (columns - 112) ** 2 < 24**2] = colour
    features = model.predict((picture[None] - 127) / 128, verbose=0)[0]
    scores = features @ tensors["_fc.weight"].T + tensors["_fc.bias"]
    assert 920 in np.argsort(-scores)[:3]  # ImageNet's "traffic light"


def test_weights_of_another_network_are_refused():
    tensors = dict(read_checkpoint(packaged_weights(0)))
    with pytest.raises(TrainingError, match="another network"):
        set_weights(efficientnet_lite("EfficientNetLite2"), tensors)
    tensors["_blocks.99._bn0.weight"] = np.zeros(1, np.float32)
    with pytest.raises(TrainingError, match=r"_blocks\.99"):
        set_weights(efficientnet_lite("EfficientNetLite0"), tensors)


@pytest.mark.parametrize("train_from", ["", "block6", "block3"])
def test_both_parts_give_the_same_embedding_as_the_whole(encoder, train_from):
    lower, upper = split(encoder, config().image, train_from)
    made = upper.predict(lower.predict(pictures(), verbose=0), verbose=0)
    assert made == pytest.approx(encoder.predict(pictures(), verbose=0), abs=1e-5)


def test_cells_are_what_a_picture_like_them_all_over_would_be(encoder):
    model = with_cells(encoder, config().image)
    embedding, cells = model.predict(pictures(), verbose=0)
    assert embedding == pytest.approx(encoder.predict(pictures(), verbose=0), abs=1e-5)
    assert cells.shape == (2, 2, 2, 8)
    assert np.linalg.norm(cells, axis=-1) == pytest.approx(1.0, abs=1e-5)
    _, upper = split(encoder, config().image, "")
    last = keras.Model(backbone_of(encoder).input, backbone_of(encoder).layers[-1].input)
    corner = last.predict((pictures().astype(np.float32) - 127) / 128, verbose=0)[:, 0, 1]
    assert cells[:, 0, 1] == pytest.approx(upper.predict(corner, verbose=0), abs=1e-4)


def test_the_parts_share_the_encoders_weights(encoder):
    _, upper = split(encoder, config().image, "block6")
    assert {id(weight) for weight in upper.weights} <= {id(weight) for weight in encoder.weights}


def test_a_cut_inside_a_block_is_refused(encoder):
    with pytest.raises(TrainingError, match="cannot be cut before 'block2_project'"):
        split(encoder, config().image, "block2_project")


def test_an_unknown_layer_is_named(encoder):
    with pytest.raises(TrainingError, match="begins with 'conv4_block1'"):
        split(encoder, config().image, "conv4_block1")


def test_a_stage_trains_its_part_and_no_more(encoder):
    backbone = backbone_of(encoder)
    everything = len(backbone.trainable_weights)
    set_trained(encoder, config().image, stage(train_from="block6"))
    names = {weight.path.split("/")[-2].split("_")[0] for weight in backbone.trainable_weights}
    assert names == {*(f"block{number}" for number in range(6, 16)), "head"}
    set_trained(encoder, config().image, stage(frozen=True))
    assert not backbone.trainable_weights
    set_trained(encoder, config().image, stage())
    assert len(backbone.trainable_weights) == everything


def test_frozen_batch_normalisation_keeps_its_statistics(encoder):
    section = config(batch_norm="frozen").image
    set_trained(encoder, section, stage())
    assert not any("norm" in weight.path for weight in backbone_of(encoder).trainable_weights)
    before = backbone_of(encoder).get_weights()
    encoder(pictures(), training=True)
    after = backbone_of(encoder).get_weights()
    assert all(np.array_equal(one, two) for one, two in zip(before, after, strict=True))
    set_trained(encoder, config().image, stage())


def test_folded_batch_normalisation_normalises_again_and_changes_nothing():
    keras.config.set_dtype_policy("float32")
    keras.utils.set_random_seed(4)
    encoder = image_encoder(config(), SIZE)
    norms = [one for one in backbone_of(encoder).layers if isinstance(one, keras.layers.BatchNormalization)]
    for layer in norms:  # as an artifact leaves them: they add a shift and nothing else
        zeros = np.zeros(layer.gamma.shape, np.float32)
        layer.set_weights([zeros + np.sqrt(1 + layer.epsilon), zeros + 0.1, zeros, zeros + 1])
    before = encoder.predict(pictures(8), verbose=0)
    unfold_batch_norm(encoder, config().image, pictures(8))
    assert encoder.predict(pictures(8), verbose=0) == pytest.approx(before, abs=1e-4)
    assert np.asarray(encoder(pictures(8), training=True)) == pytest.approx(before, abs=1e-3)
    assert not any(np.allclose(layer.moving_variance, 1.0) for layer in norms)
