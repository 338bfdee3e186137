"""`python -m training fit`: train a joint embedding."""

import argparse
from pathlib import Path


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the sub-command and its arguments."""
    parser = commands.add_parser("fit", help="train a joint embedding")
    parser.add_argument(
        "config", type=Path, help="the run's TOML file, for example training/configs/default.toml"
    )
    parser.add_argument(
        "--data",
        type=Path,
        action="append",
        required=True,
        help="a catalogue folder; may be repeated, the first judges",
    )
    parser.add_argument(
        "--out", type=Path, required=True, help="folder of the run: checkpoints, log, best weights"
    )
    parser.add_argument("--resume", action="store_true", help="go on after the last finished epoch in --out")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Train, and say how good the best epoch is."""
    from ..fit import fit

    state = fit(options.config, options.data, options.out, resume=options.resume)
    print(f"best epoch {state['best_epoch']}: validation MRR@10 {state['best']:.3f}")
    return 0
