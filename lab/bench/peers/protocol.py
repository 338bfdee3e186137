"""What a search engine has to do to be measured, and the products that all of them get."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

DEPTH = 10  # results that a search returns at most


@dataclass(frozen=True, slots=True)
class PeerProduct:
    """One product, as every engine gets it."""

    key: str  # its SKU
    title: str  # name and brand
    keywords: str  # attribute words
    description: str
    encoded: str  # what our text encoder reads of it
    columns: Mapping[
        str, Sequence[str]
    ]  # field -> values: what answers are judged by, and what filters compare
    price: float | None

    @property
    def text(self) -> str:
        """All words, for engines with a single field."""
        return "\n".join((self.title, self.keywords, self.description))


class Peer:
    """One search engine in this process.

    `narrowed` and `counted` return None where the engine, as it is used here, cannot do it.
    """

    def __init__(self, folder: Path) -> None:
        """Open it.

        Args:
            folder: an empty one, for its files.
        """
        self.folder = folder

    def prepare(self, products: Sequence[PeerProduct]) -> None:
        """Make what a shop has before any search: its own table, for engines that read it. It is not timed."""

    def build(self, products: Sequence[PeerProduct]) -> None:
        """Make the index of all products; encoding their texts is a part of it."""
        raise NotImplementedError

    def search(self, text: str) -> list[str]:
        """Return the keys of the ten best products, best first."""
        raise NotImplementedError

    def narrowed(self, text: str, field: str, value: str) -> list[str] | None:
        """Return the keys of the ten best products that have a value."""
        return None

    def counted(self, text: str, field: str) -> Mapping[str, int] | None:
        """Return how many products that the text finds have each value of a field."""
        return None

    def bytes_on_disk(self) -> int:
        """Return the size of the index."""
        return sum(file.stat().st_size for file in self.folder.rglob("*") if file.is_file())

    def server_bytes(self) -> int:
        """Return the memory of the server that does the work, if it is not this process: shared pages once."""
        return 0

    def close(self) -> None:
        """Let go of files and connections."""


def write_products(products: Iterable[PeerProduct], file: Path) -> None:
    """Write one product per line."""
    with file.open("w", encoding="utf-8") as out:
        for product in products:
            out.write(json.dumps(asdict(product)) + "\n")


def read_products(file: Path) -> list[PeerProduct]:
    """Read what `write_products` wrote."""
    with file.open(encoding="utf-8") as lines:
        return [PeerProduct(**json.loads(line)) for line in lines]
