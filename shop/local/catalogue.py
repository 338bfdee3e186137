"""The catalogue of the demo: its files, and the note in the database which one that holds."""

import json
import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import psycopg
from psycopg import sql

from .machine import LocalError

PRODUCT_FILES = ("products.csv.gz", "products.csv", "styles.csv")
PICTURES = ("images_large.zip", "images.zip", "images")
DRAWN = 600  # products of the drawn catalogue


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A product file and its pictures."""

    name: str
    folder: Path
    drawn: bool = False

    @property
    def database(self) -> str:
        """Name of the database that holds this catalogue and no other."""
        return f"fashion_{self.name}"

    @property
    def products(self) -> Path:
        """The product file."""
        return _first(self.folder, PRODUCT_FILES)

    @property
    def pictures(self) -> Path:
        """The archive or the folder of pictures."""
        return _first(self.folder, PICTURES)

    @property
    def signature(self) -> str:
        """What changes when the product file changes."""
        about = self.products.stat()
        return f"{self.products.name} {about.st_size} {int(about.st_mtime)}"

    def import_options(self) -> list[str]:
        """Return the arguments of `import_catalogue` for it."""
        options = [str(self.products), "--images", str(self.pictures)]
        large = (
            self.pictures.name == "images_large.zip"
        )  # the data set's larger pictures, of a part of its rows
        if large or self.products.name == "styles.csv":
            options += ["--profile", "kaggle-fashion"]
        if large:
            options.append("--only-large")
        return options


def find_catalogue(given: str, local: Path) -> Catalogue:
    """Return the catalogue in the folder `given`, or the drawn one if nothing is given.

    Raises:
        LocalError: the folder lacks a product file or pictures.
    """
    if not given:
        return Catalogue(f"drawn_{DRAWN}", local / "catalogues" / f"drawn_{DRAWN}", drawn=True)
    folder = Path(given).expanduser().resolve()
    if not folder.is_dir():
        raise LocalError(f"CATALOGUE={given} is not a folder.")
    slug = re.sub(r"[^a-z0-9]+", "_", folder.name.lower()).strip("_")[:30] or "catalogue"
    # The path's digest keeps folders of the same name apart.
    catalogue = Catalogue(f"{slug}_{sha256(str(folder).encode()).hexdigest()[:6]}", folder)
    if not catalogue.products.exists() or not catalogue.pictures.exists():
        raise LocalError(
            f"CATALOGUE={given} needs {' or '.join(PRODUCT_FILES)}, and beside it {' or '.join(PICTURES)}."
        )
    return catalogue


def _first(folder: Path, names: tuple[str, ...]) -> Path:
    return next((folder / name for name in names if (folder / name).exists()), folder / names[0])


@dataclass(frozen=True, slots=True)
class Filling:
    """The note on one database."""

    catalogue: str
    signature: str  # of the product file whose import was finished; empty before


def must_fill(url: str, catalogue: Catalogue) -> bool:
    """Return whether `catalogue` has to be imported into the database at `url`, and claim the database for it.

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
