import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from search.encoders.sessions import load_artifact, pad_tokens
from search.exceptions import ArtifactError
from tests.tiny_artifact import COLOURS


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
