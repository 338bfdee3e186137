"""What the comparison of partitions draws, and how it reads plans; the comparison itself, with few entries."""

import sys

import pytest

from lab.bench import partitions


def test_what_is_drawn_is_the_same_every_time():
    (rows, asked), again = partitions.draw(300), partitions.draw(300)
    assert (rows, asked) == again
    assert (len(rows), len(asked)) == (300, partitions.QUERIES)
    assert {len(one["ids"]) for one in asked} == {partitions.NEAREST}
    assert len({row[0] for row in rows}) == 300


def test_a_partition_that_was_never_reached_was_not_read():
    parts = [
        {"Relation Name": "parts_entry_1", "Actual Loops": 3},
        {"Relation Name": "parts_entry_2", "Actual Loops": 0},
        {"Relation Name": "parts_image_1", "Actual Loops": 1},
    ]
    assert partitions._relations({"Actual Loops": 1, "Plans": parts}, "parts_entry") == {"parts_entry_1"}


@pytest.mark.long
def test_a_statement_by_key_reads_one_partition(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["partitions", "--entries", "2000"])
    monkeypatch.setattr(partitions, "ROUNDS", 1)
    partitions.main()
    lines = capsys.readouterr().out.splitlines()
    read = {line[:40].strip(): line.rpartition("   ")[2] for line in lines if line.endswith("read")}
    assert read["one product with its pictures, by key"] == "1 of 8 read"
    assert read["the 200 nearest"] == "8 of 8 read"
    assert len(read) == len(partitions.STATEMENTS)
