import os
import socket
from pathlib import Path

import pytest

from shop.local import machine
from shop.local.machine import LocalError


def test_a_port_in_use_gives_one_line_with_another_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(LocalError, match=rf"^Port {port} is in use\. Try: make demo PORT=\d+$"):
            machine.check_port(port)


def test_a_free_port_is_taken():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    machine.check_port(port)


def test_a_number_that_is_no_port_gives_one_line():
    with pytest.raises(LocalError, match=r"^Port 70000 is not a port; ports are 1 to 65535\.$"):
        machine.check_port(70000)


def test_a_full_disk_gives_one_line(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(machine, "NEEDED_BYTES", 2**60)
    with pytest.raises(
        LocalError, match=r"^Not enough disk space in .*: \d+ MB free, 1099511627776 MB needed\.$"
    ):
        machine.check_disk(tmp_path)


def test_only_one_demo_runs_in_a_folder(tmp_path: Path):
    with (
        machine.take_lock(tmp_path / "lock"),
        pytest.raises(
            LocalError, match=rf"^The demo already runs in this folder \(process {os.getpid()}\)\.$"
        ),
    ):
        machine.take_lock(tmp_path / "lock")
    machine.take_lock(tmp_path / "lock").close()


def test_a_lock_file_without_its_process_does_not_hinder(tmp_path: Path):
    (tmp_path / "lock").write_text("4194303")
    machine.take_lock(tmp_path / "lock").close()
