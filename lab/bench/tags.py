"""Tags on the validation split of the real catalogue: how often the true value is among those suggested from the picture.

Run as `python -m lab.bench.tags DATA`, where DATA holds `products.csv.gz` and the pictures. Shares and norms come from the train split, as a
shop's come from its index; no database is needed.
"""

import argparse
import csv
import gzip
import io
import json
import os
import random
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image

from search.conf import DEFAULT_ARTIFACT

SEED = 1
DRAWN = 5000  # products of the train split that norms are counted over
BATCH = 64
KINDS = {
    "article type": "category",
    "colour": "colour",
    "pattern": "pattern",
    "gender": "gender",
    "usage": "usage",
}
COLUMNS = {"category": "article_type"}  # of the facets that are named otherwise
NOT_STATED = ("", "NA", "Other")
BINS = 10
EDGES = (0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 1.01)  # of the groups of confidence whose words are counted

Row = Mapping[str, str]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m lab.bench.tags", description=__doc__)
    parser.add_argument("data", type=Path, help="folder of products.csv.gz")
    parser.add_argument("--artifact", type=Path, default=DEFAULT_ARTIFACT)
    parser.add_argument(
        "--examples", type=int, default=0, metavar="N", help="also print the words of N products"
    )
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
    for name, value in (
        ("SECRET_KEY", "bench"),
        ("DATABASE_URL", "postgresql:///none"),
        ("REDIS_URL", "redis://none"),
    ):
        os.environ.setdefault(name, value)
    import django

    django.setup()
    from search.encoders.sessions import load_artifact
    from search.tags import confidence as scoring

    rows = read_rows(options.data / "products.csv.gz")
    judged = [row for row in rows if row["split"] == "val"]
    learned = [row for row in rows if row["split"] == "train" and row["held_out_twin"] == "0"]
    drawn = random.Random(SEED).sample(learned, DRAWN)
    encoders = load_artifact(options.artifact, threads=os.cpu_count() or 1)
    pictures = Pictures(options.data)
    tags = vocabulary(learned)
    words = encoders.encode_texts([tag.word for tag in tags])
    drawn_similarities = embed(encoders, pictures, drawn) @ words.T
    scales = scoring.scale(drawn_similarities, stated_by(drawn, tags), tags)
    norms = scoring.log_norms(drawn_similarities)
    similarities = embed(encoders, pictures, judged) @ words.T
    values = sum(tag.is_value for tag in tags)
    print(
        f"{len(judged)} products of val, {len(tags)} words, {values} of them values, artifact {encoders.manifest.name}"
    )
    sure = scoring.confidences(similarities, scales, tags)
    stated = stated_by(judged, tags)
    report_values(judged, tags, similarities, norms, sure)
    report_words(tags, sure, stated)
    report_reliability(tags, sure, stated)
    for reason, count in Counter(filter(None, scales.untold)).items():
        print(f"{count} words without a confidence: {reason}")
    for place in random.Random(SEED).sample(range(len(judged)), options.examples):
        print_example(judged[place], tags, sure[place])


