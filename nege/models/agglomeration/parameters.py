"""Parameters of the online agglomeration of industries: kinds of fields, what goes together.

The fields themselves are listed by the model; what kernels read is made of them here.
"""

from __future__ import annotations

import functools
from collections.abc import Container, Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from nege import validation
from nege.errors import InputError, in_words, joined
from nege.models import fields
from nege.models.agglomeration.kinds import CHANNELS
from nege.models.agglomeration.layout import (
    DUAL,
    AgglomerationParameters,
    Couplings,
    Slots,
    slots,
)
from nege.models.agglomeration.mechanisms import (
    channels,
    commission,
    diversity,
    frame,
    knowledge,
    land,
    migration,
    remote_work,
)
from nege.models.changes import Limit
from nege.models.fields import Field

CITY_PRODUCTIVITY = (1.05, 1.25)  # of the two industries in the first place, step 0
#: What kernels know of an industry, of its two channels, of a place: fields of packed records.
OF_INDUSTRY = {
    **{"sigma": "sigma", "variety": "variety", "consumption": "consumption"},
    **knowledge.INDUSTRY,
    **diversity.INDUSTRY,
    **land.INDUSTRY,
    **remote_work.INDUSTRY,
}
INDUSTRY = np.dtype([(name, float) for name in (*OF_INDUSTRY, "labour_share")])
CHANNEL = np.dtype([(name, float) for name in commission.CHANNEL])
#: ln H, ln Lbar + eps ln B, o, ln of what firms pay for an hour over the wage; which of the
#: groups of places it is in, between which nobody moves, and ln of the group's share of people
PLACE = np.dtype(
    [(name, float) for name in ("log_land", "log_home", "owner", "log_pay", "group", "log_group")]
)


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


def city_ahead(economy: Any) -> np.ndarray:
    """Return productivity by default: of two industries higher in a textbook's first place.

    Of places that somebody knows none is better by default, whichever stands first in a table.
    """
    places = economy.geography
    wedge = np.ones((len(economy.industries), len(places)))
    if len(wedge) == len(CITY_PRODUCTIVITY) and not places.described:
        wedge[:, 0] = CITY_PRODUCTIVITY
    return wedge


def industries(words: str, **about: Any) -> Any:
    """Declare the industries."""
    return Industries(words=words, unit="", **about)


def labels(industries: Sequence[str], places: Sequence[str]) -> dict[str, Sequence[str]]:
    """Return the labels of every dimension."""
    return {"industry": industries, "input": industries, "place": places, "channel": CHANNELS}


def numbers(economy: Any) -> list[str]:
    """Return the names of parameters that are numbers, alone or in a table."""
    kind: Any = type(economy)
    return _numbers_of(kind)


@functools.cache
def _numbers_of(kind: Any) -> list[str]:
    every = kind.fields.values()
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


#: What ``check_together`` reads: where all of it stays, so does what it says.
TOGETHER = frozenset(
    ("consumption", "housing", "inputs", "land_share", "sigma", "variety", "spillover")
)


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

    industries = p["sigma"].get_index("industry").tolist()
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
    return _radius_of(matrix.tobytes(), len(matrix))


@functools.lru_cache(maxsize=64)  # along a path most numbers stay
def _radius_of(matrix: bytes, rows: int) -> float:
    values = np.linalg.eigvals(np.frombuffer(matrix).reshape(rows, rows))
    return float(np.max(np.abs(values)))


