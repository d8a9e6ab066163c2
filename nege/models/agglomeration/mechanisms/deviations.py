"""What a platform would earn at another commission or investment, if buyers alone respond to it.

A rule that holds is a first-order condition, and no more. So one platform after the other tries
commissions, near and far, and more and less investment, the others' given, where firms are many.
Firms, costs and what places spend stay; buyers divide anew, and those who had gone elsewhere may
come:

    x_i = e^(u_i)/sum e^(u),  u_i = theta [t_i + a s N_i + psi v_i],  l = ln(1-z)
    S_q = S0_q e^((sigma-1)(l-l0))/[1 - S0_q + S0_q e^((sigma-1)(l-l0))],   s = sum S_q E_q/sum E_q
    earned by j: [1 - kappa - e^(t_j)(1-pi)] x_j sum_q S_q E_q - wbar I_j,  v = ln(1 + I/I0)

From the shares that there are these are iterated, as buyers would move. Symbols are those of
``platforms``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

NEAR = np.array([-0.05, -0.01, -1e-3, 1e-3, 0.01, 0.05])  # deviations beside the commission
FAR = np.linspace(0.0, 0.9, 19)  # and commissions that are tried wherever it is
MORE = np.array([0.0, 0.25, 0.5, 0.9, 1.1, 2.0, 4.0])  # investment over what there is
FIRST = np.array([0.1, 1.0, 10.0])  # and over its scale, where there is none
LITTLE = 1e-3  # of sales: less is next to no earnings
STEPS, PART, SETTLED = 600, 0.5, 1e-9  # of buyers who move, which part at a time; when they rest


class Market(NamedTuple):
    """One industry's platforms and buyers, at what is found."""

    kept: np.ndarray  # (J,), e^t
    share: np.ndarray  # (J,), x
    invested: np.ndarray  # (J,), v
    effect: float  # psi
    unit: float  # wbar I0
    theta: float
    network: float  # a
    interoperability: float  # beta
    cost: float  # kappa
    theirs: float  # pi
    sigma: float
    online: np.ndarray  # (Q,), S0
    spent: np.ndarray  # (Q,), E


def gain(at: Market, j: int, *, prices: bool) -> float:
    """Return the most that platform j gains by a deviation, as a part of what it earns.

    Or of a thousandth of what it sells, where it earns less.

    At most zero where none that was tried is better; NaN where none was.

    Parameters
    ----------
    at : Market
        What there is.
    j : int
        Which platform.
    prices : bool
        Whether it sets its commission; if not, investment alone is tried.
    """
    own, v = 1.0 - at.kept[j], at.invested[j]
    tried = [np.array([[own, v]])]
    if prices:
        others = np.unique(np.append(own + NEAR, FAR))
        others = others[(others < 1.0) & (others > at.cost - 1.0)]
        tried.append(np.column_stack([others, np.full(others.size, v)]))
    if at.effect > 0.0:
        there = MORE * np.expm1(v) if v > 0.0 else FIRST
        tried.append(np.column_stack([np.full(there.size, own), np.log1p(there)]))
    earned = _earned(at, j, np.concatenate(tried))
    better = earned[1:] - earned[0]
    better = better[np.isfinite(better)]
    sells = at.share[j] * float(at.online @ at.spent)
    most = max(abs(float(earned[0])), LITTLE * sells)
    return float(np.max(better) / most) if better.size else np.nan


def _earned(at: Market, j: int, tried: np.ndarray) -> np.ndarray:
    """Return what platform j earns at some commissions and investments; NaN where nobody rests."""
    t = np.broadcast_to(np.log(at.kept), (len(tried), at.kept.size)).copy()
    v = np.broadcast_to(at.invested, t.shape).copy()
    x = np.broadcast_to(at.share, t.shape)
    s = np.full(len(tried), at.online @ at.spent / at.spent.sum())
    _, before, _ = _response(at, t[:1], v[:1], at.share[None], s[:1], 0.0)
    t[:, j], v[:, j] = np.log1p(-tried[:, 0]), tried[:, 1]
    moved = np.full(len(tried), np.inf)
    for _ in range(STEPS):
        wanted, _, sold = _response(at, t, v, x, s, before[0])
        there = sold / at.spent.sum()
        moved = np.maximum(np.abs(wanted - x).max(1), np.abs(there - s))
        if (moved <= SETTLED).all():
            break
        x, s = x + PART * (wanted - x), s + PART * (there - s)
    _, _, sold = _response(at, t, v, x, s, before[0])
    margin = 1.0 - at.cost - np.exp(t[:, j]) * (1.0 - at.theirs)
    profit = margin * x[:, j] * sold - at.unit * np.expm1(v[:, j])
    return np.where(moved <= SETTLED, profit, np.nan)


def _response(
    at: Market, t: np.ndarray, v: np.ndarray, x: np.ndarray, s: np.ndarray, before: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return shares that buyers want, ln(1-z), and what they then buy online."""
    reach = x + at.interoperability * (1.0 - x)
    u = at.theta * (t + at.network * s[:, None] * reach + at.effect * v)
    top = u.max(1, keepdims=True)
    weight = np.exp(u - top)
    drawn = (np.log(weight.mean(1)) + top[:, 0]) / at.theta
    odds = at.online * np.exp((at.sigma - 1.0) * (drawn - before))[:, None]
    sold = (odds / (1.0 - at.online + odds)) @ at.spent
    return weight / weight.sum(1, keepdims=True), drawn, sold
