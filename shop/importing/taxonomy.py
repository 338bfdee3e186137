"""Brands and categories that the rows of an import name, found or made."""

from __future__ import annotations

import hashlib

from django.utils.text import slugify

from shop.models import Brand, Category


class Taxonomy:
    """Remembers brands and categories by slug, so that a row costs no query once its names are known.

    Two spellings with one slug are one brand or category, under the spelling seen first. Call it inside
    the transaction that stores the products; `forget` what it made if that transaction fails.
    """

    def __init__(self) -> None:
        self._brands = {brand.slug: brand for brand in Brand.objects.all()}
        self._categories = {category.path: category for category in Category.objects.all()}

    def brand(self, name: str) -> Brand | None:
        """The brand of that name, made if there is none; None for no name."""
        if not name:
            return None
        slug = slug_of(name)
        if slug not in self._brands:
            self._brands[slug] = Brand.objects.create(name=name, slug=slug)
        return self._brands[slug]

    def category(self, names: tuple[str, ...]) -> Category:
        """The category at the end of the path of names, made with its ancestors where they are missing."""
        parent: Category | None = None
        for name in names:
            slug = slug_of(name)
            path = f"{parent.path}/{slug}" if parent else slug
            if path not in self._categories:
                category = Category(parent=parent, name=name, slug=slug)
                category.save()
                self._categories[path] = category
            parent = self._categories[path]
        if parent is None:
            raise ValueError("A category path needs at least one name.")
        return parent


def slug_of(name: str) -> str:
    """Slug of a name; a hash of it where no letter of the name can stand in a slug."""
    return slugify(name)[:120] or hashlib.sha256(name.encode()).hexdigest()[:12]
