"""What shoppers do to a shop under load: 70 % search by text, 20 % look at similar products, 5 % type, 5 % send a photo.

Run by `python -m bench.load`, which says by variables of the environment which products and queries there are.
"""

import json
import os
import random
from pathlib import Path
from urllib.parse import quote

from locust import FastHttpUser, between, task

MATERIAL = json.loads(Path(os.environ["LOAD_MATERIAL"]).read_text())
PHOTOS = [Path(name).read_bytes() for name in MATERIAL["photos"]]
BUSY = 503  # with Retry-After, an answer that the shop documents


class Shopper(FastHttpUser):
    """One person, who waits a second or two between pages."""

    wait_time = between(0.5, 1.5)
    network_timeout = 30.0
    connection_timeout = 30.0

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
