"""Pictures of a product."""

from __future__ import annotations

import secrets
from pathlib import PurePosixPath
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import models
from django.db.models.fields.files import FieldFile

from search.exceptions import PictureError
from search.preprocessing import open_picture
from shop.metadata import without_metadata
from shop.thumbnails import LARGEST

from .product import Product


def validate_picture(picture: FieldFile) -> None:
    """Refuse a file that cannot be decoded whole, before it is stored.

    Raises:
        ValidationError: with the sentence of the decoder.
    """
    if picture._committed:  # it was checked when it was uploaded
        return
    try:
        open_picture(picture.file, at_least=LARGEST)
    except PictureError as error:
        raise ValidationError(str(error)) from error
    finally:
        picture.file.seek(0)


def upload_name(_picture: ProductImage, name: str) -> str:
    """A name that no other upload ever had, so that browsers may keep what they loaded under it."""
    return f"products/uploads/{secrets.token_hex(8)}{PurePosixPath(name).suffix.lower()}"


class ProductImage(models.Model):
    """One picture of a product; the first by position is shown on cards."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="images")
    image = models.ImageField(upload_to=upload_name, max_length=200, validators=[validate_picture])
    alt_text = models.CharField(max_length=250, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("position", "pk")
        verbose_name = "picture"

    def __str__(self) -> str:
        return self.alt_text or self.image.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the picture; a new file loses what cameras wrote beside it, such as the place."""
        if self.image and not self.image._committed:
            self.image.file.seek(0)
            self.image.file = ContentFile(without_metadata(self.image.file.read()), name=self.image.name)
        super().save(*args, **kwargs)
