"""The search page over a real index."""

from decimal import Decimal
from urllib.parse import parse_qs

import pytest
from pytest_django.asserts import assertContains, assertNotContains

from search.indexing import versions
from search.indexing.batches import index_due
from search.indexing.lexicons import build_lexicon
from search.models import Banner, IndexVersion, Redirect
from search.query.lexicon import forget_words

pytestmark = pytest.mark.django_db


@pytest.fixture
def shelf(settings, tiny_artifact, make_products):
    """Three shirts and a shoe, in an index that is being built: searched by words."""
    settings.FASHION_SEARCH = {"ARTIFACT": str(tiny_artifact)}
    make_products([1], name="Blue linen shirt", price=Decimal(900))
    make_products([2], name="Red cotton shirt", colour="Red", price=Decimal(1500))
    make_products([3], name="White cotton shirt", colour="White", gender="Women", price=Decimal(2500))
    make_products([4], name="Brown shoe", category="Shoes", colour="Brown", price=Decimal(3000))
    versions.request_rebuild()
    while index_due(seconds=10):
        pass


@pytest.fixture
def counted(shelf):
    """The same with its words counted."""
    build_lexicon(IndexVersion.objects.get())
    forget_words()
    yield
    forget_words()


def found(response):
    return {result.product.sku for result in response.context["answer"].results}


def test_words_filters_and_prices_narrow_the_results(client, shelf):
    assert found(client.get("/search/?q=cotton")) == {"S2", "S3"}
    assert found(client.get("/search/?q=shirt&colour=Red&colour=Blue")) == {"S1", "S2"}
    assert found(client.get("/search/?q=shirt&gender=Women")) == {"S3"}
    assert found(client.get("/search/?q=shirt&category=Topwear&price_min=1000&price_max=2000")) == {"S2"}
    assert found(client.get("/search/?category=Footwear")) == {"S4"}


def test_a_pasted_title_is_cut_and_said_so(client, shelf):
    response = client.get("/search/", {"q": "Red cotton shirt " * 15})
    assert next(iter(response.context["answer"].results)).product.sku == "S2"
    assertContains(response, "The query is longer than 200 characters: it was cut after “cotton”.")


def test_no_words_list_everything_newest_first(client, shelf):
    response = client.get("/search/")
    assert [result.product.sku for result in response.context["answer"].results] == ["S4", "S3", "S2", "S1"]
    assertContains(response, "All products")
    assertContains(response, "4 products")


def test_sorting_by_price(client, shelf):
    response = client.get("/search/?sort=-price")
    assert [result.product.sku for result in response.context["answer"].results] == ["S4", "S3", "S2", "S1"]
    response = client.get("/search/?sort=price&q=shirt")
    assert [result.product.sku for result in response.context["answer"].results] == ["S1", "S2", "S3"]


def test_the_panel_counts_and_the_chips_take_one_filter_away(client, shelf):
    response = client.get("/search/?q=shirt&colour=Red&brand=Acme&price_max=2000&page=1")
    groups = {group.field: group for group in response.context["groups"]}
    assert [(option.value, option.count, option.chosen) for option in groups["colour"].options] == [
        ("Blue", 1, False), ("Red", 1, True),
    ]  # fmt: skip
    chips = {chip.label: parse_qs(chip.without) for chip in response.context["chips"]}
    assert chips == {
        "Acme": {"q": ["shirt"], "colour": ["Red"], "price_max": ["2000"]},
        "Red": {"q": ["shirt"], "brand": ["Acme"], "price_max": ["2000"]},
        "Up to ₹2,000": {"q": ["shirt"], "colour": ["Red"], "brand": ["Acme"]},
    }


def test_nothing_found_helps(client, shelf):
    response = client.get("/search/?q=zeppelin&colour=Red")
    assertContains(response, "No results")
    assertContains(response, "Remove a filter: nothing fits all of them.")


def test_an_index_that_is_being_built_says_so(client, shelf):
    assertContains(client.get("/search/?q=shirt"), "Showing matches by words only.")


