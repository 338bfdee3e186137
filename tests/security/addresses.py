"""Every address of the project, as the URLconf has it."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from django.urls import URLPattern, URLResolver, get_resolver


class Address(NamedTuple):
    """One line of a URLconf: its name with its namespaces, or its pattern where it has no name; and its whole route."""

    name: str
    route: str
    pattern: URLPattern

    @property
    def takes_nothing(self) -> bool:
        """Whether the name alone is enough to reverse it."""
        return not self.pattern.pattern.converters and not self.pattern.pattern.regex.groups


def addresses(
    resolver: URLResolver | None = None, namespaces: str = "", before: str = ""
) -> Iterator[Address]:
    """Yield what the whole URLconf holds, included ones too."""
    for entry in (resolver or get_resolver()).url_patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            below = namespaces + f"{entry.namespace}:" if entry.namespace else namespaces
            yield from addresses(entry, below, route)
        else:
            yield Address(namespaces + (entry.name or f"<{entry.pattern}>"), route, entry)


def shared(found: Iterable[Address]) -> dict[str, list[str]]:
    """The routes of every name that more than one address has; a rule for the name looks at one of them only."""
    routes: dict[str, list[str]] = {}
    for address in found:
        routes.setdefault(address.name, []).append(address.route)
    return {name: several for name, several in routes.items() if len(several) > 1}
