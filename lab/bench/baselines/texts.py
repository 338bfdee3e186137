"""What each of the others is told about a product: the same name, attribute words and description."""

from watson import search as watson

from search.registry import get_index


def texts_of(product) -> tuple[str, str, str]:
    """Return a product's name with its brand, its attribute words, and its description."""
    document = get_index().document(product)
    return f"{document.name} {document.brand} {document.sku}", document.keywords, document.description


class ProductAdapter(watson.SearchAdapter):
    """What watson is told."""

    def get_title(self, obj) -> str:
        """Return what counts most."""
        return texts_of(obj)[0]

    def get_description(self, obj) -> str:
        """Return what counts second."""
        return texts_of(obj)[1]

    def get_content(self, obj) -> str:
        """Return what counts least."""
        return texts_of(obj)[2]