def arrays(model: Any) -> AgglomerationParameters:
    """Return what kernels read."""
    p = {name: vars(model)[name] for name in numbers(model)}
    # Copies, so that all can be written to: kernels are compiled anew for those that cannot.
    a = {name: t.values.copy() for name, t in p.items() if isinstance(t, xr.DataArray)}
    distance = model.geography.metric.dense()
    places = len(model.geography)
    added = model.mechanisms.acting
    with_equations = frame.with_equations(model)
    to = slots_of(model)
    tables = _lowered(model, a, to.modes)
    log_net = tables["log_net"]
    industry = np.zeros(len(model.industries), INDUSTRY)  # filled sooner than records are
    for name, field in OF_INDUSTRY.items():
        industry[name] = a[field]
    industry["labour_share"] = 1.0 - a["inputs"].sum(0) - a["land_share"]
    channel = np.zeros(log_net.shape, CHANNEL)
    channel["log_net"], channel["net"] = log_net, np.exp(log_net)
    place = np.zeros(places, PLACE)
    place["log_land"], place["owner"] = np.log(a["land"]), commission.hosts(model)
    place["log_home"] = np.log(a["home_weight"])
    place["log_home"] += model.migration_elasticity * np.log(a["amenity"])
    place["log_pay"] = tables["log_pay"]
    group, share = migration.groups(model)
    place["group"], place["log_group"] = group, np.log(share)[group]
    stand = frame.places_of(model, to)
    calls, trades, packed, where = _calls(model, with_equations, stand)
    return AgglomerationParameters(
        industry=industry.view(np.recarray),
        channel=channel.view(np.recarray),
        place=place.view(np.recarray),
        log_productivity=tables["log_productivity"],
        log_scale=tables["log_scale"],
        inputs=a["inputs"],
        housing=model.housing,
        migration=model.migration_elasticity,
        substitution=model.remote_substitution,
        elasticity=model.remote_elasticity,
        log_friction=float(np.log(model.remote_friction)),
        log_remote_pay=float(tables["log_remote_pay"]),
        pooled=1.0 if model.platform_owner is None else 0.0,
        groups=len(share),
        uses_land=bool(model.housing > 0.0 or (a["land_share"] > 0.0).any()),
        has_remote=bool((a["remote_labour_share"] > 0.0).any()),
        has_diversity=bool((a["diversity"] > 0.0).any()),
        has_wedges=any("costs" in one.equations for one in added),
        has_calls=bool(with_equations),
        has_offers=any("offers" in one.equations for one in added),
        has_trades=any(one.trade is not None for one in added),
        slots=to,
        operator=_couplings(model, p, distance),
        calls=calls,
        trades=trades,
        numbers=packed,
        where=where,
        slot_table=np.array(to, dtype=np.int64),
        ahead=frame.ahead(model, to),
    )


def slots_of(model: Any) -> Slots:
    """Return where everything of an economy stands."""
    counts = frame.counts(model)
    found: Slots = slots(len(model.industries), len(model.modes), **counts)
    return found


def _lowered(model: Any, a: Mapping[str, np.ndarray], modes: int) -> dict[str, np.ndarray]:
    """Return tables that mechanisms may change, with their changes."""
    industries, places = a["productivity"].shape
    scale = np.full((industries, modes, places), np.nan)
    scale[:, :DUAL] = np.log(a["firm_scale"])[..., None]
    tables = {
        "log_scale": scale,
        "log_overhead": np.zeros_like(scale),
        "log_productivity": np.log(a["productivity"]),
        "log_pay": np.zeros(places),
        "log_remote_pay": np.zeros(()),
        "log_net": commission.log_net(vars(model)),
    }
    shapes = {name: np.shape(table) for name, table in tables.items()}
    for one in model.mechanisms.acting:
        one.lower(model, tables)
        if {name: np.shape(table) for name, table in tables.items()} != shapes:
            raise InputError(f"{one.name}.lower", list(tables), f"changes of tables {shapes}")
    scale = tables["log_scale"]
    if modes > DUAL:  # a plant that sells both ways is by default as large as two that do not
        both = np.log(np.exp(scale[:, :DUAL]).sum(1))
        scale[:, DUAL] = np.where(np.isnan(scale[:, DUAL]), both, scale[:, DUAL])
    scale += tables["log_overhead"]
    return tables


def _couplings(model: Any, p: Mapping[str, Any], distance: np.ndarray) -> Couplings:
    """Return how places meet, with what mechanisms put between them."""
    sigma = p["sigma"].values
    paid = channels.freeness(p, distance, sigma)
    power = (1.0 - sigma)[:, None, None, None]
    added = frame.with_equations(model)
    taken = [table for one in added for table in one.between(model)]
    for table in (*frame.icebergs(model), *taken):
        paid *= np.exp(power * table)
    kept = paid * np.exp(-sum(taken)) if taken else np.zeros((0, 0, 0, 0))
    reach = p["spillover_decay"].values[:, None, None] * distance
    np.negative(reach, out=reach)
    np.exp(reach, out=reach)
    links = [one.links(model, paid) for one in added if one.sent]
    places = len(distance)
    table = np.concatenate(links) if links else np.zeros((0, places, places))
    return Couplings(paid, kept, reach, np.ascontiguousarray(table, dtype=float))


def _calls(
    model: Any, added: Sequence[Any], stand: Sequence[Mapping[str, tuple[str, int, int]]]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return addresses of equations and of trade, what they read in places, and where it is."""
    packed = [one.packed(model) for one in added]
    width = max((table.shape[1] for table, _ in packed), default=0)
    given = np.zeros((len(added), len(model.geography), width))
    places = [
        [*at, *(slot for _, slot, _ in own.values())]
        for (_, at), own in zip(packed, stand, strict=True)
    ]
    where = np.zeros((len(added), max(map(len, places), default=0)), dtype=np.int64)
    for i, (table, _) in enumerate(packed):
        given[i, :, : table.shape[1]] = table
        where[i, : len(places[i])] = places[i]
    calls, trades = (np.array([one.compiled()[i] for one in added], dtype=np.int64) for i in (1, 2))
    return calls, trades, given, where
