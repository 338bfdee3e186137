"""A small shop's own catalogue, as docs/install.md supposes it."""

from django.db import models
from django.urls import reverse


class Brand(models.Model):
    name = models.CharField(max_length=80, unique=True)

    def __str__(self):
        return self.name


class Category(models.Model):
    name = models.CharField(max_length=80)
    parent = models.ForeignKey("self", models.CASCADE, null=True, blank=True)

    def __str__(self):
        return self.name


class Product(models.Model):
    title = models.CharField(max_length=200)
    sku = models.CharField(max_length=40, unique=True)
    brand = models.ForeignKey(Brand, models.PROTECT)
    category = models.ForeignKey(Category, models.PROTECT)
    colour = models.CharField(max_length=40, blank=True)
    description = models.TextField(blank=True)
    price = models.DecimalField(max_digits=9, decimal_places=2)
    number_in_stock = models.PositiveIntegerField(default=0)
    published = models.BooleanField(default=True)
    created = models.DateTimeField(auto_now_add=True)

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("product", args=(self.pk,))


class ProductImage(models.Model):
    product = models.ForeignKey(Product, models.CASCADE, related_name="images")
    file = models.ImageField(upload_to="products")

    def __str__(self):
        return self.file.name
