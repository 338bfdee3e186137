import numpy as np
import pytest

from training.config import Augmentation
from training.copies import Originals, copies_of

HOW = Augmentation(photo=0.5, large=0.5)


def originals(count=9, larger=(1, 4, 5)):
    rng = np.random.default_rng(3)
    pixels = rng.integers(0, 100, (count, 16, 12, 3)).astype(np.uint8)
    places = np.full(count, -1)
    places[list(larger)] = np.arange(len(larger))
    return Originals(pixels, np.full((len(larger), 16, 12, 3), 200, np.uint8), places)


def test_copies_are_those_that_one_process_makes(tmp_path, monkeypatch):
    monkeypatch.setattr("training.copies.CHUNK", 16)  # several parts
    made = copies_of(originals(), HOW, 7, 3, tmp_path, processes=2)
    assert (made.kind, made.copied, len(made), made.values.shape) == ("pixels", True, 9, (3, 9, 16, 12, 3))
    for variant in range(3):
        for start, stop in ((0, 4), (4, 8), (8, 9)):
            alone = originals().copy(HOW, 7, variant, start, stop)
            assert np.array_equal(made.values[variant, start:stop], alone)
    assert not np.array_equal(made.values[0], made.values[1])


def test_copies_are_made_once_and_again_for_whatever_they_depend_on(tmp_path):
    copies_of(originals(), HOW, 7, 2, tmp_path, processes=1)
    (file,) = tmp_path.iterdir()
    written = file.stat().st_mtime_ns
    copies_of(originals(), HOW, 7, 2, tmp_path, processes=1)
    assert file.stat().st_mtime_ns == written
    copies_of(originals(), HOW, 8, 2, tmp_path, processes=1)
    copies_of(originals(), Augmentation(photo=0.4, large=0.5), 7, 2, tmp_path, processes=1)
    copies_of(originals(larger=(2, 3, 4)), HOW, 7, 2, tmp_path, processes=1)
    assert len(list(tmp_path.iterdir())) == 4


@pytest.mark.parametrize(("share", "least", "most"), [(0.0, 0, 0), (0.5, 0.35, 0.65), (1.0, 1, 1)])
def test_a_share_of_copies_is_made_of_the_large_picture(share, least, most):
    still = Augmentation(flip=False, shift=0.0, large=share)
    pictures = originals(count=400, larger=range(200))
    made = pictures.copy(still, 1, 0, 0, 400)
    large = (made == 200).all(axis=(1, 2, 3))
    assert least <= large[:200].mean() <= most
    assert np.array_equal(made[~large], pictures.pixels[~large])
    assert not large[200:].any()


def test_a_copy_depends_on_seed_variant_and_place_alone():
    pictures = originals()
    assert np.array_equal(pictures.copy(HOW, 1, 2, 3, 9), pictures.copy(HOW, 1, 2, 3, 9))
    assert not np.array_equal(pictures.copy(HOW, 1, 2, 3, 9), pictures.copy(HOW, 1, 1, 3, 9))
