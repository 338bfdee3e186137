"""A view that takes as long as a test wants."""

import threading
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse


class SlowView:
    """Answers at once, but requests that `slow` picks once `let_go` is set; `begun` is set as soon as one of these has come."""

    def __init__(self, slow: Callable[[HttpRequest], bool]) -> None:
        self.begun, self.let_go = threading.Event(), threading.Event()
        self._slow = slow

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if self._slow(request):
            self.begun.set()
            self.let_go.wait(10)
        return HttpResponse("done")
