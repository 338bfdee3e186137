"""The sub-commands of `python -m training`: their options, and what each prints.

Modules are imported when a command runs, so that `--help` does not wait for TensorFlow.
"""

import argparse
import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from search.encoders.artifact import TURN_MARGIN

CACHE = Path(".local/training")
INTERRUPTED = 128 + signal.SIGTERM  # the exit status of a program that this signal ended
WEIGHTS_SUFFIX = ".weights.h5"
DEFAULT_PROTOCOLS = ("val", "all")
PROTOCOLS = {
    "val": "texts, pictures and similar items, val products as queries and gallery",
    "all": "the same in the gallery of all products",
    "attributes": "texts of colour, pattern and type over all products, meant for a drawn catalogue",
    "kagl-texts": "KAGL's text to image: a ground-truth file's queries, or the val names",
    "kagl-values": "KAGL's categories, sub-categories, article types and colours as queries",
    "lookbench": "pictures of val products for others of the same article type and main attributes",
    "pieces": "products in drawn scenes of val products, which the boxes of photo search should cover",
    "queries": "judged shopper queries, by embeddings alone",
    "shopper-photos": "photos taken at home for products of the right article types",
    "words": "article types of pictures, pictures of a word and of two words' mean vector",
}
# The options that only some protocols use.
PROTOCOL_OPTIONS = {
    "gallery": {"all", "kagl-texts", "kagl-values", "lookbench", "queries", "shopper-photos", "val", "words"},
    "ground_truth": {"kagl-texts"},
    "photos": {"shopper-photos"},
    "queries": {"queries"},
    "sheet": {"shopper-photos"},
}

Commands = argparse._SubParsersAction


def add_commands(commands: Commands) -> None:
    """Add every sub-command, its options and the function that runs it."""
    for add in (
        _add_ask,
        _add_backbone,
        _add_blend,
        _add_evaluate,
        _add_export,
        _add_fit,
        _add_guesses,
        _add_report,
        _add_vectors,
    ):
        add(commands)


def _add_ask(commands: Commands) -> None:
    parser = commands.add_parser(
        "ask",
        help="show a model's nearest neighbours: products and similar words for a text, products and tags for a picture",
    )
    parser.add_argument("folder", type=Path, help="a run folder or an artifact folder")
    parser.add_argument("query", nargs="+", help="a text, or the path of a picture")
    parser.add_argument("--data", type=Path, required=True, help="a catalogue folder")
    parser.add_argument(
        "--split", choices=("val", "train", "all"), default="val", help="the products to search"
    )
    parser.add_argument("--count", type=int, default=9, help="how many products and words to show")
    parser.add_argument("--cache", type=Path, default=CACHE, help="folder for decoded pictures")
    parser.set_defaults(run=_ask)


def _ask(options: argparse.Namespace) -> int:
    from .data import read_catalogue
    from .evaluation.evaluators import open_model
    from .neighbours import Neighbours

    if options.count < 1:
        raise ValueError(f"--count must be at least 1, not {options.count}.")
    model = open_model(options.folder)
    split = None if options.split == "all" else options.split
    catalogue = read_catalogue([options.data], split=split, spec=model.spec, cache=options.cache)
    neighbours = Neighbours(model, catalogue)
    for query in options.query:
        picture = Path(query)
        is_picture = picture.is_file()
        answer = (
            neighbours.picture(picture, options.count)
            if is_picture
            else neighbours.text(query, options.count)
        )
        print(f"\n{query}\n  {'tags' if is_picture else 'similar words'}")
        for label, similarity in answer.words:
            print(f"    {similarity:6.3f}  {label}")
        print("  pictures of")
        for label, similarity in answer.products:
            print(f"    {similarity:6.3f}  {label}")
    return 0


def _add_backbone(commands: Commands) -> None:
    parser = commands.add_parser(
        "backbone",
        help="write a run's backbone to a weights file that other runs can start from",
        description="Then: python -m training fit CONFIG --set image.weights=FILE ...",
    )
    parser.add_argument("folder", type=Path, help="a run folder")
    parser.add_argument("--out", type=Path, required=True, help=f"the file to write, *{WEIGHTS_SUFFIX}")
    parser.set_defaults(run=_backbone)


def _backbone(options: argparse.Namespace) -> int:
    if not options.out.name.endswith(WEIGHTS_SUFFIX):
        raise ValueError(f"The name of a weights file ends in {WEIGHTS_SUFFIX}: {options.out}")
    from .evaluation.evaluators import RunModel
    from .models.image import backbone_of

    run = RunModel(options.folder)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    backbone_of(run.model.images).save_weights(options.out)
    print(f"{options.out}: {run.config.image.backbone} of {options.folder}")
    return 0


def _add_blend(commands: Commands) -> None:
    parser = commands.add_parser(
        "blend", help="the mean of a run and of what it went on from, which forgets less than the run"
    )
    parser.add_argument("folder", type=Path, help="a run folder")
    parser.add_argument(
        "--start", type=Path, required=True, help="the run or the artifact that it went on from"
    )
    parser.add_argument(
        "--share", type=float, default=0.6, help="of the run, between 0 and 1; default: %(default)s"
    )
    parser.add_argument("--out", type=Path, required=True, help="a new run folder")
    parser.set_defaults(run=_blend)


