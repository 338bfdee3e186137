"""Train a joint embedding from a catalogue, stage by stage, with checkpoints that resume."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
from tokenizers import Tokenizer

from search.preprocessing import ImageSpec

from .averaging import average_weights
from .batches import Batches
from .config import Config, Stage, load_config
from .data import Catalogue, read_catalogue
from .encoding import encode_pixels, encode_texts
from .evaluate import image_to_image, text_to_image
from .losses import stage_loss
from .models import JointModel, build
from .progress import Throughput
from .texts import every_text
from .tokens import train_tokenizer

CHECKPOINT, BEST, EPOCH, STATE, TOKENIZER, CONFIG = (
    "checkpoint.weights.h5",
    "best.weights.h5",
    "epoch-{}.weights.h5",
    "state.json",
    "tokenizer.json",
    "config.toml",
)


def fit(config_file: Path, data: Sequence[Path], workdir: Path, *, resume: bool = False) -> dict:
    """Train as the configuration says and leave checkpoints, the best weights and a log in `workdir`.

    Args:
        config_file: a run's TOML file; a copy stays in `workdir`. It may have grown by epochs when resuming.
        data: catalogue folders; products of split "train" are learned, those of split "val" in the first judge.
        workdir: folder of the run, made where it is missing.
        resume: go on after the last finished epoch found in `workdir`.

    Returns:
        The state after the last epoch: epoch, best, best_epoch, history.

    Raises:
        FileExistsError: `workdir` already holds a run and `resume` is not set.
    """
    config = load_config(config_file)
    state = _open_workdir(config_file, workdir, resume=resume)
    cache = workdir / "cache"
    tokenizer = _tokenizer(config, data, workdir, cache)
    model = build(config)
    for number, stage in enumerate(config.stages):
        first = sum(earlier.epochs for earlier in config.stages[:number])
        if state["stopped"] or state["epoch"] >= first + stage.epochs:
            continue
        if state["epoch"] == first and number > 0 and _spec(stage) != _spec(config.stages[number - 1]):
            state["best"] = -1.0  # weights are exported for the last size; those of another do not compete
        _fit_stage(model, tokenizer, config, stage, first, data, workdir, cache, state)
    if config.average_epochs > 1 and not state["averaged"]:
        _average(tokenizer, config, data, workdir, cache, state)
    return state


def _open_workdir(config_file: Path, workdir: Path, *, resume: bool) -> dict:
    workdir.mkdir(parents=True, exist_ok=True)
    state_file = workdir / STATE
    if state_file.exists() and not resume:
        raise FileExistsError(f"{workdir} holds a run already; go on with --resume, or choose another --out.")
    shutil.copyfile(config_file, workdir / CONFIG)
    if state_file.exists():
        return json.loads(state_file.read_text())
    return {"epoch": 0, "best": -1.0, "best_epoch": 0, "stopped": False, "averaged": False, "history": []}


def _tokenizer(config: Config, data: Sequence[Path], workdir: Path, cache: Path) -> Tokenizer:
    path = workdir / TOKENIZER
    if not path.exists():
        spec = _spec(config.stages[0])
        products = read_catalogue(data, split="train", spec=spec, cache=cache).products
        texts = (text for product in products for text in every_text(product))
        train_tokenizer(texts, vocabulary=config.vocabulary).save(str(path))
    return Tokenizer.from_file(str(path))


def _fit_stage(
    model: JointModel,
    tokenizer: Tokenizer,
    config: Config,
    stage: Stage,
    first: int,
    data: Sequence[Path],
    workdir: Path,
    cache: Path,
    state: dict,
) -> None:
    learned = read_catalogue(data, split="train", spec=_spec(stage), cache=cache)
    judged = read_catalogue(data[:1], split="val", spec=_spec(stage), cache=cache)
    batches = Batches(learned, tokenizer, config, stage, epoch=state["epoch"])
    _compile(model, config, stage, steps=len(batches) * stage.epochs)
    if state["epoch"] > first:
        model.load_weights(workdir / CHECKPOINT)  # with the optimizer's state
    elif state["epoch"] > 0:
        _load_without_optimizer(model, workdir / CHECKPOINT)
    print(f"{stage.loss}: {len(learned.products)} products at {stage.height} x {stage.width}", flush=True)
    model.fit(
        batches,
        initial_epoch=state["epoch"],
        epochs=first + stage.epochs,
        shuffle=False,
        verbose=0,
        callbacks=[
            Throughput(config.batch_size, total_epochs=config.epochs),
            Judge(judged, tokenizer, config, workdir, state, stage),
        ],
    )


def _compile(model: JointModel, config: Config, stage: Stage, steps: int) -> None:
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0,
        max(1, steps - stage.warmup),
        alpha=stage.final_learning_rate / stage.learning_rate,
        warmup_target=stage.learning_rate,
        warmup_steps=stage.warmup,
    )
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=config.weight_decay, clipnorm=5.0)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta", "log_scale"])
    model.joint_loss = stage_loss(stage, config.seed)
    model.compile(optimizer=optimizer, jit_compile=False)
    optimizer.build(model.trainable_variables)


def _load_without_optimizer(model: JointModel, path: Path) -> None:
    # The stage before left its own optimizer in the file; only the model's weights go on.
    optimizer, model.optimizer = model.optimizer, None
    model.load_weights(path)
    model.optimizer = optimizer


def _spec(stage: Stage) -> ImageSpec:
    return ImageSpec(width=stage.width, height=stage.height)


class Judge(keras.callbacks.Callback):
    """After every epoch: measure on the validation products, save a checkpoint, and keep the best weights."""

    def __init__(
        self,
        catalogue: Catalogue,
        tokenizer: Tokenizer,
        config: Config,
        workdir: Path,
        state: dict,
        stage: Stage,
    ) -> None:
        super().__init__()
        self.catalogue, self.tokenizer, self.config = catalogue, tokenizer, config
        self.workdir, self.state, self.stage = workdir, state, stage

    def on_epoch_end(self, epoch, logs=None):
        """Judge and save; the state file is written last, so an interrupted save is never resumed from."""
        entry = {"epoch": epoch + 1, "stage": self.stage.loss, "loss": float(logs["loss"]), **self.measure()}
        score = entry["text_to_image"]["mrr@10"]
        self.state["history"].append(entry)
        self.state["epoch"] = epoch + 1
        _replace(self.model, self.workdir / CHECKPOINT)
        if epoch >= self.config.epochs - self.config.average_epochs:
            shutil.copyfile(self.workdir / CHECKPOINT, self.workdir / EPOCH.format(epoch + 1))
        if score > self.state["best"]:
            self.state["best"], self.state["best_epoch"] = score, epoch + 1
            shutil.copyfile(self.workdir / CHECKPOINT, self.workdir / BEST)
        elif 0 < self.config.patience <= epoch + 1 - self.state["best_epoch"]:
            self.state["stopped"] = self.model.stop_training = True
        _write_state(self.workdir, self.state)
        print(json.dumps(entry), flush=True)

    def measure(self) -> dict:
        """Return the validation figures of the model as it is."""
        products = self.catalogue.products
        pictures = encode_pixels(self.model, self.catalogue.pixels)
        return {
            "text_to_image": text_to_image(
                products,
                products,
                pictures,
                lambda texts: encode_texts(self.model, self.tokenizer, texts, self.config),
            ),
            "image_to_image": image_to_image(products, np.asarray(pictures)),
        }


def _average(
    tokenizer: Tokenizer, config: Config, data: Sequence[Path], workdir: Path, cache: Path, state: dict
) -> None:
    stage = config.stages[-1]
    files = [workdir / EPOCH.format(epoch) for epoch in range(1, config.epochs + 1)]
    files = [file for file in files if file.exists()]
    model = build(config)
    learned = read_catalogue(data, split="train", spec=_spec(stage), cache=cache)
    average_weights(model, files, Batches(learned, tokenizer, config, stage, epoch=config.epochs))
    judged = read_catalogue(data[:1], split="val", spec=_spec(stage), cache=cache)
    figures = Judge(judged, tokenizer, config, workdir, state, stage)
    figures.set_model(model)
    entry = {"epoch": state["epoch"], "stage": f"mean of {len(files)} epochs", **figures.measure()}
    score = entry["text_to_image"]["mrr@10"]
    if score > state["best"]:
        state["best"] = score
        _replace(model, workdir / BEST)
    state["history"].append(entry)
    state["averaged"] = True
    _write_state(workdir, state)
    print(json.dumps(entry), flush=True)


def _write_state(workdir: Path, state: dict) -> None:
    temporary = workdir / f"{STATE}.new"
    temporary.write_text(json.dumps(state, indent=1))
    temporary.replace(workdir / STATE)


def _replace(model: keras.Model, path: Path) -> None:
    temporary = path.with_name(f"new.{path.name}")
    model.save_weights(temporary)
    temporary.replace(path)
