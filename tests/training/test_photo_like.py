import dataclasses

import numpy as np
import pytest

from training.augmentation import augment
from training.config import Augmentation
from training.photo_like import photo_like

RED = (200, 30, 30)
STILL = Augmentation(  # nothing moves, nothing is lit
    photo_least=0.6,
    photo_most=0.6,
    photo_cropped=0.0,
    photo_turn=0.0,
    photo_turned=0.0,
    photo_bend=0.0,
    photo_clutter=0.0,
    photo_light=0.0,
    photo_blur=0.0,
    photo_compressed=0.0,
)


def squares(count: int, height: int = 80, width: int = 60) -> np.ndarray:
    """A red square on white, a third of the width."""
    pixels = np.full((count, height, width, 3), 255, dtype=np.uint8)
    pixels[:, height // 2 - 10 : height // 2 + 10, width // 2 - 10 : width // 2 + 10] = RED
    return pixels


def redness(pixels: np.ndarray) -> np.ndarray:
    values = pixels.astype(int)
    return (values[..., 0] > 120) & (values[..., 1] < 90) & (values[..., 2] < 90)


def test_the_seed_decides():
    first, again, other = (photo_like(squares(6), np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_the_pictures_given_stay_as_they_are():
    pixels = squares(3)
    photo_like(pixels, np.random.default_rng(1))
    assert np.array_equal(pixels, squares(3))


def test_the_product_is_laid_on_another_surface_and_keeps_its_colour():
    photos = photo_like(squares(40), np.random.default_rng(1), STILL)
    whole = photos[(photos != 255).any(axis=(2, 3)).all(axis=1)]  # without those on white
    assert len(whole) > 20
    shares = redness(whole).mean(axis=(1, 2))
    # 60 % of the width of 60, less the soft edge: 36 x 36 of 80 x 60
    assert abs(np.median(shares) - 36 * 36 / 4800) < 0.05
    surfaces = np.array([photo[~redness(photo)].mean() for photo in whole])
    assert (surfaces < 250).all()
    assert surfaces.std() > 10


def test_fill_decides_on_the_size():
    large = dataclasses.replace(STILL, photo_least=1.0, photo_most=1.0)
    small = redness(photo_like(squares(20), np.random.default_rng(1), STILL)).mean()
    assert redness(photo_like(squares(20), np.random.default_rng(1), large)).mean() > 1.8 * small


@pytest.mark.parametrize(
    "change",
    [
        {"photo_cropped": 1.0},
        {"photo_turn": 25.0},
        {"photo_turned": 1.0},
        {"photo_bend": 0.05},
        {"photo_clutter": 1.0},
        {"photo_light": 1.0},
        {"photo_blur": 1.0},
        {"photo_compressed": 1.0},
    ],
)
def test_each_option_changes_the_photos(change):
    still = photo_like(squares(4), np.random.default_rng(1), STILL)
    changed = photo_like(squares(4), np.random.default_rng(1), dataclasses.replace(STILL, **change))
    assert not np.array_equal(still, changed)


def test_a_head_stays_where_the_option_says_so():
    person = np.full((30, 80, 60, 3), 255, dtype=np.uint8)
    person[:, 5:18, 25:35] = (30, 30, 200)  # the head
    person[:, 18:, 15:45] = RED
    kept = photo_like(person, np.random.default_rng(1), dataclasses.replace(STILL, photo_headless=0.0))
    cut = photo_like(person, np.random.default_rng(1), dataclasses.replace(STILL, photo_headless=1.0))
    blue = [((photos[..., 2] > 150) & (photos[..., 0] < 60)).sum(axis=(1, 2)) for photos in (kept, cut)]
    assert np.median(blue[0]) > 20
    assert np.median(blue[1]) == 0


def test_a_picture_without_background_fills_the_photo():
    full = np.full((8, 80, 60, 3), RED, dtype=np.uint8)
    photos = photo_like(full, np.random.default_rng(1), STILL)
    for photo in photos:
        inside = (photo != 255).any(axis=2)
        assert redness(photo)[inside].mean() > 0.99


def test_photos_of_another_shape_stand_on_white():
    photos = photo_like(squares(100, 40, 30), np.random.default_rng(1), STILL)
    beside = (photos[:, 0] == 255).all(axis=(1, 2)) | (photos[:, :, 0] == 255).all(axis=(1, 2))
    assert 8 < beside.sum() < 32  # 18 %


def test_a_share_of_a_batch_becomes_photos():
    how = Augmentation(flip=False, shift=0.0, photo=0.5)
    changed = augment(squares(100), how, np.random.default_rng(1))
    same = (changed == squares(100)).all(axis=(1, 2, 3))
    assert 34 < same.sum() < 66


def test_a_batch_without_products_to_change():
    none = squares(0)
    assert photo_like(none, np.random.default_rng(1)).shape == none.shape
