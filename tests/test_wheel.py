"""The two wheels, alone: all files, and every module imported where nothing but what it declares can be imported."""

import ast
import email
import json
import os
import re
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

from search.conf import MODEL_PACKAGE, SHIPPED
from search.encoders.artifact import read_manifest
from tests.wheels import ROOT, Wheels, build

PACKAGE = ROOT / "search"
LISTS = (
    "requirements.txt",
    "training/requirements.txt",
    "requirements-dev.txt",
    "requirements-load.txt",
    "requirements-peers.txt",
    "requirements-docs.txt",
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
                    "django.contrib.messages", "django.contrib.staticfiles", "django.contrib.postgres",
                    *([] if "rest_framework" in refused else ["rest_framework"]), "fashion_search.apps.SearchConfig"],
    DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "none"}},
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
)
django.setup()

import fashion_search

missing = ""
if "rest_framework" in refused:
    try:
        import fashion_search.api.urls
    except ModuleNotFoundError as error:
        missing = str(error)

OTHERS = ("fashion_search.contrib.oscar", "fashion_search.contrib.wagtail")  # what others' shops need is tried in such a shop (tests/hosts)
def fail_elsewhere(name):
    if not name.startswith(OTHERS):
        raise

found = pkgutil.walk_packages(fashion_search.__path__, "fashion_search.", onerror=None if missing else fail_elsewhere)
names = ["fashion_search", *(one.name for one in found if not (missing and one.name == "fashion_search.api"))]
pages = ("fashion_search.urls", "fashion_search.views")  # which need the API
names = [name for name in names if not name.startswith(OTHERS) and not (missing and name.startswith(pages))]
for name in names:
    importlib.import_module(name)

from django.template.loader import get_template
from pathlib import Path

folder = Path(fashion_search.__file__).parent
assert folder.is_relative_to(wheel), folder
for template in (folder / "templates").rglob("*.html"):
    get_template(str(template.relative_to(folder / "templates")))

from fashion_search.encoders.artifact import read_manifest
from fashion_search.conf import SearchSettings

print(len(names), read_manifest(SearchSettings().artifact).name, missing)
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Wheels:
    """The two wheels."""
    return build(tmp_path_factory.mktemp("wheels"))


@pytest.fixture(scope="module")
def wheel(built) -> Path:
    """The plugin's wheel, unpacked."""
    return unpacked(built.plugin)


@pytest.fixture(scope="module")
def model(built) -> Path:
    """The wheel of the artifacts that ship, unpacked."""
    return unpacked(built.model)


