import re
from pathlib import Path

import pytest

from search import registry
from search.hosting.candidates import examine
from search.hosting.registration import CannotWrite, Standing, is_own, plan, standing_of, write
from search.hosting.trial import try_registration
from search.registry import get_index
from shop.models import Brand, Product
from tests.search.hosting.shops import a_shop_in_two_languages, a_shop_like_oscar
from tests.search.products import make_product

pytestmark = pytest.mark.django_db


def fields_of(text: str) -> dict[str, str]:
    """The lines of `fields`, without comments."""
    block = re.search(r"    fields = \{\n(.*?)\n    \}", text, re.DOTALL)[1]
    return dict(re.findall(r'^        "(\w+)": (.*?),(?:  #.*)?$', block, re.MULTILINE))


@pytest.fixture
def registration(tmp_path):
    return plan(examine(Product), tmp_path / "search_index.py")


def test_what_is_written_for_this_shop_reads_its_products(registration):
    for number in range(3):
        make_product(f"A{number}", colour=("red", "green", "blue")[number])
    before = get_index()
    trial = try_registration(registration)
    assert (trial.error, trial.failures, trial.unopened, trial.tried, trial.opened) == ("", {}, {}, 3, 3)
    assert {name for name, number in trial.found.items() if number == 3} >= {
        "name", "brand", "price", "pictures", "category", "colour", "gender", "url", "image",
    }  # fmt: skip
    assert trial.found["description"] == 0
    assert "None has description, size." in trial.sentences
    assert get_index() is before


def test_a_product_that_fails_is_named(registration, monkeypatch):
    make_product("A1")
    bad = make_product("A2")
    monkeypatch.setattr(Product, "get_absolute_url", lambda self: {bad.pk: None}[self.pk])
    trial = try_registration(registration)
    assert len(trial.failures) == 1
    assert not trial.works
    assert "of which 1 can be read" in trial.sentences[0]


def test_a_picture_whose_file_is_gone_is_named(registration):
    product = make_product("A1")
    picture = product.images.get()
    picture.image.storage.delete(picture.image.name)
    trial = try_registration(registration)
    assert list(trial.unopened) == [picture.image.name]
    assert not trial.works


def test_variants_in_the_same_table_give_their_prices_and_mark_their_product(tmp_path):
    with a_shop_like_oscar() as shop:
        text = plan(examine(shop.Product), tmp_path).text
        assert fields_of(text) == {
            "name": '"get_title"',
            "sku": '("upc", "children__upc")',
            "description": '"description"',
            "price": '("stockrecords__price", "children__stockrecords__price")',
            "pictures": '"images__original"',
            "category": '"categories__name"',
            "keywords": '"categories__name"',
            "in_stock": '("stockrecords__num_in_stock", "children__stockrecords__num_in_stock")',
            "created": '"date_created"',
            "currency": '"stockrecords__price_currency"',
            "url": '"get_absolute_url"',
        }
        assert 'trees = {"category": "get_ancestors"}' in text
        assert (
            'lambda row: products_of([row, *row.get_descendants()], "categories__in", "parent__categories__in")'
            not in text
        )
        assert '"shop.Product": "parent_id"' in text
        assert ".filter(is_public=True, parent__isnull=True)" in text


def test_texts_by_language_trees_of_them_and_hundredths_are_said_by_functions(tmp_path):
    with a_shop_in_two_languages() as shop:
        registration = plan(examine(shop.Article), tmp_path)
        text = registration.text
        assert fields_of(text) == {
            "name": '"name__en"',
            "description": '"description_en"',
            "price": "price_of",
            "pictures": '("front", "back")',
            "category": "category_of",
            "size": '"variant_set__size"',
            "keywords": "category_of",
            "in_stock": '"variant_set__stock"',
        }
        assert "Decimal(variant_set.price_cents) / 100 for variant_set in product.variant_set.all()" in text
        assert '(one.title or {}).get("en")' in text
        assert "from decimal import Decimal\nfrom functools import reduce" in text
        assert '.filter(status="live", deleted_at__isnull=True)' in text
        assert '.prefetch_related("variant_set", "category__parent")' in text
        assert any("get_absolute_url" in sentence for sentence in registration.lines.lacking)
        compile(text, "search_index.py", "exec")


def test_a_file_is_written_once_and_known_again(registration):
    assert registration.standing is Standing.ABSENT
    assert write(registration) is None
    assert registration.standing is Standing.WRITTEN
    assert not registration.differs
    assert write(registration) is None


def test_an_edited_file_is_kept_and_replaced_with_a_copy_only_by_force(registration):
    write(registration)
    edited = registration.text.replace('"price": "price"', '"price": "list_price"')
    registration.path.write_text(edited)
    assert registration.standing is Standing.EDITED
    assert '-        "price": "list_price",' in registration.diff
    with pytest.raises(CannotWrite, match=r"was edited after it was written .* --force"):
        write(registration)
    assert registration.path.read_text() == edited
    kept = write(registration, force=True)
    assert kept.read_text() == edited
    assert registration.standing is Standing.WRITTEN


def test_a_file_of_somebody_else_is_known_as_such(registration):
    registration.path.write_text("# mine\n")
    assert registration.standing is Standing.FOREIGN
    with pytest.raises(CannotWrite, match="was written by somebody else"):
        write(registration)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    registration = plan(examine(Product), tmp_path / "absent" / "search_index.py")
    with pytest.raises(CannotWrite, match="cannot be written: No such file"):
        write(registration)
    assert list(tmp_path.iterdir()) == []


def test_by_default_it_lies_in_the_models_app_and_imports_it_from_there(tmp_path):
    registration = plan(examine(Brand))
    assert registration.path == Path(Brand._meta.app_config.path) / "search_index.py"
    assert registration.is_found
    assert "from .models import Brand" in registration.text
    elsewhere = plan(examine(Brand), tmp_path)
    assert not elsewhere.is_found
    assert "from shop.models import Brand" in elsewhere.text


def test_an_installed_package_is_no_place_for_it(monkeypatch):
    config = Product._meta.app_config
    assert is_own(config)
    monkeypatch.setattr(config, "path", "/usr/lib/python3/site-packages/oscar/apps/catalogue")
    assert not is_own(config)
    assert not is_own(next(one for one in config.apps.get_app_configs() if one.label == "fashion_search"))


def test_a_file_that_is_not_there_stands_nowhere(tmp_path):
    assert standing_of(tmp_path / "search_index.py") is Standing.ABSENT


def test_a_file_of_the_plugin_is_never_written(tmp_path):
    inside = Path(registry.__file__).parent / "contrib" / "search_index.py"
    for file in (inside, tmp_path / "site-packages" / "oscar" / "search_index.py"):
        with pytest.raises(CannotWrite, match="part of an installed package"):
            plan(examine(Product), file)
