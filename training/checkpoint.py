"""The folder of a run: the names of its files, its checkpoints and its state, each written in one step.

A process that is killed while writing leaves the former checkpoint and state intact.
"""

import copy
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras

# The names of a run folder's files.
CONFIG = "config.json"  # every value of the configuration
TOKENIZER = "tokenizer.json"
STATE = "state.json"  # see `FRESH`
CHECKPOINT = "checkpoint-{}-{}.weights.h5"  # finished epochs, finished batches of the next one
EPOCH = "epoch-{}.weights.h5"  # of the last epochs, where their mean is wanted
BEST = "best.weights.h5"
LESSON = "lesson-{}.npy"  # targets of the texts of a stage with a teacher, by its first epoch, counted from 1
LOG = "log.csv"
CACHE = "cache"  # decoded pictures, features of frozen backbones

# epoch: finished epochs; batch: finished batches of the next one, whose mean loss is partial_loss; checkpoint: the file
# that belongs to these; seeds: states of all random generators inside the model at that time.
FRESH: dict[str, Any] = {
    "epoch": 0,
    "batch": 0,
    "partial_loss": 0.0,
    "checkpoint": "",
    "seeds": [],
    "best": -1.0,
    "best_epoch": 0,
    "stopped": False,
    "averaged": False,
    "history": [],
}


def open_state(workdir: Path, *, resume: bool) -> dict[str, Any]:
    """Return the state of the run in `workdir`, which is created where it is missing.

    Raises:
        FileExistsError: the folder holds a run already and `resume` is not set.
    """
    workdir.mkdir(parents=True, exist_ok=True)
    file, state = workdir / STATE, copy.deepcopy(FRESH)
    if not file.exists():
        return state
    if not resume:
        raise FileExistsError(
            f"{workdir} holds a run already; continue it with --resume, or choose another --out."
        )
    return state | json.loads(file.read_text())


def write_state(workdir: Path, state: dict[str, Any]) -> None:
    """Write a run's state in one step, then remove checkpoints that it no longer names."""
    temporary = workdir / f"{STATE}.new"
    temporary.write_text(json.dumps(state, indent=1))
    temporary.replace(workdir / STATE)
    for file in workdir.glob(CHECKPOINT.format("*", "*")):
        if file.name != state["checkpoint"]:
            file.unlink()


def save_checkpoint(model: "keras.Model", workdir: Path, state: dict[str, Any]) -> None:
    """Save weights, optimizer and seeds beside the last checkpoint; `write_state` makes it the current one."""
    state["checkpoint"] = CHECKPOINT.format(state["epoch"], state["batch"])
    replace_weights(model, workdir / state["checkpoint"])
    import keras

    state["seeds"] = [[int(value) for value in keras.ops.convert_to_numpy(seed)] for seed in _seeds(model)]


def load_checkpoint(model: "keras.Model", workdir: Path, state: dict[str, Any]) -> None:
    """Load the state's checkpoint; the optimizer is loaded only into a compiled model."""
    import keras

    model.load_weights(workdir / state["checkpoint"])
    for seed, value in zip(_seeds(model), state["seeds"], strict=bool(state["seeds"])):
        seed.assign(keras.ops.convert_to_tensor(value, dtype=seed.dtype))


def replace_weights(model: "keras.Model", path: Path) -> None:
    """Save a model's weights to `path` in one step."""
    temporary = path.with_name(f"new.{path.name}")
    model.save_weights(temporary)
    temporary.replace(path)


def copy_whole(source: Path, target: Path) -> None:
    """Copy a file in one step."""
    temporary = target.with_name(f"new.{target.name}")
    shutil.copyfile(source, temporary)
    temporary.replace(target)


def _seeds(model: "keras.Model") -> list[Any]:
    return [variable for variable in model.variables if "seed_generator_state" in variable.path]
