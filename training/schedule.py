"""How a stage learns: its loss, its optimizer, and the course of its learning rate."""

import keras

from .config import Config
from .losses import stage_loss
from .models import JointModel
from .sections import Stage


def compile_stage(model: JointModel, config: Config, stage: Stage, steps: int) -> None:
    """Set a stage's loss and a fresh optimizer: AdamW, a linear warm-up, then half a cosine.

    Args:
        model: the model to be trained.
        config: the run's configuration.
        stage: the stage.
        steps: batches of the whole stage.
    """
    warmup = min(stage.warmup, steps // 4)  # a small catalogue has few batches
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0,
        max(1, steps - warmup),
        alpha=stage.final_learning_rate / stage.learning_rate,
        warmup_target=stage.learning_rate,
        warmup_steps=warmup,
    )
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=config.weight_decay, clipnorm=5.0)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta", "log_scale"])
    model.joint_loss = stage_loss(stage, config.seed)
    model.facts_weight = stage.facts_weight
    # JAX runs only what it compiles; elsewhere compiling takes longer than it saves here.
    model.compile(optimizer=optimizer, jit_compile=keras.backend.backend() == "jax")
    optimizer.build(model.trainable_variables)
