"""The two wheels, built as a release builds them, and installed into a folder."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent


class Wheels(NamedTuple):
    """The files of the two wheels."""

    plugin: Path
    model: Path


def build(folder: Path) -> Wheels:
    """Build both wheels from a copy of the sources, without asking any index."""
    source, out = folder / "source", folder / "out"
    shutil.copytree(ROOT / "search", source / "search", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "NOTICE"):
        shutil.copy(ROOT / name, source / name)
    options = ["--no-build-isolation", "--no-deps", "--no-index", "--quiet", "--wheel-dir", str(out)]
    sources = [str(source), str(source / "search" / "artifacts")]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, *sources], check=True)
    (plugin,) = out.glob("fashion_search-*.whl")
    (model,) = out.glob("fashion_search_model-*.whl")
    return Wheels(plugin, model)


def install(wheel: Path, folder: Path) -> None:
    """Install a wheel into a folder, without what it needs, as pip does."""
    options = ["--target", str(folder), "--no-deps", "--no-index", "--quiet", "--no-warn-conflicts"]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(wheel)], check=True)
