"""Two web processes with a cache each: the second page of a list that the other one keeps begins again, and says so."""

import json
import os
import re
import subprocess
import sys
from html import unescape
from urllib.request import urlopen

import pytest

from tests.processes import ROOT, ShopProcesses
from tests.search.products import build_version

NOTICE = "here is a fresh list from its beginning"


@pytest.fixture
def addresses(
    catalogue, large_batches, redis_server, shop_processes: ShopProcesses, monkeypatch
) -> tuple[str, str]:
    """Two web processes over one index, each of whose caches is its own."""
    build_version()
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "tests.local_cache")
    return shop_processes.web()[1], shop_processes.web()[1]


def test_pages_begin_again_and_say_so(addresses, shop_processes):
    first, other = addresses
    for query in ("q=shirt", "q="):  # a list by words, and one without
        page = json.loads(_get(f"{first}/api/v1/search/?{query}"))
        following = page["next"].removeprefix(first)
        assert "token=" in following
        kept = json.loads(_get(first + following))
        assert (kept["page"], kept["restarted"]) == (2, False)
        lost = json.loads(_get(other + following))
        assert (lost["page"], lost["restarted"]) == (1, True)

    shown = _get(f"{first}/search/?q=shirt")
    address = unescape(re.search(r'rel="next" href="([^"]+)"', shown)[1])
    assert NOTICE not in _get(f"{first}/search/{address}")
    assert NOTICE in _get(f"{other}/search/{address}")

    told = subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=ROOT, capture_output=True, text=True, check=True,
        env=os.environ | shop_processes.environment(),
    )  # fmt: skip
    assert "fashion_search.W017" in told.stderr
    assert "LocMemCache" in told.stderr


def _get(address: str) -> str:
    with urlopen(address, timeout=120) as answer:
        return answer.read().decode()
