"""Each line of `search_index verify` says "FAILED" once a real fault is done, and no line is without a fault."""

from datetime import timedelta

import pytest
from django.utils import timezone

from search.indexing.hnsw import drop_indexes
from search.indexing.verify import verify
from search.models import EntryImage, IndexEntry, IndexVersion, StaleProduct
from tests.search.alarms.world import Fault, World, lines

FAULTS: dict[str, Fault] = {}
line = lines(FAULTS)


def passed() -> dict[str, bool]:
    return {check.name: check.passed for check in verify().checks}


@line("active version")
def no_version(world: World) -> None:
    IndexVersion.objects.update(state="failed")


@line("pgvector")
def an_old_pgvector(world: World) -> None:
    world.execute("UPDATE pg_extension SET extversion = '0.8.3' WHERE extname = 'vector'")
    world.undo.callback(
        world.execute,
        "UPDATE pg_extension SET extversion = (SELECT default_version FROM pg_available_extensions WHERE name = 'vector')"
        " WHERE extname = 'vector'",
    )


@line("nothing stale older than a minute")
def no_worker_for_a_while(world: World) -> None:
    StaleProduct.objects.create(product_key="1", marked_at=timezone.now() - timedelta(seconds=90))


@line("artifact")
def the_artifact_is_gone(world: World) -> None:
    world.move(world.artifact)


@line("one entry per product")
def an_entry_is_lost(world: World) -> None:
    IndexEntry.objects.filter(sku="a1").delete()


@line("embeddings present")
def an_embedding_is_lost(world: World) -> None:
    EntryImage.objects.filter(entry__sku="a0").update(embedding=None)


@line("embeddings of unit length")
def an_embedding_is_no_number(world: World) -> None:
    world.execute("UPDATE fashion_search_entryimage SET embedding = embedding * embedding")


@line("HNSW indexes valid")
def an_index_is_lost(world: World) -> None:
    drop_indexes(world.version.pk)


@line("ANN recall@24")
def an_index_finds_nothing(world: World) -> None:
    world.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = %s::regclass", world.version.text_index)


def test_every_line_has_a_fault(world):
    assert {name: True for name in FAULTS} == passed()


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_seen(world, name):
    FAULTS[name](world)
    found = passed()
    assert found[name] is False
    assert not verify().passed
