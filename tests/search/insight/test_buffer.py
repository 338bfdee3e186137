import os
from threading import Event

import pytest

from search.insight.log import Buffer
from search.prometheus import LEFT_OUT
from tests.processes import wait_until


def test_records_are_handed_on_in_their_order():
    sent: list[dict] = []
    buffer = Buffer(sent.extend)

    assert all(buffer.put({"n": number}) for number in range(5))
    assert buffer.flush(5)
    assert [record["n"] for record in sent] == [0, 1, 2, 3, 4]


def test_a_full_buffer_drops_what_comes_next_and_never_waits():
    released, sent = Event(), []

    def send(batch):
        released.wait(5)
        sent.extend(batch)

    buffer = Buffer(send, size=3)
    buffer.put({"n": 0})
    while buffer._queue.qsize():  # the thread has taken it
        pass
    assert [buffer.put({"n": number}) for number in range(1, 6)] == [True, True, True, False, False]
    assert buffer.dropped == 2
    released.set()
    assert buffer.flush(5)
    assert [record["n"] for record in sent] == [0, 1, 2, 3]


def test_a_batch_that_could_not_be_sent_is_sent_again():
    sent: list[dict] = []
    failures = iter([ConnectionError("refused"), ConnectionError("refused")])

    def send(batch):
        for error in failures:
            raise error
        sent.extend(batch)

    buffer = Buffer(send)
    buffer.put({"n": 1})
    assert buffer.flush(5)
    assert sent == [{"n": 1}]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_ended_is_started_again(caplog):
    sent: list[dict] = []

    def send(batch):
        if not sent:
            sent.append({"n": "ended"})
            raise SystemExit  # what no batch survives; the thread ends without a word
        sent.extend(batch)

    buffer = Buffer(send)
    buffer.put({"n": 1})
    buffer._thread.join(5)
    assert not buffer._thread.is_alive()
    buffer.put({"n": 2})
    wait_until(lambda: sent[1:] == [{"n": 2}], seconds=180)
    assert "The thread that sends the search log had ended; another one goes on." in caplog.text


def test_what_is_dropped_is_counted():
    before = LEFT_OUT.labels("log")._value.get()
    released = Event()
    buffer = Buffer(lambda batch: released.wait(5), size=1)
    buffer.put({})
    wait_until(lambda: not buffer._queue.qsize(), seconds=180)  # the thread has taken it
    assert [buffer.put({}), buffer.put({})] == [True, False]
    assert LEFT_OUT.labels("log")._value.get() == before + 1
    released.set()
    assert buffer.flush(5)


def test_flush_gives_up_in_time():
    def send(batch):
        raise ConnectionError("refused")

    buffer = Buffer(send)
    buffer.put({})
    assert buffer.flush(0.05) is False


@pytest.mark.filterwarnings(
    "ignore:.*multi-threaded:DeprecationWarning"
)  # Python 3.12 and later, of every such fork
def test_a_fork_has_a_queue_and_a_thread_of_its_own():
    """A process forked from one that has a thread and waiting records sends its own records only."""
    blocked = Event()
    reader, writer = os.pipe()
    parent = os.getpid()

    def send(batch):
        if os.getpid() == parent:
            blocked.wait(5)
        else:
            os.write(writer, f"{[record['n'] for record in batch]}".encode())

    buffer = Buffer(send)
    buffer.put({"n": 1})
    child = os.fork()
    if not child:
        buffer.put({"n": 2})
        os._exit(0 if buffer.flush(5) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert os.read(reader, 100) == b"[2]"
    blocked.set()
    assert buffer.flush(5)
