import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from search.admin import products as product_actions
from search.indexing import marks
from search.models import IndexEntry, ProductTag, TagWord
from tests.outbox import stale_products
from tests.search.tags.conftest import tagged, version  # noqa: F401 - fixtures

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("index_settings")]

BASE = "/admin/fashion_search/"
REVIEW, DECIDE, WORDS = f"{BASE}producttag/review/", f"{BASE}producttag/decide/", f"{BASE}tagword/"
PRODUCTS = "/admin/shop/product/"
JSON = {"headers": {"Accept": "application/json"}}


def user(*permissions: str) -> Client:
    account = get_user_model().objects.create_user(f"u-{'-'.join(permissions)}", password="x", is_staff=True)
    account.user_permissions.add(*Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(account)
    return client


@pytest.fixture
def staff() -> Client:
    return user("view_producttag", "change_producttag")


@pytest.fixture
def tag(tagged):  # noqa: F811 - the fixture
    return suggested("s-1", "retro")


def suggested(sku: str, word: str, confidence: float = 0.9, **fields: object) -> ProductTag:
    return ProductTag.objects.create(
        product_key=IndexEntry.objects.get(sku=sku).product_key,
        kind="style",
        word=word,
        similarity=0.5,
        confidence=confidence,
        artifact_name="tiny",
        suggested_at=timezone.now(),
        **fields,
    )


def messages(response) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def test_words_that_are_never_suggested_are_named_with_the_reason(tag, staff):
    page = staff.get(REVIEW).content.decode()
    assert "2 words: no product&#x27;s texts hold it" in page
    assert "Pink (style), striped (style)" in page
    assert "1 word: its facet has no other value" in page
    assert "never suggested" not in staff.get(REVIEW, {"state": "accepted"}).content.decode()


def test_pages_need_their_permission(tag):
    for client, expected in (
        (Client(), (302, 302, 302)),
        (user(), (403, 403, 403)),
        (user("view_producttag"), (200, 200, 403)),
        (user("view_producttag", "change_producttag"), (200, 200, 302)),
    ):
        pages = (
            client.get(f"{BASE}producttag/"),
            client.get(REVIEW),
            client.post(DECIDE, {"accept": tag.pk}),
        )
        assert tuple(page.status_code for page in pages) == expected
    tag.refresh_from_db()
    assert (tag.state, tag.decided_by.username) == ("accepted", "u-view_producttag-change_producttag")
    assert user("view_producttag", "add_producttag").get(DECIDE).status_code == 405


def test_who_may_not_decide_sees_no_buttons(tag):
    page = user("view_producttag").get(REVIEW).content.decode()
    assert "retro" in page
    assert 'name="accept"' not in page
    assert 'name="reject"' not in page
    assert "fashion_search/tags.js" not in page


def test_products_come_with_their_tags_the_surest_first(staff, tag):
    suggested("s-2", "bold", 0.95)
    suggested("s-1", "sporty", 0.5)
    suggested("s-1", "plain", 0.7, state="accepted")
    response = staff.get(REVIEW)
    products = response.context["products"]
    assert [(product.card.sku, [tag.word for tag in product.tags]) for product in products] == [
        ("S-2", ["bold"]),
        ("S-1", ["retro", "sporty"]),
    ]
    assert products[1].accepted == ("plain",)
    page = response.content.decode()
    assert "90 %" in page
    assert "Accept retro" in page
    assert 'href="/admin/shop/product/' in page
    assert [product.key for product in staff.get(f"{REVIEW}?state=accepted").context["products"]] == [
        products[1].key
    ]
    assert staff.get(f"{REVIEW}?kind=material").context["products"] == []
    assert len(staff.get(f"{REVIEW}?product={products[0].key}").context["products"]) == 1
    assert "Nothing waits for a decision" in staff.get(f"{REVIEW}?product=%01x").content.decode()


def test_the_list_of_all_tags_leads_to_the_review(staff, tag):
    page = staff.get(f"{BASE}producttag/?q=retro").content.decode()
    assert f'<a href="review/?state=suggested&amp;product={tag.product_key}">' in page
    assert f'<a href="{REVIEW}">Review suggestions</a>' in page
    assert "90%" in page


def test_a_product_that_is_gone_is_named_by_its_key(staff, tag):
    ProductTag.objects.update(product_key="999999")
    assert "Product 999999" in staff.get(REVIEW).content.decode()


def test_the_queries_of_a_page_do_not_grow_with_it(staff, tag, django_assert_max_num_queries):
    for sku in ("s-1", "s-2", "s-3"):
        for word in ("bold", "sporty", "plain"):
            suggested(sku, word)
    with django_assert_max_num_queries(20):
        staff.get(REVIEW)


def test_a_form_decides_and_offers_to_undo(staff, tag):
    other = suggested("s-1", "sporty")
    ids = f"{tag.pk},{other.pk}"
    response = staff.post(
        DECIDE, {"accept": ids, "back": "state=suggested&kind=style", "p": "1"}, follow=True
    )
    assert messages(response) == ["Accepted “retro”, “sporty”."]
    assert response.redirect_chain == [
        (f"{REVIEW}?state=suggested&kind=style&p=1&undo={tag.pk}%2C{other.pk}", 302)
    ]
    assert f'name="undo" value="{ids}"' in response.content.decode()
    assert ProductTag.objects.filter(state="accepted").count() == 2
    assert stale_products().filter(product_key=tag.product_key).exists()
    response = staff.post(DECIDE, {"undo": ids}, follow=True)
    assert messages(response) == ["Taken back: “retro”, “sporty”."]
    assert ProductTag.objects.filter(state="suggested").count() == 2


def test_a_script_is_answered_in_json(staff, tag):
    answer = staff.post(DECIDE, {"reject": str(tag.pk)}, **JSON)
    assert answer.json() == {"changed": [{"id": tag.pk, "state": "rejected"}]}
    assert staff.post(DECIDE, {"reject": str(tag.pk)}, **JSON).json() == {"changed": []}


@pytest.mark.parametrize(
    "sent", [{}, {"accept": ""}, {"accept": "x,-1,²,1e3"}, {"accept": "9" * 30}, {"other": "1"}]
)
def test_what_is_no_decision_changes_nothing(staff, tag, sent):
    assert staff.post(DECIDE, {**sent, "back": "state=nonsense&x", "p": "x"}).status_code == 302
    tag.refresh_from_db()
    assert tag.state == "suggested"


def test_a_decision_needs_its_token(tag):
    client = Client(enforce_csrf_checks=True)
    client.force_login(get_user_model().objects.create_superuser("root"))
    assert client.post(DECIDE, {"accept": tag.pk}).status_code == 403


def selected(*skus: str) -> dict[str, object]:
    keys = list(IndexEntry.objects.filter(sku__in=skus).values_list("product_key", flat=True))
    return {"action": "suggest_tags_for_selected", "_selected_action": keys}


def test_tags_of_a_few_products_are_suggested_at_once(tagged, published):  # noqa: F811
    may = user("view_product", "change_product", "add_producttag", "view_producttag")
    response = may.post(PRODUCTS, selected("s-1", "s-3"), follow=True)
    waiting = ProductTag.objects.count()
    assert waiting > 0
    assert messages(response) == [f'{waiting} suggested tags wait in <a href="{REVIEW}">the review</a>.']
    assert published == []


def test_tags_of_many_are_left_to_a_worker(tagged, published, monkeypatch):  # noqa: F811
    monkeypatch.setattr(product_actions, "FEW", 1)
    monkeypatch.setattr(product_actions, "TAGGED_BY_TASK", 2)
    may = user("view_product", "change_product", "add_producttag")
    response = may.post(PRODUCTS, selected("s-1", "s-2", "s-3"), follow=True)
    assert messages(response) == ["Tags for 3 products are being suggested: they appear in the review."]
    assert [(task, len(keys)) for task, keys in published] == [("suggest_tags", 2), ("suggest_tags", 1)]
    monkeypatch.setattr(marks, "publish", lambda *args, **options: False)
    response = may.post(PRODUCTS, selected("s-1", "s-2"), follow=True)
    assert messages(response)[0].startswith("The task queue cannot be reached")


def test_suggesting_needs_its_permission_and_a_vocabulary(version):  # noqa: F811
    may_not = user("view_product", "change_product")
    assert "Suggest tags" not in may_not.get(PRODUCTS).content.decode()
    may_not.post(PRODUCTS, selected("s-1"))
    may = user("view_product", "change_product", "add_producttag")
    response = may.post(PRODUCTS, selected("s-1"), follow=True)
    assert "The tag vocabulary is not made yet" in messages(response)[0]
    assert not ProductTag.objects.exists()


def test_words_are_added_hidden_and_embedded_by_a_worker(db, published, django_capture_on_commit_callbacks):
    assert Client().get(WORDS).status_code == 302
    assert user().get(WORDS).status_code == 403
    reader = user("view_tagword")
    assert [reader.get(WORDS).status_code, reader.get(f"{WORDS}add/").status_code] == [200, 403]
    editor = user("view_tagword", "add_tagword", "change_tagword", "delete_tagword")

    def send(page: str, **data: object) -> list[str]:
        with django_capture_on_commit_callbacks(execute=True):
            response = editor.post(f"{WORDS}{page}", {"kind": "style", "note": "", **data})
        form = (
            response.context["adminform"].form
            if response.context and "adminform" in response.context
            else None
        )
        return [error for errors in form.errors.values() for error in errors] if form else []

    assert send("add/", text="  off   grid ") == []
    word = TagWord.objects.get()
    assert (word.text, word.hidden) == ("off grid", False)
    assert send("add/", text="Off Grid") == ["This kind has the word already."]
    assert send("add/", text="!?") == ["It contains neither a letter nor a digit."]
    assert send(f"{word.pk}/change/", text="off grid", hidden="on") == []
    assert send(f"{word.pk}/delete/", post="yes") == []
    assert published == [("refresh_tags",)] * 3


def test_what_waits_for_a_decision_goes_with_a_hidden_word(tag, published):
    kept = [suggested("s-2", "retro", state="accepted"), suggested("s-2", "sporty")]
    editor = user("add_tagword")
    editor.post(f"{WORDS}add/", {"kind": "style", "text": "Retro", "hidden": "on", "note": ""})
    assert set(ProductTag.objects.all()) == set(kept)
