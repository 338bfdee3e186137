"""A small shop whose every check says "ok", and hands to do real faults to it."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections
from django.utils import timezone

from lab.pgbouncer import MISSING, PgBouncer, program
from search.encoders.cache import forget_artifacts
from search.identity import read_identity
from search.indexing.storage_probe import forget_storage
from search.indexing.task_runs import recorded_run
from search.insight import log_store
from search.models import EntryImage, IndexVersion, StaleProduct
from search.monitoring import neighbours
from shop.models import Brand, Product
from tests.processes import ShopProcesses
from tests.search.products import add_picture, build_version, drain, make_product
from tests.search.replica import led_through

Fault = Callable[["World"], None]
NOWHERE = "redis://127.0.0.1:1/0"  # nothing listens there


@dataclass
class World:
    """What a fault may touch; everything is put back after the test."""

    settings: Any  # pytest-django's, which puts back what a test sets
    folder: Path
    artifact: Path
    version: IndexVersion
    processes: ShopProcesses
    undo: ExitStack = field(default_factory=ExitStack)

    def configure(self, **values: object) -> None:
        """Set keys of FASHION_SEARCH."""
        self.settings.FASHION_SEARCH = self.settings.FASHION_SEARCH | values

    def execute(self, statement: str, *parameters: object) -> None:
        """Change the database behind everybody's back."""
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)

    def move(self, path: Path) -> None:
        """Take a file or folder away, and bring it back afterwards."""
        away = self.folder / "far" / "away"
        away.parent.mkdir()
        path.rename(away)
        self.undo.callback(away.rename, path)

    def change_extension(self, assignment: str) -> None:
        """Have Postgres tell something else of pgvector."""
        self.execute(f"UPDATE pg_extension SET {assignment} WHERE extname = 'vector'")
        self.undo.callback(
            self.execute,
            "UPDATE pg_extension SET extname = 'vector', extversion ="
            " (SELECT default_version FROM pg_available_extensions WHERE name = 'vector') WHERE extname LIKE 'vector%%'",
        )

    def lose_the_artifact(self) -> None:
        """Take it to where nobody looks, and have this process look as a new one does."""
        self.move(self.artifact)
        forget_artifacts()

    def lose_the_pictures(self) -> None:
        """Take the whole media folder away."""
        self.move(Path(self.settings.MEDIA_ROOT))
        forget_storage()
        self.undo.callback(forget_storage)

    def lose_the_versions(self) -> None:
        """Have no version active."""
        IndexVersion.objects.update(state="failed", failed_at=timezone.now())

    def lose_the_configuration(self) -> None:
        """Take away the text search configuration that the version was built with."""
        self.execute("CREATE TEXT SEARCH CONFIGURATION alarms (COPY = simple)")
        IndexVersion.objects.update(text_config="alarms")
        self.execute("DROP TEXT SEARCH CONFIGURATION alarms")

    def lose_picture_embeddings(self) -> None:
        """Leave the pictures in the index as a version has them whose worker could read none."""
        EntryImage.objects.update(embedding=None, error="The file cannot be read.")

    def leave_an_index_behind(self) -> None:
        """Have an HNSW index that belongs to no version."""
        self.execute(
            "CREATE INDEX fashion_search_image_v2000000000_hnsw ON fashion_search_entryimage USING hnsw"
            " ((embedding::halfvec(32)) halfvec_ip_ops) WHERE version_id = 2000000000"
        )
        self.undo.callback(self.execute, "DROP INDEX IF EXISTS fashion_search_image_v2000000000_hnsw")

    def build_a_worse_version(self) -> None:
        """Have brands lose their names without anybody being told, and build."""
        Brand.objects.update(name="")
        build_version(force=True)
        assert IndexVersion.objects.held().exists()

    def fail_a_task(self) -> None:
        """Have a periodic task end with an error."""
        with suppress(ZeroDivisionError), recorded_run("sweep"):
            raise ZeroDivisionError

    def fail_a_card(self) -> None:
        """Have the host fail to say what a list shows of one product."""
        index = type(_index())
        usual = index.card
        first = Product.objects.order_by("pk").first()

        def card(self: Any, product: Any) -> Any:
            if product == first:
                raise IndexError("list index out of range")
            return usual(self, product)

        index.card = card  # type: ignore[method-assign]
        self.undo.callback(setattr, index, "card", usual)

    def save_a_torn_picture(self) -> None:
        """Have one product of four fail."""
        add_picture(make_product("T0", pictures=0), b"no picture")
        drain()

    def save_an_odd_document(self) -> None:
        """Have a product with a facet value of white space alone."""
        index = type(_index())
        usual = index.document

        def document(self: Any, product: Any) -> Any:
            made = usual(self, product)
            return replace(made, facets={**made.facets, "brand": ("   ",)}) if product.sku == "O0" else made

        index.document = document  # type: ignore[method-assign]
        self.undo.callback(setattr, index, "document", usual)
        make_product("O0")
        drain()

    def park_a_product(self) -> None:
        """Have a product that was put aside."""
        StaleProduct.objects.create(product_key="1", marked_at=timezone.now(), parked=True, last_error="torn")

    def let_nobody_index(self) -> None:
        """Have a product that has waited for a while."""
        StaleProduct.objects.create(product_key="1", marked_at=timezone.now() - timedelta(seconds=90))

    def take_no_writes(self) -> None:
        """Have sessions that begin from here on write nothing, as those of a standby."""
        name = connection.ops.quote_name(connection.settings_dict["NAME"])
        self.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")

        def end() -> None:
            self.execute("SET default_transaction_read_only = off")
            self.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
            connection.close()

        self.undo.callback(end)
        connection.close()

    def lead_through_a_pooler(self, **options: object) -> None:
        """Have the connection lead through a PgBouncer in transaction mode.

        Args:
            options: more OPTIONS of the database.
        """
        if not program():
            pytest.skip(MISSING)
        given = connection.get_connection_params()
        user, host = given.get("user", "postgres"), given.get("host", "127.0.0.1")
        server = f"postgresql://{user}:{given.get('password', '')}@:{given.get('port', 5432)}/?host={host}"
        pooler = PgBouncer(Path("/tmp") / f"pgbouncer-{self.folder.parent.name}", postgres=server, size=3)
        self.undo.callback(pooler.stop)
        pooler.start()
        self.undo.enter_context(led_through(pooler.url(""), **options))

    def let_another_shop_in(self, **sign: str) -> None:
        """Have the sign of another shop in Redis, as its worker leaves it."""
        prefix = self.settings.CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"]
        with log_store.connect() as client:
            now = client.time()[0]
            other = {"database": "1/2", "called": "database 'shop' at db2", "host": "web2"}
            left = replace(neighbours._sign(read_identity()), **other, **sign, first=now - 100, last=now + 60)
            for place in (neighbours.SIGNS_OF_LOG, f"{prefix}{neighbours.SIGNS_OF_QUEUE}"):
                client.hset(place, left.field, json.dumps(asdict(left)))

    def lose_the_broker(self) -> None:
        """Have the broker's address lead nowhere."""
        from celery import current_app

        before = current_app.conf.broker_write_url
        current_app.conf.broker_write_url = NOWHERE
        self.undo.callback(setattr, current_app.conf, "broker_write_url", before)

    def lose_the_database(self) -> None:
        """Have new connections to Postgres fail; the test's own stays open."""
        address = connections["default"].settings_dict
        before = {name: address[name] for name in ("HOST", "PORT")}
        self.undo.callback(address.update, before)
        address.update(HOST="127.0.0.1", PORT="1")


def _index() -> Any:
    from search.registry import get_index

    return get_index()


def lines(table: dict[str, Fault]) -> Callable[[str], Callable[[Fault], Fault]]:
    """Return a decorator that adds a fault to a table, under the line that must see it."""

    def of(name: str) -> Callable[[Fault], Fault]:
        def add(fault: Fault) -> Fault:
            assert name not in table, f"{name} has a fault already"
            table[name] = fault
            return fault

        return add

    return of
