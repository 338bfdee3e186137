import numpy as np
import pytest
from django.utils import timezone

from search.models import CatalogueMap, IndexEntry
from search.quality.map import NONE, pack, read_cells, read_points
from tests.search.indexed import add, make_version

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
