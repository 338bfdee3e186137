"""The models of a host that look like products, the likeliest first, each with what speaks for it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import DatabaseError, models, transaction
from django.db.models import Model

from ..session import is_ours, pinned, writer_of
from .roles import BY_NAME, NAMES, ROLES, Way, find_ways, tokens

MOST_COUNTED = 100_000  # rows, beyond which nobody needs to know how many there are
ENOUGH = 6.0  # points of a model that is taken for products
CALLED = {"product": 4.0, "perhaps": 2.0}  # points for a word of the model's name
NEAR = 1  # relations; a price or pictures behind more are those of the products that belong to a row
PART = -5.0
SHOWN = NAMES["shown"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model that products may be."""

    model: type[Model]
    points: float
    ways: Mapping[str, Sequence[Way]]  # where it has what, by role
    shown: Mapping[
        str, str
    ]  # what a product that shoppers see has: a filter, and what it says beside its name
    rows: int | None  # None where its table cannot be read
    reasons: tuple[str, ...]  # what speaks for it
    doubts: tuple[str, ...]  # what speaks against it

    @property
    def label(self) -> str:
        """As `--model` takes it."""
        return self.model._meta.label

    @property
    def fits(self) -> bool:
        """Whether it looks enough like products to be taken without being named."""
        near = any(
            len(way.relations) <= NEAR for role in ("price", "pictures") for way in self.ways.get(role, ())
        )
        return "name" in self.ways and near and self.points >= ENOUGH

    @property
    def counted(self) -> str:
        """How many rows it has, in words."""
        if self.rows is None:
            return "its table cannot be read"
        if self.rows > MOST_COUNTED:
            return f"more than {MOST_COUNTED:,} rows"
        return f"{self.rows:,} row{'' if self.rows == 1 else 's'}"

    def best(self, role: str) -> Way | None:
        """Return where it most likely has something."""
        return self.ways[role][0] if self.ways.get(role) else None


def find_candidates(among: Iterable[type[Model]] | None = None) -> list[Candidate]:
    """Return the models that may be products, the likeliest first.

    Args:
        among: models to look at; by default all of the host's, without proxies and what Django itself brings.
    """
    looked_at = _of_the_host() if among is None else among
    found = [examine(model) for model in looked_at]
    # Of equals the one with more rows, and then by name, so that every run chooses the same.
    return sorted(
        (one for one in found if "name" in one.ways and one.points > 0),
        key=lambda one: (not one.fits, -one.points, -(one.rows or 0), one.label),
    )


def examine(model: type[Model]) -> Candidate:
    """Look at one model, whatever it is like."""
    ways, shown, rows = find_ways(model), find_shown(model), count_rows(model)
    points, reasons, doubts = 0.0, [], []
    called = tokens(model.__name__)
    for words, worth in CALLED.items():
        if set(called) & set(NAMES["models"][words]):
            points += worth
            reasons.append(f"it is called {model.__name__}")
            break
    if part := set(NAMES["models"]["part"]) & set(called):
        points += PART
        doubts.append(f"its name says that it is something of a product ({', '.join(sorted(part))})")
    for role in ROLES:
        if role.name in ways and role.weight:
            way = ways[role.name][0]
            points += role.weight * way.likelihood
            reasons.append(f"{role.says} in {way.path}")
    lacking = [name for name in ("name", "pictures", "price") if name not in ways]
    doubts += [f"nothing looks like {BY_NAME[name].says}" for name in lacking]
    if shown:
        points += 1.0
        reasons.append(f"what is shown is told by {' and '.join(shown)}")
    if callable(getattr(model, "get_absolute_url", None)):
        points += 1.0
        reasons.append("it has get_absolute_url()")
    if rows is None:
        points -= 2.0
        doubts.append("its table cannot be read")
    elif not rows:
        points -= 1.0
        doubts.append("it has no rows")
    if (alias := writer_of(model) or "default") != "default":
        points -= 4.0
        doubts.append(f"it is written to the database {alias!r}, and the index lies in 'default'")
    return Candidate(model, round(points, 2), ways, shown, rows, tuple(reasons), tuple(doubts))


def find_shown(model: type[Model]) -> dict[str, str]:
    """Return what distinguishes products that shoppers see: filters of a queryset -> what each says beside its name."""
    found: dict[str, str] = {}
    for field in model._meta.concrete_fields:
        name = field.name
        if isinstance(field, models.BooleanField) and name in (*SHOWN["yes"], *SHOWN["no"]):
            found[f"{name}={name in SHOWN['yes']}"] = ""
        elif name in SHOWN["states"] and (value := _shown_choice(field)) is not None:
            found[f"{name}={json.dumps(value)}"] = (
                f"one of {', '.join(repr(key) for key, _ in field.flatchoices)}"
            )
        elif name in SHOWN["unset"] and isinstance(field, models.DateField) and field.null:
            found[f"{name}__isnull=True"] = "not taken away"
        elif name in SHOWN["parents"] and field.related_model is model:
            found[f"{name}__isnull=True"] = "no variant of another one"
    return found


@pinned()
def count_rows(model: type[Model]) -> int | None:
    """Return how many rows a model has, up to one more than MOST_COUNTED; None where its table cannot be read."""
    alias = writer_of(model) or "default"
    try:
        with transaction.atomic(using=alias):
            return int(model._base_manager.using(alias).order_by()[: MOST_COUNTED + 1].count())
    except DatabaseError:
        return None


def _of_the_host() -> list[type[Model]]:
    from_django = {config.label for config in apps.get_app_configs() if config.name.startswith("django.")}
    return [
        model
        for model in apps.get_models()
        if not model._meta.proxy
        and not is_ours(model)
        and model._meta.app_label not in from_django
        and not model._meta.swapped
    ]


def _shown_choice(field: Any) -> Any | None:
    for value, said in field.flatchoices:
        if {str(value).lower(), str(said).lower()} & set(SHOWN["values"]):
            return value
    return None
