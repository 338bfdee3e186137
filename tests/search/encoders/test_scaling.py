import numpy as np
from PIL import Image

from search.encoders.pictures import ImageSpec, to_pixels

SPEC = ImageSpec(width=6, height=8)


def test_shape_and_type():
    pixels = to_pixels([Image.new("RGB", (60, 80)), Image.new("RGB", (1, 500))], SPEC)
    assert (pixels.shape, pixels.dtype) == ((2, 8, 6, 3), np.uint8)


def test_no_pictures_give_no_rows():
    assert to_pixels([], SPEC).shape == (0, 8, 6, 3)


def test_a_picture_of_the_frames_size_is_left_as_it_is():
    noise = np.random.default_rng(1).integers(0, 255, (8, 6, 3)).astype(np.uint8)
    assert np.array_equal(to_pixels([Image.fromarray(noise)], SPEC)[0], noise)


def test_another_shape_is_centred_on_white_undistorted():
    pixels = to_pixels([Image.new("RGB", (60, 40), (10, 20, 30))], SPEC)[0]
    assert (pixels[:2] == 255).all()
    assert (pixels[2:6] == (10, 20, 30)).all()
    assert (pixels[6:] == 255).all()
