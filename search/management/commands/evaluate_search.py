"""A shop's regression test for search quality: judged queries in, figures out, exit status 1 below a limit."""

import json
import re
from argparse import ArgumentParser
from hashlib import sha256
from pathlib import Path
from typing import Any, TextIO, cast

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from rich.box import SIMPLE
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from ...conf import other_settings
from ...evaluation.judged_queries import read_queries
from ...evaluation.right_answers import relevant_skus
from ...evaluation.run import (
    ALL,
    DEPTH,
    Answered,
    Comparison,
    Figures,
    answer_all,
    ask_at,
    ask_version,
    figures_of,
    keep,
    read_settings,
)
from ...exceptions import SearchError
from ...models import IndexVersion
from ...registry import get_index
from ...session import pinned

COLUMNS = ("n", "P@10", "reach", "nDCG", "MRR", "none", "p50 ms", "p95 ms")
WORST = 10  # queries shown without --verbose
_LIMIT = re.compile(r"(?:(?P<kind>[\w -]+):)?(?P<figure>[\w@]+)=(?P<least>\d*\.?\d+)")


class Command(BaseCommand):
    """`manage.py evaluate_search QUERIES`."""

    help = (
        "Ask judged queries and print P@10, nDCG@10 and MRR@10 by kind. QUERIES holds JSON lines with a query and its"
        " right answers, by a rule or by SKUs; docs/relevance.md describes them."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "queries", type=Path, metavar="QUERIES", help="file of judged queries, JSON lines"
        )
        parser.add_argument(
            "--fail-under",
            action="append",
            default=[],
            metavar="[KIND:]FIGURE=LEAST",
            help="exit with 1 below, such as p@10=.9 or typos:ndcg@10=.75; may be repeated",
        )
        parser.add_argument("--url", help="ask this API instead, such as http://localhost:8000/api/v1")
        parser.add_argument(
            "--index-version",
            type=int,
            metavar="NUMBER",
            help="search this index version, ready or retired, instead of the active one",
        )
        parser.add_argument(
            "--with",
            dest="stated",
            default="",
            metavar="JSON",
            help='settings to try, such as \'{"WEIGHTS": {"image": 1}}\'; shoppers\' stay as they are',
        )
        parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures into FILE")
        parser.add_argument(
            "--all", action="store_true", help=f"show every query, not only the {WORST} worst"
        )
        parser.add_argument("--no-store", action="store_true", help="do not keep this evaluation")

    @pinned()
    def handle(self, *args: Any, queries: Path, **options: Any) -> None:
        """Evaluate."""
        console = Console(file=cast(TextIO, self.stdout), soft_wrap=True)
        limits = [_limit(text) for text in options["fail_under"]]
        version = _version(options["index_version"])
        stated = options["stated"]
        if options["url"] and (stated or options["index_version"]):
            raise CommandError("--index-version and --with search in this process; leave --url out.")
        try:
            ask = ask_at(options["url"]) if options["url"] else ask_version(version)
            tried = read_settings(stated)
            judged = read_queries(queries)
            with Progress(console=Console(stderr=True), transient=True) as progress:
                task = progress.add_task("Judge products", total=get_index().get_queryset().count())
                relevant = relevant_skus(judged, report=lambda: progress.advance(task))
                task = progress.add_task("Ask queries", total=len(judged))
                answered = []
                with other_settings(tried):
                    for item in answer_all(judged, relevant, ask):
                        answered.append(item)
                        progress.advance(task)
            figures = figures_of(answered)
        except (ImproperlyConfigured, SearchError, ValueError) as error:
            raise CommandError(str(error)) from error
        _refuse_unknown(limits, figures)
        _print_figures(console, figures, len(judged) - len(answered))
        _print_queries(console, answered, None if options["all"] else WORST)
        if not options["no_store"]:
            digest = sha256(queries.read_bytes()).hexdigest()
            _print_comparison(
                console, keep(version, queries.name, digest, figures, answered, stated=stated)[1]
            )
        if options["json"]:
            content = {name: group.to_json() for name, group in figures.items()}
            options["json"].write_text(json.dumps(content, indent=2) + "\n")
        _fail_under(limits, figures)


def _version(number: int | None) -> IndexVersion:
    if number is None:
        version = IndexVersion.objects.active()
        if version is None:
            raise CommandError("There is no active index version: run manage.py search_index rebuild --wait.")
        return version
    chosen = IndexVersion.objects.filter(pk=number).first()
    if chosen is None or not chosen.is_built:
        raise CommandError(f"--index-version {number} is not an active, ready or retired index version.")
    return chosen


def _limit(text: str) -> tuple[str, str, float]:
    found = _LIMIT.fullmatch(text.strip())
    if not found:
        raise CommandError(f"--fail-under {text!r} is not like p@10=.9 or typos:ndcg@10=.75.")
    return found["kind"] or ALL, found["figure"].lower(), float(found["least"])


def _refuse_unknown(limits: list[tuple[str, str, float]], figures: dict[str, Figures]) -> None:
    for kind, figure, _ in limits:
        if kind not in figures:
            raise CommandError(f"--fail-under: no kind {kind!r}; there are {', '.join(figures)}.")
        if figure not in figures[kind].by_name():
            known = ", ".join(figures[kind].by_name())
            raise CommandError(f"--fail-under: no figure {figure!r}; there are {known}.")


def _fail_under(limits: list[tuple[str, str, float]], figures: dict[str, Figures]) -> None:
    missed = [
        f"{kind} {figure} is {figures[kind].by_name()[figure]:.3f}, below {least:g}"
        for kind, figure, least in limits
        if figures[kind].by_name()[figure] < least
    ]
    if missed:
        raise CommandError("; ".join(missed) + ".", returncode=1)


def _print_figures(console: Console, figures: dict[str, Figures], left_out: int) -> None:
    table = Table("kind", *COLUMNS, box=SIMPLE)
    for name, group in figures.items():
        table.add_row(
            name,
            str(group.queries),
            *(f"{value:.3f}" for value in (group.precision, group.reachable, group.ndcg, group.mrr)),
            str(group.nothing),
            f"{group.p50_ms:.0f}",
            f"{group.p95_ms:.0f}",
        )
    console.print(table)
    if left_out:
        console.print(f"{left_out} queries were left out: the catalogue has no right answer to them.")


def _print_queries(console: Console, answered: list[Answered], count: int | None) -> None:
    worst = sorted(answered, key=lambda item: (sum(item.hits) / min(DEPTH, item.relevant), item.query.text))
    shown = [item for item in worst if count is None or sum(item.hits) < min(DEPTH, item.relevant)][:count]
    if shown:
        table = Table("query", "kind", "right", "of", "total", "first wrong", box=SIMPLE)
        for item in shown:
            wrong = next((sku for sku, hit in zip(item.skus, item.hits, strict=True) if not hit), "")
            table.add_row(
                item.query.text,
                item.query.kind,
                str(sum(item.hits)),
                str(item.relevant),
                str(item.total),
                wrong,
            )
        console.print(table)


def _print_comparison(console: Console, comparison: Comparison | None) -> None:
    if comparison is None:
        return
    console.print(
        f"Since {comparison.before.made_at:%d %b %Y %H:%M} ({comparison.before.measured}):"
        f" {len(comparison.better)} queries better, {len(comparison.worse)} worse."
    )
    for title, texts in (("Better", comparison.better), ("Worse", comparison.worse)):
        if texts:
            console.print(f"{title}: {', '.join(texts)}")
