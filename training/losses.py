"""Losses over one batch of n pictures and their n texts; a distance compares, a miner picks, a loss scores.

`true` is (n, n) bool: whether text j is true of picture i, as on the diagonal. Such a text is never a negative of that
picture.
"""

from collections.abc import Callable, Sequence

import keras
from keras import ops

from .config import Stage

BIG = 1e4  # larger than any distance of unit vectors, which is at most 2


def distances(anchors, others):
    """Euclidean distances (n, m) between unit vectors (n, d) and (m, d): d^2 = 2 - 2 cos."""
    return ops.sqrt(ops.maximum(2.0 - 2.0 * ops.matmul(anchors, ops.transpose(others)), 1e-6))


# Miners: (distances to candidates (n, m), distance to the positive (n, 1), forbidden (n, m)) -> (n,) ---------


class RandomMiner:
    """Any negative of the batch with equal probability.

    The positions are drawn once; since batches are shuffled, any product may be at them.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def __call__(self, distance, positive, forbidden):
        """Return the chosen negatives' distances (n,)."""
        random = keras.random.uniform(ops.shape(distance), seed=self.seed)
        chosen = ops.argmax(ops.where(forbidden, -1.0, random), axis=1)
        return ops.take_along_axis(distance, ops.expand_dims(chosen, 1), axis=1)[:, 0]


def easy(distance, positive, forbidden):
    """The farthest negative of the batch."""
    return ops.max(ops.where(forbidden, 0.0, distance), axis=1)


def semi_hard(distance, positive, forbidden):
    """The nearest negative farther than the positive (Schroff et al. 2015), else the farthest one."""
    farther = ops.where(ops.logical_or(forbidden, distance <= positive), BIG, distance)
    nearest = ops.min(farther, axis=1)
    return ops.where(nearest < BIG, nearest, easy(distance, positive, forbidden))


def hard(distance, positive, forbidden):
    """The nearest negative of the batch (VSE++, Faghri et al. 2018)."""
    return ops.min(ops.where(forbidden, BIG, distance), axis=1)


# Losses: (image embeddings, text embeddings, true, log_scale) -> scalar -------------------------------------


class TripletLoss:
    """L = max(d(a, p) - d(a, n) + alpha, 0), Euclidean d, averaged over anchors (Schroff et al. 2015)."""

    def __init__(self, miner: Callable, margin: float, *, both_directions: bool) -> None:
        self.miner = miner
        self.margin = margin
        self.both_directions = both_directions

    def __call__(self, images, texts, true, log_scale):
        """Return the loss of a batch; both embeddings are (n, d), `true` is (n, n)."""
        distance = distances(images, texts)
        loss = self._one_direction(distance, true)
        if self.both_directions:
            loss = 0.5 * (loss + self._one_direction(ops.transpose(distance), ops.transpose(true)))
        # Without a gradient for `log_scale`, which this loss does not use, Keras would warn.
        return loss + 0.0 * log_scale

    def _one_direction(self, distance, forbidden):
        positive = ops.expand_dims(ops.diagonal(distance), 1)
        negative = self.miner(distance, positive, forbidden)
        # Anchors without a negative, as in a batch of one product, add no loss.
        negative = ops.where(ops.all(forbidden, axis=1), BIG, negative)
        return ops.mean(ops.maximum(positive[:, 0] - negative + self.margin, 0.0))


class ContrastiveLoss:
    """Cross-entropy of each picture over the batch's texts and back, with a learned temperature.

    The symmetric loss of CLIP (Radford et al. 2021); other texts that are true of a picture are excluded.
    """

    def __call__(self, images, texts, true, log_scale):
        """Return the loss of a batch; both embeddings are (n, d), `true` is (n, n)."""
        scale = ops.exp(ops.minimum(log_scale, 4.6))  # at most 100, as in CLIP
        logits = scale * ops.matmul(images, ops.transpose(texts))
        count = ops.shape(logits)[0]
        others = ops.logical_and(true, ops.logical_not(ops.eye(count, dtype="bool")))
        logits = ops.where(others, -BIG, logits)
        return 0.5 * (self._cross_entropy(logits) + self._cross_entropy(ops.transpose(logits)))

    @staticmethod
    def _cross_entropy(logits):
        return ops.mean(ops.logsumexp(logits, axis=1) - ops.diagonal(logits))


class SoftContrastiveLoss:
    """Cross-entropy with soft targets: the similarities among the batch's pictures and among its texts.

    The loss of the Keras example "Natural language image search with a Dual Encoder": with S the softmax over
    similarities divided by the temperature, targets are S of (image to image + text to text) / 2, and predictions are
    S of text to image, and back.
    """

    def __init__(self, temperature: float) -> None:
        self.temperature = temperature

    def __call__(self, images, texts, true, log_scale):
        """Return the loss of a batch; both embeddings are (n, d). `true` is not used."""
        alike = ops.matmul(images, ops.transpose(images)) + ops.matmul(texts, ops.transpose(texts))
        targets = ops.softmax(alike / (2.0 * self.temperature), axis=1)
        logits = ops.matmul(texts, ops.transpose(images)) / self.temperature
        by_text = -ops.sum(targets * ops.log_softmax(logits, axis=1), axis=1)
        by_image = -ops.sum(ops.transpose(targets) * ops.log_softmax(ops.transpose(logits), axis=1), axis=1)
        return 0.5 * ops.mean(by_text + by_image) + 0.0 * log_scale


class CosineLoss:
    """One minus the cosine of a picture and its text: regression to word vectors (after DeViSE, Frome et al. 2013)."""

    def __call__(self, images, texts, true, log_scale):
        """Return the loss of a batch; both embeddings are (n, d) of unit length, `true` is not used."""
        return ops.mean(1.0 - ops.sum(images * texts, axis=1)) + 0.0 * log_scale


class WeightedSum:
    """A weighted sum of losses."""

    def __init__(self, losses: Sequence[tuple[float, Callable]]) -> None:
        self.losses = tuple(losses)

    def __call__(self, images, texts, true, log_scale):
        """Return the weighted sum; the arguments are those of each loss."""
        return sum(weight * loss(images, texts, true, log_scale) for weight, loss in self.losses)


def stage_loss(stage: Stage, seed: int) -> Callable:
    """Return the loss that a stage is configured with."""
    match stage.loss:
        case "contrastive":
            return ContrastiveLoss()
        case "soft-contrastive":
            return SoftContrastiveLoss(stage.temperature)
        case "cosine":
            return CosineLoss()
    miners = {"random": RandomMiner(seed), "easy": easy, "semi-hard": semi_hard, "hard": hard}
    miner = miners[stage.miner]
    triplet = TripletLoss(miner, stage.margin, both_directions=stage.both_directions)
    if not stage.contrastive_weight:
        return triplet
    return WeightedSum([(1.0, triplet), (stage.contrastive_weight, ContrastiveLoss())])
