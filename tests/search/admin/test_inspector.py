"""The inspector and the comparisons."""

import json
from io import BytesIO

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from PIL import Image

from search.engine import take_photo
from search.indexing.lexicons import build_lexicon
from search.models import Evaluation, IndexEntry
from search.query.lexicon import forget_words
from tests.search.indexed import add, make_version, unit

pytestmark = pytest.mark.django_db

INSPECTOR = "/admin/fashion_search/queryday/inspector/"
COMPARE = "/admin/fashion_search/queryday/compare/"


def client_of(*permissions, staff=True):
    user = User.objects.create_user("worker", password="secret", is_staff=staff)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def staff():
    return client_of("view_queryday")


@pytest.fixture
def version(tiny_artifact, search_settings):
    version = make_version(tiny_artifact)
    add(version, "R-1", "Red shirt", facets={"colour": ["Red"], "brand": ["Acme"]}, price=300)
    add(version, "B-1", "Blue shirt", facets={"colour": ["Blue"], "brand": ["Acme"]}, price=100)
    add(version, "B-2", "Blue coat", facets={"colour": ["Blue"], "brand": ["Bolt"]})
    build_lexicon(version)
    forget_words()
    return version


@pytest.mark.parametrize("address", [INSPECTOR, COMPARE])
def test_who_may_see_it(address):
    assert Client().get(address).status_code == 302
    assert client_of(staff=True).get(address).status_code == 403


@pytest.mark.parametrize("address", [INSPECTOR, COMPARE])
def test_those_with_the_permission(staff, address):
    assert staff.get(address).status_code == 200
    assert staff.get(address + "?q=red+shirt").status_code == 200  # without a version


def test_results_are_explained(staff, version):
    page = staff.get(INSPECTOR + "?q=blue+shirt&sku=R-1").content.decode()
    assert "Blue shirt" in page
    assert "It lacks “blue”." in page
    assert "colour=Blue" in page
    assert '<span class="lacking">' in staff.get(INSPECTOR + "?q=blue+acme").content.decode()


def test_what_was_dropped_is_said(staff, version):
    page = staff.get(INSPECTOR + "?q=red+coat&sku=B-1").content.decode()
    assert "No product has all of the query. Dropped: “coat”. With all the rest: 1." in page
    assert "It lacks “red”, “coat”." in page


def test_filters_are_read_and_wrong_ones_named(staff, version):
    response = staff.get(INSPECTOR, {"q": "blue", "filters": "brand=Bolt, brand=Nike", "sku": "b-1"})
    assert response.context["answer"].total == 1
    assert "The filter brand is Bolt or Nike; it has Acme." in response.content.decode()
    for filters, said in (
        ("brand", "&#x27;brand&#x27; is not a filter"),
        ("fabric=silk", "&#x27;fabric&#x27; is not a facet"),
    ):
        assert said in staff.get(INSPECTOR, {"q": "blue", "filters": filters}).content.decode()


@pytest.mark.parametrize("text", ["zzzz qqqq", "'; drop table", "<script>", "a" * 300, "-", "\x01"])
def test_any_text_has_a_page(staff, version, text):
    assert staff.get(INSPECTOR, {"q": text, "sku": text}).status_code == 200
    assert staff.get(COMPARE, {"q": text}).status_code == 200


def test_two_settings_side_by_side(staff, version):
    settings = json.dumps({"WEIGHTS": {"kids": 0.1}, "ENOUGH": 1})
    response = staff.get(COMPARE, {"q": "blue acme", "right_settings": settings})
    left, right = response.context["answers"]
    assert [result.card.sku for result in left.results] == ["B-1", "R-1"]
    assert [result.card.sku for result in right.results] == ["B-1"]
    assert response.context["gone"] == ["R-1"]
    assert "No longer among the first: R-1." in response.content.decode()


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        ("{", "The settings are not JSON"),
        ("[]", "The settings must be an object"),
        ('{"SEARCH_URL": "/"}', "The settings must be an object"),
        ('{"VARIANTS": "many"}', "must be of type int"),
        ('{"WEIGHTS": {"imge": 1}}', "the nearest is &#x27;image&#x27;"),
    ],
)
def test_settings_that_cannot_be_tried_are_refused(staff, version, stated, said):
    assert said in staff.get(COMPARE, {"q": "blue", "left_settings": stated}).content.decode()


