from array import array
from collections import Counter

import numpy as np
import pytest

from search.query import collecting
from search.query.collecting import ManyCounts, NameCollector, Runs


def test_runs_are_merged_with_their_numbers_in_the_order_in_which_they_came():
    runs = Runs()
    runs.write({"red": array("I", [0, 2]), "blue": array("I", [1])})
    runs.write({})
    runs.write({"red": array("I", [3]), "caf\u00e9": array("I", [4]), "": array("I", [5])})
    for _ in range(2):  # they can be read again
        found = [(text.decode(), numbers.tolist()) for text, numbers in runs]
        assert found == [("", [5]), ("blue", [1]), ("caf\u00e9", [4]), ("red", [0, 2, 3])]


def test_texts_longer_than_what_is_read_at_a_time(monkeypatch):
    monkeypatch.setattr(collecting, "PIECE", 8)
    runs = Runs()
    runs.write({"a" * 30: array("I", [1]), "b" * 7: array("I", [2]), "c" * 8: array("I", [3])})
    assert [(len(text), *numbers) for text, numbers in runs] == [(30, 1), (7, 2), (8, 3)]


@pytest.mark.parametrize("most", [3, 1000])
def test_many_counts_are_those_of_a_counter(most):
    texts = [f"w{number}" for number in np.random.default_rng(3).zipf(1.5, 3000) % 200]
    counts, expected = ManyCounts(most), Counter(texts)
    for start in range(0, 3000, 5):
        for text in texts[start : start + 5]:
            counts.update([text])
    found = counts.most_common(20, least=2)
    ranked = sorted(expected.items(), key=lambda item: (-item[1], item[0]))[:20]
    assert found == sorted(text for text, count in ranked if count >= 2)


@pytest.mark.parametrize(
    ("number", "least", "found"), [(1, 1, ["b"]), (2, 1, ["a", "b"]), (9, 2, ["b"]), (9, 1, list("abc"))]
)
def test_of_equally_common_texts_the_first_ones_are_taken(number, least, found):
    counts = ManyCounts()
    counts.update(["c", "b", "a"])
    counts.update(["b"])
    assert counts.most_common(number, least) == found


def collected(names: list[str]):
    collector = NameCollector()
    for number, name in enumerate(names):
        collector.add(
            f"k{number}", name=name, brand="Acme", facets=[("colour", name.split()[0])], sku=f"S-{number:04}"
        )
    return b"".join(collector.names().pack())


def test_in_how_many_runs_products_were_collected_changes_nothing(monkeypatch):
    names = [
        f"{colour} {kind} {number % 7}"
        for number in range(50)
        for colour in ("Red", "Navy")
        for kind in ("hat", "cap")
    ]
    at_once = collected(names)
    monkeypatch.setattr(collecting, "RUN", 7)
    assert collected(names) == at_once


def test_a_product_takes_sixty_bytes_of_a_process_at_most():
    random, number = np.random.default_rng(7), 5000
    kinds, colours, lines = ("Shirt", "Dress", "Sandals", "Jacket"), ("Red", "Navy", "Green"), 500
    collector = NameCollector()
    for row in range(number):
        colour, kind = colours[row % 3], kinds[random.integers(4)]
        sizes = [("size", size) for size in "SMLX" if random.random() < 0.7]
        facets = [
            ("category", "Apparel"),
            ("category", kind),
            ("colour", colour),
            ("gender", "Women"),
            *sizes,
        ]
        name = f"Acme Women {colour} Solid {kind} Line{random.zipf(1.3) % lines}"
        collector.add(str(1_000_000 + row), name=name, brand="Acme", facets=facets, sku=f"SKU-{row:06}")
    packed = sum(map(len, collector.names().pack()))
    assert packed < 60 * number
