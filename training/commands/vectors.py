"""`vectors`: learn word vectors from the names and descriptions of a catalogue's train split."""

import argparse
from pathlib import Path


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the sub-command and its arguments."""
    command = commands.add_parser("vectors", help="learn word vectors from a catalogue's texts")
    command.add_argument("--data", type=Path, required=True, help="catalogue folder")
    command.add_argument("--out", type=Path, required=True, help="file to write, .txt or .txt.gz")
    command.add_argument("--dimension", type=int, default=300, help="values per vector")
    command.add_argument("--epochs", type=int, default=10, help="how often every text is read")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Learn and write the vectors, and print how many there are."""
    from ..data import read_products
    from ..texts import every_text
    from ..vectors import write_vectors
    from ..vectors.learned import learn_vectors

    learned = [item for item in read_products(options.data) if item.split == "train" and not item.held_out]
    texts = [text for item in learned for text in every_text(item) if text]
    vectors = learn_vectors(texts, dimension=options.dimension, epochs=options.epochs)
    write_vectors(vectors, options.out)
    print(f"{options.out}: {len(vectors.words)} words of {vectors.dimension} values")
    return 0
