from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from search.exceptions import UnsafeLink
from search.merchandising.rules import (
    check_link,
    in_words,
    is_safe,
    overlap,
    runs,
    state_of,
)
from search.text import PhraseIndex


@pytest.mark.parametrize(
    ("phrase", "contains", "query", "found"),
    [
        ("navy sneakers", False, "Navy  SNEAKER", True),
        ("navy sneakers", False, "navy sneakers sale", False),
        ("navy sneakers", True, "cheap navy sneakers sale", True),
        ("navy sneakers", True, "navy leather sneakers", False),
        ("café", False, "CAFE", True),
        ("tshirt", True, "red t-shirts", True),
        ("t shirt", True, "red tshirts", True),
        ("tshirt", False, "t shirts", True),
        ("shirt", True, "sweatshirt", False),
        ("!!", True, "anything", False),
        ("shoes", True, "", False),
    ],
)
def test_phrases_are_compared_as_queries_are_read(phrase, contains, query, found):
    assert PhraseIndex([(phrase, contains, "x")], "english").matching(query) == (["x"] if found else [])


def test_what_is_found_keeps_its_order_and_comes_once():
    index = PhraseIndex(
        [("red", True, 1), ("shirt", True, 2), ("red shirt", False, 3), ("blue", True, 4)], "english"
    )
    assert index.matching("red shirt red") == [1, 2]
    assert index.matching("red shirts") == [1, 2, 3]


def test_languages_have_stems_of_their_own():
    assert PhraseIndex([("robes", False, 1)], "french").matching("robe") == [1]
    assert PhraseIndex([("robes", False, 1)], "simple").matching("robe") == []


NOW = datetime(2026, 5, 2, 12, tzinfo=UTC)
BEFORE, AFTER = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 5, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("enabled", "starts", "ends", "state"),
    [
        (True, None, None, "running"),
        (True, NOW, None, "running"),
        (True, None, NOW, "ended"),
        (True, AFTER, None, "scheduled"),
        (True, BEFORE, AFTER, "running"),
        (False, None, None, "disabled"),
        (False, AFTER, None, "disabled"),
        (False, None, BEFORE, "ended"),
    ],
)
def test_states(enabled, starts, ends, state):
    assert state_of(SimpleNamespace(enabled=enabled, starts=starts, ends=ends), NOW) == state
    if enabled:
        assert runs(starts, ends, NOW) is (state == "running")


def test_schedules_that_only_touch_do_not_overlap():
    assert overlap(None, NOW, BEFORE, None)
    assert not overlap(None, NOW, NOW, None)
    assert overlap(None, None, AFTER, None)


def test_schedules_in_words():
    assert in_words(None, None, NOW) == ""
    assert in_words(BEFORE, AFTER, NOW) == ", until 3 May"
    assert (
        in_words(AFTER, datetime(2027, 1, 4, 8, 30, tzinfo=UTC), NOW)
        == ", from 3 May until 4 January 2027 08:30"
    )


@pytest.mark.parametrize("url", ["/sale/", "/search/?q=shoes#top", "https://help.example/sizes/"])
def test_paths_and_named_hosts_may_be_led_to(settings, url):
    settings.FASHION_SEARCH = {"REDIRECT_HOSTS": "help.example"}
    check_link(url)


@pytest.mark.parametrize(
    "url",
    [
        "//evil.example/", "/\\evil.example", "https://evil.example/", "javascript:alert(1)", "sale/",
        "https://help.example@evil.example/", "http:evil.example", "/\x00sale", "\n//evil.example", "ftp://help.example/",
        "///evil.example",
    ],
)  # fmt: skip
def test_nothing_else_may(settings, url):
    settings.FASHION_SEARCH = {"REDIRECT_HOSTS": "help.example"}
    with pytest.raises(UnsafeLink, match=r"must be a path of the shop .* at a host of help\.example"):
        check_link(url)
    assert not is_safe(url)


def test_without_hosts_the_sentence_names_the_setting():
    with pytest.raises(UnsafeLink, match="REDIRECT_HOSTS names; it names none"):
        check_link("https://help.example/")
