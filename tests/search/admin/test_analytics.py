"""Pages of analytics: who sees them, what they show, their files, and the mail that one sends to oneself."""

import csv
import io
from datetime import timedelta
from http import HTTPStatus

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.utils import timezone

from search.admin.csv_export import as_csv
from search.insight.rollup import roll_up
from search.models import QueryDay, SearchDay, SearchEvent, WeeklyMail
from tests.search.admin.test_insight import client_with, text_of
from tests.search.insight.conftest import log  # noqa: F401 - a fixture

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("search_settings")]

QUERIES = "/admin/fashion_search/queryday/"
CHANGES, PLACES, DEVICES = f"{QUERIES}changes/", f"{QUERIES}places/", f"{QUERIES}devices/"
WEEKLY = f"{QUERIES}weekly/"
SEND = f"{WEEKLY}send/"
PAGES = (QUERIES, CHANGES, PLACES, DEVICES, WEEKLY)
TABLES = (QUERIES, CHANGES, PLACES, DEVICES)


@pytest.fixture
def searches(log):  # noqa: F811 - the fixture
    """Searches of today, and of days before it."""
    now = timezone.now()
    for number in range(4):
        row = log("red shirt", at=now, device="phone", before=0, shown=5, clicks={"A": 2} if number else {})
        if number == 1:
            SearchEvent.objects.create(search=row.id, type="add_to_cart", sku="A", at=now)
    log("=1+1", at=now, total=0, before=0, shown=0, device="app")
    log("blue dress", at=now, before=0, shown=5, device="desktop")
    log("winter coat", at=now - timedelta(days=25))  # since when there is a log
    for _ in range(40):
        log("winter coat", at=now - timedelta(days=9))
    roll_up(now)


def rows_of(response) -> list[list[str]]:
    """What a file holds."""
    text = b"".join(response.streaming_content).decode()
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text[1:])))


@pytest.mark.parametrize("page", PAGES)
class TestPermission:
    def test_nobody_in_particular_is_asked_to_log_in(self, client, page):
        assert client.get(page)["Location"].startswith("/admin/login/")

    def test_staff_without_the_permission(self, page, searches):
        assert (
            client_with("view_searchday", "view_loggedsearch").get(page).status_code == HTTPStatus.FORBIDDEN
        )

    def test_staff_with_the_permission(self, page, searches):
        assert client_with("view_queryday").get(page).status_code == HTTPStatus.OK

    def test_before_the_first_search_and_on_days_without_any(self, page, staff):
        assert staff.get(page).status_code == HTTPStatus.OK
        assert staff.get(page + "?from=2020-01-01&to=2020-01-31").status_code == HTTPStatus.OK

    def test_an_address_that_means_nothing(self, page, staff, searches):
        nonsense = "?from=x&days=-1&show=nothing&sort=-nothing&q=%01%25&p=zzz&export=xls"
        assert staff.get(page + nonsense).status_code == HTTPStatus.OK

    def test_it_has_no_inline_script_or_style(self, page, staff, searches):
        content = staff.get(page).content.decode()
        content = content[content.index('class="insight-page"') : content.index('id="footer"')]
        assert "<script" not in content
        assert " style=" not in content


class TestQueries:
    def test_what_was_done_with_the_results(self, staff, searches):
        page = text_of(staff.get(QUERIES + "?days=1"))
        assert "red shirt 4 3 75\u202f% 1 25\u202f% 2.0 0\u202f%" in page
        assert "3 queries Download as CSV" in page

    def test_headings_sort_and_keep_what_is_shown(self, staff, searches):
        response = staff.get(QUERIES + "?days=7&q=s&sort=-adds")
        content = response.content.decode()
        assert [row.text for row in response.context["rows"]] == ["red shirt", "blue dress"]
        assert '<th scope="col" class="number" aria-sort="descending">' in content
        headings = {heading.key: heading for heading in response.context["headings"]}
        assert "sort=adds" in headings["adds"].address
        assert "sort=-zero" in headings["zero"].address
        assert "q=s&" in headings["zero"].address
        assert 'name="sort" value="-adds"' in content

    def test_many_are_paged(self, staff):
        QueryDay.objects.bulk_create(
            QueryDay(
                day=timezone.localdate(), query=f"q{number:03}", text=f"q{number:03}", searches=1, visits=0, zero=0,
                close=0, clicked=0, clicks=0, placed=0, positions=0, total=1,
            )
            for number in range(120)
        )  # fmt: skip
        response = staff.get(QUERIES + "?sort=query&p=3")
        assert response.status_code == HTTPStatus.OK
        assert [row.text for row in response.context["rows"]][-1] == "q119"
        assert len(rows_of(staff.get(QUERIES + "?sort=query&p=3&export=csv"))) == 121


class TestChanges:
    def test_what_fell_with_its_rule(self, staff, searches):
        page = text_of(staff.get(CHANGES + "?days=7"))
        assert "winter coat 40 0 \u2212100\u202f%" in page
        assert "at least 20 searches before, of which there are now at least 30\u202f% fewer" in page
        assert "No query rose that much" in text_of(staff.get(CHANGES + "?days=7&show=rising"))
        assert "No query fell that much" in text_of(staff.get(CHANGES + "?days=7&show=clicks"))
        assert "with “zzz” in it" in text_of(staff.get(CHANGES + "?days=7&q=zzz"))

    def test_a_log_that_began_later_is_nothing_to_compare_with(self, staff, searches):
        assert "Nothing to compare" in text_of(staff.get(CHANGES + "?days=30&show=rising"))


