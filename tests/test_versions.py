"""The versions that the plugin supports: the same in the wheels' metadata, in what tries them, and on the page that lists them."""

import ast
import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
MODEL = tomllib.loads((ROOT / "search" / "artifacts" / "pyproject.toml").read_text())
WORKFLOWS = {
    path.stem: yaml.safe_load(path.read_text()) for path in (ROOT / ".github" / "workflows").iterdir()
}
NOX = {
    target.id: ast.literal_eval(statement.value)
    for statement in ast.parse((ROOT / "noxfile.py").read_text()).body
    if isinstance(statement, ast.Assign)
    for target in statement.targets
    if isinstance(target, ast.Name) and target.id.isupper() and target.id != "ROOT"
}
MATRIX = {(python, django) for django, (_, pythons) in NOX["DJANGO"].items() for python in pythons}
SUPPORTED = (
    (ROOT / "docs" / "plugin.md").read_text().partition("### Supported versions\n")[2].partition("\n## ")[0]
)
ROWS = {
    name: (versions, tried)
    for name, versions, tried in re.findall(r"^\| ([^|]+?) \| ([^|]+?) \| ([^|]+?) \|$", SUPPORTED, re.M)
}


def classified(prefix: str) -> list[str]:
    """The versions that the wheel's classifiers name."""
    return [
        one.removeprefix(prefix)
        for one in PROJECT["classifiers"]
        if re.fullmatch(rf"{re.escape(prefix)}\d+\.\d+", one)
    ]


def required(name: str) -> SpecifierSet:
    """Which versions of a package the wheel takes, by itself or with an extra."""
    lines = [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
    return next(one.specifier for some in lines for one in map(Requirement, some) if one.name == name)


def test_the_matrix_is_what_the_wheel_says_and_what_the_forge_runs():
    assert tuple(classified("Programming Language :: Python :: ")) == NOX["PYTHONS"]
    assert classified("Framework :: Django :: ") == list(NOX["DJANGO"])
    jobs = WORKFLOWS["tests"]["jobs"]["tests"]["strategy"]["matrix"]["include"]
    assert {(one["python"], one["django"]) for one in jobs} == MATRIX
    assert len(jobs) == len(MATRIX)
    assert tuple(WORKFLOWS["wheel"]["jobs"]["wheel"]["strategy"]["matrix"]["python"]) == NOX["PYTHONS"]
    assert PROJECT["requires-python"] == MODEL["project"]["requires-python"]


@pytest.mark.parametrize("version", [*NOX["PYTHONS"], "3.10", "3.14"])
def test_the_wheels_take_the_pythons_that_are_tried_and_no_others(version):
    assert (version in SpecifierSet(PROJECT["requires-python"])) == (version in NOX["PYTHONS"])


def test_the_wheel_takes_the_djangos_that_are_tried_and_no_newer_ones():
    for series, (release, _) in NOX["DJANGO"].items():
        assert release in required("django")
        assert release.startswith(f"{series}.")
    assert "6.2" not in required("django")
    assert "5.1.15" not in required("django")


def test_both_ends_of_pgvector_are_tried():
    oldest, newest = NOX["PGVECTOR"]
    assert str(required("pgvector")) == f">={oldest}"
    assert f"pgvector=={newest}\n" in (ROOT / "requirements.txt").read_text()


def test_the_page_lists_what_is_tried():
    assert ROWS["Python"][0] == ", ".join(NOX["PYTHONS"])
    assert ROWS["Django"][0] == ", ".join(NOX["DJANGO"])
    assert all(version in ROWS["pgvector for Python"][1] for version in NOX["PGVECTOR"][:1])


def test_both_wheels_are_built_by_the_pinned_backend():
    own = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    assert own == MODEL["build-system"]["requires"]
    assert f"{own[0]}\n" in (ROOT / "requirements-dev.txt").read_text()
    model = required("fashion-search-model")
    assert MODEL["project"]["version"] in model


def test_workflows_may_read_only_and_keep_no_credentials():
    for name, workflow in WORKFLOWS.items():
        assert workflow["permissions"] == {"contents": "read"}, name
        for job in workflow["jobs"].values():
            assert job["timeout-minutes"] <= 120
            checkouts = [
                step for step in job["steps"] if step.get("uses", "").startswith("actions/checkout@")
            ]
            assert [step["with"]["persist-credentials"] for step in checkouts] == [False]
