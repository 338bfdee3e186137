"""The pages of docs/ name everything that there is to name, and nothing else."""

import ast
import dataclasses
import importlib
import importlib.util
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from celery import current_app
from celery.utils.imports import symbol_by_name
from django.core.management import get_commands
from django.urls import URLPattern

from search.api.urls import urlpatterns
from search.beat import SteadyScheduler
from search.conf import SearchSettings, Weights
from search.engine import Filters, SearchAnswer
from search.moved import MOVED
from search.schedule import PERIODIC, beat_schedule
from search.templatetags import fashion_search
from tests.search.alarms import test_dashboard, test_probes, test_system_checks, test_verify

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = (ROOT / "docs" / "settings.md").read_text()
RELEVANCE = (ROOT / "docs" / "relevance.md").read_text()
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text()
PLUGIN = (ROOT / "docs" / "plugin.md").read_text()
ROWS = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", SETTINGS, re.MULTILINE))

PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted(path for path in (ROOT / "docs").glob("*.md")),
]
FOLDERS = tuple(
    f"{path.name}/" for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith((".", "__"))
)
FILES = (".py", ".md", ".toml")
MODULE = r"""(?:`|"|from |import |-m )((?:fashion_search|search|shop|training|sample_catalogue|lab)(?:\.\w+)+)\b(?!:)"""
ELSEWHERE = {"search/photo/", "deploy/.env"}  # an address of the API; a file that a deployment writes
INSTALLED = "fashion_search"  # what pages call the package, which is the folder search/ here
OLD_NAMES = {f"{INSTALLED}.{name}" for name in MOVED}


def here(name: str) -> str:
    """What a name of the installed package is in this repository."""
    return name.removeprefix("fashion_") if name.partition(".")[0] == INSTALLED else name


def anchors_of(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL), re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def is_there(named: str) -> bool:
    """Whether a path is one of the repository's, or a pattern that some of them match; `{a,b}` stands for both."""
    alternatives = re.search(r"{([^}]*)}", named)
    if alternatives:
        return all(is_there(named.replace(alternatives[0], one)) for one in alternatives[1].split(","))
    return any(ROOT.glob(named.rstrip("/")))


def can_be_found(name: str) -> bool:
    """Whether a dotted name is a module, or an attribute of one, found without importing the last part."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        path = ROOT.joinpath(*parts[:length])
        if path.is_dir() or path.with_suffix(".py").exists():
            rest = parts[length:]
            source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
            return not rest or (
                source.exists() and re.search(rf"\b{rest[0]}\b", source.read_text()) is not None
            )
    return False


def section(heading: str) -> str:
    """A part of docs/plugin.md."""
    return PLUGIN.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def first_cells(heading: str) -> set[str]:
    """What the first column of a part's table names."""
    return set(re.findall(r"^\| `([^`]+)` \|", section(heading), re.M))


def public_names() -> dict[str, set[str]]:
    """The modules that docs/plugin.md lets a host import, as they are called here, and the names in each."""
    found: dict[str, set[str]] = {}
    module = ""
    for first, names in re.findall(r"^\| (?:`([\w.]+)`)? ?\|([^|]*)\|", section("Imports"), re.M):
        module = first or module
        if module:
            found.setdefault(here(module), set()).update(re.findall(r"`(\w+)`", names))
    return found


