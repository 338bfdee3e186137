"""What messages say of the shop that sent them, and what is done with another one's."""

import json
import logging

import pytest
import redis
from celery import current_app
from celery.beat import ScheduleEntry, Scheduler
from django.conf import settings

from search import task_messages, tasks
from search.conf import namespace
from search.identity import database_identity
from search.indexing import marks

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("redis_server", "search_settings"),
]


@pytest.fixture
def waiting():
    """Read the tasks that wait in the queue, with what their messages say of their shop."""
    marks.breaker.close()
    prefix = settings.CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"]
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.flushdb()

        def read() -> list[tuple[str, dict]]:
            sent = [json.loads(message)["headers"] for message in client.lrange(f"{prefix}shop", 0, -1)]
            return [(headers["task"], headers.get(task_messages.HEADER)) for headers in reversed(sent)]

        yield read
        client.flushdb()


def test_every_message_says_which_shop_sent_it(waiting):
    marks.publish("index_stale")
    tasks.sweep.delay()
    scheduler = Scheduler(app=current_app, lazy=True)
    scheduler.apply_async(ScheduleEntry("r", "search.tasks.reconcile", schedule=10, app=current_app))
    ours = {"namespace": namespace(), "database": ""}
    assert waiting() == [
        ("search.tasks.index_stale", ours), ("search.tasks.sweep", ours), ("search.tasks.reconcile", ours)
    ]  # fmt: skip


def test_numbers_of_rows_go_with_the_database_that_they_are_of(waiting):
    marks.publish("activate_version", 3, expires=None)
    tasks.reindex_products.delay(keys=["1"])
    assert [told["database"] for _, told in waiting()] == [database_identity()] * 2
    assert database_identity()


def test_messages_of_others_are_left_as_they_are(waiting):
    current_app.send_task("host.tasks.mail", [1])
    assert waiting() == [("host.tasks.mail", None)]


@pytest.mark.parametrize(
    ("name", "database", "expected"),
    [
        ("ours", "ours", True),
        ("other", "ours", True),  # one database, whose processes are named differently
        ("ours", "other", False),  # a copy with the same name
        ("other", "other", False),
        ("ours", "", True),
        ("other", "", False),
    ],
)
def test_whose_a_message_is(name, database, expected):
    sender = {
        "namespace": namespace() if name == "ours" else "other",
        "database": database_identity() if database == "ours" else database,
    }
    assert task_messages.is_ours(sender) is expected


def test_a_message_of_a_release_before_is_taken(monkeypatch):
    taken = []
    monkeypatch.setattr("search.indexing.failures.reindex_products", taken.append)
    _receive(tasks.reindex_products, [["1"]], {})
    assert taken == [["1"]]


def test_another_shops_message_is_refused_given_back_once_and_sent_again_by_its_owner(
    waiting, monkeypatch, caplog, settings
):
    monkeypatch.setattr("search.indexing.failures.reindex_products", lambda keys: pytest.fail("it acted"))
    sender = {"namespace": "shoes", "database": ""}
    for _ in range(2):
        _receive(tasks.reindex_products, [["1"]], {task_messages.HEADER: sender})
    (record,) = {record.getMessage() for record in caplog.records if record.levelno == logging.ERROR}
    assert (
        f"Shop {namespace()!r} refuses search.tasks.reindex_products(['1'],), which shop 'shoes' has sent"
        in record
    )
    assert "It is given back. Give each shop a Redis database or a global_keyprefix of its own" in record
    assert task_messages.send_again() == 0  # it is not this shop's

    settings.FASHION_SEARCH = settings.FASHION_SEARCH | {"NAMESPACE": "shoes"}
    assert task_messages.send_again() == 1
    assert [task for task, _ in waiting()] == ["search.tasks.reindex_products"]
    assert task_messages.send_again() == 0


def test_a_copy_of_the_same_name_does_not_get_what_is_given_back(waiting):
    task_messages.refuse(
        "search.tasks.activate_version", [3], {}, {"namespace": namespace(), "database": "other"}
    )
    assert task_messages.send_again() == 0
    assert waiting() == []


def test_where_the_broker_is_no_redis_the_log_says_that_a_message_is_lost(monkeypatch, caplog):
    for name in ("broker_write_url", "broker_url"):
        monkeypatch.setattr(current_app.conf, name, "memory://")
    task_messages.refuse("search.tasks.sweep", [], {}, {"namespace": "shoes", "database": ""})
    assert "It is lost: ask for it again." in caplog.text
    assert task_messages.send_again() == 0


def _receive(task, arguments: list, headers: dict) -> None:
    """Run a task as a worker does with a message."""
    task.push_request(args=arguments, headers=headers or None, called_directly=False)
    try:
        task.__call__(*arguments)
    finally:
        task.pop_request()
