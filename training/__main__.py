"""From a catalogue to an evaluated, exported artifact."""

import argparse
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def main(arguments: list[str] | None = None) -> int:
    """Run one sub-command and return its exit status: 0 done, 2 an input does not fit."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except (FileNotFoundError, FileExistsError, ValueError) as error:
        print(f"python -m training {options.command}: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    fit = commands.add_parser("fit", help="train a joint embedding")
    fit.add_argument(
        "config", type=Path, help="the run's TOML file, for example training/configs/default.toml"
    )
    _add_data(fit)
    fit.add_argument(
        "--out", type=Path, required=True, help="folder of the run: checkpoints, log, best weights"
    )
    fit.add_argument("--resume", action="store_true", help="go on after the last finished epoch in --out")
    fit.set_defaults(run=_fit)

    evaluate = commands.add_parser("evaluate", help="measure a run or an artifact on the val products")
    evaluate.add_argument("folder", type=Path, help="a run folder or an artifact folder")
    evaluate.add_argument("--data", type=Path, required=True, help="a catalogue folder")
    evaluate.add_argument(
        "--cache", type=Path, default=Path(".local/training"), help="folder for decoded pictures"
    )
    evaluate.add_argument(
        "--attributes",
        action="store_true",
        help="measure queries of colour, pattern and type over all products",
    )
    evaluate.set_defaults(run=_evaluate)

    export = commands.add_parser(
        "export", help="write the artifact of a run: ONNX, int8, checked against Keras"
    )
    export.add_argument("run_folder", type=Path, help="a run folder")
    _add_data(export)
    export.add_argument("--out", type=Path, required=True, help="artifact folder")
    export.add_argument("--name", required=True, help="the artifact's name")
    export.add_argument("--trained-on", default="", help="one sentence for the manifest")
    export.add_argument(
        "--attributes", type=Path, help="drawn catalogue for queries of colour, pattern and type"
    )
    export.set_defaults(run=_export)
    return parser


def _add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data",
        type=Path,
        action="append",
        required=True,
        help="a catalogue folder; may be repeated, the first judges",
    )


def _fit(options: argparse.Namespace) -> int:
    from .fit import fit

    state = fit(options.config, options.data, options.out, resume=options.resume)
    print(f"best epoch {state['best_epoch']}: validation MRR@10 {state['best']:.3f}")
    return 0


def _evaluate(options: argparse.Namespace) -> int:
    from .judging import judge, judge_attributes, open_judged

    judged = open_judged(options.folder)
    measure = judge_attributes if options.attributes else judge
    print(json.dumps(measure(judged, options.data, options.cache), indent=2))
    return 0


def _export(options: argparse.Namespace) -> int:
    from .export import export

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


if __name__ == "__main__":
    sys.exit(main())
