"""The plugin's wheel, alone: all files, and every module imported where nothing but what it declares can be imported."""

import ast
import email
import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from search.encoders.artifact import read_manifest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "search"
LISTS = (
    "requirements.txt",
    "training/requirements.txt",
    "requirements-dev.txt",
    "requirements-load.txt",
    "requirements-peers.txt",
)
# Run by a Python without site-packages; imports what lies in the wheel, and of site-packages what is not refused.
IMPORT_ALL = """
import importlib, json, pkgutil, sys
from importlib.abc import MetaPathFinder

wheel, packages, refused = sys.argv[1], json.loads(sys.argv[2]), set(json.loads(sys.argv[3]))

class OnlyDeclared(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in refused:
            raise ModuleNotFoundError(f"{name} is not declared by the wheel", name=name)

sys.meta_path.insert(0, OnlyDeclared())
sys.path[:0] = [wheel, *packages]

import django
from django.conf import settings

# What `startproject` makes, and the lines of the README.
settings.configure(
    SECRET_KEY="x",
    INSTALLED_APPS=["django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions",
                    "django.contrib.messages", "django.contrib.staticfiles", "django.contrib.postgres", "rest_framework",
                    "search.apps.SearchConfig"],
    DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "none"}},
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
)
django.setup()

import search

def fail(name):
    raise

names = ["search", *(found.name for found in pkgutil.walk_packages(search.__path__, "search.", onerror=fail))]
for name in names:
    importlib.import_module(name)

from django.template.loader import get_template
from pathlib import Path

folder = Path(search.__file__).parent
assert folder.is_relative_to(wheel), folder
for template in (folder / "templates").rglob("*.html"):
    get_template(str(template.relative_to(folder / "templates")))

from search.encoders.artifact import read_manifest
from search.conf import SearchSettings

print(len(names), read_manifest(SearchSettings().artifact).name)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel, built from a copy of the sources without asking any index, and unpacked."""
    folder = tmp_path_factory.mktemp("wheel")
    source, out = folder / "source", folder / "out"
    shutil.copytree(PACKAGE, source / "search", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    options = ["--no-build-isolation", "--no-deps", "--no-index", "--quiet", "--wheel-dir", str(out)]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, str(source)], check=True)
    (built,) = out.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        archive.extractall(folder / "alone")
    return folder / "alone"


def required(wheel: Path, extra: str = "") -> list[Requirement]:
    """What the wheel asks for, by itself or with an extra."""
    (file,) = wheel.glob("*.dist-info/METADATA")
    lines = email.message_from_string(file.read_text()).get_all("Requires-Dist") or []
    found = [Requirement(line) for line in lines]
    return [one for one in found if one.marker is None or one.marker.evaluate({"extra": extra})]


def brought_along(requirements: list[Requirement]) -> set[str]:
    """Names of the distributions that requirements bring along, themselves among them, as they are installed here."""
    found: set[tuple[str, str]] = set()
    waiting = [(canonicalize_name(one.name), extra) for one in requirements for extra in ("", *one.extras)]
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in found:
            continue
        try:
            needs = distribution(name).requires or []
        except PackageNotFoundError:  # for another system: it cannot be imported here anyway
            continue
        found.add((name, extra))
        for one in map(Requirement, needs):
            if one.marker is None or one.marker.evaluate({"extra": extra}):
                waiting += [(canonicalize_name(one.name), more) for more in ("", *one.extras)]
    return {name for name, _ in found}


owners_of = cache(packages_distributions)


def modules_of(distributions: set[str]) -> set[str]:
    """Names that these distributions give to import."""
    owners = packages_distributions()
    return {
        name
        for name, given in owners.items()
        if distributions & {canonicalize_name(owner) for owner in given}
    }


def imports(folder: Path) -> Iterator[tuple[str, Path]]:
    """The foreign top-level names that the modules of a folder import anywhere, inside functions, too."""
    for file in folder.rglob("*.py") if folder.is_dir() else [folder]:
        for node in ast.walk(ast.parse(file.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            for name in names:
                if name.partition(".")[0] not in sys.stdlib_module_names:
                    yield name.partition(".")[0], file.relative_to(folder.parent)


def test_every_file_of_the_package_is_in_it(wheel):
    def files(folder: Path) -> set[str]:
        found = (path for path in (folder / "search").rglob("*") if path.is_file())
        return {str(path.relative_to(folder)) for path in found if "__pycache__" not in path.parts}

    assert files(ROOT) - files(wheel) == set()
    assert files(wheel) - files(ROOT) == set()
    assert [path.name for path in wheel.iterdir() if path.suffix != ".dist-info"] == ["search"]


def test_every_module_can_be_imported_with_what_the_wheel_declares(wheel):
    allowed = modules_of(brought_along(required(wheel)))
    refused = sorted(owners_of().keys() - allowed)
    assert {"openTSNE", "gunicorn", "psutil"} <= set(refused)
    packages = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    command = [sys.executable, "-I", "-S", "-W", "error::ImportWarning", "-c", IMPORT_ALL]
    done = subprocess.run(
        [*command, str(wheel), json.dumps(packages), json.dumps(refused)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    shipped = read_manifest(PACKAGE / "artifacts" / "light").name
    assert done.stdout == f"{len(list((wheel / 'search').rglob('*.py')))} {shipped}\n"


def test_every_import_is_declared_and_every_requirement_is_used(wheel):
    direct = {canonicalize_name(one.name) for one in required(wheel)}
    extras = {canonicalize_name(one.name) for extra in ("map", "heic") for one in required(wheel, extra)}
    with_extras = direct | extras
    known, optional = modules_of(direct) | {"search"}, modules_of(with_extras)
    undeclared = {(name, str(file)) for name, file in imports(wheel / "search") if name not in known}
    assert undeclared == {
        ("openTSNE", "search/quality/projection.py"),
        ("pillow_heif", "search/encoders/pictures.py"),
    }
    assert {"openTSNE", "pillow_heif"} <= set(optional)

    used = {name for name, _ in imports(wheel / "search")}
    text = "".join(file.read_text() for file in (wheel / "search").rglob("*.py"))
    unused = [name for name in with_extras if not modules_of({name}) & used and f'"{name}"' not in text]
    assert unused == []


@pytest.mark.parametrize(
    ("folders", "files", "optional"),
    [
        (("search", "shop", "manage.py"), ("requirements.txt",), ()),
        # Keras's other backend, which KERAS_BACKEND asks for, and BERT, whose absence is told with a remedy.
        (("training",), ("requirements.txt", "training/requirements.txt"), ("jax", "keras_hub")),
        (("lab", "tests", "scripts", "deploy"), LISTS, ("keras_hub",)),
    ],
)
def test_every_import_of_the_project_is_pinned(folders, files, optional):
    text = "\n".join((ROOT / file).read_text() for file in files)
    pinned = {canonicalize_name(name) for name in re.findall(r"^([\w.-]+)==", text, re.MULTILINE)}
    own = {path.stem for path in ROOT.iterdir() if path.is_dir() or path.suffix == ".py"}
    known = modules_of(pinned) | {name.replace("-", "_") for name in pinned} | own | set(optional)
    unpinned = {(name, str(file)) for folder in folders for name, file in imports(ROOT / folder)}
    assert {found for found in unpinned if found[0] not in known} == set()
