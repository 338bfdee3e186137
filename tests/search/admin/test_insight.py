"""The pages of insight: who sees them, what they show, and that they need no script."""

import re
from datetime import timedelta

import pytest
from django.contrib.admin.models import ADDITION, DELETION, LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from search.insight.rollup import roll_up
from search.models import PopularQuery, SearchDay, SearchEvent, VersionLexicon
from tests.search.indexed import make_version
from tests.search.insight.conftest import log  # noqa: F401 - a fixture

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("search_settings")]

OVERVIEW = "/admin/fashion_search/searchday/"
QUERIES = "/admin/fashion_search/queryday/"
WORKBENCH = "/admin/fashion_search/queryday/workbench/"
IGNORE = f"{WORKBENCH}ignore/"
SYNONYM = "/admin/fashion_search/synonym/add/"
LOG = "/admin/fashion_search/loggedsearch/"
PAGES = [
    (OVERVIEW, "view_searchday"),
    (QUERIES, "view_queryday"),
    (WORKBENCH, "view_queryday"),
    (LOG, "view_loggedsearch"),
]


def client_with(*permissions: str) -> Client:
    user = get_user_model().objects.create_user("reader", password="x", is_staff=True)
    user.user_permissions.set(
        Permission.objects.filter(content_type__app_label="fashion_search", codename__in=permissions)
    )
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def searches(log):  # noqa: F811 - the fixture
    """Searches of today and yesterday, counted."""
    now = timezone.now()
    for _ in range(3):
        log("red shirt", at=now, clicks={"A-1": 4}, stages={"encode": 3.0})
    for _ in range(6):
        log("party wear", at=now)
    log("jumper", at=now - timedelta(days=1), total=0, degraded="The text encoder is not available.")
    roll_up(now)


def text_of(response) -> str:
    """What a reader sees, with single spaces."""
    page = re.sub(r"<(style|script)\b.*?</\1>", " ", response.content.decode(), flags=re.S)
    return re.sub(r"[ \n]+", " ", re.sub(r"<[^>]+>", " ", page))


class TestPermission:
    @pytest.mark.parametrize(("page", "permission"), PAGES)
    def test_nobody_in_particular_is_asked_to_log_in(self, client, page, permission):
        response = client.get(page)
        assert response.status_code == 302
        assert response["Location"].startswith("/admin/login/")

    @pytest.mark.parametrize(("page", "permission"), PAGES)
    def test_staff_without_the_permission(self, page, permission):
        others = {name for _, name in PAGES} - {permission}
        assert client_with(*others).get(page).status_code == 403

    @pytest.mark.parametrize(("page", "permission"), PAGES)
    def test_staff_with_the_permission(self, page, permission):
        assert client_with(permission).get(page).status_code == 200

    def test_links_lead_only_where_one_may_go(self, searches):
        page = client_with("view_searchday").get(OVERVIEW).content.decode()
        assert OVERVIEW in page
        assert QUERIES not in page
        assert LOG not in page

    @pytest.mark.parametrize("page", [LOG, OVERVIEW, QUERIES])
    def test_nothing_can_be_added(self, staff, page):
        assert staff.get(f"{page}add/").status_code in (403, 404)


