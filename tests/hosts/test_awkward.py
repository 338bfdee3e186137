"""A shop with awkward models and settings: what `fashion_search_init` prints and writes is all that is done to it, and search works.

UUID keys, names in JSON and descriptions in one column per language, no article number, prices in another table, two databases with a
router, people who log in by address, USE_TZ = False, an app `search` of its own, and ASGI. The plugin is installed from its wheel.
"""

import html
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

import httpx
import psycopg
import pytest
import redis

from lab.processes import wait_until
from shop.local.processes import LocalProcess
from shop.local.servers import free_port
from tests.wheels import build_plugin, install

pytestmark = pytest.mark.long

PROJECT = Path(__file__).resolve().parent / "awkward"
DATABASES = ("awkward", "awkward_archive")
SECONDS = 5.0  # from a commit to the results


class Host:
    """The shop in a folder of its own, and its processes."""

    def __init__(self, folder: Path, artifact: Path) -> None:
        self.folder, self.installed = folder / "shop", folder / "installed"
        shutil.copytree(PROJECT, self.folder, ignore=shutil.ignore_patterns("__pycache__"))
        install(build_plugin(folder / "wheels"), self.installed)
        address, _, options = os.environ["DATABASE_URL"].partition("?")
        self.server = f"{address.rpartition('/')[0]}/{{}}?{options}".rstrip("?")
        self.artifact = artifact
        self.processes: list[LocalProcess] = []
        self.address = ""
        self.changer: subprocess.Popen[str] | None = None

    def environment(self) -> dict[str, str]:
        """The variables of its processes, which find no module of this repository."""
        kept = {
            name: os.environ[name]
            for name in ("PATH", "HOME", "REDIS_URL", "OMP_NUM_THREADS")
            if name in os.environ
        }
        urls = {
            "DATABASE_URL": self.server.format(DATABASES[0]),
            "ARCHIVE_URL": self.server.format(DATABASES[1]),
        }
        return {**kept, **urls, "PYTHONPATH": os.pathsep.join([str(self.folder), str(self.installed)])}

    def manage(self, *arguments: str, status: int = 0) -> str:
        """Run a management command and return what it printed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments], cwd=self.folder, env=self.environment(), capture_output=True, text=True, check=False,
            timeout=300,
        )  # fmt: skip
        assert done.returncode == status, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout + (done.stderr if status else "")

    def change(self, code: str) -> float:
        """Change something by the shop's own code, in a process that stays; return when that was committed."""
        if self.changer is None:
            command = [sys.executable, "manage.py", "obey"]
            pipe = subprocess.PIPE
            self.changer = subprocess.Popen(
                command, cwd=self.folder, env=self.environment(), stdin=pipe, stdout=pipe, text=True
            )
        self.changer.stdin.write(f"{json.dumps(code)}\n")
        self.changer.stdin.flush()
        return float(self.changer.stdout.readline())

    def stop(self) -> None:
        """End its processes."""
        if self.changer:
            self.changer.communicate()
        for process in reversed(self.processes):
            process.stop()

    def start(self, name: str, *arguments: str) -> LocalProcess:
        process = LocalProcess(
            name,
            [sys.executable, "-m", *arguments],
            log=self.folder / f"{name}.log",
            environment=self.environment(),
            folder=self.folder,
        )
        process.start()
        self.processes.append(process)
        return process

    def serve(self) -> None:
        """Start a worker, beat and an ASGI server, as the shop runs them."""
        alone = ("--without-gossip", "--without-mingle")
        worker = self.start(
            "worker", "celery", "-A", "boutique", "worker", "-c", "2", "--loglevel", "INFO", *alone
        )
        self.start(
            "beat",
            "celery",
            "-A",
            "boutique",
            "beat",
            "--schedule",
            str(self.folder / "beat"),
            "--pidfile",
            "",
        )
        port = free_port()
        self.address = f"http://127.0.0.1:{port}"
        web = self.start(
            "web", "gunicorn", "-k", "asgi", "-w", "1", "--bind", f"127.0.0.1:{port}", "boutique.asgi"
        )
        wait_until(lambda: " ready." in worker.tail(100), seconds=120, what=worker)
        wait_until(lambda: "Booting worker" in web.tail(50), seconds=120, what=web)

    def add_printed(self, said: str) -> list[str]:
        """Add to the shop's files what the command has printed for them, as somebody would paste it; return what was added."""
        added = []
        for where, block in re.findall(r"^Add to (\S.*?):\n\n((?:(?: {4}.*)?\n)+)", said, re.MULTILINE):
            code = re.sub(r"^ {4}", "", block, flags=re.MULTILINE)
            code = code.replace("redis://localhost:6379/1", os.environ["REDIS_URL"])
            file = self.folder / ("boutique/urls.py" if where == "the root urls.py" else where)
            with file.open("a") as target:
                target.write(f"\n{code}")
            added.append(code)
        return added

    def found(self, query: str) -> dict[str, list]:
        """What a search finds, by key."""
        answer = httpx.get(f"{self.address}/search/found/", params={"q": query}, timeout=60)
        assert answer.status_code == 200, answer.text[:2000]
        return {key: rest for key, *rest in answer.json()["results"]}