def _blend(options: argparse.Namespace) -> int:
    from .blend import blend

    blend(options.folder, options.start, options.share, options.out)
    print(f"{options.out}: {options.share:g} of {options.folder}, the rest of {options.start}")
    return 0


def _add_evaluate(commands: Commands) -> None:
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
        default=DEFAULT_PROTOCOLS,
        metavar="NAME",
        help=f"one or more of the protocols below; default: {' '.join(DEFAULT_PROTOCOLS)}",
    )
    parser.add_argument(
        "--gallery",
        choices=("val", "all", "val-large", "large"),
        help="the products to search; large: those with a large picture, by that one; default: val for kagl-values and "
        "words, all for kagl-texts, large for queries and shopper-photos where the catalogue has any, else all; "
        "lookbench takes them in turn; val and all take the large pictures of their own products if asked for large",
    )
    parser.add_argument(
        "--ground-truth", type=Path, metavar="FILE", help="kagl-texts: a JSON file, {query: {product id: 1}}"
    )
    parser.add_argument(
        "--photos", type=Path, metavar="FOLDER", help="shopper-photos: a folder of photos.csv and photos.zip"
    )
    parser.add_argument(
        "--queries", type=Path, metavar="FILE", help="queries: judged queries, one JSON object a line"
    )
    parser.add_argument(
        "--sheet",
        type=Path,
        metavar="FILE",
        help="shopper-photos: write a contact sheet, *.jpg or *.png: some photos and their first ten results",
    )
    parser.add_argument("--seed", type=int, default=1, help="seed of the contact sheet's sample")
    parser.add_argument("--table", action="store_true", help="print a table instead of JSON")
    parser.add_argument("--cache", type=Path, default=CACHE, help="folder for decoded pictures")
    parser.add_argument(
        "--embeddings", type=Path, default=CACHE / "embeddings", help="folder where embeddings are cached"
    )
    parser.set_defaults(run=_evaluate)


def _evaluate(options: argparse.Namespace) -> int:
    for name, protocols in PROTOCOL_OPTIONS.items():
        if getattr(options, name) is not None and not protocols & set(options.protocol):
            raise ValueError(f"--{name.replace('_', '-')} is used by {', '.join(sorted(protocols))} only.")
    from .evaluation import protocols
    from .evaluation.contact_sheet import check_name
    from .evaluation.evaluators import CachedModel, Figures, Setting, fingerprint_of, open_model

    if options.sheet is not None:
        check_name(options.sheet)
    model = CachedModel(open_model(options.folder), fingerprint_of(options.folder), options.embeddings)
    setting = Setting(
        data=options.data,
        cache=options.cache,
        gallery=options.gallery,
        ground_truth=options.ground_truth,
        photos=options.photos,
        queries=options.queries,
        sheet=options.sheet,
        seed=options.seed,
    )
    figures: Figures = {}
    for name in options.protocol:
        figures |= protocols.PROTOCOLS[name](model, setting)
    print(protocols.as_table(figures) if options.table else json.dumps(figures, indent=2))
    return 0


def _add_export(commands: Commands) -> None:
    parser = commands.add_parser(
        "export", help="write the artifact of a run: ONNX, int8, checked against Keras"
    )
    parser.add_argument("run_folder", type=Path, help="a run folder")
    _add_catalogues(parser)
    parser.add_argument("--out", type=Path, required=True, help="artifact folder")
    parser.add_argument("--name", required=True, help="the artifact's name")
    parser.add_argument("--trained-on", default="", help="one sentence for the manifest")
    parser.add_argument(
        "--source",
        action="append",
        default=[],
        help="data or weights that it was made from: a sentence for the manifest; may be repeated",
    )
    parser.add_argument(
        "--turn-margin",
        type=float,
        default=TURN_MARGIN,
        metavar="DIFFERENCE",
        help="by which another turn of a photo must be surer than the one that was sent; default: %(default)s",
    )
    parser.add_argument(
        "--licence",
        action="append",
        default=[],
        help="a licence, of a source or of the artifact: a sentence for the manifest; may be repeated",
    )
    parser.add_argument(
        "--attributes", type=Path, help="drawn catalogue for queries of colour, pattern and type"
    )
    parser.set_defaults(run=_export)


def _export(options: argparse.Namespace) -> int:
    from .export import export

    figures = export(
        options.run_folder,
        options.data,
        options.out,
        name=options.name,
        trained_on=options.trained_on,
        attributes=options.attributes,
        sources=options.source,
        licences=options.licence,
        turn_margin=options.turn_margin,
    )
    print(json.dumps(figures, indent=2))
    return 0


