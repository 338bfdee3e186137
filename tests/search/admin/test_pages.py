import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.utils import timezone

from search.admin import IndexedProductAdmin
from search.indexing import marks
from search.models import EntryImage, IndexEntry, IndexVersion, StaleProduct
from shop.models import Product
from tests.outbox import empty_outbox, stale_products
from tests.search.products import add_picture, begin_version, drain, make_product

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("index_settings")]

VERSIONS = "/admin/fashion_search/indexversion/"
STALE = "/admin/fashion_search/staleproduct/"


def messages(response) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def test_versions_show_progress_and_recall(staff):
    make_product("A1")
    version = begin_version()
    IndexVersion.objects.update(ann_recall=0.9912, state="ready")
    drain()
    page = staff.get(VERSIONS).content.decode()
    assert (
        '<progress max="1" value="1" aria-label="embedded"></progress> 1 of 1 embedded, 1 by keyword' in page
    )
    assert "0.9912" in page
    assert f"{VERSIONS}{version.pk}/activate/" in page
    assert staff.get(f"{VERSIONS}{version.pk}/change/").status_code == 200


@pytest.mark.parametrize(
    ("path", "task", "sentence"),
    [
        ("roll-back/", ("activate_version", 7), "Searches are going back to version 7."),
        ("7/activate/", ("activate_version", 7), "Version 7 is being activated."),
    ],
)
def test_buttons_hand_the_work_to_celery(staff, published, path, task, sentence):
    IndexVersion.objects.create(pk=7, artifact_path="x", fingerprint="x", dimension=32, state="retired")
    response = staff.post(VERSIONS + path, follow=True)
    assert messages(response) == [sentence]
    assert published == [task]
    published.clear()
    assert staff.get(VERSIONS + path).status_code == (405 if path == "roll-back/" else 200)
    assert published == []


@pytest.fixture
def held() -> IndexVersion:
    """A version that is held back, beside the active one."""
    figures = {"version": 0, "counts": {"entries": 2, "pictures": 2, "embedded": 0}, "filled": {"name": 2}}
    active = {"version": 1, "counts": {"entries": 2, "pictures": 2, "embedded": 2}, "filled": {"name": 2}}
    common = {"artifact_path": "x", "fingerprint": "x", "dimension": 32}
    IndexVersion.objects.create(pk=1, state="active", **common)
    return IndexVersion.objects.create(
        pk=2,
        state="ready",
        held="2 of 2 pictures have no embedding; in the active version 0 of 2.",
        figures={"new": figures, "active": active, "lost": 0, "measured_at": "2026-01-01T00:00:00+00:00"},
        **common,
    )


def test_a_version_that_is_held_back_is_activated_by_explicit_confirmation_only(staff, published, held):
    page = staff.get(VERSIONS).content.decode()
    assert "held back" in page
    address = f"{VERSIONS}{held.pk}/activate/"
    entry = IndexEntry.objects.create(
        version=held, product_key="1", sku="a1", name="A", document="", created=timezone.now(),
        content_hash="", updated_at=timezone.now(),
    )  # fmt: skip
    EntryImage.objects.create(entry=entry, version=held, position=0, name="a.jpg", error="gone")
    page = " ".join(staff.get(address).content.decode().split())
    assert "is clearly worse than the active version" in page or "it is clearly worse" in page
    assert held.held in page
    row = page.partition("Pictures without an embedding</th>")[2].partition("</tr>")[0]
    assert "1 of 1 (100.0 %)" in row
    assert "clearly worse" in row  # in words
    assert '<input type="checkbox" name="force" required>' in page
    assert messages(staff.post(address, follow=True)) == [
        "Version 2 is held back: say below that it is to be activated all the same."
    ]
    assert published == []
    assert messages(staff.post(address, {"force": "on"}, follow=True)) == ["Version 2 is being activated."]
    assert published == [("activate_version", 2, True)]


def test_a_version_is_given_up(staff, published, held):
    address = f"{VERSIONS}{held.pk}/give-up/"
    assert staff.get(address).status_code == 405
    assert messages(staff.post(address, follow=True)) == ["Version 2 is given up."]
    held.refresh_from_db()
    assert (held.state, held.error, published) == ("failed", "Given up by admin.", [("advance_builds",)])
    assert messages(staff.post(address, follow=True)) == [
        "Version 2 is failed; only a ready one can be given up."
    ]


