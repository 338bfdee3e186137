from search.retrieval.facets import FacetCount, sort_counts
from search.understanding.lexicon import parents_of

PARENTS = {"Tops": "", "Shirts": "Tops", "Blouses": "Tops", "Shoes": "", "Boots": "Shoes"}


def test_the_commonest_values_come_first():
    assert sort_counts({"Red": 2, "Blue": 3, "Azure": 2}) == [
        FacetCount("Blue", 3),
        FacetCount("Azure", 2),
        FacetCount("Red", 2),
    ]


def test_values_of_a_tree_stand_behind_the_one_above_them():
    counts = {"Blouses": 1, "Shirts": 4, "Boots": 7, "Tops": 5, "Shoes": 9}
    assert [(count.value, count.parent) for count in sort_counts(counts, PARENTS)] == [
        ("Shoes", ""),
        ("Boots", "Shoes"),
        ("Tops", ""),
        ("Shirts", "Tops"),
        ("Blouses", "Tops"),
    ]


def test_a_value_whose_parent_is_not_counted_is_a_root():
    assert sort_counts({"Shirts": 4, "Boots": 7}, PARENTS) == [
        FacetCount("Boots", 7),
        FacetCount("Shirts", 4),
    ]


def test_parents_come_from_paths():
    paths = [("Tops", "Shirts"), ("Tops", "Belts", "Belts"), ("Women", "Tops"), ("Shirts", "Tops")]
    assert parents_of(paths) == {
        "Shirts": "",
        "Tops": "",
        "Belts": "Tops",
        "Women": "",
    }


def test_no_value_is_below_itself():
    parents = parents_of([("A", "B", "A"), ("C", "B"), ("B", "D"), ("D", "B", "C")])
    for value in parents:
        seen = []
        while value:
            assert value not in seen
            seen.append(value)
            value = parents[value]
