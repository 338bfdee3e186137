"""What search engines and messengers read of a product page: schema.org Product as JSON-LD, and Open Graph."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from shop.models import Product
from shop.thumbnails import thumbnail_url

LONGEST = 5000  # characters of a description
# As Django's json_script has them, so that nothing in a product's text can end the script element.
ESCAPES = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}


def product_data(product: Product, whole: Callable[[str], str]) -> dict[str, Any]:
    """Return a product as schema.org has it (https://schema.org/Product).

    Args:
        product: with its brand, category, pictures and sizes.
        whole: makes an address of a path.
    """
    data: dict[str, Any] = {
        "@context": "https://schema.org/",
        "@type": "Product",
        "name": product.name,
        "sku": product.sku,
        "description": product.description[:LONGEST] or product.name,
        "category": product.category.trail,
        "image": [whole(thumbnail_url(image.image.name, "stage2x")) for image in product.images.all()],
        "url": whole(product.get_absolute_url()),
        "brand": {"@type": "Brand", "name": product.brand.name} if product.brand else None,
        "color": product.colour,
        "size": [variant.size for variant in product.variants.all()],
    }
    if product.price is not None:
        stock = "InStock" if product.in_stock else "OutOfStock"
        data["offers"] = {
            "@type": "Offer",
            "price": f"{product.price:.2f}",
            "priceCurrency": product.currency,
            "availability": f"https://schema.org/{stock}",
            "url": data["url"],
        }
    return {name: value for name, value in data.items() if value}


def as_script(data: dict[str, Any]) -> SafeString:
    """Write data so that it can stand in a script element."""
    return mark_safe(json.dumps(data, ensure_ascii=False).translate(ESCAPES))  # noqa: S308 - escaped above
