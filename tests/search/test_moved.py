import importlib
import sys

import pytest

from search import engine, monitoring, signals
from search.monitoring import urls, views
from search.moved import MOVED


@pytest.fixture(autouse=True)
def nothing_imported_by_its_old_name():
    def forget():
        for old in MOVED:
            sys.modules.pop(f"search.{old}", None)

    forget()
    yield
    forget()


@pytest.mark.parametrize("old", MOVED)
def test_an_old_name_gives_the_same_module_and_warns(old):
    if "." in old:
        with pytest.warns(DeprecationWarning, match="is now search"):
            importlib.import_module(f"search.{old.partition('.')[0]}")
    with pytest.warns(DeprecationWarning, match=rf"search\.{old} is now search\.{MOVED[old]}\."):
        module = importlib.import_module(f"search.{old}")
    assert module is sys.modules[f"search.{MOVED[old]}"]
    assert module.__spec__.name == f"search.{MOVED[old]}"


def test_names_that_hosts_have_in_their_settings_are_still_there():
    with pytest.warns(DeprecationWarning, match="is now search"):
        from search.marking import mark_stale
    with pytest.warns(DeprecationWarning, match="is now search"):
        from search.searching import find_similar, search
    with pytest.warns(DeprecationWarning, match="is now search"):
        from search.watching.probes import Probes
    with pytest.warns(DeprecationWarning, match="is now search"):
        from search.watching.urls import urlpatterns
    assert (search, find_similar) == (engine.search, engine.find_similar)
    assert mark_stale is signals.mark_stale
    assert Probes is views.Probes
    assert urlpatterns is urls.urlpatterns
    assert monitoring.__name__ == "search.monitoring"


def test_a_private_module_of_before_is_not_found_and_not_loaded_twice():
    with pytest.warns(DeprecationWarning, match="is now search"):
        importlib.import_module("search.watching")
    with pytest.raises(ModuleNotFoundError, match=r"search\.watching\.readiness has moved and was private"):
        importlib.import_module("search.watching.readiness")
