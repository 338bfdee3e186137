"""The file `search_index.py` of a host: its text, where it belongs, whether it stands as it was written, and how it is written.

Its last line holds a checksum of the rest. So a later run knows whether somebody has edited it, and never takes work away.
"""

import inspect
import json
import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import unified_diff
from enum import Enum
from hashlib import sha256
from importlib import import_module
from pathlib import Path

from django.apps import AppConfig, apps
from django.db.models import Model

from .. import registry
from ..conf import get_settings
from ..exceptions import SearchError
from .candidates import Candidate
from .fields import Line, Lines, unused_facets, write_lines
from .related import IMPORTS, needs_function, products_of, relations_of

FILE = "search_index.py"
COMMAND = "fashion_search_init"
MARK = re.compile(rf"\n# {COMMAND}: ([0-9a-f]{{16}})\n\Z")
PLUGIN = registry.__name__.rpartition(".")[0]  # wherever the package is installed


class CannotWrite(SearchError):  # noqa: N818 - says what is wrong without the suffix
    """The file cannot be written; the message says why, and what to do."""


class Standing(Enum):
    """How a file stands."""

    ABSENT = "is not there yet"
    WRITTEN = "stands as it was written"
    EDITED = "was edited after it was written"
    FOREIGN = "was written by somebody else"


@dataclass(frozen=True, slots=True)
class Registration:
    """What is to be written, and where."""

    candidate: Candidate
    path: Path
    text: str
    lines: Lines
    is_found: bool  # whether Django finds the file by itself

    @property
    def standing(self) -> Standing:
        """How the file stands now."""
        return standing_of(self.path)

    @property
    def differs(self) -> bool:
        """Whether the file that stands says something else."""
        return self.path.exists() and self.path.read_text() != self.text

    @property
    def diff(self) -> str:
        """The lines by which the file that stands would change."""
        before = self.path.read_text().splitlines() if self.path.exists() else []
        return "\n".join(
            unified_diff(
                before, self.text.splitlines(), str(self.path), "as it would be written now", lineterm=""
            )
        )


def plan(candidate: Candidate, output: Path | None = None) -> Registration:
    """Return what is to be written for a model.

    Args:
        candidate: the model, with what was found of it.
        output: the file; by default `search_index.py` in the model's app, or in the first app of the host's own where the model's app
            is an installed package.

    Raises:
        CannotWrite: the host has no app of its own to put it into, or its place is no file.
    """
    app = _app_for(candidate.model)
    if output is None:
        if app is None:
            raise CannotWrite(
                f"{candidate.label} belongs to an installed package, and no app in INSTALLED_APPS is the shop's own: name the file with"
                f" --output APP/{FILE}"
            )
        output = Path(app.path) / FILE
    path = output.absolute()
    if path.is_dir():
        path = path / FILE
    if not is_own_file(path):
        raise CannotWrite(f"{path} is part of an installed package: name a file of the shop with --output.")
    lines = write_lines(candidate)
    owner = _owner_of(path)
    text = _sealed(_text(candidate, lines, owner))
    return Registration(candidate, path, text, lines, owner is not None and path.name == FILE)


def write(registration: Registration, *, force: bool = False) -> Path | None:
    """Write the file; return where the former one is kept, or None where there was none.

    Args:
        registration: what to write.
        force: whether a file that says something else is replaced.

    Raises:
        CannotWrite: a file is in the way, its folder is missing, or it cannot be written there.
    """
    path, kept = registration.path, None
    if registration.differs:
        if not force:
            raise CannotWrite(
                f"{path} {registration.standing.value} and differs from what would be written now. Give --force to replace it (a copy is"
                f" kept), or --output to write elsewhere."
            )
        kept = path.with_name(f"{path.name}.{datetime.now(UTC):%Y%m%d-%H%M%S-%f}.bak")
    try:
        if kept:
            kept.write_bytes(path.read_bytes())
        fresh = path.with_name(f".{path.name}.new")
        fresh.write_text(registration.text)
        os.replace(fresh, path)  # noqa: PTH105 - in one step: a server that reloads never reads half of it
    except OSError as error:
        raise CannotWrite(
            f"{path} cannot be written: {error.strerror}. Name another place with --output."
        ) from error
    return kept


def registered_file() -> Path:
    """Return the file of the registration that Django has loaded.

    Raises:
        NoIndexRegistered: there is none.
    """
    return Path(inspect.getfile(type(registry.get_index())))


def standing_of(path: Path) -> Standing:
    """Return how a file stands."""
    if not path.exists():
        return Standing.ABSENT
    text = path.read_text(errors="replace")
    mark = MARK.search(text)
    if mark is None:
        return Standing.FOREIGN
    return Standing.WRITTEN if mark[1] == _checksum(text[: mark.start()]) else Standing.EDITED