def test_without_an_index_the_page_says_so(client, db):
    page = client.get("/search/?q=shirt&colour=Red&page=3")
    assert (page.status_code, page["Retry-After"], page["Cache-Control"]) == (503, "5", "no-store")
    assertContains(page, "Search is not ready.", status_code=503)
    assertNotContains(page, "No results", status_code=503)
    assertNotContains(page, "0 products", status_code=503)
    assertContains(page, 'name="colour" value="Red" checked', status_code=503)  # no next step drops it


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("price_min=cheap", "The lowest price must be a number such as 1500."),
        ("price_max=1e99", "The highest price must be a number such as 1500."),
        ("page=0", "page"),
        ("page=one", "The page must be a whole number from 1."),
        ("sort=best", "sort"),
        ("price_min=2&price_max=1", "The lowest price is above the highest: swap the two."),
    ],
)
def test_a_query_that_cannot_be_answered_is_400_with_a_sentence(client, shelf, query, sentence):
    response = client.get(f"/search/?{query}")
    assert response.status_code == 400
    assertContains(response, "That search did not work", status_code=400)
    assertContains(response, sentence, status_code=400)


def test_what_is_no_text_is_left_out_of_a_query_and_is_no_value(client, shelf):
    assertContains(client.get("/search/?q=shirt%00"), "Some characters of the query are not text")
    response = client.get("/search/?colour=%00")
    assert (response.status_code, response.context["answer"].total) == (200, 0)


def test_a_page_beyond_the_last_is_404(client, shelf):
    assert client.get("/search/?q=shirt&page=2").status_code == 404


def test_the_words_of_the_query_are_escaped(client, shelf):
    response = client.get("/search/?q=%3Cscript%3E")
    assert b"<script>" not in response.content


def test_queries_do_not_grow_with_the_results(client, shelf, make_products, django_assert_max_num_queries):
    counts = []
    for numbers in (range(10, 40), range(40, 90)):
        make_products(numbers)
        while index_due(seconds=10):
            pass
        client.get("/search/?q=shirt")  # reads the lexicon
        asked = []
        for _ in range(3):  # what is compared every two seconds is asked for by some requests
            with django_assert_max_num_queries(28) as queries:
                assert len(client.get("/search/?q=shirt").context["answer"].results) == 24
            asked.append(len(queries))
        counts.append(min(asked))
        assert counts[-1] <= 24
    assert counts[0] == counts[1]


def test_what_was_understood_can_be_taken_out_of_the_query(client, counted):
    response = client.get("/search/?q=blue+shirt+under+2000&colour=Blue&page=1")

    chips = response.context["understood"]
    assert [(chip.kind, chip.label) for chip in chips] == [
        ("", "Blue"),
        ("", "Shirts"),
        ("", "Under 2,000"),
    ]
    assert chips[1].without == "q=blue+under+2000&colour=Blue"
    assert b"Search without" in response.content


def test_words_that_no_product_holds_are_named(client, counted):
    page = client.get("/search/?q=blue+zzzz")
    assertContains(page, "No product mentions “zzzz”. Showing <strong>blue</strong>.")
    assertContains(page, "1 partial match<")
    assertNotContains(page, "No match for")
    assertContains(client.get("/search/?q=zzzz"), "No product mentions “zzzz”.")


def test_a_redirect_leads_away_and_never_to_itself(client, shelf):
    Redirect.objects.create(phrase="gift card", url="/categories/apparel/")
    Redirect.objects.create(phrase="loop", url="/search/?q=loop")
    Banner.objects.create(phrase="shirt", text="Two for one")
    response = client.get("/search/", {"q": "Gift cards"})
    assert (response.status_code, response["Location"]) == (302, "/categories/apparel/")
    assert client.get("/search/?q=loop").status_code == 200
    assertContains(client.get("/search/?q=shirts"), "<span>Two for one</span>")


