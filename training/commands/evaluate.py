"""`python -m training evaluate`: measure a run or an artifact on a catalogue."""

import argparse
import json
from pathlib import Path

DEFAULT = ("val", "all")
PROTOCOLS = {
    "val": "texts, pictures and similar items, val products as queries and gallery",
    "all": "the same in the gallery of all products",
    "attributes": "texts of colour, pattern and type over all products, meant for a drawn catalogue",
    "kagl-texts": "KAGL's text to image: a ground-truth file's queries, or the val names",
    "kagl-values": "KAGL's categories, sub-categories, article types and colours as queries",
    "shopper-photos": "photos taken at home for products of the right article types",
}
# The options that not every protocol has a use for.
USES = {
    "gallery": {"kagl-texts", "kagl-values", "shopper-photos"},
    "ground_truth": {"kagl-texts"},
    "photos": {"shopper-photos"},
}


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the sub-command and its arguments."""
    parser = commands.add_parser(
        "evaluate",
        help="measure a run or an artifact on a catalogue",
        epilog="protocols: " + "; ".join(f"{name}: {what}" for name, what in PROTOCOLS.items()),
    )
    parser.add_argument("folder", type=Path, help="a run folder or an artifact folder")
    parser.add_argument("--data", type=Path, required=True, help="a catalogue folder")
    parser.add_argument(
        "--protocol",
        nargs="+",
        choices=PROTOCOLS,
        default=DEFAULT,
        metavar="NAME",
        help=f"what to measure, one or more of the below; without it {' and '.join(DEFAULT)}",
    )
    parser.add_argument(
        "--gallery",
        choices=("val", "all"),
        help="the products searched through: kagl-values takes val, kagl-texts and shopper-photos all",
    )
    parser.add_argument(
        "--ground-truth", type=Path, metavar="FILE", help="kagl-texts: a JSON file, {query: {product id: 1}}"
    )
    parser.add_argument(
        "--photos", type=Path, metavar="FOLDER", help="shopper-photos: a folder of photos.csv and photos.zip"
    )
    parser.add_argument("--table", action="store_true", help="print a table instead of JSON")
    parser.add_argument(
        "--cache", type=Path, default=Path(".local/training"), help="folder for decoded pictures"
    )
    parser.add_argument(
        "--embeddings",
        type=Path,
        default=Path(".local/training/embeddings"),
        help="folder where embeddings are kept for the next evaluation",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Measure, and print the figures."""
    for name, protocols in USES.items():
        if getattr(options, name) is not None and not protocols & set(options.protocol):
            raise ValueError(f"--{name.replace('_', '-')} is used by {', '.join(sorted(protocols))} only.")
    from ..judging import open_judged
    from ..protocols import PROTOCOLS as MEASURES
    from ..protocols import Figures, Setting
    from ..protocols.table import as_table
    from ..remembering import Remembering, fingerprint_of

    judged = Remembering(open_judged(options.folder), fingerprint_of(options.folder), options.embeddings)
    setting = Setting(
        data=options.data,
        cache=options.cache,
        gallery=options.gallery,
        ground_truth=options.ground_truth,
        photos=options.photos,
    )
    figures: Figures = {}
    for name in options.protocol:
        figures |= MEASURES[name](judged, setting)
    print(as_table(figures) if options.table else json.dumps(figures, indent=2))
    return 0