def read_rows(path: Path) -> list[dict[str, str]]:
    """Return the products, each with its pattern, or "" where none is stated."""
    with gzip.open(path, "rt", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        attributes = json.loads(row["attributes"] or "{}")
        pattern = attributes.get("Pattern") or attributes.get("Print or Pattern Type") or ""
        row["pattern"] = "" if pattern in NOT_STATED else pattern
    return rows


class Pictures:
    """The pictures of the catalogue, the large one of a product where there is one."""

    def __init__(self, folder: Path) -> None:
        self._archives = [zipfile.ZipFile(folder / f"images_{size}.zip") for size in ("large", "small")]
        self._places = {
            Path(name).stem: (archive, name)
            for archive in self._archives[::-1]
            for name in archive.namelist()
        }

    def __getitem__(self, sku: str) -> Image.Image:
        archive, name = self._places[sku]
        return Image.open(io.BytesIO(archive.read(name))).convert("RGB")


def embed(encoders, pictures: Pictures, rows: Sequence[Row]) -> np.ndarray:
    """Return (n, dimension) embeddings of the products' pictures."""
    batches = (rows[start : start + BATCH] for start in range(0, len(rows), BATCH))
    return np.concatenate(
        [encoders.encode_images([pictures[row["id"]] for row in batch]) for batch in batches]
    )


def vocabulary(rows: Sequence[Row]) -> list:
    """Return the vocabulary of a shop that sells these products."""
    from search.facets import CATEGORY, token_of
    from search.query.lexicon import Lexicon
    from search.query.synonyms import Synonyms
    from search.tags.vocabulary import WordChanges, build_vocabulary, general_words

    facets: Counter[str] = Counter()
    paths = set()
    for row in rows:
        path = (row["category"], row["subcategory"], row["article_type"])
        paths.add(path)
        values = {token_of(CATEGORY, value) for value in path}
        values |= {
            token_of(kind, row[kind]) for kind in ("colour", "gender", "pattern", "usage") if row[kind]
        }
        facets.update(values)
    lexicon = Lexicon(facets, None, len(rows), Synonyms(), paths=sorted(paths))
    return build_vocabulary(lexicon, general_words(), WordChanges())


def stated_by(rows: Sequence[Row], tags: Sequence) -> np.ndarray:
    """Return (products, words) whether a product has each value, or its texts hold each word or phrase, in any inflection."""
    texts = [f" {' '.join(_stems(_text_of(row)))} " for row in rows]
    stated = np.zeros((len(rows), len(tags)), dtype=bool)
    for place, tag in enumerate(tags):
        if tag.is_value:
            column = COLUMNS.get(tag.kind, tag.kind)
            stated[:, place] = [row[column] == tag.word for row in rows]
        else:
            phrase = f" {' '.join(_stems(tag.word))} "
            stated[:, place] = [phrase in text for text in texts]
    return stated


def _text_of(row: Row) -> str:
    attributes = json.loads(row["attributes"] or "{}").values()
    stated = [
        row[name] for name in ("name", "brand", "article_type", "colour", "gender", "usage", "description")
    ]
    return " ".join([*stated, *(value for value in attributes if isinstance(value, str))])


def _stems(text: str) -> list[str]:
    from search.text import split, stem

    return [stem(word.text, "english") for word in split(text)]


def report_words(tags: Sequence, sure: np.ndarray, stated: np.ndarray) -> None:
    """Print, for words that are no values, how often a suggested one stands in the product's texts."""
    from search.conf import SearchSettings

    least = SearchSettings().tag_confidence
    print(
        f"\n{'words of':14}{'words':>9}{'used':>8}{'suggested':>11}{'per product':>13}{'mean confidence':>17}{'in the texts':>14}{'recall@5':>10}"
    )
    kinds = sorted({tag.kind for tag in tags if not tag.is_value})
    for kind in [*kinds, "all"]:
        places = [at for at, tag in enumerate(tags) if not tag.is_value and kind in (tag.kind, "all")]
        mine, truth = sure[:, places], stated[:, places]
        suggested = mine >= least
        count = int(suggested.sum())
        top = np.argsort(-mine, axis=1)[:, :5]
        found = np.take_along_axis(truth, top, axis=1).sum()
        words = (
            f"{kind:14}{len(places):9}{int(suggested.any(axis=0).sum()):8}{count:11}{count / len(sure):13.2f}"
        )
        print(
            f"{words}{mine[suggested].mean() if count else 0:17.3f}{truth[suggested].mean() if count else 0:14.3f}{found / max(truth.sum(), 1):10.3f}"
        )


def report_values(
    rows: Sequence[Row], tags: Sequence, similarities: np.ndarray, norms: np.ndarray, sure: np.ndarray
) -> None:
    """Print recall by kind for several ways to order the words."""
    from search.tags.confidence import TEMPERATURE

    shares = np.log([max(tag.share, 1e-9) for tag in tags])
    orders: dict[str, np.ndarray] = {
        "similarity alone": similarities,
        "less the word's mean": similarities - TEMPERATURE * norms,
        "and how common it is": similarities + TEMPERATURE * shares,
        "confidence (all three)": sure,
    }
    print(
        f"{'kind':14}{'products':>9}{'values':>8}  {'ordered by':24}{'recall@1':>9}{'recall@3':>9}{'recall@5':>9}"
    )
    for name, kind in KINDS.items():
        places = [place for place, tag in enumerate(tags) if tag.is_value and tag.kind == kind]
        known = {tags[place].word: at for at, place in enumerate(places)}
        column = name.replace(" ", "_")
        truth = {at: known[row[column]] for at, row in enumerate(rows) if row[column] in known}
        stated = sum(bool(row[column]) for row in rows)
        if not truth:
            continue
        for ordered_by, order in orders.items():
            of_kind = order[np.ix_(list(truth), places)]
            ranks = (
                np.argsort(-of_kind, axis=1, kind="stable") == np.array(list(truth.values()))[:, None]
            ).argmax(axis=1)
            # A value that the train split lacks cannot be suggested, and counts as not found.
            recalls = "".join(f"{(ranks < k).sum() / stated:9.3f}" for k in (1, 3, 5))
            print(f"{name:14}{stated:9}{len(places):8}  {ordered_by:24}{recalls}")
        print(
            f"{'':31}  {'calibration error of the surest':33}{calibration(orders['confidence (all three)'], truth, places):.3f}"
        )


def calibration(sure: np.ndarray, truth: Mapping[int, int], places: Sequence[int]) -> float:
    """The mean distance between how sure the surest word is and how often it is right, in ten groups."""
    of_kind = sure[np.ix_(list(truth), places)]
    confidence, right = of_kind.max(axis=1), of_kind.argmax(axis=1) == np.array(list(truth.values()))
    group = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return float(
        sum(
            abs(confidence[group == one].mean() - right[group == one].mean()) * (group == one).mean()
            for one in range(BINS)
            if (group == one).any()
        )
    )


def report_reliability(tags: Sequence, sure: np.ndarray, stated: np.ndarray) -> None:
    """Print how often words are right, by how sure they are: values by the products that state one, words by the texts."""
    kinds = sorted({tag.kind for tag in tags if tag.is_value})
    print(f"\n{'confidence':14}" + "".join(f"{kind:>18}" for kind in (*kinds, "words")))
    for low, high in pairwise(EDGES):
        cells = []
        for kind in (*kinds, None):
            places = [at for at, tag in enumerate(tags) if (tag.kind if tag.is_value else None) == kind]
            truth = stated[:, places]
            judged = truth.any(axis=1) | (kind is None)
            inside = (sure[:, places] >= low) & (sure[:, places] < high) & judged[:, None]
            right = f"{truth[inside].mean():.3f}" if inside.any() else ""
            cells.append(f"{int(inside.sum()):11}{right:>7}")
        print(f"{low:.2f} to {min(high, 1):.2f}  " + "".join(cells))


def print_example(row: Row, tags: Sequence, sure: np.ndarray) -> None:
    """Print the surest words of a product."""
    best = np.argsort(-sure)[:16]
    shown: Callable[[int], str] = lambda place: f"{tags[place].kind}:{tags[place].word} {sure[place]:.2f}"  # noqa: E731
    print(f"{row['id']} {row['name']}: {', '.join(map(shown, best))}")


if __name__ == "__main__":
    main()
