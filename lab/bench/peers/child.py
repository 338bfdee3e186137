"""One engine in a process of its own: `python -m lab.bench.peers.child ENGINE FOLDER`; its last line is JSON.

The folder holds `products.jsonl` and `texts.json`; the engine's files are made in a folder inside it.
"""

import importlib
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from .protocol import Peer, PeerProduct, read_products

PROBE_TEXT, PROBE_FIELD = "shirt", "gender"


@dataclass(frozen=True, slots=True)
class Measured:
    """What one engine gave."""

    build_seconds: float
    build_cpu_seconds: float  # of this process: a server's is its own
    milliseconds: Sequence[float]  # per text
    answers: Sequence[Sequence[str]]  # keys, per text
    process_bytes: int  # resident, after all searches, without the list of products
    server_bytes: int
    disk_bytes: int
    filters: str
    counts: str


def measure(
    peer: Peer, products: Sequence[PeerProduct], warm: Sequence[str], texts: Sequence[str], *, held: int = 0
) -> Measured:
    """Build, ask every text once, and look at what is taken.

    Args:
        peer: the engine.
        products: that it indexes.
        warm: texts that are asked first and not counted.
        texts: that are asked once each.
        held: bytes of this process that are the list of products.
    """
    peer.prepare(products)
    began, cpu = time.perf_counter(), time.process_time()
    peer.build(products)
    build_seconds, build_cpu = time.perf_counter() - began, time.process_time() - cpu
    for text in warm:
        peer.search(text)
    milliseconds, answers = [], []
    for text in texts:
        began = time.perf_counter()
        answers.append(peer.search(text))
        milliseconds.append((time.perf_counter() - began) * 1000)
    return Measured(
        build_seconds=build_seconds,
        build_cpu_seconds=build_cpu,
        milliseconds=milliseconds,
        answers=answers,
        process_bytes=resident() - held,
        server_bytes=peer.server_bytes(),
        disk_bytes=peer.bytes_on_disk(),
        filters=said(lambda: probe_filter(peer, products)),
        counts=said(lambda: probe_counts(peer, products)),
    )


def resident() -> int:
    """Return the memory of this process, in bytes."""
    return int(psutil.Process().memory_info().rss)


def said(probe: Callable[[], str]) -> str:
    """Return what a probe says; one that raises says so and ends nothing else."""
    try:
        return probe()
    except Exception as error:  # noqa: BLE001 - of any engine, told in the table
        return f"failed: {type(error).__name__}: {error}"


def probe_filter(peer: Peer, products: Sequence[PeerProduct]) -> str:
    """Ask for one value of a field; "yes" where all that comes has it, "no" where the engine has no filters."""
    columns = {product.key: product.columns.get(PROBE_FIELD, ()) for product in products}
    value = sorted({value for values in columns.values() for value in values})[0]
    found = peer.narrowed(PROBE_TEXT, PROBE_FIELD, value)
    if found is None:
        return "no"
    if not found:
        return "wrong: nothing is left"
    return "yes" if all(value in columns[key] for key in found) else "wrong: other values are among them"


def probe_counts(peer: Peer, products: Sequence[PeerProduct]) -> str:
    """Count a field's values; "yes" where each count is possible, "no" where the engine does not count."""
    found = peer.counted(PROBE_TEXT, PROBE_FIELD)
    if found is None:
        return "no"
    there: dict[str, int] = {}
    for product in products:
        for value in product.columns.get(PROBE_FIELD, ()):
            there[value] = there.get(value, 0) + 1
    return "yes" if found and possible(found, there) else f"wrong: {dict(found)}"


def possible(found: Mapping[str, int], there: Mapping[str, int]) -> bool:
    """Return whether no value is counted more often than there are products with it."""
    return all(0 < count <= there.get(value, 0) for value, count in found.items())


def open_peer(name: str, folder: Path) -> Peer:
    """Return the engine of a name.

    Raises:
        ImportError: its packages are not installed here.
    """
    peer: Peer = importlib.import_module(f"lab.bench.peers.engines.{name}").Engine(folder)
    return peer


def main(name: str, folder: Path) -> None:
    """Measure one engine and print what it gave."""
    own = folder / name
    own.mkdir()
    texts = json.loads((folder / "texts.json").read_text(encoding="utf-8"))
    before = resident()
    products = read_products(folder / "products.jsonl")
    held = resident() - before
    peer = open_peer(name, own)
    try:
        measured = measure(peer, products, texts["warm"], texts["judged"], held=held)
    finally:
        peer.close()
    print(json.dumps(asdict(measured)))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
