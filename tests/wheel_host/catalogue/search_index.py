"""What a product is to the plugin."""

from fashion_search.registry import ProductCard, ProductDocument, ProductIndex, ProductPicture, register

from .models import Product


@register(Product)
class ShopIndex(ProductIndex):
    """Products by name, kind and brand."""

    facets = ("category", "brand")

    def get_queryset(self):
        """All of them."""
        return Product.objects.all()

    def document(self, product):
        """What is indexed of one."""
        return ProductDocument(
            key=str(product.pk),
            sku=f"P{product.pk}",
            name=product.name,
            brand=product.brand,
            keywords=product.kind,
            price=product.price,
            created=product.created,
            facets={"category": (product.kind,), "brand": (product.brand,)},
            pictures=(
                ProductPicture(
                    name=product.image.name, open=lambda: product.image.storage.open(product.image.name)
                ),
            ),
        )

    def card(self, product):
        """What lists show of one."""
        return ProductCard(
            sku=f"P{product.pk}",
            name=product.name,
            brand=product.brand,
            price=product.price,
            currency="EUR",
            image=product.image.url,
            url=product.get_absolute_url(),
        )
