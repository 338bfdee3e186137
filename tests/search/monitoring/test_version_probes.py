from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from search.encoders.artifact import read_manifest
from search.indexing import building
from search.models import IndexEntry, IndexVersion
from search.monitoring.index_probes import probe_index
from search.monitoring.probes import Finding, State
from search.monitoring.version_probes import probe_held, probe_versions
from tests.search.monitoring.conftest import of
from tests.tiny_artifact import unloadable_artifact, write_tiny_artifact

OK, ATTENTION, BROKEN = State.OK, State.ATTENTION, State.BROKEN
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("index_settings")]


def test_another_artifact_in_the_settings(active, index_settings, tmp_path):
    write_tiny_artifact(tmp_path / "other", name="other", seed=8)
    index_settings.FASHION_SEARCH = {"ARTIFACT": str(tmp_path / "other")}
    assert of(probe_index(), "Artifact") == (
        ATTENTION,
        f"The active version {active.pk} was built with tiny, not with the artifact in the settings, other.",
    )


def test_an_artifact_that_was_overwritten_or_is_gone(active, tmp_path):
    write_tiny_artifact(tmp_path / "other", name="other", seed=8)
    IndexVersion.objects.update(fingerprint="0" * 64, artifact_path=str(tmp_path / "other"))
    state, sentence = of(probe_index(), "Artifact")
    assert state is BROKEN
    assert f"{tmp_path / 'other'} holds the artifact 'other', not the one of this version." in sentence
    IndexVersion.objects.update(artifact_path=str(tmp_path / "none"))
    state, sentence = of(probe_index(), "Artifact")
    assert state is BROKEN
    assert sentence.startswith(
        f"The artifact of the active version {active.pk} cannot be used, so queries are answered by keyword only:"
        " The artifact tiny (00000000) is in "
    )
    assert f"The artifact {tmp_path / 'none'} cannot be read" in sentence


def test_an_artifact_that_cannot_be_loaded(active, index_settings, tmp_path):
    folder = unloadable_artifact(tmp_path / "a")
    index_settings.FASHION_SEARCH = {"ARTIFACT": str(folder)}
    IndexVersion.objects.update(fingerprint=read_manifest(folder).fingerprint)
    state, sentence = of(probe_index(), "Artifact")
    assert state is BROKEN
    assert f"{folder / 'text.onnx'} cannot be loaded: " in sentence


def test_an_artifact_that_a_worker_lacks(active):
    said = "Host b: The artifact tiny (00000000) is in none of the known folders."
    IndexVersion.objects.update(lacking=said, lacking_at=timezone.now())
    assert of(probe_index(), "Artifact") == (
        BROKEN,
        f"A worker lacks it and embeds nothing. {said}",
    )


def test_a_former_version_without_its_artifact(active):
    lost = IndexVersion.objects.create(
        artifact_path="/gone", artifact_name="old", fingerprint="0" * 64, dimension=32, state="retired"
    )
    state, sentence = of(probe_index(), "Artifact")
    assert state is ATTENTION
    assert sentence.startswith(f"Version {lost.pk}, retired, cannot be used: The artifact old (00000000)")


def test_a_broken_index(active):
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX {active.text_index}")
    state, sentence = of(probe_index(), "HNSW indexes")
    assert state is BROKEN
    assert sentence.startswith(f"Missing or invalid: {active.text_index};")


def test_versions_that_should_be_gone(active):
    assert probe_versions() == Finding("Versions", OK, "1 version kept, nothing left of others.")
    failed = IndexVersion.objects.create(
        artifact_path="x", artifact_name="x", fingerprint="x", dimension=32, state="failed"
    )
    long_ago = timezone.now() - timedelta(minutes=12)
    IndexVersion.objects.filter(pk=failed.pk).update(failed_at=long_ago)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE INDEX fashion_search_text_v999999_hnsw ON fashion_search_indexentry (product_key)"
        )
    check = probe_versions()
    assert (check.state, check.sentence) == (
        ATTENTION,
        f"version {failed.pk} (failed) should have been dropped 12 minutes ago, and 1 more.",
    )
    building.advance_builds()
    assert probe_versions().state is OK


def test_low_recall(active):
    IndexVersion.objects.update(ann_recall=0.9)
    assert of(probe_index(), "ANN recall")[0] is ATTENTION


def test_an_index_without_embeddings(active):
    IndexVersion.objects.update(ann_recall=None)
    assert of(probe_index(), "ANN recall")[0] is BROKEN
    IndexEntry.objects.all().delete()
    assert of(probe_index(), "ANN recall") == (OK, "Nothing to measure: no product is in the version.")


def test_a_version_that_is_held_back(active):
    assert probe_held() == Finding("New version", OK, "None is held back.")
    IndexVersion.objects.create(
        pk=99, artifact_path="x", fingerprint="x", dimension=32, state="ready", held="It is worse."
    )
    check = probe_held()
    assert (check.state, check.sentence) == (ATTENTION, "Version 99 is not activated: It is worse.")
    assert check.remedy.startswith("When the cause is mended, run: manage.py search_index reindex")