def unpacked(wheel: Path) -> Path:
    """Unpack a wheel into a folder beside it."""
    folder = wheel.with_suffix("")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def files_of(folder: Path) -> set[str]:
    """The files of a package, by their paths in it."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {str(path) for path in found if "__pycache__" not in path.parts}


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


def test_every_file_of_the_packages_is_in_the_wheels(wheel, model):
    own = {name for name in files_of(PACKAGE) if not name.startswith("artifacts/")}
    assert files_of(wheel / "fashion_search") == own
    assert "py.typed" in own
    build = {"pyproject.toml", "README.md", "LICENSE", "NOTICE"}
    assert files_of(model / "fashion_search_model") == files_of(PACKAGE / "artifacts") - build
    for folder, package in ((wheel, "fashion_search"), (model, "fashion_search_model")):
        assert [path.name for path in folder.iterdir() if path.suffix != ".dist-info"] == [package]
        assert {path.name for path in folder.glob("*.dist-info/licenses/*")} == {"LICENSE", "NOTICE"}


def test_an_editable_install_is_the_folder_itself(tmp_path):
    making = "import sys; from hatchling.build import build_editable; build_editable(sys.argv[1])"
    subprocess.run([sys.executable, "-c", making, str(tmp_path)], cwd=ROOT, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (named,) = [name for name in archive.namelist() if name.endswith(".pth")]
        folder = archive.read(named).decode().strip()
    code = "import fashion_search.conf as one, fashion_search.preprocessing as old; print(one.__file__, old.__name__)"
    python = [sys.executable, "-P", "-W", "ignore", "-c", code]
    done = subprocess.run(
        python,
        env={**os.environ, "PYTHONPATH": folder},
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == [str(PACKAGE / "conf.py"), "fashion_search.encoders.pictures"]


def test_the_plugin_is_small_and_its_models_are_where_it_looks_for_them(built, model):
    assert built.plugin.stat().st_size < 2_000_000
    assert {path.name for path in (model / MODEL_PACKAGE).iterdir() if path.is_dir()} == set(SHIPPED)
    for name in ("LICENSE", "NOTICE"):
        assert (PACKAGE / "artifacts" / name).read_text() == (ROOT / name).read_text()


@pytest.mark.parametrize("extra", ["", "api"])
def test_every_module_can_be_imported_with_what_the_wheel_declares(wheel, model, extra):
    allowed = modules_of(brought_along(required(wheel, extra)))
    refused = sorted(owners_of().keys() - allowed)
    assert {"openTSNE", "gunicorn", "psutil"} <= set(refused)
    packages = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    # What `pip install "psycopg[binary]"` brings: without it, Psycopg asks the machine for libpq.
    refused = [name for name in refused if name != "psycopg_binary"]
    command = [sys.executable, "-I", "-S", "-W", "error::ImportWarning", "-c", IMPORT_ALL]
    done = subprocess.run(
        [*command, str(wheel), json.dumps([str(model), *packages]), json.dumps(refused)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    shipped = read_manifest(PACKAGE / "artifacts" / "light").name
    modules = {
        path
        for path in (wheel / "fashion_search").rglob("*.py")
        if (
            extra
            or not (
                path.parent.name == "api"
                or path.match("fashion_search/views/*.py")
                or path.match("fashion_search/urls.py")
            )
        )
        and not re.search("contrib/(?:oscar|wagtail)", path.as_posix())
    }
    remedy = "" if extra else 'The API needs the package drf_spectacular: pip install "fashion-search[api]".'
    assert done.stdout == f"{len(modules)} {shipped} {remedy}\n"


def test_where_psycopg_finds_no_libpq_the_remedy_is_told(wheel):
    # Psycopg itself looks for the implementation that it is told to use, and this one is not installed.
    environment = {**os.environ, "PYTHONPATH": str(wheel), "PSYCOPG_IMPL": "c"}
    command = [sys.executable, "-c", "import fashion_search.apps"]
    done = subprocess.run(command, env=environment, cwd=wheel, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "django.core.exceptions.ImproperlyConfigured: Psycopg 3 finds no libpq on this machine: install that (Debian calls it libpq5),"
        ' or run: pip install "fashion-search[binary]".'
    )


def test_every_import_is_declared_and_every_requirement_is_used(wheel):
    direct = {canonicalize_name(one.name) for one in required(wheel)}
    extras = {
        canonicalize_name(one.name)
        for extra in ("api", "map", "photo-formats")
        for one in required(wheel, extra)
    }
    with_extras = direct | extras
    known, optional = modules_of(direct) | {"fashion_search"}, modules_of(with_extras)
    undeclared = {(name, str(file)) for name, file in imports(wheel / "fashion_search") if name not in known}
    api = {one for one in undeclared if one[1].startswith(("fashion_search/api/", "fashion_search/views/"))}
    assert {name for name, _ in api} == {"rest_framework", "drf_spectacular"}
    theirs = {one for one in undeclared if one[1].startswith("fashion_search/contrib/")}
    assert {(name, file.split("/")[2]) for name, file in theirs} == {
        ("oscar", "oscar"),
        ("wagtail", "wagtail"),
    }
    assert "django-oscar" in {one.name for one in required(wheel, "oscar")}
    assert "wagtail" in {one.name for one in required(wheel, "wagtail")}
    assert undeclared - api - theirs == {
        ("openTSNE", "fashion_search/quality/projection.py"),
        ("pillow_heif", "fashion_search/encoders/pictures.py"),
    }
    assert {"openTSNE", "pillow_heif"} <= set(optional)

    used = {name for name, _ in imports(wheel / "fashion_search")}
    text = "".join(file.read_text() for file in (wheel / "fashion_search").rglob("*.py"))
    unused = [name for name in with_extras if not modules_of({name}) & used and f'"{name}"' not in text]
    assert unused == []


@pytest.mark.parametrize(
    ("folders", "files", "optional"),
    [
        # Oscar and Wagtail are what their shops have, and what tests/hosts installs into one.
        (("search", "shop", "manage.py"), ("requirements.txt",), ("oscar", "wagtail")),
        # Keras's other backend, which KERAS_BACKEND asks for, and BERT, whose absence is told with a remedy.
        (("training",), ("requirements.txt", "training/requirements.txt"), ("jax", "keras_hub")),
        (
            ("lab", "tests", "scripts", "deploy"),
            LISTS,
            ("keras_hub", "oscar", "wagtail", "modelcluster", "taggit"),
        ),
    ],
)
def test_every_import_of_the_project_is_pinned(folders, files, optional):
    text = "\n".join((ROOT / file).read_text() for file in files)
    pinned = {canonicalize_name(name) for name in re.findall(r"^([\w.-]+)==", text, re.MULTILINE)}
    # What lies beside the file is imported by the hosts of tests, whose folders are on the path there.
    homes = (ROOT, ROOT / "tests" / "wheel_host", ROOT / "tests" / "hosts" / "awkward")
    hosts = [path for folder in homes for path in folder.iterdir()]
    own = {path.stem for path in hosts if path.is_dir() or path.suffix == ".py"} | {"fashion_search"}
    known = modules_of(pinned) | {name.replace("-", "_") for name in pinned} | own | set(optional)
    unpinned = {(name, str(file)) for folder in folders for name, file in imports(ROOT / folder)}
    assert {found for found in unpinned if found[0] not in known} == set()
