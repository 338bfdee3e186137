"""The pages in German: every text has its translation, and pages show them."""

import ast
import gettext as gnu
import re
from pathlib import Path

import pytest
from django.utils.translation.template import templatize
from pytest_django.asserts import assertContains

import search
from tests.search.views.test_photo_page import jpeg

ROOT = Path(search.__file__).parent
CALLS = {"gettext", "gettext_lazy", "gettext_noop", "ngettext", "pgettext", "npgettext", "_"}
TEXT = r"""u?('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
SINGLE = re.compile(rf"\b(?:pgettext\({TEXT}, |gettext\(|_\(){TEXT}\)")
PLURAL = re.compile(rf"\bngettext\({TEXT},")


def german() -> set[str]:
    """What the catalogue translates; a context stands before its text, behind a control character."""
    with (ROOT / "locale" / "de" / "LC_MESSAGES" / "django.mo").open("rb") as file:
        catalogue = gnu.GNUTranslations(file)._catalog
    return {key if isinstance(key, str) else key[0] for key in catalogue}


def of_python(path: Path) -> set[str]:
    """Texts in calls of gettext."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
            texts = [one.value for one in node.args if isinstance(one, ast.Constant)]
            if len(texts) == len(node.args):
                found.add("\x04".join(texts[:2]) if node.func.id == "pgettext" else texts[0])
    return found


def of_template(path: Path) -> set[str]:
    """Texts of a template, read as makemessages reads it."""
    code = templatize(path.read_text(), origin=str(path))
    found = {tuple(ast.literal_eval(text) for text in texts if text) for texts in SINGLE.findall(code)}
    found |= {(ast.literal_eval(text),) for text in PLURAL.findall(code)}
    return {"\x04".join(texts) for texts in found}


FILES = [
    *sorted((ROOT / "views").glob("*.py")),
    ROOT / "money.py",
    ROOT / "templatetags" / "fashion_search.py",
    *sorted((ROOT / "templates" / "fashion_search").rglob("*.html")),
]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_text_has_its_german(path):
    texts = of_python(path) if path.suffix == ".py" else of_template(path)
    assert texts - german() == set()


def test_texts_are_found_at_all():
    found = [
        text for path in FILES for text in (of_python(path) if path.suffix == ".py" else of_template(path))
    ]
    assert len(found) > 130
    assert {"%(matching)s match", "a price\x04Up to", "a purpose\x04For", "Best match", "Undo"} <= set(found)


@pytest.mark.django_db
def test_pages_are_german(client, shelf, host):
    german = {"accept-language": "de"}
    page = client.get("/find/?q=shirt&colour=Red&price_max=2000", headers=german)
    for text in (
        "Ergebnisse für „shirt“",
        "Aktive Filter",
        "Filtern und sortieren",
        "Bis 2.000\u00a0₹",
        "1.500\u00a0₹",
        "Nur lieferbare",
        "Preis, aufsteigend",
    ):
        assertContains(page, text)
    page = client.get("/find/?price_min=billig", headers=german)
    assertContains(page, "Diese Suche ging nicht", status_code=400)
    assertContains(page, "Preise", status_code=400)
    assertContains(client.get("/find/photo/", headers=german), "Foto auswählen")
    page = client.post("/find/photo/", {"image": jpeg(b"x" * 8_000_001)}, headers=german)
    assertContains(page, "Das Foto ist zu groß", status_code=400)
