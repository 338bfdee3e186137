"""Tables and charts of a run."""

from xml.etree import ElementTree

import pytest

from lab.bench.peers.catalogue import LISTED, OURS, UNMEASURED
from lab.bench.peers.charts import write_charts
from lab.bench.peers.report import ability, markdown, megabytes, table

RELEVANCE = {
    "queries": 8, "precision": 0.91, "reachable": 0.95, "ndcg": 0.97, "mrr": 1.0, "nothing": 1, "p50_ms": 12.34, "p95_ms": 40.0
}  # fmt: skip


def figures(**of_the_other: object) -> dict:
    measured = {
        "build_seconds": 2.5, "process_bytes": 210_000_000, "server_bytes": 0, "disk_bytes": 1_400_000, "filters": "yes",
        "counts": "no", "versions": {"a-package": "1.2"}, "relevance": {"all": RELEVANCE, "typos": RELEVANCE},
    }  # fmt: skip
    by_name = {OURS: measured, "postgres": of_the_other or measured}
    machine = {
        "date": "2026-01-02",
        "processor": "2 cores",
        "memory": "8 GiB",
        "system": "Linux",
        "load": "1.0",
    }
    return {"machine": machine, "sizes": {"1000": by_name}}


def lines_of(text: str, title: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith(f"| {title}")]


def test_every_engine_is_a_line_of_each_table():
    speed, relevance, abilities = lines_of(markdown(figures()), "This search")
    assert speed == "| This search (a-package 1.2) | 2.5 s | 12.3 ms | 40.0 ms | 210 MB | none | 1.4 MB |"
    assert relevance == "| This search | .910 | .910 | .970 | 1 of 8 |"
    assert abilities.startswith(
        "| This search | yes | no | yes (.950) | not asked | not asked | not asked | not asked | yes: pin"
    )


def test_one_that_could_not_be_measured_says_why_and_stops_no_other():
    text = markdown(figures(failed="No module named 'x'\nat all | none"))
    assert lines_of(text, "Postgres full text") == [
        "| Postgres full text | not measured: No module named 'x' at all \\| none |  |  |  |  |  |"
    ]
    assert len(lines_of(text, "This search")) == 3


def test_where_none_could_be_measured_the_reasons_are_all():
    given = figures(failed="reason")
    given["sizes"]["1000"][OURS] = {"failed": "another reason"}
    text = markdown(given)
    assert "another reason" in text
    assert "P@10" not in text


@pytest.mark.parametrize(
    ("reached", "said"),
    [(1.0, "yes (1.000)"), (0.9, "yes (.900)"), (0.5, "partly (.500)"), (0.499, "no (.499)")],
)
def test_what_is_understood_is_said_by_the_share_that_is_reached(reached, said):
    assert ability({"typos": {"reachable": reached}}, "typos") == said


def test_sizes_and_tables_are_written_for_people():
    assert [megabytes(size) for size in (0, 300_000, 12_400_000)] == ["0 MB", "0.3 MB", "12 MB"]
    assert table(["a", "b"], [["1", "2"]]).splitlines() == ["| a | b |", "| --- | --- |", "| 1 | 2 |"]


def test_charts_are_whole_and_readable_in_both_schemes(tmp_path):
    latency, relevance = write_charts(figures(), tmp_path)
    assert (latency.name, relevance.name) == ("latency.svg", "relevance.svg")
    for file, value in ((latency, "12.3 ms"), (relevance, ".910")):
        svg = file.read_text()
        root = ElementTree.fromstring(svg)
        texts = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
        assert "prefers-color-scheme: dark" in svg
        assert texts.count(value) == 2
        assert {"This search", "Postgres full text"} <= set(texts)
        assert [bar.get("class") for bar in root.iter("{http://www.w3.org/2000/svg}rect")] == ["ours", "bar"]


def test_every_engine_says_what_is_not_measured():
    assert {name: sorted(one.stated) for name, one in LISTED.items()} == dict.fromkeys(
        LISTED, sorted(UNMEASURED)
    )
