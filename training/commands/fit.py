"""`python -m training fit`: train a joint embedding."""

import argparse
import signal
import sys
from pathlib import Path

STOPPED = 128 + signal.SIGTERM  # the exit status of a program that this signal ended


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
        "--out", type=Path, required=True, help="folder of the run: checkpoints, logs, best weights"
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on where the run in --out stopped, in the middle of an epoch too",
    )
    parser.add_argument(
        "--from",
        dest="start_from",
        type=Path,
        metavar="RUN",
        help="begin with the best weights and the tokenizer of another run of the same encoders",
    )
    parser.add_argument(
        "--set",
        dest="changes",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="set one value of the configuration anew, for example stages.0.epochs=2; may be repeated",
    )
    shared = parser.add_argument_group("several devices or machines, which Keras has for KERAS_BACKEND=jax")
    shared.add_argument(
        "--distribute", action="store_true", help="share every batch among all devices of all processes"
    )
    shared.add_argument(
        "--coordinator", metavar="HOST:PORT", help="where the first of several processes is reached"
    )
    shared.add_argument("--processes", type=int, help="how many processes there are")
    shared.add_argument(
        "--process", type=int, help="which one this is, from 0; the first writes the run's files"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Train, and say how good the best epoch is."""
    from ..distribution import distribute, first_writes
    from ..exceptions import Interrupted
    from ..fit import fit

    if options.distribute or options.coordinator:
        distribute(options.coordinator, options.processes, options.process)
    try:
        with first_writes(options.out) as workdir:
            state = fit(
                options.config,
                options.data,
                workdir,
                resume=options.resume,
                start_from=options.start_from,
                changes=options.changes,
            )
            print(f"best epoch {state['best_epoch']}: {state['best']:.3f}")
    except Interrupted as stop:
        print(stop, file=sys.stderr)
        return STOPPED
    return 0
