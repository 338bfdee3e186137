"""The search pages in German; that every text has its German is in `tests/test_words.py`."""

import pytest
from pytest_django.asserts import assertContains

from tests.search.views.test_photo_page import jpeg


@pytest.mark.django_db
def test_pages_are_german(client, shelf, host):
    german = {"accept-language": "de"}
    page = client.get("/find/?q=shirt&colour=Red&price_max=2000", headers=german)
    for text in (
        "Ergebnisse für „shirt“",
        "Aktive Filter",
        "Sortieren nach",
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


@pytest.mark.django_db
def test_what_the_engine_says_of_a_query_is_german(client, shelf, host):
    words = " ".join(["shirt"] * 60)
    assertContains(
        client.get("/find/", {"q": words}, headers={"accept-language": "de"}),
        "Die Suche ist länger als 200 Zeichen: Sie wurde nach „shirt“ abgeschnitten.",
    )
    assertContains(client.get("/find/", {"q": words}), "it was cut after “shirt”")


def test_the_admin_is_german(staff):
    page = staff.get("/admin/fashion_search/dashboard/", headers={"accept-language": "de"})
    assertContains(page, "Stand der Suche")
    assertContains(page, "Keine Version ist aktiv; Kunden suchen bestenfalls nach Stichwörtern.")
    page = staff.get("/admin/fashion_search/merchandisingrule/add/", headers={"accept-language": "de"})
    assertContains(page, "Auf einen Platz setzen")
    assertContains(page, "Für Kolleginnen und Kollegen")
