"""What is left to do until a shop can be searched, in its order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..monitoring.probes import Finding, State
from .configuration import PLUGIN, SETTINGS, Need, settings_file
from .registration import COMMAND, Registration, Standing
from .trial import Trial


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do."""

    sentence: str
    required: bool = True  # False: search works without it


def find_steps(
    registration: Registration,
    registered: bool,
    trial: Trial,
    needs: Sequence[Need],
    services: Sequence[Finding],
) -> list[Step]:
    """Return what is left to do.

    Args:
        registration: the file, as it stands now.
        registered: whether Django has loaded a registration of its model.
        trial: how the registration did.
        needs: of the settings.
        services: what search runs on.
    """
    required = [*_of_file(registration, registered, trial), *_of_settings(needs), *_of_services(services)]
    first = [step for step in required if step.required]
    return first + [step for step in required if not step.required] + list(_at_last(needs))


def _of_file(registration: Registration, registered: bool, trial: Trial) -> Iterator[Step]:
    path = registration.path
    if registration.standing is Standing.ABSENT and not registered:
        yield Step(f"Write {path}: manage.py {COMMAND} --write")
    elif not registered:
        yield Step(f"Restart web, worker and beat, so that they load {path}.")
    if trial.error or trial.failures:
        yield Step(
            f"Correct {path}, which fails for some products (see above), then run manage.py {COMMAND} again."
        )
    if trial.unopened:
        yield Step("Let web and workers read the storage of the pictures (MEDIA_ROOT, STORAGES).")
    if not registration.is_found:
        yield Step(
            f"Import {path} in ready() of one of your apps: Django finds files named search_index.py in an app's folder only."
        )


def _of_settings(needs: Sequence[Need]) -> Iterator[Step]:
    places: dict[tuple[str, bool], list[str]] = {}
    for need in needs:
        if not need.stands and not need.code:
            yield Step(f"{need.name}: {need.sentence}", need.required)
        elif not need.stands:
            places.setdefault((need.place, need.required), []).append(need.name)
    for (place, required), names in places.items():
        where = settings_file() or place if place == SETTINGS else place
        yield Step(f"Add to {where} what is shown above: {', '.join(names)}.", required)


def _of_services(services: Sequence[Finding]) -> Iterator[Step]:
    for found in services:
        if found.state is not State.OK and found.remedy:
            waits = "" if found.remedy.startswith("manage.py") else f"{found.name}: "
            yield Step(f"{waits}{found.remedy}")


def _at_last(needs: Sequence[Need]) -> Iterator[Step]:
    yield Step(
        "See that all is well: manage.py check --database default, manage.py search_index verify", False
    )
    if any(need.name == "search page" and not need.stands for need in needs):
        yield Step(
            f"Show it: a page that calls {PLUGIN}.engine.search, and in templates {{% load fashion_search %}} {{% search_box %}}.",
            False,
        )
