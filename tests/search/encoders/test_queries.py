import threading
import time

import pytest

from search.encoders.queries import PICTURE_WAIT_MS, THREADS, in_time
from search.exceptions import EncoderTimeout
from tests.pace import slowness


def test_what_is_quick_is_returned_from_another_thread():
    assert in_time(threading.get_ident, 1000) != threading.get_ident()


def test_an_error_is_raised_as_it_is():
    def fail():
        raise KeyError("gone")

    with pytest.raises(KeyError, match="gone"):
        in_time(fail, 1000)

    def time_out():
        raise TimeoutError("its own")

    with pytest.raises(TimeoutError, match="its own"):
        in_time(time_out, 1000)


@pytest.mark.parametrize("kind", ["text", "picture"])
def test_what_hangs_is_left_behind_and_when_all_hang_others_are_refused_in_their_time(kind):
    go = threading.Event()
    other = "picture" if kind == "text" else "text"
    try:
        for _ in range(THREADS[kind]):
            with pytest.raises(EncoderTimeout, match="longer than 30 ms"):
                in_time(go.wait, 30, kind=kind)
        began = time.monotonic()
        busy = f"All {THREADS[kind]} threads of the {kind} encoder were busy for 30 ms"
        with pytest.raises(EncoderTimeout, match=busy):
            in_time(go.wait, 30, kind=kind)
        assert time.monotonic() - began < 0.5 * slowness()
        assert in_time(lambda: "not kept waiting", 1000, kind=other) == "not kept waiting"
    finally:
        go.set()
    assert in_time(lambda: "free again", 2000, kind=kind) == "free again"


def test_a_photo_waits_for_a_thread_only_briefly():
    go = threading.Event()
    try:
        for _ in range(THREADS["picture"]):
            with pytest.raises(EncoderTimeout):
                in_time(go.wait, 20, kind="picture")
        with pytest.raises(EncoderTimeout, match=f"busy for {PICTURE_WAIT_MS} ms"):
            in_time(go.wait, 60_000, kind="picture")
    finally:
        go.set()
