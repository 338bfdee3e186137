"""More like this, less like that."""

import numpy as np
import pytest

from search.engine import search, take_photo
from search.engine.photos import Look, aim_at
from search.exceptions import InvalidQuery
from tests.search.indexed import add, unit
from tests.search.searching.test_photos import embedding, photo, skus


@pytest.fixture
def shelf(version):
    """Products along a quarter of a circle from the first direction to the second, and one far from both."""
    for number in range(5):
        angle = number * np.pi / 8
        pictures = [unit(np.cos(angle), np.sin(angle))]
        add(version, f"P{number}", "Linen dress" if number % 2 else "Cotton dress", pictures=pictures)
    add(version, "far", "Linen shirt", pictures=[unit(0, 0, 1)])
    add(version, "bare", "Linen without a picture")
    return version


def aim(version, **look):
    return aim_at(Look(**look), version, None)


def test_more_like_a_product_finds_what_looks_like_it(shelf):
    answer = search(more=["p0"])
    assert skus(answer) == ["P0", "P1", "P2", "P3", "P4", "far"]
    assert (answer.more, answer.less, answer.photo) == (("p0",), (), "")
    assert skus(search(more=["P0", "P4"]))[0] == "P2"


def test_words_come_first_within_the_look(shelf):
    assert skus(search("linen", more=["P0"], spelling=False))[:3] == ["P1", "P3", "far"]


def test_less_like_a_product_leaves_it_out_and_turns_away_from_it(shelf):
    assert skus(search(more=["P2"]))[1:3] == ["P1", "P3"]
    assert skus(search(more=["P2"], less=["P4"]))[:4] == ["P1", "P2", "P0", "P3"]
    answer = search("dress", less=["P0"], spelling=False)
    assert sorted(skus(answer)[: answer.matching]) == ["P1", "P2", "P3", "P4"]
    assert "P0" not in skus(answer)


def test_a_photo_is_bent_by_both(version):
    for colour in ("red", "blue", "green"):
        add(version, colour, f"Linen {colour}", pictures=[embedding(version, colour)])
    token = take_photo(*photo("red"))
    assert skus(search(photo=token))[0] == "red"
    assert skus(search(photo=token, less=["red"]))[0] != "red"
    assert "red" not in skus(search(photo=token, less=["red"]))
    straight, bent = (aim(version, photo=token, more=more).embedding for more in ((), ("blue",)))
    assert straight != bent


def test_what_is_not_in_the_index_says_nothing(shelf):
    assert aim(shelf, more=("nowhere", "bare")).embedding is None
    assert search(more=["nowhere"]).total == 0
    assert aim(shelf, more=("P0",), less=("P0", "nowhere")).embedding == aim(shelf, more=("P0",)).embedding


def test_later_pages_belong_to_the_same_look(shelf):
    first = search(more=["P0"], page_size=2)
    second = search(more=["P0"], page_size=2, page=2, token=first.token)
    assert (skus(first), skus(second), second.restarted) == (["P0", "P1"], ["P2", "P3"], False)
    assert search(more=["P1"], page_size=2, page=2, token=first.token).restarted


@pytest.mark.parametrize(
    "given", [{"more": ["a"] * 11}, {"less": [""]}, {"more": ["a\x00"]}, {"less": ["a" * 201]}]
)
def test_what_cannot_be_a_product_is_refused(shelf, given):
    with pytest.raises(InvalidQuery, match=r"more|less"):
        search("dress", **given)
