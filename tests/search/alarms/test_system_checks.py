"""`manage.py check` gives each of its messages once a real fault is done, gives none without, and no message is without a fault."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from celery import current_app
from django.core.checks import run_checks
from django.db import router

import search
from search import registry
from search.models import IndexVersion
from shop.models import Product
from tests.search.alarms.world import Fault, World, lines
from tests.search.replica import ReplicaRouter
from tests.tiny_artifact import write_tiny_artifact

FAULTS: dict[str, Fault] = {}
line = lines(FAULTS)


def messages() -> set[str]:
    found = run_checks(databases=["default"])
    return {message.id for message in found if message.id and message.id.startswith("fashion_search.")}


def set_celery(world: World, name: str, value: object) -> None:
    world.undo.callback(setattr, current_app.conf, name, getattr(current_app.conf, name))
    setattr(current_app.conf, name, value)


line("fashion_search.E003")(World.lose_the_artifact)
line("fashion_search.E013")(World.let_another_shop_in)
line("fashion_search.W019")(World.take_no_writes)
line("fashion_search.W022")(World.lose_the_pictures)


@line("fashion_search.E001")
def pgvector_is_missing(world: World) -> None:
    world.change_extension("extname = 'vector_away'")


@line("fashion_search.E002")
def pgvector_is_old(world: World) -> None:
    world.change_extension("extversion = '0.8.3'")


@line("fashion_search.E004")
def the_active_version_has_an_artifact_that_is_nowhere(world: World) -> None:
    IndexVersion.objects.update(fingerprint="0" * 64)


@line("fashion_search.E005")
def a_frozen_broker_would_be_waited_for(world: World) -> None:
    set_celery(world, "broker_transport_options", {"visibility_timeout": 600})


@line("fashion_search.E006")
def running_tasks_would_be_given_out_again(world: World) -> None:
    set_celery(world, "task_time_limit", 3600)


@line("fashion_search.E007")
def nothing_is_registered(world: World) -> None:
    registered = list(registry._registered)
    registry._registered.clear()
    world.undo.callback(registry._registered.extend, registered)


@line("fashion_search.E008")
def a_setting_is_misspelt(world: World) -> None:
    world.configure(PAGESIZE=24)


@line("fashion_search.W001")
def the_settings_name_another_artifact(world: World) -> None:
    write_tiny_artifact(world.folder / "other", name="other", seed=8)
    world.configure(ARTIFACT=str(world.folder / "other"))


@line("fashion_search.W010")
def the_log_has_no_redis(world: World) -> None:
    world.configure(INSIGHT_REDIS_URL="memcached://localhost")


@line("fashion_search.E009")
def a_facet_has_no_name(world: World) -> None:
    index = type(registry.get_index())
    world.undo.callback(setattr, index, "facets", index.facets)
    index.facets = (*index.facets, "")


@line("fashion_search.E010")
def a_configuration_that_postgres_does_not_know(world: World) -> None:
    world.configure(TEXT_CONFIG="klingon")


@line("fashion_search.E011")
def beat_asks_for_what_is_no_task(world: World) -> None:
    extra = {"task": "search.tasks.swep", "schedule": 10.0}
    set_celery(world, "beat_schedule", {**current_app.conf.beat_schedule, "swep": extra})


@line("fashion_search.E015")
def a_router_keeps_the_tables_away(world: World) -> None:
    host = ReplicaRouter()
    host.allow_migrate = lambda alias, label, **hints: label != "fashion_search"
    routers = router.routers
    world.undo.callback(setattr, router, "routers", routers)
    router.routers = [*routers, host]


@line("fashion_search.E016")
def an_alias_that_is_not_there(world: World) -> None:
    world.configure(MAINTENANCE_DATABASE="nowhere")


@line("fashion_search.W012")
def the_settings_name_another_configuration(world: World) -> None:
    world.configure(TEXT_CONFIG="simple")


@line("fashion_search.W013")
def beat_lacks_a_task(world: World) -> None:
    schedule = current_app.conf.beat_schedule
    left = {name: one for name, one in schedule.items() if not one["task"].endswith("drain_log")}
    assert len(left) == len(schedule) - 1
    set_celery(world, "beat_schedule", left)


@line("fashion_search.W014")
def beat_that_a_clock_can_stop(world: World) -> None:
    set_celery(world, "beat_scheduler", "celery.beat:PersistentScheduler")


@line("fashion_search.W016")
def another_shop_on_the_same_queue(world: World) -> None:
    world.let_another_shop_in(namespace="shoes")


@line("fashion_search.W017")
def a_cache_for_each_process(world: World) -> None:
    world.settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}


@line("fashion_search.W018")
def a_limit_behind_a_pooler(world: World) -> None:
    world.lead_through_a_pooler(prepare_threshold=5)


@line("fashion_search.W020")
def a_share_of_everything(world: World) -> None:
    world.configure(ACTIVATE_MAX_FAILED=2.0)


@line("fashion_search.W021")
def nobody_could_go_back(world: World) -> None:
    IndexVersion.objects.create(
        artifact_path="/nowhere", artifact_name="old", fingerprint="0" * 64, dimension=32, state="retired"
    )


@line("fashion_search.W023")
def a_block_list_that_is_nowhere(world: World) -> None:
    world.configure(BLOCKED_QUERIES="/nowhere/blocked.toml")


@line("fashion_search.E045")
def prices_are_written_by_nothing(world: World) -> None:
    world.configure(PRICE_FORMAT="search.money.no_such_function")


@line("fashion_search.E046")
def search_pages_stand_in_a_template_without_their_block(world: World) -> None:
    world.configure(PAGES_BASE="shop/_card.html")


@line("fashion_search.E047")
def a_weekly_mail_to_no_address(world: World) -> None:
    world.configure(WEEKLY_REPORT=["the shop"])


@line("fashion_search.W049")
def a_weekly_mail_from_nowhere(world: World) -> None:
    world.configure(WEEKLY_REPORT=["shop@shop.example"], BASE_ADDRESS="https://shop.example")
    world.settings.DEFAULT_FROM_EMAIL = "webmaster@localhost"


@line("fashion_search.E030")
def a_replica_that_is_not_there(world: World) -> None:
    world.configure(READ_REPLICAS=["nowhere"])


@line("fashion_search.E040")
def a_path_that_leads_nowhere(world: World) -> None:
    index = registry.get_index()
    world.undo.callback(delattr, type(index), "fields")
    type(index).fields = {"name": "name", "price": "stockrecords__price"}
    world.undo.callback(index.__dict__.pop, "mapped", None)


@line("fashion_search.E041")
def a_second_index_in_vain(world: World) -> None:
    @registry.register(Product)
    class Another(registry.ProductIndex):
        """One that nobody uses."""

    world.undo.callback(registry.refused.clear)
    assert type(registry.get_index()) is not Another


@line("fashion_search.E042")
def a_related_model_that_is_not_there(world: World) -> None:
    index = type(registry.get_index())
    world.undo.callback(setattr, index, "related", index.related)
    index.related = {**index.related, "shop.Picture": "product_id"}


@line("fashion_search.W043")
def probes_that_are_asked_for_their_host(world: World) -> None:
    world.settings.MIDDLEWARE = [one for one in world.settings.MIDDLEWARE if not one.endswith(".Probes")]


@line("fashion_search.W044")
def results_that_cannot_be_opened(world: World) -> None:
    index = type(registry.get_index())
    usual = index.card
    world.undo.callback(setattr, index, "card", usual)
    index.card = lambda self, product: replace(usual(self, product), url="")


@line("fashion_search.W031")
def a_replica_that_is_the_primary(world: World) -> None:
    world.configure(READ_REPLICAS=["default"])


def test_every_message_has_a_fault():
    sources = Path(search.__file__).parent.rglob("*.py")
    found = {
        name for source in sources for name in re.findall(r"fashion_search\.[EW]\d{3}", source.read_text())
    }
    assert found == FAULTS.keys()


def test_a_sound_installation_has_no_message(world):
    assert messages() == set()


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_seen(world, name):
    FAULTS[name](world)
    assert name in messages()
