"""What a platform would earn at another commission, if buyers alone respond to it.

A rule that holds is a first-order condition, and no more. So one platform after the other tries
commissions, near and far, the others' given, where firms are many. Firms, costs and what places
spend stay; buyers divide anew, and those who had gone elsewhere may come:

    x_i = e^(u_i)/sum e^(u),  u_i = theta [t_i + a s N_i + psi v_i],  l = ln(1-z)
    S_q = S0_q e^((sigma-1)(l-l0))/[1 - S0_q + S0_q e^((sigma-1)(l-l0))],   s = sum S_q E_q/sum E_q
    earned by j: [1 - kappa - e^(t_j)(1-pi)] x_j sum_q S_q E_q

From the shares that there are these are iterated, as buyers would move. Symbols are those of
``platforms``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

NEAR = np.array([-0.05, -0.01, -1e-3, 1e-3, 0.01, 0.05])  # deviations beside the commission
FAR = np.linspace(0.0, 0.9, 19)  # and commissions that are tried wherever it is
STEPS, PART, SETTLED = 600, 0.5, 1e-9  # of buyers who move, which part at a time; when they rest


class Market(NamedTuple):
    """One industry's platforms and buyers, at what is found."""

    kept: np.ndarray  # (J,), e^t
    share: np.ndarray  # (J,), x
    worth: np.ndarray  # (J,), psi v
    theta: float
    network: float  # a
    interoperability: float  # beta
    cost: float  # kappa
    theirs: float  # pi
    sigma: float
    online: np.ndarray  # (Q,), S0
    spent: np.ndarray  # (Q,), E


def gain(at: Market, j: int) -> tuple[float, float]:
    """Return the most that platform j gains by another commission, and that commission.

    As a part of what it earns; at most zero where none that was tried is better.
    """
    own = 1.0 - at.kept[j]
    tried = np.unique(np.append(own + NEAR, FAR))
    tried = tried[(tried < 1.0) & (tried > at.cost - 1.0)]
    earned = _earned(at, j, np.append(own, tried))
    better = np.where(np.isfinite(earned[1:]), earned[1:] / earned[0] - 1.0, -np.inf)
    best = int(np.argmax(better))
    return float(better[best]), float(tried[best])


def _earned(at: Market, j: int, commissions: np.ndarray) -> np.ndarray:
    """Return what platform j earns at each of some commissions."""
    t = np.broadcast_to(np.log(at.kept), (commissions.size, at.kept.size)).copy()
    x = np.broadcast_to(at.share, t.shape)
    t[:, j] = np.log1p(-commissions)
    s = np.full(commissions.size, at.online @ at.spent / at.spent.sum())
    _, l0, _ = _response(at, np.log(at.kept)[None], at.share[None], s[:1], 0.0)
    moved = np.full(commissions.size, np.inf)
    for _ in range(STEPS):
        wanted, _, sold = _response(at, t, x, s, l0[0])
        there = sold / at.spent.sum()
        moved = np.maximum(np.abs(wanted - x).max(1), np.abs(there - s))
        if (moved <= SETTLED).all():
            break
        x, s = x + PART * (wanted - x), s + PART * (there - s)
    _, _, sold = _response(at, t, x, s, l0[0])
    margin = 1.0 - at.cost - np.exp(t[:, j]) * (1.0 - at.theirs)
    return np.where(moved <= SETTLED, margin * x[:, j] * sold, np.nan)


def _response(
    at: Market, t: np.ndarray, x: np.ndarray, s: np.ndarray, before: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return shares that buyers want, ln(1-z), and what they then buy online."""
    reach = x + at.interoperability * (1.0 - x)
    u = at.theta * (t + at.network * s[:, None] * reach + at.worth)
    top = u.max(1, keepdims=True)
    weight = np.exp(u - top)
    drawn = (np.log(weight.mean(1)) + top[:, 0]) / at.theta
    odds = at.online * np.exp((at.sigma - 1.0) * (drawn - before))[:, None]
    sold = (odds / (1.0 - at.online + odds)) @ at.spent
    return weight / weight.sum(1, keepdims=True), drawn, sold
