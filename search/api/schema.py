"""The OpenAPI 3.1 description of the API."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.urls import reverse
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.settings import patched_settings
from drf_spectacular.utils import extend_schema

from ..exceptions import NoIndexRegistered
from ..registry import get_index
from .described import facet_parameters

F = TypeVar("F", bound=Callable[..., Any])
VERSION = "1"
DESCRIPTION = """Search of a shop's products by words, photos and filters.

Errors have one body: `{"error": {"code": ..., "message": ...}}`; the code is for programs, the message is a sentence for people, in the language of
`Accept-Language` where there is a translation. A key is sent as `Authorization: Bearer KEY`. Answers that may be kept have an `ETag`.
"""
SETTINGS: dict[str, Any] = {
    "TITLE": "Fashion search",
    "DESCRIPTION": DESCRIPTION,
    "VERSION": VERSION,
    "OAS_VERSION": "3.1.1",
    "SCHEMA_PATH_PREFIX": "/",
    "SCHEMA_PATH_PREFIX_TRIM": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "COMPONENT_NO_READ_ONLY_REQUIRED": True,
    "SORT_OPERATION_PARAMETERS": False,
    "ENUM_NAME_OVERRIDES": {},
    "POSTPROCESSING_HOOKS": [],
    "APPEND_COMPONENTS": {
        "securitySchemes": {
            "key": {
                "type": "http",
                "scheme": "bearer",
                "description": "A key that the shop has made in its admin.",
            }
        }
    },
    "TAGS": [
        {"name": "search", "description": "Words, photos, filters, suggestions."},
        {"name": "catalogue", "description": "Products and categories."},
        {"name": "events", "description": "What shoppers do with results."},
    ],
}


class ApiSchema(AutoSchema):
    """Describes an operation; views with `takes_filters` take the shop's facets as parameters, too."""

    def get_override_parameters(self) -> Any:
        """Return the parameters of the facets, which the shop names."""
        if not getattr(self.view, "takes_filters", False):
            return []
        try:
            return facet_parameters(get_index().facets)
        except NoIndexRegistered:
            return []

    def get_auth(self) -> list[dict[str, list[str]]]:
        """Return that a key may be sent and need not be."""
        return [{"key": []}, {}]


def operation(**described: Any) -> Callable[[F], F]:
    """Describe a method of a view, as `extend_schema` does, whatever DEFAULT_SCHEMA_CLASS the host has."""

    def decorate(method: F) -> F:
        method.kwargs = {"schema": ApiSchema}  # type: ignore[attr-defined]  # where extend_schema looks for what it extends
        return extend_schema(**described)(method)

    return decorate


def describe() -> dict[str, Any]:
    """Return the description of the whole API, as this shop has it."""
    prefix = reverse("fashion_search:schema").removesuffix("schema/")
    with patched_settings({**SETTINGS, "SERVERS": [{"url": prefix.rstrip("/") or "/"}]}):
        generator = SchemaGenerator(urlconf=f"{__package__}.urls")  # type: ignore[no-untyped-call]
        described: dict[str, Any] = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return described