def is_own(app: AppConfig) -> bool:
    """Return whether an app is the shop's own: no installed package, and not the plugin."""
    return is_own_file(Path(app.path))


def is_own_file(path: Path) -> bool:
    """Return whether a file or folder is the shop's own: part of no installed package, and not of the plugin."""
    plugin = Path(inspect.getfile(registry)).parent
    return not path.is_relative_to(plugin) and not {"site-packages", "dist-packages"} & set(path.parts)


def _sealed(text: str) -> str:
    return f"{text}\n# {COMMAND}: {_checksum(text)}\n"


def _checksum(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]


def _app_for(model: type[Model]) -> AppConfig | None:
    own = model._meta.app_config
    if own is not None and is_own(own):
        return own
    return next((app for app in apps.get_app_configs() if is_own(app)), None)


def _owner_of(path: Path) -> AppConfig | None:
    """Return the installed app in whose folder a file lies."""
    return next((app for app in apps.get_app_configs() if Path(app.path).absolute() == path.parent), None)


def _import_of(model: type[Model], owner: AppConfig | None) -> str:
    if owner is not None and owner is model._meta.app_config:
        module = import_module(f"{owner.name}.models")
        if getattr(module, model.__name__, None) is model:
            return f"from .models import {model.__name__}"
    return f"from {model.__module__} import {model.__name__}"


def _text(candidate: Candidate, lines: Lines, owner: AppConfig | None) -> str:
    model = candidate.model.__name__
    related = relations_of(lines.ways, candidate.model, lines.variants)
    imports, functions = list(lines.imports), list(lines.functions)
    if needs_function(related.values()):
        imports += IMPORTS
        functions.append(products_of(candidate.model))
    python = sorted(one for one in set(imports) if "django" not in one)
    django = sorted(one for one in set(imports) if "django" in one)
    groups = [
        python,
        django,
        [f"from {PLUGIN}.registry import ProductIndex, register"],
        [_import_of(candidate.model, owner)],
    ]
    body = [
        f'    """{model} as search finds it."""',
        "\n".join([
            '    # Where a product has what: attributes, with "__" along relations; methods are called. A function is given the product.',
            "    fields = {", *map(_field, lines.fields), "    }",
        ]),
        _facets(candidate, lines),
    ]  # fmt: skip
    if lines.trees:
        trees = ", ".join(f'"{name}": "{above}"' for name, above in lines.trees.items())
        body.append(
            f"    # Facets that lie in a tree, and the attribute that leads up in it.\n    trees = {{{trees}}}"
        )
    if not candidate.best("currency"):
        body.append(f'    currency = "{get_settings().currency}"  # of all prices, ISO 4217, such as "EUR"')
    if related:
        rows = "".join(f'        "{label}": {keys},\n' for label, keys in related.items())
        body.append(
            "    # Whose saving changes products: an attribute with the product's key, or a function that gives such keys.\n"
            f"    related = {{\n{rows}    }}"
        )
    if candidate.shown or lines.ahead:
        body.append(_queryset(candidate, lines))
    return (
        f'"""What search knows about products: the only place where {PLUGIN} and this shop meet.\n\n'
        f"Written by `manage.py {COMMAND}`. It is yours now: change what is not as you want it, then run `manage.py check`\n"
        "and `manage.py search_index rebuild --wait`. docs/plugin.md has all that can be said here.\n"
        '"""\n\n'
        + "\n\n".join("\n".join(group) for group in groups if group)
        + "".join(f"\n\n\n{function}" for function in functions)
        + f"\n\n\n@register({model})\nclass {model}Search(ProductIndex):\n"
        + "\n\n".join(body)
        + "\n"
    )


def _field(line: Line) -> str:
    return f'        "{line.name}": {line.source},' + (f"  # {line.why}" if line.why else "")


def _facets(candidate: Candidate, lines: Lines) -> str:
    names = ", ".join(f'"{name}"' for name in lines.facets)
    text = f"    # What shoppers filter by; each is one of the fields.\n    facets = ({names}{',' if len(lines.facets) == 1 else ''})"
    others = unused_facets(candidate, [way.path for way in lines.ways])[:6]
    return text + (f"  # perhaps also by {', '.join(others)}" if others else "")


def _queryset(candidate: Candidate, lines: Lines) -> str:
    said = "".join(f"        # {one.split('=')[0]}: {why}\n" for one, why in candidate.shown.items() if why)
    calls = f".filter({', '.join(candidate.shown)})" if candidate.shown else ""
    calls += f".prefetch_related({', '.join(map(json.dumps, lines.ahead))})" if lines.ahead else ""
    return (
        f'    def get_queryset(self):\n        """Return the products that shoppers see."""\n{said}'
        f"        return super().get_queryset(){calls}"
    )
