import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from search.encoders.artifact import TextSpec, write_manifest
from search.encoders.sessions import load_artifact, pad_tokens
from search.exceptions import ArtifactError
from tests.tiny_artifact import COLOURS, IMAGE


@pytest.fixture(scope="module")
def encoders(tiny_artifact):
    return load_artifact(tiny_artifact)


def picture(colour):
    return Image.new("RGB", (30, 40), COLOURS[colour])


def test_embeddings_have_unit_length(encoders):
    embeddings = encoders.encode_images([picture("red"), picture("blue")] * 40)
    assert (embeddings.shape, embeddings.dtype) == ((80, 32), np.float32)
    assert np.linalg.norm(embeddings, axis=1) == pytest.approx(np.ones(80), abs=1e-6)


def test_a_colour_finds_its_picture(encoders):
    names = list(COLOURS)
    similarity = encoders.encode_texts(names) @ encoders.encode_images([picture(name) for name in names]).T
    assert similarity.argmax(axis=1).tolist() == list(range(len(names)))


def test_nothing_in_nothing_out(encoders):
    assert encoders.encode_images([]).shape == (0, 32)
    assert encoders.encode_texts([]).shape == (0, 32)


def test_an_empty_text_is_an_unknown_word(encoders):
    assert np.array_equal(encoders.encode_texts([""]), encoders.encode_texts(["zzzzzz"]))


def test_a_text_means_the_same_in_any_batch(encoders):
    alone = encoders.encode_texts(["red"])
    beside = encoders.encode_texts(["red", "black cotton shirt women red"])
    assert beside[0] == pytest.approx(alone[0], abs=1e-6)


@pytest.mark.parametrize("file", ["image.onnx", "text.onnx", "tokenizer.json"])
def test_a_file_that_changes_after_the_manifest_was_read_is_refused(tiny_artifact, tmp_path, file):
    folder = Path(shutil.copytree(tiny_artifact, tmp_path / "artifact"))
    encoders = load_artifact(folder)
    (folder / file).write_bytes((folder / file).read_bytes() + b" ")

    def encode():
        return encoders.encode_texts(["red"]), encoders.encode_images([Image.new("RGB", (6, 8))])

    with pytest.raises(ArtifactError, match=f"{file} is not the file that its manifest describes"):
        encode()


def test_a_folder_that_is_emptied_after_the_manifest_was_read_is_named(tiny_artifact, tmp_path):
    folder = Path(shutil.copytree(tiny_artifact, tmp_path / "artifact"))
    encoders = load_artifact(folder)
    (folder / "text.onnx").unlink()

    with pytest.raises(ArtifactError, match=r"No such file or directory: .*text\.onnx"):
        encoders.encode_texts(["red"])


def test_tokens_are_cut_and_padded():
    tokens, lengths = pad_tokens([[5, 6, 7, 8], [9]], max_tokens=3)
    assert tokens.tolist() == [[5, 6, 7], [9, 0, 0]]
    assert lengths.tolist() == [3, 1]


def test_loading_needs_no_django_and_starts_nothing(tiny_artifact):
    program = (
        "import sys; from search.encoders.sessions import load_artifact; load_artifact(sys.argv[1]);"
        "print(sorted(set(sys.modules) & {'django', 'onnxruntime', 'tokenizers', 'tensorflow', 'keras'}))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, tiny_artifact], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[]"


def test_sums_of_int8_products_do_not_overflow(tiny_artifact, tmp_path):
    """Processors without VNNI add two products at 16 bits: 2 x 255 x 127 is more than they hold."""
    pixels = helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["n", 8, 6, 3])
    embedding = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["n", 32])
    constants = {
        "one": np.float32(1.0),
        "zero": np.uint8(0),
        "zero_weight": np.int8(0),
        "weights": np.full((32, 3, 1, 1), 127, dtype=np.int8),
        "axes": np.array([2, 3], dtype=np.int64),
    }
    nodes = [
        helper.make_node("Cast", ["pixels"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["floats"], ["channels"], perm=[0, 3, 1, 2]),
        helper.make_node("QuantizeLinear", ["channels", "one", "zero"], ["quantised"]),
        helper.make_node("DequantizeLinear", ["quantised", "one", "zero"], ["values"]),
        helper.make_node("DequantizeLinear", ["weights", "one", "zero_weight"], ["kernel"]),
        helper.make_node("Conv", ["values", "kernel"], ["sums"]),
        helper.make_node("QuantizeLinear", ["sums", "scale", "zero"], ["packed"]),
        helper.make_node("DequantizeLinear", ["packed", "scale", "zero"], ["unpacked"]),
        helper.make_node("ReduceMean", ["unpacked", "axes"], ["embedding"], keepdims=0),
    ]
    constants["scale"] = np.float32(3 * 255 * 127 / 255)
    weights = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "int8", [pixels], [embedding], weights)
    folder = shutil.copytree(tiny_artifact, tmp_path / "int8")
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9),
        folder / "image.onnx",
    )
    write_manifest(folder, name="int8", dimension=32, image=IMAGE, text=TextSpec(max_tokens=8))
    session = load_artifact(folder)._image_session
    sums = session.run(None, {"pixels": np.full((1, 8, 6, 3), 255, np.uint8)})[0]
    assert sums[0] == pytest.approx(3 * 255 * 127)
