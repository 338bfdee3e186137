"""The products of the shop in the database, as other engines get them."""

from collections.abc import Iterator

from .protocol import PeerProduct


def shop_products() -> Iterator[PeerProduct]:
    """Read every product that the shop registers for search; Django must be set up."""
    from search.registry import get_index, read_all

    index = get_index()
    for loaded in read_all():
        for product in loaded.products.values():
            document = index.document(product)
            yield PeerProduct(
                key=document.sku,
                title=f"{document.name} {document.brand} {document.sku}",
                keywords=document.keywords,
                description=document.description,
                encoded=index.encoded_text(document),
                columns={
                    name: [values] if isinstance(values, str) else list(values)
                    for name, values in index.judged(product, document).items()
                },
                price=None if document.price is None else float(document.price),
            )
