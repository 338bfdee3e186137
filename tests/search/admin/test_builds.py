"""The pages of builds: who sees them, who begins and cancels, and what they say."""

import re

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from search.indexing import building, marks
from search.models import Build, IndexVersion
from search.monitoring import build_progress
from tests.search.admin.test_insight import client_with, text_of
from tests.search.products import drain, make_product

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("index_settings")]

BUILDS = "/admin/fashion_search/build/"
PROGRESS = f"{BUILDS}progress/"
START = f"{BUILDS}start/rebuild/"


@pytest.fixture
def viewer() -> Client:
    return client_with("view_indexversion")


@pytest.fixture
def build() -> Build:
    """A rebuild of two products."""
    for number in range(2):
        make_product(f"A{number}")
    build, _ = building.request_build("rebuild", by="anna")
    building.begin_build(build.pk)
    build.refresh_from_db()
    return build


def messages(response) -> list[str]:
    return [str(message) for message in response.context["messages"]]


class TestPermission:
    @pytest.mark.parametrize("page", [BUILDS, PROGRESS])
    def test_seeing(self, client, page):
        assert client.get(page)["Location"].startswith("/admin/login/")
        assert client_with("view_staleproduct", "view_searchday").get(page).status_code == 403

    @pytest.mark.parametrize("page", [BUILDS, PROGRESS])
    @pytest.mark.parametrize("permission", ["view_indexversion", "change_indexversion"])
    def test_seeing_with_either_permission(self, page, permission):
        assert client_with(permission).get(page).status_code == 200

    def test_beginning_and_cancelling(self, client, viewer, build):
        cancel = f"{BUILDS}{build.pk}/cancel/"
        assert client.post(START)["Location"].startswith("/admin/login/")
        assert client.post(cancel)["Location"].startswith("/admin/login/")
        assert viewer.post(START).status_code == 403
        assert viewer.get(cancel).status_code == 403
        assert viewer.post(cancel).status_code == 403
        assert Build.objects.get().state == "running"

    def test_who_may_only_see_gets_no_buttons(self, viewer, build):
        page = viewer.get(BUILDS).content.decode()
        assert "Encoding products" in text_of(viewer.get(BUILDS)) or "Writing keywords" in page
        assert "/start/" not in page
        assert "/cancel/" not in page

    def test_with_the_permission(self, build):
        worker = client_with("change_indexversion")
        page = worker.get(BUILDS).content.decode()
        assert f'formaction="{START}" disabled' in page
        assert f'href="{BUILDS}{build.pk}/cancel/"' in page
        assert worker.post(f"{BUILDS}{build.pk}/cancel/").status_code == 302
        assert worker.post(START).status_code == 302
        assert list(Build.objects.values_list("state", "started_by")) == [
            ("running", "reader"),
            ("cancelled", "anna"),
        ]

    def test_nothing_is_added_edited_or_deleted(self, staff, build):
        for path in ("add/", f"{build.pk}/change/", f"{build.pk}/delete/"):
            assert staff.get(BUILDS + path).status_code == 404

    def test_the_index_of_the_admin_leads_there(self, viewer):
        assert f'href="{BUILDS}"' in viewer.get("/admin/").content.decode()
        index = client_with_other_name("view_searchday").get("/admin/").content.decode()
        assert BUILDS not in index


def client_with_other_name(permission: str) -> Client:
    get_user_model().objects.filter(username="reader").update(username="former")
    return client_with(permission)


class TestBeginning:
    @pytest.mark.parametrize("kind", ["rebuild", "reindex"])
    def test_a_click_hands_the_build_to_a_worker(self, staff, published, kind):
        response = staff.post(f"{BUILDS}start/{kind}/", follow=True)
        assert messages(response) == [f"The {kind} is beginning."]
        build = Build.objects.get()
        assert (build.kind, build.started_by, build.step) == (kind, "admin", "queued")
        assert published == [("begin_build", build.pk)]
        assert "Waiting for a worker." in text_of(response)

    def test_a_second_click_says_that_one_runs(self, staff, build, published):
        published.clear()
        response = staff.post(START, follow=True)
        assert messages(response) == ["Nothing was begun. A rebuild runs already, begun by anna."]
        assert (Build.objects.count(), published) == (1, [])

    def test_without_the_task_queue_it_waits(self, staff, monkeypatch):
        monkeypatch.setattr(marks, "publish", lambda *args, **options: False)
        response = staff.post(START, follow=True)
        assert messages(response) == [
            "The task queue cannot be reached; the rebuild begins when workers reach it again."
        ]
        assert Build.objects.get().state == "running"

    def test_other_kinds_and_reading(self, staff):
        assert staff.post(f"{BUILDS}start/everything/").status_code == 404
        assert staff.get(START).status_code == 405


