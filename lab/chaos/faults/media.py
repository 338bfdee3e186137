"""Faults done to all pictures at once while a version is built: what searches use must not become worse."""

from lab.chaos.host import disturbed_files
from lab.chaos.runner import Harm, fault
from lab.chaos.world import World
from lab.processes import expect
from lab.traffic import ask, read_metrics


@fault
def media_gone(world: World) -> Harm:
    """The whole folder of the pictures is away during a rebuild, as a volume that is not mounted: the build waits for it."""
    folder = world.servers.folder / "media"
    away = folder.with_name("media-away")
    before = _active()
    folder.rename(away)
    try:
        world.rebuild()
        complaints = expect(lambda: _failed("storage"), "verify says that the storage is away", seconds=30)
        complaints += expect(
            lambda: _degraded(world, "storage"), "/health/ready says that the storage is away", seconds=60
        )
        complaints += _still(world, before)
    finally:
        away.rename(folder)
    return Harm([*complaints, *world.rebuilt()])


@fault
def pictures_gone_during_a_rebuild(world: World) -> Harm:
    """A quarter of the pictures' files is gone during a rebuild: the new version is held back until they are back."""
    keys = world.draw_products(len(world.keys()) // 4)
    before = _active()
    with disturbed_files(world.pictures_of(keys), "missing"):
        world.rebuild()
        complaints = expect(_held, "the new version is held back", seconds=120)
        complaints += expect(lambda: _failed("no version held back"), "verify says that it is", seconds=30)
        complaints += [] if "attention" in _dashboard() else ["the dashboard does not say that it is"]
        complaints += (
            []
            if read_metrics(world.port).get("fashion_search_versions_held") == 1
            else ["/metrics does not count it"]
        )
        complaints += _refused(world)
        complaints += _still(world, before)
        complaints += expect(lambda: not world.is_waiting(), "all was tried and put aside", seconds=120)
        complaints += _still(world, before)
    world.servers.manage("search_index", "reindex", "--noinput")
    return Harm([*complaints, *world.rebuilt()])


def _active() -> int:
    from search.models import IndexVersion

    active = IndexVersion.objects.active()
    return active.pk if active else 0


def _held() -> bool:
    from search.models import IndexVersion

    return IndexVersion.objects.held().exists()


def _still(world: World, before: int) -> list[str]:
    """What is wrong with the version that searches used before: it is to be active, and to have all its pictures."""
    from search.indexing.status import count_pictures
    from search.models import IndexVersion

    active = IndexVersion.objects.active()
    if active is None or active.pk != before:
        return ["another version is active"]
    pictures, without = count_pictures(active)
    answer = ask(world.port, "/api/v1/search/?q=shirt").json()
    complaints = [f"{without} of {pictures} pictures have lost their embedding"] if without else []
    return complaints + ([f"a search was degraded: {answer['degraded']}"] if answer["degraded"] else [])


def _failed(check: str) -> bool:
    from search.monitoring.verify import verify

    return any(one.name == check and not one.passed for one in verify().checks)


def _degraded(world: World, name: str) -> bool:
    answer = ask(world.port, "/health/ready").json()
    wrong = [check["name"] for check in answer["checks"] if not check["passed"]]
    return answer["ready"] and answer["degraded"] and name in wrong


def _dashboard() -> str:
    from search.monitoring.version_probes import probe_held

    return str(probe_held().state)


def _refused(world: World) -> list[str]:
    """A complaint where the version that is held back can be activated without saying so."""
    from search.exceptions import VersionStateError
    from search.indexing import versions
    from search.models import IndexVersion

    held = IndexVersion.objects.held().first()
    if held is None:
        return ["it is held back no more"]
    try:
        versions.activate(held.pk)
    except VersionStateError:
        return []
    return ["it was activated without force"]
