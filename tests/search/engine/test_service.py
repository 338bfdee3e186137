from decimal import Decimal
from inspect import signature

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from search.encoders.cache import encoders_for
from search.engine import FacetCount, Filters, SearchAnswer, UnderstoodPart, log_search, search
from search.engine.request import SearchRequest
from search.exceptions import InvalidQuery
from search.insight import log
from search.registry import get_index
from shop.models import Product
from tests.search.indexed import add


def skus(answer):
    return [result.card.sku for result in answer.results]


def counts(answer, facet):
    return {count.value: count.count for count in answer.facets[facet]}


def test_an_empty_text_lists_the_catalogue_newest_first(shirts, monkeypatch):
    monkeypatch.setattr(type(get_index()), "mixed", ())
    answer = search("", page_size=2)

    assert skus(answer) == ["s5", "s4"]
    assert (answer.query, answer.total, answer.complete, answer.degraded) == ("", 5, True, "")
    assert (answer.page, answer.pages, answer.next_page) == (1, 3, 2)
    assert answer.facets == {
        "category": [],
        "brand": [FacetCount("Acme", 3), FacetCount("Bolt", 2)],
        "colour": [FacetCount("Blue", 2), FacetCount("Red", 2)],
        "gender": [],
        "pattern": [],
        "size": [],
        "usage": [],
        "tags": [],
    }
    last = search("", page_size=2, page=3)
    assert (skus(last), last.next_page) == (["s1"], None)
    assert skus(search("", page=9)) == []


@pytest.mark.parametrize("text", ["", "shirt"])
@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("newest", ["s5", "s4", "s3", "s2", "s1"]),
        ("price", ["s2", "s3", "s4", "s1", "s5"]),  # ties by product key, no price last
        ("-price", ["s1", "s3", "s4", "s2", "s5"]),
    ],
)
def test_sorting_changes_the_order_only(shirts, text, sort, expected):
    answer = search(text, sort=sort)

    assert skus(answer) == expected
    assert skus(search(text, sort=sort, page=2, page_size=2)) == expected[2:4]
    assert answer.total == 5


@pytest.mark.parametrize("text", ["", "shirt"])
def test_a_facets_counts_ignore_its_own_selection_and_obey_all_others(shirts, text):
    answer = search(text, filters=Filters(facets={"colour": ("Red",), "brand": ("Acme",)}))

    assert sorted(skus(answer)) == ["s1", "s2"]
    assert counts(answer, "colour") == {"Red": 2, "Blue": 1}
    assert counts(answer, "brand") == {"Acme": 2}
    for value, count in counts(answer, "colour").items():
        chosen = Filters(facets={"colour": (value,), "brand": ("Acme",)})
        assert search(text, filters=chosen).total == count


@pytest.mark.parametrize("text", ["", "shirt"])
def test_values_of_a_facet_are_alternatives_and_a_chosen_value_without_results_counts_nought(shirts, text):
    answer = search(text, filters=Filters(facets={"colour": ("Red", "Blue", "Pink")}))

    assert answer.total == 4
    assert counts(answer, "colour") == {"Red": 2, "Blue": 2, "Pink": 0}


@pytest.mark.parametrize("text", ["", "shirt"])
def test_a_price_range_includes_its_ends_and_leaves_out_what_has_no_price(shirts, text):
    filters = Filters(price_min=Decimal(100), price_max=Decimal("200.00"))

    assert sorted(skus(search(text, filters=filters))) == ["s2", "s3", "s4"]
    assert search(text, filters=Filters(price_min=Decimal("200.01"))).total == 1


def test_pictures_and_texts_near_the_query_are_found_without_its_words(
    version, search_settings, tiny_artifact
):
    red, blue = encoders_for(version).encode_texts(["red", "blue"]).tolist()
    add(version, "word", "Red thing")
    add(version, "picture", "Something", pictures=[blue, red])
    add(version, "text", "Anything", text=red)
    add(version, "far", "Nothing", pictures=[blue], text=blue)

    answer = search("red")

    assert skus(answer) == ["word", "picture", "text"]
    assert [result.score for result in answer.results] == pytest.approx([1.0, 0.5, 0.5], abs=1e-3)
    assert answer.complete


def test_similarities_weigh_what_the_settings_say(version, search_settings):
    red = encoders_for(version).encode_texts(["red"])[0].tolist()
    add(version, "word", "Red thing")
    add(version, "picture", "Something", pictures=[red])
    add(version, "text", "Anything", text=red)
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"WEIGHTS": {"image": 0.2, "text": 0.4}}

    found = [(result.card.sku, round(result.score, 2)) for result in search("red").results]

    assert found == [("word", 1.0), ("text", 0.4), ("picture", 0.2)]


