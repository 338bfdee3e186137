"""From a catalogue to an evaluated, exported artifact."""

import argparse
import os
import sys

from search.exceptions import SearchError

from .commands import add_commands
from .exceptions import TrainingError

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def main(arguments: list[str] | None = None) -> int:
    """Run one sub-command and return its exit status: 0 for success, 2 for an input that does not fit."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except (FileNotFoundError, FileExistsError, SearchError, TrainingError, ValueError) as error:
        print(f"python -m training {options.command}: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    add_commands(parser.add_subparsers(dest="command", required=True))
    return parser


if __name__ == "__main__":
    sys.exit(main())
