"""`python -m training ask`: see what a model finds for texts and pictures."""

import argparse
from pathlib import Path


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the sub-command and its arguments."""
    parser = commands.add_parser(
        "ask",
        help="see what a model finds: pictures and similar words for a text, tags and similar pictures for a picture",
    )
    parser.add_argument("folder", type=Path, help="a run folder or an artifact folder")
    parser.add_argument("query", nargs="+", help="a text, or the path of a picture")
    parser.add_argument("--data", type=Path, required=True, help="a catalogue folder")
    parser.add_argument(
        "--split", choices=("val", "train", "all"), default="val", help="products searched through"
    )
    parser.add_argument("--count", type=int, default=9, help="how many of each are shown")
    parser.add_argument(
        "--cache", type=Path, default=Path(".local/training"), help="folder for decoded pictures"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Ask, and print what is near with its cosine."""
    from ..asking import Asked
    from ..data import read_catalogue
    from ..judging import open_judged

    if options.count < 1:
        raise ValueError(f"--count is at least 1, not {options.count}.")
    judged = open_judged(options.folder)
    split = None if options.split == "all" else options.split
    asked = Asked(judged, read_catalogue([options.data], split=split, spec=judged.spec, cache=options.cache))
    for query in options.query:
        picture = Path(query)
        is_picture = picture.is_file()
        answer = asked.picture(picture, options.count) if is_picture else asked.text(query, options.count)
        print(f"\n{query}\n  {'tags' if is_picture else 'similar words'}")
        for label, near in answer.words:
            print(f"    {near:6.3f}  {label}")
        print("  pictures of")
        for label, near in answer.products:
            print(f"    {near:6.3f}  {label}")
    return 0
