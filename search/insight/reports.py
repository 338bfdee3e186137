"""Reports on the search log, read from its daily tables: figures of a period, and its queries."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median
from typing import Any

from django.db.models import F, FloatField, Max, Q, QuerySet, Sum
from django.db.models.functions import Cast, Greatest, NullIf
from django.utils.translation import gettext

from ..models import PopularQuery, QueryDay, SearchDay, SearchEvent, StageDay
from ..models.insight import normalise

DEFAULT_DAYS = 30
LONGEST = 400  # days
PRESETS = (7, 30, 90, 365)
LOW_SEARCHES = 5  # fewer are too few to judge a query by
LOW_SHARE = 0.1  # of searches with a click; below it, a query is a low-click query
KINDS = ("top", "zero", "close", "low")
CHUNK = 2000  # queries that are read at once for an export
# What a list of queries may be sorted by, and the sum that stands for it.
SORTS = {
    "query": "query",
    "searches": "sum_searches",
    "clicks": "sum_clicks",
    "rate": "_share",
    "adds": "sum_carts",
    "add_rate": "_add_share",
    "position": "_position",
    "zero": "sum_zero",
    "last": "_last",
}


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `first` to `last`, both among them."""

    first: date
    last: date

    def __len__(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def days(self) -> list[date]:
        """Every day, the oldest first."""
        return [self.first + timedelta(days=number) for number in range(len(self))]

    @property
    def before(self) -> "Period":
        """As many days before these."""
        length = timedelta(days=len(self))
        return Period(self.first - length, self.last - length)


def last_days(count: int, today: date) -> Period:
    """Return the last `count` days, today among them."""
    return Period(today - timedelta(days=count - 1), today)


def read_period(given: Mapping[str, str], today: date) -> tuple[Period, str]:
    """Read `days`, or `from` and `to`, of an address.

    Returns:
        The period, and a sentence where it is not the requested one.
    """
    default = last_days(DEFAULT_DAYS, today)
    try:
        if given.get("from") or given.get("to"):
            last = date.fromisoformat(given["to"]) if given.get("to") else today
            first = date.fromisoformat(given["from"]) if given.get("from") else last - timedelta(days=29)
        else:
            count = int(given.get("days") or DEFAULT_DAYS)
            if not 1 <= count <= LONGEST:
                return default, gettext("A range has 1 to %(longest)s days; these are the last %(days)s.") % {
                    "longest": LONGEST,
                    "days": DEFAULT_DAYS,
                }
            return last_days(count, today), ""
    except (ValueError, OverflowError):
        return (
            default,
            gettext("That is no range of days, such as 2026-01-31; these are the last %(days)s days.")
            % {"days": DEFAULT_DAYS},
        )
    if first > last:
        first, last = last, first
    if len(Period(first, last)) > LONGEST:
        return Period(last - timedelta(days=LONGEST - 1), last), gettext(
            "A range has at most %(longest)s days."
        ) % {"longest": LONGEST}
    return Period(first, last), ""


class SearchShares:
    """Shares of searches, for what counts them."""

    __slots__ = ()
    searches: int
    zero: int
    clicked: int

    @property
    def click_through(self) -> float | None:
        """Share of searches of which a result was clicked."""
        return share(self.clicked, self.searches)

    @property
    def zero_share(self) -> float | None:
        """Share of searches that found nothing."""
        return share(self.zero, self.searches)


@dataclass(frozen=True, slots=True)
class Totals(SearchShares):
    """All searches of a period."""

    searches: int = 0
    pages: int = 0
    visits: int = 0
    zero: int = 0
    clicked: int = 0
    clicks: int = 0
    carts: int = 0
    degraded: int = 0
    p95_ms: float | None = None  # the median of the days: percentiles of several days cannot be joined

    @property
    def degraded_share(self) -> float | None:
        """Share of pages that were degraded."""
        return share(self.degraded, self.pages)


@dataclass(frozen=True, slots=True)
class StageFigures:
    """Latency of a stage: medians of the days' percentiles, in milliseconds."""

    stage: str
    p50_ms: float
    p95_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class ModeFigures:
    """Searches of one mode."""

    mode: str
    searches: int
    click_through: float | None


@dataclass(frozen=True, slots=True)
class Figures:
    """What the overview shows of a period."""

    days: dict[date, SearchDay]  # days without a search are not there
    totals: Totals
    before: Totals  # the same for as many days before; of none where the log began later
    modes: list[ModeFigures]
    stages: list[StageFigures]


def share(part: int, whole: int) -> float | None:
    """Return part of whole, at most 1; None of nothing."""
    return min(1.0, part / whole) if whole else None


def read_figures(period: Period) -> Figures:
    """Read a period with a few queries, however long it is."""
    days = _rows(period)
    return Figures(
        days={row.day: row for row in days},
        totals=_totals(days),
        before=_totals(_rows(period.before)) if covers(period.before) else Totals(),
        modes=_modes(period),
        stages=_stages(period),
    )


def is_empty() -> bool:
    """Whether nothing has ever been counted."""
    return not SearchDay.objects.exists()


def covers(period: Period) -> bool:
    """Whether searches were counted from the first day of a period on, so that it can be compared with another one."""
    return SearchDay.objects.filter(day__lte=period.first).exists()


def _rows(period: Period) -> list[SearchDay]:
    return list(SearchDay.objects.filter(mode="", day__range=(period.first, period.last)).order_by("day"))


def _totals(rows: Sequence[SearchDay]) -> Totals:
    names = ("searches", "pages", "visits", "zero", "clicked", "clicks", "carts", "degraded")
    sums = {name: sum(getattr(row, name) for row in rows) for name in names}
    return Totals(**sums, p95_ms=median(row.p95_ms for row in rows) if rows else None)


def _modes(period: Period) -> list[ModeFigures]:
    counts: dict[str, list[int]] = {}
    rows = SearchDay.objects.exclude(mode="").filter(day__range=(period.first, period.last))
    for mode, searches, clicked in rows.values_list("mode", "searches", "clicked"):
        total = counts.setdefault(mode, [0, 0])
        total[0] += searches
        total[1] += clicked
    return [
        ModeFigures(mode, searches, share(clicked, searches))
        for mode, (searches, clicked) in sorted(counts.items(), key=lambda item: -item[1][0])
    ]


def _stages(period: Period) -> list[StageFigures]:
    samples: dict[str, list[StageDay]] = {}
    for row in StageDay.objects.filter(day__range=(period.first, period.last)):
        samples.setdefault(row.stage, []).append(row)
    stages = [
        StageFigures(
            stage,
            median(row.p50_ms for row in rows),
            median(row.p95_ms for row in rows),
            median(row.p99_ms for row in rows),
        )
        for stage, rows in samples.items()
    ]
    return sorted(stages, key=lambda stage: -stage.p95_ms)


@dataclass(frozen=True, slots=True)
class QueryFigures(SearchShares):
    """One query of a period."""

    query: str
    text: str
    corrected: str
    searches: int
    zero: int
    close: int
    clicked: int
    clicks: int
    carted: int  # searches of which a result was put into a cart
    carts: int  # results that were
    position: float | None  # mean position of clicked results
    last_day: date

    @property
    def close_share(self) -> float | None:
        """Share of its searches that found close matches only."""
        return share(self.close, self.searches)

    @property
    def add_rate(self) -> float | None:
        """Share of its searches of which a result was put into a cart."""
        return share(self.carted, self.searches)


@dataclass(frozen=True, slots=True)
class ClickedResult:
    """A product that was opened from the results of a query."""

    sku: str
    clicks: int
    position: float | None


class Queries:
    """The queries of a kind, as a paginator takes them.

    Args:
        kind: "top" by searches; "zero" by searches that found nothing; "close" by those that
            found close matches only; "low" by searches without a click, of queries
            with 5 searches or more that find something and lead to a click in less than a tenth of them.
        period: days that count.
        containing: part of the queries' text, in any capital letters.
        sort: a key of SORTS, with "-" before it for the highest first; "" for the order of the kind.
    """

    ordered = True

    def __init__(self, kind: str, period: Period, containing: str = "", sort: str = "") -> None:
        rows = _summed(QueryDay.objects.filter(day__range=(period.first, period.last)))
        if containing:
            rows = rows.filter(query__contains=normalise(containing))
        if kind == "zero":
            rows = rows.filter(sum_zero__gt=0).order_by("-sum_zero", "query")
        elif kind == "close":
            rows = rows.filter(sum_close__gt=0).order_by("-sum_close", "query")
        elif kind == "low":
            rows = rows.filter(
                Q(sum_searches__gte=LOW_SEARCHES)
                & Q(sum_zero__lt=F("sum_searches"))
                & Q(_share__lt=LOW_SHARE)
            ).order_by(F("sum_clicked") - F("sum_searches"), "query")
        else:
            rows = rows.order_by("-sum_searches", "query")
        if sort:
            by = F(SORTS[sort.removeprefix("-")])
            rows = rows.order_by(
                by.desc(nulls_last=True) if sort.startswith("-") else by.asc(nulls_last=True), "query"
            )
        self._rows, self._period = rows, period

    def count(self) -> int:
        """Return how many queries there are."""
        return int(self._rows.count())

    def __len__(self) -> int:
        return self.count()

    def __getitem__(self, window: Any) -> list[QueryFigures]:
        return _with_texts(self._rows[window], self._period)

    def __iter__(self) -> Iterator[QueryFigures]:
        """All of them, read in parts, so that a million take little memory."""
        chunk: list[dict[str, Any]] = []
        for row in self._rows.iterator(chunk_size=CHUNK):
            chunk.append(row)
            if len(chunk) == CHUNK:
                yield from _with_texts(chunk, self._period)
                chunk = []
        yield from _with_texts(chunk, self._period)


def read_query(text: str, period: Period) -> QueryFigures | None:
    """Return the figures of one query, or None where nobody searched for it."""
    rows = QueryDay.objects.filter(query=normalise(text), day__range=(period.first, period.last))
    return next(iter(_with_texts(_summed(rows), period)), None)


def clicked_results(text: str, limit: int = 10) -> list[ClickedResult]:
    """Return what was opened from the results of a query, most clicked first; of searches that are still kept."""
    clicks: dict[str, list[int | None]] = {}
    for sku, position in SearchEvent.objects.of_query(normalise(text)):
        clicks.setdefault(sku, []).append(position)
    ranked = sorted(clicks.items(), key=lambda item: (-len(item[1]), item[0]))
    return [ClickedResult(sku, len(positions), _mean(positions)) for sku, positions in ranked[:limit]]


def _summed(rows: QuerySet[QueryDay]) -> Any:
    return (
        rows.order_by()
        .values("query")
        .annotate(
            sum_searches=Sum("searches"),
            sum_zero=Sum("zero"),
            sum_close=Sum("close"),
            sum_clicked=Sum("clicked"),
            sum_clicks=Sum("clicks"),
            sum_carted=Sum("carted"),
            sum_carts=Sum("carts"),
            sum_placed=Sum("placed"),
            sum_positions=Sum("positions"),
            _last=Max("day"),
        )
        .annotate(
            _share=Cast("sum_clicked", FloatField()) / Greatest(F("sum_searches"), 1),
            _add_share=Cast("sum_carted", FloatField()) / Greatest(F("sum_searches"), 1),
            _position=Cast("sum_positions", FloatField()) / NullIf(F("sum_placed"), 0),
        )
    )


def _with_texts(rows: Iterable[dict[str, Any]], period: Period) -> list[QueryFigures]:
    """Add to each row how its query is written: only for those that are shown, since it means to read all their days again."""
    found = list(rows)
    days = QueryDay.objects.filter(
        query__in=[row["query"] for row in found], day__range=(period.first, period.last)
    )
    texts = texts_of(days)
    newest = days.order_by("query", "-day").distinct("query")
    corrected = dict(newest.values_list("query", "corrected"))
    return [_figures(row, texts[row["query"]], corrected[row["query"]]) for row in found]


def texts_of(days: QuerySet[QueryDay]) -> dict[str, str]:
    """Return how each query was written on the day with most of its searches."""
    often = days.order_by("query", "-searches", "-day").distinct("query")
    return dict(often.values_list("query", "text"))


def _figures(row: dict[str, Any], text: str, corrected: str) -> QueryFigures:
    return QueryFigures(
        query=row["query"],
        text=text,
        corrected=corrected,
        searches=row["sum_searches"],
        zero=row["sum_zero"],
        close=row["sum_close"],
        clicked=row["sum_clicked"],
        clicks=row["sum_clicks"],
        carted=row["sum_carted"],
        carts=row["sum_carts"],
        position=row["_position"],
        last_day=row["_last"],
    )


def _mean(positions: list[int | None]) -> float | None:
    known = [position for position in positions if position is not None]
    return sum(known) / len(known) if known else None


def popular_queries(prefix: str, limit: int) -> list[PopularQuery]:
    """Return the queries that begin with `prefix`, whatever its case, those with most clicked searches first; all of them for "".

    A query is popular once POPULAR_MINIMUM visits on POPULAR_DAYS of the last 30 days have clicked a result of it, so
    that what one person types is never shown to another. The table is made by the roll-up, without what is blocked.

    Args:
        prefix: what was typed so far.
        limit: most queries.
    """
    typed = normalise(prefix) + (" " if prefix[-1:].isspace() else "")
    found = PopularQuery.objects.filter(query__startswith=typed.lstrip()).order_by(
        "-clicked", "-searches", "query"
    )
    return list(found[:limit])
