"""One module per sub-command: `add` names it and its arguments, `run` carries it out."""

import argparse
import importlib
import pkgutil


def add_all(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add every sub-command of this package; a new module is a new sub-command.

    A command's module imports what it needs inside `run`, so that `--help` does not wait for TensorFlow.
    """
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}").add(commands)
