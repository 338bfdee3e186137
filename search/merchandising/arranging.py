"""A page of results arranged by hand: decisions about products, the rules that they make, publishing them and undoing it.

A page is one query, one category, or the items similar to one product. Decisions are about products on it; rules for a
value of a facet, and those of other places that hold there, too, are left as they are.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Literal, NamedTuple

from django.db import connection, transaction
from django.utils import timezone

from ..conf import get_settings
from ..exceptions import OvertakenDraft
from ..models import Arrangement, MerchandisingRule
from ..text import keys, split
from .apply import free_places
from .rules import DRAFTED, Rule, runs
from .snapshots import forget_snapshot, snapshot

MOST = 200  # decisions of one draft
LAST_PLACE = 1000
FIELDS = ("enabled", "starts", "ends", "position", "strength")  # of a rule that publishing may change
_FIRST = ("hide", "pin", "boost", "bury")  # which of a product's rules says what it is
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('fashion_search.arranging', 0))"


@dataclass(frozen=True, slots=True)
class Page:
    """Where results are arranged."""

    place: Literal["query", "category", "similar_product"]
    phrase: str  # the query, the category, or the SKU of the product
    product_key: str = ""  # of the product whose similar items they are

    @property
    def key(self) -> str:
        """What all spellings of the phrase have in common."""
        if self.place == "query":
            words = [word.text for word in split(self.phrase)]
            return keys(words, get_settings().text_config)[0] if words else ""
        return self.product_key or self.phrase.casefold()

    def rules(self) -> tuple[Rule, ...]:
        """Return its own rules about products, running or scheduled, the oldest first."""
        own = snapshot().rules_of(self.place, self.phrase, self.product_key)
        return tuple(rule for rule in own if not rule.token)

    def fingerprint(self) -> str:
        """Return what differs after every change of its own rules: 64 hex digits."""
        return sha256(repr(self.rules()).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Decision:
    """What is done with a product."""

    sku: str = field(compare=False)
    action: str = ""  # "" for nothing: rules of the page about it end
    position: int | None = None  # of a pin
    strength: str = "clearly"

    @classmethod
    def of(cls, rule: Rule) -> "Decision":
        """Return what a rule does."""
        if rule.action in ("boost", "bury"):
            return cls(rule.sku, rule.action, strength=rule.strength)
        return cls(rule.sku, rule.action, rule.position if rule.action == "pin" else None)


Decisions = Mapping[str, Decision]  # by product key


def running(rules: Iterable[Rule], at: datetime) -> tuple[Rule, ...]:
    """Return those that run at a moment."""
    return tuple(rule for rule in rules if runs(rule.starts, rule.ends, at))


def state_of_page(own: Sequence[Rule], decisions: Decisions) -> dict[str, Decision]:
    """Return what is done with each product: by the page's own rules, and instead of them by decisions."""
    state: dict[str, Decision] = {}
    for rule in sorted(own, key=lambda rule: (_FIRST.index(rule.action), rule.id)):
        state.setdefault(rule.product_key, Decision.of(rule))
    state.update(decisions)
    return {key: decision for key, decision in state.items() if decision.action}


def decide(own: Sequence[Rule], decisions: Decisions, key: str, wanted: Decision) -> dict[str, Decision]:
    """Return the decisions with one more; a pin moves others that are in its way.

    Args:
        own: the page's own rules that run at the moment that the decisions are for.
        decisions: those that were taken before.
        key: of the product.
        wanted: what is to be done with it.
    """
    published = state_of_page(own, {})
    state = state_of_page(own, decisions)
    skus = {one: decision.sku for one, decision in (*state.items(), *published.items())}
    if wanted.action == "pin":
        places = free_places({one: held.position or 1 for one, held in state.items() if held.action == "pin"})
        moved = _make_way({one: place + 1 for one, place in places.items()}, key, wanted.position or 1)
        for one, place in moved.items():
            state[one] = replace(state[one], position=place)
    state[key] = wanted
    changed = {}
    for one in dict.fromkeys((*published, *decisions, *state)):
        now = state.get(one)
        now = now if now is not None and now.action else None
        if now != published.get(one):
            changed[one] = now or Decision(skus.get(one, wanted.sku))
    return changed


