import numpy as np
import pytest
from django.contrib.postgres.search import SearchVector
from django.db import connection
from django.db.models import Value
from django.utils import timezone

from search.models import CatalogueHealth, HealthFinding, IndexEntry, IndexVersion
from search.quality import duplicates
from search.quality import health as health_check
from search.quality.findings import read_page
from search.quality.health import check_health
from search.quality.jobs import ask, compute
from tests.search.indexed import add, make_version, unit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("search_settings")]

WHOLE = {"description": "Soft cotton.", "facets": {"category": ["Shirts"]}}


@pytest.fixture
def version(tiny_artifact) -> IndexVersion:
    """Thirty usual products, and one of each kind that somebody should look at."""
    version = make_version(tiny_artifact)
    random = np.random.default_rng(5)
    for number in range(30):
        text = random.normal(size=32)
        picture = text + random.normal(scale=0.3, size=32)
        add(version, f"U{number}", "Usual", text=unit(*text), pictures=[unit(*picture)], **WHOLE)
    add(version, "WRONG", "Wrong", text=unit(1), pictures=[unit(0, 0, 0, 1)], **WHOLE)
    add(version, "TWIN-1", "Twin", text=unit(0, 1), pictures=[unit(0, 1, 0.1)], **WHOLE)
    add(version, "TWIN-2", "Twin", text=unit(0, 1), pictures=[unit(0, 1, 0.1)], **WHOLE)
    add(version, "BROKEN", "Broken", text=unit(0, 1), pictures=[unit(0, 1, -0.2)], **WHOLE)
    IndexEntry.objects.filter(sku="broken").update(error="a.jpg: The file is empty.")
    add(version, "BARE", "Bare", text=unit(0, 1), price=None)
    add(make_version(tiny_artifact, state="retired"), "OTHER", "Other", price=None)
    return version


def check(version: IndexVersion) -> CatalogueHealth:
    ask(CatalogueHealth, version)
    compute(CatalogueHealth, version.pk, check_health)
    health = CatalogueHealth.objects.get(version=version)
    assert (health.state, health.error) == ("ready", "")
    return health


def found(health: CatalogueHealth) -> dict[str, list[str]]:
    skus = dict(IndexEntry.objects.values_list("product_key", "sku"))
    kinds: dict[str, list[str]] = {}
    for finding in health.findings.order_by("kind", "rank"):
        kinds.setdefault(finding.kind, []).append(skus[finding.product_key])
    return kinds


def test_each_kind_is_found_and_counted(version):
    health = check(version)
    assert found(health) == {
        "disagree": ["wrong"],
        "duplicate": ["twin-1", "twin-2"],
        "broken": ["broken"],
        "no-picture": ["bare"],
        "no-description": ["bare"],
        "no-category": ["bare"],
        "no-price": ["bare"],
    }
    assert health.figures["counts"] == {
        "disagree": 1,
        "duplicate": 2,
        "broken": 1,
        "no-picture": 1,
        "no-description": 1,
        "no-category": 1,
        "no-price": 1,
    }
    assert health.figures["products"] == 35
    assert health.findings.get(kind="broken").detail == "a.jpg: The file is empty."
    assert health.findings.get(kind="disagree").similarity == 0.0
    assert (health.figures["duplicate"]["groups"], health.figures["disagree"]["compared"]) == (1, 34)


def test_what_was_mended_is_gone_after_the_next_check(version):
    check(version)
    IndexEntry.objects.filter(sku="bare").update(price=5, facets=["category=Shirts"])
    IndexEntry.objects.filter(sku="bare").update(
        document=SearchVector(Value("soft cotton"), weight="C", config="english")
    )
    assert sorted(found(check(version))) == ["broken", "disagree", "duplicate", "no-picture"]


def test_counts_are_whole_where_findings_are_cut(version, search_settings):
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"HEALTH_FINDINGS": 1}
    IndexEntry.objects.filter(version=version).update(price=None)
    health = check(version)
    assert health.figures["counts"]["no-price"] == 35
    assert found(health)["no-price"] == ["bare"]  # the newest
    assert found(health)["duplicate"] == ["twin-1", "twin-2"]  # a group is never cut


def test_a_page_says_what_became_of_the_products(version):
    health = check(version)
    _, (before,) = read_page(health, "duplicate", 1)
    assert [(shown.name, shown.changed) for shown in before.shown] == [("Twin", False), ("Twin", False)]
    IndexEntry.objects.filter(sku="twin-1").update(updated_at=timezone.now())
    IndexEntry.objects.filter(sku="twin-2").delete()
    _, (after,) = read_page(health, "duplicate", 1)
    assert [(shown.name, shown.changed) for shown in after.shown] == [("Twin", True), ("", False)]


def test_pages_of_findings_and_of_groups(version):
    health = check(version)
    HealthFinding.objects.all().delete()
    HealthFinding.objects.bulk_create(
        HealthFinding(health=health, kind="no-price", rank=rank, product_key=str(rank)) for rank in range(50)
    )
    HealthFinding.objects.bulk_create(
        HealthFinding(
            health=health, kind="duplicate", rank=rank, group=max(0, rank - 14), product_key=str(rank)
        )
        for rank in range(40)
    )
    page, (group,) = read_page(health, "no-price", 2)
    assert (page.paginator.num_pages, [shown.finding.rank for shown in group.shown]) == (2, [48, 49])
    page, groups = read_page(health, "duplicate", 1)
    assert (page.paginator.num_pages, len(groups)) == (2, 20)
    assert (groups[0].size, len(groups[0].shown), groups[0].more) == (15, 12, 3)
    _, groups = read_page(health, "duplicate", "99")
    assert [shown.finding.rank for each in groups for shown in each.shown] == list(range(34, 40))
    assert read_page(health, "broken", 1)[1] == []


def test_a_catalogue_that_is_read_in_parts_has_the_same_findings(version, monkeypatch):
    at_once = check(version)
    expected = (
        list(at_once.findings.order_by("kind", "rank").values_list("kind", "rank", "product_key")),
        at_once.figures,
    )
    for module in (health_check, duplicates):
        monkeypatch.setattr(module, "CHUNK", 2)
    monkeypatch.setattr(health_check, "GROUPS", 1)
    in_parts = check(version)
    assert (
        list(in_parts.findings.order_by("kind", "rank").values_list("kind", "rank", "product_key")),
        in_parts.figures,
    ) == expected


def test_agreements_are_those_of_one_statement_over_all(version, monkeypatch):
    monkeypatch.setattr(health_check, "CHUNK", 4)
    found = health_check.agreements(version.pk)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT entry.id, max(-(image.embedding <#> entry.text_embedding)) FROM fashion_search_indexentry AS entry"
            " JOIN fashion_search_entryimage AS image ON image.entry_id = entry.id WHERE entry.version_id = %s"
            " AND image.embedding IS NOT NULL AND entry.text_embedding IS NOT NULL GROUP BY entry.id ORDER BY 2, 1",
            [version.pk],
        )
        assert (
            list(zip(found.entries.tolist(), found.similarities.tolist(), strict=True)) == cursor.fetchall()
        )


def test_no_statement_returns_more_than_a_part(version, monkeypatch):
    for module in (health_check, duplicates):
        monkeypatch.setattr(module, "CHUNK", 5)
    most = 0

    def count(execute, sql, params, many, context):
        nonlocal most
        result = execute(sql, params, many, context)
        most = max(most, context["cursor"].rowcount) if sql.lstrip().startswith("SELECT") else most
        return result

    with connection.execute_wrapper(count):
        health_check.agreements(version.pk)
        duplicates.all_pictures(version.pk)
    assert most == 5
