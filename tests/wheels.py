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
    source, out = _copy(folder), folder / "out"
    _wheel(out, source, source / "search" / "artifacts")
    (model,) = out.glob("fashion_search_model-*.whl")
    (plugin,) = out.glob("fashion_search-*.whl")
    return Wheels(plugin, model)


def build_plugin(folder: Path) -> Path:
    """Build the plugin's wheel alone, which is quicker: the models weigh 60 MB."""
    _wheel(folder / "out", _copy(folder, "artifacts"))
    (plugin,) = (folder / "out").glob("*.whl")
    return plugin


def _copy(folder: Path, *without: str) -> Path:
    source = folder / "source"
    shutil.copytree(
        ROOT / "search", source / "search", ignore=shutil.ignore_patterns("__pycache__", *without)
    )
    for name in ("pyproject.toml", "README.md", "LICENSE", "NOTICE"):
        shutil.copy(ROOT / name, source / name)
    return source


def _wheel(out: Path, *sources: Path) -> None:
    options = ["--no-build-isolation", "--no-deps", "--no-index", "--quiet", "--wheel-dir", str(out)]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, *map(str, sources)], check=True)


def install(wheel: Path, folder: Path) -> None:
    """Install a wheel into a folder, without what it needs, as pip does."""
    options = ["--target", str(folder), "--no-deps", "--no-index", "--quiet", "--no-warn-conflicts"]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(wheel)], check=True)
