"""How far wages are from clearing markets: the one measure every method is held to.

Plain NumPy, apart from nege's kernels and from every peer's map.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy.fft

if TYPE_CHECKING:
    from benchmarks.problems import Problem

#: A method whose wages are further than this from clearing markets has failed.
FAILURE = 1e-11


def residual(problem: Problem, wages: np.ndarray) -> float:
    """Largest |F(w)/w - 1|, infinite where any wage is not a positive number.

    F is the wage equation of Krugman (1991) with an online region (the equations are
    at the top of ``nege/models/core_periphery.py``).

    Parameters
    ----------
    problem : Problem
        The economy.
    wages : (R,) array
        Wages to judge.

    Returns
    -------
    float
        The residual.
    """
    wages = np.asarray(wages, dtype=float)
    if wages.shape != problem.share.shape or not (np.isfinite(wages) & (wages > 0)).all():
        return np.inf
    sigma, mu, share, commission = problem.sigma, problem.mu, problem.share, problem.commission
    mill = wages / (1.0 - commission)
    price = product(problem, share * mill ** (1.0 - sigma), transposed=True)
    rebate = mu * np.sum(share * mill * commission)
    income = mu * share * wages + problem.farmers * (1.0 - mu + rebate)
    paid = (1.0 - commission) * product(problem, income / price) ** (1.0 / sigma)
    worst = float(np.max(np.abs(paid / wages - 1.0)))
    return worst if np.isfinite(worst) else np.inf


def product(problem: Problem, x: np.ndarray, *, transposed: bool = False) -> np.ndarray:
    """K x, or K' x, by the matrix or, for many places, by the rule behind it."""
    if problem.dense:
        return x @ problem.freeness if transposed else problem.freeness @ x
    # Every rule below is symmetric.
    if problem.online is None:
        return _ruled(problem, x)
    places = _ruled(problem, x[:-1]) + problem.online * x[-1]
    return np.append(places, problem.online * np.sum(x[:-1]) + x[-1])


def _ruled(problem: Problem, x: np.ndarray) -> np.ndarray:
    kind, decay = problem.kind, problem.decay
    if kind == "circle":
        steps = np.minimum(np.arange(x.size), x.size - np.arange(x.size))
        row = scipy.fft.rfft(np.exp(-decay * problem.spacing * steps)).real
        return scipy.fft.irfft(scipy.fft.rfft(x) * row, x.size)
    if kind == "grid":
        side = round(x.size**0.5)
        padded = scipy.fft.next_fast_len(2 * side, real=True)
        steps = np.minimum(np.arange(padded), padded - np.arange(padded))
        distance = problem.spacing * np.hypot(steps[:, None], steps)
        row = scipy.fft.rfft2(np.exp(-decay * distance)).real
        spread = scipy.fft.rfft2(x.reshape(side, side), s=(padded, padded)) * row
        return scipy.fft.irfft2(spread, s=(padded, padded))[:side, :side].ravel()
    if kind == "line":
        # Running sums of x e^(+-decay position), in extended precision for a million terms.
        position = problem.coordinates.astype(np.longdouble) - problem.coordinates.mean()
        growth = np.exp(decay * position)
        left = np.cumsum(x * growth) / growth
        right = np.cumsum((x / growth)[::-1])[::-1] * growth
        return (left + right - x).astype(float)
    raise NotImplementedError(f"{problem.name} has no rule for {x.size} places")
