"""The world that the faults of these tests are done to."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from search.encoders.cache import forget_artifacts
from search.indexing.marks import breaker
from search.monitoring import neighbours
from tests.processes import ShopProcesses
from tests.search.alarms.world import World
from tests.search.products import build_version, make_product


@pytest.fixture
def world(
    index_settings, tiny_artifact: Path, shop_processes: ShopProcesses, tmp_path: Path
) -> Iterator[World]:
    """Three products with a picture each, indexed with an artifact of their own, which a fault may damage."""
    artifact = Path(shutil.copytree(tiny_artifact, tmp_path / "artifact"))
    index_settings.MEDIA_ROOT = str(tmp_path / "media")
    index_settings.FASHION_SEARCH = index_settings.FASHION_SEARCH | {"ARTIFACT": str(artifact)}
    breaker.close()
    forget_artifacts()
    neighbours.leave_sign()
    for number in range(3):
        make_product(f"A{number}")
    world = World(index_settings, tmp_path, artifact, build_version(), shop_processes)
    with world.undo:
        yield world
