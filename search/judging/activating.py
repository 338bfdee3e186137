"""Ask the judged queries of a new version and of the active one, before one takes the place of the other."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from ..conf import get_settings, other_settings
from ..engine.pages import Trial
from ..engine.service import search
from ..indexing.comparing import JudgedFigures
from ..models import IndexVersion
from .figures import ALL, figures_of
from .queries import read_queries
from .relevant import relevant_skus
from .running import DEPTH, Ask, answer_all

# A worker compares while it has other work; a search that ran out of time would count as a bad answer.
PATIENT = {"SEARCH_TIMEOUT_MS": 30_000, "ENCODE_TIMEOUT_MS": 30_000}


def judge_versions(versions: Sequence[IndexVersion]) -> Mapping[int, JudgedFigures]:
    """Return version id -> how well it answers the queries of ACTIVATION_QUERIES; nothing where no file is named.

    Spelling is left alone: the words that correct it are counted for the active version only.

    Raises:
        ValueError: the file cannot be read, or no query has a right answer in the catalogue.
        UnknownFieldError: a rule names a field that no product has.
    """
    file = get_settings().activation_queries
    if not file:
        return {}
    queries = read_queries(Path(file))
    relevant = relevant_skus(queries)
    found = {}
    with other_settings(PATIENT):
        for version in versions:
            degraded: list[str] = []
            answered = list(answer_all(queries, relevant, _ask(version, degraded)))
            figures = figures_of(answered)[ALL]
            found[version.pk] = JudgedFigures(
                figures.queries, round(figures.precision, 4), round(figures.ndcg, 4), len(degraded)
            )
    return found


def _ask(version: IndexVersion, degraded: list[str]) -> Ask:
    def ask(text: str) -> tuple[list[str], int]:
        answer = search(
            text,
            page_size=DEPTH,
            with_facets=False,
            spelling=False,
            freezing=False,
            trial=Trial(version=version),
        )
        if answer.degraded:
            degraded.append(text)
        return [result.card.sku for result in answer.results], answer.total

    return ask
