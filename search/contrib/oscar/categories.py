"""Oscar's category tree as values of the facet "category", and which products a change in it concerns.

A category's value is its name, on one line, as facets' values are. Where several public categories have the same name ("Shoes" of women and of men), it is the shortest
end of the path that no other of them has: "Women > Shoes". So each category has a value of its own, and its page shows its own products.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from django.db.models import Q
from oscar.core.loading import get_model

from ...text import one_line

SEPARATOR = " > "  # as Oscar writes the full name of a category
FORMER_NAME = "_fashion_search_former_name"  # where a category that is being saved keeps the name that it had


class _Node(NamedTuple):
    pk: int
    path: str  # of keys, as treebeard has it
    name: str


class CategoryTree:
    """The public categories at one moment.

    Args:
        nodes: primary key, path of keys and name of each, whatever their order.
        step: characters of a path per level.
    """

    def __init__(self, nodes: Iterable[tuple[int, str, str]], step: int) -> None:
        self._step = step
        self._nodes = {pk: _Node(pk, path, one_line(name)) for pk, path, name in nodes}
        self._by_path = {node.path: node for node in self._nodes.values()}
        self._values = self._distinct_values()

    @classmethod
    def read(cls) -> "CategoryTree":
        """Read the tree by one query."""
        category = get_model("catalogue", "Category")
        rows = category.objects.browsable().order_by("path").values_list("pk", "path", "name")
        return cls(rows, category.steplen)

    def value(self, pk: int) -> str:
        """Return the value of a category; "" for one that is not public."""
        return self._values.get(pk, "")

    def path(self, pk: int) -> tuple[str, ...]:
        """Return the values from the root down to a category; none for one that is not public."""
        node = self._nodes.get(pk)
        return tuple(self._values[one.pk] for one in self._upwards(node)[::-1]) if node else ()

    def names(self, pk: int) -> tuple[str, ...]:
        """Return the names from the root down to a category."""
        node = self._nodes.get(pk)
        return tuple(one.name for one in self._upwards(node)[::-1]) if node else ()

    def below(self, pk: int) -> frozenset[str]:
        """Return the values of a category's descendants."""
        node = self._nodes.get(pk)
        if node is None:
            return frozenset()
        inside = (one for one in self._nodes.values() if one.path.startswith(node.path) and one.pk != pk)
        return frozenset(self._values[one.pk] for one in inside)

    def paths(self) -> Iterator[tuple[str, ...]]:
        """Yield the path of every category."""
        return map(self.path, self._nodes)

    def path_of_product(self, pks: Iterable[int]) -> tuple[str, ...]:
        """Return the values of all the categories of a product with those above them, each once.

        The deepest category comes last, because the last value says what kind of thing a product is; of equally deep ones the first
        in the tree. The others stand before its path.
        """
        known = sorted((self._nodes[pk] for pk in pks if pk in self._nodes), key=lambda node: node.path)
        if not known:
            return ()
        deepest = max(known, key=lambda node: len(node.path))
        own = self.path(deepest.pk)
        others = (value for node in known if node is not deepest for value in self.path(node.pk))
        return (*(value for value in dict.fromkeys(others) if value not in own), *own)

    def _upwards(self, node: _Node) -> list[_Node]:
        ends = range(len(node.path), 0, -self._step)
        return [self._by_path[node.path[:end]] for end in ends if node.path[:end] in self._by_path]

    def _distinct_values(self) -> Mapping[int, str]:
        names = {pk: [one.name for one in self._upwards(node)] for pk, node in self._nodes.items()}
        taken = Counter(end for own in names.values() for end in _ends(own))
        values = {}
        for pk, own in names.items():
            lengths = (length for length, end in enumerate(_ends(own), 1) if taken[end] == 1)
            values[pk] = SEPARATOR.join(own[: next(lengths, len(own))][::-1])
        return values


def _ends(names: Sequence[str]) -> list[tuple[str, ...]]:
    """The ends of a path, shortest first, without regard to case; given from the category up to the root."""
    folded = [name.casefold() for name in names]
    return [tuple(folded[:length]) for length in range(1, len(folded) + 1)]


def products_of_category(category: Any) -> Iterator[int]:
    """Yield the primary keys of the products that a changed category may concern.

    These are its own, those of the categories below it, and those of categories of the same name, or of the one that it had before: whether
    a name is shared decides on their values.
    """
    model = type(category)
    shared = Q(name__iexact=category.name) | Q(name__iexact=getattr(category, FORMER_NAME, category.name))
    paths = [category.path, *model._default_manager.filter(shared).values_list("path", flat=True)]
    inside = Q()
    for path in dict.fromkeys(paths):
        inside |= Q(categories__path__startswith=path)
    product = get_model("catalogue", "Product")
    yield from product._default_manager.filter(inside).order_by().values_list("pk", flat=True).distinct()