class TestOverview:
    def test_before_the_first_search(self, staff):
        page = text_of(staff.get(OVERVIEW))
        assert "Nothing logged yet" in page
        assert "Click-through" not in page

    def test_figures_and_charts(self, staff, searches):
        response = staff.get(OVERVIEW)
        page = text_of(response)
        assert "Searches 10 nothing to compare" in page
        assert "Click-through 30\u202f%" in page
        assert "Nothing found 10\u202f%" in page
        assert "Degraded 10\u202f%" in page
        assert "party wear 6 0\u202f%" in page  # without a trend: nothing is known of the days before
        assert "encode 3.0\u202fms" in page
        charts = response.context["charts"]
        assert [chart.name for chart in charts] == ["searches", "through", "latency", "shares"]
        assert [chart.rows[-1][1] for chart in charts] == [
            ["9", "3"], ["33.3\u202f%"], ["20\u202fms"] * 3, ["0\u202f%", "0\u202f%"]
        ]  # fmt: skip

    def test_a_change_is_good_or_bad(self, staff, searches):
        today = SearchDay.objects.filter(mode="").latest("day")

        def copy(days: int, searches: int) -> None:
            """A day so many days ago, on which all was found, more slowly."""
            SearchDay.objects.create(
                day=today.day - timedelta(days=days), mode="", searches=searches, pages=searches, visits=0, zero=0,
                clicked=0, clicks=0, carts=0, degraded=0, p50_ms=40, p95_ms=40, p99_ms=40, rolled_at=today.rolled_at,
            )  # fmt: skip

        copy(31, searches=8)
        page = staff.get(OVERVIEW).content.decode()
        assert page.count("nothing to compare") == 6  # the log began within the days before
        copy(60, searches=1)
        page = staff.get(OVERVIEW).content.decode()
        assert '<dd class="change better">▲ 25\u202f%</dd>' in page  # searches
        assert '<dd class="change worse">▲ 10.0\u202fpoints</dd>' in page  # nothing found
        assert '<dd class="change better">▼ 50\u202f%</dd>' in page  # latency

    def test_a_range_without_searches(self, staff, searches):
        page = text_of(staff.get(OVERVIEW + "?from=2020-01-01&to=2020-01-31"))
        assert "Searches 0" in page
        assert "none on these days" in page
        assert "No words were searched for on these days." in page

    def test_a_range_that_is_none(self, staff, searches):
        page = text_of(staff.get(OVERVIEW + "?from=yesterday"))
        assert "That is no range of days, such as 2026-01-31; these are the last 30 days." in page

    def test_a_log_that_is_off_says_so(self, staff, settings, searches):
        settings.FASHION_SEARCH = settings.FASHION_SEARCH | {"INSIGHT": False}
        assert "Searches are not being logged: the setting INSIGHT is off." in text_of(staff.get(OVERVIEW))

    @pytest.mark.parametrize("page", [OVERVIEW, QUERIES, WORKBENCH + "?q=red"])
    def test_no_inline_script_or_style(self, staff, searches, page):
        content = staff.get(page).content.decode()
        content = content[content.index('class="insight-page"') : content.index('id="footer"')]
        assert "<script" not in content
        assert "style=" not in content
        assert "onclick" not in content

    def test_the_number_of_queries_does_not_grow_with_the_days(
        self, staff, searches, django_assert_max_num_queries
    ):
        for days in (7, 365):
            with django_assert_max_num_queries(60):
                staff.get(f"{OVERVIEW}?days={days}")

    def test_top_queries_with_their_trend(self, staff, searches, log):  # noqa: F811
        before = timezone.now() - timedelta(days=13)
        for _ in range(4):
            log("party wear", at=before)
        roll_up()
        page = text_of(staff.get(OVERVIEW + "?days=7"))
        assert "party wear 6 ▲ 50\u202f% 0\u202f%" in page
        assert "red shirt 3 new 100\u202f%" in page

    def test_what_was_searched_for_in_vain_can_be_acted_upon(self, staff, searches):
        page = staff.get(OVERVIEW).content.decode()
        assert "party wear 0 of 6 searches led to a click" in text_of(staff.get(OVERVIEW))
        assert "jumper 1 of 1 search found nothing" in text_of(staff.get(OVERVIEW))
        assert f'href="{SYNONYM}?phrase=jumper"' in page
        page = client_with("view_searchday").get(OVERVIEW).content.decode()
        assert "jumper" not in page

    def test_health_is_a_line_for_those_who_may_see_it(self, staff, searches):
        page = staff.get(OVERVIEW).content.decode()
        assert '<details class="dashboard health">' in page
        assert "No version is active; shoppers search by keyword at best." in page
        page = client_with("view_searchday").get(OVERVIEW).content.decode()
        assert "Active version" not in page