class TestPlacesAndDevices:
    def test_places(self, staff, searches):
        response = staff.get(PLACES + "?days=1")
        assert [
            (row.place, row.shown, row.clicked, row.carted) for row in response.context["figures"][:2]
        ] == [
            (1, 5, 0, 0),
            (2, 5, 3, 1),
        ]
        rates = response.context["charts"][0]
        assert rates.table[1] == ("2", ["60\u202f%", "20\u202f%"])
        assert [label.text for label in rates.axis.labels] == ["1", "4", "8", "12", "16", "20", "24"]

    def test_devices(self, staff, searches):
        page = text_of(staff.get(DEVICES + "?days=1"))
        assert "phone 4 66.7\u202f% 75\u202f% 25\u202f% 0\u202f%" in page
        assert "app or API 1 16.7\u202f% 0\u202f% 0\u202f% 100\u202f%" in page

    def test_days_whose_searches_were_deleted_before_are_named(self, staff, searches):
        assert "are counted from" not in text_of(staff.get(PLACES + "?days=30"))
        SearchDay.objects.exclude(day=timezone.localdate()).update(edition=0)
        assert "are counted from" in text_of(staff.get(PLACES + "?days=30"))
        assert "are counted from" not in text_of(staff.get(PLACES + "?days=1"))


class TestFiles:
    def test_queries_with_the_filters_of_the_page(self, staff, searches):
        response = staff.get(QUERIES + "?days=1&q=shirt&export=csv")
        assert response["Content-Type"] == "text/csv; charset=utf-8"
        assert response["Content-Disposition"].startswith('attachment; filename="queries-')
        assert rows_of(response)[1:] == [
            ["red shirt", "4", "3", "0.75", "1", "0.25", "2.0", "0.0", str(timezone.localdate())]
        ]

    def test_no_cell_is_a_formula(self, staff, searches):
        assert [row[0] for row in rows_of(staff.get(QUERIES + "?days=1&q=%3D&export=csv"))[1:]] == ["'=1+1"]
        changes = rows_of(staff.get(CHANGES + "?days=7&export=csv"))
        assert changes[1] == ["winter coat", "40", "0", "-1.0", "0.0", "", ""]  # a number below 0 stays one

    def test_places_and_devices(self, staff, searches):
        assert rows_of(staff.get(PLACES + "?days=1&export=csv"))[2] == ["2", "5", "3", "0.6", "1", "0.2"]
        assert rows_of(staff.get(DEVICES + "?days=1&export=csv"))[1] == [
            "phone",
            "4",
            "0.6667",
            "0.75",
            "0.25",
            "0.0",
        ]

    @pytest.mark.parametrize("page", TABLES)
    def test_they_need_the_permission_of_the_page(self, page, searches):
        assert client_with("view_searchday").get(page + "?export=csv").status_code == HTTPStatus.FORBIDDEN

    @pytest.mark.parametrize("text", ["=a", "+a", "-a", "@a", "\ta", " =a", "\uff1da"])
    def test_what_begins_like_a_formula(self, text):
        assert rows_of(as_csv("n", ["head"], [[text]]))[1] == [f"'{text}"]


class TestWeekly:
    def test_it_shows_the_mail_and_who_got_it(self, staff, settings, searches):
        assert "It is sent to nobody yet" in text_of(staff.get(WEEKLY))
        settings.FASHION_SEARCH = settings.FASHION_SEARCH | {"WEEKLY_REPORT": ["a@shop.example"]}
        WeeklyMail.objects.create(
            week="2026-03-02", address="a@shop.example", attempts=2, error="OSError: no route"
        )
        page = text_of(staff.get(WEEKLY))
        assert "Sent each Monday from 6:00 on to a@shop.example." in page
        assert "2 Mar 2026 not yet 2 OSError: no route" in page

    def test_one_sends_it_to_oneself(self, searches):
        client = client_with("view_queryday")
        assert "Your account has no mail address" in text_of(client.post(SEND, follow=True))
        get_user_model().objects.filter(username="reader").update(email="reader@shop.example")
        assert "The mail was sent to reader@shop.example." in text_of(client.post(SEND, follow=True))
        assert [message.to for message in mail.outbox] == [["reader@shop.example"]]
        assert WeeklyMail.objects.count() == 0  # those of the setting get theirs all the same

    def test_a_mail_server_that_is_away_is_said(self, staff, settings, searches):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
        get_user_model().objects.update(email="reader@shop.example")
        page = text_of(staff.post(SEND, follow=True))
        assert "The mail could not be sent: ConnectionRefusedError" in page

    def test_it_takes_a_button_and_the_permission(self, staff, searches):
        assert staff.get(SEND).status_code == HTTPStatus.METHOD_NOT_ALLOWED
        assert client_with("view_searchday").post(SEND).status_code == HTTPStatus.FORBIDDEN
