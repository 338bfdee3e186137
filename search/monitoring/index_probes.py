"""Probes of what is in the index: pictures, entries, documents, cards, and how stale it is."""

from math import ceil

from django.db import DatabaseError
from django.db.models import Count, Min, Q
from django.db.models.functions import Now
from django.utils import timezone

from ..conf import get_settings
from ..exceptions import NoIndexRegistered
from ..indexing.failures import failing_cards, noted_documents
from ..indexing.reconcile import count_lacking, product_keys
from ..indexing.status import count_pictures
from ..models import Build, EntryImage, IndexVersion, KeptCount, StaleMark, StaleProduct
from ..registry import describe_failure
from ..sentences import figure, joined, said
from ..sentences import lazily as _
from .probes import Finding, State, count, counted, span
from .version_probes import probe_artifact, probe_hnsw, probe_recall, probe_text_config, probe_version

STALE_SECONDS = 60.0
MOST_PICTURES = 0.5  # without embedding: photos and similar products find nearly nothing
COUNTED = 50_000  # products that are counted while a page is waited for
LOOKED_FOR = 1_000
LOST_SECONDS = 900.0  # nobody has indexed anything for so long


def probe_index() -> list[Finding]:
    """Look at the active version and all that belongs to it, or say that there is none."""
    version = IndexVersion.objects.active()
    if version is None:
        return [probe_version(version)]
    return [
        probe_version(version),
        probe_artifact(version),
        probe_text_config(version),
        probe_hnsw(version),
        probe_recall(version),
        probe_pictures(version),
        probe_entries(version),
        probe_documents(version),
        probe_cards(version),
    ]


def probe_pictures(version: IndexVersion) -> Finding:
    """Count the pictures that have no embedding, so that no search finds their products by what they look like."""
    name = _("Picture embeddings")
    pictures, without = count_pictures(version)
    figures = {"pictures": pictures, "without": without}
    if not pictures:
        return Finding(name, State.OK, _("No product has a picture."), figures=figures)
    sentence = said(
        _("%(without)s of %(picture)s have an embedding."),
        without=figure(pictures - without),
        picture=count(pictures, "picture"),
    )
    if without <= get_settings().verify_max_failed * pictures:
        return Finding(name, State.OK, sentence, figures=figures)
    return Finding(
        name,
        State.BROKEN if without > MOST_PICTURES * pictures else State.ATTENTION,
        joined((sentence, _("The others are not found by what they look like."))),
        _("See that the workers can read the pictures' storage, then run: manage.py search_index reindex"),
        figures=figures,
    )


def probe_pictures_quickly(version: IndexVersion) -> Finding:
    """Say the same, and count all pictures only where too many have no embedding.

    Those without are few and have an index of their own; of the others it is enough to see that there are enough.
    """
    pictures, most = EntryImage.objects.filter(version=version), get_settings().verify_max_failed
    without = pictures.filter(embedding=None).count()
    enough = ceil(without / most) if most else 0
    if without and (not enough or pictures.order_by()[:enough].count() < enough):
        return probe_pictures(version)
    sentence = (
        said(_("%(without)s pictures have no embedding."), without=figure(without))
        if without
        else _("All pictures have an embedding.")
    )
    return Finding(_("Picture embeddings"), State.OK, sentence)


