from dataclasses import replace
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from search import tasks
from search.conf import get_settings
from search.evaluation import set_runs
from search.evaluation.history import read_history, worst_first
from search.evaluation.set_runs import ask, changed_weights, give_up, go_on, lost_runs, setting_of
from search.evaluation.sets import SetError, store_upload
from search.models import Evaluation, EvaluationRun, IndexVersion, JudgedSet
from tests.search.indexed import add

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("index_settings")]


@pytest.fixture
def user():
    return get_user_model().objects.create_user("merchandiser")


@pytest.fixture
def judged_set(version, user) -> JudgedSet:
    """Two queries: one whose only right answer is found, one of whose two right answers one is."""
    for sku, name, colour in (
        ("A1", "Red shirt", "Red"),
        ("A2", "Blue bag", "Blue"),
        ("A3", "Blue hat", "Blue"),
    ):
        add(version, sku, name, facets={"colour": [colour], "category": ["Shirts"]})
    made = JudgedSet.objects.create(name="first")
    contents = [
        {"query": "shirt", "kind": "one", "relevant": ["a1", "gone"]},
        {"query": "bag", "kind": "two", "relevant": ["a2", "a3"]},
        {"query": "nothing", "relevant": []},
    ]
    store_upload(made, contents, user)
    return made


def row() -> EvaluationRun:
    return EvaluationRun.objects.get()


def test_a_run_keeps_its_figures_and_says_how_far_it_is(judged_set, user):
    run = ask(judged_set, user)
    assert (run.is_under_way, run.state) == (True, "waiting")
    assert not go_on(run.pk)
    run = row()
    assert (run.state, run.share, run.error, run.answers, run.after) == ("ready", 1.0, "", {}, None)
    evaluation = run.before
    assert (evaluation.judged_set, evaluation.source, evaluation.tried) == (judged_set, "first", {})
    assert list(evaluation.figures) == ["all", "one", "two"]
    assert evaluation.figures["all"]["queries"] == 2
    assert evaluation.queries == {"shirt": 1.0, "bag": 0.5}
    assert evaluation.details["bag"][:2] == [1, 2]
    assert evaluation.settings["WEIGHTS"]["colour"] == get_settings().weights.colour
    assert [(query.text, query.right, query.of) for query in worst_first(evaluation)] == [
        ("bag", 1, 2),
        ("shirt", 1, 1),
    ]
    assert not go_on(run.pk)  # a message that comes twice
    assert Evaluation.objects.count() == 1


def test_it_goes_slice_by_slice_and_asks_nothing_twice(judged_set, user, published, monkeypatch):
    asked = []
    search = set_runs.search

    def counted(text, **options):
        asked.append(text)
        return search(text, **options)

    monkeypatch.setattr(set_runs, "search", counted)
    monkeypatch.setattr(set_runs, "SAVE_SECONDS", 0.0)
    run = ask(judged_set, user)
    assert go_on(run.pk, seconds=-1)
    assert (row().state, row().step) == ("computing", "0 of 3 searches")
    assert asked == []

    # A worker that ends in the middle of a slice: what it had saved stays.
    def dies(text, **options):
        if asked:
            raise SystemExit
        return counted(text, **options)

    monkeypatch.setattr(set_runs, "search", dies)
    with pytest.raises(SystemExit):
        go_on(run.pk)
    assert (row().state, row().starts) == ("computing", 0)
    assert len(row().answers["now"]) == 1
    monkeypatch.setattr(set_runs, "search", counted)
    tasks.evaluate_set(run.pk)
    assert row().state == "ready"
    assert sorted(asked) == ["bag", "nothing", "shirt"]
    assert published == []


def test_a_slice_asks_for_the_next_one(judged_set, user, published, monkeypatch):
    run = ask(judged_set, user)
    monkeypatch.setattr(set_runs, "go_on", lambda run_id: True)
    tasks.evaluate_set(run.pk)
    assert published == [("evaluate_set", run.pk)]


def test_one_that_ends_its_worker_again_and_again_is_given_up(judged_set, user, monkeypatch):
    def dies(text, **options):
        raise SystemExit

    monkeypatch.setattr(set_runs, "search", dies)
    run = ask(judged_set, user)
    for _ in range(set_runs.MOST_STARTS):
        with pytest.raises(SystemExit):
            go_on(run.pk)
    assert not go_on(run.pk)
    assert (row().state, row().error) == ("failed", "It ended its worker 3 times.")


def test_a_run_whose_message_was_lost_is_sent_again_by_the_sweep(judged_set, user, published):
    run = ask(judged_set, user)
    assert lost_runs() == []
    EvaluationRun.objects.update(seen_at=timezone.now() - timedelta(seconds=91))
    tasks.sweep()
    assert ("evaluate_set", run.pk) in published
    assert lost_runs() == []


