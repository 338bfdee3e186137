"""The tables of a run, in Markdown."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .catalogue import LISTED, UNMEASURED

MEASURED = (
    "typos",
    "synonyms",
    "negation",
    "minus",
    "prices",
)  # kinds of queries that say what an engine can do
YES, PARTLY = 0.9, 0.5  # share of the right answers that there are, or of ten, among the first ten
Figures = Mapping[str, Any]


def markdown(figures: Figures) -> str:
    """Return all tables of a run: speed and size, relevance, what each can do, what could not be measured."""
    machine = figures["machine"]
    parts = [
        f"{machine['date']}: {machine['processor']}, {machine['memory']}, {machine['system']}; load {machine['load']}."
    ]
    for size, by_name in figures["sizes"].items():
        parts += [
            f"## {int(size):,} products",
            speed_table(by_name),
            relevance_table(by_name),
            abilities_table(by_name),
        ]
    return "\n\n".join(part for part in parts if part) + "\n"


def measured(by_name: Figures) -> dict[str, Any]:
    """Return the engines that have figures."""
    return {name: found for name, found in by_name.items() if "failed" not in found}


def speed_table(by_name: Figures) -> str:
    """Return time, memory and disk; an engine without figures is a line with its reason."""
    rows = []
    for name, found in by_name.items():
        title = LISTED[name].title
        if "failed" in found:
            rows.append([title, f"not measured: {found['failed']}", *[""] * 5])
            continue
        every = found["relevance"]["all"]
        versions = ", ".join(f"{package} {version}" for package, version in found["versions"].items())
        rows.append(
            [
                f"{title} ({versions})" if versions else title,
                f"{found['build_seconds']:.1f} s",
                f"{every['p50_ms']:.1f} ms",
                f"{every['p95_ms']:.1f} ms",
                megabytes(found["process_bytes"]),
                megabytes(found["server_bytes"]) if found["server_bytes"] else "none",
                megabytes(found["disk_bytes"]) if found["disk_bytes"] else "none",
            ]
        )
    return table(["engine", "build", "p50", "p95", "process", "its Postgres", "disk"], rows)


def relevance_table(by_name: Figures) -> str:
    """Return P@10 over all queries and by kind, nDCG@10, and how many queries find nothing."""
    there = measured(by_name)
    if not there:
        return ""
    kinds = list(next(iter(there.values()))["relevance"])
    rows = []
    for name, found in there.items():
        relevance = found["relevance"]
        every = relevance["all"]
        rows.append(
            [
                LISTED[name].title,
                *(share(relevance[kind]["precision"]) for kind in kinds),
                share(every["ndcg"]),
                f"{every['nothing']:.0f} of {every['queries']:.0f}",
            ]
        )
    return table(["P@10", *kinds, "nDCG@10", "without results"], rows)


def abilities_table(by_name: Figures) -> str:
    """Return what each can do: kinds of queries and probes as measured, the rest as stated."""
    rows = []
    for name, found in measured(by_name).items():
        stated = LISTED[name].stated
        rows.append(
            [
                LISTED[name].title,
                found["filters"],
                found["counts"],
                *(ability(found["relevance"], kind) for kind in MEASURED),
                *(stated.get(what, "") for what in UNMEASURED),
            ]
        )
    return table(["engine", "filters", "facet counts", *MEASURED, *UNMEASURED], rows) if rows else ""


def ability(relevance: Figures, kind: str) -> str:
    """Say by the right answers among the first ten whether an engine understands a kind of query."""
    if kind not in relevance:
        return "not asked"
    reached = relevance[kind]["reachable"]
    word = "yes" if reached >= YES else "partly" if reached >= PARTLY else "no"
    return f"{word} ({share(reached)})"


def share(value: float) -> str:
    """Return .123 for a share."""
    return f"{value:.3f}".removeprefix("0")


def megabytes(size: float) -> str:
    """Return a size in MB."""
    return f"{size / 1e6:.0f} MB" if size >= 10e6 or not size else f"{size / 1e6:.1f} MB"


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; a bar inside a cell stays one."""
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(
        "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in line) + " |"
        for line in lines
    )