def probe_entries(version: IndexVersion) -> Finding:
    """Compare the numbers of products and of entries; a build or the outbox accounts for a difference.

    Of more than COUNTED products the newest are looked for, and nothing is counted.
    """
    try:
        products = product_keys()[: COUNTED + 1].count()
        lacking = count_lacking(version, newest=LOOKED_FOR) if products > COUNTED else 0
    except NoIndexRegistered as error:
        return Finding(
            _("Entries"), State.BROKEN, str(error), _("Register the product model in a search_index module.")
        )
    except DatabaseError:
        raise
    except Exception as error:  # noqa: BLE001 - the host's code
        return Finding(
            _("Entries"),
            State.BROKEN,
            said(_("No product can be read: %(error)s."), error=describe_failure("get_queryset", error)),
            _(
                "Correct get_queryset() of the shop's ProductIndex: searches fail and nothing is indexed meanwhile."
            ),
        )
    entries = KeptCount.objects.entries_of(version)
    if products > COUNTED:
        return counted(
            _("Entries"),
            lacking,
            well=said(
                _("%(entries)s entries; of the newest %(looked_for)s products none is missing among them."),
                entries=figure(entries),
                looked_for=figure(LOOKED_FOR),
            ),
            trouble=said(
                _(
                    "Of the newest %(looked_for)s products %(lacking)s are not in the index, and nothing waits for them."
                ),
                looked_for=figure(LOOKED_FOR),
                lacking=figure(lacking),
            ),
            remedy=_("Run: manage.py search_index reconcile. It finds what was written without signals."),
        )
    unsettled = StaleMark.objects.count() + StaleProduct.objects.count()
    sentence = said(
        _("%(product)s, %(entries)s of them in the index."),
        product=count(products, "product"),
        entries=figure(entries),
    )
    if not products:
        return Finding(
            _("Entries"),
            State.BROKEN,
            _("The registered queryset finds no product, so no search can find anything."),
            _("Publish products, or correct get_queryset of the registered index."),
        )
    if abs(products - entries) <= unsettled:
        return Finding(_("Entries"), State.OK, sentence)
    return Finding(
        _("Entries"),
        State.ATTENTION,
        said(
            _("%(product)s, but %(entries)s entries in the index, and nothing waits for it."),
            product=count(products, "product"),
            entries=figure(entries),
        ),
        _("Run: manage.py search_index reconcile. It finds what was written without signals."),
    )


def probe_documents(version: IndexVersion) -> Finding:
    """Say whether something of documents was left out or changed when they were indexed."""
    noted = noted_documents(version)
    entries = KeptCount.objects.entries_of(version) if noted.number else 0
    return counted(
        _("Documents"),
        noted.number,
        well=_("All are indexed as the shop gives them."),
        trouble=said(
            _("Of %(product)s something was left out or changed. The first, %(first)s"),
            product=count(noted.number, "product"),
            first=noted.first,
        ),
        remedy=_(
            "Correct document() of the shop's ProductIndex, or the product; search_index reconcile then looks again."
        ),
        tolerated=noted.number <= get_settings().verify_max_failed * entries,
    )


def probe_cards(version: IndexVersion) -> Finding:
    """Say whether lists can show the products: a card() that fails leaves its product out."""
    failing = failing_cards(version)
    return counted(
        _("Cards"),
        failing.number,
        well=_("Lists can show all products."),
        trouble=said(
            _("Lists leave %(product)s out. The first, %(first)s"),
            product=count(failing.number, "product"),
            first=failing.first,
        ),
        remedy=_(
            "Correct card() of the shop's ProductIndex, or the product; search_index reconcile then looks again. The admin's"
            " Notes list those that were seen when they were indexed."
        ),
        state=State.BROKEN,
    )


def probe_staleness(*, of_builds: bool = False) -> Finding:
    """Look for how long products have waited in the outbox.

    Args:
        of_builds: count those that a running build marked, too, which wait their turn.
    """
    planned = Q(attempts__gt=0, next_attempt_at__gt=Now())
    in_turn = Q(backfill=True) if not of_builds and Build.objects.running().exists() else Q(pk=None)
    waiting = StaleProduct.objects.filter(parked=False).exclude(in_turn)
    marks = StaleMark.objects.exclude(in_turn)  # before the outbox, into which they go
    number = marks.beside(waiting).values("product_key").distinct().count()
    oldest_mark = marks.aggregate(oldest=Min("marked_at"))["oldest"]
    counted = waiting.aggregate(number=Count("pk"), oldest=Min("marked_at", filter=~planned))
    number += counted["number"]
    oldest = min(filter(None, (counted["oldest"], oldest_mark)), default=None)
    name = _("Up to date")
    if oldest is None:
        if number:
            return Finding(
                name,
                State.OK,
                said(
                    _("%(product)s failed and will be tried again."), product=count(number, "changed product")
                ),
            )
        return Finding(name, State.OK, _("No changed product waits."))
    waited = (timezone.now() - oldest).total_seconds()
    sentence = said(
        _("%(product)s not indexed yet, the oldest for %(waited)s."),
        product=count(number, "changed product"),
        waited=span(waited),
    )
    if waited <= STALE_SECONDS:
        return Finding(name, State.OK, sentence)
    remedy = _("See that a Celery worker and beat run; if they do, more workers make it quicker.")
    return Finding(name, State.BROKEN if waited > LOST_SECONDS else State.ATTENTION, sentence, remedy)
