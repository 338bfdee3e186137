import keras
import numpy as np
import onnxruntime
import pytest

from tests.training.small_bert import write_small_bert
from training.config import Config, ImageSection, Stage, TextMix, TextSection
from training.models import text_encoder
from training.models.joint import build_empty, text_tokenizer
from training.models.text import bert_features
from training.onnx_text import write_text_onnx
from training.tokens import tokenize
from training.vectors import WordVectors, write_vectors

pytestmark = [
    pytest.mark.timeout(2400),
    pytest.mark.filterwarnings("ignore::FutureWarning:keras"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
STAGE = Stage(loss="cosine", epochs=1, height=32, width=32, learning_rate=1e-3)


def config(**text):
    return Config(
        name="run",
        stages=(STAGE,),
        texts=TextMix(name=1.0),
        dimension=3 if text["encoder"] == "vectors" else 8,
        image=ImageSection(),
        text=TextSection(**text),
    )


@pytest.fixture
def vectors(tmp_path):
    matrix = np.array([[3.0, 0, 0], [0, 2.0, 0], [0, 0, 1.0]], dtype=np.float32)
    write_vectors(WordVectors(("red", "casual", "shoes"), matrix), tmp_path / "vectors.txt")
    return tmp_path / "vectors.txt"


def encoder_of(made, tokenizer):
    from training.models.joint import _table

    keras.config.set_dtype_policy("float32")
    return text_encoder(made, tokenizer.get_vocab_size(), _table(made, tokenizer))


def test_several_words_are_the_mean_of_their_vectors(vectors):
    made = config(encoder="vectors", vectors=str(vectors), width=3)
    tokenizer = text_tokenizer(made, list)
    encoder = encoder_of(made, tokenizer)
    embeddings = np.asarray(encoder(tokenize(tokenizer, ["red", "Casual Shoes", "zzz"], 4)))
    half = np.sqrt(0.5)
    assert embeddings[:2] == pytest.approx(np.array([[1, 0, 0], [0, half, half]]), abs=1e-6)
    assert np.linalg.norm(embeddings[2]) == pytest.approx(1.0)  # unknown words point somewhere, too
    assert not encoder.trainable_weights


def test_word_embeddings_begin_as_word_vectors(vectors):
    made = config(encoder="words", vectors=str(vectors), width=3, head="relu", hidden=4)
    tokenizer = text_tokenizer(made, lambda: ["red shoes", "red zebra"])
    encoder = encoder_of(made, tokenizer)
    table = encoder.get_layer("token_embedding").get_weights()[0]
    assert table[tokenizer.token_to_id("red")] == pytest.approx([1, 0, 0])
    assert 0 < np.abs(table[tokenizer.token_to_id("zebra")]).max() < 0.5
    assert encoder.get_layer("token_embedding").trainable


def test_a_mean_leaves_padding_out():
    made = config(encoder="words", width=3, head="linear")
    tokenizer = text_tokenizer(made, lambda: ["red shoes", "red zebra"])
    encoder = encoder_of(made, tokenizer)
    table = encoder.get_layer("token_embedding").get_weights()[0]
    pooled = keras.Model(encoder.input, encoder.get_layer("projection").input)
    tokens = np.array([[2, 3, 0, 0], [4, 0, 0, 0]], dtype=np.int32)
    expected = np.stack([table[[2, 3]].mean(axis=0), table[4]])
    assert np.asarray(pooled(tokens)) == pytest.approx(expected, abs=1e-5)


def test_missing_word_vectors_are_named():
    with pytest.raises(FileNotFoundError, match=r"'nowhere\.txt'.*training vectors"):
        text_tokenizer(config(encoder="vectors", vectors="nowhere.txt", width=3), list)


def test_vectors_of_another_width_are_named(vectors):
    with pytest.raises(ValueError, match=r"vectors of 3 values; text\.width is 5"):
        encoder_of(*wide(vectors))


def wide(vectors):
    made = config(encoder="words", vectors=str(vectors), width=5)
    return made, text_tokenizer(made, lambda: ["red shoes"])


@pytest.mark.long
def test_without_a_preset_bert_is_the_packaged_minilm():
    tokens = keras.Input((None,), dtype="int32")
    features = bert_features(tokens, TextSection(encoder="bert", frozen=True))
    red, blue, padded = np.asarray(keras.Model(tokens, features)(np.array([[7, 8, 0], [9, 8, 0], [7, 8, 0]])))
    assert red.shape == (384,)
    assert red == pytest.approx(padded, abs=1e-5)
    assert red != pytest.approx(blue, abs=1e-2)


@pytest.mark.parametrize("kind", ["words", "vectors", pytest.param("bert", marks=pytest.mark.long)])
def test_onnx_gives_what_keras_gives_whatever_the_length(kind, vectors, tmp_path):
    read = {"preset": write_small_bert(tmp_path / "bert")} if kind == "bert" else {"vectors": str(vectors)}
    made = config(encoder=kind, width=3, max_tokens=12, **read)
    tokenizer = text_tokenizer(made, lambda: ["red casual shoes"])
    encoder = encoder_of(made, tokenizer)
    write_text_onnx(encoder, kind, tmp_path / "text.onnx")
    tokens = tokenize(tokenizer, ["casual red shoes", "red"], 6)
    session = onnxruntime.InferenceSession(tmp_path / "text.onnx", providers=["CPUExecutionProvider"])

    def given(rows):
        lengths = np.count_nonzero(rows, axis=1).astype(np.int32)
        return session.run(["embedding"], {"tokens": rows.astype(np.int64), "lengths": lengths})[0]

    expected = encoder.predict_on_batch(tokens)
    assert given(tokens) == pytest.approx(expected, abs=2e-3)  # weights are stored in float16
    short = tokens[1:, : np.count_nonzero(tokens[1])]
    assert given(short)[0] == pytest.approx(given(tokens)[1], abs=1e-5)


def test_a_run_is_read_again_without_the_files_that_it_began_with(vectors):
    made = config(encoder="vectors", vectors=str(vectors), width=3)
    tokenizer = text_tokenizer(made, list)
    vectors.unlink()
    model = build_empty(made, tokenizer, (32, 32))
    assert model.texts.get_layer("token_embedding").get_weights()[0].shape == (5, 3)
