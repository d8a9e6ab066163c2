"""Industries that agglomerate in places, online, or both: nege's own model, after Tan & Xia (2022).

A firm of industry k sits in place p and sells through channel c, offline or online, so that
where it is and whether it sells online are separate choices. The equations, with a table of
symbols, are at the top of ``equations``; this file holds the parameters with their words, the
outcome, and the audit from the published equations.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
import xarray as xr

from nege import memory, validation
from nege.errors import InputError
from nege.geography import Geography, equidistant
from nege.models import fields
from nege.models.agglomeration import audit as audit
from nege.models.agglomeration import equations, parameters
from nege.models.agglomeration import unknowns as unknowns
from nege.models.agglomeration.parameters import by_industry, positive, share, table, weight
from nege.models.agglomeration.rest import (
    FEWEST,
    LARGE,
    NUDGE,
    RestOfIndustries,
    clear,
    deviations,
    find,
    leading_rate,
)
from nege.models.base import Model
from nege.models.changes import Limit
from nege.models.fields import Labelled
from nege.models.solutions import Deviations, LongRun, ShortRun, Variable
from nege.options import Logit, Replicator, SolverOptions
from nege.validation import Bounds

__all__ = ["OnlineAgglomeration"]

CELL, PLACE, INDUSTRY = ("industry", "place", "channel"), ("place",), ("industry",)
INDUSTRIES = ("manufacturing", "services")
CITY_START = 1.6  # firms of the first place over those of another, at the default start
SCATTER = 2.0  # of firms at random starts, in logs
FIRMS_START = 0.3  # firms of an industry and channel at the default start
SPENT = "It is a share of consumers' spending."
OF_FIRMS = weight("It is a weight of firms.")
OF_DISTANCE = weight("0 means that distance is free.")


class OnlineAgglomeration(Model):
    """Industries that agglomerate in places, online, or both: sites and channels are two choices.

    A firm sits in a place, buys labour, land and inputs there, learns from firms it can
    reach, and sells offline, at a cost of search and transport that grows with distance, or
    online, at the digital trade cost, without search and without what can be digitised of
    transport. Firms enter while profits last; people move to where they would rather live.
    The equations are nege's own, after Tan & Xia (2022); ``nege/models/agglomeration/equations.py``
    has them with their symbols. Defaults are the first step of
    :func:`nege.scenarios.stylised_turn`; :func:`nege.scenarios.metropolis_and_town` is an
    economy whose places differ.

    Where a parameter is over dimensions, one number serves all, and labelled values are
    matched by name.

    See Also
    --------
    nege.solve : where firms and people end up.
    nege.follow : the same along a path of parameters.
    nege.patterns : what the map of industry looks like.

    Notes
    -----
    Not for pro-competitive effects: markups are constant here.

    Examples
    --------
    >>> import nege
    >>> economy = nege.OnlineAgglomeration()
    >>> found = nege.solve(economy)
    >>> share = found.data.total_cost.sum("channel").sel(industry="services")
    >>> round(float(share.sel(place="0") / share.sum()), 4)
    0.5338
    """

    geography: Geography = fields.geography(
        default=None,
        instead=lambda _: equidistant(4),
        count=4,
        more="By default four equidistant places.",
        kw_only=False,
    )
    industries: tuple[str, ...] = parameters.industries(
        "names of the industries",
        default=INDUSTRIES,
        more="Defaults that differ between industries are for two.",
    )
    sigma: Labelled[xr.DataArray] = table(
        INDUSTRY, "elasticity of substitution between varieties", fields.SIGMA, default=5.0
    )
    variety: Labelled[xr.DataArray] = by_industry(
        "exponent of the mass of firms in the price index",
        Bounds(
            above=0.0,
            at_most=1.0,
            cure="1 is Dixit-Stiglitz; lower means that firms differ. Above 1 the market would "
            "value firms more than love of variety does.",
        ),
        default=0.8,
        more="At 1, Dixit-Stiglitz, firms can vanish from a place; "
        "below 1 firms differ, and some are everywhere.",
    )
    consumption: Labelled[xr.DataArray] = by_industry(
        "share of consumers' spending",
        Bounds(at_least=0.0, at_most=1.0, cure=SPENT),
        default=(0.4675, 0.3825),
        more="They sum to one with `housing`.",
    )
    housing: float = fields.number(
        "share of land in consumers' spending", share(SPENT), default=0.15
    )
    inputs: Labelled[xr.DataArray] = table(
        ("input", "industry"),
        "share of each input in the cost of each using industry",
        share("It is a share of the user's cost."),
        default=((0.20, 0.05), (0.20, 0.15)),
    )
    land_share: Labelled[xr.DataArray] = by_industry(
        "share of land in cost",
        share("It is a share of cost."),
        default=(0.2, 0.02),
        more="Labour takes what inputs and land leave.",
    )
    productivity: Labelled[xr.DataArray] = table(
        ("industry", "place"),
        "productivity of a place: institutions and skills",
        positive("Costs are divided by it."),
        default=None,
        instead=parameters.city_ahead,
        more="By default 1.05 and 1.25 in the first place, the city, and 1 elsewhere "
        "(1 everywhere with other than two industries).",
    )
    land: Labelled[xr.DataArray] = table(
        PLACE,
        "land",
        positive("A place without land has no rent that clears."),
        default=None,
        instead=lambda economy: 1.0 / len(economy.geography),
        unit="all land by default",
        more="By default equal, one unit in all.",
    )
    amenity: Labelled[xr.DataArray] = table(
        PLACE, "factor on utility", positive("Utility is multiplied by it."), default=1.0
    )
    home_weight: Labelled[xr.DataArray] = table(
        PLACE,
        "where people would live if all places were equally good",
        positive("Somebody has to live in every place."),
        default=1.0,
        unit="any",
    )
    migration_elasticity: float = fields.number(
        "elasticity of population to real income",
        weight("0 means that people stay where they are."),
        default=6.0,
        more="0 keeps people where `home_weight` has them.",
    )
    spillover: Labelled[xr.DataArray] = by_industry(
        "elasticity of productivity to the firms of the industry within reach",
        weight("Knowledge does not raise costs."),
        default=0.06,
    )
    spillover_decay: Labelled[xr.DataArray] = by_industry(
        "how fast knowledge fades with distance",
        weight("Knowledge does not grow on its way."),
        default=5.0,
        unit="log points per unit of distance",
    )
    online_spillover: Labelled[xr.DataArray] = by_industry(
        "weight of the pool of all online firms for an online firm, wherever they are",
        OF_FIRMS,
        default=1.0,
    )
    hears_online: Labelled[xr.DataArray] = by_industry(
        "weight of that pool for offline firms, relative to online ones",
        OF_FIRMS,
        default=0.0,
        more="0 where codified knowledge stays among online firms, 1 where everybody hears it.",
    )
    hears_offline: Labelled[xr.DataArray] = by_industry(
        "weight of offline neighbours for online firms, relative to that for offline firms",
        OF_FIRMS,
        default=1.0,
    )
    diversity: Labelled[xr.DataArray] = by_industry(
        "elasticity of productivity to the diversity of industries within reach",
        weight("Diversity does not raise costs."),
        default=0.0,
    )
    transport_cost: Labelled[xr.DataArray] = by_industry(
        "cost of transport, offline",
        OF_DISTANCE,
        default=(0.4, 0.0),
        unit="log points per unit of distance",
    )
    search_cost: Labelled[xr.DataArray] = by_industry(
        "cost of search and negotiation, offline",
        OF_DISTANCE,
        default=(0.0, 1.5),
        unit="log points per unit of distance",
        more="Online, search costs nothing.",
    )
    digitisability: Labelled[xr.DataArray] = by_industry(
        "part of transport that online sales do without",
        Bounds(at_least=0.0, at_most=1.0, cure="It is the part that need not be shipped."),
        default=(0.0, 1.0),
    )
    digital_cost: Labelled[xr.DataArray] = by_industry(
        "iceberg cost of online delivery",
        Bounds(at_least=1.0, cure="It is an iceberg factor: 1 means that nothing melts."),
        default=3.0,
    )
    commission: Labelled[xr.DataArray] = by_industry(
        "share of the buyer's price that platforms keep",
        share("It is a share of the buyer's price."),
        default=0.05,
    )
    platform_owner: Labelled[xr.DataArray | None] = parameters.owners(
        "shares of places in the commission",
        default=None,
        more="By default everybody owns the same.",
    )
    firm_scale: Labelled[xr.DataArray] = table(
        ("industry", "channel"),
        "fixed scale of a firm",
        positive("It is how large firms are."),
        default=1.0,
    )
    remote_labour_share: Labelled[xr.DataArray] = by_industry(
        "weight of remote labour in the labour cost of online firms",
        share("It is the weight of remote labour in online firms' labour cost."),
        default=0.0,
        more="0 everywhere means that there is no remote labour.",
    )
    remote_substitution: float = fields.number(
        "elasticity of substitution between local and remote labour",
        positive("1 is Cobb-Douglas."),
        default=2.0,
        more="1 is Cobb-Douglas.",
    )
    remote_elasticity: float = fields.number(
        "elasticity of the supply of remote labour",
        positive("People supply more where pay is better."),
        default=6.0,
    )
    remote_friction: float = fields.number(
        "units of remote labour that it takes to deliver one",
        Bounds(at_least=1.0, cure="It is the part of remote work that is lost: 1 loses nothing."),
        default=1.3,
    )

    title: ClassVar[str] = "online agglomeration"
    payoff: ClassVar[str] = "welfare"
    in_shares: ClassVar[bool] = False
    checks_stability: ClassVar[bool] = True
    nudge: ClassVar[float] = NUDGE
    variables: ClassVar[dict[str, Variable]] = {
        "firm_mass": Variable(CELL, "firms", "1"),
        "total_cost": Variable(CELL, "cost of all firms, which is their net revenue", "wage bill"),
        "price_index": Variable(("industry", "place"), "price index", "wage bill"),
        "wage": Variable(PLACE, "wage in local jobs", "wage bill"),
        "rent": Variable(PLACE, "rent of a unit of land", "wage bill"),
        "population": Variable(PLACE, "share of people", "1"),
        "area": Variable(PLACE, "share of land", "1"),
        "income": Variable(PLACE, "income", "wage bill"),
        "remote_share": Variable(PLACE, "share of labour income that is earned remotely", "1"),
        "real_income": Variable(PLACE, "real income per head, amenity included", "utility"),
        "remote_wage": Variable((), "price of remote labour", "wage bill"),
        "dividend": Variable((), "income per head from land and platforms", "wage bill"),
        "commission_revenue": Variable((), "commission that platforms earn", "wage bill"),
        "welfare": Variable((), "expected utility of people who choose where to live", "utility"),
    }

    def _fill(self, given: Mapping[str, Any]) -> None:
        """Check and set every field, and say at once whatever is wrong with its numbers."""
        own = {name for name in given if given[name] is not self.fields[name].default}
        for name in ("geography", "industries"):
            self._hold(name, self.fields[name].check(given[name], self))
        found = parameters.checked(self, given, own)
        parameters.check_together(found, own)
        owner = self.fields["platform_owner"].check(given["platform_owner"], self)
        for name, value in {**found, "platform_owner": owner}.items():
            self._hold(name, value)

    def _with_fields(self, arguments: Mapping[str, Any], changed: set[str]) -> Self:
        """Return the same with other numbers: what is not new has been checked before."""
        if not changed <= set(parameters.numbers(self)):
            return super()._with_fields(arguments, changed)
        made: Self = object.__new__(type(self))
        held = vars(made)
        held.update({name: vars(self)[name] for name in self.fields})
        for name, value in parameters.checked(made, arguments, changed, changed).items():
            made._hold(name, value)
        parameters.check_together({name: held[name] for name in parameters.numbers(made)}, changed)
        return made

    def labels(self) -> Mapping[str, Sequence[str]]:
        """Return the names along the dimensions that fields are over."""
        return parameters.labels(self.industries, self.geography.names)

    def limits(self, at: Mapping[str, Any]) -> Iterator[Limit]:
        """Yield the budget: shares of consumers' spending sum to one."""
        yield parameters.spent(self.__dict__["consumption"], at["housing"])

    def make_arrays(
        self, operator: str = "auto", *, compiled: bool = True
    ) -> equations.AgglomerationParameters:
        """Return the NamedTuple of parameters that kernels read."""
        validation.known("operator", operator, ("auto", "dense"))
        places, (needed,) = f"{len(self.geography)} places", self.memory().values()
        memory.check("geography", places, needed, "for this model", "It has no smaller operator.")
        return parameters.arrays(self)

    # --- the long run ---------------------------------------------------------------

    def own_short_run(
        self, share: np.ndarray, state: np.ndarray, options: SolverOptions
    ) -> ShortRun:
        """Return markets that clear while firms and people stay where they are."""
        start = self._with_movers(share, state)
        return clear(self.arrays_for(options.operator, compiled=True), start, options)

    def own_deviations(
        self, data: xr.Dataset, dynamics: Replicator | Logit, options: SolverOptions
    ) -> Deviations:
        """Return how firms and people move away from rest."""
        self._replicator(dynamics)
        share, state = self.check_share(data, "equilibrium"), self.state_of(data)
        growth, rates, vectors = deviations(self.arrays, state, options)
        shares = self._unknowns.shares(share)
        return Deviations(self._unknowns.movers, shares, growth, rates, vectors.T * shares)

    def own_leading_rate(
        self, data: xr.Dataset, dynamics: Replicator | Logit, options: SolverOptions
    ) -> float:
        """Return the growth rate of the fastest deviation of firms and people from rest."""
        self._replicator(dynamics)
        return leading_rate(self.arrays, self.state_of(data), options)

    def state_of(self, data: xr.Dataset) -> np.ndarray:
        """Return the unknowns of a solved economy."""
        share = self.check_share(data, "equilibrium")
        return self._with_movers(share, unknowns.from_data(self, data))

    def _with_movers(self, movers: np.ndarray, state: np.ndarray) -> np.ndarray:
        """Return a state with firms and people where they are.

        Firms that are everywhere, but too few for double precision, are as few as it has.
        """
        state = self._unknowns.with_movers(movers, state)
        firms = self._unknowns.rows(state)[:, : 2 * len(self.industries)]
        everywhere = np.repeat(self.variety.values < 1.0, 2)
        # Online firms that learn from each other alone may all be absent.
        alone = (self.hears_offline.values == 0.0) & (self.spillover.values > 0.0)
        absent = alone & np.isneginf(firms[:, equations.ONLINE :: 2]).all(0)
        everywhere[equations.ONLINE :: 2] &= ~absent
        firms[:] = np.where(everywhere, np.maximum(firms, FEWEST), firms)
        return state

    @staticmethod
    def _replicator(dynamics: Replicator | Logit) -> Replicator:
        if isinstance(dynamics, Logit):
            raise InputError(
                "dynamics",
                dynamics,
                "nege.Replicator(...) for this model",
                "Its people have tastes of their own: migration_elasticity is 1/scale, amenity "
                "their weights.",
            )
        return dynamics

    def own_long_run(
        self,
        share: np.ndarray,
        state: np.ndarray,
        dynamics: Replicator | Logit,
        options: SolverOptions,
    ) -> LongRun:
        """Return where firms and people come to rest from a start."""
        return find(
            self.arrays_for(options.operator, compiled=True),
            self.geography.names,
            self._with_movers(share, state),
            self.start_state(),
            options,
            leave_unstable=self._replicator(dynamics).allow_entry,
        )

    def equations_of_rest(
        self, dynamics: Replicator | Logit, options: SolverOptions
    ) -> RestOfIndustries:
        """Return what is zero at rest, firms, people and prices together."""
        self._replicator(dynamics)
        return RestOfIndustries(self.arrays, self.geography.names, self._unknowns.movers, options)

    def default_start(self) -> np.ndarray:
        """Return firms, 1.6 times as many in the first place as in others, and people, even."""
        places = len(self.geography)
        firms = np.full((len(self.industries), places, 2), FIRMS_START / places)
        firms[:, 0] *= CITY_START
        return self._unknowns.pack(firms, np.full(places, 1.0 / places))

    def random_start(self, rng: np.random.Generator) -> np.ndarray:
        """Return firms that differ by factors of about 20 each way, and people anywhere."""
        places = len(self.geography)
        firms = np.exp(SCATTER * rng.normal(size=(len(self.industries), places, 2)))
        return self._unknowns.pack(FIRMS_START / places * firms, rng.dirichlet(np.ones(places)))

    def check_share(self, share: Any, argument: str = "start") -> np.ndarray:
        """Return firms and people to start from, taken from a Dataset or mapping, checked."""
        return unknowns.checked_movers(self, share, argument)

    @functools.cached_property
    def _unknowns(self) -> unknowns.Unknowns:
        return unknowns.Unknowns(self.industries, self.geography.names)

    def start_state(self) -> np.ndarray:
        """Return the unknowns that markets start from: prices of one, spending at average."""
        return unknowns.start(self)

    def memory(self) -> dict[str, int]:
        """Return the bytes that a solve needs."""
        places, k = len(self.geography), len(self.industries)
        size = places * (4 * k + equations.LOCAL) + 2
        tables = 8 * (3 * k + 2) * places**2
        return {"dense": tables + (32 * size**2 if places <= LARGE else 3300 * size)}

    def long_run_memory(self, tables: int = 0) -> dict[str, int]:
        """Return the same: its short and its long run are solved alike."""
        return self.memory()

    # --- results --------------------------------------------------------------------

    def coordinates(self) -> dict[str, Any]:
        """Return the labels of every dimension of the model's variables."""
        names = self.labels()
        return {dim: list(names[dim]) for dim in ("industry", "place", "channel")}

    def outcome(
        self, share: np.ndarray, state: np.ndarray, parameters: Any = None
    ) -> dict[str, np.ndarray]:
        """Return every variable of the economy at its unknowns."""
        return unknowns.outcome(self, state, self.arrays if parameters is None else parameters)

    def summary(self, data: xr.Dataset) -> str:
        """Say in a sentence where each industry is, and how far it is online."""
        cost = data["total_cost"]
        parts = []
        for name in self.industries:
            share = cost.sel(industry=name) / cost.sel(industry=name).sum()
            by_place = share.sum("channel")
            top = str(by_place["place"].values[int(np.argmax(by_place.values))])
            parts.append(
                f"{name}: {float(by_place.max()):.1%} in {top}, "
                f"{float(share.sel(channel='online').sum()):.1%} online"
            )
        people = data["population"]
        top = str(people["place"].values[int(np.argmax(people.values))])
        return f"{'; '.join(parts)}. {float(people.max()):.1%} of people live in {top}."

    def audit(self, data: xr.Dataset) -> dict[str, float]:
        """Recompute every equation of clearing markets; the relative violation of each by name."""
        return audit.clearing(self, data)

    def audit_motion(
        self, data: xr.Dataset, dynamics: Replicator | Logit | None
    ) -> dict[str, float]:
        """Return how far people are from summing to one, and in a long run firms from rest."""
        found = {"population sums to one": abs(float(data["population"].sum()) - 1.0)}
        return found if dynamics is None else {**found, **audit.rest(self, data)}

    def __repr__(self) -> str:
        return (
            f"OnlineAgglomeration({len(self.geography)} places, industries: "
            f"{', '.join(self.industries)})"
        )
