"""Which catalogue the demo shows: where its files lie and the names of its database and media folder."""

import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from .errors import LocalError

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
