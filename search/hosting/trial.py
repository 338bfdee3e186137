"""A registration tried on some products before it is written: what it finds of each, and what fails."""

import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import DatabaseError

from .. import registry
from ..indexing.documents import clean_document
from ..monitoring.probes import count
from ..registry import (
    ProductCard,
    ProductDocument,
    ProductIndex,
    card_of,
    describe_failure,
    get_index,
    load_each,
)
from ..sentences import untranslated
from ..session import WRITER, pinned
from .registration import FILE, Registration

TRIED = 20  # products
OPENED = 3  # pictures
LONGEST = 160  # characters of a reason
SHOWN = ("name", "brand", "keywords", "description", "price", "pictures")  # of documents
ON_CARDS = ("url", "image")


@dataclass(slots=True)
class Trial:
    """How a registration did."""

    error: str = ""  # why it could not be tried at all
    tried: int = 0
    found: Counter[str] = field(default_factory=Counter)  # by name of a field or facet: products that have it
    failures: dict[str, str] = field(default_factory=dict)  # key of a product -> why it cannot be read
    opened: int = 0  # pictures
    unopened: dict[str, str] = field(default_factory=dict)  # name of a picture -> why it cannot be opened

    @property
    def works(self) -> bool:
        """Whether nothing failed."""
        return not (self.error or self.failures or self.unopened)

    @property
    def sentences(self) -> list[str]:
        """What to say of it."""
        if self.error:
            return [f"It could not be tried: {self.error}"]
        if not self.tried:
            return ["There is no product to try it on."]
        read = self.tried - len(self.failures)
        said = [f"Tried on {untranslated(count(self.tried, 'product'))}, of which {read} can be read."]
        whole = [name for name, number in self.found.items() if number == read]
        partly = [f"{name} ({number})" for name, number in self.found.items() if 0 < number < read]
        none = [name for name, number in self.found.items() if not number]
        for names, sentence in ((whole, "All have {}."), (partly, "Some have {}."), (none, "None has {}.")):
            said += [sentence.format(", ".join(names))] if names and read else []
        said += [f"{untranslated(count(self.opened, 'picture'))} opened."] if self.opened else []
        said += [f"product {key}: {why}" for key, why in list(self.failures.items())[:OPENED]]
        return said + [f"picture {name}: {why}" for name, why in self.unopened.items()]


def try_registration(registration: Registration) -> Trial:
    """Try a registration that is not written yet."""
    with _registered(registration) as error:
        return Trial(error=error) if error else try_registered()


@pinned()
def try_registered() -> Trial:
    """Try the registration that stands."""
    trial, index = Trial(), get_index()
    try:
        faults = (
            [f"{fault.name}: {fault.sentence}" for fault in index.mapped.faults()] if index.fields else []
        )
        if faults:
            return Trial(error=" ".join(faults))
        keys = [
            str(pk)
            for pk in index.get_queryset().using(WRITER).order_by("pk").values_list("pk", flat=True)[:TRIED]
        ]
        loaded = load_each(keys)
    except DatabaseError as error:
        return Trial(error=str(error).strip().splitlines()[0])
    except Exception as error:  # noqa: BLE001 - the host's queryset, which may raise anything
        return Trial(error=describe_failure("get_queryset", error))
    trial.tried = len(keys)
    trial.failures.update(loaded.failures)
    trial.found.update(dict.fromkeys([*SHOWN, *index.facets, *ON_CARDS], 0))
    for key, product in loaded.products.items():
        _try_product(trial, index, key, product)
    return trial


def _try_product(trial: Trial, index: ProductIndex, key: str, product: Any) -> None:
    method = "document"
    try:
        document, _notes = clean_document(index.document(product), key)
        method = "card"
        card = card_of(index, product)
    except DatabaseError:
        raise
    except Exception as error:  # noqa: BLE001 - the host's code; the other products are tried all the same
        trial.failures[key] = describe_failure(method, error)[:LONGEST]
        return
    trial.found.update(_filled(document, card, index.facets))
    for picture in document.pictures[: 1 if trial.opened + len(trial.unopened) < OPENED else 0]:
        try:
            with picture.open() as file:
                file.read(1)
            trial.opened += 1
        except Exception as error:  # noqa: BLE001 - every storage has errors of its own
            trial.unopened[picture.name] = f"{type(error).__name__}: {error}"[:LONGEST]


def _filled(document: ProductDocument, card: ProductCard, facets: tuple[str, ...]) -> Mapping[str, int]:
    has = {name: getattr(document, name) not in ("", None, ()) for name in SHOWN}
    has |= {name: bool(document.facets.get(name)) for name in facets if name not in SHOWN}
    has |= {name: bool(getattr(card, name)) for name in ON_CARDS}
    return {name: int(there) for name, there in has.items()}


@contextmanager
def _registered(registration: Registration) -> Iterator[str]:
    """Register what the file would register while the body runs; gives why that fails, or ""."""
    before, refused = list(registry._registered), list(registry.refused)
    owner = next(
        (app for app in apps.get_app_configs() if Path(app.path).absolute() == registration.path.parent), None
    )
    name = f"{owner.name}.{FILE.removesuffix('.py')}_tried" if owner else "search_index_tried"
    error = ""
    with tempfile.TemporaryDirectory(prefix="fashion-search-") as folder:
        file = Path(folder) / FILE
        file.write_text(registration.text)
        spec = spec_from_file_location(name, file)
        registry._registered.clear()  # or it would be refused beside the one that stands
        try:
            if spec is None or spec.loader is None:
                raise ImportError(f"{file} is no module")
            spec.loader.exec_module(module_from_spec(spec))
        except Exception as failed:  # noqa: BLE001 - it imports the host's modules, which may raise anything
            error = f"{type(failed).__name__}: {failed}"
        try:
            yield error
        finally:
            registry._registered[:], registry.refused[:] = before, refused
