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
from nege.errors import InputError, in_words, near
from nege.geography import Geography, equidistant
from nege.models import fields
from nege.models.agglomeration import audit as audit
from nege.models.agglomeration import chosen, layout, parameters
from nege.models.agglomeration import units as units
from nege.models.agglomeration import unknowns as unknowns
from nege.models.agglomeration.kinds import (
    CHANNELS,
    INDUSTRY,
    PLACE,
    by_industry,
    positive,
    table,
)
from nege.models.agglomeration.mechanisms import frame
from nege.models.agglomeration.mechanisms.channels import Channels
from nege.models.agglomeration.mechanisms.commission import Commission
from nege.models.agglomeration.mechanisms.diversity import Diversity
from nege.models.agglomeration.mechanisms.frame import Mechanism
from nege.models.agglomeration.mechanisms.inputs import Inputs
from nege.models.agglomeration.mechanisms.knowledge import Knowledge
from nege.models.agglomeration.mechanisms.land import SPENT, Land
from nege.models.agglomeration.mechanisms.migration import Migration
from nege.models.agglomeration.mechanisms.remote_work import RemoteWork
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
from nege.models.rest import shares_of
from nege.models.solutions import Deviations, LongRun, ShortRun, Variable
from nege.solver_options import Logit, Replicator, SolverOptions
from nege.status import Status
from nege.validation import Bounds

__all__ = ["OnlineAgglomeration"]

CELL = ("industry", "place", "channel")
INDUSTRIES = ("manufacturing", "services")
CITY_START = 1.6  # firms of the first place over those of another, at the default start
SCATTER = 2.0  # of firms at random starts, in logs
FIRMS_START = 0.3  # firms of an industry and channel at the default start


class Variables(dict[str, Variable]):
    """Variables of the model; of an economy those of its mechanisms too."""

    def __get__(self, owner: Any, kind: type) -> Mapping[str, Variable]:
        if owner is None or not owner.mechanisms:
            return self
        return {**self, **frame.variables(frame.acting(owner))}


