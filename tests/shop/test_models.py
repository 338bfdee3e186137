"""The catalogue's models."""

import pytest
from django.core.exceptions import ValidationError

from shop.models import Category


def paths():
    return list(Category.objects.values_list("path", "trail", "depth"))


def test_paths_and_trails_follow_the_parents(tree):
    assert paths() == [
        ("apparel", "Apparel", 0),
        ("apparel/topwear", "Apparel > Topwear", 1),
        ("apparel/topwear/shirts", "Apparel > Topwear > Shirts", 2),
        ("apparel/topwear/tshirts", "Apparel > Topwear > Tshirts", 2),
        ("footwear", "Footwear", 0),
        ("footwear/shoes", "Footwear > Shoes", 1),
    ]


def test_a_moved_and_renamed_category_takes_everything_below_it_along(tree):
    topwear = tree["Topwear"]
    topwear.parent, topwear.name, topwear.slug = None, "Tops", "tops"
    topwear.save()
    assert paths() == [
        ("apparel", "Apparel", 0),
        ("footwear", "Footwear", 0),
        ("footwear/shoes", "Footwear > Shoes", 1),
        ("tops", "Tops", 0),
        ("tops/shirts", "Tops > Shirts", 1),
        ("tops/tshirts", "Tops > Tshirts", 1),
    ]


def test_subtree_and_line(tree):
    Category.objects.create(name="Topwear 2", slug="topwear-2", parent=tree["Apparel"])
    assert [c.name for c in Category.objects.subtree(tree["Topwear"])] == ["Topwear", "Shirts", "Tshirts"]
    assert [c.name for c in Category.objects.line("apparel/topwear/shirts")] == [
        "Apparel",
        "Topwear",
        "Shirts",
    ]


def test_a_category_cannot_be_moved_below_itself(tree):
    tree["Apparel"].parent = tree["Shirts"]
    with pytest.raises(ValidationError) as raised:
        tree["Apparel"].full_clean()
    assert raised.value.message_dict == {"parent": ["A category cannot be moved below itself."]}


def test_two_children_of_one_parent_cannot_share_a_slug(tree):
    with pytest.raises(ValidationError) as raised:
        Category(name="Shirts again", slug="shirts", parent=tree["Topwear"]).full_clean()
    assert raised.value.message_dict == {"slug": ["Its parent already has a category with this slug."]}


@pytest.mark.parametrize("below", ["Apparel", "Topwear", "Shirts"])
def test_a_category_below_itself_is_refused_without_a_form_too(tree, below):
    before = paths()
    apparel = tree["Apparel"]
    apparel.parent = tree[below]
    with pytest.raises(ValueError, match="The category Apparel cannot be moved below itself"):
        apparel.save()
    assert paths() == before
