import numpy as np
import pytest

from search.exceptions import MapError
from search.models import EntryImage, IndexEntry
from search.quality.map import make_map, unpack
from tests.search.indexed import add, add_many, make_version, unit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("search_settings")]


def nothing(step: str, share: float) -> None:
    """A report that nobody reads."""


def test_each_product_lies_where_its_first_picture_with_an_embedding_belongs(tiny_artifact):
    version, other = make_version(tiny_artifact), make_version(tiny_artifact, state="retired")
    add(version, "A1", "Shirt", pictures=[unit(1), unit(0, 0, 1)])
    add(version, "A2", "Shirt", pictures=[unit(0, 1), unit(1)])
    EntryImage.objects.filter(entry__sku="a2", position=0).update(embedding=None, error="broken")
    add(version, "A3", "Shirt", pictures=[unit(0, 1)])
    add(version, "A4", "Shirt")
    add(other, "A5", "Shirt", pictures=[unit(1)])
    fields = make_map(version, nothing)
    entries, positions = unpack(fields["entries"], fields["positions"])
    skus = dict(IndexEntry.objects.values_list("pk", "sku"))
    assert [skus[pk] for pk in entries.tolist()] == ["a1", "a2", "a3"]
    assert positions[0].tolist() == positions[1].tolist() != positions[2].tolist()
    assert (fields["mapped"], fields["available"], fields["seed"]) == (3, 3, 1)


def test_above_the_limit_products_are_drawn_by_lot(tiny_artifact, search_settings):
    search_settings.FASHION_SEARCH |= {"MAP_PRODUCTS": 20}
    version = make_version(tiny_artifact)
    random = np.random.default_rng(1)
    add_many(version, random.normal(size=(50, 32)), ["colour=Red"] * 50)
    steps: list[tuple[str, float]] = []
    fields = make_map(version, lambda step, share: steps.append((step, share)))
    assert (fields["mapped"], fields["available"]) == (20, 50)
    assert fields["parameters"] == {"method": "t-SNE", "components": 50, "perplexity": 6.3}
    drawn, _ = unpack(fields["entries"], fields["positions"])
    assert len(set(drawn.tolist())) == 20
    assert fields == make_map(version, nothing)
    assert [steps[0], steps[1], steps[-1]] == [
        ("reading pictures' embeddings", 0.0),
        ("finding neighbours", 0.05),
        ("laying products out", 1.0),
    ]


def test_without_pictures_there_is_nothing_to_map(tiny_artifact):
    version = make_version(tiny_artifact)
    add(version, "A1", "Shirt")
    with pytest.raises(MapError, match="No product has a picture with an embedding yet"):
        make_map(version, nothing)