def test_whoever_may_only_view_versions_compares_and_decides_nothing(client, published, held):
    user = get_user_model().objects.create_user("reader", password="x", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_indexversion"))
    client.force_login(user)
    address = f"{VERSIONS}{held.pk}/activate/"
    assert "<button" not in client.get(address).content.decode().partition("Side by side")[2]
    assert client.post(address, {"force": "on"}).status_code == 403
    assert client.post(f"{VERSIONS}{held.pk}/give-up/").status_code == 403
    assert (published, client.get(f"{VERSIONS}9/activate/").status_code) == ([], 404)


def test_nothing_to_roll_back_to_is_said(staff, published):
    assert messages(staff.post(VERSIONS + "roll-back/", follow=True)) == [
        "No retired version is kept to roll back to."
    ]
    assert published == []


def test_buttons_say_so_where_the_queue_is_away(staff, monkeypatch):
    monkeypatch.setattr(marks, "publish", lambda *args, **options: False)
    response = staff.post(VERSIONS + "7/activate/", follow=True)
    assert messages(response) == [
        "The task queue cannot be reached, so nothing was begun. Try again in a minute."
    ]


def test_buttons_need_the_permission_to_change(client, published):
    user = get_user_model().objects.create_user("reader", password="x", is_staff=True)
    client.force_login(user)
    assert client.post(VERSIONS + "roll-back/").status_code == 403
    assert published == []


def test_failed_products_with_reason_and_retry(staff, django_capture_on_commit_callbacks):
    product = make_product("A1", pictures=0)
    add_picture(product, b"no picture")
    begin_version()
    drain()
    page = staff.get(STALE + "?state=failed").content.decode()
    assert "A1: red Shirt" in page
    assert "The file is not a JPEG, PNG, WebP, GIF, AVIF or HEIC picture." in page
    row = stale_products().get()
    with django_capture_on_commit_callbacks(execute=True):
        response = staff.post(STALE, {"action": "retry", "_selected_action": [row.pk]}, follow=True)
    assert messages(response) == ["1 product is being indexed again."]
    row.refresh_from_db()
    assert (row.attempts, row.last_error) == (0, "")


def test_a_stale_product_that_is_gone_is_shown_by_its_key(staff):
    StaleProduct.objects.create(product_key="no number", marked_at="2026-01-01T00:00:00Z", last_error="bad")
    assert "no number" in staff.get(STALE).content.decode()


class TestProductAdmin:
    @pytest.fixture
    def product_admin(self) -> IndexedProductAdmin:
        return IndexedProductAdmin(Product, admin.site)

    @pytest.fixture
    def request_(self, rf):
        request = rf.get("/")
        request.user = get_user_model().objects.create_superuser("admin", "admin@example.com", "x")
        return request

    def states(self, product_admin, request) -> dict[str, str]:
        changelist = product_admin.get_changelist_instance(request)
        return {product.sku: product_admin.index_state(product) for product in changelist.result_list}

    def test_states(self, product_admin, request_):
        make_product("A1")
        assert self.states(product_admin, request_) == {"A1": "no index yet"}
        bad = make_product("A2", pictures=0)
        picture = add_picture(bad, b"no picture")
        begin_version()
        drain()
        make_product("A3")
        error = f"{picture.image.name}: The file is not a JPEG, PNG, WebP, GIF, AVIF or HEIC picture."
        assert self.states(product_admin, request_) == {
            "A1": "indexed",
            "A2": f"will be tried again: {error}",
            "A3": "waiting",
        }

    def test_the_number_of_queries_does_not_grow(self, product_admin, request_, django_assert_num_queries):
        for number in range(2):
            make_product(f"A{number}")
        begin_version()
        drain()
        with django_assert_num_queries(6):
            self.states(product_admin, request_)
        for number in range(2, 12):
            make_product(f"A{number}")
        with django_assert_num_queries(6):
            self.states(product_admin, request_)

    def test_the_action_marks_products(self, product_admin, request_):
        make_product("A1")
        empty_outbox()
        assert "reindex_selected" in product_admin.get_actions(request_)
        request_._messages = _Sink()
        product_admin.reindex_selected(request_, Product.objects.all())
        assert stale_products().count() == 1


class _Sink:
    def add(self, level, message, extra_tags="") -> None:
        self.message = message
