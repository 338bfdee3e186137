import os

import numpy as np
import pytest

from search.encoders.pictures import ImageSpec
from tests.training.data.pictures import BLUE, GREEN, RED, SPEC, jpeg, write
from training.data import pixels, read_catalogue


@pytest.fixture
def folder(tmp_path):
    for number, colour in enumerate((RED, GREEN), start=1):
        write(tmp_path / "types" / "boots" / f"{number}.jpg", jpeg(colour))
    return tmp_path / "types"


@pytest.fixture
def opened(monkeypatch):
    """One entry for each picture that is decoded."""
    decode, opened = pixels.open_picture, []

    def counting(file, **options):
        opened.append(file.name)
        return decode(file, **options)

    monkeypatch.setattr(pixels, "open_picture", counting)
    return opened


def read(folder, spec=SPEC):
    cache = folder.parent / "cache"
    return read_catalogue([folder], split=None, spec=spec, cache=cache, progress=False)


def test_a_second_call_decodes_nothing_and_gives_the_same(folder, opened):
    first = read(folder)
    assert len(opened) == 2
    second = read(folder)
    assert len(opened) == 2
    assert second.products == first.products
    assert np.array_equal(second.pixels, first.pixels)


def test_twins_are_known_to_a_second_call(folder):
    write(folder / "boots" / "3.jpg", jpeg(RED))
    assert [product.twin for product in read(folder).products] == ["", "", "boots/1.jpg"]
    assert [product.twin for product in read(folder).products] == ["", "", "boots/1.jpg"]


def test_another_size_is_decoded_anew(folder, opened):
    assert read(folder).pixels.shape == (2, 8, 6, 3)
    assert read(folder, ImageSpec(width=12, height=16)).pixels.shape == (2, 16, 12, 3)
    assert len(opened) == 4


def test_changed_pictures_are_decoded_anew(folder, opened):
    read(folder)
    picture = folder / "boots" / "1.jpg"
    written = picture.stat()
    blue = jpeg(BLUE)
    write(picture, blue + bytes(max(0, written.st_size - len(blue))))
    os.utime(picture, ns=(written.st_atime_ns, written.st_mtime_ns + 1_000_000))
    changed = read(folder)
    assert len(opened) == 4
    assert np.abs(changed.pixels[0].mean(axis=(0, 1)) - BLUE).max() < 4


def test_added_and_missing_pictures_are_decoded_anew(folder, opened):
    read(folder)
    write(folder / "boots" / "0.jpg", jpeg(BLUE))
    assert len(read(folder).products) == 3
    (folder / "boots" / "2.jpg").unlink()
    assert [product.id for product in read(folder).products] == ["boots/0.jpg", "boots/1.jpg"]
    assert len(opened) == 2 + 3 + 2


def test_a_decoding_that_was_interrupted_begins_again(folder, opened, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(pixels, "to_pixels", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            read(folder)
    assert len(read(folder).products) == 2
    assert len(opened) == 1 + 2


def _interrupt(*args):
    raise KeyboardInterrupt