def test_two_versions_side_by_side(staff, version, tiny_artifact):
    former = make_version(tiny_artifact, state="retired")
    add(former, "B-1", "Blue shirt", facets={"colour": ["Blue"]})
    response = staff.get(COMPARE, {"q": "blue", "right_version": former.pk})
    assert [answer.total for answer in response.context["answers"]] == [2, 1]
    assert [item.by for item in response.context["moved"]] == [response.context["moved"][0].by]


def test_evaluations_are_compared_kind_by_kind_and_query_by_query(staff, version):
    def evaluation(ndcg, queries, digest="a"):
        figures = {"all": {"precision": ndcg / 2, "ndcg": ndcg}}
        return Evaluation.objects.create(
            version=version,
            measured=str(version),
            source="q.jsonl",
            digest=digest,
            figures=figures,
            queries=queries,
        )

    before = evaluation(0.5, {"red": 0.2, "blue": 1.0, "only here": 0.1})
    after = evaluation(0.75, {"red": 0.9, "blue": 1.0})
    response = staff.get(COMPARE, {"before": before.pk, "after": after.pk})
    comparison = response.context["comparison"]
    assert [(kind.kind, kind.ndcg, kind.better) for kind in comparison.kinds] == [("all", (0.5, 0.75), 0.25)]
    assert [(query.text, query.before, query.after) for query in comparison.queries] == [("red", 0.2, 0.9)]
    assert (comparison.same_queries, comparison.shared) == (True, 2)
    assert "0.20 → 0.90" in response.content.decode()
    other = evaluation(0.75, {"red": 0.9}, digest="b")
    assert (
        "They are of two files"
        in staff.get(COMPARE, {"before": before.pk, "after": other.pk}).content.decode()
    )


def test_a_photo_is_explained_by_the_address_of_its_results(staff, version):
    red = Image.new("RGB", (6, 8), (220, 30, 30))
    file = BytesIO()
    red.save(file, "PNG")
    token = take_photo(BytesIO(file.getvalue()), len(file.getvalue()))
    add(version, "R-2", "Red hat", facets={"colour": ["Red"]}, pictures=[unit(1)])
    add(version, "B-3", "Blue hat", facets={"colour": ["Blue"]}, pictures=[unit(0, 1)])
    address = f"/search/?photo={token}&looks=colour%3DBlue"
    page = staff.get(INSPECTOR, {"photo": address, "sku": "R-2"}).content.decode()
    assert "Products with colour Blue come first: the shopper chose it." in page
    assert 'Blue <span class="quiet">first</span>' in page
    assert "Products with colour Blue come before it: the photo shows that." in page
    assert "It is number 2 of 2." in page
    unpictured = staff.get(INSPECTOR, {"photo": token, "looks": "colour=Blue", "sku": "R-1"}).content.decode()
    assert "It has no picture in the index that the photo could be compared with." in unpictured
    assert "send it again" in staff.get(INSPECTOR, {"photo": "forged"}).content.decode()


def test_rows_have_the_buttons_of_merchandising(version):
    merchandiser = client_of(
        "view_queryday", "view_merchandisingrule", "add_merchandisingrule", "change_merchandisingrule"
    )
    page = merchandiser.get(INSPECTOR, {"q": "blue shirt", "sku": "B-2"}).content.decode()
    key = IndexEntry.objects.get(sku="b-1").product_key
    for do in (f"pin:1:{key}", f"hide:{key}", f"boost:{key}", f"bury:{key}"):
        assert f'value="{do}"' in page
    assert f'value="pin:1:{IndexEntry.objects.get(sku="b-2").product_key}"' in page
    given = {"q": "blue shirt", "do": f"hide:{key}"}
    shown = merchandiser.post("/admin/fashion_search/arrangement/", given, follow=True)
    assert [held.card.sku for held in shown.context["board"].held] == ["B-1"]


def test_who_may_not_change_rules_has_no_such_buttons(staff, version):
    assert 'name="do"' not in staff.get(INSPECTOR, {"q": "blue shirt"}).content.decode()
