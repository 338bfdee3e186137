"""What the load test reads from Locust's figures and from memory."""

import pytest

from lab.bench.shoppers import TURNED_AWAY, median_slope, read

HEAD = "Type,Name,Request Count,Failure Count,50%,95%,99%,Requests/s\n"


def test_those_turned_away_are_counted_whatever_they_had_sent(tmp_path):
    path = tmp_path / "stats.csv"
    path.write_text(
        f"{HEAD}GET,{TURNED_AWAY},30,0,60,90,99,3.0\nPOST,{TURNED_AWAY},4,0,10,20,30,0.4\n"
        "GET,similar,66,1,40,80,95,6.6\n,Aggregated,100,1,50,85,98,10.0\n"
    )

    kinds, total, errors, rate = read(path)

    assert (kinds[TURNED_AWAY].requests, kinds[TURNED_AWAY].p95) == (34, 90)
    assert (total.requests, total.p99, errors, rate) == (100, 98, 1, 10.0)


def test_figures_that_were_cut_short_are_no_figures(tmp_path):
    path = tmp_path / "stats.csv"
    path.write_text(f"{HEAD}GET,similar,66,1,40,80,95,6.6\n")

    with pytest.raises(ValueError, match="no line for all requests"):
        read(path)


def test_the_slope_is_that_of_the_growth_and_not_of_one_step():
    steady = [(float(second), 500 + 0.02 * second) for second in range(300)]
    stepped = [(second, memory + 20 * (second > 280)) for second, memory in steady]

    assert median_slope(steady) == pytest.approx(0.02)
    assert median_slope(stepped) == pytest.approx(0.02, abs=0.01)
