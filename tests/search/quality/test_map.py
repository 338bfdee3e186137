import tracemalloc

import numpy as np
import pytest
from django.db.models import Value
from django.db.models.functions import Concat
from django.utils import timezone

import search.quality.map
from search.exceptions import MapError
from search.models import CatalogueMap, EntryImage, IndexEntry
from search.quality import projection
from search.quality.map import NONE, read_cells, read_points
from search.quality.projection import make_map, pack, unpack
from tests.search.indexed import add, add_many, make_version, unit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("search_settings")]


@pytest.fixture
def made(tiny_artifact) -> CatalogueMap:
    """Four products in the corners of the map, clockwise from the top left."""
    version = make_version(tiny_artifact)
    facets = [
        {"category": ["Apparel", "Tops"], "colour": ["Red"], "size": ["S", "M"]},
        {"category": ["Apparel", "Shoes"], "colour": ["Red"], "size": ["M", "L"]},
        {"category": ["Apparel"], "size": ["S"]},
        {"category": ["Bags"], "colour": ["Blue"]},
    ]
    for number, each in enumerate(facets):
        add(version, f"A{number}", f"Name {number}", facets=each)
    entries = np.array(IndexEntry.objects.order_by("pk").values_list("pk", flat=True))
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], dtype=np.float32)
    packed = pack(entries, corners)
    now = timezone.now()
    return CatalogueMap.objects.create(
        version=version, entries=packed[0], positions=packed[1], seen_at=now, made_at=now, state="ready"
    )


def test_points_with_what_they_can_be_coloured_by(made):
    points = read_points(made)
    keys = list(IndexEntry.objects.order_by("pk").values_list("product_key", flat=True))
    assert points.as_json() == {
        "side": 65535,
        "keys": tuple(keys),
        "x": [0, 65535, 65535, 0],
        "y": [0, 0, 65535, 65535],
        "colourings": [
            {"name": "category", "values": ("Apparel", "Bags"), "counts": (3, 1), "of": (0, 0, 0, 1)},
            {
                "name": "category, level 2",
                "values": ("Apparel", "Bags", "Shoes", "Tops"),
                "counts": (1, 1, 1, 1),
                "of": (3, 2, 0, 1),
            },
            {"name": "colour", "values": ("Red", "Blue"), "counts": (2, 1), "of": (0, 0, NONE, 1)},
        ],
    }


def test_a_product_that_was_deleted_since_is_left_out(made):
    IndexEntry.objects.get(sku="a1").delete()
    points = read_points(made)
    assert points.names == ("Name 0", "Name 2", "Name 3")
    assert points.positions.tolist() == [[0, 0], [65535, 65535], [0, 65535]]


def peak(call) -> int:
    """Most memory that a call holds at once, in bytes."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_no_other_entry_of_the_index_is_read(made, django_assert_num_queries):
    expected = read_points(made).as_json()
    add_many(made.version, np.eye(32)[np.zeros(500, int)], ["colour=Green"] * 500)
    few = peak(lambda: read_points(made))
    for _ in range(3):
        IndexEntry.objects.filter(sku__startswith="bulk").update(
            product_key=Concat(Value("x"), "product_key")
        )
        add_many(made.version, np.eye(32)[np.zeros(500, int)], ["colour=Green"] * 500)
    assert peak(lambda: read_points(made)) < 1.5 * few
    with django_assert_num_queries(1):
        assert read_points(made).as_json() == expected


def test_products_are_read_in_parts(made, monkeypatch):
    expected = read_points(made)
    monkeypatch.setattr(search.quality.map, "CHUNK", 3)
    read = read_points(made)
    assert (read.keys, read.names, read.colourings) == (expected.keys, expected.names, expected.colourings)
    assert np.array_equal(read.positions, expected.positions)


def test_cells_name_what_lies_in_them(made):
    points = read_points(made)
    cells = read_cells(points, points.colourings[-1])
    assert [(cell.row, cell.column, cell.products, cell.values) for cell in cells] == [
        (1, 1, 1, (("Red", 1),)),
        (1, 8, 1, (("Red", 1),)),
        (8, 1, 1, (("Blue", 1),)),
        (8, 8, 1, ()),
    ]
    assert [example.name for cell in cells for example in cell.examples] == [
        "Name 0",
        "Name 1",
        "Name 3",
        "Name 2",
    ]


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
    search_settings.FASHION_SEARCH = search_settings.FASHION_SEARCH | {"MAP_PRODUCTS": 20}
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


def test_first_pictures_are_read_in_parts(tiny_artifact, monkeypatch):
    version = make_version(tiny_artifact)
    for number in range(5):
        add(version, f"A{number}", "Hat", pictures=[unit(1), unit(0, 1)])
    expected = list(EntryImage.objects.filter(position=0).order_by("entry_id").values_list("pk", flat=True))
    monkeypatch.setattr(projection, "FIRST_CHUNK", 2)
    assert projection.first_pictures(version.pk).tolist() == expected