def test_one_at_a_time(judged_set, user):
    ask(judged_set, user)
    other = JudgedSet.objects.create(name="second")
    store_upload(other, [{"query": "shirt", "relevant": ["a1"]}], user)
    with pytest.raises(SetError, match="An evaluation of “first” is under way"):
        ask(other, user)
    EvaluationRun.objects.update(seen_at=timezone.now() - timedelta(seconds=301))
    ask(other, user)
    assert judged_set.runs.get().state == "failed"


def test_what_cannot_be_evaluated_is_said(judged_set, user):
    empty = JudgedSet.objects.create(name="second")
    with pytest.raises(SetError, match="has no query yet"):
        ask(empty, user)
    store_upload(empty, [{"query": "shirt", "relevant": []}], user)
    run = ask(empty, user)
    go_on(run.pk)
    assert (row().state, row().error) == (
        "failed",
        "No query of the set has a right answer in the catalogue.",
    )
    IndexVersion.objects.update(state="retired")
    with pytest.raises(SetError, match="no active index version"):
        ask(judged_set, user)


def test_a_degraded_answer_is_not_judged(judged_set, user, monkeypatch):
    answer = replace(set_runs.search("shirt"), degraded="The encoder is away.")
    monkeypatch.setattr(set_runs, "search", lambda text, **options: answer)
    run = ask(judged_set, user)
    assert not go_on(run.pk)
    assert row().state == "failed"
    assert "its answer is degraded: The encoder is away." in row().error


def test_answers_of_another_version_begin_anew(judged_set, user, tiny_artifact, monkeypatch):
    run = ask(judged_set, user)
    first = IndexVersion.objects.get()
    key = str(judged_set.queries.get(text="shirt").pk)
    stored = {"now": {key: {"skus": [], "total": 0, "ms": 1.0}}}
    EvaluationRun.objects.update(answers=stored, version_number=first.pk + 1)
    go_on(run.pk)
    assert row().before.queries["shirt"] == 1.0


def test_rules_are_judged_by_the_products(judged_set, user):
    contents = [
        {"query": "blue", "rule": {"subcategory": ["Nothing"]}},
        {"query": "acme", "rule": {"price_min": 5}},
    ]
    store_upload(judged_set, contents, user)
    run = ask(judged_set, user)
    go_on(run.pk)
    assert (row().state, row().error) == ("ready", "")
    assert row().before.details["acme"][1] == 3  # all products cost more than that
    assert "blue" not in row().before.queries


def test_weights_are_tried_beside_those_that_are_set(judged_set, user):
    run = ask(judged_set, user, {"image": 0.0, "text": 2.0})
    go_on(run.pk)
    run = row()
    assert (run.before.tried, run.after.tried) == ({}, {"WEIGHTS": {"image": 0.0, "text": 2.0}})
    assert run.after.settings["WEIGHTS"]["text"] == 2.0
    assert run.before.settings["WEIGHTS"]["text"] == get_settings().weights.text
    assert run.before.digest == run.after.digest


def test_the_setting_to_adopt_unites_what_is_set_and_what_was_tried(search_settings):
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"WEIGHTS": {"brand": 5.0, "word": 1.5}}
    assert changed_weights({"brand": 5.0, "word": 2.0, "image": 0.5}) == {"word": 2.0}
    assert setting_of({"word": 2.0, "image": 1.0}) == '{"WEIGHTS": {"brand": 5.0, "image": 1.0}}'


def test_old_evaluations_and_runs_are_deleted(judged_set, user, monkeypatch):
    monkeypatch.setattr(set_runs, "KEPT_RUNS", 2)
    monkeypatch.setattr(set_runs, "KEPT_EVALUATIONS", 2)
    for _ in range(4):
        go_on(ask(judged_set, user).pk)
    assert (judged_set.runs.count(), judged_set.evaluations.count()) == (2, 2)
    assert judged_set.runs.first().before == judged_set.evaluations.first()


def test_a_run_whose_task_could_not_be_sent_has_failed(judged_set, user):
    run = ask(judged_set, user)
    give_up(run, "The queue is away.")
    assert (row().state, row().error) == ("failed", "The queue is away.")


def test_the_history_tells_what_was_changed(judged_set, user, search_settings):
    assert read_history(judged_set.evaluations.all()) is None
    go_on(ask(judged_set, user).pk)
    go_on(ask(judged_set, user).pk)
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"WEIGHTS": {"image": 1.0}}
    go_on(ask(judged_set, user).pk)
    store_upload(judged_set, [{"query": "hat", "relevant": ["a3"]}], user)
    go_on(ask(judged_set, user).pk)
    history = read_history(judged_set.evaluations.all())
    assert [(entry.number, entry.changes) for entry in history.entries] == [
        (2, ("Other judgements",)),
        (1, ("WEIGHTS image: 0.5 → 1.0",)),
        (None, ()),
        (None, ()),
    ]
    assert [mark.text for mark in history.marks] == ["1", "2"]
    assert "WEIGHTS image: 0.5 → 1.0" in history.chart.columns[2].title
