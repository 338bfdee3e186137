"""What is drawn is what the attributes say."""

from dataclasses import replace

import numpy as np
import pytest

from sample_catalogue.catalogue import Product, product, scene_of
from sample_catalogue.design import Design
from sample_catalogue.palette import nearest
from sample_catalogue.scene import Scene
from sample_catalogue.vocabulary import KINDS, combinations
from sample_catalogue.wording import attributes


def first(kind: str, pattern: str = "solid") -> Product:
    return next(
        item
        for item in map(product, range(5000))
        if item.design.kind == kind and item.design.pattern == pattern
    )


def draw(item: Product, **changes: str) -> Scene:
    return scene_of(replace(item, design=replace(item.design, **changes)))[0]


def main_colour(scene: Scene) -> np.ndarray:
    where = scene.main > 0.9
    return scene.layer[where].mean(0)


@pytest.mark.long
@pytest.mark.parametrize("kind", list(KINDS))
def test_a_solid_product_has_the_colour_it_is_named_after(kind: str) -> None:
    item = first(kind)
    found = {colour: nearest(main_colour(draw(item, colour=colour))) for colour in KINDS[kind].colours}
    assert found == {colour: colour for colour in KINDS[kind].colours}


def silhouette(kind: str) -> np.ndarray:
    scene, _ = scene_of(first(kind))
    rows, columns = np.flatnonzero(scene.alpha.max(1) > 0.5), np.flatnonzero(scene.alpha.max(0) > 0.5)
    filled = scene.alpha[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] > 0.5
    y = np.linspace(0, filled.shape[0] - 1, 48).astype(int)
    x = np.linspace(0, filled.shape[1] - 1, 36).astype(int)
    return filled[np.ix_(y, x)]


#: These differ by collar and buttons, not by outline.
ALIKE = ({"tshirt", "polo", "top"}, {"shirt", "sweater", "jacket"}, {"kurta", "dress"}, {"shorts", "skirt"})


def test_every_kind_has_its_own_silhouette() -> None:
    shapes = {kind: silhouette(kind) for kind in KINDS}
    for one, a in shapes.items():
        for other, b in shapes.items():
            if one < other and not any({one, other} <= alike for alike in ALIKE):
                overlap = (a & b).sum() / (a | b).sum()
                assert overlap < 0.93, f"{one} and {other} overlap by {overlap:.2f}"


def test_a_pattern_changes_the_cloth() -> None:
    item = first("tshirt")
    spread = {}
    for pattern, detail in (
        ("solid", ""),
        ("striped", "Horizontal Stripes"),
        ("dots", ""),
        ("checked", "Tartan Checks"),
        ("floral", ""),
    ):
        scene = draw(item, colour="Red", accent="White", pattern=pattern, detail=detail, material="cotton")
        spread[pattern] = scene.layer[scene.main > 0.9].std(0).mean()
    assert min(v for k, v in spread.items() if k != "solid") > 2 * spread["solid"]


@pytest.mark.parametrize("length", ["Mini", "Maxi"])
def test_length_is_drawn(length: str) -> None:
    scene = draw(first("dress"), length=length)
    bottom = np.flatnonzero(scene.alpha.max(1) > 0.5)[-1]
    assert (bottom > 600) == (length == "Maxi")


def test_sleeves_are_drawn() -> None:
    item = first("tshirt")
    covered = [
        draw(item, sleeve=sleeve).alpha.sum() for sleeve in ("sleeveless", "short", "three-quarter", "long")
    ]
    assert covered == sorted(covered)
    assert covered[0] < 0.95 * covered[1] < 0.9 * covered[3]


def test_the_product_lies_within_the_picture() -> None:
    for kind in KINDS:
        alpha = scene_of(first(kind))[0].alpha
        assert alpha[:, [0, -1]].max() < 0.5, kind
        assert alpha[[0, -1]].max() < 0.5, kind


def test_attributes_say_what_is_drawn() -> None:
    design = Design(
        kind="shirt",
        gender="Men",
        colour="Red",
        accent="White",
        pattern="checked",
        detail="Gingham Checks",
        sleeve="long",
        neck="Shirt Collar",
        fabric="Cotton",
        fit="Slim Fit",
    )
    assert attributes(design) == {
        "Pattern": "Checked",
        "Print or Pattern Type": "Gingham Checks",
        "Sleeve Length": "Long Sleeves",
        "Collar": "Spread Collar",
        "Fit": "Slim Fit",
        "Fabric": "Cotton",
        "Dominant Second Colour": "White",
    }


def test_common_combinations_occur_several_times_in_a_few_thousand() -> None:
    found: dict[tuple[str, str, str], int] = {}
    for number in range(4000):
        design = product(number).design
        key = (design.kind, design.colour, "floral" if design.pattern == "tropical" else design.pattern)
        found[key] = found.get(key, 0) + 1
    for kind in ("tshirt", "shirt", "dress", "sneakers"):
        for colour, pattern in combinations(KINDS[kind]):
            assert found.get((kind, colour, pattern), 0) >= 2, (kind, colour, pattern)
