"""Word vectors: read from GloVe's text format, or learned from a catalogue's own texts."""

from .glove import read_vectors, write_vectors
from .words import WordVectors

__all__ = ["WordVectors", "read_vectors", "write_vectors"]
