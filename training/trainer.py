"""Train a joint embedding from a catalogue, stage by stage, with checkpoints that a run is resumed from."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer
from tqdm import tqdm

from .batches import Batches, fact_counts
from .callbacks import Interruption, Throughput, ValidationCallback, loggers, score_of
from .checkpoint import (
    BEST,
    CACHE,
    CONFIG,
    EPOCH,
    LESSON,
    STATE,
    TOKENIZER,
    copy_whole,
    load_checkpoint,
    open_state,
    replace_weights,
    write_state,
)
from .config import Config, Stage, load_config, save_config
from .copies import Originals, copies_of
from .data import Catalogue, Product, has_large_pictures, read_catalogue
from .distribution import any_process, check_alike, own_rows
from .embeddings import Pictures, digest_of
from .evaluation.evaluators import CachedModel, RunModel, fingerprint_of, open_model
from .exceptions import Interrupted, TrainingError
from .features import features_of
from .losses import stage_loss
from .models import JointModel, build, text_tokenizer
from .models.image import BATCH_NORM_MOMENTUM, backbone_of, set_trained, split, unfold_batch_norm
from .onnx_weights import set_image_weights, set_text_weights
from .teacher import Lesson, prepare_lesson
from .texts import every_text
from .vocabulary import shopper_texts

# After this many batches less than 2 % of the old statistics is left.
STATISTICS_BATCHES = int(np.ceil(np.log(0.02) / np.log(BATCH_NORM_MOMENTUM)))
# Enough for the mean and variance of each channel, and little memory: 53 layers of a ResNet50 are looked at together.
UNFOLDED_PICTURES = 96


def fit(
    config_file: Path,
    data: Sequence[Path],
    workdir: Path,
    *,
    resume: bool = False,
    start_from: Path | None = None,
    changes: Iterable[str] = (),
) -> dict[str, Any]:
    """Train as configured and write checkpoints, the best weights and logs to `workdir`.

    Args:
        config_file: a run's TOML file; all its values are copied to `workdir`. When resuming it may have more epochs.
        data: catalogue folders; training uses all products of split "train", validation those of split "val" in the
            first folder.
        workdir: folder of the run, created where it is missing.
        resume: continue the interrupted run in `workdir`; the weights become those of an uninterrupted run.
        start_from: another run, or an artifact of a ResNet50 or EfficientNet-Lite and a GRU, whose weights and tokenizer are the starting
            point. Of a run with another backbone, and of an artifact where `image.weights` is set, only the text encoder is taken.
        changes: single values of the configuration to override, see `training.config.load_config`.

    Returns:
        The state after the last epoch: epoch, best, best_epoch, history and more, see `training.checkpoint`.

    Raises:
        FileExistsError: `workdir` already holds a run and `resume` is not set.
        Interrupted: SIGTERM or SIGINT was received; a checkpoint is saved.
    """
    config = load_config(config_file, changes)
    state = open_state(workdir, resume=resume)
    save_config(config, workdir / CONFIG)
    return _Trainer(config, data, workdir, state, start_from).run()


class _Trainer:
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
        """Train the remaining stages, then average the weights where configured."""
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
            # Weights are exported for the last size; those of other sizes are not compared with them.
            self.state["best"] = -1.0

    def _fit_stage(self, stage: Stage, first: int, interruption: Interruption) -> None:
        state, config = self.state, self.config
        learned = self._learned(stage)
        model = self.model = self.model or self._first_model(learned)
        set_trained(model.images, config.image, stage)
        batches = self._batches(model, learned, stage, self._lesson(model, learned, stage, first))
        compile_stage(model, config, stage, steps=batches.per_epoch * stage.epochs)
        if (state["epoch"], state["batch"]) > (first, 0):
            load_checkpoint(model, self.workdir, state)
        callbacks = [self._validation(model, stage, interruption), *loggers(self.workdir, config.batch_size)]
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
            if any_process(interruption.requested):
                raise Interrupted(
                    f"Stopped in epoch {state['epoch'] + 1} after {state['batch']} of its batches. "
                    "A checkpoint is saved; continue with --resume."
                )

    def _first_model(self, learned: Catalogue) -> JointModel:
        model = self._build(learned.products)
        if self.state["checkpoint"]:
            load_checkpoint(
                model, self.workdir, self.state
            )  # without the optimizer, which belongs to a stage
            return model
        folded = self.config.image.weights.endswith(".onnx")
        if self.start_from is not None:
            folded = self._start(model, self.start_from)
        if folded and self.config.image.batch_norm == "trained":
            rows = np.random.default_rng(self.config.seed).permutation(len(learned.pixels))[
                :UNFOLDED_PICTURES
            ]
            unfold_batch_norm(model.images, self.config.image, learned.pixels[np.sort(rows)])
        return model

    def _start(self, model: JointModel, folder: Path) -> bool:
        """Take over weights; returns whether those of the pictures are an artifact's, whose batch normalisation is folded."""
        weights = self.config.image.weights
        if not (folder / BEST).exists():
            if not weights:
                set_image_weights(model.images, folder / "image.onnx")
            set_text_weights(model.texts, folder / "text.onnx")
            return not weights or weights.endswith(".onnx")
        if load_config(folder / CONFIG).image.backbone != self.config.image.backbone:
            model.texts.set_weights(RunModel(folder).model.texts.get_weights())
            return weights.endswith(".onnx")
        start = JointModel(model.images, model.texts)
        start.built = True
        start.load_weights(folder / BEST)
        return False

    def _build(self, products: Sequence[Product]) -> JointModel:
        return build(self.config, self.tokenizer, fact_counts(products) if self.config.learns_facts else ())

    def _learned(self, stage: Stage) -> Catalogue:
        return read_catalogue(self.data, split="train", spec=stage.spec, cache=self.cache)

    def _lesson(self, model: JointModel, learned: Catalogue, stage: Stage, first: int) -> Lesson | None:
        if not stage.text_teacher:
            return None
        file = self.workdir / LESSON.format(first + 1)
        if (self.state["epoch"], self.state["batch"]) == (first, 0):
            file.unlink(missing_ok=True)
        return prepare_lesson(model, self.tokenizer, learned.products, self.config, self.cache, file)

    def _batches(
        self, model: JointModel, learned: Catalogue, stage: Stage, lesson: Lesson | None = None
    ) -> Batches:
        pictures = self._augmented(model, stage, learned)
        imitated = self._imitated(learned.products) if stage.image_teacher_weight else None
        return Batches(learned.products, pictures, self.tokenizer, self.config, stage, lesson, imitated)

    def _imitated(self, products: Sequence[Product]) -> NDArray[np.float32]:
        """Return the teacher's embeddings (n, dimension) of the products' pictures, at the size that it was trained on."""
        folder = Path(self.config.image.teacher)
        teacher = CachedModel(open_model(folder), fingerprint_of(folder), self.cache)
        seen = read_catalogue(self.data, split="train", spec=teacher.spec, cache=self.cache)
        if [item.id for item in seen.products] != [item.id for item in products]:
            raise TrainingError(f"The teacher {folder} cannot read the pictures of all products.")
        imitated = teacher.encode_pixels(seen.pixels)
        if imitated.shape[1] != self.config.dimension:
            raise TrainingError(
                f"The teacher {folder} has {imitated.shape[1]} values per embedding; set dimension to it."
            )
        return imitated

    def _validation(self, model: JointModel, stage: Stage, interruption: Interruption) -> ValidationCallback:
        val = read_catalogue(self.data[:1], split="val", spec=stage.spec, cache=self.cache)
        pictures = self._pictures(model, stage, val.pixels)
        return ValidationCallback(
            val.products,
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
        if not (self._frozen(stage) or stage.variants):
            return Pictures("pixels", pixels)
        frozen = self._cut(model, stage)
        return Pictures("pixels", pixels) if frozen is None else features_of(frozen, pixels, self.cache)

    def _augmented(self, model: JointModel, stage: Stage, learned: Catalogue) -> Pictures:
        """Return what a stage learns from: pictures that batches augment, or copies that are augmented already."""
        if not stage.variants:
            return self._pictures(model, stage, learned.pixels)
        how, seed = self.config.augmentation, self.config.seed
        originals = self._originals(stage, learned)
        frozen = self._cut(model, stage)
        if frozen is None:
            return copies_of(originals, how, seed, stage.variants, self.cache)
        return features_of(
            frozen,
            learned.pixels,
            self.cache,
            variants=stage.variants,
            change=lambda *place: originals.copy(how, seed, *place),
            key=f"{how} {seed}" + (digest_of("", originals.places, originals.large) if how.large else ""),
        )

    def _originals(self, stage: Stage, learned: Catalogue) -> Originals:
        if not self.config.augmentation.large:
            return Originals.without_large(learned.pixels)
        folders = [folder for folder in self.data if has_large_pictures(folder)]
        if not folders:
            raise TrainingError("augmentation.large is set, and no folder of --data has large pictures.")
        larger = read_catalogue(folders, split="train", spec=stage.spec, cache=self.cache, large=True)
        rows = {(item.catalogue, item.id): row for row, item in enumerate(larger.products)}
        places = [rows.get((item.catalogue, item.id), -1) for item in learned.products]
        return Originals(learned.pixels, larger.pixels, np.array(places, dtype=np.int64))

    def _cut(self, model: JointModel, stage: Stage) -> keras.Model | None:
        """Part the image encoder for a stage with cached inputs; returns its frozen part, if it has one."""
        if not (self._frozen(stage) or stage.train_from):
            return None
        frozen, trained = split(
            model.images, self.config.image, "" if self._frozen(stage) else stage.train_from
        )
        model.train_only(trained)
        return frozen

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
        if self.config.has_teacher:
            yield from shopper_texts()

    def _average(self) -> None:
        config, state, stage = self.config, self.state, self.config.stages[-1]
        files = [self.workdir / EPOCH.format(epoch) for epoch in range(1, config.epochs + 1)]
        files = [file for file in files if file.exists()]
        learned = self._learned(stage)
        model = self._build(learned.products)
        average_weights(model, files)
        measure_statistics(model, self._batches(model, learned, stage))
        validation = self._validation(model, stage, Interruption())
        validation.set_model(model)
        entry = {"epoch": state["epoch"], "stage": f"mean of {len(files)} epochs", **validation.measure()}
        if score_of(entry, config) > state["best"]:
            state["best"] = score_of(entry, config)
            replace_weights(model, self.workdir / BEST)
        state["history"].append(entry)
        state["averaged"] = True
        write_state(self.workdir, state)
        print(json.dumps(entry), flush=True)


def compile_stage(model: JointModel, config: Config, stage: Stage, steps: int) -> None:
    """Set a stage's loss and a fresh optimizer: AdamW, a linear warm-up, then half a cosine.

    Args:
        model: the model to train.
        config: the run's configuration.
        stage: the stage.
        steps: batches in the whole stage.
    """
    warmup = min(stage.warmup, steps // 4)  # a small catalogue has few batches
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0,
        max(1, steps - warmup),
        alpha=stage.final_learning_rate / stage.learning_rate,
        warmup_target=stage.learning_rate,
        warmup_steps=warmup,
    )
    backbone = backbone_of(model.images).trainable_variables if stage.backbone_rate != 1.0 else []
    optimizer = PartAdamW(
        schedule,
        weight_decay=config.weight_decay,
        clipnorm=5.0,
        slow={variable.path for variable in backbone},
        rate=stage.backbone_rate,
    )
    optimizer.exclude_from_weight_decay(
        var_list=backbone or None, var_names=["bias", "gamma", "beta", "log_scale"]
    )
    model.joint_loss = stage_loss(stage, config.seed)
    model.facts_weight = stage.facts_weight
    model.text_teacher_weight, model.image_teacher_weight = (
        stage.text_teacher_weight,
        stage.image_teacher_weight,
    )
    # JAX runs only what it compiles; elsewhere compiling takes longer than it saves here.
    model.compile(optimizer=optimizer, jit_compile=keras.backend.backend() == "jax")
    optimizer.build(model.trainable_variables)


class PartAdamW(keras.optimizers.AdamW):
    """AdamW with a lower learning rate for some variables, as those that came with knowledge need.

    Args:
        slow: paths of these variables.
        rate: their learning rate, as a share of the others'.
    """

    def __init__(self, *args, slow: Iterable[str] = (), rate: float = 1.0, **kwargs) -> None:
        super().__init__(*args, name="adamw", **kwargs)
        self.slow, self.rate = frozenset(slow), rate

    def update_step(self, gradient, variable, learning_rate):
        """Update one variable."""
        # Under TensorFlow this is its own variable, which has no path.
        path = self._trainable_variables[self._get_variable_index(variable)].path
        rate = self.rate if path in self.slow else 1.0
        super().update_step(gradient, variable, rate * learning_rate)


def average_weights(model: keras.Model, files: Sequence[Path]) -> None:
    """Set the weights of `model` to the mean of those in `files`, at least one.

    Stochastic weight averaging (Izmailov et al. 2018, https://arxiv.org/abs/1803.05407): the mean of the weights along a
    training run lies in a flatter minimum than any of them. It does not apply to the statistics of batch normalisation,
    which are measured again by `measure_statistics`.
    """
    sums: list[np.ndarray] = []
    for file in files:
        model.load_weights(file)
        weights = [np.asarray(weight, dtype=np.float64) for weight in model.get_weights()]
        sums = [total + weight for total, weight in zip(sums, weights, strict=True)] if sums else weights
    model.set_weights([total / len(files) for total in sums])


def measure_statistics(model: keras.Model, batches: Batches) -> None:
    """Recompute the statistics of batch normalisation on training batches, augmented as in training."""
    measured = min(STATISTICS_BATCHES, len(batches))
    for index in tqdm(range(measured), "measure batch statistics", unit="batch"):
        inputs, _ = batches[index]
        model(inputs, training=True)