def test_a_page_that_a_query_leads_to_can_be_filtered_and_sorted(client, shelf):
    Redirect.objects.create(phrase="sale", url="/search/?q=sale&in_stock=on")
    Redirect.objects.create(phrase="coffee", url="/search/?q=coffee&brand=Café")
    assert client.get("/search/?q=sale")["Location"] == "/search/?q=sale&in_stock=on"
    for address in ("/search/?q=sale&in_stock=on&colour=Red&sort=price", "/search/?q=coffee&brand=Caf%C3%A9"):
        assert client.get(address).status_code == 200


def test_what_is_wanted_less_is_kept_beside_words_and_says_nothing_alone(client, shelf):
    beside = client.get("/search/?q=shirt&less=S3")
    assert found(beside) == {"S1", "S2"}
    assertContains(beside, '<input type="hidden" name="less" value="S3">')
    alone = client.get("/search/?less=S3")
    assert (found(alone), alone.context["likings"]) == ({"S1", "S2", "S3", "S4"}, [])


def test_no_more_likings_are_offered_than_can_be_asked_for(client, shelf):
    liked = "&".join(f"more=X{number}" for number in range(10))
    page = client.get(f"/search/?q=shirt&{liked}")
    assert page.status_code == 200
    assert [card.more for card in page.context["cards"]] == [""] * len(page.context["cards"])


def test_what_is_negated_is_a_chip_that_can_be_removed(client, counted):
    response = client.get("/search/?q=shirt+not+blue")
    assert found(response) == {"S2", "S3"}
    (chip,) = [chip for chip in response.context["understood"] if chip.without == "q=shirt"]
    assert (chip.kind, chip.label) == ("", "Not blue")


def test_what_could_not_be_applied_is_said(client, counted):
    response = client.get("/search/?q=shirt+without+pockets&spelling=off")
    assertContains(response, "“without pockets” was not applied: the catalogue does not tell.")


def test_a_relaxed_query_is_said_in_one_sentence_with_honest_counts(client, counted):
    page = client.get("/search/?q=linen+red+shirt")

    assertContains(page, "1 partial match, 2 similar")
    assertContains(page, "No match for “linen red shirt”. Showing <strong>linen shirt</strong>.")
    assertNotContains(page, "No product mentions")
    assert found(page) == {"S1", "S2", "S3"}
    page = client.get("/search/?q=linen+red+zzzz+shirt")
    assertContains(
        page, "mentions “zzzz”. No match for “linen red zzzz shirt”. Showing <strong>linen shirt</strong>."
    )

    page = client.get("/search/?q=blue+shirt")
    assertContains(page, "1 match, 2 similar")
    assertNotContains(page, "Showing <strong>")
    assertContains(client.get("/search/?q=shirt"), "3 products")


def test_what_leaves_nothing_is_offered_for_removal(client, counted):
    page = client.get("/search/?q=shirt+under+100&colour=Red&page=1")
    (offer,) = page.context["offers"]
    assert (offer.label, offer.without, offer.matching) == ("under 100", "q=shirt&colour=Red", 1)
    assertContains(page, "Without “under 100”</a>: 1 match")

    page = client.get("/search/?q=shirt&colour=Brown&price_max=5000")
    (offer,) = page.context["offers"]
    assert (offer.label, offer.without, offer.matching) == ("Brown", "q=shirt&price_max=5000", 3)


def test_an_occasion_is_a_chip_that_shows_what_it_stands_for(client, shelf, make_products):
    make_products([5], name="Festive shirt", attributes={"Usage": "Ethnic"})
    while index_due(seconds=10):
        pass
    build_lexicon(IndexVersion.objects.get())
    forget_words()

    page = client.get("/search/?q=wedding+shirt")

    chips = page.context["understood"]
    assert [(chip.kind, chip.label) for chip in chips] == [("For", "wedding: Ethnic"), ("", "Shirts")]
    answer = page.context["answer"]
    assert (answer.results[0].product.sku, answer.matching, answer.relaxed) == ("S5", 4, ())
