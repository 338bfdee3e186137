"""The category tree, kept as parent links plus a materialised path."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Concat, Substr
from django.urls import reverse

SEPARATOR = "/"


class CategoryQuerySet(models.QuerySet["Category"]):
    """Reads of the tree that need one query each."""

    def roots(self) -> Self:
        """Categories without a parent."""
        return self.filter(parent=None)

    def subtree(self, category: Category) -> Self:
        """The category itself and everything below it."""
        return self.filter(Q(path=category.path) | Q(path__startswith=category.path + SEPARATOR))

    def line(self, path: str) -> Self:
        """The categories from the root down to `path`, root first."""
        parts = path.split(SEPARATOR)
        paths = [SEPARATOR.join(parts[: n + 1]) for n in range(len(parts))]
        return self.filter(path__in=paths).order_by("depth")


class Category(models.Model):
    """A node of the category tree; `path` is the slugs from the root, `apparel/topwear/tshirts`."""

    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
    name = models.CharField(max_length=100)
    slug = models.SlugField(max_length=120)
    path = models.CharField(max_length=500, unique=True, editable=False)
    depth = models.PositiveSmallIntegerField(default=0, editable=False)
    trail = models.CharField(
        max_length=500,
        editable=False,
        help_text="Names from the root, joined by ' > ', so that lists and search need no walk up the tree.",
    )

    objects = CategoryQuerySet.as_manager()

    class Meta:
        ordering = ("path",)
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.trail

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        """Save, and carry a changed path and trail down to every descendant in the same transaction.

        Raises:
            ValueError: its parent lies below it, so that its path would have no end.
        """
        with transaction.atomic():
            before = type(self).objects.filter(pk=self.pk).first() if self.pk else None
            if before and self.parent and f"{self.parent.path}/".startswith(f"{before.path}/"):
                raise ValueError(
                    f"The category {before.trail} cannot be moved below itself, to {self.parent.trail}."
                )
            self.path = self._own_path()
            self.trail = f"{self.parent.trail} > {self.name}" if self.parent else self.name
            self.depth = self.parent.depth + 1 if self.parent else 0
            if update_fields is not None:
                update_fields = {*update_fields, "path", "trail", "depth"}
            # Before the save, whose signal makes receivers look for the products below the new path.
            if before and (before.path, before.trail) != (self.path, self.trail):
                self._carry_down(before)
            super().save(*args, update_fields=update_fields, **kwargs)

    def get_absolute_url(self) -> str:
        """Address of the category's listing."""
        return reverse("shop:category", args=[self.path])

    @property
    def names(self) -> tuple[str, ...]:
        """Names from the root down to this category."""
        return tuple(self.trail.split(" > "))

    def clean(self) -> None:
        """Refuse a parent that lies below the category itself, and a name that breaks the trail."""
        if " > " in self.name:
            raise ValidationError({"name": "A category name may not contain ' > '."})
        if self.pk and self.parent_id and self.parent is not None:
            stored = type(self).objects.filter(pk=self.pk).values_list("path", flat=True).first()
            if stored and (self.parent.path + SEPARATOR).startswith(stored + SEPARATOR):
                raise ValidationError({"parent": "A category cannot be moved below itself."})
        clash = type(self).objects.filter(path=self._own_path()).exclude(pk=self.pk)
        if clash.exists():
            raise ValidationError({"slug": "Its parent already has a category with this slug."})

    def _own_path(self) -> str:
        return f"{self.parent.path}{SEPARATOR}{self.slug}" if self.parent else self.slug

    def _carry_down(self, before: Category) -> None:
        below = type(self).objects.filter(path__startswith=before.path + SEPARATOR)
        below.update(
            path=Concat(Value(self.path), Substr("path", len(before.path) + 1)),
            trail=Concat(Value(self.trail), Substr("trail", len(before.trail) + 1)),
            depth=F("depth") + self.depth - before.depth,
        )
