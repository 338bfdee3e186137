import random

import pytest

from training.vectors.learned import learn_vectors, split_words


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
    with pytest.raises(ValueError, match=r"^No word comes 3 times\.$"):
        learn_vectors(["kurta", "kurta saree"], progress=False)


def test_words_are_split_without_punctuation():
    assert split_words("Men's Navy T-Shirt, 2-pack (red)") == ["men's", "navy", "t-shirt", "2-pack", "red"]
