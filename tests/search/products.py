"""Products of the shop with plain pictures, as the plugin's tests need them."""

from io import BytesIO

from django.core.files.base import ContentFile
from PIL import Image

from search.indexing import batches, building, versions
from search.models import IndexVersion
from shop.models import Brand, Category, Product, ProductImage
from tests.tiny_artifact import COLOURS


def make_product(
    sku: str, *, colour: str = "red", name: str = "Shirt", pictures: int = 1, **fields: object
) -> Product:
    """Save a product whose pictures are of one colour."""
    category = Category.objects.filter(slug="shirts").first() or Category.objects.create(
        name="Shirts", slug="shirts"
    )
    brand, _ = Brand.objects.get_or_create(name="Acme")
    values = {"price": 100, "gender": "Women", **fields}
    product = Product.objects.create(
        sku=sku, name=f"{colour} {name}", category=category, brand=brand, colour=colour, **values
    )
    for position in range(pictures):
        add_picture(product, colour_picture(colour), position=position)
    return product


def add_picture(product: Product, content: bytes, *, position: int = 0) -> ProductImage:
    """Save a picture file as it is, without the checks of a form."""
    picture = ProductImage(product=product, position=position)
    picture.image.save(f"{product.sku}-{position}.png", ContentFile(content), save=False)
    picture.save()
    return picture


def colour_picture(colour: str) -> bytes:
    """A PNG of one colour."""
    file = BytesIO()
    Image.new("RGB", (6, 8), COLOURS[colour]).save(file, "PNG")
    return file.getvalue()


def drain() -> None:
    """Index what is due now, in this process."""
    assert batches.index_due(seconds=60) is False


def build_version(*, force: bool = False) -> IndexVersion:
    """Build a version in this process, up to where it is active; needs a test without a transaction of its own."""
    versions.request_rebuild(force=force)
    drain()
    building.advance_builds()
    version = IndexVersion.objects.active()
    assert version is not None
    return version


def begin_version() -> IndexVersion:
    """A version that is being built, with every product marked."""
    return versions.request_rebuild().version
