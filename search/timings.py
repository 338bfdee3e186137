"""How long each stage of a search takes: `with measuring() as stages:` around it, `with stage("encode"):` within."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import perf_counter

from .prometheus import STAGE_SECONDS

_stages: ContextVar[dict[str, float] | None] = ContextVar("fashion_search_stages", default=None)


@contextmanager
def measuring() -> Iterator[dict[str, float]]:
    """Collect the stages of the body; yields milliseconds by stage, which fill while it runs."""
    stages: dict[str, float] = {}
    token = _stages.set(stages)
    try:
        yield stages
    finally:
        _stages.reset(token)


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Add the time of the body to a stage of what is being measured, and to the figures of this process."""
    stages = _stages.get()
    began = perf_counter()
    try:
        yield
    finally:
        took = perf_counter() - began
        STAGE_SECONDS.labels(name).observe(took)
        if stages is not None:
            stages[name] = round(stages.get(name, 0.0) + took * 1000, 2)
