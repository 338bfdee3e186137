"""Faults that the shop's own code and data cause in search."""

from itertools import chain

from lab.chaos.host import CARD, DOCUMENT, ENCODED_TEXT, ODD, disturbed_products
from lab.chaos.runner import Harm, fault
from lab.chaos.world import World
from lab.processes import expect
from lab.traffic import ask


@fault
def documents_that_raise(world: World) -> Harm:
    """The shop's document(), encoded_text() and card() raise for some products: the others are indexed and shown."""
    from search.indexing.failures import count_failures, list_failures, reindex_products
    from search.monitoring.dashboard import probe_failed, read_failed

    keys = world.draw_products(12)
    raising, silent, unshown, mates = keys[:3], keys[3:6], keys[6:9], keys[9:]
    wrong = {str(key) for key in (*raising, *silent)}
    with disturbed_products(raising, DOCUMENT):
        world.touch([*raising, *mates])
        complaints = expect(lambda: world.failed() == set(map(str, raising)), "they say why", seconds=60)
    with disturbed_products(silent, ENCODED_TEXT):
        world.touch(silent)
        complaints += expect(lambda: set(map(str, silent)) <= world.failed(), "these do, too", seconds=60)
    with disturbed_products(wrong, DOCUMENT):
        world.touch(int(key) for key in wrong)
        complaints += expect(lambda: world.parked() == wrong, "they are put aside", seconds=90)
        complaints += expect(lambda: world.unsettled() == wrong, "all others are indexed", seconds=30)
        reasons = {failure.reason for failure in list_failures()}
        if reasons != {"document() failed: LookupError: document() has no such product"}:
            complaints.append(f"the reasons are {sorted(reasons)}")
        if probe_failed(read_failed()).state == "ok" or count_failures()["document"] != len(wrong):
            complaints.append("neither dashboard nor figures say that products failed")
    reindex_products(wrong)
    complaints += expect(lambda: not world.is_waiting() and not world.failed(), "they are back", seconds=60)
    with disturbed_products(unshown, CARD):
        world.touch(unshown)
        complaints += expect(lambda: not world.is_waiting(), "they are indexed", seconds=60)
        complaints += _says(world, "cards", "Cards", str(min(map(str, unshown))))
        complaints += _pages(world)
    world.touch(unshown)
    return Harm(complaints=complaints)


@fault
def blanks_everywhere(world: World) -> Harm:
    """Products with blank, odd, endless and cyclic values are saved while people search: all are indexed, and it is said."""
    from search.facets import has_value
    from search.models import IndexEntry, IndexVersion
    from shop.models import Product

    keys = world.draw_products(40)
    blank, odd = keys[:20], keys[20:]
    before = {product.pk: product for product in Product.objects.filter(pk__in=blank)}
    with disturbed_products(odd, ODD):
        for product in Product.objects.filter(pk__in=blank):
            product.colour, product.gender, product.brand, product.description = " ", "\t", None, ""
            product.attributes = {"Pattern": "  ", "Usage": "", "Print or Pattern Type": None}
            product.save()
        world.touch(odd)
        complaints = _pages(world)
        complaints += expect(lambda: not world.is_waiting(), "all are indexed", seconds=90)
        complaints += [f"{len(world.failed())} products failed"] if world.failed() else []
        entries = IndexEntry.objects.filter(version=IndexVersion.objects.active())
        noted = set(entries.exclude(notes="").values_list("product_key", flat=True))
        if noted != set(map(str, keys)):
            complaints.append(f"{len(noted)} of {len(keys)} products are noted")
        if not all(map(has_value, chain.from_iterable(entries.values_list("facets", flat=True)))):
            complaints.append("a blank value is in the index")
        complaints += _says(world, "documents indexed as given", "Documents", "was left out")
        complaints += _pages(world)
    for product in before.values():
        product.save()
    world.touch(odd)
    return Harm(complaints=complaints)


def _says(world: World, line: str, check: str, part: str) -> list[str]:
    """Return a complaint where `verify` does not report it, or the dashboard says "ok"."""
    from search.monitoring.index_probes import probe_index
    from search.monitoring.verify import verify

    verified = {one.name: one.detail for one in verify().checks}  # a few of many products fail no check
    shown = {one.name: one.sentence for one in probe_index() if one.state != "ok"}
    complaints = [] if part in verified.get(line, "") else [f"verify does not say it: {verified}"]
    return complaints + ([] if part in shown.get(check, "") else [f"the dashboard does not say it: {shown}"])


def _pages(world: World) -> list[str]:
    """Return a complaint for each page that is not answered."""
    paths = (
        "/search/",
        "/search/?q=red+shirt",
        "/search/?colour=Red",
        "/api/v1/search/?q=shirt",
        "/api/v1/categories/",
    )
    return [
        f"{path} was answered {status}" for path in paths if (status := ask(world.port, path).status) != 200
    ]
