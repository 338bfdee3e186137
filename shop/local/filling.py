"""What a database holds, noted in the database itself: which catalogue, and whether its import was finished."""

import json
from dataclasses import dataclass

import psycopg
from psycopg import sql

from .catalogue import Catalogue
from .errors import LocalError


@dataclass(frozen=True, slots=True)
class Filling:
    """The note on one database."""

    catalogue: str
    signature: str  # of the product file whose import was finished; empty before


def must_fill(url: str, catalogue: Catalogue) -> bool:
    """Tell whether `catalogue` has to be imported into the database at `url`, and claim the database for it.

    Raises:
        LocalError: the database holds another catalogue, or cannot be reached.
    """
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            filling = _read(connection)
            if filling is None and _has_products(connection):
                return False  # a shop of somebody's own
            if filling is not None and filling.catalogue != catalogue.name:
                raise LocalError(
                    f"The database {connection.info.dbname} holds the catalogue {filling.catalogue}, not "
                    f"{catalogue.name}: catalogues never mix. Let DATABASE_URL name another database."
                )
            if filling is None:
                _write(connection, Filling(catalogue.name, ""))
            return (
                filling is None or not catalogue.products.exists() or filling.signature != catalogue.signature
            )
    except psycopg.OperationalError as error:
        raise LocalError(f"The database cannot be reached: {str(error).strip().splitlines()[0]}") from error


def note_filled(url: str, catalogue: Catalogue) -> None:
    """Note that the import of `catalogue` into the database at `url` was finished."""
    with psycopg.connect(url, connect_timeout=5) as connection:
        _write(connection, Filling(catalogue.name, catalogue.signature))


def _read(connection: psycopg.Connection) -> Filling | None:
    row = connection.execute(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()"
    ).fetchone()
    try:
        return Filling(**json.loads(row[0])) if row and row[0] else None
    except (ValueError, TypeError):
        return None  # somebody's own comment


def _write(connection: psycopg.Connection, filling: Filling) -> None:
    note = json.dumps({"catalogue": filling.catalogue, "signature": filling.signature})
    name = sql.Identifier(connection.info.dbname)
    connection.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(name, sql.Literal(note)))


def _has_products(connection: psycopg.Connection) -> bool:
    if connection.execute("SELECT to_regclass('shop_product')").fetchone() == (None,):
        return False
    return connection.execute("SELECT EXISTS (SELECT 1 FROM shop_product)").fetchone() == (True,)
