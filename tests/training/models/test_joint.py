import keras
import numpy as np
import pytest

from training.models.joint import JointModel, policy


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        ("flags : fpu avx512_bf16 avx2", "mixed_bfloat16"),
        ("flags : fpu avx2", "float32"),
        ("Features : asimd bf16", "mixed_bfloat16"),
    ],
)
def test_automatic_precision_is_what_the_processor_has_units_for(listed, expected, tmp_path):
    file = tmp_path / "cpuinfo"
    file.write_text(listed)
    assert policy("auto", "ResNet50", features=file) == expected


def test_without_a_list_it_is_float32(tmp_path):
    assert policy("auto", "ResNet50", features=tmp_path / "none") == "float32"


def test_depthwise_convolutions_stay_float32_on_a_processor(tmp_path):
    file = tmp_path / "cpuinfo"
    file.write_text("flags : fpu avx512_bf16 amx_bf16")
    assert policy("auto", "EfficientNetLite0", features=file) == "float32"


def test_what_is_named_is_taken(tmp_path):
    assert policy("mixed_float16", "ResNet50", features=tmp_path / "none") == "mixed_float16"


def test_the_teacher_adds_the_distance_to_where_its_texts_belong():
    tokens = keras.Input((None,), dtype="int32")
    texts = keras.Model(tokens, keras.ops.one_hot(tokens[:, 0], 2))
    model = JointModel(texts, texts)
    model.joint_loss = lambda images, texts, true, log_scale: keras.ops.sum(images * texts)
    inputs = {"pixels": np.array([[1]]), "tokens": np.array([[1]]), "taught": np.array([[0], [1]])}
    truth = {"true": np.ones((1, 1), bool), "taught": np.array([[1, 0], [0.8, 0.6]], dtype=np.float32)}
    model.text_teacher_weight = 0.5
    # cosines 1 and .6; the weight times their mean distance of .2, beside the joint loss of 1
    assert float(model.compute_loss(inputs, truth, model(inputs))) == pytest.approx(1.1)
    del inputs["taught"], truth["taught"]
    assert float(model.compute_loss(inputs, truth, model(inputs))) == pytest.approx(1.0)
