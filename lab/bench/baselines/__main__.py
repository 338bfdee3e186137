"""Ask judged queries of every engine: `python -m lab.bench.baselines QUERIES`; prints JSON, engine -> kind -> figures."""

import json
import sys
from pathlib import Path

import django


def main(file: Path) -> None:
    """Fill and ask."""
    django.setup()
    from django.core.management import call_command

    from lab.bench.relevance import OURS
    from search.evaluation.judged_queries import read_queries
    from search.evaluation.right_answers import relevant_skus
    from search.evaluation.run import answer_all, ask_here, figures_of

    from .engines import ENGINES

    call_command("migrate", verbosity=0)
    judged = read_queries(file)
    relevant = relevant_skus(judged)
    found = {}
    for name, engine in {OURS: lambda: ask_here, **ENGINES}.items():
        print(f"... asking {name}", file=sys.stderr, flush=True)
        ask = engine()
        for query in judged[:5]:
            ask(query.text)  # loads what an engine loads once
        figures = figures_of(list(answer_all(judged, relevant, ask)))
        found[name] = {kind: group.to_json() for kind, group in figures.items()}
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
