"""Parameters of the online agglomeration of industries: kinds of fields, what goes together.

The fields themselves are listed by the model; what kernels read is made of them here.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from nege import labelled, validation
from nege.errors import InputError, in_words, joined
from nege.models import fields
from nege.models.agglomeration import equations
from nege.models.changes import Limit
from nege.models.fields import Field
from nege.validation import Bounds

CHANNELS = ("offline", "online")
CITY_PRODUCTIVITY = (1.05, 1.25)  # of the two industries in the first place, step 0


def share(cure: str) -> Bounds:
    """Return the bounds of a share that leaves something."""
    return Bounds(at_least=0.0, below=1.0, cure=cure)


def weight(cure: str) -> Bounds:
    """Return the bounds of what may be nothing, but not less."""
    return Bounds(at_least=0.0, cure=cure)


def positive(cure: str) -> Bounds:
    """Return the bounds of what has to be something."""
    return Bounds(above=0.0, cure=cure)


class Industries(Field):
    """Names of the industries."""

    takes = "Sequence[str]"

    def form(self) -> str:
        """Say what they are."""
        return "distinct names"

    def check(self, value: Any, economy: Any) -> tuple[str, ...]:
        """Return distinct names, of which there are some."""
        names = validation.distinct_names(self.name, validation.texts(self.name, value))
        if not names:
            raise InputError(self.name, names, "at least one name")
        return names


class Owners(Field):
    """Shares of the places in what platforms earn; None where everybody has the same."""

    takes = fields.Over.takes

    def check(self, value: Any, economy: Any) -> xr.DataArray | None:
        """Return shares by label."""
        if value is None:
            return None
        places = list(economy.geography.names)
        shares = validation.shares(self.name, value, places, dim="place")
        return labelled.array(shares, {"place": places}, self.name)

    def form(self) -> str:
        """Say over what."""
        return "shares over place, which sum to one"


def city_ahead(economy: Any) -> np.ndarray:
    """Return productivity by default: of two industries higher in the first place, the city."""
    wedge = np.ones((len(economy.industries), len(economy.geography)))
    if len(wedge) == len(CITY_PRODUCTIVITY):
        wedge[:, 0] = CITY_PRODUCTIVITY
    return wedge


def industries(words: str, **about: Any) -> Any:
    """Declare the industries."""
    return Industries(words=words, unit="", **about)


def owners(words: str, **about: Any) -> Any:
    """Declare who owns the platforms."""
    return Owners(words=words, dims=("place",), varied=True, **about)


def table(dims: tuple[str, ...], words: str, bounds: Bounds, **about: Any) -> Any:
    """Declare numbers over industries or places, which sweeps and paths can vary."""
    return fields.over(dims, words, bounds, varied=True, **about)


def by_industry(words: str, bounds: Bounds, **about: Any) -> Any:
    """Declare a number for each industry, likewise."""
    return table(("industry",), words, bounds, **about)


def labels(industries: Sequence[str], places: Sequence[str]) -> dict[str, Sequence[str]]:
    """Return the labels of every dimension."""
    return {"industry": industries, "input": industries, "place": places, "channel": CHANNELS}


def numbers(economy: Any) -> list[str]:
    """Return the names of parameters that are numbers, alone or in a table."""
    every = economy.fields.values()
    return [field.name for field in every if isinstance(field, (fields.Number, fields.Over))]


def checked(
    economy: Any,
    given: Mapping[str, Any],
    own: Container[str],
    among: Container[str] | None = None,
) -> dict[str, Any]:
    """Return every number, alone or in a table, checked by itself, or those among some names.

    `own` are those that were given: a default that differs between industries serves as many
    as it is for, and is asked for where there are others. All that is wrong is said at once.
    """
    found: dict[str, Any] = {}
    errors: list[InputError] = []
    names = economy.industries
    asked = [name for name in numbers(economy) if among is None or name in among]
    lacking = [
        name
        for name in asked
        if name not in own and isinstance(given[name], tuple) and len(given[name]) != len(names)
    ]
    if lacking:
        allowed = f"given with {len(names)} industries, {in_words(map(repr, names))}"
        cure = "Their defaults differ between the two industries that there are by default."
        errors.append(InputError(in_words(lacking), None, allowed, cure))
    for name in asked:
        if name in lacking:
            continue
        try:
            found[name] = economy.fields[name].check(given[name], economy)
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


def arrays(model: Any) -> equations.AgglomerationParameters:
    """Return what kernels read."""
    p = {name: vars(model)[name] for name in numbers(model)}
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
    industry = np.zeros(len(model.industries), equations.INDUSTRY).view(np.recarray)
    for name in ("sigma", "variety", "consumption", "land_share", "spillover", "diversity"):
        industry[name] = a[name]
    industry["labour_share"] = 1.0 - a["inputs"].sum(0) - a["land_share"]
    industry["pool"], industry["remote_share"] = a["online_spillover"], a["remote_labour_share"]
    industry["hears_online"], industry["hears_offline"] = a["hears_online"], a["hears_offline"]
    channel = np.zeros(log_net.shape, equations.CHANNEL).view(np.recarray)
    channel["log_net"], channel["log_scale"] = log_net, np.log(a["firm_scale"])
    channel["net"] = np.exp(log_net)
    place = np.zeros(places, equations.PLACE).view(np.recarray)
    place["log_land"], place["owner"] = np.log(a["land"]), owner
    place["log_home"] = np.log(a["home_weight"])
    place["log_home"] += model.migration_elasticity * np.log(a["amenity"])
    return equations.AgglomerationParameters(
        industry=industry,
        channel=channel,
        place=place,
        log_productivity=np.log(a["productivity"]),
        inputs=a["inputs"],
        housing=model.housing,
        migration=model.migration_elasticity,
        substitution=model.remote_substitution,
        elasticity=model.remote_elasticity,
        log_friction=float(np.log(model.remote_friction)),
        pooled=1.0 if model.platform_owner is None else 0.0,
        uses_land=bool(model.housing > 0.0 or (a["land_share"] > 0.0).any()),
        has_remote=bool((a["remote_labour_share"] > 0.0).any()),
        has_diversity=bool((a["diversity"] > 0.0).any()),
        slots=equations.slots(len(industry)),
        operator=equations.Couplings(trade_freeness(p, distance), reach),
    )
