"""The weekly mail: what it says, and that everybody gets it once, whatever the mail server and the workers do."""

import logging
import smtplib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Barrier
from typing import ClassVar

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from django.utils import translation

from search import tasks
from search.insight.reports import Period
from search.insight.rollup import roll_up
from search.insight.weekly import week_of, write_report
from search.insight.weekly_mail import LEASE, due_week, send_due
from search.models import WeeklyMail

MONDAY = datetime(2026, 3, 9, 8, tzinfo=UTC)
WEEK = Period(date(2026, 3, 2), date(2026, 3, 8))
ADDRESSES = ["one@shop.example", "two@shop.example"]


class Refusing(EmailBackend):
    """A mail server that refuses one of the addresses for as long as it is told to."""

    refused: ClassVar[set[str]] = set()

    def send_messages(self, messages):
        for message in messages:
            if set(message.to) & self.refused:
                raise smtplib.SMTPRecipientsRefused({message.to[0]: (450, b"come back later")})
        return super().send_messages(messages)


@pytest.fixture(autouse=True)
def report_settings(settings):
    settings.FASHION_SEARCH = {"WEEKLY_REPORT": ADDRESSES, "BASE_ADDRESS": "https://shop.example/"}
    settings.EMAIL_BACKEND = f"{__name__}.Refusing"
    Refusing.refused = set()


@pytest.fixture
def week(log):
    """A week of searches and one before it, counted."""
    at = datetime(2026, 3, 4, 12, tzinfo=UTC)
    log("red coat", at=at - timedelta(days=20))  # since when there is a log
    for _ in range(30):
        log("red coat", at=at - timedelta(days=7))
    for _ in range(4):
        log("red coat", at=at)
    for _ in range(25):
        log("Linen shirt", at=at, clicks={"A": 1})
    for _ in range(3):
        log("jumper\n\nBcc: x", at=at, total=0)
    roll_up(MONDAY)


def recipients() -> list[str]:
    return sorted(address for message in mail.outbox for address in message.to)


@pytest.mark.django_db
class TestText:
    def test_figures_queries_and_links(self, week):
        report = write_report(WEEK)
        assert report.subject == "Searches in the week from 2 Mar to 8 Mar 2026"
        lines = report.text.splitlines()
        assert "Searches: 32 (the week before: 30)" in lines
        assert "With a click on a result: 78.1\u202f% (the week before: 0\u202f%)" in lines
        assert "Nothing found: 9.4\u202f% (the week before: 0\u202f%)" in lines
        assert lines[lines.index("Found nothing most often:") + 1] == "- jumper Bcc: x: 3"
        assert (
            lines[lines.index("Searched for less than in the week before:") + 1] == "- red coat: from 30 to 4"
        )
        assert (
            lines[lines.index("Searched for more than in the week before:") + 1]
            == "- Linen shirt: from 0 to 25"
        )
        assert (
            "Queries: https://shop.example/admin/fashion_search/queryday/?from=2026-03-02&to=2026-03-08"
            in lines
        )
        assert "<" not in report.text

    def test_a_week_without_searches_and_a_shop_without_an_address(self, settings):
        settings.FASHION_SEARCH = {}
        text = write_report(WEEK).text
        assert text.startswith("Nobody searched the shop in this week")
        assert "https://" not in text

    def test_the_language_is_the_shops(self, settings, week):
        settings.LANGUAGE_CODE = "de"
        with translation.override("en"):
            assert "8 Mär 2026" in write_report(WEEK).subject
            assert translation.get_language() == "en"

    def test_the_week_is_the_one_that_is_over_on_the_shops_own_clock(self, settings):
        assert week_of(date(2026, 3, 15)) == WEEK
        assert week_of(date(2026, 3, 16)) == Period(date(2026, 3, 9), date(2026, 3, 15))
        early = datetime(2026, 3, 9, 5, 59, tzinfo=UTC)
        assert due_week(early).last == date(2026, 3, 1)
        assert due_week(early + timedelta(minutes=1)) == WEEK
        settings.TIME_ZONE = "America/New_York"
        assert due_week(MONDAY).last == date(2026, 3, 1)
        settings.TIME_ZONE = "Asia/Kolkata"
        assert due_week(early) == WEEK


@pytest.mark.django_db
class TestSending:
    def test_everybody_gets_it_once_a_week(self, week):
        assert send_due(MONDAY) == 2
        assert send_due(MONDAY + timedelta(minutes=15)) == send_due(MONDAY + timedelta(days=6)) == 0
        assert recipients() == ADDRESSES
        assert mail.outbox[0].extra_headers["Auto-Submitted"] == "auto-generated"
        assert send_due(MONDAY + timedelta(days=7)) == 2

    @pytest.mark.parametrize("given", [{}, {"WEEKLY_REPORT": ADDRESSES, "INSIGHT": False}])
    def test_it_is_off_by_default_and_without_a_log(self, settings, given):
        settings.FASHION_SEARCH = given
        assert send_due(MONDAY) == 0
        assert (mail.outbox, WeeklyMail.objects.count()) == ([], 0)

    def test_what_a_mail_server_refuses_is_said_and_tried_again(self, week, caplog):
        Refusing.refused = {ADDRESSES[0]}
        for minutes in (0, 15):
            with pytest.raises(smtplib.SMTPRecipientsRefused):
                send_due(MONDAY + timedelta(minutes=minutes))
        assert recipients() == [ADDRESSES[1]]
        row = WeeklyMail.objects.get(address=ADDRESSES[0])
        assert (row.attempts, row.sent_at, "come back later" in row.error) == (2, None, True)
        assert "Sending the weekly mail: one@shop.example failed." in caplog.text
        Refusing.refused = set()
        assert send_due(MONDAY + timedelta(minutes=30)) == 1
        assert recipients() == ADDRESSES
        row.refresh_from_db()
        assert (row.attempts, row.error) == (2, "")

    def test_a_worker_that_was_killed_leaves_its_claim_for_a_while(self, week):
        assert send_due(MONDAY) == 2
        WeeklyMail.objects.filter(address=ADDRESSES[0]).update(sent_at=None, claimed_at=MONDAY)
        assert send_due(MONDAY + LEASE / 2) == 0
        assert send_due(MONDAY + LEASE * 2) == 1
        ids = {message.extra_headers["Message-ID"] for message in mail.outbox if message.to == [ADDRESSES[0]]}
        assert len(ids) == 1  # by which a mail server knows it again

    def test_a_mail_that_never_went_is_named_once_its_week_is_over(self, week, caplog):
        Refusing.refused = set(ADDRESSES)
        with pytest.raises(ExceptionGroup):
            send_due(MONDAY)
        Refusing.refused = set()
        caplog.set_level(logging.ERROR)
        caplog.clear()
        assert send_due(MONDAY + timedelta(days=7)) == 2
        assert send_due(MONDAY + timedelta(days=8)) == 0
        assert caplog.text.count("was never sent: SMTPRecipientsRefused") == 2

    def test_beats_task_sends_it(self, week):
        tasks.mail_report()
        assert recipients() == ADDRESSES
        tasks.mail_report()
        assert recipients() == ADDRESSES


@pytest.mark.django_db(transaction=True)
def test_several_workers_at_once_send_one():
    ready = Barrier(4)

    def work(_number: int) -> int:
        try:
            ready.wait(10)
            return send_due(MONDAY)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(4))) == 2
    assert recipients() == ADDRESSES
