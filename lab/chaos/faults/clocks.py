"""Faults done to clocks."""

from datetime import timedelta

from lab.chaos.clock import set_back
from lab.chaos.expected import Expected
from lab.chaos.registry import Harm, fault
from lab.chaos.waiting import expect
from lab.chaos.world import World

HOUR = 3600.0
STEPPED = "The clock was set back"  # what beat says


@fault
def clock_stepped_back(world: World) -> Harm:
    """The clocks of worker, beat and web are set back by an hour while they run, and right again later; Postgres keeps its own."""
    from django.db.models import F

    from search.marking import mark_stale
    from shop.models import Product

    said = world.log_of(world.beat).count(STEPPED)
    with set_back(HOUR):
        complaints = expect(
            lambda: world.log_of(world.beat).count(STEPPED) > said, "beat saw its clock step", seconds=30
        )
        world.save_some(10)
        deleted = world.delete_some(2)
        complaints += expect(lambda: not world.is_waiting(), "changes are indexed", seconds=60)
        # By SQL and without a hint, so that only a sweep finds the marks, which beat must ask for.
        Product.objects.update(price=F("price") + 1)
        mark_stale(map(str, world.keys()))
        complaints += expect(world.prices_agree, "beat goes on", seconds=60)
    return Harm(complaints, Expected(deleted=tuple(deleted)))


@fault
def postgres_clock_stepped_back(world: World) -> Harm:
    """The clock of Postgres is set back by an hour: what a dead worker had claimed, and a retry that was planned, lie an hour ahead."""
    from django.db.models.functions import Now

    from search.indexing.failures import reindex_products
    from search.models import StaleProduct

    claimed, *planned = (str(key) for key in world.draw_products(4))
    with world.frozen(world.worker):
        reindex_products([claimed, *planned])
        ahead = Now() + timedelta(seconds=HOUR)
        changed = StaleProduct.objects.filter(product_key=claimed).update(claimed_at=ahead, attempts=1)
        changed += StaleProduct.objects.filter(product_key__in=planned).update(
            next_attempt_at=ahead, attempts=1, last_error="It failed."
        )
    complaints = [] if changed == 4 else [f"{changed} of 4 products waited"]
    complaints += expect(lambda: not world.is_waiting(), "all are indexed", seconds=60)
    if complaints:
        reindex_products([claimed, *planned])  # so that the next faults begin with a whole index
    return Harm(complaints)
