import json
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model

from search.clock import today
from search.evaluation import sets
from search.evaluation.judged_queries import read_queries
from search.evaluation.sets import (
    SetError,
    judge,
    judged_query,
    lines_of,
    plan_upload,
    store_upload,
    waiting_queries,
)
from search.models import JudgedSet, QueryDay, QueryJudgement

pytestmark = pytest.mark.django_db


@pytest.fixture
def judged_set() -> JudgedSet:
    return JudgedSet.objects.create(name="first")


@pytest.fixture
def user():
    return get_user_model().objects.create_user("merchandiser")


def searched(query: str, searches: int, days_ago: int = 0) -> None:
    day = today() - timedelta(days=days_ago)
    counts = dict.fromkeys(
        ("visits", "zero", "close", "clicked", "clicks", "placed", "positions", "total"), 0
    )
    QueryDay.objects.create(day=day, query=query.lower(), text=query, searches=searches, **counts)


def test_the_most_frequent_queries_that_are_not_judged_wait(judged_set, user):
    searched("Red shirt", 3)
    searched("Red shirt", 3, days_ago=2)
    searched("Shoes", 5)
    searched("Bags", 1)
    searched("Long ago", 50, days_ago=40)
    other = JudgedSet.objects.create(name="second")
    judge(other, "shoes", ticked=[], shown=[], user=user)
    found = [(waiting.text, waiting.searches) for waiting in waiting_queries(judged_set)]
    assert found == [("Red shirt", 6), ("Shoes", 5), ("Bags", 1)]
    judge(judged_set, "RED  shirt", ticked=["s-1"], shown=["s-1"], user=user)
    assert [waiting.text for waiting in waiting_queries(judged_set)] == ["Shoes", "Bags"]
    assert [waiting.text for waiting in waiting_queries(judged_set, skip=1, limit=1)] == ["Bags"]


def test_what_was_not_shown_keeps_its_judgement(judged_set, user):
    judge(judged_set, "shirt", ticked=["a", "b"], shown=["a", "b", "c"], user=user)
    kept = judge(judged_set, "Shirt", ticked=["c", "d"], shown=["b", "c", "d", "e"], user=user)
    assert (kept.right, kept.wrong) == (["a", "c", "d"], ["b", "e"])
    assert (kept.judged_by, QueryJudgement.objects.count()) == (user, 1)


def test_ticks_take_the_place_of_a_rule(judged_set, user):
    store_upload(judged_set, [{"query": "shirt", "rule": {"colour": ["Red"]}}], user)
    assert judged_query(judged_set.queries.get()).fields == {"colour": ("Red",)}
    kept = judge(judged_set, "shirt", ticked=["a"], shown=["a"], user=user)
    assert judged_query(kept).skus == frozenset({"a"})


def test_a_set_and_a_query_have_limits(judged_set, user, monkeypatch):
    monkeypatch.setattr(sets, "MOST_QUERIES", 1)
    monkeypatch.setattr(sets, "MOST_SKUS", 2)
    judge(judged_set, "one", ticked=[], shown=[], user=user)
    with pytest.raises(SetError, match="at most 1 queries"):
        judge(judged_set, "two", ticked=[], shown=[], user=user)
    with pytest.raises(SetError, match="at most 1 queries"):
        store_upload(judged_set, [{"query": "two", "relevant": []}], user)
    with pytest.raises(SetError, match="at most 2 right answers"):
        judge(judged_set, "one", ticked=["a", "b", "c"], shown=["a", "b", "c"], user=user)
    assert list(judged_set.queries.values_list("text", "right")) == [("one", [])]


def test_an_upload_is_planned_stored_and_read_back_by_the_command(judged_set, user, tmp_path):
    judge(judged_set, "kept", ticked=["a"], shown=["a", "b"], user=user)
    contents = [
        {"query": "new", "kind": "k", "relevant": ["x"], "wrong": []},
        {"query": "ruled", "kind": "", "rule": {"colour": ["Red"], "price_max": 5}},
        {"query": "Kept", "kind": "", "relevant": ["b"], "wrong": []},
    ]
    plan = plan_upload(judged_set, contents)
    assert ([one.text for one in plan.new], [one.text for one in plan.replaced]) == (
        ["new", "ruled"],
        ["Kept"],
    )
    assert judged_set.queries.count() == 1
    store_upload(judged_set, contents, user)
    again = plan_upload(judged_set, contents)
    assert (again.new, again.replaced, again.same) == ((), (), 3)
    file = tmp_path / "set.jsonl"
    file.write_text("".join(lines_of(list(judged_set.queries.all()))))
    assert json.loads(file.read_text().splitlines()[0]) == {"query": "Kept", "relevant": ["b"]}
    assert {query.text: query.skus for query in read_queries(file)} == {
        "Kept": frozenset({"b"}),
        "new": frozenset({"x"}),
        "ruled": None,
    }
