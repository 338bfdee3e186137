"""What a search leaves for those who ask why: `with tracing() as trace:` around it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from ..retrieval.filters import Filters
from .ranking import Asked, Ranked


@dataclass(slots=True)
class Trace:
    """A search as it was made; what is None did not happen, as for a page that was cut from a frozen list."""

    asked: Asked | None = None
    filters: Filters | None = None
    ranked: Ranked | None = None
    listed: Sequence[str] = ()  # product keys of the whole list


_trace: ContextVar[Trace | None] = ContextVar("fashion_search_trace", default=None)


@contextmanager
def tracing() -> Iterator[Trace]:
    """Keep what the search of the body looks at; yields the trace, which fills while it runs."""
    trace = Trace()
    token = _trace.set(trace)
    try:
        yield trace
    finally:
        _trace.reset(token)


def note_asked(asked: Asked, filters: Filters) -> None:
    """Note what is asked; a search that is made once more, without embeddings, notes it again."""
    trace = _trace.get()
    if trace is not None:
        trace.asked, trace.filters = asked, filters


def note_list(ranked: Ranked, listed: Sequence[str]) -> None:
    """Note the ranking and the whole list that was made of it."""
    trace = _trace.get()
    if trace is not None:
        trace.ranked, trace.listed = ranked, listed
