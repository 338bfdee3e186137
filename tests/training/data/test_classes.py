import pytest

from tests.training.data.pictures import BLUE, GREEN, RED, by_id, jpeg, read, write
from training.batches import group_products
from training.data import Product


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "imagenette"
    write(folder / "train" / "n01440764" / "1.JPEG", jpeg(RED))
    write(folder / "train" / "n01440764" / "2.JPEG", jpeg(GREEN))
    write(folder / "train" / "n01440764" / "3.JPEG", b"\xff\xd8 cut off")
    write(folder / "train" / "gas_pump-old" / "1.JPEG", jpeg(BLUE))
    write(folder / "train" / "gas_pump-old" / "notes.txt", b"no picture, and not meant as one")
    write(folder / "val" / "n01440764" / "1.JPEG", jpeg((9, 9, 9)))
    write(folder / "classes.txt", b"n01440764,tench\nno comma\n\n")
    return folder


def test_the_class_in_words_is_name_and_article_type(folder):
    assert by_id(folder, "train") == {
        f"train/{path}": Product(
            catalogue="imagenette", id=f"train/{path}", name=name, article_type=name, split="train"
        )
        for path, name in {
            "n01440764/1.JPEG": "tench",
            "n01440764/2.JPEG": "tench",
            "gas_pump-old/1.JPEG": "gas pump old",
        }.items()
    }
    assert [product.name for product in read(folder, "val").products] == ["tench"]


def test_pictures_of_one_class_are_never_negatives(folder):
    pump, tench, other_tench = group_products(read(folder, "train").products)
    assert tench == other_tench
    assert pump != tench


def test_what_cannot_be_used_is_named_and_counted(folder, capsys):
    (folder / "val" / "n01440764" / "2.JPEG").symlink_to(folder / "gone.JPEG")
    read(folder)
    assert capsys.readouterr().err.splitlines() == [
        f"{folder}/classes.txt, line 2: The line is not of the form FOLDER,WORDS.",
        f"{folder}/train/n01440764/3.JPEG: The file is not a JPEG, PNG, WebP, GIF, AVIF or HEIC picture.",
        f"{folder}/val/n01440764/2.JPEG: there is no picture",
        "imagenette: 4 products, 1 line skipped, 1 picture unreadable, 1 picture missing",
    ]


def test_a_picture_in_train_and_val_is_not_learned(folder):
    write(folder / "train" / "gas_pump-old" / "2.JPEG", jpeg((9, 9, 9)))
    assert "train/gas_pump-old/2.JPEG" not in by_id(folder, "train")
    every = by_id(folder, held_out=True)
    assert every["train/gas_pump-old/2.JPEG"].held_out
    assert every["val/n01440764/1.JPEG"].twin == "train/gas_pump-old/2.JPEG"


@pytest.mark.parametrize("below", ["", "train"])
def test_without_both_levels_splits_come_from_ids(tmp_path, below):
    folder = tmp_path / "types"
    for number in range(100):
        write(folder / below / "boots" / f"{number}.png", jpeg((number, 2 * number, 0)))
    splits = {split: set(by_id(folder, split)) for split in ("train", "val", None)}
    assert 1 <= len(splits["val"]) <= 12
    assert splits["train"] | splits["val"] == splits[None]
    assert len(splits["train"]) + len(splits["val"]) == len(splits[None]) == 100
