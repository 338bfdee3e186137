"""A run shared among devices and processes ends with the weights of a run on one device."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from shop.local.servers import free_port
from tests.training.products import write_catalogue
from training.__main__ import main
from training.distribution import any_process, distribute, first_writes, own_rows
from training.exceptions import TrainingError

ROOT = Path(__file__).parents[2]
PATIENCE = 1800  # seconds that processes may take which compile beside each other on two slow cores

needs_jax = pytest.mark.skipif(
    importlib.util.find_spec("jax") is None, reason="Keras distributes under JAX, which is not installed"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shared")
    write_catalogue(folder / "shop", 32)
    return folder


@pytest.fixture(scope="module")
def alone(folder):
    return weights(folder, "alone", [()])


@pytest.mark.long
@pytest.mark.timeout(PATIENCE + 60)
@needs_jax
def test_two_devices_end_with_the_weights_of_one(folder, alone):
    both = weights(folder, "devices", [("--distribute",)], devices=2)
    assert largest_difference(both, alone) < 1e-4


@pytest.mark.long
@pytest.mark.timeout(PATIENCE + 60)
@needs_jax
def test_two_processes_end_with_the_weights_of_one(folder, alone):
    address = f"localhost:{free_port()}"
    options = ("--distribute", "--coordinator", address, "--processes", "2", "--process")
    both = weights(folder, "processes", [(*options, "0"), (*options, "1")])
    assert largest_difference(both, alone) < 1e-4


def weights(folder, name, processes, *, devices=1):
    environment = os.environ | {
        "KERAS_BACKEND": "jax",
        "JAX_PLATFORMS": "cpu",
        "XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}",
    }
    command = [sys.executable, "-m", "tests.training.tiny_run", str(folder / "shop"), str(folder / name)]
    logs = [folder / f"{name}-{number}.log" for number in range(len(processes))]
    started = []
    try:
        for options, log in zip(processes, logs, strict=True):
            with log.open("w") as output:
                started.append(
                    subprocess.Popen(
                        [*command, *options],
                        cwd=ROOT,
                        env=environment,
                        stdout=output,
                        stderr=subprocess.STDOUT,
                    )
                )
        for process, log in zip(started, logs, strict=True):
            assert process.wait(PATIENCE) == 0, log.read_text()[-3000:]
    finally:
        for process in started:
            process.kill()
            process.wait()
    with np.load(folder / name / "weights.npz") as file:
        return [file[key] for key in file.files]


def largest_difference(some, others):
    return max(np.abs(one - other).max() for one, other in zip(some, others, strict=True))


def test_a_run_that_is_not_shared_is_left_as_it_is(tmp_path):
    batches = keras.utils.PyDataset()
    assert own_rows(batches, 7) is batches
    assert (any_process(True), any_process(False)) == (True, False)
    with first_writes(tmp_path) as folder:
        assert folder == tmp_path


@pytest.mark.skipif(keras.backend.backend() == "jax", reason="Keras distributes under JAX")
def test_another_backend_is_named(tmp_path, capsys):
    with pytest.raises(TrainingError, match="under JAX, not under tensorflow: set KERAS_BACKEND=jax"):
        distribute(None, None, None)
    arguments = ["fit", "run.toml", "--data", "shop", "--out", str(tmp_path / "run"), "--distribute"]
    assert main(arguments) == 2
    assert "set KERAS_BACKEND=jax" in capsys.readouterr().err
