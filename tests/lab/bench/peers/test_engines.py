"""Engines whose packages are here, each in a process of its own on sixty products; and what happens to one that fails."""

import dataclasses
import re
from importlib.util import find_spec
from urllib.parse import quote

import pytest
from django.db import connection

from lab.bench.large_shop import fill_shop
from lab.bench.peers import run as running
from lab.bench.peers.catalogue import LISTED
from lab.bench.peers.child import measure, open_peer, possible, probe_counts, probe_filter
from lab.bench.peers.engines.tantivy_usearch import fused
from lab.bench.peers.products import shop_products
from lab.bench.peers.protocol import Peer, read_products, write_products
from lab.bench.peers.run import run_all
from lab.processes import ROOT
from search.indexing.hnsw import drop_indexes
from search.models import IndexVersion

from .drawn import drawn_products

PRODUCTS = drawn_products(60)
SHIRTS = {product.key for product in PRODUCTS if re.search(r"\bshirts?\b", product.text.lower())}


def asked(name: str, *texts: str) -> dict:
    return run_all([name], PRODUCTS, ["warm"], texts)[name]


def test_products_are_read_as_they_were_written(tmp_path):
    write_products(PRODUCTS, tmp_path / "products.jsonl")
    assert read_products(tmp_path / "products.jsonl") == PRODUCTS


@pytest.mark.processes
@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("postgres", "yes"),
        ("postgres_prefix", "yes"),
        ("django_search", "no"),
        ("watson", "no"),
        ("haystack_whoosh", "no"),
    ],
)
def test_each_finds_what_holds_a_word_and_nothing_for_no_word(name, counts):
    found = asked(name, "shirt", "xyzzyplugh")
    assert "failed" not in found
    shirts, nothing = found["answers"]
    assert shirts
    assert len(shirts) == len(set(shirts)) == min(10, len(SHIRTS))
    assert set(shirts) <= SHIRTS
    assert nothing == []
    assert (found["filters"], found["counts"]) == ("yes", counts)
    assert len(found["milliseconds"]) == 2
    assert found["process_bytes"] > 10_000_000
    assert (found["disk_bytes"] > 0) == (name != "django_search")
    assert set(found["versions"]) == set(LISTED[name].packages)


@pytest.mark.django_db(transaction=True)
def test_ours_is_built_on_the_shops_products_and_asked(tmp_path, monkeypatch):
    database = connection.settings_dict
    monkeypatch.setenv(
        "DATABASE_URL", f"postgresql://postgres@{quote(database['HOST'], safe='')}/{database['NAME']}"
    )
    fill_shop(60)
    products = list(shop_products())
    assert {product.key for product in products} == {f"D{number}" for number in range(1, 61)}
    found = measure(open_peer("ours", tmp_path), products, ["warm"], ["shirt"])
    kinds = {product.key: product.columns["article_type"] for product in products}
    assert kinds[found.answers[0][0].upper()] == ["Shirts"]
    assert (found.filters, found.counts) == ("yes", "yes")
    assert found.disk_bytes > 100_000
    version = IndexVersion.objects.active()
    open_peer("ours", tmp_path).build(products)  # one that serves stays
    assert IndexVersion.objects.active() == version
    drop_indexes(version.pk)


def test_one_that_cannot_run_is_told_and_the_next_goes_on(monkeypatch, tmp_path):
    listed = dataclasses.replace(LISTED["postgres"], postgres=False)
    apart = dataclasses.replace(listed, apart=True)
    monkeypatch.setattr(running, "LISTED", {"nowhere": listed, "apart": apart})
    monkeypatch.setattr(running, "APART", tmp_path / ".venv-peers")
    found = run_all(["nowhere", "apart"], PRODUCTS[:2], [], ["shirt"])
    assert "No module named 'lab.bench.peers.engines.nowhere'" in found["nowhere"]["failed"]
    assert found["apart"] == {"failed": ".venv-peers is missing: `make peers` makes it"}
    assert (
        "not done within 0 s" in run_all(["nowhere"], PRODUCTS[:2], [], [], seconds=0.01)["nowhere"]["failed"]
    )


class Told(Peer):
    """Answers as it is told to."""

    def __init__(self, keys: list[str] | None, counts: dict[str, int] | None) -> None:
        self.keys, self.counts = keys, counts

    def narrowed(self, text, field, value):
        return self.keys

    def counted(self, text, field):
        return self.counts


def test_filters_and_counts_are_believed_only_where_they_are_right():
    men, women = (
        next(one.key for one in PRODUCTS if one.columns["gender"] == [who]) for who in ("Men", "Women")
    )
    assert probe_filter(Told(None, None), PRODUCTS) == probe_counts(Told(None, None), PRODUCTS) == "no"
    assert probe_filter(Told([men], None), PRODUCTS) == "yes"
    assert probe_filter(Told([men, women], None), PRODUCTS) == "wrong: other values are among them"
    assert probe_filter(Told([], None), PRODUCTS) == "wrong: nothing is left"
    assert probe_counts(Told(None, {"Men": 2}), PRODUCTS) == "yes"
    assert probe_counts(Told(None, {"Men": 61}), PRODUCTS).startswith("wrong: ")
    assert not possible({"Nobody": 1}, {"Men": 3})


def test_ranks_are_fused_so_that_what_both_find_comes_first():
    assert fused(["a", "b", "c"], ["d", "c"]) == ["c", "a", "d", "b"]
    assert fused([], []) == []
    assert len(fused([str(number) for number in range(30)], [])) == 10


def test_every_listed_engine_has_a_file_and_every_package_a_pin():
    pins = "".join(
        (ROOT / name).read_text().lower()
        for name in ("requirements-peers.txt", "requirements-dev.txt", "requirements.txt")
    )
    for name, listed in LISTED.items():
        assert find_spec(f"lab.bench.peers.engines.{name}")
        assert [package for package in listed.packages if f"\n{package}==" not in pins] == []
