"""A real artifact of a few kilobytes, without training: its joint space knows colours and nothing else.

A picture's embedding is its mean colour, seen through a fixed random projection. A text's embedding is the
mean of its tokens' embeddings, and a colour word's embedding is that colour, projected alike. So "red" finds
red pictures, which is enough to test everything around the encoders.
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from search.encoders.artifact import Manifest, TextSpec, write_manifest
from search.encoders.pictures import ImageSpec

DIMENSION = 32
COLOURS = {
    "red": (220, 30, 30),
    "green": (30, 160, 60),
    "blue": (30, 60, 220),
    "black": (15, 15, 15),
    "white": (250, 250, 250),
    "yellow": (240, 220, 30),
    "pink": (250, 140, 190),
}
OTHER_WORDS = ("shirt", "dress", "shoes", "bag", "men", "women", "cotton", "striped")
IMAGE = ImageSpec(width=6, height=8)


def write_tiny_artifact(folder: Path, *, name: str = "tiny", seed: int = 7) -> Manifest:
    """Write the artifact into `folder`; another seed gives another joint space of the same dimension."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    projection = random.normal(size=(3, DIMENSION)).astype(np.float32)
    words = ["[PAD]", "[UNK]", *COLOURS, *OTHER_WORDS]
    vectors = random.normal(scale=0.05, size=(len(words), DIMENSION)).astype(np.float32)
    for word, colour in COLOURS.items():
        vectors[words.index(word)] = _centred(np.array(colour, dtype=np.float32)) @ projection
    onnx.save(_image_model(projection), str(folder / "image.onnx"))
    onnx.save(_text_model(vectors), str(folder / "text.onnx"))
    _tokenizer(words).save(str(folder / "tokenizer.json"))
    return write_manifest(folder, name=name, dimension=DIMENSION, image=IMAGE, text=TextSpec(max_tokens=8))


def unloadable_artifact(folder: Path) -> Path:
    """Write an artifact whose files are those that its manifest describes, but whose text encoder is no model."""
    manifest = write_tiny_artifact(folder)
    (folder / "text.onnx").write_bytes(b"no model")
    write_manifest(folder, name="tiny", dimension=DIMENSION, image=manifest.image, text=manifest.text)
    return folder


def _centred(colour: np.ndarray) -> np.ndarray:
    return colour / 255.0 - 0.5


def _tokenizer(words: list[str]) -> Tokenizer:
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    return tokenizer


def _image_model(projection: np.ndarray) -> onnx.ModelProto:
    nodes = [
        helper.make_node("Cast", ["pixels"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["floats", "axes"], ["mean"], keepdims=0),
        helper.make_node("Div", ["mean", "scale"], ["unit"]),
        helper.make_node("Sub", ["unit", "half"], ["centred"]),
        helper.make_node("MatMul", ["centred", "projection"], ["embedding"]),
        helper.make_node("Transpose", ["floats"], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node("AveragePool", ["planes"], ["pooled"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Transpose", ["pooled"], ["places"], perm=[0, 2, 3, 1]),
        helper.make_node("Div", ["places", "scale"], ["unit_places"]),
        helper.make_node("Sub", ["unit_places", "half"], ["centred_places"]),
        helper.make_node("MatMul", ["centred_places", "projection"], ["projected"]),
        helper.make_node("LpNormalization", ["projected"], ["cells"], axis=-1),
    ]
    constants = {
        "axes": np.array([1, 2], dtype=np.int64),
        "scale": np.float32(255.0),
        "half": np.float32(0.5),
        "projection": projection,
    }
    pixels = helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["n", IMAGE.height, IMAGE.width, 3])
    cells = helper.make_tensor_value_info("cells", TensorProto.FLOAT, ["n", 4, 3, DIMENSION])
    return _model(nodes, [pixels], constants, cells)


def _text_model(vectors: np.ndarray) -> onnx.ModelProto:
    # Padding is token 0 with the zero vector, so the sum over a row is the sum over its words.
    vectors = vectors.copy()
    vectors[0] = 0.0
    nodes = [
        helper.make_node("Gather", ["vectors", "tokens"], ["embedded"]),
        helper.make_node("ReduceSum", ["embedded", "axis"], ["summed"], keepdims=0),
        helper.make_node("Cast", ["lengths"], ["counts"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["counts", "axis"], ["column"]),
        helper.make_node("Div", ["summed", "column"], ["mean"]),
        helper.make_node("Add", ["mean", "bias"], ["embedding"]),  # an empty text is not the zero vector
    ]
    constants = {
        "vectors": vectors,
        "axis": np.array([1], dtype=np.int64),
        "bias": np.full(DIMENSION, 1e-4, dtype=np.float32),
    }
    tokens = helper.make_tensor_value_info("tokens", TensorProto.INT64, ["n", "length"])
    lengths = helper.make_tensor_value_info("lengths", TensorProto.INT32, ["n"])
    return _model(nodes, [tokens, lengths], constants)


def _model(nodes: list, inputs: list, constants: dict[str, np.ndarray], *more: object) -> onnx.ModelProto:
    graph = helper.make_graph(
        nodes,
        "tiny",
        inputs,
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["n", DIMENSION]), *more],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    return model
