"""Sending the weekly mail: to each address once, whatever number of workers try, and again while the mail server refuses it."""

import hashlib
import logging
from datetime import date, datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.utils import DNS_NAME
from django.db.models import F, Q
from django.utils import timezone

from ..clock import local_time
from ..conf import get_settings
from ..models import WeeklyMail
from ..resilience import Attempts
from ..text import storable
from .reports import Period
from .weekly import Report, week_of, write_report

logger = logging.getLogger(__name__)

DUE_HOUR = 6  # of Monday, in the shop's time zone
LEASE = timedelta(minutes=10)  # after which a claim belongs to a dead worker; sending takes TIMEOUT_SECONDS
TIMEOUT_SECONDS = 20.0  # of the mail server, where EMAIL_TIMEOUT says nothing
KEPT = timedelta(days=400)
LONGEST_ERROR = 500  # characters


def send_due(now: datetime | None = None) -> int:
    """Send the mail about last week to the addresses of WEEKLY_REPORT that have not got it yet.

    A mail server that has taken a mail and not said so makes it come twice, with the same Message-ID.

    Args:
        now: another time than the present.

    Returns:
        How many were sent.

    Raises:
        Exception: one could not be sent, and is tried again by the next run; all others were.
        ExceptionGroup: several could not be.
    """
    given = get_settings()
    now = now or timezone.now()
    if not given.weekly_report or not given.insight:
        return 0
    week = due_week(now)
    _give_up(week.first)
    known = dict.fromkeys(given.weekly_report)  # each once
    WeeklyMail.objects.bulk_create(
        [WeeklyMail(week=week.first, address=address) for address in known], ignore_conflicts=True
    )
    report, sent = None, 0
    with Attempts("Sending the weekly mail") as attempts:
        for address in known:
            row = _claim(week.first, address, now)
            if row is None:
                continue
            with attempts.at(address, note=lambda reason, row=row: _failed(row, reason)):  # type: ignore[misc]
                report = report or write_report(week)
                send(report, address, message_id=_message_id(week, address))
                row.sent_at, row.error = timezone.now(), ""
                row.save(update_fields=["sent_at", "error"])
                sent += 1
    return sent


def due_week(now: datetime) -> Period:
    """Return the last week whose mail is due."""
    return week_of((local_time(now) - timedelta(hours=DUE_HOUR)).date())


def send(report: Report, address: str, *, message_id: str = "") -> None:
    """Hand a mail to the mail server.

    Args:
        report: the mail.
        address: who gets it.
        message_id: the same for one that may have come already; "" for a mail of its own.

    Raises:
        OSError: the server cannot be reached or refuses it; SMTP's own errors are of this kind.
        Exception: whatever a backend of the host raises.
    """
    timeout = getattr(settings, "EMAIL_TIMEOUT", None)
    EmailMessage(
        report.subject,
        report.text,
        to=[address],
        headers={"Auto-Submitted": "auto-generated", **({"Message-ID": message_id} if message_id else {})},
        connection=get_connection(timeout=timeout or TIMEOUT_SECONDS),
    ).send()


def _message_id(week: Period, address: str) -> str:
    digest = hashlib.sha256(f"{week.first}\n{address}\n{settings.SECRET_KEY}".encode()).hexdigest()
    return f"<{digest[:32]}@{DNS_NAME}>"


def _claim(week: date, address: str, now: datetime) -> WeeklyMail | None:
    """Take one mail for this worker; None where it was sent, or another one is at it. Committed at once."""
    free = Q(claimed_at=None) | Q(claimed_at__lt=now - LEASE) | Q(claimed_at__gt=now + LEASE)
    rows = WeeklyMail.objects.filter(free, week=week, address=address, sent_at=None)
    return WeeklyMail.objects.get(week=week, address=address) if rows.update(claimed_at=now) else None


def _failed(row: WeeklyMail, reason: str) -> None:
    """Note why a mail could not be sent, and leave it to the next run."""
    WeeklyMail.objects.filter(pk=row.pk).update(
        claimed_at=None, attempts=F("attempts") + 1, error=storable(reason)[:LONGEST_ERROR]
    )


def _give_up(week: date) -> None:
    """Forget mails of former weeks: those that were sent long ago, and those that never were, which is said once."""
    for row in WeeklyMail.objects.filter(week__lt=week, sent_at=None):
        if WeeklyMail.objects.filter(pk=row.pk, sent_at=None).delete()[0]:
            logger.error(
                "The weekly mail about %s to %s was never sent: %s",
                row.week,
                row.address,
                row.error or "no try",
            )
    WeeklyMail.objects.filter(week__lt=week - KEPT).delete()
