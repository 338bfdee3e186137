from datetime import date, timedelta

import pytest

from search.insight.charts import Bar, Label, Series, Stroke, bar_chart, day_axis, line_chart

DAYS = [date(2026, 3, 1) + timedelta(days=number) for number in range(4)]


def show(value: float) -> str:
    return f"{value:g}"


def test_bars_are_percentages_of_a_round_highest_value():
    chart = bar_chart("n", "N", day_axis(DAYS), [Series("all", "c1", [10, 0, None, 15])], show)
    assert chart.bars == [
        Bar("c1", "3.125%", "50%", "18.75%", "50%"),
        Bar("c1", "78.125%", "25%", "18.75%", "75%"),
    ]
    assert chart.grid == [Label("0", "100%"), Label("10", "50%"), Label("20", "0%")]
    days = [f"{number} Mar 2026" for number in (1, 2, 3, 4)]
    assert chart.rows == list(zip(days, [["10"], ["0"], [""], ["15"]], strict=True))
    assert chart.table == chart.rows[::-1]
    assert chart.columns[3].title == "Wed 4 Mar 2026\nall: 15"


def test_lines_have_gaps_and_a_day_alone_is_a_dash():
    series = [Series("p50", "c1", [4, 8, None, 2])]
    chart = line_chart("n", "N", day_axis(DAYS), series, show, least=8)
    assert chart.strokes == [
        Stroke("c1", "12.5%", "50%", "37.5%", "0%"),
        Stroke("c1", "81.25%", "75%", "93.75%", "75%"),
    ]


@pytest.mark.parametrize(
    ("highest", "top"), [(0, 10), (7, 10), (11, 20), (25, 30), (60, 60), (61, 80), (999, 1000), (1001, 2000)]
)
def test_the_highest_value_is_a_round_one(highest, top):
    chart = bar_chart("n", "N", day_axis(DAYS[:1]), [Series("all", "c1", [highest])], show)
    assert chart.grid[-1].text == f"{top:g}"
    assert chart.is_empty == (highest == 0)


def test_a_year_has_a_few_dates_and_those_at_the_ends_stay_inside():
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(365)]
    chart = bar_chart("n", "N", day_axis(days), [Series("all", "c1", [1] * 365)], show)
    assert [label.text for label in chart.axis.labels] == [
        "1 Jan",
        "15 Mar",
        "27 May",
        "7 Aug",
        "19 Oct",
        "31 Dec",
    ]
    assert (chart.axis.labels[0].at, chart.axis.labels[0].anchor) == ("0%", "start")
    assert (chart.axis.labels[-1].at, chart.axis.labels[-1].anchor) == ("100%", "end")
