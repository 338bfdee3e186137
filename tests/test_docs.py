"""The papers name everything that there is to name."""

import dataclasses
import re
from pathlib import Path

from celery.utils.imports import symbol_by_name
from django.urls import URLPattern

from search.api.urls import urlpatterns
from search.beat import SteadyScheduler
from search.conf import SearchSettings, Weights
from search.schedule import PERIODIC, beat_schedule
from tests.search.alarms import test_dashboard, test_probes, test_system_checks, test_verify

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = (ROOT / "docs" / "settings.md").read_text()
RELEVANCE = (ROOT / "docs" / "relevance.md").read_text()
ROWS = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", SETTINGS, re.MULTILINE))


def test_every_key_of_the_plugin_is_documented_with_its_default():
    for field in dataclasses.fields(SearchSettings):
        documented = ROWS[field.name.upper()]
        if isinstance(field.default, Path) or field.name == "weights":
            continue
        default = f'`"{field.default}"`' if isinstance(field.default, str) else str(field.default)
        assert (field.name, documented) == (field.name, default)


def test_every_weight_is_documented_with_its_default():
    documented = re.findall(r"^\| `(\w+)` \| ([\d.]+) \|", RELEVANCE, re.MULTILINE)
    assert documented == [(field.name, str(field.default)) for field in dataclasses.fields(Weights)]


def test_every_environment_variable_is_documented():
    source = (ROOT / "shop" / "settings.py").read_text() + (
        ROOT / "shop" / "local" / "__main__.py"
    ).read_text()
    source += (ROOT / "tests" / "conftest.py").read_text()
    read = set(re.findall(r'(?:_required|_flag|_words|environ\.get)\(\s*"(\w+)"', source))
    assert read >= {"SECRET_KEY", "HTTPS", "ALLOWED_HOSTS", "MEDIA_ROOT", "PORT", "FASHION_DATA"}
    assert sorted(read - ROWS.keys()) == []


def test_nothing_is_documented_that_does_not_exist():
    keys = {field.name.upper() for field in dataclasses.fields(SearchSettings)}
    everything = "".join(
        (ROOT / name).read_text()
        for name in (
            "shop/settings.py",
            "search/monitoring/views.py",
            "shop/local/__main__.py",
            "scripts/venv.sh",
            "Makefile",
            "lab/bench/__main__.py",
        )
    )
    assert [name for name in ROWS if name not in keys and name not in everything] == []


def test_every_periodic_task_is_documented_with_its_period_and_what_is_lost_without_it():
    rows = re.findall(r"^\| `(search\.tasks\.\w+)`.*? \| `(\w+)` \| (.*?) \|$", SETTINGS, re.MULTILINE)
    assert rows == [(task.path, task.setting, task.loss) for task in PERIODIC]


def test_the_schedule_of_the_readme_is_whole():
    text = (ROOT / "README.md").read_text()
    block = re.search(
        r"^ {7}from search\.schedule import.*?\n\n {7}(FASHION_SEARCH.*?)\n\n", text, re.DOTALL | re.MULTILINE
    )
    given: dict = {"beat_schedule": beat_schedule}
    exec(block[1].replace("\n       ", "\n"), given)
    asked = {entry["task"]: entry["schedule"] for entry in given["CELERY_BEAT_SCHEDULE"].values()}
    assert asked == {task.path: task.seconds({}) for task in PERIODIC if task.by_beat}
    scheduler = symbol_by_name(given["CELERY_BEAT_SCHEDULER"])
    assert issubclass(scheduler, SteadyScheduler)


def test_every_address_of_the_api_stands_in_its_paper():
    text = (ROOT / "docs" / "api.md").read_text()
    routes = [
        str(pattern.pattern) for pattern in urlpatterns if isinstance(pattern, URLPattern) and pattern.name
    ]
    assert [route for route in routes if re.sub(r"<\w+:(\w+)>", r"{\1}", route) not in text] == []


def test_links_between_the_papers_lead_somewhere():
    for paper in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", paper.read_text()):
            assert target.endswith(".png") or (paper.parent / target).exists(), f"{paper.name} links {target}"


def test_every_line_that_can_say_ok_is_documented_with_the_fault_that_is_done_to_it():
    text = (ROOT / "docs" / "silent-faults.md").read_text().partition('## Every line that can say "ok"')[2]
    rows = dict(re.findall(r"^\| (.*?) \| (.*) \|$", text, re.MULTILINE))
    verified = re.findall(r'(?:^|· )"(.*?)":', rows["`search_index verify`"])
    assert sorted(verified) == sorted(test_verify.FAULTS)
    assert sorted(re.findall(r'(?:^|· )"(.*?)":', rows["dashboard"])) == sorted(test_dashboard.FAULTS)
    assert sorted(re.findall(r"(?:^|· )`(\w+)`:", rows["`/health/ready`"])) == sorted(test_probes.FAULTS)
    ids = re.findall(r"(?:^|· )([EW]\d+):", rows["`manage.py check --database default`"])
    assert sorted(f"fashion_search.{one}" for one in ids) == sorted(test_system_checks.FAULTS)
