"""Weights that share out what rows hold so that every column receives its total.

    m_i = sum_n a_n omega_i k_ni / sum_j omega_j k_nj                given a, k and m, find omega

Residents of n who work in i, or spending of n that i earns. With z = ln omega it is where

    F(z) = sum_n a_n ln sum_i exp(z_i) k_ni - sum_i m_i z_i

is least: a convex function, strictly but for a constant in each part of the economy whose rows and
columns are linked by positive k, however indirectly. So omega is unique up to a factor for each
part; it exists where totals of each part agree and k are positive, which zeros may prevent.

Proportional fitting first, z += ln(m/predicted), then Newton's method with steps of length
ln(1+d)/d, d = max - min of the full step: a logarithm of sums of exponentials is self-concordant in
that sense, so that such steps lead down (Bach 2010, Electronic Journal of Statistics 4; Sun &
Tran-Dinh 2019, Mathematical Programming 178). Where k are so far apart that rounding turns a step
up, proportional fitting, which always leads down, goes on for a while.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

PROPORTIONAL = 20  # steps of proportional fitting to begin with
AGAIN = 10  # and after a step of Newton's method that led up
LIMIT = 400  # steps of both
ROUNDING = 1e-15  # of logs, below which nothing is gained
NEAR = 1e-9  # gap in logs from which a step that gains nothing is the last
RIDGE = 1e-14  # relative to the Hessian, which may be singular in floats


class Balance(NamedTuple):
    """Weights, and what they share out."""

    log_weight: np.ndarray  # ln omega, of mean zero in each part
    shares: np.ndarray  # of each column in its row; rows sum to one
    predicted: np.ndarray  # what columns receive
    gap: float  # largest |ln(total/predicted)|
    height: float  # F


def parts(log_kernel: np.ndarray) -> np.ndarray:
    """Return the part of the economy that each place is in, rows and columns being the same."""
    from scipy.sparse.csgraph import connected_components

    return np.asarray(connected_components(np.isfinite(log_kernel), connection="weak")[1])


def balanced(log_kernel: np.ndarray, held: np.ndarray, totals: np.ndarray) -> Balance:
    """Return the weights with which columns receive their totals, or come nearest to it.

    Parameters
    ----------
    log_kernel : (N, N) array
        ln k by row and column, minus infinity where nothing can go; finite on the diagonal.
    held : (N,) array
        What each row holds, positive.
    totals : (N,) array
        What each column receives, positive.
    """
    part = parts(log_kernel)
    alike, count = part[:, None] == part, np.bincount(part)

    def at(log_weight: np.ndarray) -> Balance:
        log_weight = log_weight - (np.bincount(part, log_weight) / count)[part]
        shares = log_kernel + log_weight
        top = shares.max(1, keepdims=True)
        shares = np.exp(shares - top)
        sums = shares.sum(1, keepdims=True)
        shares /= sums
        predicted = held @ shares
        with np.errstate(divide="ignore"):
            gap = float(np.max(np.abs(np.log(totals / predicted))))
        height = float(held @ (np.log(sums) + top)[:, 0] - totals @ log_weight)
        return Balance(log_weight, shares, predicted, gap, height)

    here, fitting = at(np.log(totals)), PROPORTIONAL
    for _ in range(LIMIT):
        if here.gap <= ROUNDING or not np.isfinite(here.gap):
            break
        if fitting:
            here, fitting = at(here.log_weight + np.log(totals / here.predicted)), fitting - 1
            continue
        there = at(here.log_weight + _step(here, held, totals, alike))
        if there.gap < here.gap or there.height < here.height - RIDGE * abs(here.height):
            here = there
        elif here.gap <= NEAR:
            break
        else:
            fitting = AGAIN
    return here


def _step(here: Balance, held: np.ndarray, totals: np.ndarray, alike: np.ndarray) -> np.ndarray:
    """Return a step of Newton's method, as long as it surely leads down."""
    slope = np.diag(here.predicted) - here.shares.T @ (held[:, None] * here.shares)
    # In each part a constant changes nothing: without this the matrix would be singular.
    slope += np.where(alike, np.outer(here.predicted, here.predicted), 0.0)
    scale = np.sqrt(here.predicted)
    slope /= np.outer(scale, scale)
    slope[np.diag_indices_from(slope)] += RIDGE
    try:
        step = np.linalg.solve(slope, (totals - here.predicted) / scale) / scale
    except np.linalg.LinAlgError:
        return np.full_like(totals, np.nan)
    length = float(np.ptp(step))
    return np.asarray(step * (np.log1p(length) / length) if length > 0.0 else step)
