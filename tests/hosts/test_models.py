"""A shop with models of its own, set up by docs/install.md: it searches, follows changes, and no page fails."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hosts.crawl import Crawl
from tests.hosts.host import Host, new_shop, within

pytestmark = pytest.mark.long

FILES = Path(__file__).parent / "models"
LIMIT = 600  # seconds from `pip install` to a verified search
SOON = 5.0  # seconds from a saved change to a result


@pytest.fixture(scope="module")
def shop(folder) -> Iterator[Host]:
    """The shop with its index built and its processes running."""

    def own(host: Host) -> None:
        shutil.copytree(FILES / "catalogue", host.project / "catalogue")
        host.run("python manage.py makemigrations catalogue && python manage.py migrate")

    with new_shop(folder, "models", ('"django>=5.2,<6"', "pillow", '"psycopg[binary]"'), own) as host:
        yield host


def run(shop: Host, code: str) -> None:
    """Run Python in the shop."""
    given = "from catalogue.models import Product, ProductImage, Brand\n"
    shop.execute(["python", "manage.py", "shell", "--verbosity", "0", "-c", given + code])


def found(shop: Host, query: str) -> list[str]:
    """The names that the API finds."""
    return [
        result["name"]
        for result in json.loads(shop.browser().get(f"/api/v1/search/?{query}").text)["results"]
    ]


def test_the_page_leads_to_a_verified_search_in_time(shop, report):
    report(shop.seconds)
    assert sum(shop.seconds.values()) < LIMIT
    assert "0 products cannot be indexed wholly." in shop.said[-2]
    assert "[]" not in shop.said[-1]


def test_changes_are_found_within_seconds(shop):
    run(shop, "one = Product.objects.first(); one.title = 'Quokka cape'; one.save()")
    within(SOON, lambda: found(shop, "q=quokka+cape")[:1] == ["Quokka cape"], "a new title")
    run(shop, "one = Product.objects.get(title='Quokka cape'); one.number_in_stock = 0; one.save()")
    within(SOON, lambda: "Quokka cape" not in found(shop, "q=quokka+cape&in_stock=on"), "sold out")
    run(shop, "one = Product.objects.get(title='Quokka cape'); one.published = False; one.save()")
    within(SOON, lambda: "Quokka cape" not in found(shop, "q=quokka+cape"), "unpublished")
    title = found(shop, "q=red")[0]
    run(shop, f"Product.objects.get(title={title!r}).delete()")
    within(SOON, lambda: title not in found(shop, "q=red"), "deleted")


def test_no_page_fails(shop):
    crawl = Crawl(shop.browser())
    crawl.follow(
        [
            "/search/",
            "/search/?q=red",
            "/search/?q=blue+shirt",
            "/products/3/",
            "/api/v1/search/?q=red",
            "/health/ready",
        ],
        most=120,
        may=lambda path: not path.startswith(("/media/", "/static/", "/admin/")),
    )
    staff = shop.browser()
    staff.post("/admin/login/?next=/admin/", username="admin", password="drawn-for-tests")
    lists = re.findall(r'href="(/admin/\w+/\w+/)"', staff.get("/admin/").text)
    assert len([path for path in lists if path.startswith("/admin/fashion_search/")]) > 10
    admin = Crawl(staff)
    admin.follow(dict.fromkeys(lists), most=60, may=lambda path: False)
    assert (crawl.failed(), admin.failed()) == ({}, {})
    assert set(admin.answers.values()) == {200}
    assert sum(status == 200 for status in crawl.answers.values()) > 20
    assert [path for process in shop.processes if "Traceback" in (path := process.log).read_text()] == []
