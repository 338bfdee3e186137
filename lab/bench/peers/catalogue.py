"""Which engines there are, where their packages are, and what no measurement says of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

OURS = "ours"
# What is measured of an answer is not stated here: typos, synonyms, negation, prices, filters and counts.
UNMEASURED = ("rules", "photos", "several processes")


@dataclass(frozen=True, slots=True)
class Listed:
    """An engine."""

    title: str
    packages: tuple[str, ...]  # whose versions are told
    apart: bool = False  # its packages are in .venv-peers
    settings: str = ""  # Django's, where it is a Django app
    postgres: bool = False  # gets a Postgres server of its own
    words: str = ""  # what it is, in one sentence
    stated: Mapping[str, str] = field(default_factory=dict)  # of UNMEASURED


HOST = "lab.bench.peers.host.settings"
_NONE = {"rules": "no", "photos": "no"}
_VECTORS = {"rules": "no", "photos": "vectors only: the shop brings a model and encodes"}
_SERVER = {"several processes": "yes: in the database"}

LISTED: dict[str, Listed] = {
    OURS: Listed(
        "This search", (), settings="shop.settings",
        words="words, joint embeddings and the catalogue's own vocabulary, in the shop's Postgres",
        stated={"rules": "yes: pin, hide, boost, bury, redirect", "photos": "yes: a photo, or a part of it", **_SERVER},
    ),
    "postgres": Listed(
        "Postgres full text", ("psycopg",), postgres=True, stated=_NONE | _SERVER,
        words="weighted tsvectors under a GIN index, `websearch_to_tsquery`, `ts_rank`",
    ),
    "postgres_prefix": Listed(
        "Postgres full text, prefixes", ("psycopg",), postgres=True, stated=_NONE | _SERVER,
        words="the same with every word as the beginning of one, without trigrams",
    ),
    "django_search": Listed(
        "Django SearchVector", ("django",), settings=HOST, postgres=True, stated=_NONE | _SERVER,
        words="`SearchVector` and `SearchQuery` at each search, no column and no index",
    ),
    "watson": Listed(
        "django-watson", ("django-watson",), settings=HOST, postgres=True, stated=_NONE | _SERVER,
        words="a table of its own, weights for title, description and content",
    ),
    "haystack_whoosh": Listed(
        "Haystack, Whoosh", ("django-haystack", "whoosh-reloaded"), settings=HOST, postgres=True,
        stated=_NONE | {"several processes": "one writer, files on one machine"},
        words="one document field, `auto_query`, BM25 in pure Python",
    ),
    "tantivy_usearch": Listed(
        "tantivy + usearch", ("tantivy", "usearch"), apart=True,
        stated=_VECTORS | {"several processes": "one writer, files on one machine"},
        words="two libraries: BM25 and the vectors of our text encoder, fused by their ranks",
    ),
    "lance": Listed(
        "LanceDB", ("lancedb",), apart=True, stated=_VECTORS | {"several processes": "yes: in files"},
        words="hybrid: its full-text index and the vectors of our text encoder, its own reranker",
    ),
    "qdrant": Listed(
        "Qdrant, local", ("qdrant-client",), apart=True,
        stated=_VECTORS | {"several processes": "no: local mode; its server can"},
        words="hybrid: sparse vectors of words and the vectors of our text encoder, fused by their ranks",
    ),
    "chroma": Listed(
        "Chroma", ("chromadb",), apart=True, stated=_VECTORS | {"several processes": "no: its server can"},
        words="the vectors of our text encoder alone",
    ),
}  # fmt: skip