class OnlineAgglomeration(
    Migration,
    Commission,
    RemoteWork,
    Channels,
    Land,
    Diversity,
    Knowledge,
    Inputs,
    Model,
):
    """Industries that agglomerate in places, online, or both: sites and channels are two choices.

    A firm sits in a place, buys labour, land and inputs there, learns from firms it can
    reach, and sells offline, at a cost of search and transport that grows with distance, or
    online, at the digital trade cost, without search and without what can be digitised of
    transport. Firms enter while profits last; people move to where they would rather live.
    The equations are nege's own, after Tan & Xia (2022); ``nege/models/agglomeration/equations.py``
    has them with their symbols. Defaults are the first step of
    :func:`nege.scenarios.stylised_turn`; its first place, the city, leads by default only where
    places are no more than numbered. :func:`nege.scenarios.metropolis_and_town` is an economy whose
    places differ.

    Where a parameter is over dimensions, one number serves all, and labelled values are
    matched by name.

    See Also
    --------
    nege.solve : where firms and people end up.
    nege.follow : the same along a path of parameters.
    nege.patterns : what the map of industry looks like.

    Notes
    -----
    Not for pro-competitive effects: markups are constant, but with
    :class:`nege.mechanisms.Oligopoly`, where they fall with the number of competitors.

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
        INDUSTRY,
        "elasticity of substitution between varieties",
        fields.SIGMA,
        default=5.0,
        term="elasticity of substitution",
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
        term="love of variety (exponent)",
    )
    consumption: Labelled[xr.DataArray] = by_industry(
        "share of consumers' spending",
        Bounds(at_least=0.0, at_most=1.0, cure=SPENT),
        default=(0.4675, 0.3825),
        more="They sum to one with `housing`.",
        term="share of spending",
    )
    productivity: Labelled[xr.DataArray] = table(
        ("industry", "place"),
        "productivity of a place: institutions and skills",
        positive("Costs are divided by it."),
        default=None,
        instead=parameters.city_ahead,
        more="By default 1, but 1.05 and 1.25 for two industries in the first place, the city, of "
        "a textbook's geography: places without names, population or position on the map.",
        term="productivity",
    )
    firm_scale: Labelled[xr.DataArray] = table(
        ("industry", "channel"),
        "fixed scale of a firm",
        positive("It is how large firms are."),
        default=1.0,
    )
    mechanisms: Mapping[str, Mechanism] = frame.mechanisms(
        "mechanisms beside these",
        more='By name afterwards, ``economy.mechanisms["access"]``; none change nothing.',
    )

    title: ClassVar[str] = "online agglomeration"
    payoff: ClassVar[str] = "welfare"
    in_shares: ClassVar[bool] = False
    checks_stability: ClassVar[bool] = True
    nudge: ClassVar[float] = NUDGE
    #: Of an economy that ``nege.invert`` made: the data, as the equilibrium that they are of it.
    observed: ClassVar[Any] = None
    variables: ClassVar[Mapping[str, Variable]] = Variables(
        {
            "firm_mass": Variable(CELL, "firms", "1"),
            "total_cost": Variable(
                CELL, "cost of all firms, which is their net revenue", "wage bill"
            ),
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
            "welfare": Variable(
                (), "expected utility of people who choose where to live", "utility"
            ),
        }
    )

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
        self._hold("mechanisms", self.fields["mechanisms"].check(given["mechanisms"], self))
        frame.check(self)

    def _with_fields(self, arguments: Mapping[str, Any], changed: set[str]) -> Self:
        """Return the same with other numbers: what is not new has been checked before."""
        numbers = changed & set(parameters.numbers(self))
        if not changed <= numbers | {"mechanisms"}:
            return super()._with_fields(arguments, changed)
        made: Self = object.__new__(type(self))
        held = vars(made)
        held.update({name: vars(self)[name] for name in self.fields})
        if numbers:
            # Made anew by their checks: there is nobody else to keep them from.
            held.update(parameters.checked(made, arguments, numbers, numbers))
            if numbers & parameters.TOGETHER:
                together = {name: held[name] for name in parameters.numbers(made)}
                parameters.check_together(together, numbers)
        if "mechanisms" in changed:
            given = self.fields["mechanisms"].check(arguments["mechanisms"], made)
            made._hold("mechanisms", given)
        frame.check(made)
        return made

    def with_numbers(self, changes: Mapping[str, Any], scalars: Mapping[str, float]) -> Self:
        """Return the economy with others of its scalars, checked like any other economy."""
        made = super().with_numbers(changes, scalars)
        frame.check(made)
        return made

    def labels(self) -> Mapping[str, Sequence[str]]:
        """Return the names along the dimensions that fields are over."""
        return parameters.labels(self.industries, self.geography.names)

    # --- mechanisms -----------------------------------------------------------------

    @property
    def modes(self) -> tuple[str, ...]:
        """Names of the modes of firms: the two channels, and those that mechanisms add."""
        return (*CHANNELS, *(mode for one in self.mechanisms.values() for mode in one.modes))

    def with_mechanisms(self, *added: Mechanism) -> Self:
        """Return the economy with more mechanisms, or others under the same names.

        Parameters
        ----------
        *added : Mechanism
            Those of ``nege.mechanisms``, or of one's own.

        Examples
        --------
        >>> import nege
        >>> economy = nege.OnlineAgglomeration()
        >>> economy.with_mechanisms(nege.mechanisms.Matching(vacancy_cost=0.1)).mechanisms
        {'matching': Matching(vacancy_cost=..., remote_vacancy_cost=0)}
        """
        frame.checked(added)
        both = {**self.mechanisms, **{one.name: one for one in added}}
        return self.replace(mechanisms=list(both.values()))

    def without(self, *names: str) -> Self:
        """Return the economy without some of its mechanisms, by name."""
        for name in names:
            if name not in self.mechanisms:
                cure = near(name, self.mechanisms) if self.mechanisms else "It has none."
                raise InputError("names", name, "a mechanism of the economy", cure)
        left = {name: one for name, one in self.mechanisms.items() if name not in names}
        return self.replace(mechanisms=left)

    def varied(self) -> tuple[str, ...]:
        """Return the names that sweeps can vary, dotted ones of mechanisms included."""
        return (*super().varied(), *frame.dotted(self.mechanisms))

    def replace(self, changes: Mapping[str, Any] | None = None, /, **more: Any) -> Self:
        """Return a copy of the economy with some parameters changed.

        Parameters
        ----------
        changes : mapping, optional
            New values by name; of a mechanism's parameters by dotted names,
            ``{"matching.vacancy_cost": 0.1}``, and so of one number of a table,
            ``{"digital_cost.services": 1.4}``.
        **more
            The same as keywords.

        Returns
        -------
        OnlineAgglomeration
            Checked like any other; this one stays as it is.

        Raises
        ------
        InputError
            For a parameter that the model does not have, naming those near it.
        """
        if changes is not None and not isinstance(changes, Mapping):
            return super().replace(changes, **more)
        given = {**(changes or {}), **more}
        if not (self.mechanisms or given.get("mechanisms")):
            return super().replace(given)
        reaching = {
            name: given.pop(name)
            for name in list(given)
            if "." in str(name) and str(name).split(".")[0] not in self.fields
        }
        if "mechanisms" not in given:
            self._check_labels(given, reaching)
        if reaching:
            made = self.mechanisms
            if "mechanisms" in given:
                made = self.fields["mechanisms"].check(given["mechanisms"], self)
            given["mechanisms"] = frame.reached(made, reaching)
        return super().replace(given)

    def _check_labels(self, given: Mapping[str, Any], reaching: Mapping[str, Any]) -> None:
        """Refuse other places or industries where mechanisms say something of these."""
        for argument, dim in (("geography", "place"), ("industries", "industry")):
            if argument not in given:
                continue
            value = self.fields[argument].check(given[argument], self)
            names = value.names if argument == "geography" else value
            stale = set(frame.tables_over(self.mechanisms, dim)) - set(reaching)
            if stale and names != tuple(self.labels()[dim]):
                allowed = f"given together with {in_words(sorted(stale))} where names are others"
                raise InputError(argument, value, allowed, "Or with mechanisms, all anew.")

    def to_dataset(self) -> xr.Dataset:
        """Return the model as a Dataset from which ``from_dataset`` makes it again."""
        return frame.stored(super().to_dataset(), self.mechanisms)

    @classmethod
    def restore(cls, arguments: dict[str, Any]) -> None:
        """Put mechanisms into a stored model's arguments."""
        frame.restored(arguments)

    def limits(self, at: Mapping[str, Any]) -> Iterator[Limit]:
        """Yield the budget: shares of consumers' spending sum to one."""
        yield parameters.spent(self.__dict__["consumption"], at["housing"])

    def make_arrays(
        self, operator: str = "auto", *, compiled: bool = True
    ) -> layout.AgglomerationParameters:
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
        self.check_explicit("in a short run nobody else responds")
        arrays, start = (
            self.arrays_for(options.operator, compiled=True),
            self._with_movers(share, state),
        )
        return clear(arrays, start, self._usual_start(), options)

    def own_deviations(
        self, data: xr.Dataset, dynamics: Replicator | Logit, options: SolverOptions
    ) -> Deviations:
        """Return how firms and people move away from rest."""
        self._replicator(dynamics)
        share, state = self.check_share(data, "equilibrium"), self.state_of(data)
        rest = self.equations_of_rest(dynamics, options)
        growth, rates, vectors = deviations(self._settled(data), state, options)
        inside, (every, by_logs) = self._unknowns.shares(share), shares_of(rest, state)
        shares = np.append(inside, every[inside.size :])
        # Changes of shares by their own logs; of splits, others have less.
        level = np.append(inside, np.diag(by_logs)[inside.size :])
        shapes = vectors[rest.moving].T * level
        return Deviations(rest.movers, shares, growth[rest.moving], rates, shapes)

    def own_leading_rate(
        self, data: xr.Dataset, dynamics: Replicator | Logit, options: SolverOptions
    ) -> float:
        """Return the growth rate of the fastest deviation of firms and people from rest."""
        self._replicator(dynamics)
        return leading_rate(self._settled(data), self.state_of(data), options)

    def state_of(self, data: xr.Dataset) -> np.ndarray:
        """Return the unknowns of a solved economy."""
        share = self.check_share(data, "equilibrium")
        state = self._with_movers(share, unknowns.from_data(self, data))
        if not self.arrays.calls.size:
            return state
        # What mechanisms add to spending is found once more.
        return clear(self._settled(data), state, self._usual_start(), SolverOptions()).state

    @functools.cached_property
    def _chooser(self) -> chosen.Chooser | None:
        return chosen.chooser(self)

    def _settled(self, data: xr.Dataset) -> layout.AgglomerationParameters:
        """Return what kernels read, where what is chosen is what solved data have."""
        return self.arrays if self._chooser is None else self._chooser.settled(self.arrays, data)

    def check_explicit(self, why: str) -> None:
        """Refuse an economy in which something is chosen by how the whole equilibrium responds."""
        if self._chooser is not None:
            what = f"the {self._chooser.choices.what}"
            raise InputError(
                "model",
                self,
                f"one in which nobody chooses {what} by how the whole equilibrium responds: {why}",
                f"nege.solve and sweeps find {what}. Give it as it was found, "
                "by parameters of the model, and nothing is chosen any more.",
            )

    def _with_movers(self, movers: np.ndarray, state: np.ndarray) -> np.ndarray:
        """Return a state with firms and people where they are.

        Firms that are everywhere, but too few for double precision, are as few as it has.
        """
        state = self._unknowns.with_movers(movers, state)
        firms = self._unknowns.firms(state)  # (place, industry, mode), a view
        variety, spillover, hears = (
            vars(self)[name].values for name in ("variety", "spillover", "hears_offline")
        )
        everywhere = np.repeat(variety[:, None] < 1.0, len(self.modes), axis=1)
        # Online firms that learn from each other alone may all be absent.
        alone = (hears == 0.0) & (spillover > 0.0)
        everywhere[:, layout.ONLINE] &= ~(alone & np.isneginf(firms[..., layout.ONLINE]).all(0))
        firms[:] = np.where(everywhere, np.maximum(firms, FEWEST), firms)
        return state

    def _usual_start(self) -> np.ndarray:
        """Return the unknowns from which markets clear with ease."""
        return self._with_movers(self.default_start(), self.start_state())

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
        leave = self._replicator(dynamics).allow_entry
        arrays = self.arrays_for(options.operator, compiled=True)
        start, prices = self._with_movers(share, state), self._usual_start()
        if self._chooser is not None:
            return chosen.find(arrays, self._chooser, start, prices, options, leave_unstable=leave)
        names = self.geography.names
        found = find(arrays, names, start, prices, options, leave_unstable=leave)
        if found.status is not Status.STUCK:
            return found
        why = (one.why(self, options) for one in frame.acting(self))
        return found._replace(words=tuple(filter(None, why)))

    def own_past(self, share: np.ndarray) -> OnlineAgglomeration:
        """Return the economy in which these firms are there from before; itself, if none matter."""
        firms = xr.DataArray(
            np.moveaxis(self._unknowns.firms_of(share), 0, 1),
            {dim: labels for dim, labels in self.coordinates().items() if dim in CELL},
            CELL,
        )
        made = {name: one.past(firms) for name, one in self.mechanisms.items()}
        if all(one is self.mechanisms[name] for name, one in made.items()):
            return self
        return self.replace(mechanisms=[*made.values()])

    def equations_of_rest(
        self, dynamics: Replicator | Logit, options: SolverOptions
    ) -> RestOfIndustries:
        """Return what is zero at rest, firms, people and prices together."""
        self._replicator(dynamics)
        movers, splits = self._unknowns.movers, frame.splits(self)
        return RestOfIndustries(self.arrays, self.geography.names, movers, splits, options)

    def default_start(self) -> np.ndarray:
        """Return firms, 1.6 times as many in the first place as in others, and people, even."""
        places = len(self.geography)
        firms = np.full((len(self.industries), places, len(self.modes)), FIRMS_START / places)
        firms[:, 0] *= CITY_START
        return self._unknowns.pack(self.in_units(firms), np.full(places, 1.0 / places))

    def random_start(self, rng: np.random.Generator) -> np.ndarray:
        """Return firms that differ by factors of about 20 each way, and people anywhere."""
        places = len(self.geography)
        shape = (len(self.industries), places, len(self.modes))
        firms = np.exp(SCATTER * rng.normal(size=shape))
        firms = self.in_units(FIRMS_START / places * firms)
        return self._unknowns.pack(firms, rng.dirichlet(np.ones(places)))

    def check_share(self, share: Any, argument: str = "start") -> np.ndarray:
        """Return firms and people to start from, taken from a Dataset or mapping, checked."""
        return unknowns.checked_movers(self, share, argument)

    @functools.cached_property
    def _unknowns(self) -> unknowns.Unknowns:
        return unknowns.Unknowns(
            self.industries, self.geography.names, self.modes, parameters.slots_of(self)
        )

    @functools.cached_property
    def _units(self) -> units.Units:
        return units.units(self)

    def in_units(self, firms: np.ndarray) -> np.ndarray:
        """Return firms, (industry, place, mode), in the unit that the tables have them in."""
        return np.asarray(firms * np.exp(self._units.firms)[:, None, None])

    def start_state(self) -> np.ndarray:
        """Return the unknowns that markets start from: prices of one unit, spending at average."""
        return unknowns.start(self)

    def start_of(self, data: xr.Dataset) -> xr.Dataset:
        """Return a solved economy as a start: firms and people, prices, who is ahead."""
        found: xr.Dataset = data[["firm_mass", "population", *unknowns.starting(self, data)]]
        return found

    def state_from(self, start: Any) -> np.ndarray:
        """Return the same, with the prices that a start has, and who is ahead in no place."""
        given: Any = start if isinstance(start, (xr.Dataset, Mapping)) else {}
        return unknowns.start(self, given)

    def memory(self) -> dict[str, int]:
        """Return the bytes that a solve needs."""
        places, k = len(self.geography), len(self.industries)
        size = self._unknowns.size
        pairs = 4 * k if any(one.trade is not None for one in self.mechanisms.values()) else 0
        tables = 8 * (3 * k + 2 + pairs) * places**2
        return {"dense": tables + (32 * size**2 if places <= LARGE else 3300 * size)}

    def long_run_memory(self, tables: int = 0) -> dict[str, int]:
        """Return the same: its short and its long run are solved alike."""
        return self.memory()

    # --- results --------------------------------------------------------------------

    def coordinates(self) -> dict[str, Any]:
        """Return the labels of every dimension of the model's variables."""
        names = {**self.labels(), "channel": self.modes}
        for one in frame.acting(self):
            names |= one.coordinates(self)
        used = dict.fromkeys(dim for variable in self.variables.values() for dim in variable.dims)
        order = [*frame.ORDER, *(dim for dim in used if dim not in frame.ORDER)]
        return {dim: list(names[dim]) for dim in order if dim in used}

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

    def remark(self, result: Any) -> str:
        """Say what mechanisms know of why a solve failed, from its last point."""
        if result.status is Status.STUCK and result.words:  # better known than from that point
            return ""
        return " ".join(filter(None, (one.remark(result.data) for one in frame.acting(self))))

    def caveats(self, data: xr.Dataset) -> tuple[str, ...]:
        """Say what mechanisms know of results."""
        return tuple(each for one in frame.acting(self) for each in one.caveats(data))

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
        added = f", mechanisms: {', '.join(self.mechanisms)}" if self.mechanisms else ""
        return (
            f"OnlineAgglomeration({len(self.geography)} places, industries: "
            f"{', '.join(self.industries)}{added})"
        )
