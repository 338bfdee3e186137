from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from celery.schedules import crontab
from django.core.management import call_command

from search import checks, registry
from search.models import IndexVersion
from search.monitoring import configuration_probes, service_probes
from search.schedule import beat_schedule
from shop.models import Product
from tests.search.products import make_product
from tests.tiny_artifact import unloadable_artifact

pytestmark = pytest.mark.django_db


def ids(messages) -> list[str]:
    return [message.id.removeprefix("fashion_search.") for message in messages]


@pytest.fixture
def active(search_settings, tiny_artifact: Path) -> IndexVersion:
    from search.encoders.artifact import read_manifest

    manifest = read_manifest(tiny_artifact)
    return IndexVersion.objects.create(
        artifact_path=str(tiny_artifact),
        artifact_name=manifest.name,
        fingerprint=manifest.fingerprint,
        dimension=manifest.dimension,
        state="active",
    )


def test_a_sound_installation_has_no_message(active):
    assert checks.check_extension(["default"]) == checks.check_active_version(["default"]) == []
    assert checks.check_artifact() == checks.check_broker() == checks.check_registration() == []
    assert checks.check_settings() == []


@pytest.mark.parametrize(
    ("installed", "expected"), [(None, ["E001"]), ((0, 8, 3), ["E002"]), ((0, 8, 4), [])]
)
def test_the_extension(monkeypatch, installed, expected):
    monkeypatch.setattr(service_probes, "installed_version", lambda: installed)
    assert ids(checks.check_extension(["default"])) == expected
    assert checks.check_extension(None) == []


def test_an_unreadable_artifact(search_settings, tmp_path: Path):
    search_settings.FASHION_SEARCH = {"ARTIFACT": str(tmp_path)}
    assert ids(checks.check_artifact()) == ["E003"]


def test_the_active_versions_artifact_is_replaced(active):
    IndexVersion.objects.update(fingerprint="0" * 64)
    (message,) = checks.check_active_version(["default"])
    assert message.id == "fashion_search.E004"
    assert f"{active.artifact_path} holds the artifact 'tiny', not the one of this version." in message.msg


def test_the_active_version_is_looked_for_where_searches_look(active, tmp_path: Path):
    IndexVersion.objects.update(artifact_path=str(tmp_path / "an old release"))
    assert checks.check_active_version(["default"]) == []


def test_an_artifact_that_cannot_be_loaded(active, search_settings, tmp_path: Path):
    from search.encoders.artifact import read_manifest

    folder = unloadable_artifact(tmp_path / "a")
    search_settings.FASHION_SEARCH = {"ARTIFACT": str(folder)}
    assert ids(checks.check_active_version(["default"])) == ["E003"]  # what is active is still there
    IndexVersion.objects.update(fingerprint=read_manifest(folder).fingerprint)
    messages = checks.check_active_version(["default"])
    assert ids(messages) == ["E003", "E004"]
    assert all("text.onnx cannot be loaded: " in message.msg for message in messages)


def test_an_artifact_of_another_dimension_than_its_manifest_says(active, search_settings, tmp_path: Path):
    from search.encoders.artifact import write_manifest
    from tests.tiny_artifact import write_tiny_artifact

    manifest = write_tiny_artifact(tmp_path / "a")
    write_manifest(tmp_path / "a", name="wide", dimension=33, image=manifest.image, text=manifest.text)
    search_settings.FASHION_SEARCH = {"ARTIFACT": str(tmp_path / "a")}
    (message,) = checks.check_active_version(["default"])
    assert message.id == "fashion_search.E003"
    assert message.msg.endswith("give embeddings of 32 values, the manifest says 33.")


def test_a_former_version_whose_artifact_is_nowhere(active):
    IndexVersion.objects.create(
        artifact_path="/gone", artifact_name="old", fingerprint="0" * 64, dimension=32, state="retired"
    )
    (message,) = checks.check_active_version(["default"])
    assert message.id == "fashion_search.W021"
    assert "The artifact old (00000000) is in none of the known folders" in message.msg


def test_the_settings_name_another_artifact(active, search_settings, tmp_path: Path):
    from tests.tiny_artifact import write_tiny_artifact

    write_tiny_artifact(tmp_path / "other", name="other", seed=8)
    search_settings.FASHION_SEARCH = {"ARTIFACT": str(tmp_path / "other")}
    assert ids(checks.check_active_version(["default"])) == ["W001"]


