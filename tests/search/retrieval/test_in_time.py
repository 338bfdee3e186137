import threading
import time

import pytest

from search.exceptions import EncoderTimeout
from search.retrieval.in_time import THREADS, in_time


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


def test_what_hangs_is_left_behind_and_when_all_hang_others_are_refused_in_their_time():
    go = threading.Event()
    try:
        for _ in range(THREADS):
            with pytest.raises(EncoderTimeout, match="longer than 30 ms"):
                in_time(go.wait, 30)
        began = time.monotonic()
        with pytest.raises(EncoderTimeout, match=f"All {THREADS} threads of the encoder were busy for 30 ms"):
            in_time(go.wait, 30)
        assert time.monotonic() - began < 0.5
    finally:
        go.set()
    assert in_time(lambda: "free again", 2000) == "free again"
