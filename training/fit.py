"""Train a joint embedding from a catalogue, stage by stage, with checkpoints that resume."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from .averaging import average_weights, measure_statistics
from .batches import Batches, fact_counts
from .config import Config, load_config, save_config
from .data import Catalogue, Product, read_catalogue
from .distribution import any_process, check_alike, own_rows
from .exceptions import Interrupted
from .files import BEST, CACHE, CONFIG, EPOCH, STATE, TOKENIZER
from .interruption import Interruption
from .judge import Judge, score_of
from .logs import loggers
from .models import JointModel, build, text_tokenizer
from .models.image import backbone_of
from .pictures import Pictures, features_of
from .progress import Throughput
from .schedule import compile_stage
from .sections import Stage
from .texts import every_text
from .workdir import copy_whole, load_checkpoint, open_state, replace_weights, write_state


def fit(
    config_file: Path,
    data: Sequence[Path],
    workdir: Path,
    *,
    resume: bool = False,
    start_from: Path | None = None,
    changes: Iterable[str] = (),
) -> dict[str, Any]:
    """Train as the configuration says and leave checkpoints, the best weights and logs in `workdir`.

    Args:
        config_file: a run's TOML file; all its values stay in `workdir`. It may have grown by epochs when resuming.
        data: catalogue folders; products of split "train" are learned, those of split "val" in the first judge.
        workdir: folder of the run, made where it is missing.
        resume: go on where the run in `workdir` stopped; the weights become those of a run that never stopped.
        start_from: another run of the same encoders, whose best weights and tokenizer this one begins with.
        changes: single values of the configuration set anew, see `training.config.load_config`.

    Returns:
        The state after the last epoch: epoch, best, best_epoch, history and more, see `training.workdir`.

    Raises:
        FileExistsError: `workdir` already holds a run and `resume` is not set.
        Interrupted: SIGTERM or SIGINT came; all that was learned is saved.
    """
    config = load_config(config_file, changes)
    state = open_state(workdir, resume=resume)
    save_config(config, workdir / CONFIG)
    return _Fitting(config, data, workdir, state, start_from).run()


class _Fitting:
    def __init__(
        self,
        config: Config,
        data: Sequence[Path],
        workdir: Path,
        state: dict[str, Any],
        start_from: Path | None,
    ) -> None:
        self.config, self.data, self.workdir, self.state = config, data, workdir, state
        self.cache = workdir / CACHE
        self.start_from = start_from
        self.tokenizer = self._tokenizer()
        self.model: JointModel | None = None

    def run(self) -> dict[str, Any]:
        """Fit the stages that are left, then average where that is wanted."""
        check_alike(self.workdir / name for name in (CONFIG, TOKENIZER, STATE))
        first = 0
        with Interruption() as interruption:
            for number, stage in enumerate(self.config.stages):
                if not self.state["stopped"] and self.state["epoch"] < first + stage.epochs:
                    if self.state["epoch"] == first and number > 0:
                        self._forget_other_sizes(stage, self.config.stages[number - 1])
                    self._fit_stage(stage, first, interruption)
                first += stage.epochs
        if self.config.average_epochs > 1 and not self.state["averaged"]:
            self._average()
        return self.state

    def _forget_other_sizes(self, stage: Stage, before: Stage) -> None:
        if stage.spec != before.spec:
            # Weights are exported for the last size; those of another do not compete.
            self.state["best"] = -1.0

    def _fit_stage(self, stage: Stage, first: int, interruption: Interruption) -> None:
        state, config = self.state, self.config
        learned = self._learned(stage)
        model = self.model = self.model or self._first_model(learned.products)
        backbone_of(model.images).trainable = not self._frozen(stage)
        batches = self._batches(model, learned, stage)
        compile_stage(model, config, stage, steps=batches.per_epoch * stage.epochs)
        if (state["epoch"], state["batch"]) > (first, 0):
            load_checkpoint(model, self.workdir, state)
        callbacks = [self._judge(model, stage, interruption), *loggers(self.workdir, config.batch_size)]
        print(f"{stage.loss}: {len(learned.products)} products at {stage.height} x {stage.width}", flush=True)
        while state["epoch"] < first + stage.epochs and not state["stopped"]:
            batches.begin(state["epoch"], skip=state["batch"])
            model.fit(
                own_rows(batches, config.batch_size),
                initial_epoch=state["epoch"],
                epochs=state["epoch"] + 1,
                shuffle=False,
                verbose=0,
                callbacks=[Throughput(config.batch_size, total_epochs=config.epochs), *callbacks],
            )
            if any_process(interruption.asked):
                raise Interrupted(
                    f"Stopped in epoch {state['epoch'] + 1} after {state['batch']} of its batches. "
                    "All that was learned is saved; go on with --resume."
                )

    def _first_model(self, products: Sequence[Product]) -> JointModel:
        model = self._build(products)
        if self.state["checkpoint"]:
            load_checkpoint(model, self.workdir, self.state)  # the optimizer comes with the stage
        elif self.start_from is not None:
            start = JointModel(model.images, model.texts)
            start.built = True
            start.load_weights(self.start_from / BEST)
        return model

    def _build(self, products: Sequence[Product]) -> JointModel:
        return build(self.config, self.tokenizer, fact_counts(products) if self.config.learns_facts else ())

    def _learned(self, stage: Stage) -> Catalogue:
        return read_catalogue(self.data, split="train", spec=stage.spec, cache=self.cache)

    def _batches(self, model: JointModel, learned: Catalogue, stage: Stage) -> Batches:
        pictures = self._pictures(model, stage, learned.pixels)
        return Batches(learned.products, pictures, self.tokenizer, self.config, stage)

    def _judge(self, model: JointModel, stage: Stage, interruption: Interruption) -> Judge:
        judged = read_catalogue(self.data[:1], split="val", spec=stage.spec, cache=self.cache)
        pictures = self._pictures(model, stage, judged.pixels)
        return Judge(
            judged.products,
            pictures,
            self.tokenizer,
            self.config,
            self.workdir,
            self.state,
            stage,
            interruption,
        )

    def _frozen(self, stage: Stage) -> bool:
        return stage.frozen or self.config.image.frozen

    def _pictures(self, model: JointModel, stage: Stage, pixels: NDArray[np.uint8]) -> Pictures:
        if self._frozen(stage):
            return features_of(model.images, pixels, self.cache)
        return Pictures("pixels", pixels)

    def _tokenizer(self) -> Tokenizer:
        path = self.workdir / TOKENIZER
        if not path.exists() and self.start_from is not None:
            copy_whole(self.start_from / TOKENIZER, path)
        if not path.exists():
            text_tokenizer(self.config, self._texts).save(str(path))
        return Tokenizer.from_file(str(path))

    def _texts(self) -> Iterable[str]:
        for product in self._learned(self.config.stages[0]).products:
            yield from every_text(product)

    def _average(self) -> None:
        config, state, stage = self.config, self.state, self.config.stages[-1]
        files = [self.workdir / EPOCH.format(epoch) for epoch in range(1, config.epochs + 1)]
        files = [file for file in files if file.exists()]
        learned = self._learned(stage)
        model = self._build(learned.products)
        average_weights(model, files)
        measure_statistics(model, self._batches(model, learned, stage))
        judge = self._judge(model, stage, Interruption())
        judge.set_model(model)
        entry = {"epoch": state["epoch"], "stage": f"mean of {len(files)} epochs", **judge.measure()}
        if score_of(entry, config) > state["best"]:
            state["best"] = score_of(entry, config)
            replace_weights(model, self.workdir / BEST)
        state["history"].append(entry)
        state["averaged"] = True
        write_state(self.workdir, state)
        print(json.dumps(entry), flush=True)