@pytest.mark.parametrize(
    ("options", "limit", "expected"),
    [
        ({"socket_timeout": 2, "socket_connect_timeout": 1, "visibility_timeout": 600}, 540, []),
        ({"socket_timeout": 2, "visibility_timeout": 600}, 540, ["E005"]),
        ({"socket_timeout": 2, "socket_connect_timeout": 1, "visibility_timeout": 600}, 600, ["E006"]),
        ({"socket_timeout": 2, "socket_connect_timeout": 1}, None, ["E006"]),
        ({}, 3600, ["E005", "E006"]),
    ],
)
def test_the_broker(monkeypatch, options, limit, expected):
    conf = SimpleNamespace(
        broker_url="redis://localhost/0",
        broker_write_url=None,
        broker_transport_options=options,
        task_time_limit=limit,
    )
    monkeypatch.setattr(configuration_probes, "current_app", SimpleNamespace(conf=conf))
    assert ids(checks.check_broker()) == expected


@pytest.mark.parametrize(
    ("broker", "given", "expected"),
    [
        ("redis://localhost", {}, []),
        ("amqp://localhost", {}, ["W010"]),
        ("amqp://localhost", {"INSIGHT": False}, []),
        ("amqp://localhost", {"INSIGHT_REDIS_URL": "redis://localhost"}, []),
        ("amqp://localhost", {"INSIGHT_REDIS_URL": "memcached://localhost"}, ["W010"]),
    ],
)
def test_the_search_log_has_a_redis(monkeypatch, settings, broker, given, expected):
    for name in ("broker_write_url", "broker_url"):  # the first is read from the second where it is not set
        monkeypatch.setattr(f"celery.current_app.conf.{name}", broker)
    settings.FASHION_SEARCH = given
    assert ids(checks.check_log()) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, []),
        ({"ACTIVATE_MAX_FAILED": 5}, ["W020"]),  # meant as per cent
        ({"VERIFY_MAX_FAILED": 1.0, "ACTIVATE_MAX_BLANK": 20}, ["W020", "W020"]),
        ({"ACTIVATION_QUERIES": "/nowhere/judged.jsonl"}, ["W020"]),
    ],
)
def test_new_versions_can_be_compared(settings, given, expected):
    settings.FASHION_SEARCH = given
    assert ids(checks.check_comparing()) == expected


def test_judged_queries_that_can_be_read(settings, tmp_path):
    file = tmp_path / "judged.jsonl"
    settings.FASHION_SEARCH = {"ACTIVATION_QUERIES": str(file)}
    file.write_text('{"query": "red", "relevant": ["R1"]}')
    assert checks.check_comparing() == []
    file.write_text('{"query": "red"}')
    (found,) = checks.check_comparing()
    assert found.msg.endswith('line 1: give either "rule" or "relevant"')


def test_no_registration(monkeypatch):
    monkeypatch.setattr(registry, "_registered", [])
    assert ids(checks.check_registration()) == ["E007"]


@pytest.mark.parametrize(
    "facets", ["brand", ("brand", ""), ("a=b",), (" brand",), ("brand", "brand"), (3,), None, ("x" * 101,)]
)
def test_facets_that_are_no_names(monkeypatch, facets):
    monkeypatch.setattr(type(registry.get_index()), "facets", facets)
    assert ids(checks.check_registration()) == ["E009"]


@pytest.fixture
def unregistered(monkeypatch):
    """No registration but those of the test."""
    monkeypatch.setattr(registry, "_registered", [])
    yield
    registry.refused.clear()


def test_a_second_index_is_refused_and_both_are_named(unregistered):
    @registry.register(Product)
    class First(registry.ProductIndex):
        pass

    @registry.register(Product)
    class Second(registry.ProductIndex):
        pass

    assert type(registry.get_index()) is First
    (found,) = checks.check_single_registration()
    assert found.id == "fashion_search.E041"
    for one in (First, Second):
        assert f"{one.__module__}.{one.__qualname__} is" in found.msg


def test_an_index_that_derives_from_the_first_takes_its_place_and_so_does_the_same_one_again(unregistered):
    def first() -> type[registry.ProductIndex]:
        @registry.register(Product)
        class First(registry.ProductIndex):
            pass

        return First

    first()
    again = first()
    assert type(registry.get_index()) is again

    @registry.register(Product)
    class Own(again):
        pass

    assert type(registry.get_index()) is Own
    assert checks.check_single_registration() == []


def test_neither_paths_nor_methods(monkeypatch, unregistered):
    @registry.register(Product)
    class Bare(registry.ProductIndex):
        def card(self, product):
            raise NotImplementedError

    (found,) = checks.check_mapping()
    assert (found.id, "does not define document()" in found.msg) == ("fashion_search.E040", True)


