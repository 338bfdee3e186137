"""Brands."""

from django.db import models


class Brand(models.Model):
    """A maker whose name stands on products."""

    name = models.CharField(max_length=100, unique=True)
    slug = models.SlugField(max_length=120, unique=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name
