"""`python -m training`: from a catalogue to an evaluated, exported artifact."""

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def main(arguments: list[str] | None = None) -> int:
    """Run one sub-command and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    fit = commands.add_parser("fit", help="train a joint embedding")
    fit.add_argument("config", type=Path, help="the run's TOML file, for example training/configs/default.toml")
    fit.add_argument("--data", type=Path, action="append", required=True, help="a catalogue folder; may be repeated")
    fit.add_argument("--out", type=Path, required=True, help="folder of the run: checkpoints, log, best weights")
    fit.add_argument("--resume", action="store_true", help="go on after the last finished epoch in --out")

    options = parser.parse_args(arguments)
    try:
        return _fit(options)
    except (FileNotFoundError, FileExistsError, ValueError) as error:
        print(f"python -m training {options.command}: {error}", file=sys.stderr)
        return 2


def _fit(options: argparse.Namespace) -> int:
    from .fit import fit

    state = fit(options.config, options.data, options.out, resume=options.resume)
    print(f"best epoch {state['best_epoch']}: validation MRR@10 {state['best']:.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
