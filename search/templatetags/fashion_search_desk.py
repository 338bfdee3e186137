"""How the dashboard writes spans of time and the addresses of products."""

from datetime import datetime
from urllib.parse import quote

from django import template
from django.utils import timezone

from ..monitoring.services import span

register = template.Library()


@register.filter
def since(moment: datetime) -> str:
    """Write in words how long ago a moment was."""
    return span((timezone.now() - moment).total_seconds())


@register.filter
def with_key(address: str, key: str) -> str:
    """Put a product's key into the address of the host's form, in place of KEY."""
    return address.replace("KEY", quote(key, safe=""))
