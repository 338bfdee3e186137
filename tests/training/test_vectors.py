import gzip
import random

import numpy as np
import pytest

from training.vectors import WordVectors, learn_vectors, read_vectors, split_words, write_vectors

LINES = "red 1 0\nblue 0 1\ncrimson 0.9 0.1\n"


@pytest.fixture
def vectors():
    return WordVectors(("red", "blue", "crimson"), np.array([[1, 0], [0, 1], [0.8, 0.6]], dtype=np.float32))


@pytest.mark.parametrize("head", ["", "3 2\n"])
def test_plain_and_compressed_files_with_and_without_a_header(tmp_path, head):
    plain, compressed = tmp_path / "a.txt", tmp_path / "a.txt.gz"
    plain.write_text(head + LINES)
    compressed.write_bytes(gzip.compress((head + LINES).encode()))
    for path in (plain, compressed):
        found = read_vectors(path)
        assert found.words == ("red", "blue", "crimson")
        assert found.dimension == 2
        assert found.matrix.dtype == np.float32
        assert found.matrix.tolist() == np.array([[1, 0], [0, 1], [0.9, 0.1]], dtype=np.float32).tolist()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("green 1\n", "line 4: 1 values, not 2."),
        ("green 1 x\n", "line 4: could not convert string to float: 'x'"),
        ("green 1 nan\n", "line 4: a value is not finite."),
    ],
)
def test_a_broken_line_is_named(tmp_path, line, message):
    path = tmp_path / "a.txt"
    path.write_text(LINES + line)
    with pytest.raises(ValueError, match="line 4") as caught:
        read_vectors(path)
    assert str(caught.value) == f"{path}, {message}"


def test_an_empty_file_is_refused(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("")
    with pytest.raises(ValueError, match=r"has no word vectors\.$"):
        read_vectors(path)


def test_a_word_of_two_parts_and_a_word_that_comes_twice(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("red 1 0\n. . 2 3\nred 5 5\n")
    found = read_vectors(path)
    assert found.words == ("red", ". .")
    assert found.matrix.tolist() == [[1, 0], [2, 3]]


def test_lookup_says_what_is_known(vectors):
    found, known = vectors.lookup(["Blue", "frock", "red"])
    assert found.tolist() == [[0, 1], [0, 0], [1, 0]]
    assert known.tolist() == [True, False, True]


def test_mean_is_of_the_known_words(vectors):
    assert vectors.mean(["red", "blue", "frock"]).tolist() == [0.5, 0.5]
    with pytest.raises(ValueError, match="None of the words 'frock' is known"):
        vectors.mean(["frock"])


def test_similar_leaves_out_the_asked_words(vectors):
    assert [(word, round(cosine, 4)) for word, cosine in vectors.similar("red", 5)] == [
        ("crimson", 0.8),
        ("blue", 0.0),
    ]
    assert [word for word, _ in vectors.similar("red blue", 5)] == ["crimson"]


def test_written_vectors_are_read_again(tmp_path, vectors):
    write_vectors(vectors, tmp_path / "deep" / "a.txt.gz")
    found = read_vectors(tmp_path / "deep" / "a.txt.gz")
    assert found.words == vectors.words
    assert found.matrix.tolist() == vectors.matrix.tolist()


def drawn_texts():
    # Two sets of words that never meet.
    rng = random.Random(1)
    shoes, shirts = ["sneakers", "laces", "sole", "heel"], ["shirt", "collar", "sleeve", "cuff"]
    return [" ".join(rng.choices(words, k=8)) for _ in range(200) for words in (shoes, shirts)]


def learn(**how):
    return learn_vectors(drawn_texts(), dimension=8, progress=False, **how)


def test_words_that_stand_together_are_near():
    near = [word for word, _ in learn(epochs=20).similar("sneakers", 3)]
    assert sorted(near) == ["heel", "laces", "sole"]


def test_the_same_seed_gives_the_same_vectors():
    first, again, other = learn(epochs=2), learn(epochs=2), learn(epochs=2, seed=2)
    assert first.words == again.words
    assert (first.matrix == again.matrix).all()
    assert (first.matrix != other.matrix).any()


def test_a_rare_word_alone_is_refused():
    with pytest.raises(ValueError, match=r"^No word occurs 3 times\.$"):
        learn_vectors(["kurta", "kurta saree"], progress=False)


def test_words_are_split_without_punctuation():
    assert split_words("Men's Navy T-Shirt, 2-pack (red)") == ["men's", "navy", "t-shirt", "2-pack", "red"]