def _add_fit(commands: Commands) -> None:
    parser = commands.add_parser("fit", help="train a joint embedding")
    parser.add_argument(
        "config", type=Path, help="the run's TOML file, for example training/configs/default.toml"
    )
    _add_catalogues(parser)
    parser.add_argument(
        "--out", type=Path, required=True, help="folder of the run: checkpoints, logs, best weights"
    )
    parser.add_argument(
        "--resume", action="store_true", help="continue the interrupted run in --out, even within an epoch"
    )
    parser.add_argument(
        "--from",
        dest="start_from",
        type=Path,
        metavar="RUN",
        help="start from the weights and the tokenizer of another run of the same encoders, or of an artifact",
    )
    parser.add_argument(
        "--set",
        dest="changes",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="override one value of the configuration, for example stages.0.epochs=2; may be repeated",
    )
    shared = parser.add_argument_group(
        "several devices or machines, which Keras supports for KERAS_BACKEND=jax"
    )
    shared.add_argument(
        "--distribute", action="store_true", help="share every batch among all devices of all processes"
    )
    shared.add_argument(
        "--coordinator", metavar="HOST:PORT", help="address of the first of several processes"
    )
    shared.add_argument("--processes", type=int, help="the number of processes")
    shared.add_argument(
        "--process", type=int, help="the number of this process, from 0; the first writes the run's files"
    )
    parser.set_defaults(run=_fit)


def _fit(options: argparse.Namespace) -> int:
    from .distribution import distribute, first_writes
    from .exceptions import Interrupted
    from .trainer import fit

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
        return INTERRUPTED
    return 0


def _add_guesses(commands: Commands) -> None:
    parser = commands.add_parser(
        "guesses",
        help="calibrate what an artifact guesses about photos, and print how often that is right",
        description="Export does this, too; an artifact of an earlier release gets its calibrations so.",
    )
    parser.add_argument("folder", type=Path, help="an artifact folder, whose manifest is written")
    parser.add_argument(
        "--data",
        type=Path,
        required=True,
        help="a catalogue folder; pictures of its val products are guessed",
    )
    parser.add_argument(
        "--photos", type=Path, metavar="FOLDER", help="check on these, too: photos.csv, photos.zip"
    )
    parser.add_argument("--cache", type=Path, default=CACHE, help="folder for decoded pictures")
    parser.add_argument(
        "--embeddings", type=Path, default=CACHE / "embeddings", help="folder where embeddings are cached"
    )
    parser.set_defaults(run=_guesses)


def _guesses(options: argparse.Namespace) -> int:
    from .guesses import as_table, write_calibrations

    table = write_calibrations(
        options.folder, options.data, options.cache, options.embeddings, options.photos
    )
    print(as_table(table))
    return 0


def _add_report(commands: Commands) -> None:
    parser = commands.add_parser("report", help="compare runs and artifacts in one HTML page")
    parser.add_argument("folders", type=Path, nargs="+", help="run folders and artifact folders")
    parser.add_argument(
        "--data", type=Path, required=True, help="a catalogue folder; its val products are the queries"
    )
    parser.add_argument("--out", type=Path, required=True, help="the HTML file")
    parser.add_argument("--cache", type=Path, default=CACHE, help="folder for decoded pictures")
    parser.add_argument("--sample", type=_at_least(2), default=300, help="products in the t-SNE plane")
    parser.add_argument(
        "--cases", type=_at_least(1), default=3, help="queries of each level: good, middle, bad"
    )
    parser.add_argument("--seed", type=int, default=1, help="seed of all random samples")
    parser.set_defaults(run=_report)


def _report(options: argparse.Namespace) -> int:
    from .report.page import write_report

    write_report(
        options.folders,
        options.data,
        options.out,
        cache=options.cache,
        sample=options.sample,
        cases=options.cases,
        seed=options.seed,
    )
    print(f"{options.out}: {options.out.stat().st_size / 1e6:.1f} MB", file=sys.stderr)
    return 0


def _add_vectors(commands: Commands) -> None:
    parser = commands.add_parser("vectors", help="learn word vectors from a catalogue's texts")
    parser.add_argument("--data", type=Path, required=True, help="catalogue folder")
    parser.add_argument("--out", type=Path, required=True, help="file to write, .txt or .txt.gz")
    parser.add_argument("--dimension", type=int, default=300, help="values per vector")
    parser.add_argument("--epochs", type=int, default=10, help="passes over the texts")
    parser.set_defaults(run=_vectors)


def _vectors(options: argparse.Namespace) -> int:
    from .data import read_products
    from .texts import every_text
    from .vectors import learn_vectors, write_vectors

    # Texts of val and of held-out products would leak into what is measured on them.
    learned = [item for item in read_products(options.data) if item.split == "train" and not item.held_out]
    texts = [text for item in learned for text in every_text(item) if text]
    vectors = learn_vectors(texts, dimension=options.dimension, epochs=options.epochs)
    write_vectors(vectors, options.out)
    print(f"{options.out}: {len(vectors.words)} words of {vectors.dimension} values")
    return 0


def _add_catalogues(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data",
        type=Path,
        action="append",
        required=True,
        help="a catalogue folder; may be repeated, the first is validated on",
    )


def _at_least(least: int) -> Callable[[str], int]:
    def whole(text: str) -> int:
        number = int(text)
        if number < least:
            raise argparse.ArgumentTypeError(f"{number} is below {least}")
        return number

    return whole
