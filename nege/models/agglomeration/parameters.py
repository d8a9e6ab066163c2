"""Parameters of the online agglomeration of industries: bounds with reasons, joint limits.

Labelled input is checked here and made into DataArrays over ``industry``, ``place``,
``channel`` and ``input``.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from nege import validation
from nege.errors import InputError, in_words, joined
from nege.models.agglomeration import equations
from nege.models.changes import Limit

CHANNELS = ("offline", "online")


class Parameter(NamedTuple):
    """What a parameter is over and within which bounds, with the reason for them."""

    dims: tuple[str, ...]
    bounds: Mapping[str, float]
    cure: str = ""


_SHARE = {"at_least": 0.0, "below": 1.0}
_WEIGHT = {"at_least": 0.0}
_INDUSTRY = ("industry",)

PARAMETERS: dict[str, Parameter] = {
    "sigma": Parameter(
        _INDUSTRY, {"above": 1.0}, "With sigma <= 1 no number of varieties can be foregone."
    ),
    "variety": Parameter(
        _INDUSTRY,
        {"above": 0.0, "at_most": 1.0},
        "1 is Dixit-Stiglitz; lower means that firms differ. Above 1 the market would value "
        "firms more than love of variety does.",
    ),
    "consumption": Parameter(
        _INDUSTRY, {"at_least": 0.0, "at_most": 1.0}, "It is a share of consumers' spending."
    ),
    "housing": Parameter((), _SHARE, "It is a share of consumers' spending."),
    "inputs": Parameter(("input", "industry"), _SHARE, "It is a share of the user's cost."),
    "land_share": Parameter(_INDUSTRY, _SHARE, "It is a share of cost."),
    "productivity": Parameter(("industry", "place"), {"above": 0.0}, "Costs are divided by it."),
    "land": Parameter(("place",), {"above": 0.0}, "A place without land has no rent that clears."),
    "amenity": Parameter(("place",), {"above": 0.0}, "Utility is multiplied by it."),
    "home_weight": Parameter(("place",), {"above": 0.0}, "Somebody has to live in every place."),
    "migration_elasticity": Parameter((), _WEIGHT, "0 means that people stay where they are."),
    "spillover": Parameter(_INDUSTRY, _WEIGHT, "Knowledge does not raise costs."),
    "spillover_decay": Parameter(_INDUSTRY, _WEIGHT, "Knowledge does not grow on its way."),
    "online_spillover": Parameter(_INDUSTRY, _WEIGHT, "It is a weight of firms."),
    "hears_online": Parameter(_INDUSTRY, _WEIGHT, "It is a weight of firms."),
    "hears_offline": Parameter(_INDUSTRY, _WEIGHT, "It is a weight of firms."),
    "diversity": Parameter(_INDUSTRY, _WEIGHT, "Diversity does not raise costs."),
    "transport_cost": Parameter(_INDUSTRY, _WEIGHT, "0 means that distance is free."),
    "search_cost": Parameter(_INDUSTRY, _WEIGHT, "0 means that distance is free."),
    "digitisability": Parameter(
        _INDUSTRY, {"at_least": 0.0, "at_most": 1.0}, "It is the part that need not be shipped."
    ),
    "digital_cost": Parameter(
        _INDUSTRY, {"at_least": 1.0}, "It is an iceberg factor: 1 means that nothing melts."
    ),
    "commission": Parameter(_INDUSTRY, _SHARE, "It is a share of the buyer's price."),
    "firm_scale": Parameter(("industry", "channel"), {"above": 0.0}, "It is how large firms are."),
    "remote_labour_share": Parameter(
        _INDUSTRY, _SHARE, "It is the weight of remote labour in online firms' labour cost."
    ),
    "remote_substitution": Parameter((), {"above": 0.0}, "1 is Cobb-Douglas."),
    "remote_elasticity": Parameter((), {"above": 0.0}, "People supply more where pay is better."),
    "remote_friction": Parameter(
        (), {"at_least": 1.0}, "It is the part of remote work that is lost: 1 loses nothing."
    ),
}


#: Of parameters that are one number.
BOUNDS = {
    name: validation.Bounds(**parameter.bounds, cure=parameter.cure)
    for name, parameter in PARAMETERS.items()
    if not parameter.dims
}


def labels(industries: Sequence[str], places: Sequence[str]) -> dict[str, Sequence[str]]:
    """Return the labels of every dimension."""
    return {"industry": industries, "input": industries, "place": places, "channel": CHANNELS}


def checked(
    values: Mapping[str, Any],
    own: Container[str],
    industries: Sequence[str],
    places: Sequence[str],
) -> dict[str, Any]:
    """Return every parameter checked by itself: floats, and read-only DataArrays.

    `own` are those that were given: a default that differs between industries serves as many
    as it is for, and is asked for where there are others. All that is wrong is said at once.
    """
    known = labels(industries, places)
    found: dict[str, Any] = {}
    errors: list[InputError] = []
    lacking = [
        name
        for name in PARAMETERS
        if name not in own
        and isinstance(values[name], tuple)
        and len(values[name]) != len(industries)
    ]
    if lacking:
        allowed = f"given with {len(industries)} industries, {in_words(map(repr, industries))}"
        cure = "Their defaults differ between the two industries that there are by default."
        errors.append(InputError(in_words(lacking), None, allowed, cure))
    for name, parameter in PARAMETERS.items():
        if name in lacking:
            continue
        try:
            if parameter.dims:
                wanted = {dim: known[dim] for dim in parameter.dims}
                found[name] = validation.table(
                    name, values[name], wanted, cure=parameter.cure, **parameter.bounds
                ).rename(name)
            else:
                found[name] = validation.number(
                    name, values[name], cure=parameter.cure, **parameter.bounds
                )
        except InputError as error:
            errors.append(error)
    if errors:
        raise joined(errors)
    return found


def spent(consumption: xr.DataArray, housing: Any, own: Container[str] = ("consumption",)) -> Limit:
    """Return whether consumers spend what they have, elementwise, and the refusal if not."""
    total = float(consumption.values.sum()) + housing

    def refusal() -> InputError:
        cure = "Consumers spend all they have: give both."
        if "consumption" not in own and "housing" in own:
            allowed = (
                "given together with consumption, shares of spending that sum to one with it; "
                f"with those by default the sum is {total:.10g}"
            )
            return InputError("housing", housing, allowed, cure)
        allowed = f"shares that sum to one with housing ({housing:g}); the sum is {total:.10g}"
        return InputError("consumption", consumption.values.tolist(), allowed, cure)

    return abs(total - 1.0) <= validation.SUM_TOLERANCE, refusal


def check_together(p: Mapping[str, Any], own: Container[str]) -> None:
    """Refuse parameters that are fine alone but make no economy together.

    What is refused is one of those given, never a default.
    """
    holds, refusal = spent(p["consumption"], p["housing"], own)
    if not holds:
        raise refusal()

    def refused(allowed: Mapping[str, str], cure: str) -> InputError:
        name = next((name for name in allowed if name in own), next(iter(allowed)))
        value = p[name].values.tolist() if isinstance(p[name], xr.DataArray) else p[name]
        return InputError(name, value, allowed[name], cure)

    industries = [str(name) for name in p["sigma"]["industry"].values]
    alpha, land_share = p["inputs"].values, p["land_share"].values
    labour_share = 1.0 - alpha.sum(0) - land_share
    costs = ("inputs", "land_share")
    for name, share in zip(industries, labour_share, strict=True):
        if share < -validation.SUM_TOLERANCE:
            allowed = (
                f"shares of cost that leave labour something; of {name!r} inputs and land take "
                f"{1.0 - share:g}"
            )
            cure = "Each column of inputs sums to at most 1 - land_share."
            raise refused(dict.fromkeys(costs, allowed), cure)
    if not (labour_share > validation.SUM_TOLERANCE).any():
        allowed = "less than all of cost in some industry, inputs and land together"
        raise refused(dict.fromkeys(costs, allowed), "")
    sigma, variety, gamma = (p[name].values for name in ("sigma", "variety", "spillover"))
    prices = _radius(alpha * (sigma / (sigma - 1.0))[:, None])
    if not prices < 1.0:
        what = (
            "enough for cheaper inputs to bring prices down to something: the largest eigenvalue "
            f"of inputs x sigma/(sigma - 1) has to be below 1, and is {prices:.4g}"
        )
        both = {"inputs": f"small {what}", "sigma": f"large {what}"}
        raise refused(both, "Lower the input shares or raise sigma.")
    scale = _radius(np.diag(gamma) + alpha.T * (1.0 + variety / (sigma - 1.0)))
    if not scale < 1.0:
        what = (
            "enough, with spillovers, inputs and love of variety, for costs not to fall faster "
            "than firms enter: the largest eigenvalue of their scale effects has to be below 1, "
            f"and is {scale:.4g}"
        )
        small = dict.fromkeys(("spillover", "variety", "inputs"), f"small {what}")
        cure = "Lower spillover, variety or the input shares, or raise sigma."
        raise refused({**small, "sigma": f"large {what}"}, cure)
    for k, name in enumerate(industries):
        users = variety[alpha[k] > 0.0]
        if p["consumption"].values[k] == 0.0 and (users.size == 0 or (users == 1.0).any()):
            raise InputError(
                "consumption",
                p["consumption"].values.tolist(),
                f"positive for {name!r}, or {name!r} an input of industries that are everywhere "
                "(variety below 1)",
                "Otherwise a place may buy none of it, and its market has no price that clears.",
            )


def _radius(matrix: np.ndarray) -> float:
    return float(np.max(np.abs(np.linalg.eigvals(matrix))))


def trade_freeness(p: Mapping[str, Any], distance: np.ndarray) -> np.ndarray:
    """Return tau^(1-sigma) over industry, channel, origin, destination."""
    names = ("sigma", "transport_cost", "search_cost", "digitisability", "digital_cost")
    sigma, theta, search, xi, delta = (p[name].values[:, None, None] for name in names)
    log_cost = np.stack(
        [(theta + search) * distance, np.log(delta) + (1.0 - xi) * theta * distance], axis=1
    )
    freeness: np.ndarray = np.exp((1.0 - sigma[:, None]) * log_cost)
    return freeness


def kernel(model: Any) -> equations.Parameters:
    """Return what kernels read."""
    p = {name: getattr(model, name) for name in PARAMETERS}
    # Copies, so that all can be written to: kernels are compiled anew for those that cannot.
    a = {name: np.array(value) for name, value in p.items() if isinstance(value, xr.DataArray)}
    distance = model.geography.metric.dense()
    log_net = np.zeros((len(model.industries), 2))
    log_net[:, 1] = np.log1p(-a["commission"])
    places = len(model.geography)
    owner = np.full(places, 1.0 / places)
    if model.platform_owner is not None:
        owner = np.array(model.platform_owner)
    reach = np.exp(-a["spillover_decay"][:, None, None] * distance)
    return equations.Parameters(
        sigma=a["sigma"],
        variety=a["variety"],
        consumption=a["consumption"],
        housing=model.housing,
        inputs=a["inputs"],
        land_share=a["land_share"],
        labour_share=1.0 - a["inputs"].sum(0) - a["land_share"],
        log_productivity=np.log(a["productivity"]),
        log_land=np.log(a["land"]),
        log_home=np.log(a["home_weight"]) + model.migration_elasticity * np.log(a["amenity"]),
        migration=model.migration_elasticity,
        spillover=a["spillover"],
        pool=a["online_spillover"],
        hears_online=a["hears_online"],
        hears_offline=a["hears_offline"],
        diversity=a["diversity"],
        log_net=log_net,
        log_scale=np.log(a["firm_scale"]),
        remote_share=a["remote_labour_share"],
        substitution=model.remote_substitution,
        elasticity=model.remote_elasticity,
        log_friction=float(np.log(model.remote_friction)),
        pooled=1.0 if model.platform_owner is None else 0.0,
        owner=owner,
        operator=equations.Couplings(trade_freeness(p, distance), reach),
    )


def frozen_shares(owner: Any, places: Sequence[str]) -> xr.DataArray | None:
    """Return who owns the platforms, None where everybody does alike."""
    if owner is None:
        return None
    values = validation.shares("platform_owner", owner, places, dim="place")
    values.flags.writeable = False
    return xr.DataArray(values, coords={"place": list(places)}, dims="place", name="platform_owner")