class TestProgress:
    def test_as_json(self, viewer, build):
        response = viewer.get(PROGRESS)
        assert "no-store" in response["Cache-Control"]
        answer = response.json()["build"]
        assert re.match(r"for \d+ s", answer.pop("figures"))
        assert answer == {
            "id": build.pk,
            "kind": "rebuild",
            "kind_name": "rebuild",
            "state": "running",
            "state_name": "running",
            "step": "encoding",
            "running": True,
            "headline": f"Rebuild: version {build.version}",
            "sentence": "Writing keywords: 0 of 2 products.",
            "advice": "",
            "trouble": "",
            "done": 0,
            "total": 2,
            "percent": 0.0,
            "rate": None,
            "seconds_left": None,
            "rate_words": "",
            "left_words": "",
            "stalled": False,
            "steps": [
                {"name": "waiting for a worker", "state": "done"},
                {"name": "marking products", "state": "done"},
                {"name": "writing keywords", "state": "current"},
                {"name": "encoding products", "state": "ahead"},
                {"name": "building HNSW indexes", "state": "ahead"},
                {"name": "verifying", "state": "ahead"},
                {"name": "switching", "state": "ahead"},
            ],
        }

    def test_of_nothing(self, viewer):
        assert viewer.get(PROGRESS).json() == {"build": None}
        assert "Nothing has been built yet." in text_of(viewer.get(BUILDS))

    def test_the_page_reloads_itself_where_there_is_no_script(self, viewer, build):
        reload = '<noscript><meta http-equiv="refresh" content="5"></noscript>'
        page = viewer.get(BUILDS).content.decode()
        assert reload in page
        assert f'data-address="{PROGRESS}"' in page
        assert '<progress max="100" value="0.0" aria-labelledby="build-headline"></progress>' in page
        Build.objects.update(state="done")
        page = viewer.get(BUILDS).content.decode()
        assert reload not in page
        assert "<progress" not in page

    def test_a_build_that_does_not_move(self, viewer, build, monkeypatch):
        monkeypatch.setattr(build_progress.read_progress, "__defaults__", (lambda: 0,))
        Build.objects.update(moved_at="2026-01-01T00:00:00Z")
        page = text_of(viewer.get(BUILDS))
        assert "not moving" in page
        assert "No Celery worker answers. Start one" in page

    def test_history(self, viewer, build):
        drain()
        Build.objects.update(state="failed", reason="<b>disk full</b>", ended_at=build.started_at)
        response = viewer.get(BUILDS)
        rows = response.context["cl"].result_list
        assert [(row.pk, row.state) for row in rows] == [(build.pk, "failed")]
        assert "&lt;b&gt;disk full&lt;/b&gt;" in response.content.decode()
        assert re.search(r"failed \d+ anna .* 0 s 2 ", text_of(response))

    def test_no_inline_script_or_style(self, staff, build):
        content = staff.get(BUILDS).content.decode()
        card = content[content.index('class="insight-page dashboard"') : content.index('id="changelist"')]
        for sign in ("<script", "style=", "onclick"):
            assert sign not in card


class TestCancelling:
    def test_it_asks_first(self, staff, build):
        page = text_of(staff.get(f"{BUILDS}{build.pk}/cancel/"))
        assert "No version is active: nothing is found by picture or meaning until a rebuild is done." in page
        assert Build.objects.get().state == "running"
        version = IndexVersion.objects.create(
            artifact_path="a", artifact_name="a", fingerprint="f", dimension=32, state="active"
        )
        page = text_of(staff.get(f"{BUILDS}{build.pk}/cancel/"))
        assert f"Searches go on with version {version.pk}, which stays as it is." in page

    def test_then_it_cancels(self, staff, build):
        response = staff.post(f"{BUILDS}{build.pk}/cancel/", follow=True)
        assert messages(response) == ["The rebuild is cancelled; another one may begin."]
        page = text_of(response)
        assert "Cancelled by admin. It ended after 0 of 2 products." in page
        assert f'formaction="{START}">Rebuild' in response.content.decode()

    def test_too_late(self, staff, build):
        Build.objects.update(state="done")
        assert "The rebuild is done and cannot be cancelled any more." in text_of(
            staff.get(f"{BUILDS}{build.pk}/cancel/")
        )
        response = staff.post(f"{BUILDS}{build.pk}/cancel/", follow=True)
        assert messages(response) == ["The rebuild is done and cannot be cancelled any more."]
        assert staff.post(f"{BUILDS}0/cancel/").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_the_number_of_queries_of_a_poll_does_not_grow_with_the_catalogue(
    viewer, build, django_assert_max_num_queries
):
    drain()
    for number in range(10):
        make_product(f"B{number}")
    with django_assert_max_num_queries(9):
        viewer.get(PROGRESS)
    building.advance_builds()
    with django_assert_max_num_queries(9):
        viewer.get(PROGRESS)
