"""Every address of the project, as the URLconf has it."""

from collections.abc import Iterator
from typing import NamedTuple

from django.urls import URLPattern, URLResolver, get_resolver


class Address(NamedTuple):
    """One line of a URLconf: its name with its namespaces, or its pattern where it has no name."""

    name: str
    pattern: URLPattern

    @property
    def takes_nothing(self) -> bool:
        """Whether the name alone is enough to reverse it."""
        return not self.pattern.pattern.converters and not self.pattern.pattern.regex.groups


def addresses(resolver: URLResolver | None = None, namespaces: str = "") -> Iterator[Address]:
    """Yield what the whole URLconf holds, included ones too."""
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            yield from addresses(entry, namespaces + f"{entry.namespace}:" if entry.namespace else namespaces)
        else:
            yield Address(namespaces + (entry.name or f"<{entry.pattern}>"), entry)
