"""The plugin with each Python and Django that it supports: `make matrix`, or one of them: `nox -s "tests(python='3.12', django='6.0')"`.

Each session has a virtual environment of its own, with the pins of requirements*.txt except Django's. Options after `--` go to pytest.
"""

import re
from pathlib import Path

import nox

ROOT = Path(__file__).resolve().parent
# Django -> the release that is tested, and the Pythons that it runs on.
DJANGO = {
    "5.2": ("5.2.19", ("3.11", "3.12", "3.13")),
    "6.0": ("6.0.10", ("3.12", "3.13")),
    "6.1": ("6.1.3", ("3.12", "3.13")),
}
PYTHONS = ("3.11", "3.12", "3.13")
# pgvector hands out objects of its own up to 0.4, and lists from 0.5 on; 0.4.2 is the first one for Django 6.
PGVECTOR = ("0.4.2", "0.5.1")
PYTEST = (
    "pytest",
    "pytest-django",
    "pytest-timeout",
    "time-machine",
    "hypothesis",
    "schemathesis",
    "sortedcontainers",
    "ir-measures",
    "moto[s3]",
    "flask",
    "flask-cors",
    "django-storages",
    "boto3",
    "onnx",
    "hatchling",
    "openapi-python-client",  # a client that is generated from the API, and its types
    "mypy",
)
# What touches Django and Postgres most, and ends within half an hour.
TESTS = (
    "tests/test_wheel_host.py",
    "tests/search/api",
    "tests/search/models",
    "tests/search/engine",
    "tests/search/admin",
)
VECTOR_TESTS = (
    "tests/search/models",
    "tests/search/engine",
    "tests/search/quality",
    "tests/search/tags",
    "tests/search/test_vectors.py",
)

nox.options.default_venv_backend = "venv"
nox.options.sessions = ["tests", "pgvector", "wheel"]


def pinned(file: str) -> dict[str, str]:
    """Return the lines of a list of requirements by the package that each pins."""
    lines = [line.split("#")[0].strip() for line in (ROOT / file).read_text().splitlines()]
    return {re.split(r"[\s=;]", line)[0]: line for line in lines if "==" in line}


def install(session: nox.Session, **instead: str) -> None:
    """Install what the tests of the plugin need, with other releases of some packages than the pinned ones."""
    lines = pinned("requirements.txt")
    tools = pinned("training/requirements.txt") | pinned("requirements-dev.txt")
    lines |= {name: tools[name] for name in PYTEST}
    lines |= {name: f"{name}=={version}" for name, version in instead.items()}
    file = Path(session.create_tmp()) / "requirements.txt"
    file.write_text("\n".join(lines.values()) + "\n")
    session.install("-r", str(file))
    session.run("python", "-m", "pip", "check")


def run_tests(session: nox.Session, *tests: str) -> None:
    """Run tests, or those named after `--`."""
    for name in ("DJANGO_SETTINGS_MODULE", "DATABASE_URL", "REDIS_URL", "SECRET_KEY"):
        session.env[name] = None
    session.run("python", "-m", "pytest", "-q", *(session.posargs or tests))


@nox.session
@nox.parametrize(
    "python,django",
    [(python, django) for django, (_, pythons) in DJANGO.items() for python in pythons],
)
def tests(session: nox.Session, django: str) -> None:
    """The tests of the plugin with one Python and one Django; warnings of deprecation are errors."""
    install(session, django=DJANGO[django][0])
    run_tests(session, *TESTS)


@nox.session(python="3.12")
@nox.parametrize("pgvector", PGVECTOR)
def pgvector(session: nox.Session, pgvector: str) -> None:
    """What reads and writes embeddings, with both ends of what the wheel takes of pgvector."""
    install(session, pgvector=pgvector)
    run_tests(session, *VECTOR_TESTS)


@nox.session(python=PYTHONS)
def wheel(session: nox.Session) -> None:
    """Both wheels, installed from the package index with what they ask for, by themselves and with every extra."""
    session.install(pinned("requirements-dev.txt")["hatchling"], pinned("requirements-dev.txt")["build"])
    out = Path(session.create_tmp()) / "wheels"
    for folder in (".", "search/artifacts"):
        session.run("python", "-m", "build", "--no-isolation", "--outdir", str(out), folder, silent=True)
    (plugin,) = out.glob("fashion_search-*.whl")
    (model,) = out.glob("fashion_search_model-*.whl")
    session.install(f"{plugin}[api-docs,binary,map,photo-formats]", str(model))
    session.run("python", "-m", "pip", "check")
    session.run("python", "-P", "-c", "import fashion_search, fashion_search_model, fashion_search.schedule")
