"""People who change the catalogue, and looks at what the index makes of it."""

import random
import threading
import time
from collections.abc import Iterable, Sequence
from decimal import Decimal

from .invariants import Deleted

PAUSE_SECONDS = 0.05  # between two saves of somebody who saves on and on
PATIENCE_SECONDS = 60.0


def save_price(key: int, price: int) -> None:
    """Give a product another price, as the admin does."""
    from django.db import transaction

    from shop.models import Product

    product = Product.objects.get(pk=key)
    product.price = price
    with transaction.atomic():
        product.save()


class Hands:
    """Change products, and look at their entries."""

    def __init__(self, drawing: random.Random) -> None:
        self.random = drawing

    def keys(self) -> list[int]:
        """Primary keys of all published products, the first first."""
        from shop.models import Product

        return list(Product.objects.published().order_by("pk").values_list("pk", flat=True))

    def save_some(self, count: int) -> list[float]:
        """Save so many products with another price, as the admin does; return the seconds that each took."""
        keys = self.keys()
        return [self._save(key) for key in self.random.sample(keys, min(count, len(keys)))]

    def _save(self, key: int) -> float:
        began = time.perf_counter()
        save_price(key, self.random.randint(100, 9000))
        return time.perf_counter() - began

    def rename(self, keys: Iterable[int]) -> None:
        """Give products other names, so that their texts are encoded again."""
        from shop.models import Product

        for product in Product.objects.filter(pk__in=list(keys)):
            product.name = (
                f"{product.name.rpartition(' no. ')[0] or product.name} no. {self.random.randint(1, 10**6)}"
            )
            product.save()

    def touch(self, keys: Iterable[int]) -> None:
        """Save these products, one after the other, so that workers take them in this order and read their pictures."""
        for key in keys:
            self._save(key)

    def delete_some(self, count: int) -> list[Deleted]:
        """Delete so many products; return what they were."""
        from shop.models import Product

        gone = self.random.sample(list(Product.objects.published()), count)
        for product in gone:
            product.delete()
        return [Deleted(product.sku, product.name) for product in gone]

    def pictures_of(self, keys: Iterable[int]) -> list[str]:
        """Return the storage names of products' pictures."""
        from shop.models import ProductImage

        return list(ProductImage.objects.filter(product__in=list(keys)).values_list("image", flat=True))

    def reindex(self) -> None:
        """Have every picture read and every product encoded again."""
        from search.indexing.marks import enter_products, hint_after_commit
        from search.indexing.reconcile import product_keys
        from search.models import EntryImage, IndexEntry, IndexVersion

        # The content hash stays, so that an entry which nobody gets to is seen to lack its embeddings.
        IndexEntry.objects.filter(version__in=IndexVersion.objects.written()).update(
            embedded_hash="", text_hash=""
        )
        EntryImage.objects.filter(version__in=IndexVersion.objects.written()).update(picture_hash="")
        # No build: those run once at a time, and faults do this while one runs.
        enter_products(product_keys(), reread=True)
        hint_after_commit()

    def is_waiting(self) -> bool:
        """Whether products wait for a worker."""
        from search.indexing.status import measure_outbox

        return measure_outbox().waiting > 0

    def is_busy(self) -> bool:
        """Whether a worker has claimed products."""
        from search.models import StaleProduct

        return StaleProduct.objects.exclude(claimed_at=None).exists()

    def unsettled(self) -> set[str]:
        """Keys of products in the outbox, and of marks on their way there."""
        from search.models import StaleMark, StaleProduct

        return {
            key
            for model in (StaleMark, StaleProduct)
            for key in model.objects.values_list("product_key", flat=True)
        }

    def parked(self) -> set[str]:
        """Keys of products that were put aside."""
        from search.models import StaleProduct

        return set(StaleProduct.objects.filter(parked=True).values_list("product_key", flat=True))

    def failed(self) -> set[str]:
        """Keys of products that have an error, with their reasons in the index."""
        from search.indexing.failures import list_failures

        return {failure.product_key for failure in list_failures()}

    def have_embeddings(self, keys: Iterable[int]) -> bool:
        """Whether every picture of these products has its embedding in the active version."""
        from search.models import EntryImage, IndexVersion

        images = EntryImage.objects.filter(
            version=IndexVersion.objects.active(), entry__product_key__in=[str(key) for key in keys]
        )
        return images.exists() and not images.filter(embedding=None).exists()

    def names_agree(self, keys: Iterable[int]) -> bool:
        """Whether the active version has the names of these products."""
        from search.models import IndexEntry, IndexVersion
        from shop.models import Product

        names = {
            str(key): name for key, name in Product.objects.filter(pk__in=keys).values_list("pk", "name")
        }
        entries = IndexEntry.objects.filter(version=IndexVersion.objects.active(), product_key__in=names)
        return dict(entries.values_list("product_key", "name")) == names

    def wait_uncounted(self, keys: Iterable[int]) -> bool:
        """Whether each of these products is in the outbox or on its way there, and no attempt was counted against it."""
        from search.models import StaleProduct

        wanted = {str(key) for key in keys}
        rows = StaleProduct.objects.filter(product_key__in=wanted)
        # One that a worker has taken at this moment counts its attempt until it gives it back.
        return wanted <= self.unsettled() and not rows.filter(attempts__gt=1).exists() and not self.parked()

    def prices_agree(self) -> bool:
        """Whether the active version has the prices of the catalogue."""
        from search.models import IndexEntry, IndexVersion
        from shop.models import Product

        prices = {str(key): price for key, price in Product.objects.published().values_list("pk", "price")}
        entries = IndexEntry.objects.filter(version=IndexVersion.objects.active())
        return dict(entries.values_list("product_key", "price")) == prices


class Saver:
    """A thread that gives products other prices while Postgres is away or comes back, and remembers which saves were accepted.

    Use it in a `with` statement.
    """

    def __init__(self, keys: Sequence[int], drawing: random.Random) -> None:
        self.refused: list[str] = []
        self._keys = keys
        self._random = random.Random(drawing.random())
        self._accepted: dict[int, Decimal] = {}
        self._doubtful: set[int] = set()  # the answer to a commit was lost: either price may be the right one
        self._goes_on = False
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Saver":
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._stopped.set()
        self._thread.join(PATIENCE_SECONDS)

    def has_saved(self) -> bool:
        """Whether the last save was accepted."""
        return self._goes_on

    def accepted(self) -> dict[int, Decimal]:
        """Return the prices that were accepted last, by primary key.

        Raises:
            TimeoutError: a save is still under way.
        """
        if self._thread.is_alive():
            raise TimeoutError(f"A save was not answered within {PATIENCE_SECONDS:g} s.")
        return {key: price for key, price in self._accepted.items() if key not in self._doubtful}

    def _run(self) -> None:
        from django.db import DatabaseError, connection

        while not self._stopped.wait(PAUSE_SECONDS):
            key, price = self._random.choice(self._keys), self._random.randint(100, 9000)
            try:
                save_price(key, price)
                self._accepted[key] = Decimal(price)
                self._doubtful.discard(key)  # this one came after whatever became of the other
                self._goes_on = True
            except DatabaseError as error:
                self._doubtful.add(key)
                self._goes_on = False
                self.refused.append(str(error))
                connection.close()
        connection.close()
