import dataclasses

import numpy as np
import pytest

from tests.training.products import product
from tests.training.report.subjects import subject
from training.report.cases import Answers
from training.report.mistakes import Group, Share, groups


@pytest.fixture
def asked():
    """Twelve names of two types; ten pictures of bags stand before those of all hats but one."""
    names = [f"Bag {number}" for number in range(6)] + [f"Hat {number}" for number in range(6)]
    products = [product(name, name=name, article_type=name[:3] + "s") for name in names]
    products += [product(f"more {number}", name="Bag 0", article_type="Bags") for number in range(10)]
    axes = np.eye(13, dtype=np.float32)
    pictures = np.concatenate([axes[:12], np.tile(axes[12:], (10, 1))])
    texts = {name: axes[row] for row, name in enumerate(names)}
    texts |= {name: (0.1 * axes[row] + 0.99 * axes[12]) for row, name in enumerate(names) if row > 6}
    return subject(products=tuple(products), pictures=pictures, texts=texts)


def test_the_worst_group_stands_first(asked):
    assert groups([Answers(asked)], "article_type") == [
        Group("Hats", 6, (Share(pytest.approx(1 / 6), (("Bags", 5),)),)),
        Group("Bags", 6, (Share(1.0, ()),)),
    ]


def test_small_groups_are_shown_together():
    one, two = Answers(subject()), Answers(dataclasses.replace(subject(), label="other"))
    assert groups([one, two], "article_type") == [
        Group("2 others, each under 5 queries", 3, (Share(1.0, ()), Share(1.0, ())))
    ]
