from decimal import Decimal

import pytest

from search.engine import Filters, SearchAnswer, UnderstoodPart, log_search
from search.insight import log


@pytest.fixture
def noted(monkeypatch) -> list[dict]:
    """Records that would have been sent."""
    records: list[dict] = []
    monkeypatch.setattr(log.buffer, "put", records.append)
    return records


def answer(**values) -> SearchAnswer:
    return SearchAnswer(
        **{
            "query": "blue shirt", "typed": "blu shirt", "total": 40, "matching": 30, "complete": True, "degraded": "",
            "took_ms": 12.5, "results": [], "facets": {}, "price_ranges": [], "in_stock": 0, "understood": [], "unknown": (), "page": 2, "page_size": 24,
            "stages": {"rank": 9.5}, **values,
        }
    )  # fmt: skip


def test_what_is_noted_of_an_answer(rf, noted):
    part = UnderstoodPart(text="blue", facet="colour", values=("Blue", "Navy Blue"), without="shirt")
    request = rf.get("/search/")
    request.COOKIES["sessionid"] = "abc"
    filters = Filters(facets={"brand": ("Acme",)}, price_max=Decimal(1500))
    search = log_search(request, answer(understood=[part], unknown=("kilt",)), filters)

    (record,) = noted
    assert record.pop("at")
    assert record == {
        "kind": "search",
        "id": search,
        "visitor": "abc",
        "mode": "text",
        "text": "blu shirt",
        "corrected": "blue shirt",
        "understood": [
            {
                "text": "blue",
                "facet": "colour",
                "values": ("Blue", "Navy Blue"),
                "implied": False,
                "without": "shirt",
            },
            {"text": "kilt", "facet": ""},
        ],
        "total": 40,
        "matching": 30,
        "page": 2,
        "filters": {"facets": {"brand": ("Acme",)}, "price_max": Decimal(1500)},
        "degraded": "",
        "took_ms": 12.5,
        "stages": {"rank": 9.5},
    }


def test_without_words_it_is_a_look_into_the_catalogue(rf, noted):
    log_search(rf.get("/"), answer(query="", typed=""), Filters())
    assert [(record["mode"], record["text"], record["corrected"], record["filters"]) for record in noted] == [
        ("category", "", "", {})
    ]


def test_a_crawlers_search_is_not_noted(rf, noted):
    assert log_search(rf.get("/", headers={"User-Agent": "Googlebot/2.1"}), answer(), Filters()) == ""
    assert noted == []