def test_a_path_is_named_with_what_is_there_instead(unregistered):
    @registry.register(Product)
    class Mapped(registry.ProductIndex):
        facets = ("colour",)
        fields = {"name": "name", "price": "variants__prise", "colour": "colour"}

    (found,) = checks.check_mapping()
    assert found.msg.startswith(
        'Mapped.fields["price"]: "variants__prise" ends at Variant, which has no "prise".'
    )
    assert "It has id, product, sku, size, stock, position." in found.msg


def test_a_queryset_that_raises_is_said_beside_paths(unregistered):
    @registry.register(Product)
    class Mapped(registry.ProductIndex):
        fields = {"name": "added"}

        def get_queryset(self):
            raise ZeroDivisionError

    (found,) = checks.check_mapping()
    assert "get_queryset() failed: ZeroDivisionError" in found.msg


@pytest.mark.parametrize(
    ("related", "said"),
    [
        ({"shop.Variant": "product_id", "shop.Brand": list, "shop.Product": "category_id"}, []),
        ({"shop.Pictures": "product_id"}, ["there is no such model"]),
        ({"Variant": "product_id"}, ["there is no such model"]),
        ({"shop.Variant": "products_id"}, ['Variant has no "products_id"']),
        ({"shop.Variant": 3}, ["a value of the type int names no products"]),
    ],
)
def test_related_models(monkeypatch, related, said):
    monkeypatch.setattr(type(registry.get_index()), "related", related)
    found = checks.check_related()
    assert ids(found) == ["E042"] * len(said)
    assert all(part in message.msg for part, message in zip(said, found, strict=True))


def test_middleware(settings):
    assert checks.check_middleware() == []
    every = settings.MIDDLEWARE
    settings.MIDDLEWARE = [one for one in every if "Probes" not in one]
    assert ids(checks.check_middleware()) == ["W043"]
    settings.MIDDLEWARE.append("search.monitoring.views.Probes")  # behind what looks at the host
    assert ids(checks.check_middleware()) == ["W043"]
    settings.ALLOWED_HOSTS = ["*"]
    assert checks.check_middleware() == []
    settings.MIDDLEWARE = [one for one in every if "Session" not in one]
    assert ids(checks.check_middleware()) == ["W043"]
    settings.FASHION_SEARCH = {"INSIGHT_COOKIE": "visit"}
    assert checks.check_middleware() == []


@pytest.mark.django_db
def test_cards_that_lead_nowhere_and_show_nothing(monkeypatch, settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    assert checks.check_cards(["default"]) == []
    first = make_product("A1")
    make_product("A2", pictures=0)
    assert checks.check_cards(["default"]) == []
    index = type(registry.get_index())
    usual = index.card
    monkeypatch.setattr(index, "card", lambda self, one: replace(usual(self, one), url="", image=""))
    found = checks.check_cards(["default"])
    assert ids(found) == ["W044", "W044"]
    assert (
        f"2 of 2 products tried have a card without `url`: no result can be opened. The first is product {first.pk}."
        == found[0].msg
    )
    assert found[1].msg.startswith("1 of 2 products tried have a card without `image`")
    monkeypatch.setattr(index, "get_queryset", lambda self: 1 / 0)
    (found,) = checks.check_cards(["default"])
    assert "get_queryset() failed: ZeroDivisionError" in found.msg
    assert checks.check_cards([]) == []


def test_a_wrong_setting(settings):
    settings.FASHION_SEARCH = {"NO_SUCH": 1}
    assert ids(checks.check_settings()) == ["E008"]
    assert checks.check_artifact() == []


@pytest.mark.django_db(transaction=True)
def test_an_upgrade_runs_the_checks_before_the_columns_that_they_read_are_there(active):
    """`migrate` begins with the checks of the database."""
    try:
        call_command("migrate", "fashion_search", "0016", verbosity=0)
        assert checks.check_active_version(["default"]) == checks.check_text_config(["default"]) == []
        call_command("migrate", verbosity=0, skip_checks=False)
    finally:
        call_command("migrate", verbosity=0)
    assert IndexVersion.objects.get().config == "english"


class TestTextConfiguration:
    def test_one_that_postgres_knows(self, active):
        assert checks.check_text_config(["default"]) == []
        assert checks.check_text_config(None) == []

    @pytest.mark.parametrize("name", ["klingon", "", "12345", "a.b.c.d", "x\0", "english'); --"])
    def test_one_that_postgres_does_not_know(self, active, search_settings, name):
        search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"TEXT_CONFIG": name}
        (message,) = checks.check_text_config(["default"])
        assert message.id == "fashion_search.E010"
        assert message.msg.startswith(
            f"FASHION_SEARCH['TEXT_CONFIG']: Postgres cannot use {name!r} as text search configuration: "
        )

    def test_the_active_version_was_built_with_another(self, active, search_settings):
        IndexVersion.objects.update(text_config="english")
        search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"TEXT_CONFIG": "german"}
        (message,) = checks.check_text_config(["default"])
        assert message.id == "fashion_search.W012"
        assert "was built with the text search configuration english" in message.msg
        assert message.hint == "To change over, run: manage.py search_index rebuild"

    def test_that_of_the_active_version_is_gone(self, active):
        IndexVersion.objects.update(text_config="gone")
        (message,) = checks.check_text_config(["default"])
        assert message.id == "fashion_search.E010"
        assert message.msg.startswith(
            f"The active version {active.pk} cannot be searched: Postgres cannot use 'gone'"
        )


