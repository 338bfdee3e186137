"""The path of one family, command by command, as an engineer types them, over a small drawn catalogue."""

import contextlib
import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import pytest

from tests.training.tiny_backbone import tiny_backbone
from training.__main__ import main
from training.models import image

ROOT = Path(__file__).parents[2]
PATIENCE = 2400  # seconds that one command may take


@dataclass
class Pipeline:
    """One family's run in a folder of its own; every method is one command."""

    family: str
    folder: Path
    data: Path
    changes: tuple[str, ...]
    printed: dict[str, str] = field(default_factory=dict)  # what each command printed
    statuses: dict[str, int] = field(default_factory=dict)
    stopped: dict[str, Any] = field(default_factory=dict)  # the state after SIGTERM

    @property
    def run(self) -> Path:
        """The run folder."""
        return self.folder / "run"

    @property
    def artifact(self) -> Path:
        """The artifact folder."""
        return self.folder / "artifact"

    def fit(self, *options: str) -> int:
        """Fit to the end and return the exit status."""
        return self._run("fit", *self._fit(), *options)

    def fit_and_stop(self) -> int:
        """Fit, send SIGTERM in the middle of the second epoch, and return the exit status."""
        process = self._start(*self._fit())
        give_up = time.monotonic() + PATIENCE
        while not (self.run / "log.csv").exists() and process.poll() is None:
            if time.monotonic() > give_up:
                process.kill()
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        return self._finished("stopped", process)

    def evaluate(self) -> dict[str, Any]:
        """Evaluate the artifact with every product as the gallery, and return the figures."""
        arguments = ["evaluate", str(self.artifact), "--data", str(self.data), "--protocol", "all"]
        kept = ["--cache", str(self.run / "cache"), "--embeddings", str(self.folder / "embeddings")]
        self.statuses["evaluated"] = self._run("evaluate", *arguments, *kept)
        printed = self.printed["evaluate"]
        return json.loads(printed[printed.index("{\n") : printed.rindex("}") + 1])

    def export(self) -> int:
        """Export the best weights and return the exit status."""
        arguments = ["export", str(self.run), "--data", str(self.data), "--out", str(self.artifact)]
        return self._run("export", *arguments, "--name", self.family)

    def backbone(self, out: Path) -> int:
        """Write the run's backbone to `out` and return the exit status."""
        return self._run("backbone", "backbone", str(self.run), "--out", str(out))

    def state(self) -> dict[str, Any]:
        """Return the run's state."""
        return json.loads((self.run / "state.json").read_text())

    def log(self) -> list[dict[str, str]]:
        """Return the lines of the run's CSV log."""
        with (self.run / "log.csv").open(newline="") as file:
            return list(csv.DictReader(file))

    def _fit(self) -> list[str]:
        config = ROOT / "training" / "configs" / f"{self.family}.toml"
        sets = [argument for change in self.changes for argument in ("--set", change)]
        return ["fit", str(config), "--data", str(self.data), "--out", str(self.run), *sets]

    def _run(self, name: str, *arguments: str) -> int:
        return self._finished(name, self._start(*arguments))

    def _start(self, *arguments: str) -> subprocess.Popen:
        self.folder.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(ROOT)}
        with (self.folder / "output.txt").open("w") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "training", *arguments],
                cwd=self.folder,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def _finished(self, name: str, process: subprocess.Popen) -> int:
        status = process.wait(PATIENCE)
        self.printed[name] = (self.folder / "output.txt").read_text()
        return status


class LightPipeline(Pipeline):
    """One convolution in place of the backbone, and every command in this process, which has loaded TensorFlow already."""

    def _run(self, name: str, *arguments: str) -> int:
        self.folder.mkdir(parents=True, exist_ok=True)
        said = io.StringIO()
        with (
            pytest.MonkeyPatch.context() as patch,
            contextlib.chdir(self.folder),
            contextlib.redirect_stdout(said),
            contextlib.redirect_stderr(said),
        ):
            patch.setattr(image, "_backbone", tiny_backbone)
            status = main([*arguments])
        keras.utils.clear_session()
        self.printed[name] = said.getvalue()
        return status