def _make_way(places: Mapping[str, int], key: str, place: int) -> dict[str, int]:
    """Places of the other pins when one is put to a place: those it passes close up, others give way as far as they must."""
    others = {one: at for one, at in places.items() if one != key}
    former = places.get(key)
    if former is not None:
        passed = range(former + 1, place + 1) if former < place else range(place, former)
        by = -1 if former < place else 1
        return {one: at + by if at in passed else at for one, at in others.items()}
    at_place = {at: one for one, at in others.items()}
    while place in at_place:
        others[at_place[place]] = place + 1
        place += 1
    return others


def drafted(
    rules: Sequence[Rule], own: Collection[Rule], page: Page, decisions: Decisions
) -> tuple[Rule, ...]:
    """Return the rules that hold on a page as they would be if decisions were published.

    Args:
        rules: all that hold there.
        own: the page's own among them.
        page: the page.
        decisions: by product key.
    """
    ids = {rule.id for rule in own if rule.product_key in decisions}
    made = []
    for number, (key, decision) in enumerate(decisions.items()):
        if decision.action:
            same = _same(own, key, decision.action)
            made.append(
                Rule(
                    id=same.id if same else DRAFTED + number,
                    action=decision.action,  # type: ignore[arg-type]
                    place=page.place,
                    phrase=page.phrase,
                    place_key=page.product_key,
                    product_key=key,
                    sku=decision.sku,
                    position=decision.position or 1,
                    strength=decision.strength,
                )
            )
    kept = [rule for rule in rules if rule.id not in ids]
    return tuple(sorted((*kept, *made), key=lambda rule: rule.id))


def _same(own: Iterable[Rule], key: str, action: str) -> Rule | None:
    found = [rule for rule in own if rule.product_key == key and rule.action == action]
    return min(found, key=lambda rule: rule.id, default=None)


# Drafts.


def read_decisions(arrangement: Arrangement | None) -> dict[str, Decision]:
    """Return the decisions of a draft or of what was published."""
    if arrangement is None:
        return {}
    return {key: Decision(**decision) for key, decision in arrangement.decisions.items()}


def draft_of(page: Page, user: Any) -> Arrangement | None:
    """Return somebody's draft for a page."""
    return Arrangement.objects.filter(by=user, place=page.place, page_key=page.key, published_at=None).first()


def keep_draft(
    page: Page, user: Any, decisions: Decisions, starts: datetime | None, ends: datetime | None
) -> Arrangement:
    """Keep a draft; one that is new is made on the rules of this moment."""
    kept = {
        "phrase": page.phrase,
        "decisions": {key: asdict(decision) for key, decision in decisions.items()},
        "starts": starts,
        "ends": ends,
    }
    draft, _ = Arrangement.objects.update_or_create(
        by=user,
        place=page.place,
        page_key=page.key,
        published_at=None,
        defaults=kept,
        create_defaults={**kept, "base": page.fingerprint()},
    )
    return draft


# Publishing, and undoing it.


class Changed(NamedTuple):
    """A rule that was changed."""

    row: MerchandisingRule
    is_new: bool


