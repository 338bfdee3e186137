from search.indexing.lexicons import build_lexicon, refresh_word_list
from search.models import IndexVersion, PopularQuery
from search.query.lexicon import forget_words

NOTHING = {"queries": [], "categories": [], "brands": [], "products": []}


def count_words():
    build_lexicon(IndexVersion.objects.get())
    refresh_word_list()
    forget_words()


def test_suggestions_are_answered(client, shirts):
    count_words()
    response = client.get("/api/v1/suggest/?q=re&limit=2")

    assert response.status_code == 200
    assert response.json() == {
        "degraded": "",
        "left_out": [],
        "query": "re",
        "queries": [],
        "categories": [{"value": "Red", "count": 1, "facet": "colour"}],
        "brands": [],
        "products": [
            {
                "sku": "S-1",
                "name": "Red shirt",
                "brand": "Acme",
                "price": "299.50",
                "currency": "INR",
                "image": "",
                "url": "http://testserver" + shirts[0].get_absolute_url(),
            }
        ],
        "matched": NOTHING | {"categories": [[[0, 2]]], "products": [[[0, 2]]]},
    }


def test_what_many_searched_for_comes_first(client, shirts):
    count_words()
    for query in ("red carpet", "red acme"):
        PopularQuery.objects.create(query=query, text=query.title(), searches=9, clicked=1)
    answer = client.get("/api/v1/suggest/?q=red").json()
    assert answer["queries"] == ["red Acme"]  # as the catalogue writes it; nothing has a carpet
    assert answer["matched"]["queries"] == [[[0, 3]]]
    answer = client.get("/api/v1/suggest/").json()
    assert (answer["queries"], answer["matched"]["queries"]) == (["red Acme"], [[]])


def test_values_and_brands_tell_their_counts(client, shirts):
    count_words()

    assert client.get("/api/v1/suggest/?q=blu").json()["categories"] == [
        {"value": "Blue", "count": 1, "facet": "colour"}
    ]
    assert client.get("/api/v1/suggest/?q=ac").json()["brands"] == [{"value": "Acme", "count": 3}]


def test_nothing_typed_is_answered_with_nothing(client, shirts):
    count_words()
    assert client.get("/api/v1/suggest/").json() == {
        "degraded": "",
        "left_out": [],
        "query": "",
        "queries": [],
        "categories": [],
        "brands": [],
        "products": [],
        "matched": NOTHING,
    }


def test_what_cannot_be_answered_is_told(client, db):
    def error(address):
        response = client.get(address)
        return response.status_code, response.json()["error"]

    assert error("/api/v1/suggest/?q=a&limit=0") == (
        400,
        {"code": "invalid_limit", "message": "limit must be a whole number from 1, such as 6."},
    )
    assert error("/api/v1/suggest/?text=a") == (
        400,
        {"code": "unknown_parameter", "message": "'text' is not a parameter: use q and limit."},
    )
    assert error("/api/v1/suggest/more/")[0] == 404


def test_words_that_were_not_counted_yet_are_no_words_that_are_missing(client, shirts):
    unknown = {
        "degraded": "The words of the catalogue are not counted yet: there are no suggestions.",
        "left_out": ["words"],
    }
    assert unknown.items() <= client.get("/api/v1/suggest/?q=red").json().items()
    count_words()
    assert {"degraded": "", "left_out": [], "queries": []}.items() <= client.get(
        "/api/v1/suggest/?q=qqqq"
    ).json().items()
