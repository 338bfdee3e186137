"""A shop of its own for a run of the lab."""

import json
import subprocess
import sys

import pytest

from tests.processes import ROOT

PRINT = """
import os
from lab.servers import Servers
with Servers():
    print("FASHION_SEARCH", os.environ["FASHION_SEARCH"])
"""


@pytest.mark.long
@pytest.mark.processes
def test_more_requests_come_from_one_address_than_a_shop_would_take(monkeypatch):
    monkeypatch.setenv("FASHION_SEARCH", json.dumps({"BATCH_SIZE": 8}))
    done = subprocess.run([sys.executable, "-c", PRINT], cwd=ROOT, capture_output=True, text=True, check=True)
    (said,) = (line for line in done.stdout.splitlines() if line.startswith("FASHION_SEARCH "))
    assert json.loads(said.partition(" ")[2]) == {"API_RATE": "", "PHOTO_RATE": "", "BATCH_SIZE": 8}
