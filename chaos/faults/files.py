"""Faults done to the files of pictures."""

from chaos.registry import Harm, fault
from chaos.shopper import ask, drawn_photo
from chaos.storage import FULL, ordered
from chaos.waiting import expect
from chaos.world import World


@fault
def picture_missing(world: World) -> Harm:
    """Files of pictures are gone for a while, as when a volume is not mounted: what was embedded stays."""
    keys = world.draw_products(20)
    with ordered(world.pictures_of(keys), "missing"):
        world.touch(keys)
        complaints = expect(lambda: world.failed() == set(map(str, keys)), "each says why", seconds=60)
        complaints += expect(lambda: world.have_embeddings(keys), "what was embedded stays", seconds=1)
    world.touch(keys)
    return Harm(complaints=complaints)


@fault
def picture_slow_to_read(world: World) -> Harm:
    """A storage takes six seconds for a file; searches do not notice, the product comes late."""
    keys = world.draw_products(2)
    with ordered(world.pictures_of(keys), "slow"):
        world.touch(keys)
        complaints = expect(lambda: not world.is_waiting(), "both indexed", seconds=90)
    return Harm(complaints=complaints)


@fault
def disk_full(world: World) -> Harm:
    """The disk of the pictures is full: the shop sells on, a photo search needs no disk, a new picture is refused."""
    from django.core.files.base import ContentFile

    from shop.models import Product, ProductImage

    with ordered([FULL], "full"):
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
