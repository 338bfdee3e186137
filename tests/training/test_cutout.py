import numpy as np

from training.cutout import backgrounds, opacity, without_head


def white(height: int = 80, width: int = 60) -> np.ndarray:
    return np.full((1, height, width, 3), 255, dtype=np.uint8)


def test_background_is_what_is_white_and_connected_with_the_frame():
    pixels = white()
    pixels[:, 20:60, 15:45] = 100
    pixels[:, 30:33, 20:23] = 250  # a white button
    (found,) = backgrounds(pixels)
    expected = np.ones((80, 60), dtype=bool)
    expected[20:60, 15:45] = False
    assert np.array_equal(found, expected)


def test_background_goes_around_corners():
    pixels = white()
    pixels[:, 20:60, 15:45] = 100
    pixels[:, 25:55, 30:34] = 245  # a corridor ...
    pixels[:, 40:43, 34:45] = 255  # ... with a door at its side
    assert backgrounds(pixels)[0, 25:55, 30:34].all()


def test_a_flat_white_gap_is_background_and_a_large_white_area_is_a_garment():
    pixels = white()
    pixels[:, 20:70, 5:55] = 100
    gap, garment = pixels.copy(), pixels.copy()
    gap[:, 30:42, 20:30] = 255
    garment[:, 22:68, 10:50] = 255
    assert backgrounds(gap)[0, 31:41, 21:29].all()
    assert not backgrounds(garment)[0, 30, 20:40].any()


def test_a_background_that_leaks_into_a_white_garment_is_the_pure_one():
    pixels = white()
    pixels[:, 10:70, 10:50] = 246
    (found,) = backgrounds(pixels)
    assert not found[15:65, 15:45].any()
    assert found[:5].all()


def test_shades_beside_the_background_belong_to_it():
    pixels = white()
    pixels[:, 20:60, 15:45] = 215
    pixels[:, 21:59, 16:44] = 100
    (found,) = backgrounds(pixels)
    assert found[20, 30]
    assert not found[22, 30]


def test_photos_and_empty_pictures_have_no_background():
    assert not backgrounds(np.full((1, 80, 60, 3), 120, dtype=np.uint8)).any()
    assert not backgrounds(white()).any()


def test_opacity_is_soft_at_the_edge_and_keeps_thin_dark_things():
    (pixels,) = white()
    pixels[20:60, 15:45] = 100
    pixels[5:20, 30] = 10
    alpha = opacity(pixels, backgrounds(pixels[None])[0])
    assert alpha[40, 30] == 255
    assert alpha[40, 10] == 0
    assert alpha[10, 30] == 255  # a strap
    pixels[20:60, 15:45] = 190
    alpha = opacity(pixels, backgrounds(pixels[None])[0])
    assert 0 < alpha[40, 15] < 255


def test_only_people_lose_their_heads():
    alpha = np.zeros((80, 60), dtype=np.uint8)
    alpha[5:18, 25:35] = 255
    alpha[18:, 15:45] = 255
    headless = without_head(alpha)
    assert not headless[:16].any()
    assert np.array_equal(headless[20:], alpha[20:])
    dress = alpha.copy()
    dress[70:] = 0  # does not reach the frame: no person
    assert np.array_equal(without_head(dress), dress)
    shirt = np.zeros_like(alpha)
    shirt[10:, 10:50] = 255
    assert np.array_equal(without_head(shirt), shirt)
