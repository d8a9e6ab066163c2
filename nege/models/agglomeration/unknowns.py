"""The vector of unknowns of the online agglomeration: its order, and the variables it stands for.

A row for each place: ln n by industry and channel, ln G and ln E by industry, ln w, ln h, ln L;
then ln w0 and D. What moves slowly, firms and people, are the *movers*, place by place.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from nege import validation
from nege.errors import InputError
from nege.models.agglomeration import equations
from nege.models.agglomeration.parameters import CHANNELS
from nege.models.agglomeration.parameters import labels as labels_of

DIVIDEND_START, REMOTE_WAGE_START = 0.5, 0.3


@dataclasses.dataclass(frozen=True)
class Unknowns:
    """The order of unknowns of some industries and places."""

    industries: tuple[str, ...]
    places: tuple[str, ...]

    @property
    def moving(self) -> list[int]:
        """Columns of movers in the row of a place: firms, then people."""
        k = len(self.industries)
        return [*range(2 * k), 4 * k + equations.PEOPLE]

    @property
    def movers(self) -> tuple[str, ...]:
        """A name for each mover."""
        groups = [f"{k} {channel}" for k in self.industries for channel in CHANNELS]
        return tuple(f"{name} in {place}" for place in self.places for name in (*groups, "people"))

    def rows(self, state: np.ndarray) -> np.ndarray:
        """Return the unknowns of places as a view, a row each."""
        return state[:-2].reshape(len(self.places), -1)

    def pack(self, firms: np.ndarray, people: np.ndarray) -> np.ndarray:
        """Put firms (industry, place, channel) and people (place) in the order of movers."""
        table = np.moveaxis(firms, 1, 0).reshape(len(people), -1)
        return np.column_stack([table, people]).ravel()

    def with_movers(self, movers: np.ndarray, state: np.ndarray) -> np.ndarray:
        """Return a copy of a state with firms and people where they are."""
        state = state.copy()
        with np.errstate(divide="ignore"):  # no firms: minus infinity
            self.rows(state)[:, self.moving] = np.log(movers.reshape(len(self.places), -1))
        return state

    def shares(self, movers: np.ndarray) -> np.ndarray:
        """Return movers as shares of their industry or of all people."""
        table = movers.reshape(len(self.places), -1)
        firms = table[:, :-1].reshape(len(self.places), -1, 2)
        firms = firms / firms.sum((0, 2))[:, None]
        return np.column_stack([firms.reshape(len(table), -1), table[:, -1]]).ravel()


def checked_movers(model: Any, share: Any, argument: str) -> np.ndarray:
    """Return firms and people from a Dataset or mapping in the order of movers, checked."""
    allowed = 'a Dataset or mapping with "firm_mass" and "population"'
    cure = "The data of an equilibrium of this model is one: equilibrium.data."
    if not isinstance(share, (xr.Dataset, Mapping)) or not {"firm_mass", "population"} <= set(
        share
    ):
        raise InputError(argument, share, allowed, cure)
    labels = labels_of(model.industries, model.geography.names)
    dims = ("industry", "place", "channel")
    firms = validation.table(
        f"{argument}['firm_mass']",
        share["firm_mass"],
        {dim: labels[dim] for dim in dims},
        at_least=0.0,
    ).values
    # Online firms that learn from each other alone can all be absent, but not some of them.
    alone = (model.hears_offline.values == 0.0) & (model.spillover.values > 0.0)
    alone &= ~(firms[..., equations.ONLINE] > 0.0).any(1)
    needed = np.stack([np.ones_like(alone), ~alone], axis=-1)
    absent = (firms == 0.0).any(1) & needed & (model.variety.values < 1.0)[:, None]
    solved = argument == "equilibrium"  # there they may be too few for double precision
    nobody = ~(firms > 0.0).any((1, 2)) | (absent.any(1) & (not solved))
    if nobody.any():
        name = model.industries[int(np.argmax(nobody))]
        raise InputError(
            f"{argument}['firm_mass']",
            firms,
            f"positive for {name!r}",
            "Where variety is below 1, and for an industry as a whole, some firms always pay.",
        )
    jobless = ~(firms > 0.0).any((0, 2))
    if jobless.any():
        name = model.geography.names[int(np.argmax(jobless))]
        cure = "Somebody lives in every place, and has to find work there."
        raise InputError(f"{argument}['firm_mass']", firms, f"positive in {name!r}", cure)
    people = validation.shares(
        f"{argument}['population']", share["population"], model.geography.names, dim="place"
    )
    if not (people > 0.0).all():
        raise InputError(f"{argument}['population']", people, "positive in every place")
    order: Unknowns = model._unknowns
    return order.pack(firms, people)


def start(model: Any) -> np.ndarray:
    """Return the unknowns that markets start from: prices of one, spending at average."""
    order, k = model._unknowns, len(model.industries)
    places = len(order.places)
    state = np.zeros(places * (4 * k + equations.LOCAL) + 2)
    sold = np.linalg.solve(np.eye(k) - model.inputs.values, model.consumption.values)
    share = np.maximum(sold * (1.0 + DIVIDEND_START) / places, 1e-300)
    order.rows(state)[:, 3 * k : 4 * k] = np.log(share)
    state[-2], state[-1] = np.log(REMOTE_WAGE_START), DIVIDEND_START
    return state


def from_data(model: Any, data: xr.Dataset) -> np.ndarray:
    """Return the prices, spending and dividend of a solved economy, as unknowns."""
    state, k = start(model), len(model.industries)
    rows = model._unknowns.rows(state)
    sold = data["total_cost"].transpose("place", "industry", "channel").values.sum(-1)
    spent = data["income"].values[:, None] * model.consumption.values
    rows[:, 2 * k : 3 * k] = np.log(data["price_index"].transpose("place", "industry").values)
    rows[:, 3 * k : 4 * k] = np.log(spent + sold @ model.inputs.values.T)
    rows[:, 4 * k + equations.WAGE] = np.log(data["wage"].values)
    p = model.arrays
    if p.uses_land:
        rows[:, 4 * k + equations.RENT] = np.log(data["rent"].values)
    wage = max(float(data["remote_wage"]), 1e-300)  # zero without demand
    state[-2] = np.log(wage) if p.has_remote else 0.0
    state[-1] = float(data["dividend"])
    return state


def outcome(model: Any, state: np.ndarray, p: Any) -> dict[str, np.ndarray]:
    """Return every variable of the economy at its unknowns."""
    k = len(model.industries)
    at = equations.evaluate(p, state, np.empty_like(state))
    rows = model._unknowns.rows(state)
    log_index, (log_wage, log_rent, log_people) = rows[:, 2 * k : 3 * k].T, rows[:, 4 * k :].T
    to, cells = p.slots, (k, 2, len(rows))
    income = at.made[to.income]
    real = np.log(income) - log_people - model.housing * log_rent
    real += np.log(model.amenity.values) - model.consumption.values @ log_index
    return {
        "firm_mass": at.made[to.firms : to.margin].reshape(cells).transpose(0, 2, 1),
        "total_cost": at.made[to.revenue : to.far].reshape(cells).transpose(0, 2, 1),
        "price_index": np.exp(log_index),
        "wage": np.exp(log_wage),
        "rent": np.exp(log_rent) if p.uses_land else np.zeros(len(rows)),
        "population": np.exp(log_people),
        "area": model.land.values / model.land.values.sum(),
        "income": income,
        "remote_share": at.made[to.away],
        "real_income": np.exp(real),
        "remote_wage": np.array(np.exp(state[-2]) if p.has_remote else np.nan),
        "dividend": np.array(state[-1]),
        "commission_revenue": np.array(at.totals[equations.COMMISSION]),
        "welfare": np.array(welfare(model, real)),
    }


def welfare(model: Any, log_real: np.ndarray) -> float:
    """U = (sum Lbar (B V)^eps)^(1/eps), Lbar 1 on average; at eps = 0 people's mean ln(B V)."""
    weight = model.home_weight.values / model.home_weight.values.mean()
    if model.migration_elasticity == 0.0:
        return float(np.exp(weight @ log_real / weight.sum()))
    terms = np.log(weight) + model.migration_elasticity * log_real
    top = float(np.max(terms))
    return float(np.exp((top + np.log(np.sum(np.exp(terms - top)))) / model.migration_elasticity))
