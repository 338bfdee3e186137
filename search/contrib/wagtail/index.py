"""Products that are pages of Wagtail's: those that are live, open to everybody and of one language, with pictures by rendition.

@register(ProductPage)
class Products(PageIndex):
    fields = {**PageIndex.fields, "sku": "sku", "codes": "variants__sku", "pictures": "gallery__image__file"}
"""

import logging
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from threading import local
from typing import Any, ClassVar

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.db.models import Count, F, Q, QuerySet
from django.db.models.fields.files import FieldFile
from wagtail.models import Locale, Site

from ...facets import CATEGORY
from ...mapping import Source
from ...registry import ProductCard, ProductIndex
from ..plain import plain_text
from .related import base_of, connect

logger = logging.getLogger(__name__)

_batch = local()  # what is read of other pages once for the products of a batch


def titles_above(page: Any) -> list[str]:
    """Return the titles of the pages between the home page and a page, topmost first: its category, where the tree of pages is that of categories.

    It is a source for `fields`, and costs one query for all products that lie side by side.
    """
    titles: dict[str, str] = _batch.__dict__.setdefault("titles", {})
    home = next((root for root in _roots() if page.url_path.startswith(root)), None)
    if home is None:
        return []
    levels = page.url_path.count("/") - home.count("/") - 1  # "/home/shoes/boots/" has a part for each level
    ways = [page.path[: -page.steplen * up] for up in range(levels, 0, -1)]
    lacking = [path for path in ways if path not in titles]
    if lacking:
        rows = base_of(type(page))._default_manager.filter(path__in=lacking)
        titles.update(rows.values_list("path", "title"))
    return [titles[path] for path in ways if path in titles]


def text_of(field: str) -> Callable[[Any], str]:
    """Return a source for `fields` that gives the words of a rich text or a StreamField."""
    return lambda page: plain_text(str(getattr(page, field)))


class PageIndex(ProductIndex):
    """Pages that anybody may see.

    What Wagtail has published is found: its drafts lie in revisions. Pages are marked when anything is saved that their `fields` lead
    through, and when Wagtail publishes, moves, renames or restricts them or what they lie below (`related.py`).
    """

    fields: ClassVar[Mapping[str, Source]] = {
        "name": "title",
        "description": "search_description",
        "created": "first_published_at",
        "url": "url",
    }
    # The language whose pages are found, such as "de"; "" for that of LANGUAGE_CODE. Without WAGTAIL_I18N_ENABLED all are.
    language: ClassVar[str] = ""
    # Renditions of the picture in lists, the second for screens of twice the pixels; "fill" keeps the focal point in view.
    renditions: ClassVar[tuple[str, str]] = ("fill-300x400", "fill-600x800")

    def __init__(self) -> None:
        connect()

    def get_queryset(self) -> QuerySet[Any]:
        """Live pages of one language below the home page of a site, without private ones and copies of others."""
        _batch.__dict__.clear()  # what is read with these products shall be as new as they are
        pages: Any = self.model._default_manager
        # An alias in another language stands for a translation that is not there yet; one beside its page is the same product again.
        found: QuerySet[Any] = self._in_language(pages.live().public()).exclude(
            alias_of__locale_id=F("locale_id")
        )
        return found

    def card(self, product: Any) -> ProductCard:
        """What lists show of a page, with renditions of the first of `pictures` that can be shown, unless `fields` has an image."""
        card = super().card(product)
        if "image" in self.fields or "pictures" not in self.fields:
            return card
        for image in self._images(product):
            small, large = (self._rendition(image, spec) for spec in self.renditions)
            if small and large:
                return replace(card, image=small, image_large=large)
        return replace(card, image="", image_large="")

    def ambiguous(self) -> Collection[str]:
        """Names that several categories have; with `titles_above`, titles of several pages that have others below them."""
        if self.fields.get(CATEGORY) is not titles_above:
            return super().ambiguous()
        if not hasattr(_batch, "shared"):
            above = self._in_language(base_of(self.model)._default_manager.filter(numchild__gt=0))
            shared = above.order_by().values("title").annotate(pages=Count("pk")).filter(pages__gt=1)
            _batch.shared = frozenset(shared.values_list("title", flat=True))
        found: Collection[str] = _batch.shared
        return found

    def _in_language(self, pages: Any) -> Any:
        """Of some pages those in the language of the products that have an address."""
        reachable = Q(pk__in=())
        for root in _roots():
            reachable |= Q(url_path__startswith=root)
        pages = pages.filter(reachable)
        if not getattr(settings, "WAGTAIL_I18N_ENABLED", False):
            return pages
        return pages.filter(
            locale__language_code=self.language or Locale.get_default().language_code,
        )

    def _images(self, page: Any) -> Iterator[Any]:
        """Wagtail's images whose files are the pictures of a page."""
        for file in self.mapped.values(page, "pictures"):
            if isinstance(file, FieldFile) and file and hasattr(file.instance, "get_rendition"):
                yield file.instance

    def _rendition(self, image: Any, spec: str) -> str:
        """The address of a rendition; "" where none can be made, because the file is away or no picture."""
        try:
            return str(image.get_rendition(spec).url)
        except (DatabaseError, InterfaceError, SoftTimeLimitExceeded):
            raise
        except Exception as error:  # noqa: BLE001 - of files that are no pictures, the libraries raise anything
            logger.warning("No rendition %s of image %s: %s: %s", spec, image.pk, type(error).__name__, error)
            return ""


def _roots() -> list[str]:
    """The `url_path` of each site's home page and of its translations, the innermost first; Wagtail keeps them in the cache."""
    return [root.root_path for root in Site.get_site_root_paths()]