def imports_of(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Yield module, name and file of everything that is imported from the plugin."""
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.ImportFrom)
                and node.level == 0
                and (node.module or "").startswith("search")
            ):
                for alias in node.names:
                    yield node.module or "", alias.name, str(path.relative_to(ROOT))
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    if alias.name.partition(".")[0] == "search":
                        yield alias.name, "", str(path.relative_to(ROOT))


def test_every_key_of_the_plugin_is_documented_with_its_default():
    for field in dataclasses.fields(SearchSettings):
        documented = ROWS[field.name.upper()]
        if isinstance(field.default, Path) or field.name == "weights":
            continue
        default = f'`"{field.default}"`' if isinstance(field.default, str) else str(field.default)
        if field.name == "rates":
            default = "`{}`"
        assert (field.name, documented) == (field.name, default)


def test_every_field_of_filters_and_answers_is_documented_and_every_exception():
    page = (ROOT / "docs" / "answers.md").read_text()
    cells = set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\|([^|]*)\|", page, re.M))))
    properties = {name for name, value in vars(SearchAnswer).items() if isinstance(value, property)}
    fields = {field.name for of in (SearchAnswer, Filters) for field in dataclasses.fields(of)}
    assert (fields | properties) - cells == set()
    assert public_names()["search.exceptions"] - {"SearchError"} - cells == set()
    sources = [ROOT / "search" / "engine" / name for name in ("request.py", "photos.py")]
    codes = set(re.findall(r'InvalidQuery\(\s*"(\w+)"', "".join(one.read_text() for one in sources)))
    assert codes > {"invalid_sort", "expired_photo"}
    assert {code for code in codes if f"`{code}`" not in page} == set()


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
    rows = re.findall(r"^\| `([\w.]+\.tasks\.\w+)`.*? \| `(\w+)` \| (.*?) \|$", SETTINGS, re.MULTILINE)
    assert rows == [(f"{INSTALLED}.tasks.{task.name}", task.setting, task.loss) for task in PERIODIC]
    assert [here(path) for path, _, _ in rows] == [task.path for task in PERIODIC]


def test_the_schedule_of_a_new_shop_is_whole():
    text = (ROOT / "docs" / "install.md").read_text()
    block = re.search(r"^FASHION_SEARCH = .*?(?=^```)", text, re.DOTALL | re.MULTILINE)
    given: dict = {"beat_schedule": beat_schedule, "REDIS_URL": "redis://localhost"}
    exec(block[0], given)
    asked = {entry["task"]: entry["schedule"] for entry in given["CELERY_BEAT_SCHEDULE"].values()}
    assert asked == {task.path: task.seconds({}) for task in PERIODIC if task.by_beat}
    scheduler = symbol_by_name(here(given["CELERY_BEAT_SCHEDULER"]))
    assert issubclass(scheduler, SteadyScheduler)


def test_every_address_of_the_api_is_documented():
    text = (ROOT / "docs" / "api.md").read_text()
    routes = [
        str(pattern.pattern) for pattern in urlpatterns if isinstance(pattern, URLPattern) and pattern.name
    ]
    assert [route for route in routes if re.sub(r"<\w+:(\w+)>", r"{\1}", route) not in text] == []


def test_links_between_the_pages_lead_somewhere():
    for page in PAGES:
        for target, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#([^)]*))?\)", page.read_text()):
            path = (page.parent / target).resolve() if target else page
            assert path.exists(), f"{page.name} links {target}"
            if anchor:
                assert anchor in anchors_of(path), f"{page.name} links {target}#{anchor}"


def test_every_page_is_in_the_index():
    linked = re.findall(r"\]\(([\w-]+\.md)\)", (ROOT / "docs" / "README.md").read_text())
    assert sorted(set(linked)) == sorted(
        page.name for page in (ROOT / "docs").glob("*.md") if page.name != "README.md"
    )


def test_every_path_on_a_page_exists():
    missing = [
        f"{page.name}: {named}"
        for page in PAGES
        for named in re.findall(r"`([\w.{},*-]+(?:/[\w.{},*-]+)*/?)`", page.read_text())
        if named.startswith(FOLDERS) and named not in ELSEWHERE and not is_there(named)
    ]
    assert missing == []


def test_every_module_on_a_page_can_be_imported():
    missing = [
        f"{page.name}: {named}"
        for page in PAGES
        for named in re.findall(MODULE, page.read_text())
        if named not in OLD_NAMES and not named.endswith(FILES) and not can_be_found(here(named))
    ]
    assert missing == []


def test_pages_call_the_package_as_a_wheel_installs_it():
    assert [
        f"{page.name}: {named}"
        for page in PAGES
        for named in re.findall(MODULE, page.read_text())
        if named.startswith("search.") and not named.endswith(FILES)
    ] == []


def test_the_map_names_every_file_of_every_room():
    rows = dict(re.findall(r"^\| `(search/\w*/?)` \| .*? \| (.*) \|$", ARCHITECTURE, re.M))
    unlisted = {ROOT / "search" / "migrations", ROOT / "search" / "artifacts"}
    for folder in {path.parent for path in (ROOT / "search").glob("*/*.py")} - unlisted:
        files = {path.stem for path in folder.rglob("*.py") if path.stem != "__init__"}
        assert set(re.findall(r"`(\w+)`", rows[f"search/{folder.name}/"])) == files, folder.name
    files = {path.stem for path in (ROOT / "search").glob("*.py") if path.stem != "__init__"}
    assert set(re.findall(r"`(\w+)`", rows["search/"])) == files


def test_the_functions_on_the_ways_are_there():
    steps = re.findall(r"^\| \d+ \| `([\w/.]+)` \| (.*?) \|", ARCHITECTURE, re.M)
    named = [(file, name) for file, names in steps for name in re.findall(r"`(\w+)`", names)]
    assert len(named) > len(steps) > 30
    assert [
        one for one in named if not re.search(rf"(def|class) {one[1]}\b", (ROOT / one[0]).read_text())
    ] == []


def test_the_map_is_short():
    assert len(ARCHITECTURE.splitlines()) <= 250


# What docs/plugin.md names, and what the shop uses.


def test_every_public_name_can_be_imported():
    for module, names in public_names().items():
        found = importlib.import_module(module)
        assert [name for name in names if not hasattr(found, name)] == [], module
    for module in ("search.engine", "search.tags"):
        assert public_names()[module] == set(importlib.import_module(module).__all__)


def test_the_shop_imports_public_names_only():
    public = public_names()
    for module, name, where in sorted(imports_of(ROOT / "shop")):
        assert name in public.get(module, ()) or f"{module}.{name}" in public, (
            f"{where} imports {name} from {module}"
        )
    texts = "".join(path.read_text() for path in (ROOT / "shop").rglob("*.py"))
    for quoted in set(re.findall(r"""["'](search(?:\.\w+)+)["']""", texts)):
        module, _, name = quoted.rpartition(".")
        assert quoted in public or name in public.get(module, ()), quoted


def test_the_import_contract_lists_the_public_modules():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    contract = next(one for one in contracts if one["name"].startswith("The shop uses the plugin's public"))
    assert contract["ignore_imports"] == [f"shop.** -> {module}" for module in sorted(public_names())]


def test_every_command_tag_and_task_is_public():
    current_app.loader.import_default_modules()  # as a worker does
    assert first_cells("Commands") == {name for name, app in get_commands().items() if app == "search"}
    tags = {re.match(r"{% (\w+)", cell)[1] for cell in first_cells("Template tags")}
    assert tags == set(fashion_search.register.tags)
    tasks = set(re.findall(r"`([\w.]+\.tasks\.\w+)`", section("Celery")))
    assert {here(task) for task in tasks} == {
        name for name in current_app.tasks if name.startswith("search.")
    }


def test_every_old_name_is_documented():
    rows = re.findall(
        r"^\| `fashion_search\.([\w.]+)` \| `fashion_search\.([\w.]+)` \|$",
        section("Names that have moved"),
        re.M,
    )
    assert dict(rows) == MOVED


def test_every_line_that_can_say_ok_is_documented_with_the_fault_that_is_done_to_it():
    text = (ROOT / "docs" / "silent-faults.md").read_text().partition('## Every line that can say "ok"')[2]
    rows = dict(re.findall(r"^\| (.*?) \| (.*) \|$", text, re.MULTILINE))
    verified = re.findall(r'(?:^|· )"(.*?)":', rows["`search_index verify`"])
    assert sorted(verified) == sorted(test_verify.FAULTS)
    assert sorted(re.findall(r'(?:^|· )"(.*?)":', rows["dashboard"])) == sorted(test_dashboard.FAULTS)
    assert sorted(re.findall(r"(?:^|· )`(\w+)`:", rows["`/health/ready`"])) == sorted(test_probes.FAULTS)
    ids = re.findall(r"(?:^|· )([EW]\d+):", rows["`manage.py check --database default`"])
    assert sorted(f"fashion_search.{one}" for one in ids) == sorted(test_system_checks.FAULTS)
