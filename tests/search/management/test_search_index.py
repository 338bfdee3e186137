import json
import re
from io import StringIO
from pathlib import Path
from time import monotonic
from unittest.mock import patch

import pytest
from django.core.management import CommandError, call_command
from django.db.models.functions import Now
from rich.console import Console

from search.exceptions import BuildStateError
from search.indexing import building, versions
from search.indexing.reconcile import reconcile_for
from search.indexing.storage_probe import forget_storage
from search.management import progress
from search.management.progress import wait_for_version
from search.models import Build, IndexEntry, IndexVersion, KeptCount, KeptCountChange, StaleProduct, TaskRun
from search.monitoring.build_progress import read_progress
from search.monitoring.verify import lacking
from search.schedule import PERIODIC
from shop.models import ProductImage
from tests.outbox import stale_products
from tests.search.products import build_version, drain, make_product

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("index_settings")]


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("search_index", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def version() -> IndexVersion:
    make_product("A1")
    return build_version()


def test_status_as_json(version):
    found = json.loads(run("status", "--json"))
    assert found["outbox"] == {"waiting": 0, "parked": 0, "oldest": None}
    (only,) = found["versions"]
    assert (only["id"], only["state"], only["artifact"], only["dimension"]) == (
        version.pk,
        "active",
        "tiny",
        32,
    )
    assert (only["total"], only["entries"], only["embedded"], only["failed"]) == (1, 1, 1, 0)
    assert only["ann_recall"] == 1.0
    assert {task["task"]: (task["seconds_since_success"], task["trouble"]) for task in found["tasks"]} == {
        task.name: (None, "") for task in PERIODIC
    }


def test_status_as_a_table(version):
    out = run("status")
    assert "active" in out
    assert "Outbox: 0 waiting; 0 parked." in out
    assert "Periodic tasks: 10, 0 of them to be looked at." in out
    TaskRun.objects.filter(task="sweep").update(failures=1, failed_at=Now(), error="OSError: [no] route")
    out = run("status")
    assert "sweep failed 0:00:00 ago: OSError: [no] route." in out
    assert "Periodic tasks: 10, 1 of them to be looked at." in out
    IndexVersion.objects.update(trouble="OSError: disk full")
    assert f"To be looked at: version {version.pk} (active): OSError: disk full\n" in run("status")


def test_verify_passes_and_fails(version):
    assert json.loads(run("verify", "--json"))["passed"] is True
    assert "ok     HNSW indexes valid: Both are valid." in run("verify")
    assert "ok     periodic tasks: None has run yet" in run("verify")
    IndexEntry.objects.all().delete()
    with pytest.raises(SystemExit) as caught:
        run("verify")
    assert caught.value.code == 1


def test_rebuild_begins_a_version_and_calls_the_workers(published):
    make_product("A1")
    published.clear()
    out = run("rebuild")
    version = IndexVersion.objects.get()
    assert out == f"Version {version.pk} is being built: 1 products.\n"
    assert published == [("index_stale",)] * 2


def test_rebuild_does_nothing_where_nothing_has_changed(version):
    assert "no product has changed; --force builds a new one." in run("rebuild", "--wait")
    assert IndexVersion.objects.count() == 1


def test_force_asks_first(version, monkeypatch):
    monkeypatch.setattr("builtins.input", lambda question: "n")
    with pytest.raises(CommandError, match=r"Nothing was done\."):
        run("rebuild", "--force")
    assert "is being built" in run("rebuild", "--force", "--noinput")


def test_wait_gives_up_after_the_timeout():
    make_product("A1")
    with pytest.raises(CommandError, match="The time given by --timeout is over"):
        run("rebuild", "--wait", "--timeout", "0.1")


def test_reindex_one_product(version):
    key = IndexEntry.objects.get().product_key
    assert run("reindex", key) == "1 products are being indexed again.\n"
    assert list(stale_products().values_list("product_key", "backfill", "reread")) == [(key, False, True)]
    assert not Build.objects.running().exists()


def test_reindex_all_is_a_build(version, published):
    published.clear()
    assert run("reindex", "--noinput") == "1 products are being indexed again.\n"
    assert published == [("index_stale",)] * 2
    assert list(stale_products().values_list("backfill", "reread")) == [(True, True)]
    (build,) = Build.objects.running()
    assert (build.kind, build.started_by, build.step, build.total) == ("reindex", "", "encoding", 1)
    assert read_progress()["kind"] == "reindex"
    sentence = r"^A reindex runs already, begun by the command line\."
    with pytest.raises(CommandError, match=sentence):
        run("reindex", "--noinput")
    IndexVersion.objects.update(fingerprint="of another artifact")
    with pytest.raises(CommandError, match=rf"{sentence} Wait for it, or give it up with --force\.$"):
        run("rebuild")
    with pytest.raises(BuildStateError, match=sentence):
        building.request_build("rebuild", by="anna")
    building.cancel_build(build.pk, by="anna")
    assert not stale_products().exists()


def test_reindex_waits_until_the_build_is_done(version, monkeypatch):
    def work(_seconds: float) -> None:
        drain()
        building.advance_builds()

    monkeypatch.setattr(progress, "sleep", work)
    out = run("reindex", "--noinput", "--wait", "--timeout", "60")
    assert out.startswith("1 products are being indexed again.\n")
    assert out.endswith("1 products are indexed again.\n")


def test_reindex_says_that_it_was_cancelled_while_it_was_waited_for(version):
    real = progress.read_report

    def cancel(build):
        if build.is_running:
            building.cancel_build(build.pk, by="anna")
        return real(build)

    with (
        patch.object(progress, "read_report", cancel),
        pytest.raises(CommandError, match=r"^The reindex is cancelled\. Cancelled by anna\.$"),
    ):
        run("reindex", "--noinput", "--wait", "--timeout", "60")


def test_there_is_nothing_to_reindex_without_a_version():
    make_product("A1")
    with pytest.raises(CommandError, match=r"^There is no index version to reindex; rebuild instead\.$"):
        run("reindex", "--noinput")
    assert Build.objects.get().state == "failed"


def test_activate_and_roll_back(version):
    second = build_version(force=True)
    assert run("rollback", "--noinput") == f"Version {version.pk} is active again.\n"
    assert run("activate", str(second.pk), "--noinput") == f"Version {second.pk} is active.\n"
    with pytest.raises(CommandError, match="There is no index version 0"):
        run("activate", "0", "--noinput")


@pytest.fixture
def held(version, index_settings) -> IndexVersion:
    """A version in which one of two pictures could not be read."""
    index_settings.FASHION_SEARCH = index_settings.FASHION_SEARCH | {"MAX_ATTEMPTS": 1}
    make_product("A2")
    drain()
    picture = Path(ProductImage.objects.get(product__sku="A1").image.path)
    content = picture.read_bytes()
    picture.unlink()
    made = versions.request_rebuild(force=True).version
    drain()
    building.advance_builds()
    picture.write_bytes(content)
    return IndexVersion.objects.get(pk=made.pk)


def test_a_version_that_is_held_back_is_told_of_everywhere(held):
    out = run("status")
    assert f"Version {held.pk} is held back: 1 of 2 pictures have no embedding" in out
    (told, _) = json.loads(run("status", "--json"))["versions"]
    assert (told["id"], told["held"]) == (held.pk, held.held)
    assert f"Version {held.pk} is held back: 1 of 2 pictures" in run("rebuild")
    with pytest.raises(CommandError, match=f"Version {held.pk} is held back: .* activate {held.pk} --force"):
        run("activate", str(held.pk), "--noinput")
    assert run("activate", str(held.pk), "--force", "--noinput") == f"Version {held.pk} is active.\n"


def test_it_is_given_up(held, published):
    published.clear()
    out = run("drop", str(held.pk), "--noinput")
    assert out == f"Version {held.pk} is given up; a worker drops it.\n"
    assert published == [("advance_builds",)]
    held.refresh_from_db()
    assert (held.state, held.error) == ("failed", "Given up by the command line.")
    with pytest.raises(CommandError, match="is failed; only a ready one can be given up"):
        run("drop", str(held.pk), "--noinput")


def test_waiting_for_a_version_that_is_held_back_ends_with_what_to_do(held):
    with pytest.raises(CommandError) as caught:
        wait_for_version(held, Console(file=StringIO()), timeout=None)
    assert str(caught.value).startswith(
        f"Version {held.pk} is held back, searches use the version that was active before: 1 of 2 pictures"
    )
    assert "run: manage.py search_index reindex" in str(caught.value)


def test_waiting_goes_on_while_what_failed_is_tried_again(held, index_settings):
    index_settings.FASHION_SEARCH = index_settings.FASHION_SEARCH | {
        "RETRY_BACKOFF_SECONDS": 1,
        "MAX_ATTEMPTS": 2,
    }
    StaleProduct.objects.update(parked=False)
    began = monotonic()
    with pytest.raises(CommandError, match="is held back"):
        wait_for_version(held, Console(file=StringIO()), timeout=None)
    assert 4 <= monotonic() - began < 10  # 1 s, twice doubled
    IndexVersion.objects.filter(pk=held.pk - 1).update(state="retired")
    IndexVersion.objects.filter(pk=held.pk).update(state="active", held="")
    assert wait_for_version(held, Console(file=StringIO()), timeout=None) == held


def test_a_first_version_without_pictures_is_active_and_told_of(index_settings):
    index_settings.FASHION_SEARCH = index_settings.FASHION_SEARCH | {"MAX_ATTEMPTS": 1}
    make_product("A1")
    Path(ProductImage.objects.get().image.path).unlink()
    version = build_version()
    assert [check.name for check in lacking(version)] == ["products indexed wholly", "pictures embedded"]
    with pytest.raises(SystemExit):
        run("verify")


def test_reconcile(version):
    IndexEntry.objects.all().update(content_hash="0" * 64)
    assert run("reconcile") == "1 products differ and are being indexed.\n"


def test_recount(version):
    KeptCountChange.objects.create(version=version, within="", token="colour=red", entries=7, in_stock=0)
    assert KeptCount.objects.wrong(version) == 1
    assert run("recount") == f"Version {version.pk}: 1 counts were wrong, and are right now.\n"
    assert KeptCount.objects.wrong(version) == 0
    assert run("recount") == f"Version {version.pk}: 0 counts were wrong, and are right now.\n"


def test_reconcile_on_a_terminal_shows_how_many_products_it_has_compared(version):
    out = StringIO()
    assert progress.show_reconcile(Console(file=out, force_terminal=True)) == 0
    assert "1/1" in out.getvalue()


def test_status_says_how_far_the_periodic_reconcile_is(version, monkeypatch):
    assert "Reconcile: no round has ended yet.\n" in run("status")
    reconcile_for(0)
    assert "no round has ended yet; the one under way has compared 1 products.\n" in run("status")
    reconcile_for(600)
    assert re.search(r"Reconcile: the last round ended \d{4}-\S+ \S+ UTC\.\n", run("status"))


def test_an_artifact_that_cannot_be_read_is_a_sentence(index_settings, tmp_path):
    index_settings.FASHION_SEARCH = {"ARTIFACT": str(tmp_path)}
    with pytest.raises(CommandError, match="cannot be read"):
        run("rebuild")
    assert versions.IndexVersion.objects.count() == 0


@pytest.mark.parametrize("away", [False, True])
def test_whoever_waits_is_told_why_nothing_moves(version, settings, tmp_path, monkeypatch, away):
    monkeypatch.setattr(progress, "IDLE_SECONDS", -1.0)
    if away:
        settings.MEDIA_ROOT = str(tmp_path)  # where no picture is
    forget_storage()
    out = StringIO()
    watch = progress._Watch(Console(file=out, soft_wrap=True), None)
    watch.see((0, 600))
    watch.see((0, 600))
    why = "The storage of the pictures does not answer" if away else "Are a Celery worker and beat running?"
    assert why in out.getvalue()