@pytest.fixture(scope="module")
def host(tmp_path_factory, tiny_artifact, postgres_server, redis_server) -> Iterator[Host]:
    """The shop with its own tables and products, before search is set up."""
    if postgres_server and not postgres_server.process.running:
        postgres_server.start()
    host = Host(tmp_path_factory.mktemp("awkward"), tiny_artifact)
    with psycopg.connect(host.server.format("postgres"), autocommit=True) as connection:
        for name in DATABASES:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            connection.execute(f"CREATE DATABASE {name}")
    host.manage("prepare")
    yield host
    host.stop()
    with psycopg.connect(host.server.format("postgres"), autocommit=True) as connection:
        for name in DATABASES:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        for key in client.scan_iter("*awkward*"):
            client.delete(key)


@pytest.fixture(scope="module")
def searched(host) -> Host:
    """The shop with search set up by what the command says, running."""
    said = host.manage("fashion_search_init", "--write")
    assert host.add_printed(said)
    with (host.folder / "boutique/settings.py").open("a") as settings:
        # A small artifact, so that this is quick, and time for a busy machine.
        own = {"ARTIFACT": str(host.artifact), "SEARCH_TIMEOUT_MS": 30_000, "ENCODE_TIMEOUT_MS": 30_000}
        settings.write(f"\nFASHION_SEARCH.update({own!r})\n")
    for alias in ("default", "archive"):
        host.manage("migrate", "--database", alias, "-v", "0")
    host.serve()
    host.manage("search_index", "rebuild", "--wait", "--noinput")
    return host


def test_a_dry_run_finds_the_products_and_changes_nothing(host):
    before = sorted(host.folder.rglob("*.py"))
    said = host.manage("fashion_search_init")
    assert "wares.Ware: taken for the products" in said
    assert "24 rows" in said
    assert "from fashion_search.registry import ProductIndex, register" in said
    for line in (
        '"name": ("title__de", "title__en"),',
        '"price": "tariffs__amount",',
        '"pictures": "photo_set__file",',
        '"brand": "maker__title",',
        "filter(visible=True)",
        "Tried on 20 products, of which 20 can be read.",
        '"TEXT_CONFIG": "german"',
    ):
        assert line in said
    assert "manage.py migrate" in said
    assert sorted(host.folder.rglob("*.py")) == before


def test_a_second_run_says_what_stands(searched):
    file = searched.folder / "wares" / "search_index.py"
    before = file.read_text()
    said = searched.manage("fashion_search_init", "--write")
    assert "wares.Ware: registered" in said
    assert "stands as it was written" in said
    assert "Nothing is written" in said
    assert "missing" not in said
    assert "Add to" not in said
    assert re.search(r"Left to do\n1\. See that all is well", said)
    assert file.read_text() == before
    assert not list(file.parent.glob("*.bak"))


def test_the_index_is_whole_and_nothing_is_to_be_said_against_the_settings(searched):
    searched.manage("search_index", "verify")
    assert "no issues" in searched.manage("check", "--database", "default", "--database", "archive")
    assert searched.manage("makemigrations", "--check", "--dry-run") == "No changes detected\n"


def test_products_are_found_by_their_words_and_shown_with_their_prices(searched):
    found = searched.found("Kleid rot")
    names = [name for name, *_ in found.values()]
    assert {"Kleid Rot 1", "Kleid Rot 2"} <= set(names[:2])
    assert {price for _, price, _ in list(found.values())[:2]} == {"40.00"}
    key = next(iter(found))
    similar = httpx.get(f"{searched.address}/search/similar/{key}/", timeout=60)
    assert similar.status_code == 200
    assert similar.json()["results"]
    page = httpx.get(f"{searched.address}/search/", params={"q": "Kleid"}, timeout=60).text
    assert f'href="/ware/{key}/"' in page


def test_a_photo_is_taken_by_an_asynchronous_server(searched):
    photo = next((searched.folder / "media" / "photos").iterdir())
    answer = httpx.post(
        f"{searched.address}/api/v1/search/photo/", files={"image": photo.read_bytes()}, timeout=60
    )
    assert answer.status_code == 200, answer.text[:2000]
    assert len(answer.json()["results"]) > 10


