"""An oscar shop, made by Oscar's own steps and given the plugin by those of docs/install.md: it searches, follows changes, and no page fails."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hosts.crawl import Crawl
from tests.hosts.host import NAME, Answer, Host, within
from tests.hosts.page import steps_for
from tests.wheels import ROOT, build

pytestmark = pytest.mark.long

FILES = Path(__file__).parent / "oscar"
PRODUCTS = 60
LIMIT = 600  # seconds from `pip install` to a verified search
SOON = 5.0  # seconds from a saved change to a result


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Iterator[Host]:
    """The shop with its index built, its processes running, and the seconds that each part took."""
    folder = tmp_path_factory.mktemp("oscar")
    wheels = build(folder / "wheels")
    drawn = folder / "drawn"
    drawing = [sys.executable, "-m", "sample_catalogue", "--count", str(PRODUCTS), "--out", str(drawn)]
    subprocess.run(drawing, cwd=ROOT, check=True, capture_output=True)
    with Host(folder) as host:
        host.make('"django-oscar[sorl-thumbnail]"', "pycountry")
        with host.timed("the shop's own steps"):
            host.write(f"{NAME}/settings.py", (FILES / "settings.py").read_text())
            (host.project / NAME / "urls.py").write_text((FILES / "urls.py").read_text())
            host.run("python manage.py migrate")
            host.run("python manage.py oscar_populate_countries")
            host.python(FILES / "fill.py", str(drawn))
        for wheel in wheels:
            shutil.copy(wheel, host.project)
        for step in steps_for("oscar"):
            host.take(step)
        host.serve()
        yield host


def change(shop: Host, code: str) -> None:
    """Change the catalogue as a script of the shop's own does, by its models."""
    given = (
        "from decimal import Decimal; from oscar.core.loading import get_model;"
        " Product, Category = get_model('catalogue', 'Product'), get_model('catalogue', 'Category');"
        " Record = get_model('partner', 'StockRecord')"
    )
    shop.execute(["python", "manage.py", "shell", "-c", f"{given}\n{code}"])


def found(shop: Host, query: str) -> Answer:
    """The page of results."""
    return shop.browser().get(f"/search/?{query}")


def test_the_page_leads_to_a_verified_search_in_time(shop, capsys):
    with capsys.disabled():
        print("\n" + "".join(f"{seconds:8.1f} s  {part}\n" for part, seconds in shop.seconds.items()))
    assert sum(shop.seconds.values()) < LIMIT
    assert "OK" in shop.said[-2]  # of `search_index verify`
    assert "[]" not in shop.said[-1]  # names of products
