"""Products that cannot be indexed as they should be: which, why, and once more."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import DatabaseError, transaction
from django.db.models import Case, Count, Q, QuerySet, Value, When

from ..models import EntryImage, IndexEntry, IndexVersion, StaleProduct
from ..registry import describe_failure, get_index, load_each
from .documents import CARD_FAILED, made_card
from .marks import hint_after_commit, mark_stale
from .outbox import gather_marks

# What a reason begins or goes on with; the first that fits counts.
KINDS = (
    ("worker ended", r"^Indexing this product ended its worker"),
    ("storage", r"The storage does not answer"),
    ("file cannot be read", r"The file cannot be read"),
    ("encoder", r"The encoder failed"),
    ("document", r"^(document|encoded_text|get_queryset)\(\) failed: "),
    ("refused by Postgres", r"^Postgres refused the entry: "),
    (
        "artifact",
        r"^(ArtifactError: )?(The artifact .* (cannot be read: |is in none of the known folders|cannot be used by a worker)|The tokenizer in )"
        r"| has artifact format | is not the file that its manifest describes| is not a valid manifest: "
        r"| holds the artifact "
        r"|^(ArtifactError: )?(The encoders in .* give embeddings of |.*\.onnx (cannot be loaded: |does not take ))",
    ),
    # The database, the host's queryset, a time limit: whatever ended a whole batch, by the name of its class.
    ("batch", r"^[A-Z][A-Za-z]*(Error|Exception|Exceeded|Timeout): "),
)
TRIED = 24  # products whose cards are made to see whether that works now
OTHER = "picture"  # refused with a sentence of its own


@dataclass(frozen=True, slots=True)
class Failure:
    """One product with the reason why it is not, or not wholly, indexed."""

    product_key: str
    reason: str
    attempts: int
    parked: bool
    pictures: tuple[str, ...] = ()  # storage names of the pictures that cannot be used


def list_failures() -> list[Failure]:
    """Return the products that failed, in the outbox or in a version that receives changes, by product key."""
    written = IndexVersion.objects.written()
    pictures: dict[str, dict[str, None]] = {}
    images = EntryImage.objects.filter(version__in=written).exclude(error="")
    for key, name in images.values_list("entry__product_key", "name"):
        pictures.setdefault(key, {})[name] = None
    stale = StaleProduct.objects.exclude(last_error="")
    failures = {
        row.product_key: Failure(
            row.product_key,
            row.last_error,
            row.attempts,
            row.parked,
            tuple(pictures.get(row.product_key, ())),
        )
        for row in stale
    }
    entries = IndexEntry.objects.filter(version__in=written).exclude(error="")
    for key, error in entries.values_list("product_key", "error"):
        failures.setdefault(key, Failure(key, error, 0, False, tuple(pictures.get(key, ()))))
    return [failures[key] for key in sorted(failures)]


def count_failures() -> dict[str, int]:
    """Return kind of reason -> number of products, for every kind, with one query."""
    kinds = Case(
        *(When(last_error__regex=pattern, then=Value(kind)) for kind, pattern in KINDS), default=Value(OTHER)
    )
    failed = StaleProduct.objects.exclude(last_error="").order_by()
    counted = dict(failed.annotate(kind=kinds).values_list("kind").annotate(Count("pk")))
    return {kind: counted.get(kind, 0) for kind in (*(kind for kind, _ in KINDS), OTHER)}


@dataclass(frozen=True, slots=True)
class Noted:
    """Products of a version whose documents had to be changed, or which no list can show, with what is noted of the first."""

    number: int
    first: str = ""

    @property
    def sentence(self) -> str:
        """How many there are, and the first of them."""
        return f"{self.number:,} products; the first: {self.first}" if self.number else "none"


def noted_documents(version: IndexVersion) -> Noted:
    """Return the products of whose documents something was left out or changed."""
    noted = IndexEntry.objects.filter(version=version).exclude(notes="")
    return _noted(noted.filter(~Q(notes__startswith=CARD_FAILED) | Q(notes__contains="\n")), last=True)


def failing_cards(version: IndexVersion) -> Noted:
    """Return the products that no list can show: those noted when they were indexed, and any of the newest at this moment."""
    # An index has those with notes; the text alone does not say that there are some.
    noting = IndexEntry.objects.filter(version=version).exclude(notes="")
    noted = _noted(noting.filter(notes__startswith=CARD_FAILED), last=False)
    if noted.number:
        return noted
    newest = IndexEntry.objects.filter(version=version).order_by("-created", "product_key")
    try:
        loaded = load_each(newest.values_list("product_key", flat=True)[:TRIED])
    except DatabaseError:
        raise
    except Exception as error:  # noqa: BLE001 - the host's code
        return Noted(len(newest[:TRIED]), describe_failure("get_queryset", error))
    index, failed = get_index(), dict(loaded.failures)
    for key, product in loaded.products.items():
        if reason := made_card(index, product)[1]:
            failed[key] = reason
    return Noted(len(failed), next((f"product {key}: {reason}" for key, reason in failed.items()), ""))


def _noted(entries: "QuerySet[IndexEntry]", *, last: bool) -> Noted:
    number = entries.count()
    first = entries.order_by("product_key").first() if number else None
    if first is None:
        return Noted(number)
    return Noted(number, f"product {first.product_key}: {first.notes.splitlines()[-1 if last else 0]}")


def reindex_products(keys: Iterable[str]) -> int:
    """Have products indexed again, their pictures read anew, from the first attempt on; return how many."""
    marked = mark_stale(keys)
    transaction.on_commit(gather_marks, robust=True)  # so that the user sees them wait
    hint_after_commit()
    return marked
