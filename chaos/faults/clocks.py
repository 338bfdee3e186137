"""Faults done to clocks."""

from chaos.clock import set_back
from chaos.registry import Harm, fault
from chaos.waiting import expect
from chaos.world import World

HOUR = 3600.0


@fault
def clock_stepped_back(world: World) -> Harm:
    """The clocks of worker, beat and web are set back by an hour while they run, and right again later; Postgres keeps its own."""
    from django.db.models import F

    from shop.models import Product

    with set_back(HOUR):
        world.save_some(10)
        deleted = world.delete_some(2)
        complaints = expect(lambda: not world.is_waiting(), "changes are indexed", seconds=60)
        Product.objects.update(price=F("price") + 1)  # by SQL, so that only beat's reconcile can tell
        complaints += expect(world.prices_agree, "beat goes on", seconds=60)
    return Harm(deleted=tuple(deleted), complaints=complaints)
