"""What must hold once a fault is over."""

from dataclasses import dataclass, field

from .agreement import disagreements, picture_disagreements, wrong_prices
from .expected import NOTHING, Expected
from .serving import far_from_exact, still_found, unserved

SHOWN = 5  # complaints of one kind; the others are counted


@dataclass(slots=True)
class State:
    """What does not hold, what is lost, what is there twice."""

    wrong: list[str] = field(default_factory=list)
    lost: int = 0  # products and pictures whose entry or row is missing or says something else
    doubled: int = 0  # rows of pictures that no product has, or has once


def broken(port: int, expected: Expected = NOTHING) -> State:
    """Return what does not hold; nothing once all is well.

    - Every published product has one entry in the active version, with its price, SKU and name; nothing else has one.
    - Every picture of a published product has one row there, with an embedding of unit length made from the file as it is by the version's own artifact, or a reason why not.
    - Saves that were accepted are in the catalogue, and so in the index.
    - Nothing waits, and what failed or was put aside is what the fault names.
    - Searches by page and API are answered whole, with the products that the exact scan gives: at least 95 % of them.
    - Deleted products are not found.

    Args:
        port: of the shop.
        expected: what the fault leaves behind.
    """
    from django.db import DatabaseError, connection

    try:
        state = _broken_index(expected)
    except DatabaseError as error:
        connection.close()
        return State([f"the database: {(str(error).strip() or 'no answer').splitlines()[0]}"])
    except OSError as error:
        return State([f"the files: {error}"])
    if state.wrong:
        return state  # so that nobody is asked again and again before all is in the index
    try:
        state.wrong = [*unserved(port), *far_from_exact(port), *still_found(port, expected.deleted)]
    except OSError as error:
        state.wrong = [f"the shop: {error}"]
    return state


def _broken_index(expected: Expected) -> State:
    from django.db import close_old_connections

    from search.indexing.failures import list_failures
    from search.indexing.progress import measure_outbox
    from search.indexing.verify import verify
    from search.models import StaleProduct

    close_old_connections()
    waiting = measure_outbox().waiting
    parked = frozenset(StaleProduct.objects.filter(parked=True).values_list("product_key", flat=True))
    failures = {failure.product_key: failure.reason for failure in list_failures()}
    wrong = [f"{check.name}: {check.detail}" for check in verify().checks if not check.passed]
    wrong += [f"{waiting} products wait"] if waiting else []
    wrong += [f"product {key} is put aside" for key in sorted(parked - expected.parked)][:SHOWN]
    wrong += [f"product {key} is not put aside" for key in sorted(expected.parked - parked)][:SHOWN]
    unexpected = sorted(failures.keys() - expected.failed)
    wrong += [f"product {key} failed: {failures[key]}" for key in unexpected][:SHOWN]
    wrong += [f"product {key} has no reason" for key in sorted(expected.failed - failures.keys())][:SHOWN]
    if waiting:
        return State(wrong)  # what waits may differ from its product
    lost = [*disagreements(expected.parked), *wrong_prices(expected.prices)]
    lost_pictures, doubled = picture_disagreements()
    lost += lost_pictures
    wrong += [*lost[:SHOWN], *doubled[:SHOWN]]
    wrong += [f"{len(lost)} are lost"] if lost else []
    wrong += [f"{len(doubled)} are there twice"] if doubled else []
    return State(wrong, len(lost), len(doubled))
