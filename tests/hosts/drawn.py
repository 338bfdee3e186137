"""A drawn catalogue, which both shops sell."""

import subprocess
import sys
from pathlib import Path

from tests.wheels import ROOT

PRODUCTS = 60


def draw(folder: Path) -> Path:
    """Draw products with their pictures into a folder and return it: products.csv.gz, images.zip."""
    command = [sys.executable, "-m", "sample_catalogue", "--count", str(PRODUCTS), "--out", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return folder
