from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from search.indexing import marks
from search.models import CatalogueHealth, CatalogueMap, IndexVersion
from search.quality.jobs import ask
from tests.search.indexed import add, make_version, unit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("index_settings")]


@pytest.fixture
def version(tiny_artifact) -> IndexVersion:
    version = make_version(tiny_artifact)
    add(version, "A1", "Shirt", pictures=[unit(1)])
    return version


def run(*arguments: str, command: str = "map_catalogue") -> str:
    out = StringIO()
    call_command(command, *arguments, stdout=out)
    return out.getvalue()


def test_a_worker_is_asked_once(version, published):
    assert run() == "A worker computes it.\n"
    assert published == [("map_catalogue", version.pk)]
    assert run() == "It is being computed already.\n"
    assert published == [("map_catalogue", version.pk)]


def test_here_it_is_made_in_this_process(version, published):
    assert run("--here").splitlines()[-1] == (
        f"1 of 1 products with pictures are on the map of version {version.pk}, made in 0 s."
    )
    assert published == []


def test_a_failure_is_the_commands(version):
    version.entries.all().delete()
    with pytest.raises(CommandError, match="No product has a picture"):
        run("--here")


def test_waiting_ends_with_the_timeout(version):
    with pytest.raises(CommandError, match="The time given by --timeout is over"):
        run("--wait", "--timeout", "0")


def test_without_a_queue_nothing_is_said_to_be_under_way(version, monkeypatch):
    monkeypatch.setattr(marks, "publish", lambda *args, **options: False)
    with pytest.raises(CommandError, match="The task queue cannot be reached"):
        run()
    assert CatalogueMap.objects.get().state == "failed"
    assert ask(CatalogueMap, version)


def test_without_an_active_version_it_says_what_to_do(db):
    with pytest.raises(CommandError, match="search_index rebuild"):
        run()


def test_the_health_is_told_in_a_line_per_kind(version, published):
    assert run(command="check_catalogue") == "A worker computes it.\n"
    assert published == [("check_health", version.pk)]
    CatalogueHealth.objects.all().delete()
    lines = run("--here", command="check_catalogue").splitlines()
    assert lines[-8].startswith(f"1 products of version {version.pk}, checked in ")
    assert lines[-4:] == [
        "       0  No picture",
        "       1  No description",
        "       1  No category",
        "       0  No price",
    ]