def test_an_edit_a_withdrawal_and_a_deletion_are_in_the_results_within_seconds(searched, record_property):
    keys = list(searched.found("Rock"))
    first, second, third = keys[:3]

    def within(committed: float, is_there) -> float:
        wait_until(is_there, seconds=30, every=0.1)
        return time.time() - committed

    took = {}
    at = searched.change(
        f"one = Ware.objects.get(pk='{first}')\none.title = {{'de': 'Jacke Rot 9'}}\none.save()"
    )
    took["a new name"] = within(at, lambda: searched.found("Jacke").get(first, [""])[0] == "Jacke Rot 9")
    at = searched.change(f"Tariff.objects.create(ware_id='{first}', amount='7.50')")
    took["a price in another table"] = within(at, lambda: searched.found("Jacke")[first][1] == "7.50")
    at = searched.change(
        "maker = Maker.objects.get(title='Lindner')\nmaker.title = 'Quastenfabrik'\nmaker.save()"
    )
    took["a maker of many"] = within(
        at, lambda: "Lindner" not in {brand for *_, brand in searched.found("Hemd").values()}
    )
    at = searched.change(f"one = Ware.objects.get(pk='{second}')\none.visible = False\none.save()")
    took["a withdrawal"] = within(at, lambda: second not in searched.found("Rock"))
    at = searched.change(f"Ware.objects.get(pk='{third}').delete()")
    took["a deletion"] = within(at, lambda: third not in searched.found("Rock"))
    record_property("seconds", took)
    assert {what: seconds for what, seconds in took.items() if seconds > SECONDS} == {}


def test_no_page_of_the_shop_the_plugin_or_the_admin_fails(searched, record_property):
    key = next(iter(searched.found("Hemd")))
    with httpx.Client(base_url=searched.address, follow_redirects=True, timeout=60) as client:
        login = client.get("/admin/login/")
        form = {
            "username": "chef@example.org",
            "password": "geheim",
            "csrfmiddlewaretoken": client.cookies["csrftoken"],
            "next": "/admin/",
        }
        answer = client.post("/admin/login/", data=form, headers={"Referer": str(login.url)})
        assert answer.status_code == 200
        assert "errornote" not in answer.text
        statuses = crawl(client, [*addresses_of(searched, key), "/", "/admin/", "/search/?q=Hemd&page=2"])
    failed = {address: status for address, status in statuses.items() if status >= 500}
    lists = [address for address in statuses if re.fullmatch(r"/admin/\w+/\w+/", address)]
    record_property("pages", len(statuses))
    assert failed == {}, failed_lines(searched)
    assert len(lists) > 20
    assert len(statuses) > 150


def addresses_of(host: Host, key: str) -> list[str]:
    """All addresses without arguments, and those with a product's key."""
    code = (
        "from django.urls import get_resolver\n"
        "def walk(patterns, before=''):\n"
        "    for one in patterns:\n"
        "        here = before + str(one.pattern)\n"
        "        yield from walk(one.url_patterns, here) if hasattr(one, 'url_patterns') else [here]\n"
        "print('\\n'.join(walk(get_resolver().url_patterns)))"
    )
    patterns = host.manage("shell", "-v", "0", "-c", code).splitlines()
    plain = {
        re.sub(r"<(?:\w+:)?(?:key|sku|product_key)>", key, pattern).removeprefix("^") for pattern in patterns
    }
    return sorted(f"/{one}" for one in plain if not set("<(^$*?") & set(one) and "logout" not in one)


def crawl(client: httpx.Client, addresses: list[str]) -> dict[str, int]:
    """Visit addresses and all links on their pages, two steps far; return the statuses.

    Of pages that are alike but for keys, numbers and the values of parameters, two are visited.
    """
    statuses: dict[str, int] = {}
    alike: dict[str, int] = {}
    base = str(client.base_url)
    waiting = [(address, 0) for address in addresses]
    while waiting:
        address, steps = waiting.pop(0)
        kind = re.sub(r"[0-9a-f-]{36}|\d+|(?<==)[^&]*", "*", address)
        alike[kind] = alike.get(kind, 0) + 1
        if address in statuses or alike[kind] > 2:
            continue
        answer = client.get(address)
        statuses[address] = answer.status_code
        if steps < 2 and "text/html" in answer.headers.get("content-type", ""):
            linked = (html.unescape(link) for link in re.findall(r'href="([^"#]+)"', answer.text))
            links = (urljoin(str(answer.url), link) for link in linked)
            waiting += [
                (f"/{link.removeprefix(base).lstrip('/')}", steps + 1)
                for link in links
                if link.startswith(base) and "logout" not in link and "/static/" not in link
            ]
    return statuses


def failed_lines(host: Host) -> str:
    """The end of the web server's log."""
    return "\n".join((host.folder / "web.log").read_text().splitlines()[-120:])