def test_exact_sku_and_exact_name_come_first(version):
    red = encoders_for(version).encode_texts(["red"])[0].tolist()
    for number in range(3):
        add(version, f"n{number}", f"Red shirt number {number}", pictures=[red], text=red)
    add(version, "red shirt", "Unrelated")
    add(version, "name", "RED Shirt")

    assert set(skus(search("red shirt"))[:2]) == {"name", "red shirt"}
    assert skus(search("N1"))[0] == "n1"


def test_a_filter_reaches_the_semantic_legs(version):
    red = encoders_for(version).encode_texts(["red"])[0].tolist()
    for number in range(5):
        add(version, f"p{number}", "Thing", pictures=[red], facets={"brand": [f"B{number}"]})

    answer = search("red", filters=Filters(facets={"brand": ("B3", "B4")}))

    assert sorted(skus(answer)) == ["p3", "p4"]
    assert counts(answer, "brand") == dict.fromkeys(["B0", "B1", "B2", "B3", "B4"], 1)


def test_a_cut_leg_makes_the_answer_incomplete(version, search_settings):
    red = encoders_for(version).encode_texts(["red"])[0].tolist()
    for number in range(3):
        add(version, f"p{number}", "Thing", pictures=[red])
    assert search("red").complete

    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"CANDIDATES": 2}
    answer = search("red")

    assert (answer.complete, answer.total) == (False, 2)


@pytest.mark.parametrize("text", ["😀😀", "!?", "zzzz"])
def test_what_means_nothing_finds_nothing(shirts, text):
    answer = search(text)

    assert (answer.total, answer.results, answer.complete) == (0, [], True)
    assert answer.pages == 0


def test_a_withdrawn_product_is_not_shown(shirts):
    Product.objects.filter(sku="s3").update(published=False)
    Product.objects.filter(sku="s4").delete()

    assert sorted(skus(search("shirt"))) == ["s1", "s2", "s5"]
    assert skus(search("")) == ["s5", "s2", "s1"]


def test_pages_hold_every_result_once(shirts):
    pages = [skus(search("shirt", page=page, page_size=2)) for page in (1, 2, 3)]

    assert [len(page) for page in pages] == [2, 2, 1]
    every = [sku for page in pages for sku in page]
    assert sorted(every) == ["s1", "s2", "s3", "s4", "s5"]
    assert every == skus(search("shirt"))


def test_facets_can_be_left_out(shirts):
    assert search("shirt", with_facets=False).facets == {}


def test_the_number_of_statements_does_not_grow_with_the_results(version):
    def statements() -> int:
        """Of three searches the fewest: every few seconds one compares what the process has loaded."""
        numbers = []
        for _ in range(3):
            with CaptureQueriesContext(connection) as queries:
                search("shirt")
            numbers.append(len(queries))
        return min(numbers)

    add(version, "a", "Shirt")
    statements()  # the first search reads the lexicon
    few = statements()
    for number in range(20):
        add(version, f"b{number}", "Shirt")
    assert statements() == few


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (
            {"sort": "cheapest"},
            "invalid_sort",
            "sort must be one of relevance, newest, price, -price, not 'cheapest'.",
        ),
        ({"page": 0}, "invalid_page", "page must be a whole number from 1 to 100000."),
        ({"page": 10**9}, "invalid_page", "page must be a whole number from 1 to 100000."),
        ({"page_size": 0}, "invalid_page_size", "page_size must be a whole number from 1."),
        (
            {"filters": Filters(facets={"fabric": ("M",)})},
            "unknown_facet",
            "'fabric' is not a facet; the facets are category, brand, colour, gender, size, pattern, usage, tags.",
        ),
    ],
)
def test_what_cannot_be_answered_is_refused(version, arguments, code, sentence):
    with pytest.raises(InvalidQuery) as caught:
        search(**arguments)

    assert (caught.value.code, caught.value.sentence) == (code, sentence)


def test_a_page_is_no_larger_than_allowed(shirts, search_settings):
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"MAX_PAGE_SIZE": 3, "PAGE_SIZE": 2}

    assert len(search("", page_size=10**9).results) == 3
    assert len(search("").results) == 2


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
                "negated": False,
                "says": "",
                "soft": False,
                "without": "shirt",
            },
            {"text": "kilt", "facet": ""},
        ],
        "total": 40,
        "matching": 30,
        "page": 2,
        "before": 24,
        "shown": 0,
        "device": "",
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


def test_the_signature_is_that_of_a_request():
    assert list(signature(search).parameters.values()) == list(signature(SearchRequest).parameters.values())
    with pytest.raises(TypeError, match="colour"):
        search("shirt", colour="Red")
