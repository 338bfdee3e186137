"""What the shop sells."""

from django.db import models
from django.urls import reverse


class Product(models.Model):
    """A product with one picture."""

    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=50)
    brand = models.CharField(max_length=50)
    price = models.DecimalField(max_digits=8, decimal_places=2)
    image = models.ImageField(upload_to="products")
    created = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        """Its name."""
        return self.name

    def get_absolute_url(self) -> str:
        """Its page."""
        return reverse("product", args=[self.pk])
