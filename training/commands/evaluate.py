"""`python -m training evaluate`: measure a run or an artifact on a catalogue."""

import argparse
import json
from pathlib import Path


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the sub-command and its arguments."""
    parser = commands.add_parser("evaluate", help="measure a run or an artifact on the val products")
    parser.add_argument("folder", type=Path, help="a run folder or an artifact folder")
    parser.add_argument("--data", type=Path, required=True, help="a catalogue folder")
    parser.add_argument(
        "--cache", type=Path, default=Path(".local/training"), help="folder for decoded pictures"
    )
    parser.add_argument(
        "--attributes",
        action="store_true",
        help="measure queries of colour, pattern and type over all products",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Measure, and print the figures as JSON."""
    from ..judging import judge, judge_attributes, open_judged

    judged = open_judged(options.folder)
    measure = judge_attributes if options.attributes else judge
    print(json.dumps(measure(judged, options.data, options.cache), indent=2))
    return 0
