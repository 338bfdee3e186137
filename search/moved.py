"""Modules that moved: for one release their old names import the new ones, with a `DeprecationWarning`.

Only names that hosts could import by the documentation are here; `docs/plugin.md` lists today's.
"""

import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from types import ModuleType

MOVED = {
    "marking": "signals",
    "preprocessing": "encoders.pictures",
    "searching": "engine",
    "suggesting": "engine.suggestions",
    "watching": "monitoring",
    "watching.probes": "monitoring.views",
    "watching.urls": "monitoring.urls",
}


class MovedModules(MetaPathFinder):
    """Finds a module by its old name; one object serves both names."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return how to import `fullname`; None where it is not an old name of this package."""
        package, _, name = fullname.partition(".")
        if package != __package__:
            return None
        if name in MOVED:
            return spec_from_loader(fullname, _Alias(f"{package}.{MOVED[name]}"))
        if name.rpartition(".")[0] in MOVED:
            # Otherwise Python would find the file in the new package, and load it twice.
            raise ModuleNotFoundError(f"{fullname} has moved and was private.", name=fullname)
        return None


class _Alias(Loader):
    def __init__(self, now: str) -> None:
        self._now = now
        self._spec: ModuleSpec | None = None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        warnings.warn(f"{spec.name} is now {self._now}.", DeprecationWarning, stacklevel=2)
        module = import_module(self._now)
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._spec  # which the import has replaced by that of the old name


def install() -> None:
    """Let old names be found, once per process."""
    if not any(isinstance(finder, MovedModules) for finder in sys.meta_path):
        sys.meta_path.insert(0, MovedModules())
