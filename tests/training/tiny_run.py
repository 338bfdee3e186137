"""A run of a tiny joint model, as `training.trainer` makes it; started by the tests of backends and of distribution.

python -m tests.training.tiny_run CATALOGUE OUT [--distribute] [--coordinator HOST:PORT --processes N --process I]
writes the trained weights to OUT/weights.npz.
"""

import argparse
from pathlib import Path

import keras
import numpy as np

from search.encoders.pictures import ImageSpec
from training.batches import Batches
from training.config import Config, Stage, TextMix, TextSection
from training.data import read_catalogue
from training.distribution import any_process, check_alike, distribute, first_writes, own_rows
from training.embeddings import Pictures, encode_pictures
from training.models import JointModel, text_encoder
from training.tokens import train_tokenizer
from training.trainer import compile_stage

STAGE = Stage(
    loss="triplet",
    epochs=2,
    height=8,
    width=6,
    learning_rate=1e-2,
    warmup=2,
    miner="semi-hard",
    both_directions=True,
    contrastive_weight=0.5,
)
CONFIG = Config(
    name="tiny",
    stages=(STAGE,),
    texts=TextMix(attributes=1.0),
    text=TextSection(encoder="words", width=12, dropout=0.2),
    dimension=8,
    batch_size=6,
    precision="float32",
)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("catalogue", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--distribute", action="store_true")
    parser.add_argument("--coordinator")
    parser.add_argument("--processes", type=int)
    parser.add_argument("--process", type=int)
    options = parser.parse_args()
    if options.distribute:
        distribute(options.coordinator, options.processes, options.process)
    with first_writes(options.out) as folder:
        folder.mkdir(exist_ok=True)
        check_alike([options.catalogue / "products.csv.gz"])
        weights = train(options.catalogue, folder / "cache")
        assert any_process(options.process == 1) == ((options.processes or 1) > 1)
        np.savez(folder / "weights.npz", *weights)


def train(catalogue: Path, cache: Path) -> list[np.ndarray]:
    learned = read_catalogue([catalogue], split="train", spec=ImageSpec(6, 8), cache=cache, progress=False)
    tokenizer = train_tokenizer([item.name for item in learned.products], vocabulary=60)
    pictures = Pictures("pixels", learned.pixels)
    batches = Batches(learned.products, pictures, tokenizer, CONFIG, STAGE)
    keras.utils.set_random_seed(CONFIG.seed)
    model = JointModel(images(), text_encoder(CONFIG, tokenizer.get_vocab_size()))
    model({"pixels": keras.ops.zeros((1, 8, 6, 3), "uint8"), "tokens": keras.ops.ones((1, 4), "int32")})
    compile_stage(model, CONFIG, STAGE, steps=batches.per_epoch * STAGE.epochs)
    rows = own_rows(batches, CONFIG.batch_size)
    for epoch in range(STAGE.epochs):
        batches.begin(epoch)
        model.fit(rows, initial_epoch=epoch, epochs=epoch + 1, shuffle=False, verbose=0)
        assert np.isfinite(encode_pictures(model, pictures)).all()
    return [np.asarray(keras.ops.convert_to_numpy(weight)) for weight in model.weights]


def images() -> keras.Model:
    pixels = keras.Input((8, 6, 3), dtype="uint8", name="pixels")
    values = keras.layers.Conv2D(4, 3, use_bias=False)(keras.layers.Rescaling(1 / 255)(pixels))
    values = keras.layers.BatchNormalization()(keras.layers.GlobalAveragePooling2D()(values))
    values = keras.layers.Dense(CONFIG.dimension)(keras.layers.Dropout(0.2)(values))
    return keras.Model(pixels, keras.layers.UnitNormalization()(values), name="image_encoder")


if __name__ == "__main__":
    main()
