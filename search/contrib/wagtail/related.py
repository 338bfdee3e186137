"""What else than saving a product page has it indexed again.

Everything that the paths in `fields` lead through: children of the page, images, tags, snippets, other pages. And what Wagtail does to pages
above: whoever renames or moves one changes the addresses of all below it, whoever restricts one hides them.
"""

from collections.abc import Iterable
from functools import cache
from typing import Any

from django.db.models import Model, Q, QuerySet
from django.db.models.signals import post_delete, post_save, pre_delete, pre_save
from wagtail.models import PageViewRestriction, Site
from wagtail.signals import page_published, page_unpublished, post_page_move

from ...exceptions import NoIndexRegistered
from ...indexing.marks import hint_after_commit
from ...registry import ProductIndex, get_index
from ...session import pinned
from ...signals import mark_stale

NAMES = {
    "title",
    "slug",
}  # of a page, which those below it may have as their category, and in their addresses
MANY = 100  # products at once, before which others are indexed
RENAMED = "_fashion_search_renamed"  # on a page that is being saved: whether those below it are called otherwise then


def connect() -> None:
    """Connect the receivers, once: with the first index of pages."""
    for number, (signal, receiver, sender) in enumerate((
        (pre_save, _keep_whether_renamed, None),
        (post_save, _page_saved, None),
        (post_save, _part_changed, None),
        (pre_delete, _part_changed, None),  # behind it, nothing leads to the product any more
        (post_save, _restricted, PageViewRestriction),
        (post_delete, _restricted, PageViewRestriction),
        (post_save, _site_changed, Site),
        (page_published, _page_changed, None),
        (page_unpublished, _page_changed, None),
        (post_page_move, _page_moved, None),
    )):  # fmt: skip
        signal.connect(receiver, sender=sender, dispatch_uid=f"fashion_search.wagtail.{number}")


def base_of(model: Any) -> Any:
    """Return the model of all pages, of which a kind of page is made: Wagtail's own, or the project's."""
    return model._meta.get_field("url_path").model


@pinned()
def _part_changed(sender: type[Model], instance: Any, **kwargs: Any) -> None:
    """Mark the pages whose fields lead through a row that was saved, or will be deleted."""
    index = _index()
    if index is not None and (lookups := _lookups(index, sender)):
        condition = Q()
        for lookup in lookups:
            condition |= Q(**{lookup: instance.pk})
        _mark(_products(index).filter(condition))


@pinned()
def _keep_whether_renamed(
    sender: type[Model], instance: Any, raw: bool = False, update_fields: Any = None, **kwargs: Any
) -> None:
    """Note whether a page is called otherwise now."""
    index = _index()
    if raw or index is None or instance.pk is None or not issubclass(sender, base_of(index.model)):
        return
    if update_fields is not None and not NAMES & set(update_fields):  # of a draft nothing else is written
        setattr(instance, RENAMED, False)
        return
    before = base_of(index.model)._default_manager.filter(pk=instance.pk).values(*NAMES).first()
    setattr(instance, RENAMED, any(getattr(instance, name) != was for name, was in (before or {}).items()))


@pinned()
def _page_saved(sender: type[Model], instance: Any, **kwargs: Any) -> None:
    """Mark all below a page that is called otherwise now, and a product that was saved as a page like any other."""
    index = _index()
    if index is None or not issubclass(sender, base_of(index.model)):
        return
    if getattr(instance, RENAMED, False):
        _mark_below(index, instance)
    elif not issubclass(sender, index.model):
        _mark(_products(index).filter(pk=instance.pk))


def _page_changed(instance: Any, **kwargs: Any) -> None:
    """Mark a product that was published or unpublished, by a schedule also as a page like any other."""
    index = _index()
    if index is not None:
        _mark(_products(index).filter(pk=instance.pk))


def _page_moved(instance: Any, **kwargs: Any) -> None:
    """Mark a page and all below it, which have other addresses now, and perhaps other restrictions."""
    index = _index()
    if index is not None:
        _mark_below(index, instance)


@pinned()
def _restricted(instance: Any, **kwargs: Any) -> None:
    """Mark all that a restriction hides, or hid."""
    index = _index()
    if index is not None:
        # None, where it is deleted with its restrictions.
        for page in base_of(index.model)._default_manager.filter(pk=instance.page_id):
            _mark_below(index, page)


def _site_changed(instance: Any, **kwargs: Any) -> None:
    """Mark all pages of a site, whose host or home page may be another."""
    index = _index()
    if index is not None:
        _mark_below(index, instance.root_page)


def _index() -> ProductIndex | None:
    """The index, if it is one of pages."""
    try:
        index = get_index()
    except NoIndexRegistered:
        return None
    return index if hasattr(index.model, "url_path") else None


@cache
def _lookups(index: ProductIndex, sender: type[Model]) -> tuple[str, ...]:
    """The lookups by which pages are found from a row of a model: what paths lead through, without pages of the products' own kind."""
    return tuple(
        lookup for model, lookup in index.mapped.passed() if issubclass(sender, model) and not issubclass(sender, index.model)
    )  # fmt: skip


def _products(index: ProductIndex) -> QuerySet[Any]:
    """All pages of the products' kind, live or not: what becomes of one is for the worker to see."""
    return index.model._default_manager.order_by()


def _mark_below(index: ProductIndex, page: Any) -> None:
    _mark(_products(index).filter(path__startswith=page.path))


@pinned()
def _mark(pages: QuerySet[Any]) -> None:
    keys: Iterable[Any] = pages.values_list("pk", flat=True).distinct()
    found = [str(pk) for pk in keys]
    if found:
        mark_stale(found, backfill=len(found) > MANY, reread=False)
        hint_after_commit()
