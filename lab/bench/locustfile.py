"""What shoppers do to a shop under load: 70 % search by text, 20 % look at similar products, 5 % type, 5 % send a photo.

Run by `python -m lab.bench.load`, which says by variables of the environment which products and queries there are.
"""

import json
import os
import random
import time
from pathlib import Path
from urllib.parse import quote

import gevent
from locust import FastHttpUser, task

MATERIAL = json.loads(Path(os.environ["LOAD_MATERIAL"]).read_text())
PHOTOS = [Path(name).read_bytes() for name in MATERIAL["photos"]]
GAP = float(
    os.environ.get("LOAD_GAP") or 0
)  # seconds between two requests of a shopper who does not wait for answers
BUSY = 503  # with Retry-After, an answer that the shop documents


class Shopper(FastHttpUser):
    """One person, who looks at an answer for a second; with LOAD_GAP, one who asks at random moments however long answers take."""

    network_timeout = 30.0
    connection_timeout = 30.0

    def on_start(self) -> None:
        """Do not ask all at the same moment."""
        self.next_at = time.monotonic()
        gevent.sleep(self.wait_time())

    def wait_time(self) -> float:
        """Return the seconds until the next request."""
        if not GAP:
            return random.uniform(0.5, 1.5)
        self.next_at += random.expovariate(1 / GAP)
        return max(0.0, self.next_at - time.monotonic())

    @task(35)
    def search_page(self) -> None:
        """Search by text and get a page."""
        self._get(f"/search/?q={quote(random.choice(MATERIAL['queries']))}", "text, page")

    @task(35)
    def search_api(self) -> None:
        """Search by text and get JSON."""
        self._get(f"/api/v1/search/?q={quote(random.choice(MATERIAL['queries']))}", "text, API")

    @task(20)
    def similar(self) -> None:
        """Ask for products that look like one."""
        self._get(f"/api/v1/products/{quote(random.choice(MATERIAL['skus']))}/similar/", "similar")

    @task(5)
    def suggest(self) -> None:
        """Type the beginning of a query."""
        query = random.choice(MATERIAL["queries"])
        self._get(f"/api/v1/suggest/?q={quote(query[: random.randint(2, 8)])}", "suggest")

    @task(5)
    def photo(self) -> None:
        """Search with a photo."""
        files = {"image": ("photo.jpg", random.choice(PHOTOS), "image/jpeg")}
        with self.client.post(
            "/api/v1/search/photo/", files=files, name="photo", catch_response=True
        ) as answer:
            _judge(answer)

    def _get(self, path: str, name: str) -> None:
        with self.client.get(path, name=name, catch_response=True) as answer:
            _judge(answer)


def _judge(answer) -> None:
    """Count an answer: turned away with Retry-After is no error, and is counted apart."""
    if answer.status_code == BUSY and answer.headers.get("Retry-After"):
        answer.request_meta["name"] = "turned away (503)"
        answer.success()
    elif answer.status_code != 200:
        answer.failure(f"{answer.status_code}")
