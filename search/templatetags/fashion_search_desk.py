"""How the dashboard writes spans of time and the addresses of products."""

from urllib.parse import quote

from django import template

from ..desk.wording import span

register = template.Library()


@register.filter
def as_span(seconds: float) -> str:
    """Write seconds in words."""
    return span(seconds)


@register.filter
def with_key(address: str, key: str) -> str:
    """Put a product's key into the address of the host's form, in place of KEY."""
    return address.replace("KEY", quote(key, safe=""))
