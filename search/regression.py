"""Fit logistic regressions by Newton's method, many at once, and say of each whether it came to rest.

Every weight has a prior, so that there is one best answer whatever the data are: separable, all alike, or none. A weight that must not be
negative is 0 where the best one is.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

STEPS = 60  # about eight are needed
AT_REST = 1e-5  # length of a step
ROUNDING = 1e-12  # share of a likelihood that its sum may be off by
PRIOR_SPREAD = 1.0  # standard deviation of what is taken for true before anything is known
Doubles = NDArray[np.float64]
Flags = NDArray[np.bool_]
# From weights (fits, features) to their log-likelihood (fits,), its gradient (fits, features) and curvature (fits, features, features).
Evaluate = Callable[[Doubles], tuple[Doubles, Doubles, Doubles]]


@dataclass(frozen=True, slots=True)
class Fit:
    """The likeliest weights of some regressions."""

    weights: Doubles  # (fits, features)
    converged: Flags  # (fits,)


def fit_yes_no(
    features: Doubles, held: Flags, prior: Doubles, signed: Sequence[bool], *, spread: float = PRIOR_SPREAD
) -> Fit:
    """Fit regressions of whether something holds.

    Args:
        features: (samples, fits, features).
        held: (samples, fits).
        prior: (fits, features), the weights that are expected.
        signed: (features,), which weights may be negative.
        spread: standard deviation of what is expected.
    """

    def evaluate(weights: Doubles) -> tuple[Doubles, Doubles, Doubles]:
        scores = np.einsum("nwf,wf->nw", features, weights)
        p = logistic(scores)
        likelihood = (held * scores - np.logaddexp(0, scores)).sum(axis=0)
        gradient = np.einsum("nw,nwf->wf", held - p, features)
        curvature = np.einsum("nw,nwf,nwg->wfg", p * (1 - p), features, features, optimize=True)
        return likelihood, gradient, curvature

    return _fit(evaluate, prior, np.array(signed), spread)


def fit_choice(features: Doubles, chosen: NDArray[np.int64], prior: Doubles, signed: Sequence[bool]) -> Fit:
    """Fit one regression of which of several things is chosen.

    Args:
        features: (samples, choices, features).
        chosen: (samples,), places among the choices.
        prior: (features,), the weights that are expected.
        signed: (features,), which weights may be negative.
    """
    of_chosen = features[np.arange(len(chosen)), chosen]

    def evaluate(weights: Doubles) -> tuple[Doubles, Doubles, Doubles]:
        p = softmax(features @ weights[0])
        likelihood = np.log(np.maximum(p[np.arange(len(chosen)), chosen], 1e-300)).sum(keepdims=True)
        mean = np.einsum("nc,ncf->nf", p, features)
        squares = np.einsum("nc,ncf,ncg->fg", p, features, features, optimize=True)
        return likelihood, (of_chosen - mean).sum(axis=0)[None], (squares - mean.T @ mean)[None]

    return _fit(evaluate, prior[None], np.array(signed), PRIOR_SPREAD)


def _fit(evaluate: Evaluate, prior: Doubles, signed: Flags, spread: float) -> Fit:
    """The likeliest weights, of which those without a sign are 0 rather than negative."""
    used = np.ones(prior.shape, dtype=bool)
    for _ in range(prior.shape[1]):
        fit = _newton(evaluate, prior, used, spread)
        negative = (fit.weights < 0) & ~signed
        if not negative.any():
            break
        used &= ~negative
    return fit


def _newton(evaluate: Evaluate, prior: Doubles, used: Flags, spread: float) -> Fit:
    """Newton's method, by steps that are halved until they make nothing worse."""
    both = used[:, :, None] & used[:, None, :]
    precision = np.eye(prior.shape[1]) / spread**2
    weights = candidate = np.where(used, prior, 0.0)
    best = np.full(len(prior), -np.inf)
    step = np.zeros_like(weights)
    resting = np.zeros(len(prior), dtype=bool)
    for _ in range(STEPS):
        likelihood, gradient, curvature = evaluate(candidate)
        from_prior = np.where(used, candidate - prior, 0.0)
        value = likelihood - (from_prior**2).sum(axis=1) / (2 * spread**2)
        better = value >= best - ROUNDING * np.abs(value)
        weights = np.where(better[:, None], candidate, weights)
        best = np.where(better, value, best)
        gradient = np.where(used, gradient, 0.0) - from_prior / spread**2
        curvature = np.where(both, curvature, 0.0) + precision
        newton = np.linalg.solve(curvature, gradient[:, :, None])[:, :, 0]
        resting = np.where(better, np.abs(newton).max(axis=1, initial=0.0) <= AT_REST, resting)
        step = np.where(better[:, None], newton, step / 2)
        if resting.all():
            break
        candidate = weights + step
    return Fit(weights, resting & np.isfinite(weights).all(axis=1))


def logistic(scores: NDArray[np.floating]) -> Doubles:
    """Return the probabilities whose log-odds are the scores."""
    sure: Doubles = 1 / (1 + np.exp(-np.clip(scores, -60, 60)))
    return sure


def softmax(scores: NDArray[np.floating]) -> Doubles:
    """Return probabilities, (samples, choices), which make 1 in each row."""
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: Doubles = weights / weights.sum(axis=1, keepdims=True)
    return shares


def log_odds(shares: NDArray[np.floating]) -> Doubles:
    """Return the logarithms of the odds of some shares, from -14 to 14."""
    odds: Doubles = np.log(np.maximum(shares, 1e-6)) - np.log(np.maximum(1 - shares, 1e-6))
    return odds
