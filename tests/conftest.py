"""Real Postgres and Redis for every test that touches them, and real worker processes for those that ask.

The servers are DATABASE_URL and REDIS_URL where these are set; otherwise embedded ones, in a folder that is removed
afterwards, started with the first test that needs them.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
import pytest_django

from shop.local.servers import EmbeddedPostgres, EmbeddedRedis
from tests.emptying import empty_quickly
from tests.processes import ShopProcesses
from tests.tiny_artifact import write_tiny_artifact

# Fixtures that start a server or a browser; all others that need one are made of these.
PROCESSES = {"db", "transactional_db", "redis_server", "browser", "demo"}

# How many examples Hypothesis makes where each is costly; --hypothesis-profile chooses.
hypothesis.settings.register_profile("quick", max_examples=25, deadline=None)
hypothesis.settings.register_profile("thorough", max_examples=300, deadline=None)
hypothesis.settings.load_profile("quick")

_folder = Path(tempfile.mkdtemp(prefix="fashion-tests-"))
_postgres = (
    None
    if os.environ.get("DATABASE_URL")
    else EmbeddedPostgres(_folder / "postgres", log=_folder / "postgres.log", durable=False)
)
_redis = None if os.environ.get("REDIS_URL") else EmbeddedRedis(_folder / "redis", log=_folder / "redis.log")


def _configure() -> None:
    """Complete the environment and set Django up, before any test module imports a model."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"
    os.environ.setdefault("SECRET_KEY", "only-for-tests")
    os.environ["ALLOWED_HOSTS"] = "testserver,localhost,127.0.0.1"
    os.environ["SERVE_MEDIA"] = "1"
    for name in ("MEDIA_ROOT", "STATIC_ROOT"):
        os.environ[name] = str(_folder / name.lower())
        Path(os.environ[name]).mkdir()
    if _postgres:
        os.environ["DATABASE_URL"] = _postgres.url("fashion")
    if _redis:
        os.environ["REDIS_URL"] = _redis.url

    import django
    from django.conf import settings

    # Worker, beat and web that tests start are of the test database, and their keys are named after it.
    name = f"test_{settings.DATABASES['default']['NAME']}"
    settings.CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"] = f"{name}:"
    settings.CACHES["default"]["KEY_PREFIX"] = f"shop:{name}"
    # The manifest exists only after collectstatic.
    static = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": static}
    # Half a second for each login, of which there are hundreds, would test Django's hashing and nothing else.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    django.setup()
    empty_quickly()


_configure()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that need a server or a browser, which are those that use a fixture of one."""
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        if item.get_closest_marker("django_db") or not PROCESSES.isdisjoint(fixtures):
            item.add_marker("processes")


def pytest_unconfigure() -> None:
    """End the servers and remove their folder."""
    for server in (_postgres, _redis):
        if server:
            server.stop()
    shutil.rmtree(_folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def own_language() -> Iterator[None]:
    """What a request in another language has left behind is no matter of the next test."""
    yield
    from django.utils import translation

    translation.deactivate()


@pytest.fixture(scope="session")
def redis_server() -> EmbeddedRedis | None:
    """The embedded Redis, running; None where REDIS_URL names another."""
    if _redis and not _redis.process.running:
        _redis.start()
    return _redis


@pytest.fixture(scope="session")
def postgres_server(django_db_modify_db_settings: None) -> EmbeddedPostgres | None:
    """The embedded Postgres, running; None where DATABASE_URL names another."""
    return _postgres


@pytest.fixture(scope="session")
def django_db_modify_db_settings(redis_server: EmbeddedRedis | None) -> None:
    """Start the servers before pytest-django makes the test database."""
    if _postgres and not _postgres.process.running:
        _postgres.start()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: pytest_django.DjangoDbBlocker) -> None:
    """Begin each test without periodic tasks that the migrations have watched since this database was made, minutes ago."""
    from search.models import TaskRun

    with django_db_blocker.unblock():
        TaskRun.objects.all().delete()


@pytest.fixture(scope="session")
def tiny_artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a real artifact of a few kilobytes."""
    folder = tmp_path_factory.mktemp("artifact") / "tiny"
    write_tiny_artifact(folder)
    return folder


@pytest.fixture
def shop_processes(
    transactional_db: None, redis_server: EmbeddedRedis | None, tmp_path: Path
) -> Iterator[ShopProcesses]:
    """Real worker, beat and web processes against the test database, and the settings as they are when started.

    `shop_processes.worker()` starts a Celery worker; `.kill()` of what it returns is a kill -9 of the whole worker.
    """
    processes = ShopProcesses(tmp_path / "processes")
    processes.empty_broker()
    yield processes
    processes.kill()


@pytest.fixture(scope="session")
def fashion_data() -> Path:
    """The folder that FASHION_DATA names; tests that need it are skipped where it is absent."""
    named = os.environ.get("FASHION_DATA")
    if not named:
        pytest.skip("needs the real catalogue: set FASHION_DATA to the folder that holds fashion/")
    folder = Path(named)
    if not (folder / "fashion" / "products.csv.gz").exists():
        pytest.skip(f"needs the real catalogue: FASHION_DATA={folder} holds no fashion/products.csv.gz")
    return folder
