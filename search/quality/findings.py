"""Findings of a health check as a page shows them: what each kind means, and the products as they are now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.paginator import Page, Paginator

from ..models import CatalogueHealth, HealthFinding, IndexEntry
from ..sentences import lazily as _

Kind = HealthFinding.Kind

PER_PAGE = 48
GROUPS_PER_PAGE = 20
GROUP_SHOWN = 12  # products of one group; of a placeholder there may be hundreds


@dataclass(frozen=True, slots=True)
class KindText:
    """The words of one kind."""

    kind: str
    title: str
    meaning: str
    advice: str


TEXTS = (
    KindText(
        Kind.DISAGREE,
        _("Picture and text disagree"),
        _("The picture looks unlike what the text says, much more so than is usual in this catalogue."),
        _(
            "Compare the two: often the picture is another product's, or the name, colour or category is wrong. "
            "Where both are right, the product is one that the artifact does not know well; leave it."
        ),
    ),
    KindText(
        Kind.DUPLICATE,
        _("Near-duplicate pictures"),
        _("Different products show the same picture, or one that hardly differs from it."),
        _(
            "If it is one product entered twice, withdraw one of the two. If they are variants, give each its own "
            "picture: shoppers cannot tell them apart, and photo search finds all of them at once. A placeholder for "
            "missing pictures is better left out."
        ),
    ),
    KindText(
        Kind.BROKEN,
        _("Broken pictures"),
        _("A picture could not be read, or the product could not be indexed wholly, for the reason given."),
        _(
            "Upload the picture again as JPEG, PNG, WebP, AVIF or HEIC of at most 25 megapixels. Saving the product has it indexed "
            "again."
        ),
    ),
    KindText(
        Kind.NO_PICTURE,
        _("No picture"),
        _("The product is found by its words only: not by a photo, and not among similar items."),
        _("Add a picture of the product alone, on a plain ground."),
    ),
    KindText(
        Kind.NO_DESCRIPTION,
        _("No description"),
        _("The description is empty or holds no word that can be searched for."),
        _("Say in two sentences what the name does not: material, cut, occasion."),
    ),
    KindText(
        Kind.NO_CATEGORY,
        _("No category"),
        _("The product is on no category page and in no category filter."),
        _("Put it into a category."),
    ),
    KindText(
        Kind.NO_PRICE,
        _("No price"),
        _("The product is left out wherever a price is asked for, and comes last in sorts by price."),
        _("Give it a price."),
    ),
)
BY_KIND = {text.kind: text for text in TEXTS}


@dataclass(frozen=True, slots=True)
class Shown:
    """A finding and what became of its product."""

    finding: HealthFinding
    name: str  # as the index has it; "" where the product is gone
    changed: bool  # since the check


@dataclass(frozen=True, slots=True)
class Group:
    """Findings that belong together."""

    size: int
    shown: tuple[Shown, ...]

    @property
    def more(self) -> int:
        """How many of them are not shown."""
        return self.size - len(self.shown)


def read_page(health: CatalogueHealth, kind: str, number: Any) -> tuple[Page[Any], list[Group]]:
    """Return a page of one kind and its findings in groups; where the kind has none, one group for all."""
    findings = health.findings.filter(kind=kind).order_by("rank")
    if kind != HealthFinding.Kind.DUPLICATE:
        page = Paginator(findings, PER_PAGE).get_page(number)
        shown = _shown(health, list(page.object_list))
        return page, [Group(len(shown), tuple(shown))] if shown else []
    numbers = list(findings.values_list("group", flat=True).order_by("group").distinct())
    groups = Paginator(numbers, GROUPS_PER_PAGE).get_page(number)
    held: dict[int | None, list[HealthFinding]] = {each: [] for each in groups.object_list}
    for finding in findings.filter(group__in=groups.object_list):
        held[finding.group].append(finding)
    first = [finding for members in held.values() for finding in members[:GROUP_SHOWN]]
    by_rank = {each.finding.rank: each for each in _shown(health, first)}
    return groups, [
        Group(len(members), tuple(by_rank[finding.rank] for finding in members[:GROUP_SHOWN]))
        for members in held.values()
    ]


def _shown(health: CatalogueHealth, findings: Sequence[HealthFinding]) -> list[Shown]:
    keys = [finding.product_key for finding in findings]
    rows = IndexEntry.objects.filter(version_id=health.version_id, product_key__in=keys).order_by()
    entries: dict[str, tuple[str, datetime]] = {
        key: (name, updated) for key, name, updated in rows.values_list("product_key", "name", "updated_at")
    }
    made = health.made_at
    return [
        Shown(
            finding,
            name=entries[finding.product_key][0] if finding.product_key in entries else "",
            changed=finding.product_key in entries
            and made is not None
            and entries[finding.product_key][1] > made,
        )
        for finding in findings
    ]
