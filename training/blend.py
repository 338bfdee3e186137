"""Blend a run with what it went on from: the mean of both models' weights.

Fine-tuning on catalogue pictures gains for these and forgets photos; weights on the line between both models keep most of either (Wortsman et al.
2022, "Robust fine-tuning of zero-shot models", https://arxiv.org/abs/2109.01903). Both must be one line of training: of two models that were
trained apart the mean is none.
"""

import shutil
from pathlib import Path

import numpy as np

from .checkpoint import BEST, CONFIG, STATE, TOKENIZER, replace_weights
from .config import load_config
from .evaluation.evaluators import RunModel
from .exceptions import TrainingError
from .onnx_weights import set_image_weights, set_text_weights


def blend(run: Path, start: Path, share: float, out: Path) -> None:
    """Write a run folder whose weights are `share` of `run` and the rest of `start`; the run stays as it is.

    Args:
        run: a run folder.
        start: the run or the artifact that it went on from.
        share: of the run, between 0 and 1.
        out: a new folder, which can be evaluated, exported and gone on from, and not resumed.

    Raises:
        FileExistsError: `out` exists.
        FileNotFoundError: `run` or `start` is neither.
        TrainingError: the share is not between 0 and 1, or both have other networks or tokenizers.
    """
    if not 0.0 < share < 1.0:
        raise TrainingError(f"The share must be between 0 and 1, not {share:g}.")
    if (run / TOKENIZER).read_bytes() != (start / TOKENIZER).read_bytes():
        raise TrainingError(f"{run} and {start} have different tokenizers: {run} did not go on from {start}.")
    mixed = RunModel(run)
    model = mixed.model
    later = model.get_weights()
    if (start / BEST).exists():
        if load_config(start / CONFIG).image.backbone != mixed.config.image.backbone:
            raise TrainingError(f"{run} and {start} have different backbones.")
        model.load_weights(start / BEST)
    else:
        set_image_weights(model.images, start / "image.onnx")
        set_text_weights(model.texts, start / "text.onnx")
    earlier = model.get_weights()
    model.set_weights(
        [np.asarray(share * a + (1.0 - share) * b, a.dtype) for a, b in zip(later, earlier, strict=True)]
    )
    out.mkdir(parents=True)
    for name in (CONFIG, TOKENIZER, STATE):
        shutil.copyfile(run / name, out / name)
    replace_weights(model, out / BEST)
