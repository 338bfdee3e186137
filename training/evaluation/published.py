"""Published figures, for each of our figures that has one."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

from .evaluators import Figures

FILE = Path(__file__).with_suffix(".toml")


def read_published() -> Mapping[str, Mapping[str, float]]:
    """Return published figures by the beginning of a section's name, and there by metric."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def with_published(figures: Figures) -> Figures:
    """Return figures with "published ..." after each metric that something is published for."""
    return {section: _beside(section, values) for section, values in figures.items()}


def _beside(section: str, values: Mapping[str, float]) -> dict[str, float]:
    known = next((known for start, known in read_published().items() if section.startswith(f"{start} ")), {})
    beside: dict[str, float] = {}
    for metric, value in values.items():
        beside[metric] = value
        if metric in known:
            beside[f"published {metric}"] = known[metric]
    return beside
