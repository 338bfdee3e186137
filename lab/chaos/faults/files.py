"""Faults done to the files of pictures."""

import http.client
import itertools
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from lab.chaos.host import FROZEN, FULL, disturbed_files
from lab.chaos.runner import Harm, fault
from lab.chaos.world import World
from lab.processes import expect
from lab.traffic import PATIENCE_SECONDS, ask, drawn_photo

SEARCH_SECONDS = (
    3.0  # that a search may take while a storage hangs; half a second is usual, on a busy machine more
)


@fault
def picture_missing(world: World) -> Harm:
    """Files of pictures are gone for a while, as when a volume is not mounted: what was embedded stays."""
    keys = world.draw_products(20)
    with disturbed_files(world.pictures_of(keys), "missing"):
        world.touch(keys)
        complaints = expect(lambda: world.failed() == set(map(str, keys)), "each says why", seconds=60)
        complaints += expect(lambda: world.have_embeddings(keys), "what was embedded stays", seconds=1)
    world.touch(keys)
    return Harm(complaints=complaints)


@fault
def picture_slow_to_read(world: World) -> Harm:
    """A storage takes six seconds for a file; searches do not notice, the product comes late."""
    keys = world.draw_products(2)
    with disturbed_files(world.pictures_of(keys), "slow"):
        world.touch(keys)
        complaints = expect(lambda: not world.is_waiting(), "both indexed", seconds=90)
    return Harm(complaints=complaints)


@fault
def storage_frozen(world: World) -> Harm:
    """The storage answers nothing while many browsers ask for thumbnails: searches go on in time, words are indexed, products wait for pictures."""
    seconds = 40 if world.thorough else 15
    keys = world.draw_products(40)
    renamed, pictures = keys[:5], world.pictures_of(keys)
    with disturbed_files([FROZEN], FROZEN), _browsers(world.port, pictures) as answers:
        world.rename(renamed)
        world.touch(keys[5:])
        complaints = expect(lambda: world.names_agree(renamed), "words are indexed meanwhile", seconds=45)
        complaints += _searches_in_time(world.port, seconds)
        complaints += expect(lambda: not _unseen(world), "each alarm sees it", seconds=60) and _unseen(world)
        if not answers["503"] + answers["302"]:
            complaints.append("no thumbnail was asked for in vain")
        complaints += [
            f"a thumbnail was answered {status}" for status in answers if status not in ("200", "302", "503")
        ]
        complaints += (
            []
            if world.wait_uncounted(keys)
            else ["products were counted or put aside for the storage's fault"]
        )
    complaints += expect(lambda: not _unseen(world, frozen=False), "each alarm ends", seconds=60)
    return Harm(complaints=complaints)


@contextmanager
def _browsers(port: int, pictures: Sequence[str]) -> Iterator[Counter[str]]:
    """Have eight browsers ask for thumbnails, one after the other; yields the statuses that they are answered."""
    answers: Counter[str] = Counter()
    closed = threading.Event()

    def browse(number: int) -> None:
        for name in itertools.cycle(pictures[number::8]):
            if closed.is_set():
                return
            try:
                answers[str(_thumbnail(port, name))] += 1
            except OSError:
                answers["silence"] += 1
            closed.wait(0.1)

    threads = [threading.Thread(target=browse, args=(number,), daemon=True) for number in range(8)]
    for thread in threads:
        thread.start()
    try:
        yield answers
    finally:
        closed.set()
        for thread in threads:
            thread.join(30)


def _thumbnail(port: int, name: str) -> int:
    """Ask for a thumbnail without following where it leads; return the status."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    try:
        connection.request("GET", f"/media/thumbs/stage2x/{name}.webp")
        return connection.getresponse().status
    except http.client.HTTPException as error:
        raise ConnectionError(str(error)) from error
    finally:
        connection.close()


def _searches_in_time(port: int, seconds: float) -> list[str]:
    complaints = []
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        for path in ("/search/?q=red+shirt", "/api/v1/search/?q=blue+dress"):
            began = time.monotonic()
            status = ask(port, path).status
            took = time.monotonic() - began
            if status != 200 or took > SEARCH_SECONDS:
                complaints.append(f"{path} was answered {status} after {took:.1f} s")
        time.sleep(0.2)
    return complaints[:5]


def _unseen(world: World, *, frozen: bool = True) -> list[str]:
    """Return the alarms that do not say how the storage is."""
    from search.checks import check_storage
    from search.monitoring.service_probes import probe_storage
    from search.monitoring.verify import verify

    answer = ask(world.port, "/health/ready")
    storage = {check["name"]: check["passed"] for check in answer.json()["checks"]}["storage"]
    said = {
        "/health/ready": (answer.status, not storage) == (200, frozen),
        "the dashboard": (str(probe_storage().state) == "broken") == frozen,
        "verify": any(check.name == "storage" and check.passed != frozen for check in verify().checks),
        "manage.py check": bool(check_storage(["default"])) == frozen,
    }
    return [f"{name} does not say how the storage is" for name, says in said.items() if not says]


@fault
def disk_full(world: World) -> Harm:
    """The disk of the pictures is full: the shop sells on, a photo search needs no disk, a new picture is refused."""
    from django.core.files.base import ContentFile

    from shop.models import Product, ProductImage

    with disturbed_files([FULL], "full"):
        world.save_some(5)
        answer = ask(world.port, "/api/v1/search/photo/", photo=drawn_photo())
        complaints = [] if answer.status == 200 else [f"a photo search was answered {answer.status}"]
        product = Product.objects.get(pk=world.draw_products(1)[0])
        before = ProductImage.objects.count()
        try:
            ProductImage.objects.create(product=product, image=ContentFile(drawn_photo(), name="new.jpg"))
            complaints.append("a picture was stored on a full disk")
        except OSError:
            if ProductImage.objects.count() != before:
                complaints.append("a picture that was not stored has a row")
    return Harm(complaints=complaints)
