"""`python -m training backbone`: write a run's backbone as a weights file that other runs begin with."""

import argparse
from pathlib import Path

SUFFIX = ".weights.h5"


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the sub-command and its arguments."""
    parser = commands.add_parser(
        "backbone",
        help="write a run's backbone as a weights file that other runs begin with",
        description="Then: python -m training fit CONFIG --set image.weights=FILE ...",
    )
    parser.add_argument("folder", type=Path, help="a run folder")
    parser.add_argument("--out", type=Path, required=True, help=f"file to write; its name ends in {SUFFIX}")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the file."""
    if not options.out.name.endswith(SUFFIX):
        raise ValueError(f"The name of a weights file ends in {SUFFIX}: {options.out}")
    from ..models.image import backbone_of
    from ..runs import Run

    run = Run(options.folder)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    backbone_of(run.model().images).save_weights(options.out)
    print(f"{options.out}: {run.config.image.backbone} of {options.folder}")
    return 0
