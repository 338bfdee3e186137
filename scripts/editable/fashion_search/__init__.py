"""The folder search/ under the name that its wheel gives it, for `pip install -e .`, which puts the folder above on the path."""

from pathlib import Path

__path__ = [str(Path(__file__).resolve().parents[3] / "search")]

from .moved import install

install()
