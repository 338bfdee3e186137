"""Faults done to the artifact, and by encoders to the index."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from PIL import Image

from lab.chaos.runner import Harm, fault
from lab.chaos.world import World
from lab.processes import ROOT, expect
from lab.traffic import ask, read_checks

ALIKE = 0.99  # inner product of two embeddings, above which they say the same
PICTURES = 4  # in a batch that is encoded after a fork
ALLOWED_GROWTH = 32 * 1024 * 1024  # bytes, between the first fifth of those batches and the last


@fault
def artifact_byte_flipped(world: World) -> Harm:
    """One byte of a model file is flipped under a running shop whose processes then start anew; later it is mended."""

    def flip(folder: Path) -> None:
        file = folder / "text.onnx"
        sound = file.read_bytes()
        file.write_bytes(sound[:1000] + bytes([sound[1000] ^ 0xFF]) + sound[1001:])

    return _with_artifact(world, flip)


@fault
def artifact_replaced(world: World) -> Harm:
    """Another artifact of the same dimension, sealed and whole, lies where the active version's was."""
    from search.encoders.sessions import load_artifact

    def replace(folder: Path) -> None:
        from search.encoders.artifact import read_manifest, write_manifest

        manifest = read_manifest(folder)
        tokenizer = json.loads((folder / "tokenizer.json").read_text())
        words = tokenizer["model"]["vocab"]
        words["red"], words["blue"] = words["blue"], words["red"]
        (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
        write_manifest(
            folder, name="another", dimension=manifest.dimension, image=manifest.image, text=manifest.text
        )

    before = load_artifact(world.artifact).encode_texts(["red"])[0]
    differ: list[str] = []

    def replace_and_compare(folder: Path) -> None:
        replace(folder)
        if float(before @ load_artifact(folder).encode_texts(["red"])[0]) > ALIKE:
            differ.append("the other artifact has the same embeddings")

    harm = _with_artifact(world, replace_and_compare)
    return Harm([*differ, *harm.complaints])


@fault
def artifact_missing(world: World) -> Harm:
    """The artifact's folder is empty when processes start anew; later it is back."""

    def empty(folder: Path) -> None:
        for file in folder.iterdir():
            file.unlink()

    return _with_artifact(world, empty)


@fault
def artifact_moved(world: World) -> Harm:
    """A new release has the artifact elsewhere and the old one's folder is gone; then it moves among known folders, and is away for a while."""
    from search.models import IndexVersion

    home, folder = world.artifact, world.servers.folder
    second, third = folder / "releases" / "2" / "artifact", folder / "artifacts" / "kept"
    for place in (second, third, folder / "away" / "artifact"):
        place.parent.mkdir(parents=True)
    with world.settings(ARTIFACT=str(second), ARTIFACT_FOLDERS=[str(third.parent)]):
        try:
            home.rename(second)
            complaints = _begin_anew_and_index(world, "after a release whose artifact lies elsewhere")
            complaints += expect(
                lambda: IndexVersion.objects.filter(state="active", artifact_path=str(second)).exists(),
                "the folder is noted where it is now",
                seconds=30,
            )
            world.servers.manage("check", "--database", "default")  # raises where it finds an error
            second.rename(third)
            complaints += _index(world, "after it has moved under running processes")
            complaints += _begin_anew_and_index(world, "after it has moved among known folders")
            third.rename(folder / "away" / "artifact")
            world.restart_worker()
            world.restart_web()
            keys = world.draw_products(5)
            world.rename(keys)
            complaints += expect(lambda: _left_alone(keys), "products wait unclaimed and say why", seconds=30)
            complaints += expect(lambda: not _alarms(world), "each alarm sees it", seconds=30) and _alarms(
                world
            )
            (folder / "away" / "artifact").rename(third)  # without a restart
            complaints += expect(lambda: not _is_degraded(world), "searches are whole again", seconds=30)
            complaints += expect(lambda: not world.is_waiting(), "what waited is indexed", seconds=60)
        finally:
            for place in (second, third, folder / "away" / "artifact"):
                if place.exists():
                    place.rename(home)
    world.restart_worker()
    world.restart_web()
    return Harm(complaints=complaints)


def _begin_anew_and_index(world: World, when: str) -> list[str]:
    world.restart_worker()
    world.restart_web()
    return _index(world, when)


def _index(world: World, when: str) -> list[str]:
    keys = world.draw_products(5)
    world.rename(keys)
    complaints = expect(lambda: not world.is_waiting(), f"products are indexed {when}", seconds=60)
    return complaints + expect(lambda: not _is_degraded(world), f"searches are whole {when}", seconds=30)


@fault
def impossible_vectors(world: World) -> Harm:
    """Embeddings that are not finite, all zero or of another length are offered to Postgres: none is taken as an entry's."""
    from django.db import DatabaseError, connection, transaction

    from search.models import EntryImage, IndexVersion

    version = IndexVersion.objects.active()
    row = EntryImage.objects.filter(version=version).exclude(embedding=None).first()
    if version is None or row is None:
        return Harm(complaints=["no picture is in the index"])
    complaints = []
    for name, values in {
        "NaN": np.full(version.dimension, np.nan),
        "infinite": np.full(version.dimension, np.inf),
        "zero": np.zeros(version.dimension),
        "longer": np.ones(version.dimension + 1),
    }.items():
        literal = "[" + ",".join(map(str, values)) + "]"
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(
                    "UPDATE fashion_search_entryimage SET embedding = %s::halfvec WHERE id = %s",
                    [literal, row.pk],
                )
        except DatabaseError:
            continue
        if not world.holds():
            complaints.append(f"an embedding that is {name} was taken, and verify did not see it")
        row.picture_hash = ""
        row.save(update_fields=["picture_hash"])
        world.touch([int(row.entry.product_key)])
        complaints += expect(lambda: not world.holds(), f"an embedding that is {name} was mended", seconds=60)
    return Harm(complaints=complaints)


@fault
def many_encodings_after_a_fork(world: World) -> Harm:
    """One child encodes 500 batches after its fork, and its memory stays as it was after the first hundred."""
    batches = "500" if world.thorough else "60"
    call = f"sys.exit(encode_after_a_fork({str(world.artifact)!r}, {batches}))"
    command = [sys.executable, "-c", f"import sys; from {__name__} import encode_after_a_fork; {call}"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return Harm(complaints=[] if result.returncode == 0 else [result.stdout.strip() or result.stderr[-500:]])


def encode_after_a_fork(artifact: str, batches: int) -> int:
    """Encode in a child after a fork; return 1 where its memory grew, or it ended otherwise than it should."""
    from search.encoders.sessions import load_artifact

    encoders = load_artifact(Path(artifact))
    child = os.fork()
    if child == 0:
        os._exit(_encode(encoders, batches))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _encode(encoders: Any, batches: int) -> int:
    picture = Image.new("RGB", (240, 320), (200, 30, 30))
    settled = 0
    for number in range(batches):
        encoders.encode_images([picture] * PICTURES)
        encoders.encode_texts(["a red dress"] * PICTURES)
        if number == batches // 5:
            settled = psutil.Process().memory_info().rss
    grown = psutil.Process().memory_info().rss - settled
    sys.stdout.write(f"{batches} batches of {PICTURES}: memory grew by {grown / 2**20:.0f} MB\n")
    sys.stdout.flush()
    return int(grown > ALLOWED_GROWTH)


def _with_artifact(world: World, harm: Callable[[Path], None]) -> Harm:
    # Not beside the others, where it would be found.
    folder, aside = world.artifact, world.servers.folder / "put aside" / "artifact"
    shutil.copytree(folder, aside)
    try:
        harm(folder)
        world.restart_worker()
        world.restart_web()
        keys = world.draw_products(5)
        world.rename(keys)
        complaints = expect(
            lambda: _is_degraded(world), "searches are answered by words, and say so", seconds=30
        )
        complaints += expect(
            lambda: _left_alone(keys),
            "products wait unclaimed, with what is wrong with the artifact",
            seconds=30,
        )
        complaints += expect(lambda: not _alarms(world), "each alarm sees it", seconds=30) and _alarms(world)
    finally:
        shutil.rmtree(folder)
        aside.rename(folder)
    world.restart_worker()
    world.restart_web()
    return Harm(complaints=[*complaints, *expect(lambda: not _is_degraded(world), "all is well", seconds=30)])


def _is_degraded(world: World) -> bool:
    return bool(ask(world.port, "/api/v1/search/?q=red+shirt").json()["degraded"])


def _left_alone(keys: Sequence[int]) -> bool:
    """Whether products wait for their embeddings as if nobody had tried, and say why."""
    from search.models import StaleProduct

    waiting = StaleProduct.objects.filter(
        product_key__in=map(str, keys), parked=False, attempts=0, claimed_at=None, text_written=True
    )
    return waiting.filter(last_error__contains="cannot be used by a worker").count() == len(keys)


def _alarms(world: World) -> list[str]:
    """Return the alarms that do not see that the artifact cannot be used."""
    from search.checks import check_active_version
    from search.models import IndexVersion
    from search.monitoring.verify import verify
    from search.monitoring.version_probes import probe_artifact

    version = IndexVersion.objects.active()
    if version is None:
        return ["no version is active"]
    ready = read_checks(world.port)
    seen = {
        "/health/ready": not ready["artifact"] and not ready["artifact_folder"],
        "verify": any(check.name == "artifact" and not check.passed for check in verify().checks),
        "the dashboard": str(probe_artifact(version).state) == "broken",
        "manage.py check": any(
            message.id == "fashion_search.E004" for message in check_active_version(["default"])
        ),
        "the note of the worker": bool(version.lack),
    }
    return [
        f"{name} does not see that the artifact cannot be used" for name, sees in seen.items() if not sees
    ]
