"""Judged queries in the admin: sets, judging, files, evaluations, other weights."""

import json
import re
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from search.clock import today
from search.evaluation.set_runs import go_on
from search.evaluation.sets import store_upload
from search.indexing import marks
from search.models import Evaluation, EvaluationRun, IndexVersion, JudgedSet, QueryDay
from tests.search.indexed import add

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("index_settings")]

BASE = "/admin/fashion_search/judgedset/"
EVALUATIONS = "/admin/fashion_search/evaluation/"


def client_with(*permissions: str) -> Client:
    user = get_user_model().objects.create_user(f"u{len(permissions)}", password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def shop(version) -> IndexVersion:
    for sku, name in (("A1", "Red shirt"), ("A2", "Blue shirt"), ("A3", "Blue bag")):
        add(version, sku, name, facets={"category": ["Shirts"]})
    return version


@pytest.fixture
def judged_set(shop) -> JudgedSet:
    made = JudgedSet.objects.create(name="first")
    contents = [
        {"query": "shirt", "kind": "plain", "relevant": ["a1"], "wrong": ["a2"]},
        {"query": "bag", "relevant": ["a3"]},
    ]
    store_upload(made, contents, None)
    return made


@pytest.fixture
def page(judged_set) -> str:
    return f"{BASE}{judged_set.pk}/"


def searched(*texts: str) -> None:
    counts = dict.fromkeys(
        ("visits", "zero", "close", "clicked", "clicks", "placed", "positions", "total"), 0
    )
    for place, text in enumerate(texts):
        QueryDay.objects.create(day=today(), query=text, text=text, searches=100 - place, **counts)


def text_of(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def messages(response) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def evaluated(client: Client, page: str) -> EvaluationRun:
    client.post(f"{page}start/")
    run = EvaluationRun.objects.first()
    go_on(run.pk)
    return run


class TestPermission:
    def test_who_may_view_sees_and_cannot_change(self, page, judged_set):
        client = client_with("view_judgedset")
        for path in (BASE, f"{page}change/", f"{page}export/", f"{page}state/"):
            assert client.get(path).status_code == 200, path
        shown = client.get(f"{page}change/").content.decode()
        for button in ("/judge/", "/upload/", "/compare/", "/start/", "Rename", "Delete"):
            assert button not in shown
        for path in ("judge/", "upload/", "compare/"):
            assert client.get(page + path).status_code == 403
        for path in ("judge/", "upload/", "compare/", "start/", "change/"):
            assert client.post(page + path, {"name": "other"}).status_code == 403
        assert "Begin judging" not in client.get(BASE).content.decode()

    def test_without_the_permission_to_see_queries_none_is_suggested(self, page):
        searched("hats")
        shown = client_with("view_judgedset", "change_judgedset").get(f"{page}judge/")
        assert "Type a query to judge" in text_of(shown)
        assert "hats" not in text_of(shown)


class TestSets:
    def test_a_new_set_leads_to_judging(self, staff, shop):
        assert "Begin with the queries that shoppers type most often" in text_of(staff.get(BASE))
        response = staff.post(f"{BASE}add/", {"name": "Most frequent queries"})
        made = JudgedSet.objects.get()
        assert response["Location"] == f"{BASE}{made.pk}/judge/"
        assert "Nobody has searched yet" in text_of(staff.get(response["Location"]))

    def test_sets_are_not_too_many_and_have_names_of_their_own(self, staff, judged_set, monkeypatch):
        assert "already exists" in text_of(staff.post(f"{BASE}add/", {"name": "first"}))
        monkeypatch.setattr("search.admin.judged_sets.MOST_SETS", 1)
        assert "at most 1 sets" in text_of(staff.post(f"{BASE}add/", {"name": "second"}))
        assert JudgedSet.objects.count() == 1

    def test_renamed_and_deleted(self, staff, page, judged_set):
        JudgedSet.objects.create(name="taken")
        assert messages(staff.post(f"{page}change/", {"name": "taken"}, follow=True))
        assert messages(staff.post(f"{page}change/", {"name": ""}, follow=True))
        assert messages(staff.post(f"{page}change/", {"name": "spring"}, follow=True)) == [
            "Renamed “first” to “spring”."
        ]
        assert LogEntry.objects.first().change_message == "Renamed “first” to “spring”."
        assert judged_set.queries.count() == 2
        assert staff.post(f"{page}delete/", {"post": "yes"}).status_code == 302
        assert not JudgedSet.objects.filter(pk=judged_set.pk).exists()

    def test_its_queries_are_listed_and_found(self, staff, page):
        shown = text_of(staff.get(f"{page}change/"))
        assert "2 queries" in shown
        assert "This set has not been evaluated yet" in shown
        only = staff.get(f"{page}change/?q=SHI")
        assert [query.text for query in only.context["page"].object_list] == ["shirt"]
        assert "No query contains “nothing”" in text_of(staff.get(f"{page}change/?q=nothing"))
        assert staff.get(f"{page}change/?p=x").status_code == 200

    def test_one_that_is_gone(self, staff, shop):
        assert staff.get(f"{BASE}7/judge/").status_code == 404
        assert staff.get(f"{BASE}{'9' * 30}/judge/").status_code == 404
        assert staff.get(f"{BASE}x/change/").status_code == 404


class TestJudging:
    def test_the_most_frequent_query_comes_first_and_the_next_one_after_it(self, staff, page, judged_set):
        searched("blue shirt", "shirt", "red bag", "hats")
        shown = staff.get(f"{page}judge/")
        assert (shown.context["text"], shown.context["searches"]) == ("blue shirt", 100)
        assert [query.text for query in shown.context["following"]] == ["red bag", "hats"]
        skus = [pick.sku for pick in shown.context["picks"]]
        assert "a2" in skus
        content = shown.content.decode()
        assert re.search(r'value="a\d" autofocus', content)
        # Enter presses the first button of a form.
        assert (
            re.search(r"<button[^>]*>", content.partition('id="judging"')[2])
            .group(0)
            .endswith('name="save">')
        )
        after = staff.post(
            f"{page}judge/", {"q": "blue shirt", "shown": skus, "right": ["A2"], "save": ""}, follow=True
        )
        assert messages(after) == ["Kept “blue shirt” with 1 right answer."]
        assert after.context["text"] == "red bag"
        kept = judged_set.queries.get(text="blue shirt")
        assert (kept.right, kept.wrong) == (["a2"], sorted(set(skus) - {"a2"}))
        assert kept.judged_by.username == "admin"
        assert "Kept “blue shirt”" in LogEntry.objects.first().change_message

    def test_skipped_queries_wait(self, staff, page):
        searched("hats", "bags")
        assert 'href="?skip=1"' in staff.get(f"{page}judge/").content.decode()
        shown = staff.get(f"{page}judge/?skip=1")
        assert shown.context["text"] == "bags"
        after = staff.post(f"{page}judge/", {"q": "bags", "skip": "1"}, follow=True)
        assert "Go back to those that were skipped" in text_of(after)
        assert staff.get(f"{page}judge/").context["text"] == "hats"
        for skip in ("x", "-1", "9" * 30, "²"):
            assert staff.get(f"{page}judge/?skip={skip}").context["text"] == "hats"

    def test_what_was_judged_before_is_ticked_although_it_is_not_found(self, staff, page, judged_set):
        judged_set.queries.filter(text="bag").update(right=["a3", "a1", "gone"])
        picks = {pick.sku: pick for pick in staff.get(f"{page}judge/?q=Bag").context["picks"]}
        assert {sku for sku, pick in picks.items() if pick.ticked} == {"a3", "a1", "gone"}
        assert (picks["a1"].card.name, picks["gone"].card) == ("Red shirt", None)

    def test_other_products_are_found_without_losing_ticks(self, staff, page, judged_set):
        given = {"q": "bag", "shown": ["a3"], "right": ["a3"], "find": "shirt", "found": "", "save": ""}
        shown = staff.post(f"{page}judge/", given)
        assert [(pick.sku, pick.ticked) for pick in shown.context["picks"]] == [("a3", True)]
        assert {pick.sku for pick in shown.context["others"]} >= {"a1", "a2"}
        assert "Found for “shirt”" in text_of(shown)
        skus = ["a3", *(pick.sku for pick in shown.context["others"])]
        given |= {"shown": skus, "right": ["a3", "a1"], "found": "shirt"}
        staff.post(f"{page}judge/", given)
        assert judged_set.queries.get(text="bag").right == ["a1", "a3"]

    def test_a_query_is_kept_without_a_right_answer_and_taken_out(self, staff, page, judged_set):
        said = messages(staff.post(f"{page}judge/", {"q": "nothing", "shown": ["a1"]}, follow=True))
        assert said == ["Kept “nothing” without a right answer: evaluations leave it out until it has one."]
        said = messages(staff.post(f"{page}judge/", {"q": "nothing", "remove": ""}, follow=True))
        assert said == ["Took “nothing” out of the set."]
        assert not judged_set.queries.filter(text="nothing").exists()

    @pytest.mark.parametrize(
        "sent",
        [
            {},
            {"q": ""},
            {"q": "\0"},
            {"q": "a" * 5000, "shown": ["\0", "b" * 5000], "right": ["never shown"]},
            {"q": "x", "find": "\0", "look": ""},
            {"q": "x", "shown": [str(number) for number in range(900)]},
        ],
    )
    def test_bad_input_is_no_error(self, staff, page, sent):
        assert staff.post(f"{page}judge/", sent).status_code in (200, 302)

    def test_a_form_needs_its_token(self, page):
        client = Client(enforce_csrf_checks=True)
        client.force_login(get_user_model().objects.create_superuser("root"))
        assert client.post(f"{page}judge/", {"q": "hat"}).status_code == 403


class TestFiles:
    def upload(self, client: Client, page: str, text: str) -> object:
        return client.post(f"{page}upload/", {"file": SimpleUploadedFile("q.jsonl", text.encode())})

    def test_a_file_is_shown_first_and_then_stored(self, staff, page, judged_set):
        text = '{"query": "hat", "relevant": ["A1"]}\n{"query": "Bag", "relevant": []}\n{"query": "shirt", "kind": "plain", "relevant": ["a1"], "wrong": ["a2"]}'
        shown = self.upload(staff, page, text)
        plan = shown.context["plan"]
        assert (len(plan.new), len(plan.replaced), plan.same) == (1, 1, 1)
        assert judged_set.queries.count() == 2
        said = messages(
            staff.post(f"{page}upload/", {"content": shown.context["content"], "store": ""}, follow=True)
        )
        assert said == ["Uploaded 1 new and 1 changed queries."]
        assert judged_set.queries.get(query="bag").right == []
        assert LogEntry.objects.first().change_message == said[0]

    def test_an_error_names_the_line_and_loses_nothing(self, staff, page, judged_set):
        shown = self.upload(staff, page, '{"query": "hat", "relevant": []}\nwrong')
        assert "Line 2: It is not JSON" in text_of(shown)
        assert "Nothing was changed" in text_of(shown)
        for sent in ({}, {"store": "", "content": "query,relevant\n"}, {"store": ""}):
            assert "Nothing was changed" in text_of(staff.post(f"{page}upload/", sent))
        assert judged_set.queries.count() == 2

    def test_what_is_downloaded_can_be_uploaded(self, staff, page):
        response = staff.get(f"{page}export/")
        assert response["Content-Disposition"] == 'attachment; filename="first.jsonl"'
        lines = [json.loads(line) for line in response.content.decode().splitlines()]
        assert lines == [
            {"query": "bag", "relevant": ["a3"]},
            {"query": "shirt", "kind": "plain", "relevant": ["a1"], "wrong": ["a2"]},
        ]
        assert "The set has all of it already" in text_of(self.upload(staff, page, response.content.decode()))


class TestEvaluating:
    def test_it_shows_how_far_it_is_and_then_the_figures(self, staff, page, published):
        assert staff.get(f"{page}state/").json() == {"under_way": False}
        said = messages(staff.post(f"{page}start/", follow=True))
        run = EvaluationRun.objects.get()
        assert (said, published) == (["A worker evaluates the set."], [("evaluate_set", run.pk)])
        state = staff.get(f"{page}state/").json()
        assert state == {"under_way": True, "waiting": True, "step": "waiting for a worker", "percent": 0}
        assert "data-state" in staff.get(f"{page}change/").content.decode()
        assert messages(staff.post(f"{page}start/", follow=True)) == [
            "An evaluation of “first” is under way. Wait until it has ended."
        ]
        go_on(run.pk)
        assert not staff.get(f"{page}state/").json()["under_way"]
        shown = staff.get(f"{page}change/")
        assert shown.context["latest"] == Evaluation.objects.get()
        assert "P@10 and nDCG@10 over time" in text_of(shown)
        assert "0.100" in text_of(staff.get(BASE))  # one right answer in ten places

    def test_where_the_queue_is_away_nothing_begins(self, staff, page, monkeypatch):
        monkeypatch.setattr(marks, "publish", lambda *args, **options: False)
        said = messages(staff.post(f"{page}start/", follow=True))
        assert said == ["The task queue cannot be reached, so nothing was begun. Try again in a minute."]
        assert EvaluationRun.objects.get().state == "failed"
        assert said[0] in text_of(staff.get(f"{page}change/"))

    def test_one_evaluation_with_its_worst_queries_first(self, staff, page, judged_set):
        store_upload(judged_set, [{"query": "red", "relevant": ["a1", "a3"]}], None)
        evaluated(staff, page)
        evaluation = Evaluation.objects.get()
        shown = staff.get(f"{EVALUATIONS}{evaluation.pk}/change/")
        assert shown.context["worst"][0].text == "red"
        content = shown.content.decode()
        assert "inspector/?q=red&amp;sku=" in content or 'inspector/?q=red"' in content
        assert f"{page}judge/?q=red" in content
        plain = client_with("view_evaluation").get(f"{EVALUATIONS}{evaluation.pk}/change/").content.decode()
        assert "inspector/?q=" not in plain
        assert "/judge/" not in plain
        assert staff.get(EVALUATIONS).status_code == 200
        assert staff.get(f"{EVALUATIONS}99999/change/").status_code == 404

    def test_one_of_the_command_of_an_earlier_release(self, staff, shop):
        figures = {"queries": 1, "precision": 0.5, "reachable": 0.5, "ndcg": 0.5, "mrr": 0.5, "nothing": 0}
        old = Evaluation.objects.create(
            version=shop,
            measured="version 1",
            source="queries.jsonl",
            digest="d",
            figures={"all": figures | {"p50_ms": 1.0, "p95_ms": 2.0}, "slips": figures},
            queries={"shrit": 0.5},
        )
        shown = text_of(staff.get(f"{EVALUATIONS}{old.pk}/change/"))
        assert "shrit" in shown
        assert "slips" in shown

    def test_the_queries_of_the_page_do_not_grow_with_the_set(
        self, staff, page, judged_set, django_assert_max_num_queries
    ):
        store_upload(judged_set, [{"query": f"q{number}", "relevant": ["a1"]} for number in range(60)], None)
        evaluated(staff, page)
        with django_assert_max_num_queries(20):
            staff.get(f"{page}change/")


class TestComparing:
    def test_the_form_has_the_weights_that_are_set(self, staff, page, search_settings):
        search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"WEIGHTS": {"brand": 7.5}}
        content = staff.get(f"{page}compare/").content.decode()
        assert re.search(r'name="brand" type="number"[^>]* value="7.5"', content)
        assert len(re.findall(r'type="number"', content)) == 18
        assert "Set: 7.5, by default 3.0" in text_of(staff.get(f"{page}compare/"))

    def test_changed_weights_are_tried_and_the_setting_is_told(self, staff, page, published):
        assert staff.post(f"{page}compare/", {"image": "2,5", "brand": "3.0"}).status_code == 302
        run = EvaluationRun.objects.get()
        assert (run.weights, published) == ({"image": 2.5}, [("evaluate_set", run.pk)])
        assert "being compared" in text_of(staff.get(f"{page}compare/"))
        go_on(run.pk)
        shown = text_of(staff.get(f"{page}compare/"))
        assert "Picture 2.5 (set: 0.5)" in shown
        assert "{&quot;WEIGHTS&quot;: {&quot;image&quot;: 2.5}}" in shown
        assert Evaluation.objects.count() == 2
        assert staff.get(f"{page}change/").context["latest"].tried == {}

    def test_earlier_comparisons_stay(self, staff, page):
        for weight in ("1", "2"):
            staff.post(f"{page}compare/", {"image": weight})
            go_on(EvaluationRun.objects.first().pk)
        first = EvaluationRun.objects.last()
        assert staff.get(f"{page}compare/?run={first.pk}").context["row"] == first
        assert staff.get(f"{page}compare/?run=x").context["row"] != first

    @pytest.mark.parametrize("typed", ["x", "", "-1", "101", "nan", "inf", "1e999"])
    def test_what_is_no_weight_is_told_beside_its_field(self, staff, page, typed):
        shown = staff.post(f"{page}compare/", {"image": typed, "text": "2"})
        assert "Type a number from 0 to 100." in text_of(shown)
        assert 'aria-invalid="true"' in shown.content.decode()
        assert re.search(r'name="text" type="number"[^>]* value="2.0"', shown.content.decode())
        assert EvaluationRun.objects.count() == 0

    def test_with_nothing_changed_nothing_begins(self, staff, page):
        said = messages(staff.post(f"{page}compare/", {"image": "0.5"}))
        assert said == ["Change at least one weight: these are the ones that are set."]
        assert EvaluationRun.objects.count() == 0


def test_a_failed_run_says_why(staff, page, judged_set):
    EvaluationRun.objects.create(
        judged_set=judged_set,
        seen_at=timezone.now() - timedelta(days=1),
        state="failed",
        error="No query of the set has a right answer.",
    )
    assert "No query of the set has a right answer." in text_of(staff.get(f"{page}change/"))


def test_each_page_has_its_own_part(staff, page):
    evaluated(staff, page)
    evaluation = Evaluation.objects.get()
    own = [f"{page}{name}/" for name in ("change", "judge", "upload", "compare")]
    for address in (BASE, *own, f"{page}judge/?q=red", f"{EVALUATIONS}{evaluation.pk}/change/"):
        shown = staff.get(address).content.decode()
        assert shown.count('id="content-main"') == 1, address
