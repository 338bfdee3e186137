import numpy as np

from tests.training.products import product
from training.batches import group_products
from training.data.product import settle, split_of

OURS, THEIRS, NONE = (np.full(16, number, np.uint8) for number in (1, 2, 0))


def test_one_product_in_twenty_is_val_and_always_the_same():
    splits = [split_of(str(number)) for number in range(10_000)]
    assert splits.count("val") == 531
    assert splits.count("train") == 9_469
    assert [number for number in range(100) if splits[number] == "val"] == [29, 72, 90, 99]


def test_twins_point_to_the_first_and_share_its_split():
    ids = next(
        (mine, other)
        for mine in map(str, range(100))
        for other in map(str, range(100))
        if split_of(mine) == "val" and split_of(other) == "train"
    )
    products = [
        product(number, name=f"{number} {place}", split="") for place, number in enumerate([*ids, "x", "y"])
    ]
    digests = np.stack([OURS, OURS, OURS, THEIRS])
    settled = settle(products, np.ones(4, dtype=bool), digests)
    assert [item.twin for item in settled] == ["", ids[0], ids[0], ""]
    assert [item.split for item in settled[:3]] == ["val", "val", "val"]
    groups = group_products(settled)
    assert groups[0] == groups[1] == groups[2]
    assert groups[3] != groups[0]


def test_products_without_a_picture_are_nobodys_twins():
    products = [product(number, split="") for number in ("1", "2", "3")]
    settled = settle(products, np.array([False, False, True]), np.stack([NONE, NONE, OURS]))
    assert [item.twin for item in settled] == ["", "", ""]


def test_where_nothing_is_val_some_of_train_becomes_it_and_test_stays():
    products = [product(str(number), split="train") for number in range(30)]
    products.append(product("x", split="test"))
    digests = np.arange(31 * 16, dtype=np.uint16).view(np.uint8)[: 31 * 16].reshape(31, 16).copy()
    digests[30] = digests[0]
    settled = settle(products, np.ones(31, dtype=bool), digests)
    assert [item.id for item in settled if item.split == "val"] == ["29"]
    assert [item.id for item in settled if item.split == "test"] == ["x"]
    assert [item.id for item in settled if item.held_out] == ["0"]


def test_stated_splits_stand_and_a_picture_that_judges_is_not_learned():
    products = [
        product(number, split=split)
        for number, split in zip("1234", ("train", "val", "train", "test"), strict=True)
    ]
    settled = settle(products, np.ones(4, dtype=bool), np.stack([OURS, OURS, THEIRS, THEIRS]))
    assert [item.split for item in settled] == ["train", "val", "train", "test"]
    assert [item.held_out for item in settled] == [True, False, True, False]
    assert [item.twin for item in settled] == ["", "1", "", "3"]
