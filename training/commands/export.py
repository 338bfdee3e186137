"""`python -m training export`: write the artifact of a run."""

import argparse
import json
from pathlib import Path


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the sub-command and its arguments."""
    parser = commands.add_parser(
        "export", help="write the artifact of a run: ONNX, int8, checked against Keras"
    )
    parser.add_argument("run_folder", type=Path, help="a run folder")
    parser.add_argument(
        "--data",
        type=Path,
        action="append",
        required=True,
        help="a catalogue folder; may be repeated, the first judges",
    )
    parser.add_argument("--out", type=Path, required=True, help="artifact folder")
    parser.add_argument("--name", required=True, help="the artifact's name")
    parser.add_argument("--trained-on", default="", help="one sentence for the manifest")
    parser.add_argument(
        "--attributes", type=Path, help="drawn catalogue for queries of colour, pattern and type"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Export, and print the figures that the manifest keeps."""
    from ..export import export

    figures = export(
        options.run_folder,
        options.data,
        options.out,
        name=options.name,
        trained_on=options.trained_on,
        attributes=options.attributes,
    )
    print(json.dumps(figures, indent=2))
    return 0
