"""Give versions up and delete them with everything that was made for them; find what should be gone and is not."""

# ruff: noqa: S608 - only names of the plugin's own tables and columns are put into statements

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Final, NamedTuple

from django.db import connection, transaction
from django.db.models import Model
from django.db.models.functions import Now
from django.utils import timezone

from ..conf import get_settings
from ..models import (
    Build,
    CatalogueHealth,
    CatalogueMap,
    EntryImage,
    Evaluation,
    HealthFinding,
    IndexEntry,
    IndexVersion,
    KeptCount,
    KeptCountChange,
    ProductTag,
    VersionLexicon,
    VersionTags,
    WordList,
    WordListPart,
)
from ..models.builds import MAX_REASON
from ..resilience import Attempts
from .connections import unhurried
from .hnsw import drop_indexes, drop_orphaned_indexes, orphaned_indexes
from .locks import confirm_locks

State = IndexVersion.State
LEFT_OVER_AFTER = timedelta(minutes=10)  # beat drops within seconds; a large version takes minutes


class Fate(StrEnum):
    """What becomes of rows that point at a version which is dropped."""

    DELETED = "deleted"
    KEPT = "kept"  # without the version, which they outlive


# Everything that points at a version, directly or through another row; a test compares this list with the models. A
# row comes before those that point at it: deleted, it is locked, so that nobody commits another one meanwhile.
DROPPED: Final[tuple[tuple[type[Model], str, Fate], ...]] = (
    (VersionLexicon, "version_id", Fate.DELETED),
    (IndexEntry, "version_id", Fate.DELETED),
    (EntryImage, "version_id", Fate.DELETED),
    (KeptCount, "version_id", Fate.DELETED),
    (KeptCountChange, "version_id", Fate.DELETED),
    (WordList, "version_id", Fate.DELETED),
    (WordListPart, "version_id", Fate.DELETED),
    (VersionTags, "version_id", Fate.DELETED),
    (CatalogueMap, "version_id", Fate.DELETED),
    (CatalogueHealth, "version_id", Fate.DELETED),
    (HealthFinding, "health_id", Fate.DELETED),  # a check of the health has the number of its version
    (ProductTag, "version_id", Fate.KEPT),
    (Evaluation, "version_id", Fate.KEPT),
)


class _Superseded(NamedTuple):
    """A version that nothing will go back to, why, and since when."""

    version: IndexVersion
    reason: str
    since: datetime


def give_up_version(version: IndexVersion, reason: str) -> bool:
    """Give a version up unless its state has changed since it was read, as when somebody has activated it.

    Committed before anything is deleted: workers lock the versions they write to and skip failed ones.
    """
    given_up = IndexVersion.objects.filter(pk=version.pk, state=version.state)
    if not given_up.update(state=State.FAILED, error=reason, failed_at=Now()):
        return False
    Build.objects.end(Build.State.FAILED, version_id=version.pk, reason=reason)
    return True


@unhurried()
def drop_version(version: IndexVersion) -> None:
    """Delete a failed version, with its indexes and everything that was made for it."""
    confirm_locks()
    drop_indexes(version.pk)
    with transaction.atomic(), connection.cursor() as cursor:
        # Waits for processes that are writing rows of the version at this moment, so that this is deleted, too.
        cursor.execute("SELECT FROM fashion_search_indexversion WHERE id = %s FOR UPDATE", [version.pk])
        for model, column, fate in DROPPED:
            table = model._meta.db_table
            statement = (
                f"DELETE FROM {table} WHERE {column} = %s"
                if fate is Fate.DELETED
                else f"UPDATE {table} SET {column} = NULL WHERE {column} = %s"
            )
            cursor.execute(statement, [version.pk])
        cursor.execute("DELETE FROM fashion_search_indexversion WHERE id = %s", [version.pk])


def drop_superseded() -> list[int]:
    """Drop failed versions, builds that were overtaken, and retired ones beyond KEEP_RETIRED; return their ids.

    One that cannot be dropped keeps the reason, is tried again next time, and stops none of the others.

    Raises:
        Exception: something could not be dropped; the rest was.
        ExceptionGroup: several things could not be.
    """
    dropped = []
    with Attempts("Dropping versions") as attempts:
        for version, reason, _ in _superseded(list(IndexVersion.objects.all())):
            with attempts.at(f"version {version.pk}", partial(note_trouble, version.pk)):
                if version.state == State.FAILED or give_up_version(version, reason):
                    drop_version(version)
                    dropped.append(version.pk)
        with attempts.at("indexes without a version"):
            drop_orphaned_indexes()
    return dropped


def note_trouble(version_id: int, trouble: str) -> None:
    """Keep with a version what went wrong with it and will be tried again."""
    IndexVersion.objects.filter(pk=version_id).update(trouble=trouble[:MAX_REASON], trouble_at=Now())


def forget_troubles(*, before: datetime) -> None:
    """Forget what went wrong with versions before a moment since which everything has been tried again."""
    IndexVersion.objects.filter(trouble_at__lt=before).update(trouble="", trouble_at=None)


def find_left_over() -> list[str]:
    """Return a sentence for each thing that maintenance cannot cope with.

    These are versions with a trouble, versions that should have been dropped, and indexes without a version.
    """
    versions = list(IndexVersion.objects.order_by("pk"))
    since = {superseded.version.pk: superseded.since for superseded in _superseded(versions)}
    now = timezone.now()
    found = []
    for version in versions:
        name = f"version {version.pk} ({version.state})"
        waited = now - since.get(version.pk, now)
        if version.trouble:
            found.append(f"{name}: {version.trouble}")
        elif waited > LEFT_OVER_AFTER:
            found.append(f"{name} should have been dropped {waited.total_seconds() / 60:.0f} minutes ago")
    return found + [f"the index {name} belongs to no version" for name in orphaned_indexes()]


def _superseded(versions: Sequence[IndexVersion]) -> list[_Superseded]:
    """Return those of all versions that nothing will go back to; the newest that is held back waits for somebody's decision."""
    found = [
        _Superseded(version, version.error, version.failed_at or version.created_at)
        for version in versions
        if version.state == State.FAILED
    ]
    ready = [version for version in versions if version.state == State.READY]
    active = next((version for version in versions if version.state == State.ACTIVE), None)
    if active is not None:
        reason = f"Version {active.pk} was activated before it."
        overtaken = [version for version in ready if version.pk < active.pk]
        found += [_Superseded(version, reason, _since(active.activated_at, version)) for version in overtaken]
    # Of several that are held back the newest stays, so that rebuilding again and again fills no disk.
    held = [version for version in ready if version.held]
    if held:
        newest = max(held, key=lambda version: version.pk)
        reason = f"Version {newest.pk} was built after it."
        since = newest.built_at
        found += [
            _Superseded(version, reason, _since(since, version)) for version in held if version != newest
        ]
    retired = [version for version in versions if version.state == State.RETIRED]
    retired.sort(key=lambda version: version.activated_at or version.created_at, reverse=True)
    reason = "Newer versions are kept to go back to."
    return found + [
        _Superseded(version, reason, _since(active.activated_at if active else None, version))
        for version in retired[get_settings().keep_retired :]
    ]


def _since(moment: datetime | None, version: IndexVersion) -> datetime:
    return moment or version.created_at
