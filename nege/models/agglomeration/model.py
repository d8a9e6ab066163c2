"""Industries that agglomerate in places, online, or both: nege's own model, after Tan & Xia (2022).

A firm of industry k sits in place p and sells through channel c, offline or online, so that
where it is and whether it sells online are separate choices. The equations, with a table of
symbols, are at the top of ``equations``; this file holds the parameters with their words, the
outcome, and the audit from the published equations.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import xarray as xr

from nege import memory, validation
from nege.errors import InputError
from nege.geography import Geography, equidistant
from nege.models.agglomeration import audit as audit
from nege.models.agglomeration import equations
from nege.models.agglomeration import parameters as fields
from nege.models.agglomeration import unknowns as unknowns
from nege.models.agglomeration.rest import FEWEST, LARGE, NUDGE, clear, deviations, find
from nege.models.base import Model
from nege.models.changes import Limit
from nege.models.solutions import Deviations, LongRun, ShortRun, Variable
from nege.options import Logit, Replicator, SolverOptions

__all__ = ["OnlineAgglomeration"]

CELL, PLACE = ("industry", "place", "channel"), ("place",)
INDUSTRIES = ("manufacturing", "services")
CITY_PRODUCTIVITY = (1.05, 1.25)  # of the two industries in the first place, step 0
CITY_START = 1.6  # firms of the first place over those of another, at the default start
SCATTER = 2.0  # of firms at random starts, in logs
FIRMS_START = 0.3  # firms of an industry and channel at the default start
Values = float | Sequence[float] | Mapping[str, float] | np.ndarray | xr.DataArray


@dataclasses.dataclass(frozen=True, init=False, eq=False, repr=False)
class OnlineAgglomeration(Model):
    """Industries that agglomerate in places, online, or both: sites and channels are two choices.

    A firm sits in a place, buys labour, land and inputs there, learns from firms it can
    reach, and sells offline, at a cost of search and transport that grows with distance, or
    online, at the digital trade cost, without search and without what can be digitised of
    transport. Firms enter while profits last; people move to where they would rather live.
    The equations are nege's own, after Tan & Xia (2022); ``nege/models/agglomeration/equations.py``
    has them with their symbols. Defaults are the first step of
    :func:`nege.scenarios.digital_turn`.

    Every parameter but `housing`, `migration_elasticity` and those of the remote labour
    market is over the dimensions named below; one number serves all, and labelled values
    are matched by name.

    Parameters
    ----------
    geography : Geography, optional
        Places and distances; by default four equidistant places.
    industries : sequence of str
        Names. Defaults that differ between industries are for two: with other than two, give
        `consumption`, `inputs`, `land_share`, `transport_cost`, `search_cost` and
        `digitisability`.
    sigma : industry
        Elasticity of substitution between varieties, above 1.
    variety : industry
        Exponent of the mass of firms in the price index: 1 is Dixit-Stiglitz, and firms can
        vanish from a place; below 1 firms differ, and some are everywhere.
    consumption : industry
        Shares of consumers' spending; they sum to one with `housing`.
    housing : float
        Share of land in consumers' spending.
    inputs : input, industry
        Share of each input in the cost of each using industry.
    land_share : industry
        Share of land in cost. Labour takes what inputs and land leave.
    productivity : industry, place
        Institutions and skills. By default 1.05 and 1.25 in the first place, the city, and
        1 elsewhere (1 everywhere with other than two industries).
    land : place
        By default equal, one unit in all.
    amenity : place
        Factor on utility.
    home_weight : place
        Where people would live if all places were equally good, in any unit.
    migration_elasticity : float
        Of population to real income; 0 keeps people where `home_weight` has them.
    spillover : industry
        Elasticity of productivity to the firms of the industry within reach.
    spillover_decay : industry
        How fast knowledge fades with distance.
    online_spillover : industry
        Weight of the pool of all online firms for an online firm, wherever they are.
    hears_online : industry
        Weight of that pool for offline firms, relative to online ones: 0 where codified
        knowledge stays among online firms, 1 where everybody hears it.
    hears_offline : industry
        Weight of offline neighbours for online firms, relative to that for offline firms.
    diversity : industry
        Elasticity of productivity to the diversity of industries within reach.
    transport_cost, search_cost : industry
        Rates per unit of distance, offline. Search costs nothing online.
    digitisability : industry
        Part of transport that online sales do without, 0 to 1.
    digital_cost : industry
        Iceberg factor of online sales, at least 1.
    commission : industry
        Share of the buyer's price that platforms keep.
    platform_owner : place, optional
        Shares of places in the commission. By default everybody owns the same.
    firm_scale : industry, channel
        Fixed scale of a firm.
    remote_labour_share : industry
        Weight of remote labour in the labour cost of online firms; 0 everywhere means
        that there is no remote labour.
    remote_substitution : float
        Elasticity of substitution between local and remote labour; 1 is Cobb-Douglas.
    remote_elasticity : float
        Elasticity of the supply of remote labour.
    remote_friction : float
        Units of remote labour that it takes to deliver one, at least 1.

    Raises
    ------
    InputError
        Naming the argument, the value, what is allowed and why.

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

    geography: Geography
    industries: tuple[str, ...]
    sigma: xr.DataArray
    variety: xr.DataArray
    consumption: xr.DataArray
    housing: float
    inputs: xr.DataArray
    land_share: xr.DataArray
    productivity: xr.DataArray
    land: xr.DataArray
    amenity: xr.DataArray
    home_weight: xr.DataArray
    migration_elasticity: float
    spillover: xr.DataArray
    spillover_decay: xr.DataArray
    online_spillover: xr.DataArray
    hears_online: xr.DataArray
    hears_offline: xr.DataArray
    diversity: xr.DataArray
    transport_cost: xr.DataArray
    search_cost: xr.DataArray
    digitisability: xr.DataArray
    digital_cost: xr.DataArray
    commission: xr.DataArray
    platform_owner: xr.DataArray | None
    firm_scale: xr.DataArray
    remote_labour_share: xr.DataArray
    remote_substitution: float
    remote_elasticity: float
    remote_friction: float

    online = None  # every place has its own online channel instead of an online region
    bounds = fields.BOUNDS
    title: ClassVar[str] = "online agglomeration"
    parameters: ClassVar[tuple[str, ...]] = (*fields.PARAMETERS, "platform_owner")
    labelled: ClassVar[tuple[str, ...]] = (
        *(name for name, parameter in fields.PARAMETERS.items() if parameter.dims),
        "platform_owner",
    )
    payoff: ClassVar[str] = "welfare"
    in_shares: ClassVar[bool] = False
    nudge: ClassVar[float] = NUDGE
    variables: ClassVar[dict[str, Variable]] = {
        "firm_mass": Variable(CELL, "firms", "1"),
        "total_cost": Variable(CELL, "cost of all firms, which is their net revenue", "wage bill"),
        "price_index": Variable(("industry", "place"), "price index", "wage bill"),
        "wage": Variable(PLACE, "wage in local jobs", "wage bill"),
        "rent": Variable(PLACE, "rent of a unit of land", "wage bill"),
        "population": Variable(PLACE, "share of people", "1"),
        "income": Variable(PLACE, "income", "wage bill"),
        "remote_share": Variable(PLACE, "share of labour income that is earned remotely", "1"),
        "real_income": Variable(PLACE, "real income per head, amenity included", "utility"),
        "remote_wage": Variable((), "price of remote labour", "wage bill"),
        "dividend": Variable((), "income per head from land and platforms", "wage bill"),
        "commission_revenue": Variable((), "commission that platforms earn", "wage bill"),
        "welfare": Variable((), "expected utility of people who choose where to live", "utility"),
    }

    def __init__(
        self,
        geography: Geography | None = None,
        *,
        industries: Sequence[str] = INDUSTRIES,
        sigma: Values = 5.0,
        variety: Values = 0.8,
        consumption: Values = (0.4675, 0.3825),
        housing: float = 0.15,
        inputs: Values | Sequence[Sequence[float]] = ((0.20, 0.05), (0.20, 0.15)),
        land_share: Values = (0.2, 0.02),
        productivity: Values | None = None,
        land: Values | None = None,
        amenity: Values = 1.0,
        home_weight: Values = 1.0,
        migration_elasticity: float = 6.0,
        spillover: Values = 0.06,
        spillover_decay: Values = 5.0,
        online_spillover: Values = 1.0,
        hears_online: Values = 0.0,
        hears_offline: Values = 1.0,
        diversity: Values = 0.0,
        transport_cost: Values = (0.4, 0.0),
        search_cost: Values = (0.0, 1.5),
        digitisability: Values = (0.0, 1.0),
        digital_cost: Values = 3.0,
        commission: Values = 0.05,
        platform_owner: Values | None = None,
        firm_scale: Values = 1.0,
        remote_labour_share: Values = 0.0,
        remote_substitution: float = 2.0,
        remote_elasticity: float = 6.0,
        remote_friction: float = 1.3,
    ) -> None:
        given = dict(locals())
        defaults = inspect.signature(type(self)).parameters
        own = {name for name in defaults if given[name] is not defaults[name].default}
        geography = equidistant(4) if geography is None else geography
        if not isinstance(geography, Geography):
            cure = "Make one with nege.geography.equidistant(4)."
            raise InputError("geography", geography, "a Geography", cure)
        industries = validation.distinct_names(
            "industries", validation.texts("industries", industries)
        )
        if not industries:
            raise InputError("industries", industries, "at least one name")
        places = geography.names
        if productivity is None:
            wedge = np.ones((len(industries), len(places)))
            if len(industries) == len(CITY_PRODUCTIVITY):
                wedge[:, 0] = CITY_PRODUCTIVITY
            given["productivity"] = wedge
        if land is None:
            given["land"] = 1.0 / len(places)
        found = fields.checked(given, own, industries, places)
        fields.check_together(found, own)
        self._hold(
            geography=geography,
            industries=industries,
            platform_owner=fields.frozen_shares(platform_owner, places),
            **found,
        )

    def limits(self, at: Mapping[str, Any]) -> Iterator[Limit]:
        """Yield the budget: shares of consumers' spending sum to one."""
        yield fields.spent(self.__dict__["consumption"], at["housing"])

    def kernel_with(self, operator: str = "auto", *, compiled: bool = True) -> equations.Parameters:
        """Return the NamedTuple of parameters that kernels read."""
        validation.known("operator", operator, ("auto", "dense"))
        places, (needed,) = f"{len(self.geography)} places", self.memory().values()
        memory.check("geography", places, needed, "for this model", "It has no smaller operator.")
        return fields.kernel(self)

    # --- the long run ---------------------------------------------------------------

    def own_short_run(
        self, share: np.ndarray, state: np.ndarray, options: SolverOptions
    ) -> ShortRun:
        """Return markets that clear while firms and people stay where they are."""
        start = self._with_movers(share, state)
        return clear(self.kernel_for(options.operator, compiled=True), start, options)

    def own_deviations(
        self, data: xr.Dataset, dynamics: Replicator | Logit, options: SolverOptions
    ) -> Deviations:
        """Return how firms and people move away from rest."""
        self._replicator(dynamics)
        share = self.check_share(data, "equilibrium")
        state = self._with_movers(share, unknowns.from_data(self, data))
        growth, rates, vectors = deviations(self.kernel, state, options)
        shares = self._unknowns.shares(share)
        return Deviations(self._unknowns.movers, shares, growth, rates, vectors.T * shares)

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
            self.kernel_for(options.operator, compiled=True),
            self.geography.names,
            self._with_movers(share, state),
            self.start_state(),
            options,
            leave_unstable=self._replicator(dynamics).allow_entry,
        )

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
        names = fields.labels(self.industries, self.geography.names)
        return {dim: list(names[dim]) for dim in ("industry", "place", "channel")}

    def outcome(
        self, share: np.ndarray, state: np.ndarray, parameters: Any = None
    ) -> dict[str, np.ndarray]:
        """Return every variable of the economy at its unknowns."""
        return unknowns.outcome(self, state, self.kernel if parameters is None else parameters)

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
