"""Bandit, which `make lint` runs, finds what it should; an audit that could not be made is no success."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from scripts.audit import judge

ROOT = Path(__file__).resolve().parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
BANDIT = (sys.executable, "-m", "bandit", "-q", "-r", "-c", "pyproject.toml")
CLEAN = {"name": "django", "version": "5.2.19", "vulns": []}
FAULTY = {"name": "old", "version": "1", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2"]}]}
SILENT = {"name": "ours", "skip_reason": "not found"}


def bandit(*folders: str) -> subprocess.CompletedProcess[str]:
    """Run bandit as `make lint` does."""
    return subprocess.run([*BANDIT, *folders], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "line", ["import pickle; pickle.loads(b'')", "eval(input())", "import os; os.system(input())"]
)
def test_bandit_would_find_what_is_wrong(tmp_path, line):
    (tmp_path / "bad.py").write_text(line + "\n")
    assert bandit(str(tmp_path)).returncode == 1


def test_what_bandit_leaves_out_ruff_looks_for():
    ruff = PYPROJECT["tool"]["ruff"]["lint"]
    skipped = {code.replace("B", "S") for code in PYPROJECT["tool"]["bandit"]["skips"]}
    assert "S" in ruff["select"]
    # Asserts, random draws, and processes that get lists of arguments are allowed, as pyproject.toml says.
    assert skipped & set(ruff["ignore"]) == {"S101", "S311", "S603", "S607"}


@pytest.mark.parametrize(
    ("dependencies", "status", "said"),
    [
        ([CLEAN], 0, "1 packages asked about, 0 with known faults."),
        ([CLEAN, FAULTY], 1, "old 1: PYSEC-1, mended in 2"),
        ([CLEAN, SILENT], 2, "The advisory service said nothing of 1 packages: ours, ..."),
        ([SILENT], 2, "NOT AUDITED: the advisory service on the network cannot be reached from here."),
        ([], 2, "NOT AUDITED: the advisory service on the network cannot be reached from here."),
    ],
)
def test_an_audit_says_what_it_could_not_ask(dependencies, status, said):
    got, lines = judge(dependencies)
    assert got == status
    assert said in lines
