import pytest
from celery import current_app
from django.test import override_settings

from search.hosting.configuration import SETTINGS, URLS, code_by_place, find_needs

pytestmark = pytest.mark.django_db


@pytest.fixture
def celery_settings():
    """Change Celery's settings, and put them back."""
    changed = {}

    def change(**values):
        for name, value in values.items():
            changed.setdefault(name, current_app.conf[name])
            current_app.conf[name] = value

    yield change
    current_app.conf.update(changed)


def lacking() -> dict[str, str]:
    """What is lacking, with what is to be added."""
    return {need.name: need.code for need in find_needs() if not need.stands}


def test_this_shop_lacks_nothing():
    assert lacking() == {}


def test_apps_settings_and_addresses_that_are_missing_are_printed(settings):
    settings.INSTALLED_APPS = [
        name for name in settings.INSTALLED_APPS if name not in ("django.contrib.postgres", "rest_framework")
    ]
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "Probes" not in name]
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    settings.ROOT_URLCONF = "tests.search.hosting.test_configuration"
    settings.LANGUAGE_CODE = "pt-br"
    del settings.FASHION_SEARCH
    needs = find_needs()
    missing = {need.name for need in needs if not need.stands and need.required}
    advised = {need.name for need in needs if not need.stands and not need.required}
    assert missing == {"INSTALLED_APPS", "CACHES"}
    assert advised == {
        "INSTALLED_APPS",
        "FASHION_SEARCH",
        "MIDDLEWARE",
        "API",
        "health checks",
        "search page",
    }
    code = "\n".join(code_by_place(needs)[SETTINGS])
    assert 'INSTALLED_APPS += ["django.contrib.postgres"]' in code
    assert '"TEXT_CONFIG": "portuguese"' in code
    assert "RedisCache" in code
    compile(code, "settings.py", "exec")
    urls = "\n".join(code_by_place(needs)[URLS])
    assert 'include("search.api.urls")' in urls
    assert 'include("search.monitoring.urls")' in urls
    assert urls.startswith("from django.urls import include, path\n")


urlpatterns: list = []  # of a shop that includes nothing


def test_celery_that_is_not_set_up_is_told_with_all_its_lines(celery_settings):
    celery_settings(
        broker_url=None,
        broker_write_url=None,
        beat_schedule={},
        beat_scheduler="celery.beat:PersistentScheduler",
        broker_transport_options={},
    )
    found = lacking()
    assert set(found) == {
        "CELERY_BROKER_URL", "CELERY_BROKER_TRANSPORT_OPTIONS", "CELERY_BEAT_SCHEDULE", "CELERY_BEAT_SCHEDULER",
    }  # fmt: skip
    assert "CELERY_TASK_TIME_LIMIT = 540" in found["CELERY_BROKER_TRANSPORT_OPTIONS"]
    assert "from search.schedule import beat_schedule" in found["CELERY_BEAT_SCHEDULE"]
    assert found["CELERY_BEAT_SCHEDULER"] == 'CELERY_BEAT_SCHEDULER = "search.beat.SteadyScheduler"'


def test_a_password_is_not_shown(celery_settings):
    celery_settings(broker_url="redis://shop:secret@cache.example:6379/0")
    (need,) = [need for need in find_needs() if need.name == "CELERY_BROKER_URL"]
    assert need.sentence == "The broker is redis://cache.example:6379/0."


def test_an_api_that_is_not_installed_is_told_without_lines_that_would_fail(settings, monkeypatch):
    monkeypatch.setattr("search.hosting.configuration._is_there", lambda name: name != "rest_framework")
    settings.INSTALLED_APPS = [name for name in settings.INSTALLED_APPS if name != "rest_framework"]
    assert lacking() == {"API": ""}


@override_settings(TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}])
def test_templates_that_are_not_looked_for_are_told():
    assert lacking() == {"TEMPLATES": 'TEMPLATES[0]["APP_DIRS"] = True'}
