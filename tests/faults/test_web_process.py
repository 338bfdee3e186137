"""The web process stays small, and serves without TensorFlow."""

import http.client
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from urllib.parse import quote, urlsplit

import psutil
import pytest
from django.core.management import call_command

from search.conf import SearchSettings
from search.models import IndexVersion
from tests.processes import ROOT, wait_until
from tests.search.products import build_version
from tests.tiny_artifact import COLOURS

WITHOUT_TENSORFLOW = """
import sys
for name in ("tensorflow", "keras", "tf2onnx"):
    sys.modules[name] = None
import django
django.setup()
from django.test import Client
answer = Client(SERVER_NAME="localhost").get("/api/v1/search/", {"q": "red shirt"})
print(answer.status_code, answer.json()["degraded"] == "", answer.json()["results"][0]["name"])
"""


def test_a_search_is_served_where_tensorflow_cannot_be_imported(catalogue, large_batches, shop_processes):
    build_version()
    result = subprocess.run(
        [sys.executable, "-c", WITHOUT_TENSORFLOW],
        env=shop_processes.environment(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.stdout.split(maxsplit=2) == ["200", "True", "Red shirt\n"], result.stderr


@pytest.mark.long
def test_a_thousand_searches_leave_the_web_process_under_250_mb(catalogue, shop_processes, settings):
    default = SearchSettings().artifact
    if (default / "manifest.json").exists():  # the encoders that shops run, rather than the tests' tiny ones
        # Seven pictures for 400 products: with 16 links a node, those of one picture may link to each other only.
        settings.FASHION_SEARCH = settings.FASHION_SEARCH | {
            "ARTIFACT": str(default),
            "BATCH_SIZE": 32,
            "HNSW_M": 32,
        }
    shop_processes.beat()
    worker = shop_processes.worker(children=2)
    call_command("search_index", "rebuild")
    wait_until(lambda: IndexVersion.objects.active() is not None, seconds=180, what=worker)
    settings.FASHION_SEARCH = settings.FASHION_SEARCH | {"API_RATE": ""}
    web, address = shop_processes.web()
    words = [
        f"{colour} {kind} {number}" for number in range(72) for colour in COLOURS for kind in ("shirt", "bag")
    ]
    with ThreadPoolExecutor(4) as shoppers:
        answers = list(shoppers.map(partial(_degraded, urlsplit(address).netloc), words[:1000]))
    assert answers == [""] * 1000
    processes = psutil.Process(web.pid).children()
    assert len(processes) == 1
    assert processes[0].memory_info().rss < 250e6
    loaded = {Path(mapped.path).name for mapped in processes[0].memory_maps()}
    assert not [name for name in loaded if "tensorflow" in name]


def _degraded(host: str, query: str) -> str:
    with closing(http.client.HTTPConnection(host, timeout=120)) as connection:
        connection.request("GET", f"/api/v1/search/?q={quote(query)}")
        response = connection.getresponse()
        assert response.status == 200
        return json.loads(response.read())["degraded"]
