"""Each line of `search_index verify` says "FAILED" once a real fault is done, and no line is without a fault."""

import pytest

from search.indexing.hnsw import drop_indexes
from search.models import EntryImage, IndexEntry
from search.monitoring.verify import verify
from tests.search.alarms.world import Fault, World, lines

FAULTS: dict[str, Fault] = {}
line = lines(FAULTS)


def passed() -> dict[str, bool]:
    return {check.name: check.passed for check in verify().checks}


line("active version")(World.lose_the_versions)
line("nothing stale older than a minute")(World.let_nobody_index)
line("versions in order")(World.leave_an_index_behind)
line("no version held back")(World.build_a_worse_version)
line("periodic tasks")(World.fail_a_task)
line("artifact")(World.lose_the_artifact)
line("storage")(World.lose_the_pictures)
line("text search configuration")(World.lose_the_configuration)
line("documents indexed as given")(World.save_an_odd_document)
line("cards")(World.fail_a_card)
line("products indexed wholly")(World.save_a_torn_picture)
line("pictures embedded")(World.lose_picture_embeddings)


@line("pgvector")
def an_old_pgvector(world: World) -> None:
    world.change_extension("extversion = '0.8.3'")


@line("connections")
def an_alias_that_is_not_there(world: World) -> None:
    world.configure(MAINTENANCE_DATABASE="nowhere")


@line("one entry per product")
def an_entry_is_lost(world: World) -> None:
    IndexEntry.objects.filter(sku="a1").delete()


@line("counts kept as counted")
def triggers_are_off_while_entries_change(world: World) -> None:
    world.execute("ALTER TABLE fashion_search_indexentry DISABLE TRIGGER USER")
    world.execute("UPDATE fashion_search_indexentry SET in_stock = NOT in_stock")
    world.execute("ALTER TABLE fashion_search_indexentry ENABLE TRIGGER USER")


@line("embeddings present")
def an_embedding_is_lost(world: World) -> None:
    EntryImage.objects.filter(entry__sku="a0").update(embedding=None)


@line("embeddings of unit length")
def an_embedding_is_of_no_length(world: World) -> None:
    world.execute("UPDATE fashion_search_entryimage SET embedding = embedding * embedding")


@line("HNSW indexes valid")
def an_index_is_lost(world: World) -> None:
    drop_indexes(world.version.pk)


@line("ANN recall@24")
def an_index_is_invalid(world: World) -> None:
    world.execute(
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = %s::regclass", world.version.text_index
    )


def test_every_line_has_a_fault(world):
    assert passed() == dict.fromkeys(FAULTS, True)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_seen(world, name):
    FAULTS[name](world)
    found = passed()
    assert found[name] is False
    assert not verify().passed