class TestQueries:
    def test_top(self, staff, searches):
        response = staff.get(QUERIES)
        assert [row.text for row in response.context["rows"]] == ["party wear", "red shirt", "jumper"]
        assert f'<a href="{WORKBENCH}?q=party%20wear">party wear</a>' in response.content.decode()

    def test_what_found_nothing_and_what_nobody_opens(self, staff, searches):
        rows = staff.get(QUERIES + "?show=zero").context["rows"]
        assert [(row.text, row.zero) for row in rows] == [("jumper", 1)]
        rows = staff.get(QUERIES + "?show=low").context["rows"]
        assert [row.text for row in rows] == ["party wear"]

    def test_containing_and_a_page_too_far(self, staff, searches):
        assert [row.text for row in staff.get(QUERIES + "?q=RED&p=9").context["rows"]] == ["red shirt"]
        assert "with “zzz” in it" in text_of(staff.get(QUERIES + "?q=zzz"))

    def test_markup_in_a_query_stays_text(self, staff, log):  # noqa: F811
        log("<script>alert(1)</script>", at=timezone.now())
        roll_up()
        page = staff.get(QUERIES).content.decode()
        assert "<script>alert(1)" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


class TestWorkbench:
    @pytest.fixture
    def version(self, tiny_artifact):
        version = make_version(tiny_artifact)
        VersionLexicon.objects.create(
            version=version,
            total=9,
            facets={"colour=Red": 7, "colour=Blue": 3},
            paths=[],
            lexemes={},
            built_at=timezone.now(),
        )
        return version

    def test_before_the_first_search(self, staff):
        assert "Nothing logged yet" in text_of(staff.get(WORKBENCH))

    def test_it_opens_on_the_queries_in_vain(self, staff, searches):
        response = staff.get(WORKBENCH)
        assert [row.text for row, _ in response.context["shown"]] == ["party wear", "jumper"]
        page = response.content.decode()
        for address in (f"{SYNONYM}?phrase=party%20wear",
                        "/admin/fashion_search/redirect/add/?place=query&amp;phrase=party%20wear",
                        "/admin/fashion_search/merchandisingrule/add/?place=query&amp;phrase=party%20wear"):  # fmt: skip
            assert f'href="{address}"' in page
            form = staff.get(address.replace("&amp;", "&"))
            assert form.context["adminform"].form["phrase"].value() == "party wear"

    @pytest.mark.parametrize(("kind", "texts"), [("zero", ["jumper"]), ("low", ["party wear"]), ("?", None)])
    def test_kinds(self, staff, searches, kind, texts):
        shown = staff.get(WORKBENCH, {"show": kind}).context["shown"]
        assert [row.text for row, _ in shown] == (texts or ["party wear", "jumper"])

    def test_a_word_that_may_be_meant_fills_in_the_whole_synonym(self, staff, version, log):  # noqa: F811
        log("bluee", at=timezone.now(), total=0)
        roll_up()
        page = staff.get(WORKBENCH).content.decode()
        address = f"{SYNONYM}?phrase=bluee&amp;means=colour%3DBlue"
        assert f'href="{address}"' in page
        form = staff.get(address.replace("&amp;", "&")).context["adminform"].form
        assert (form["phrase"].value(), form["means"].value()) == ("bluee", "colour=Blue")

    def test_ignoring_and_taking_it_back(self, staff, searches):
        page = text_of(staff.post(IGNORE, {"q": "Party  wear"}, follow=True))
        assert "“Party wear” is ignored" in page
        assert [row.text for row, _ in staff.get(WORKBENCH).context["shown"]] == ["jumper"]
        assert "party wear 0 of 6" not in text_of(staff.get(OVERVIEW))
        staff.post(IGNORE, {"q": "party wear"})  # twice is once
        assert "ignored by admin on" in text_of(staff.get(WORKBENCH + "?show=ignored"))
        assert "This query is ignored" in text_of(staff.get(WORKBENCH + "?q=party+wear"))
        page = text_of(staff.post(IGNORE, {"q": "party wear", "undo": "1"}, follow=True))
        assert "No query is ignored" in page
        assert [row.text for row, _ in staff.get(WORKBENCH).context["shown"]] == ["party wear", "jumper"]
        assert [entry.action_flag for entry in LogEntry.objects.order_by("pk")] == [ADDITION, DELETION]

    def test_ignoring_nothing_is_said(self, staff):
        assert "No query was named" in text_of(staff.post(IGNORE, {"q": " \x00 "}, follow=True))

    def test_ignoring_needs_its_permission(self, searches):
        client = client_with("view_queryday")
        assert (
            "Ignore"
            not in client.get(WORKBENCH).content.decode().partition("Which queries")[2].partition("</nav>")[2]
        )
        assert client.post(IGNORE, {"q": "jumper"}).status_code == 403
        assert client.post(IGNORE, {"q": "jumper", "undo": "1"}).status_code == 403
        assert client.get(IGNORE).status_code == 405

    def test_nearest_words_clicks_and_popular_queries(self, staff, version, searches):
        PopularQuery.objects.create(query="red shirts", text="red shirts", searches=4, clicked=1)
        PopularQuery.objects.create(query="blue bag", text="blue bag", searches=4, clicked=1)
        response = staff.get(WORKBENCH + "?q=Red+Shirt")
        page = text_of(response)
        assert (
            "Searches 3 Click-through 100\u202f% Nothing found 0\u202f% Only close matches 0\u202f% Mean position 4.0"
            in page
        )
        assert [word.value for word in response.context["around"].facets["colour"]] == ["Red"]
        assert "A-1 3 4.0" in page
        assert "red shirts" in page
        assert "blue bag" not in page  # no nearer than nonsense is
        assert 'href="/search/?q=Red+Shirt"' in response.content.decode()

    def test_without_a_version_the_rest_is_shown(self, staff, searches):
        page = text_of(staff.get(WORKBENCH + "?q=red+shirt"))
        assert "Words cannot be compared at the moment" in page
        assert "Searches 3" in page

    def test_a_synonym_is_one_click_away_for_those_who_may_add_it(self, staff, version):
        page = staff.get(WORKBENCH + "?q=red+%26+co").content.decode()
        assert f"{SYNONYM}?phrase=red%20%26%20co" in page
        page = client_with("view_queryday").get(WORKBENCH + "?q=red").content.decode()
        assert SYNONYM not in page

    def test_words_that_are_no_nearer_than_nonsense_are_not_offered(self, staff, version):
        assert "No word of the catalogue comes nearer" in text_of(staff.get(WORKBENCH + "?q=zorblax"))

    def test_a_query_without_end(self, staff, version):
        assert staff.get(WORKBENCH + "?q=ab" + "x" * 500).status_code == 200


class TestLog:
    def test_the_list_and_its_filters(self, staff, searches):
        assert staff.get(LOG).context["cl"].result_count == 10
        for answer, count in (("zero", 1), ("degraded", 1), ("corrected", 0), ("clicked", 3)):
            assert staff.get(f"{LOG}?answer={answer}").context["cl"].result_count == count

    def test_one_search_with_its_events(self, staff, log):  # noqa: F811
        row = log("blu shirt", corrected="blue shirt", clicks={"A-1": 4})
        SearchEvent.objects.create(
            search=row.id, type="add_to_cart", sku="A-1", at=row.at + timedelta(seconds=9)
        )
        page = text_of(staff.get(f"{LOG}{row.pk}/change/"))
        assert "click of A-1 at position 4, 12:00:00" in page
        assert "added to cart of A-1, 12:00:09" in page
        assert "blu shirt → blue shirt" in text_of(staff.get(LOG))
