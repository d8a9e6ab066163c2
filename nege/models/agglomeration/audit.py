"""The published equations of the online agglomeration in plain NumPy, apart from the kernels.

Stored values are put into each equation, in levels; the result is its relative violation.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import xarray as xr


def clearing(model: Any, data: xr.Dataset) -> dict[str, float]:
    """Return the relative violation of each equation of clearing markets, by name."""
    return {name: _gap(*sides) for name, sides in _sides(model, data)[0].items()}


def rest(model: Any, data: xr.Dataset) -> dict[str, float]:
    """Return how far firms and people are from rest, and what entry would earn, by name."""
    _, sides, entry = _sides(model, data)
    found = {name: _gap(*both) for name, both in sides.items()}
    absent = data["firm_mass"].transpose("industry", "place", "channel").values == 0.0
    found["no entry pays"] = float(np.max(np.where(absent, entry, 0.0), initial=0.0))
    return found


def _sides(model: Any, data: xr.Dataset) -> tuple[Any, Any, np.ndarray]:
    """Return both sides of the equations of markets and of rest, and the log return to entry."""
    n = data["firm_mass"].transpose("industry", "place", "channel").values
    X = data["total_cost"].transpose("industry", "place", "channel").values
    G = data["price_index"].transpose("industry", "place").values
    names = ("wage", "rent", "population", "income", "remote_share", "real_income")
    w, h, L, Y, away, V = (data[name].values for name in names)
    totals = ("remote_wage", "dividend", "commission_revenue", "welfare")
    w0, D, C, U = (float(data[name]) for name in totals)
    has_remote = bool((model.remote_labour_share > 0.0).any())
    zeta = np.stack([0.0 * model.commission.values, model.commission.values], -1)[:, None]
    sigma, phi = model.sigma.values[:, None, None], model.variety.values[:, None, None]
    labour = 1.0 - model.inputs.values.sum(0) - model.land_share.values
    # what people supply
    what, far = w, np.zeros_like(n)
    if has_remote:
        nu, kappa = model.remote_elasticity, model.remote_friction
        what = (w**nu + (w0 / kappa) ** nu) ** (1.0 / nu)
    # costs: wages by channel, knowledge, inputs
    W = np.stack([np.broadcast_to(w, G.shape)] * 2, -1)
    if has_remote:
        r, s = model.remote_labour_share.values[:, None], model.remote_substitution
        if s == 1.0:
            W[..., 1] = w ** (1.0 - r) * w0**r
        else:  # ((1-r) w^(1-s) + r w0^(1-s))^(1/(1-s)), also where s is all but one
            log_remote = math.log(w0) if w0 > 0.0 else -math.inf
            mean = (1.0 - r) * np.expm1((1.0 - s) * np.log(w))
            mean = mean + r * np.expm1((1.0 - s) * log_remote)
            W[..., 1] = np.exp(np.log1p(mean) / (1.0 - s))
        far[..., 1] = r * (w0 / W[..., 1]) ** (1.0 - s)
    land_cost = h[None] ** model.land_share.values[:, None]
    inputs = np.prod(G[:, None] ** model.inputs.values[:, :, None], axis=0)
    with np.errstate(divide="ignore"):  # no firm to learn from: productivity is zero
        cost = (
            W ** labour[:, None, None] * (land_cost * inputs)[..., None] / _productivity(model, n)
        )
    price = cost / (1.0 - zeta)
    # markets
    freeness = _trade_cost(model) ** (1.0 - sigma[..., None])  # k p c q
    supply = n**phi * price ** (1.0 - sigma)
    E = model.consumption.values[:, None] * Y + model.inputs.values @ X.sum(-1)
    weight = E * G ** (model.sigma.values - 1.0)[:, None]
    access = np.einsum("kpcq,kq->kpc", freeness, weight)
    sales = supply * access
    fixed = (
        np.where(n > 0.0, n, 0.0) * model.firm_scale.values[:, None] * np.where(n > 0.0, cost, 1.0)
    )
    land = model.housing * Y + (model.land_share.values[:, None] * X.sum(-1)).sum(0)
    used = (labour[:, None, None] * X * (1.0 - far)).sum((0, 2))
    used_far = float((labour[:, None, None] * X * far).sum())
    owner, pooled = 0.0, 1.0
    if model.platform_owner is not None:
        owner, pooled = model.platform_owner.values, 0.0
    attraction = model.home_weight.values * V**model.migration_elasticity
    with np.errstate(divide="ignore", invalid="ignore"):
        entry = np.log((1.0 - zeta) * price ** (1.0 - sigma) * access) - np.log(
            model.firm_scale.values[:, None] * cost
        )
    markets = {
        "price index": (G ** (1.0 - sigma[..., 0]), np.einsum("kpc,kpcq->kq", supply, freeness)),
        "revenue": (X, (1.0 - zeta) * sales),
        "commission": (np.array(C), (zeta * sales).sum()),
        "local labour": (used, (1.0 - away) * L * what),
        "remote share": (away, (w0 / kappa / what) ** nu if has_remote else np.zeros_like(w)),
        "income": (Y, L * (what + D) + (1.0 - pooled) * owner * C),
        "land": (land, h * model.land.values if np.any(land > 0.0) else land),
        # Beside the wage bill, which is one: there may be nothing to pay out.
        "dividend": (1.0 + D * L.sum(), 1.0 + np.sum(h * model.land.values) + pooled * C),
        "numeraire": (np.ones(1), np.atleast_1d((L * what).sum())),
        "real income": (
            V,
            model.amenity.values
            * Y
            / L
            / (np.prod(G ** model.consumption.values[:, None], axis=0) * h**model.housing),
        ),
        "welfare": (np.array(U), _welfare(model, V)),
    }
    if has_remote:
        markets["remote labour"] = (np.array(used_far), (away * L * what).sum())
    motion = {"zero profit": (X, fixed), "people": (L, attraction / attraction.sum())}
    return markets, motion, entry


def _gap(here: np.ndarray, there: Any) -> float:
    """Largest difference, relative to the variable but not to less than 1e-9 of its largest."""
    scale = np.maximum(np.abs(here), 1e-9 * np.max(np.abs(here)))
    return float(np.max(np.abs(here - there) / np.where(scale > 0.0, scale, 1.0)))


def _productivity(model: Any, n: np.ndarray) -> np.ndarray:
    """Return A over industry, place, channel: institutions, knowledge in reach, diversity."""
    distance = model.geography.distance.values
    decay = model.spillover_decay.values[:, None, None]
    near = np.einsum("kpq,kqc->kpc", np.exp(-decay * distance), n)
    pool = (model.online_spillover.values * n[..., 1].sum(-1))[:, None]
    hears_online, hears_offline = (
        getattr(model, name).values[:, None] for name in ("hears_online", "hears_offline")
    )
    mass = np.stack(
        [near.sum(-1) + hears_online * pool, hears_offline * near[..., 0] + near[..., 1] + pool], -1
    )
    total = mass.sum(0)
    part = np.where(total > 0.0, mass, 1.0) / np.where(total > 0.0, total, 1.0)
    entropy = -np.sum(part * np.log(np.where(part > 0.0, part, 1.0)), axis=0)
    variety = np.exp(entropy) / len(model.industries)
    gamma, theta = (
        getattr(model, name).values[:, None, None] for name in ("spillover", "diversity")
    )
    result: np.ndarray = model.productivity.values[..., None] * mass**gamma * variety**theta
    return result


def _trade_cost(model: Any) -> np.ndarray:
    """Iceberg factors over industry, origin, channel, destination."""
    distance = model.geography.distance.values
    names = ("transport_cost", "search_cost", "digitisability", "digital_cost")
    theta, search, xi, delta = (getattr(model, name).values[:, None, None] for name in names)
    offline = np.exp((theta + search) * distance)
    return np.stack([offline, delta * np.exp((1.0 - xi) * theta * distance)], axis=2)


def _welfare(model: Any, V: np.ndarray) -> float:
    weight, epsilon = model.home_weight.values, model.migration_elasticity
    weight = weight / weight.mean()
    if epsilon == 0.0:
        return float(np.prod(V ** (weight / weight.sum())))
    return float(np.sum(weight * V**epsilon) ** (1.0 / epsilon))
