from dataclasses import dataclass

import pytest

from search.engine.arrange import spread_tiers, spread_variants


@dataclass(frozen=True)
class Thing:
    name: str

    @property
    def style(self):
        return self.name[0].strip("-")


def spread(names, **options):
    return " ".join(
        thing.name for thing in spread_variants([Thing(name) for name in names.split()], **options)
    )


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("a1 a2 a3 a4 b1 c1 d1", "a1 a2 b1 c1 a3 a4 d1"),
        ("a1 a2 a3 a4 a5 a6 b1", "a1 a2 b1 a3 a4 a5 a6"),  # nothing else could fill the page
        ("a1 b1 c1 d1 a2 a3", "a1 b1 c1 d1 a2 a3"),
        ("-1 -2 -3 -4 -5", "-1 -2 -3 -4 -5"),  # no style
        ("", ""),
    ],
)
def test_too_many_variants_move_to_the_next_page(names, expected):
    assert spread(names, most=2, page=4) == expected


def test_any_number_may_stand_together():
    assert spread("a1 a2 a3 b1", most=0, page=2) == "a1 a2 a3 b1"


def test_a_later_tier_stays_behind():
    tiers = [[Thing("a1"), Thing("a2"), Thing("a3")], [Thing("b1")]]
    assert [thing.name for thing in spread_tiers(tiers, most=1, page=2)] == ["a1", "a2", "a3", "b1"]
