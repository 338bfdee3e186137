"""A storage that does not answer is given up on in time, whatever it is and whichever errors its client has."""

import errno
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage

from search import storage as module
from search.exceptions import StorageAway
from search.storage import PatientStorage, ask_storage, is_away, status_of


@pytest.fixture
def frozen_server() -> Iterator[int]:
    """The port of a server that takes connections and says nothing, as an object store that has frozen."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def gate(monkeypatch) -> Iterator[threading.Event]:
    """An event that lets go whatever hangs; nothing hangs before and afterwards."""
    monkeypatch.setattr(module, "_hanging", module._Hanging())
    event = threading.Event()
    yield event
    event.set()


def client_error(module_name: str, **fields: object) -> Exception:
    kind = type("ClientError", (Exception,), {"__module__": module_name})
    error = kind("wrong")
    for name, value in fields.items():
        setattr(error, name, value)
    return error


@pytest.mark.parametrize(
    ("error", "away"),
    [
        (TimeoutError(), True),
        (ConnectionResetError(), True),
        (OSError(errno.EIO, "broken"), True),
        (OSError(errno.ESTALE, "stale"), True),
        (FileNotFoundError(errno.ENOENT, "gone"), False),
        (PermissionError(errno.EACCES, "no"), False),
        (OSError(errno.ENOSPC, "full"), False),
        (ValueError("no file name"), False),
        (client_error("botocore.exceptions"), True),  # EndpointConnectionError, ReadTimeoutError
        (client_error("urllib3.exceptions"), True),
        (client_error("botocore.exceptions", response={"ResponseMetadata": {"HTTPStatusCode": 503}}), True),
        (client_error("botocore.exceptions", response={"ResponseMetadata": {"HTTPStatusCode": 429}}), True),
        (client_error("botocore.exceptions", response={"ResponseMetadata": {"HTTPStatusCode": 404}}), False),
        (client_error("requests.exceptions", response=SimpleNamespace(status_code=403)), False),
        (client_error("azure.core.exceptions", status_code=500), True),
        (client_error("google.api_core.exceptions", code=404), False),
        (client_error("a_host.storage"), False),
    ],
)
def test_which_errors_say_that_the_storage_is_away(error, away):
    assert is_away(error) is away


def test_the_status_of_an_error_that_has_none():
    assert status_of(client_error("botocore.exceptions")) is None


def test_what_a_storage_says_is_returned_and_raised():
    assert ask_storage(lambda: 3) == 3
    with pytest.raises(FileNotFoundError):
        ask_storage(lambda: Path("/nowhere").read_bytes())
    with pytest.raises(StorageAway, match="ConnectionResetError: by peer"):
        ask_storage(lambda: (_ for _ in ()).throw(ConnectionResetError("by peer")))


def test_a_server_that_says_nothing_is_given_up_on(frozen_server, gate):
    def read() -> bytes:
        with socket.create_connection(("127.0.0.1", frozen_server)) as connection:
            connection.settimeout(5)  # the client's own patience, longer than ours
            return connection.recv(1)

    began = time.monotonic()
    with pytest.raises(StorageAway, match=r"no answer within 0\.1 s"):
        ask_storage(read, seconds=0.1)
    assert time.monotonic() - began < 2


def test_who_waits_gives_signs_of_life(gate):
    signs = []
    with pytest.raises(StorageAway):
        ask_storage(gate.wait, seconds=2.2, waiting=lambda: signs.append(1))
    assert len(signs) == 3


def test_whoever_asks_on_behalf_of_another_has_its_time(gate):
    def ask_again() -> None:
        ask_storage(gate.wait, seconds=30)

    began = time.monotonic()
    with pytest.raises(StorageAway):
        ask_storage(ask_again, seconds=0.1)
    assert time.monotonic() - began < 2


def test_with_many_waiting_nobody_else_is_made_to_wait_and_one_tries_now_and_then(gate, monkeypatch):
    monkeypatch.setattr(module, "HANGING", 2)
    now = [100.0]
    monkeypatch.setattr(module, "monotonic", lambda: now[0])
    for _ in range(2):
        with pytest.raises(StorageAway, match="no answer"):
            ask_storage(gate.wait, seconds=0.05)
    assert ask_storage(lambda: 1) == 1  # one that tries
    with pytest.raises(StorageAway, match="2 earlier requests still wait"):
        ask_storage(lambda: 1)
    now[0] += module.RETRY_SECONDS
    assert ask_storage(lambda: 1) == 1
    gate.set()
    for thread in threading.enumerate():
        if thread.name == "fashion-search-storage":
            thread.join(5)
    assert [ask_storage(lambda: 1) for _ in range(3)] == [1, 1, 1]


class Slow(FileSystemStorage):
    """Hangs at everything until its gate is opened."""

    gate = threading.Event()

    def _open(self, name, mode="rb"):
        self.gate.wait(30)
        return super()._open(name, mode)

    def _save(self, name, content):
        self.gate.wait(30)
        return super()._save(name, content)

    def exists(self, name):
        self.gate.wait(30)
        return super().exists(name)

    size = listdir = delete = url = get_modified_time = exists


@pytest.fixture
def patient(settings, tmp_path, gate, monkeypatch) -> PatientStorage:
    settings.FASHION_SEARCH = {"STORAGE_SECONDS": 1}
    monkeypatch.setattr(Slow, "gate", gate)
    return PatientStorage(f"{__name__}.Slow", {"location": str(tmp_path), "base_url": "/media/"})


def test_a_patient_storage_gives_up_on_every_call(patient):
    calls = [
        lambda: patient.open("a"), lambda: patient.save("a", ContentFile(b"a")), lambda: patient.exists("a"),
        lambda: patient.size("a"), lambda: patient.listdir(""), lambda: patient.delete("a"), lambda: patient.url("a"),
        lambda: patient.get_modified_time("a"),
    ]  # fmt: skip
    refused = []

    def call(one) -> None:
        try:
            one()
        except StorageAway as error:
            refused.append(str(error))

    threads = [threading.Thread(target=call, args=(one,)) for one in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert refused == ["no answer within 1 s"] * len(calls)


def test_a_patient_storage_does_what_the_other_one_does(settings, tmp_path):
    storage = PatientStorage(
        "django.core.files.storage.FileSystemStorage", {"location": str(tmp_path), "base_url": "/media/"}
    )
    name = storage.save("folder/a.txt", ContentFile(b"content"))
    assert (name, storage.exists(name), storage.size(name), storage.url(name)) == (
        "folder/a.txt", True, 7, "/media/folder/a.txt"
    )  # fmt: skip
    with storage.open(name) as file:
        assert (file.name, file.read()) == (name, b"content")
    with storage.open(name, "wb") as file:
        file.write(b"other")
    assert Path(storage.path(name)).read_bytes() == b"other"
    assert storage.save("folder/a.txt", ContentFile(b"again")) != name
    assert (storage.listdir(""), storage.location) == ((["folder"], []), str(tmp_path))
    storage.delete(name)
    assert not storage.exists(name)
    with pytest.raises(FileNotFoundError):
        storage.open(name)
