"""Sizes of a product."""

from django.db import models

from .product import Product


class Variant(models.Model):
    """One size of a product, with its own stock."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="variants")
    sku = models.CharField("SKU", max_length=80, unique=True)
    size = models.CharField(max_length=40)
    stock = models.PositiveIntegerField(default=0)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("position", "pk")
        constraints = (models.UniqueConstraint(fields=("product", "size"), name="shop_variant_one_per_size"),)

    def __str__(self) -> str:
        return f"{self.product_id} {self.size}"
