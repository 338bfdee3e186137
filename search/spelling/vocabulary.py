"""A catalogue's words: which there are, how they are shown, how many products bear them."""

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

Word = tuple[str, int]  # as it is shown, number of products


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of names, brands, facet values and keywords."""

    # By folded word. A facet value of two words is there joined, too: "flipflops" is shown "flip flops".
    words: Mapping[str, Word]
    pairs: frozenset[str]  # "polo shirt": folded words that stand side by side in several products

    def pack(self) -> bytes:
        """Return it as bytes for the database."""
        words = "\n".join(f"{key}\t{shown}\t{count}" for key, (shown, count) in sorted(self.words.items()))
        return zlib.compress(json.dumps([words, "\n".join(sorted(self.pairs))]).encode(), level=1)

    @classmethod
    def unpack(cls, packed: bytes) -> "Vocabulary":
        """Return what `pack` made bytes of."""
        words, pairs = json.loads(zlib.decompress(packed))
        rows = (line.split("\t") for line in words.split("\n") if line)
        return cls(
            {key: (shown, int(count)) for key, shown, count in rows},
            frozenset(pairs.split("\n") if pairs else ()),
        )
