"""The first ten faults, done to a shop of its own while people search in it; `make chaos` does all of them, for longer."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import ROOT

FIRST = 10
PRODUCTS = 180


@pytest.mark.long
@pytest.mark.processes
@pytest.mark.timeout(2400)
def test_the_first_ten_faults_lose_nothing(tiny_artifact: Path, tmp_path: Path):
    report = tmp_path / "chaos.json"
    options = ["--quick", "--first", str(FIRST), "--products", str(PRODUCTS)]
    result = subprocess.run(
        [
            sys.executable,
            "-m",
            "lab.chaos",
            *options,
            "--artifact",
            str(tiny_artifact),
            "--json",
            str(report),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 0, result.stdout[-6000:] + result.stderr[-3000:]
    outcomes = json.loads(report.read_text())
    assert len(outcomes) == FIRST
    assert [outcome["complaints"] for outcome in outcomes] == [[]] * FIRST
    assert all(outcome["answers"] > 0 for outcome in outcomes)
