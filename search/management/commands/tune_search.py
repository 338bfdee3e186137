"""Find the weights of the ranking with which judged queries are answered best."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, TextIO, cast

from django.core.management.base import BaseCommand, CommandError
from rich.box import SIMPLE
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from ...evaluation.judged_queries import read_queries
from ...evaluation.right_answers import relevant_skus
from ...evaluation.tuning import HELD_BACK, Tuned, count_tries, tune
from ...exceptions import SearchError
from ...models import IndexVersion
from ...registry import get_index
from ...session import pinned


class Command(BaseCommand):
    """`manage.py tune_search QUERIES`."""

    help = (
        "Try each weight of the ranking on two thirds of the judged queries and show whether the others agree. Nothing"
        " changes until you put the weights that it prints into the setting FASHION_SEARCH."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "queries", type=Path, metavar="QUERIES", help="file of judged queries, JSON lines"
        )
        parser.add_argument(
            "--rounds", type=int, default=2, help="how often every weight is tried; 2 by default"
        )
        parser.add_argument(
            "--write", type=Path, metavar="FILE", help="also write the weights into FILE, as JSON"
        )

    @pinned()
    def handle(self, *args: Any, queries: Path, rounds: int, **options: Any) -> None:
        """Tune."""
        if rounds < 1:
            raise CommandError("--rounds must be a whole number from 1.")
        if IndexVersion.objects.active() is None:
            raise CommandError("There is no active index version: run manage.py search_index rebuild --wait.")
        try:
            judged = read_queries(queries)
            with Progress(console=Console(stderr=True), transient=True) as progress:
                task = progress.add_task("Judge products", total=get_index().get_queryset().count())
                relevant = relevant_skus(judged, report=lambda: progress.advance(task))
                task = progress.add_task("Try weights", total=rounds * count_tries())

                def report(best: float) -> None:
                    progress.update(task, advance=1, description=f"Try weights, nDCG@10 {best:.4f}")

                found = tune(list(zip(judged, relevant, strict=True)), rounds=rounds, report=report)
        except (SearchError, ValueError) as error:
            raise CommandError(str(error)) from error
        self._print(found)
        if options["write"]:
            options["write"].write_text(json.dumps({"WEIGHTS": found.changed}, indent=2) + "\n")

    def _print(self, found: Tuned) -> None:
        console = Console(file=cast(TextIO, self.stdout), soft_wrap=True)
        table = Table("queries", "n", "nDCG before", "after", "P@10 before", "after", box=SIMPLE)
        for name, pair in (("tuned on", found.tuned), ("held back", found.held_back)):
            if pair is not None:
                before, after = pair
                figures = (before.ndcg, after.ndcg, before.precision, after.precision)
                table.add_row(name, str(before.queries), *(f"{figure:.4f}" for figure in figures))
        console.print(table)
        if found.held_back is None:
            console.print(f"With fewer than {HELD_BACK} queries none is held back: a gain may be chance.")
        if not found.settled:
            console.print("The last round still changed weights: more --rounds may find better ones.")
        if found.held_back is not None and not found.holds:
            console.print("The queries held back are answered worse: keep the weights that you have.")
        elif found.changed:
            console.print(f'FASHION_SEARCH = {{"WEIGHTS": {json.dumps(found.changed)}}}')
        else:
            console.print("The default weights are the best that were tried.")