class TestSchedule:
    """E011, W013, W014: what beat is told, by Celery's own configuration."""

    @pytest.fixture
    def beat(self, monkeypatch, search_settings):
        def told(schedule, scheduler="search.beat.SteadyScheduler"):
            conf = SimpleNamespace(beat_schedule=schedule, beat_scheduler=scheduler)
            monkeypatch.setattr(configuration_probes, "current_app", SimpleNamespace(conf=conf))
            return checks.check_schedule()

        return told

    def test_the_shop_s_own(self):
        assert checks.check_schedule() == []

    def test_the_whole_schedule(self, beat):
        assert beat(beat_schedule()) == []

    def test_each_task_that_is_missing_is_named_with_what_is_lost(self, beat):
        schedule = beat_schedule()
        del schedule["fashion_search.drain_log"], schedule["fashion_search.refresh_words"]
        found = beat(schedule)
        assert ids(found) == ["W013", "W013"]
        assert [message.msg for message in found] == [
            "The beat schedule lacks search.tasks.refresh_words: searches do not learn new words of the catalogue.",
            "The beat schedule lacks search.tasks.drain_log: the search log stays in Redis until that is full.",
        ]
        assert "from search.schedule import beat_schedule" in found[0].hint

    @pytest.mark.parametrize("schedule", [{}, None, {"mine": {"task": "host.mine", "schedule": 1.0}}])
    def test_without_any_all_are_named(self, beat, schedule):
        assert ids(beat(schedule)) == ["W013"] * len(beat_schedule())

    def test_entries_of_the_host_s_own_making_count(self, beat):
        schedule = {
            f"mine {number}": {"task": entry["task"], "schedule": crontab(minute=0, hour=3)}
            for number, entry in enumerate(beat_schedule().values())
        }
        assert beat(schedule) == []

    def test_a_schedule_that_contradicts_the_settings(self, beat, settings):
        settings.FASHION_SEARCH = settings.FASHION_SEARCH | {"RECONCILE_SECONDS": 600, "SWEEP_SECONDS": 20}
        (message,) = beat(beat_schedule({}))
        assert (message.id, message.msg) == (
            "fashion_search.W013",
            "The beat schedule asks for search.tasks.reconcile every 3600 s, FASHION_SEARCH['RECONCILE_SECONDS'] says 600.",
        )
        settings.FASHION_SEARCH = settings.FASHION_SEARCH | {"RECONCILE_SECONDS": "often"}
        assert beat(beat_schedule({})) == []  # E008 says so

    def test_a_name_that_is_no_task(self, beat):
        wrong = {
            "old": {"task": "search.tasks.sweeep", "schedule": 5.0},
            "hints": {"task": "search.tasks.hints"},
        }
        found = beat({**beat_schedule(), **wrong})
        assert ids(found) == ["E011", "E011"]
        assert found[0].msg == "The beat schedule asks for search.tasks.sweeep, which is no task."

    @pytest.mark.parametrize(
        "scheduler", ["django_celery_beat.schedulers:DatabaseScheduler", "redbeat.RedBeatScheduler", "django"]
    )
    def test_a_schedule_that_is_kept_elsewhere_is_not_judged_by_the_setting(self, beat, scheduler):
        assert beat({}, scheduler) == []

    def test_celery_s_own_scheduler_stops_with_the_clock(self, beat):
        (message,) = beat(beat_schedule(), "celery.beat:PersistentScheduler")
        assert message.id == "fashion_search.W014"
        assert message.hint == 'Set CELERY_BEAT_SCHEDULER = "search.beat.SteadyScheduler"'
