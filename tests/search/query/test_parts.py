from decimal import Decimal

import pytest

from search.query.parse import Understood, UnderstoodPart, parts_of
from search.query.prices import Price
from search.query.words import Unit


def test_parts_tell_their_values_and_the_query_without_them():
    navy = Unit("navy", {"colour=Blue": 0.6, "colour=Navy Blue": 0.8})
    women = Unit("women", {"gender=Women": 1.0}, implied=True)
    word = Unit("linen", {}, ("linen",))
    understood = Understood((navy, word, women), Price("under 1500", None, Decimal("1500")))

    assert list(parts_of("Navy linen bra under  1500", understood)) == [
        UnderstoodPart(
            text="navy", facet="colour", values=("Navy Blue", "Blue"), without="linen bra under 1500"
        ),
        UnderstoodPart(
            text="women",
            facet="gender",
            values=("Women",),
            implied=True,
            without="Navy linen bra under  1500",
        ),
        UnderstoodPart(text="under 1500", facet="price", values=("", "1500"), without="Navy linen bra"),
    ]


@pytest.mark.parametrize(
    ("query", "text", "without"),
    [("men's shirt", "men", "shirt"), ("women's men's", "men", "women's"), ("red reddish", "red", "reddish")],
)
def test_whole_words_are_left_out(query, text, without):
    understood = Understood((Unit(text, {"a=b": 1.0}),))
    assert next(parts_of(query, understood)).without == without
