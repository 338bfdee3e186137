import numpy as np
import pytest

from tests.training.data.pictures import BLUE, GREEN, RED, by_id, jpeg, read, write
from training.batches import Batches
from training.config import Config, Stage, TextMix
from training.data import Product
from training.embeddings import Pictures
from training.tokens import tokenize, train_tokenizer

SHIRT, BOOTS, DRESS, HAT, BROKEN, GONE, UNLISTED = (
    f"10002682{number}_693b08cb0e.jpg" for number in range(1, 8)
)
NUMBERS = ("one", "two", "three", "four", "five")
CONFIG = Config(
    name="captions",
    stages=(Stage(loss="contrastive", epochs=1, height=8, width=6, learning_rate=1e-3),),
    texts=TextMix(caption=1.0),
    batch_size=2,
    cut_rate=0.0,
)


def captions(picture: str, what: str) -> list[str]:
    return [f"{picture}#{number}\tA {what} called {word} ." for number, word in enumerate(NUMBERS)]


@pytest.fixture
def folder(tmp_path):
    lines = [
        *captions(SHIRT, "red shirt"),
        *captions(BOOTS, "pair of boots"),
        *reversed(captions(DRESS, "blue dress")),
        *captions(HAT, "hat"),
        *captions(BROKEN, "torn page"),
        *captions(GONE, "ghost"),
        *captions(UNLISTED, "stranger"),
    ]
    lines[7] = f"{BOOTS}#2 A line without a tab ."
    folder = tmp_path / "flickr8k"
    write(folder / "Flickr8k.token.txt", "\n".join([*lines, f"{HAT}#4\tAgain .", ""]).encode())
    write(folder / "Flickr_8k.trainImages.txt", f"{SHIRT}\n{BOOTS}\n{BROKEN}\n{GONE}\n9_9.jpg\n".encode())
    write(folder / "Flickr_8k.devImages.txt", f"{DRESS}\n".encode())
    write(folder / "Flickr_8k.testImages.txt", f"{HAT}\n".encode())
    for picture, colour in {SHIRT: RED, BOOTS: GREEN, DRESS: BLUE, HAT: (9, 9, 9), UNLISTED: RED}.items():
        write(folder / "Flicker8k_Dataset" / picture, jpeg(colour))
    write(folder / "Flicker8k_Dataset" / BROKEN, jpeg(RED)[:200])
    return folder


def test_five_captions_belong_to_one_product(folder):
    assert by_id(folder, "val") == {
        DRESS: Product(
            catalogue="flickr8k",
            id=DRESS,
            name="A blue dress called one .",
            captions=tuple(f"A blue dress called {word} ." for word in NUMBERS),
            split="val",
        )
    }


def test_a_corrupt_caption_leaves_the_others(folder):
    assert by_id(folder, "train")[BOOTS].captions == (
        "A pair of boots called one .",
        "A pair of boots called two .",
        "A pair of boots called four .",
        "A pair of boots called five .",
    )


def test_the_test_split_is_read_by_its_name_only(folder):
    assert {split: sorted(by_id(folder, split)) for split in ("train", "val", "test", None)} == {
        "train": [SHIRT, BOOTS],
        "val": [DRESS],
        "test": [HAT],
        None: [SHIRT, BOOTS, DRESS],
    }


@pytest.mark.parametrize("other", [DRESS, HAT])
def test_a_train_picture_of_another_split_is_held_out(folder, other):
    write(folder / "Flicker8k_Dataset" / SHIRT, (folder / "Flicker8k_Dataset" / other).read_bytes())
    assert sorted(by_id(folder, "train")) == [BOOTS]
    assert by_id(folder, "train", held_out=True)[SHIRT].held_out


def test_what_cannot_be_used_is_named_and_counted(folder, capsys):
    read(folder)
    assert capsys.readouterr().err.splitlines() == [
        f"{folder}/Flickr8k.token.txt, line 8: The line is not of the form PICTURE#NUMBER, tab, caption.",
        f"{folder}/Flickr8k.token.txt, line 36: Caption 4 of {HAT} occurs twice.",
        f"{folder}/Flickr_8k.trainImages.txt, line 5: There is no caption of 9_9.jpg.",
        f"{folder}/Flicker8k_Dataset/{BROKEN}: The picture is damaged: Truncated File Read.",
        f"{folder}/Flicker8k_Dataset/{GONE}: there is no picture",
        "flickr8k: 4 products, 3 lines skipped, 1 picture in no split list, 1 picture unreadable, "
        "1 picture missing",
    ]


def test_without_lists_splits_come_from_ids(folder):
    for path in folder.glob("Flickr_8k.*"):
        path.unlink()
    (folder / "Flicker8k_Dataset").rename(folder / "Images")
    products = by_id(folder)
    assert sorted(products) == [SHIRT, BOOTS, DRESS, HAT, UNLISTED]
    assert products[UNLISTED].twin == SHIRT
    assert products[UNLISTED].split == products[SHIRT].split


def test_batches_draw_captions(folder):
    catalogue = read(folder, "train")
    tokenizer = train_tokenizer(
        (text for product in catalogue.products for text in product.captions), vocabulary=200
    )
    pixels = Pictures("pixels", catalogue.pixels)
    batches = Batches(catalogue.products, pixels, tokenizer, CONFIG, CONFIG.stages[0])
    seen: list[set[bytes]] = [set(), set()]
    for epoch in range(60):
        batches.begin(epoch)
        for row in range(2):
            seen[row].add(batches.tokens[row].tobytes())
    for drawn, product in zip(seen, catalogue.products, strict=True):
        written = tokenize(tokenizer, product.captions, batches.tokens.shape[1])
        assert drawn == {row.tobytes() for row in written}
    (inputs, labels) = batches[0]
    assert inputs["pixels"].shape == (2, 8, 6, 3)
    assert np.array_equal(labels["true"], np.eye(2, dtype=bool))
