"""The command in the demo shop, which has everything, and without the registration that it has."""

import pytest
from django.core.management import CommandError, call_command

from search.hosting import registration
from shop.models import Product
from tests.search.products import make_product

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """No worker runs here that could be waited for."""
    monkeypatch.setattr("search.hosting.services.PATIENCE", 0.5)


@pytest.fixture
def unregistered(monkeypatch):
    """A shop that has not said what a product is."""
    monkeypatch.setattr("search.registry._registered", [])


def run(capsys, *arguments: str) -> str:
    call_command("fashion_search_init", *arguments)
    return capsys.readouterr().out


def test_a_shop_that_has_search_is_told_what_stands(capsys, index_settings):
    make_product("A1")
    said = run(capsys)
    assert "shop.Product: registered" in said
    assert "shop/search_index.py was written by somebody else." in said
    assert "Tried on 1 product, of which 1 can be read." in said
    assert "missing Workers" in said
    assert "1. Workers: Start one: celery -A shop worker." in said
    assert "3. manage.py search_index rebuild --wait" in said


def test_a_dry_run_shows_the_file_and_writes_nothing(capsys, unregistered, tmp_path):
    make_product("A1")
    for arguments in ((), ("--dry-run",)):
        said = run(capsys, "--output", str(tmp_path), *arguments)
        assert "shop.Product: taken for the products" in said
        assert '"pictures": "images__image",' in said
        assert "1. Write " in said
        assert list(tmp_path.iterdir()) == []


def test_it_is_written_once_and_left_alone_then(capsys, unregistered, tmp_path):
    make_product("A1")
    file = tmp_path / "search_index.py"
    assert "It is written." in run(capsys, "--output", str(file), "--write")
    text = file.read_text()
    assert "Nothing is written: it stands." in run(capsys, "--output", str(file), "--write")
    file.write_text(text.replace("Product as search", "Products as search"))
    with pytest.raises(CommandError, match="--force"):
        call_command("fashion_search_init", "--output", str(file), "--write")
    said = run(capsys, "--output", str(file), "--write", "--force")
    (kept,) = tmp_path.glob("*.bak")
    assert str(kept) in said
    assert file.read_text() == text


def test_a_model_that_is_registered_elsewhere_needs_no_file(capsys, index_settings, tmp_path):
    for arguments in ((), ("--write",)):
        said = run(capsys, "--output", str(tmp_path), *arguments)
        assert "shop/search_index.py, so that it is not needed." in said
        assert list(tmp_path.iterdir()) == []
    assert "Nothing is written: " in said
    assert "It is written." in run(capsys, "--output", str(tmp_path), "--write", "--force")


def test_without_a_registration_another_one_says_so(capsys, tmp_path):
    said = run(capsys, "--model", "shop.Brand", "--output", str(tmp_path))
    assert "shop.Product is registered already" in said
    assert "Nothing looks like a price" in said


def test_check_fails_while_something_is_left(capsys, unregistered):
    with pytest.raises(CommandError, match="Something necessary is left"):
        call_command("fashion_search_init", "--check")
    assert "Left to do" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--model", "shop.Produkt"), r"There is no model 'shop.Produkt'.*APP.MODEL; .*shop.Product"),
        (("--model", "Product"), r"There is no model 'Product'"),
        (("--force",), "--force only changes what --write does"),
    ],
)
def test_wrong_arguments_are_told_with_the_remedy(arguments, said):
    with pytest.raises(CommandError, match=said) as error:
        call_command("fashion_search_init", *arguments)
    assert error.value.returncode == 2


def test_a_misspelt_setting_comes_first(settings):
    settings.FASHION_SEARCH = {"CURENCY": "EUR"}
    with pytest.raises(CommandError, match=r"has no setting 'CURENCY'.*Correct FASHION_SEARCH first"):
        call_command("fashion_search_init")


def test_a_shop_without_products_is_told_what_a_product_needs(monkeypatch, unregistered):
    monkeypatch.setattr("search.hosting.candidates._of_the_host", list)
    with pytest.raises(CommandError, match=r"No model looks like products.*--model APP.MODEL"):
        call_command("fashion_search_init")


def test_a_model_of_a_package_in_a_shop_without_apps_is_told_where_to_write(monkeypatch, unregistered):
    monkeypatch.setattr(registration, "is_own", lambda app: False)
    with pytest.raises(CommandError, match="name the file with --output"):
        call_command("fashion_search_init", "--model", Product._meta.label)