def publish(page: Page, draft: Arrangement) -> list[Changed]:
    """Make rules of a draft; other people's rules that it replaces are disabled or moved in time, not deleted.

    Raises:
        OvertakenDraft: the page's rules have changed since the draft was made, or looked at after such a change.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_LOCK)
        draft = Arrangement.objects.select_for_update().get(pk=draft.pk)
        forget_snapshot()
        if draft.base != page.fingerprint():
            raise OvertakenDraft
        now = timezone.now()
        own = running(page.rules(), max(filter(None, (draft.starts, now))))
        rows = MerchandisingRule.objects.select_for_update().in_bulk([rule.id for rule in own])
        work = _Publishing(page, draft, now)
        for key, decision in read_decisions(draft).items():
            theirs = [rows[rule.id] for rule in own if rule.product_key == key and rule.id in rows]
            work.put(key, decision, theirs)
        draft.changes = work.changes
        draft.published_at = now
        draft.save()
    forget_snapshot()
    return work.changed


class _Publishing:
    """Rules as they are changed, and what they were before."""

    def __init__(self, page: Page, draft: Arrangement, now: datetime) -> None:
        self._page, self._draft = page, draft
        self._starts = draft.starts if draft.starts and draft.starts > now else None
        self.changes: list[dict[str, Any]] = []
        self.changed: list[Changed] = []

    def put(self, key: str, decision: Decision, theirs: Sequence[MerchandisingRule]) -> None:
        """Let a decision hold in the draft's time, instead of the page's rules about that product."""
        always = self._starts is None and self._draft.ends is None
        same = next((row for row in theirs if always and row.action == decision.action), None)
        for row in theirs:
            if row is not same:
                self._make_room(row)
        if same is not None:
            before = _fields(same)
            same.position, same.strength = decision.position, decision.strength
            self._save(same, before)
        elif decision.action:
            row = MerchandisingRule(
                action=decision.action,
                place=self._page.place,
                phrase=self._page.phrase,
                place_key=self._page.product_key,
                sku=decision.sku,
                product_key=key,
                position=decision.position,
                strength=decision.strength,
                starts=self._starts,
                ends=self._draft.ends,
            )
            self._save(row, None)

    def _make_room(self, row: MerchandisingRule) -> None:
        """Let a rule rest in the draft's time: it ends before, begins after, or both; where neither is left, it is disabled."""
        before, starts, ends = _fields(row), self._starts, self._draft.ends
        resumes = ends is not None and (row.ends is None or row.ends > ends)
        if starts is not None and (row.starts is None or row.starts < starts):
            if resumes:
                again = MerchandisingRule.objects.get(pk=row.pk)
                again.pk, again._state.adding, again.hits, again.last_fired = None, True, 0, None
                again.starts = ends
                self._save(again, None)
            row.ends = starts
        elif resumes:
            row.starts = ends
        else:
            row.enabled = False
        self._save(row, before)

    def _save(self, row: MerchandisingRule, before: dict[str, Any] | None) -> None:
        row.save()
        self.changes.append({"pk": row.pk, "before": before, "after": _fields(row)})
        self.changed.append(Changed(row, before is None))


def last_published(page: Page) -> Arrangement | None:
    """Return what was published last on a page and is not undone."""
    published = Arrangement.objects.filter(
        place=page.place, page_key=page.key, published_at__isnull=False, undone_at=None
    )
    return published.select_related("by").order_by("-published_at", "-pk").first()


class Undone(NamedTuple):
    """What undoing changed, and what it left alone."""

    changed: list[Changed]
    kept: list[int]  # numbers of rules that were changed or deleted since


def undo(published: Arrangement) -> Undone | None:
    """Put rules back to what they were before a publishing, but those that were changed since; None where it was undone already."""
    changed, kept = [], []
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_LOCK)
        published = Arrangement.objects.select_for_update().get(pk=published.pk)
        if published.undone_at is not None:
            return None
        rows = MerchandisingRule.objects.select_for_update().in_bulk(
            [change["pk"] for change in published.changes]
        )
        for change in reversed(published.changes):
            row = rows.get(change["pk"])
            if row is None or _fields(row) != change["after"]:
                kept.append(change["pk"])
                continue
            for name, value in (change["before"] or {"enabled": False}).items():
                setattr(row, name, datetime.fromisoformat(value) if name in TIMES and value else value)
            row.save()
            changed.append(Changed(row, is_new=False))
        published.undone_at = timezone.now()
        published.save(update_fields=("undone_at",))
    forget_snapshot()
    return Undone(changed, kept)


TIMES = ("starts", "ends")


def _fields(row: MerchandisingRule) -> dict[str, Any]:
    """What publishing may change of a rule, as JSON holds it."""
    values = {name: getattr(row, name) for name in FIELDS}
    return {
        name: value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
        for name, value in values.items()
    }
