"""Filters that keep 50, 5, 0.5 and 0.05 % of 100,000 products: full pages, overlap with the exact answer, time.

Run as `python -m lab.bench.filters [PRODUCTS] [--json FILE]`, with the time of searches by stage, or as a part of `make bench`;
exits with 1 where a limit is missed.
"""

import argparse
import dataclasses
import gc
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lab.servers import Servers

from .large_shop import PRODUCTS, SHARES, fill, mixed_queries, share_filter
from .speed import Stages, measure_stages, report_stages

PAGE = 24
OVERLAP = 0.98  # share of the exact answer's page that pages must hold, on average
P95_MS = 60.0
REPEATS = 3  # of each query in the timing
QUERIES = 100
# Compares every product that a filter leaves with the query, by its words and by its embeddings, and keeps them all.
EXACTLY = {"EXACT_BELOW": 10**9, "RESULTS": 10**6, "CANDIDATES": 10**6, "SEARCH_TIMEOUT_MS": 600_000}


@dataclasses.dataclass(frozen=True, slots=True)
class Line:
    """What one filter gave."""

    share: int  # one product in so many is kept
    queries: int
    full: int  # pages with as many results as there are, 24 at most
    overlap: float  # share of the exact page that a page holds, the mean over queries
    least_overlap: float
    p50_ms: float
    p95_ms: float
    exact_p50_ms: float

    @property
    def met(self) -> bool:
        """Whether every limit holds; the time is limited where something is filtered."""
        in_time = self.share == 1 or self.p95_ms < P95_MS
        return self.full == self.queries and self.overlap >= OVERLAP and in_time


def main() -> int:
    """Fill a shop, measure and print; return 1 where a limit is missed."""
    parser = argparse.ArgumentParser(prog="python -m lab.bench.filters", description=__doc__)
    parser.add_argument("products", type=int, nargs="?", default=PRODUCTS)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures into FILE")
    options = parser.parse_args()
    with Servers():
        fill(options.products, encoded=True)
        stages, lines = measure()
    if options.json:
        figures = {"stages": stages, "filters": [dataclasses.asdict(line) for line in lines]}
        options.json.write_text(json.dumps(figures, indent=2) + "\n")
    report_stages(f"{options.products} drawn products", stages)
    return report(lines)


def measure() -> tuple[Stages, list[Line]]:
    """Return the time of searches without a filter, by stage, and a line for every share that filters keep."""
    texts = mixed_queries(QUERIES)
    return measure_stages(texts), [measure_share(share, texts) for share in (1, *SHARES)]


def report(lines: Sequence[Line]) -> int:
    """Print a table; return 1 where a limit is missed."""
    print(
        f"\n{'products kept':>15} {'full pages':>12} {'overlap':>8} {'(least)':>8} {'p50':>10} {'p95':>10} {'exact p50':>12}"
    )
    for line in lines:
        print(
            f"{100 / line.share:13.2f} % {line.full:>5} of {line.queries:3} {line.overlap:8.4f} {line.least_overlap:8.2f}"
            f" {line.p50_ms:7.1f} ms {line.p95_ms:7.1f} ms {line.exact_p50_ms:9.0f} ms{'' if line.met else '   MISSED'}"
        )
    return 0 if all(line.met for line in lines) else 1


def measure_share(share: int, texts: Sequence[str]) -> Line:
    """Ask every text under the filter that keeps one product in `share`, then once more exactly."""
    from search.conf import other_settings
    from search.engine import Filters, Trial, search

    filters = Filters(facets={"usage": (share_filter(share),)} if share > 1 else {})

    def ask(text: str) -> tuple[list[str], int, float]:
        began = time.perf_counter()
        answer = search(text, filters=filters, page_size=PAGE, trial=Trial())
        took = 1000 * (time.perf_counter() - began)
        return [result.card.sku for result in answer.results], answer.total, took

    for text in texts:  # encodes each query and loads what a process loads once
        ask(text)
    gc.freeze()  # as the web process does
    asked = [[ask(text) for text in texts] for _ in range(REPEATS)]
    gc.unfreeze()
    with other_settings(EXACTLY):
        exact = [ask(text) for text in texts]
    overlaps = [overlap(page, right) for (page, *_), (right, *_) in zip(asked[0], exact, strict=True)]
    p50, p95 = np.percentile([took for run in asked for *_, took in run], (50, 95))
    return Line(
        share=share,
        queries=len(texts),
        full=sum(
            len(page) == min(PAGE, total) for (page, *_), (_, total, _) in zip(asked[0], exact, strict=True)
        ),
        overlap=sum(overlaps) / len(overlaps),
        least_overlap=min(overlaps),
        p50_ms=float(p50),
        p95_ms=float(p95),
        exact_p50_ms=float(np.median([took for *_, took in exact])),
    )


def overlap(page: Sequence[str], right: Sequence[str]) -> float:
    """Return the share of the right page that a page holds; where nothing is right, 1 if it is empty."""
    return len(set(page) & set(right)) / len(right) if right else float(not page)


if __name__ == "__main__":
    sys.exit(main())
