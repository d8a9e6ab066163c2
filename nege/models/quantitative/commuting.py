"""Where people live and where they work: Monte, Redding & Rossi-Hansberg (2018), with remote work.

Equations, for residences n, workplaces and origins of goods i, both 1..N. A worker o who lives
in n, works in i and gets there by mode m (office or remote) has utility

    b_nim(o) B_n y_i / (kappa^m_ni P_n^alpha Q_n^(1-alpha)),

whose tastes b are joint Frechet, residence outside, workplace inside it, mode innermost,

    Pr(all b <= z) = exp{-sum_n (sum_i D_i [sum_m a_m z_nim^(-eta)]^(epsilon/eta))^(theta/epsilon)},

a = 1 in the office and r of remote work. So

    (1)  kap_ni^(-epsilon) = [kappa_ni^(-eta) + r (kappa^r_ni)^(-eta)]^(epsilon/eta)
         s_ni    = r (kappa^r_ni)^(-eta) / [kappa_ni^(-eta) + r (kappa^r_ni)^(-eta)]
    (2)  Phi_n   = sum_i D_i y_i^epsilon kap_ni^(-epsilon)
         lambda_ni = D_i y_i^epsilon kap_ni^(-epsilon) / Phi_n
    (3)  L_i     = sum_n lambda_ni R_n
    (4)  vbar_n  = sum_i lambda_ni w_i,    ybar_n = sum_i lambda_ni y_i
    (5)  y_i     = w_i/alpha                     rents go to residents by their wages ("local")
                   w_i + (1-alpha)/alpha         or to everybody alike ("pooled")
    (6)  E_n     = alpha ybar_n R_n
         Q_n     = [(1-alpha) ybar_n R_n / H_n]^(1/(1+delta))
    (7)  P_n^(1-sigma) = sum_i L_i (w_i T_in/A_i)^(1-sigma)
    (8)  w_i^sigma = A_i^(sigma-1) sum_n T_in^(1-sigma) P_n^(sigma-1) E_n
    (9)  V_n     = B_n Phi_n^(1/epsilon) / (P_n^alpha Q_n^(1-alpha))
    (10) R_n     = V_n^theta / sum_m V_m^theta                 the long run
         U       = (sum_n V_n^theta)^(1/theta)

and where people move only within groups g of places (``nege.models.mobility``), S_g of all people,

    (10') R_n    = S_g V_n^theta / sum_{m in g} V_m^theta      n in g
          U_g    = (sum_{n in g} V_n^theta)^(1/theta),         U = sum_g S_g U_g

    R        residents, share of all workers    L       jobs, share of all workers
    lambda   where residents of n work          s       who of them works remotely
    w        wage where the work is             y       income of those who work there, rents too
    vbar     mean wage of residents             ybar    their mean income, rents too
    E        spending on goods                  Q       rent of a unit of floor space
    P        price index of goods               Phi     access to jobs
    V        real income, amenity included      U       expected utility, Gamma(1-1/theta) apart
    sigma    elasticity of substitution         alpha   share of spending on goods (``mu``)
    epsilon  taste for workplaces: small where  theta   the same for residences,
             people differ much (``taste``)             eta for modes
    T        iceberg cost of goods              kappa   cost of commuting, divides utility;
    r        weight of remote work, no share            of remote work kappa^r
    A        productivity                       B, D    amenity of residences, of workplaces
    H        floor space, or its shifter        delta   elasticity of its supply by rents
    sum_i w_i L_i = 1, the numeraire; A in a unit that absorbs mark-up and fixed cost

It is a distribution for theta <= epsilon <= eta. Where theta > epsilon residences are chosen
before tastes for jobs are known, and the equations stay; eta < epsilon is refused. Rents "local"
are the same for goods as landlords who spend them where they are. Groups say where
people may live, not where they may work: who crosses a border to work does so unless kappa is
infinite there. By default remote work costs

    kappa^r_ni = (1 + d) kappa_nn^h kappa_ni^(1-h),

h the part of days at home and d a friction that knows no distance: at h = 1, d = 0 what a job where
one lives costs.

Uniqueness of the long run is proven for local rents and theta = epsilon <= sigma - 1, whatever
costs, modes and delta. With h = (1-alpha)/(1+delta), k = 1 + h theta,
b = alpha theta/((sigma-1) k), c = h theta/k, p = P^(1-sigma), G_n = Phi_n with w for y,
l_i = L_i/(D_i w_i^epsilon), y = w^sigma, and up to constants, (2)-(10) are four sums with
positive kernels,

    y_i = u sum_n T_in^(1-sigma) p_n^(b-1) G_n^(1-c)
    p_n = sum_i T_in^(1-sigma) l_i y_i^((epsilon+1-sigma)/sigma)
    G_n = sum_i D_i kap_ni^(-epsilon) y_i^((1+epsilon)/sigma)
    l_i = u sum_n kap_ni^(-epsilon) p_n^b G_n^(-c),

whose matrix of absolute exponents has spectral radius one: the argument of Allen, Arkolakis & Li
(2024, Theorem 1). Where nobody can commute, lambda is the identity, epsilon is no matter, and the
condition of ``helpman`` with tastes as congestion is enough too:
sigma (1-alpha) + (sigma-1)/theta > 1, for delta = 0. With commuting that is a conjecture; for
pooled rents, and for short runs, nothing is proven; nor in groups, whose payoffs need not be the
same, unless nobody can move or commute, which leaves trade between given places.

Nests: kappa infinite between places is Helpman (1998) with tastes; r = 0, theta = epsilon is
Monte, Redding & Rossi-Hansberg; kappa times a constant lowers U by it and moves nobody;
kappa^r = kappa and eta = epsilon raise U by (1+r)^(1/epsilon) and move nobody; one group of all
places is free mobility, and groups of one place each are a short run.

Sources: Monte, F., Redding, S. J. & Rossi-Hansberg, E. (2018), American Economic Review 108(12);
Ahlfeldt, G. M., Redding, S. J., Sturm, D. M. & Wolf, N. (2015), Econometrica 83(6); Seidel, T. &
Wickerath, J. (2020), Regional Science and Urban Economics 85; Allen, T., Arkolakis, C. & Li, X.
(2024), American Economic Review: Insights 6. Modes, theta and uniqueness with commuting are
nege's own.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import xarray as xr

from nege import labelled, memory, validation
from nege.errors import InputError
from nege.kernels.codes import METHODS
from nege.kernels.fixed_point import Options
from nege.kernels.population_dynamics import Dynamics
from nege.models import ces, fields, trade_costs
from nege.models.changes import Limit
from nege.models.fields import Labelled
from nege.models.mobility import before_moving, who_moves
from nege.models.quantitative import commuting_solving as solving
from nege.models.quantitative.commuting_equations import Parameters, evaluate
from nege.models.quantitative.commuting_law import Direction, LawOfResidents
from nege.models.quantitative.grouped import GroupedModel, Variables
from nege.models.quantitative.helpman import RENTS
from nege.models.quantitative.model import fundamental
from nege.models.solutions import LongRun, Many, ShortRun, Uniqueness, Variable
from nege.solver_options import Logit, Replicator, SolverOptions
from nege.validation import Bounds

__all__ = ["Commuting"]

PLACES = ("residence", "workplace")
UTILITY = "It divides utility: 1 is a job that costs nothing to get to."
COSTS = Bounds(at_least=1.0, cure=UTILITY)
TASTE = Bounds(above=0.0, cure="It is a Frechet shape: small where people differ much.")
STEP, LEAST = 1e-3, 0.1  # of a parameter in a derivative, and the least size that it counts by
TABLES = 28  # over pairs of places, that a short run holds


class RemoteCost(fields.Field):
    """Costs of working in any place for residents of any place, infinite where nobody does."""

    takes = "xr.DataArray | np.ndarray"

    def check(self, value: Any, economy: Any) -> Any:
        """Return a table by residence and workplace, or None."""
        if value is None:
            return None
        names = economy.geography.names
        wanted = dict.fromkeys(PLACES, names)
        allowed = (
            f"a {len(names)} x {len(names)} table over {PLACES} of numbers of at least 1, "
            "which may be infinite between different places"
        )
        array, _ = validation.arranged(self.name, value, wanted, allowed)
        if array.shape != (len(names), len(names)):
            cure = f"Its shape is {array.shape}."
            if array.ndim == 0:
                cure = "remote_days and remote_friction say it by numbers."
            raise InputError(self.name, value, allowed, cure)
        bad = ~(array >= 1.0) | (np.isinf(array) & np.eye(len(names), dtype=bool))
        if bad.any():
            row, column = np.argwhere(bad)[0]
            cure = f"From {names[row]!r} to {names[column]!r} it is {float(array[row, column])}."
            raise InputError(self.name, value, allowed, f"{cure} {UTILITY}")
        array.flags.writeable = False
        about = {"long_name": self.words, "units": self.unit}
        return labelled.array(array, wanted, self.name, about)

    def form(self) -> str:
        """Say over what, and within which bounds."""
        return f"{self.bounds.words('array')} over residence and workplace"


class CommutingCost(RemoteCost):
    """The same, or a factor per unit of distance."""

    takes = "float | xr.DataArray | np.ndarray"
    scalar = True

    def check(self, value: Any, economy: Any) -> Any:
        """Return one number, or a table by residence and workplace."""
        if validation.single(value):
            return self.bounds.number(self.name, value)
        return super().check(value, economy)

    def form(self) -> str:
        """Say within which bounds."""
        return f"{self.bounds.words('float')}, or array over residence and workplace"


class SameTaste(fields.Number):
    """A taste that is that for workplaces where it is not given."""

    def check(self, value: Any, economy: Any) -> float | None:
        """Return a number, or None."""
        return None if value is None else super().check(value, economy)


def _commuting_cost(words: str, **about: Any) -> Any:
    return CommutingCost(words=words, bounds=COSTS, dims=PLACES, varied=True, **about)


def _remote_cost(words: str, *, default: None, **about: Any) -> Any:
    about = {"dims": PLACES, "varied": True, **about}
    return RemoteCost(words=words, bounds=COSTS, default=default, **about)


def _same_taste(words: str, more: str = "", *, default: None, term: str) -> Any:
    more = f"By default that for workplaces. {more}".strip()
    about: dict[str, Any] = {"varied": True, "more": more, "term": term}
    return SameTaste(words=words, bounds=TASTE, default=default, **about)


class Commuting(GroupedModel):
    """An economy in which people choose where to live and where to work, and commute.

    Goods are traded at a cost, floor space is not traded, and workers differ in where they like to
    live, to work, and whether to work remotely (Monte, Redding & Rossi-Hansberg 2018, with modes
    of commuting of nege's own). Equations, symbols and what is proven are at the top of
    ``nege/models/quantitative/commuting.py``.

    See Also
    --------
    nege.solve : where people live and work.
    nege.short_run : wages and commuting while residents stay.
    nege.invert : productivities and amenities that make data an equilibrium.
    nege.counterfactual : what follows from a change, from observed data alone.

    Notes
    -----
    Not for an online region, where nobody lives: who works for a firm elsewhere from home is
    remote work, ``remote``. Residents' tastes are part of it, so dynamics with tastes are refused.
    A larger `remote` is one more way to commute for everybody: welfare of economies that differ in
    it differs by that too; and where people move within groups only, so does that of groups of
    more places or fewer, which have more to choose from or less. Their changes compare.

    Examples
    --------
    >>> import nege
    >>> places = nege.geography.line(3)
    >>> economy = nege.Commuting(
    ...     places, sigma=4, mu=0.7, taste=2.5, trade_cost=1.5, commuting_cost=2
    ... )
    >>> print(economy.uniqueness())
    One equilibrium, proven: taste/(sigma - 1) <= 1, residence_taste being the same, with local \
rents (after Allen, Arkolakis & Li 2024); here 0.833333.
    >>> found = nege.solve(economy)
    >>> found.data.share.round(4).values, found.data.employment.round(4).values
    (array([0.317, 0.366, 0.317]), array([0.312 , 0.3759, 0.312 ]))
    >>> closed = economy.replace(mobility=["west", "east", "east"])  # to live, not to work
    >>> nege.solve(closed).data.group_welfare.round(3).to_series().to_dict()
    {'west': 2.304, 'east': 3.171}
    """

    sigma: float = fields.sigma()
    mu: float = fields.mu(
        "share of spending on goods, the rest being for floor space",
        term="share of spending on goods",
    )
    taste: float = fields.number(
        "how alike tastes for workplaces are, the elasticity of commuting",
        TASTE,
        more="The Frechet shape epsilon: small where people differ much.",
        term="elasticity of commuting",
    )
    residence_taste: float | None = _same_taste(
        "the same for residences, the elasticity of where people live",
        default=None,
        term="elasticity of residence",
    )
    mode_taste: float | None = _same_taste(
        "the same for working remotely or not",
        "It may not be below that.",
        default=None,
        term="elasticity of working remotely",
    )
    trade_cost: Labelled[float | xr.DataArray] = fields.trade_cost()
    commuting_cost: Labelled[float | xr.DataArray] = _commuting_cost(
        "cost of commuting, which divides utility",
        more="The factor per unit of distance, kappa_ni = commuting_cost ** distance_ni; or the "
        "factors themselves, infinite where nobody commutes.",
        term="commuting cost (factor on utility)",
    )
    remote: float = fields.number(
        "weight of remote work, that of going to the office being 1",
        Bounds(at_least=0.0, cure="0 is no remote work. It is no share: that is a result."),
        default=0.0,
        term="weight of remote work",
    )
    remote_cost: Labelled[xr.DataArray | None] = _remote_cost(
        "cost of remote work, which divides utility",
        default=None,
        more="By default (1 + remote_friction) kappa_nn^remote_days kappa_ni^(1 - remote_days).",
        term="cost of remote work (factor on utility)",
    )
    remote_days: float = fields.number(
        "part of days that those who work remotely are at home",
        Bounds(at_least=0.0, at_most=1.0, cure="It is a part of all days."),
        default=1.0,
        term="part of days at home",
    )
    remote_friction: float = fields.number(
        "cost of remote work that knows no distance",
        Bounds(at_least=0.0),
        default=0.0,
        term="friction of remote work",
    )
    productivity: Labelled[xr.DataArray] = fundamental("what a worker makes", default=None)
    amenity: Labelled[xr.DataArray] = fundamental("how much better life is", default=None)
    workplace_amenity: Labelled[xr.DataArray] = fundamental(
        "how much better jobs are liked", default=None
    )
    housing: Labelled[xr.DataArray] = fundamental(
        "stock of floor space, or land it is built on", default=None
    )
    housing_elasticity: float = fields.number(
        "elasticity of the supply of floor space by its rent",
        Bounds(at_least=0.0),
        default=0.0,
        term="supply of floor space (elasticity)",
    )
    rents: str = fields.word(
        "who gets rents",
        RENTS,
        more="The residents of each place, in proportion to their wages, or all people alike.",
        default="local",
    )
    mobility: Labelled[str | xr.DataArray] = who_moves(
        also="People may work across labels where commuting_cost is finite."
    )
    people: Labelled[xr.DataArray | None] = before_moving()

    title: ClassVar[str] = "commuting"
    payoff: ClassVar[str] = "real_income"
    movers: ClassVar[str] = "residents"
    settles: ClassVar[str] = "log wages"
    corners: ClassVar[bool] = False
    nudge: ClassVar[float] = solving.NUDGE
    variables: ClassVar[Mapping[str, Variable]] = Variables(
        {
            "share": Variable(("region",), "share of residents", "1"),
            "employment": Variable(("region",), "share of jobs", "1"),
            "wage": Variable(("region",), "wage at the workplace", "wage bill per head"),
            "residents_wage": Variable(("region",), "mean wage of residents", "wage bill per head"),
            "income": Variable(("region",), "income of residents, rents included", "wage bill"),
            "price_index": Variable(("region",), "price index of goods", "wage bill per head"),
            "rent": Variable(("region",), "rent of a unit of floor space", "wage bill"),
            "access": Variable(
                ("region",), "access to jobs, in income of a single one", "wage bill per head"
            ),
            "real_income": Variable(
                ("region",), "expected real income of a resident, amenity included", "utility"
            ),
            "commuting": Variable(PLACES, "share of residents by where they work", "1"),
            "remote_share": Variable(("region",), "share of residents who work remotely", "1"),
            "welfare": Variable(
                (), "mean expected real income; in a long run expected utility", "utility"
            ),
        },
        "mean expected real income of a group; in a long run expected utility",
    )

    def check_together(self) -> None:
        """Refuse values that are each within bounds, but make no economy together."""
        if self.remote_cost is not None:
            for name in ("remote_days", "remote_friction"):
                value = vars(self)[name]
                if value != self.fields[name].default:
                    cure = "The table says all of it: leave one of them out."
                    raise InputError(name, value, "left out where remote_cost is given", cure)
        super().check_together()

    def limits(self, at: Mapping[str, Any]) -> Iterable[Limit]:
        """Yield joint limits of several parameters, and the refusal of those of this economy."""
        if "mode_taste" in at:
            refusal = InputError(
                "mode_taste",
                at["mode_taste"],
                "at least as large as taste",
                "Ways to get to one job are more alike than jobs. None, the default, is the same.",
            )
            yield at["mode_taste"] >= at["taste"], lambda: refusal

    @functools.cached_property
    def theta(self) -> float:
        """The taste for residences: that for workplaces where it is not given."""
        return self.taste if self.residence_taste is None else self.residence_taste

    @functools.cached_property
    def eta(self) -> float:
        """The taste for modes: that for workplaces where it is not given."""
        return self.taste if self.mode_taste is None else self.mode_taste

    # --- costs --------------------------------------------------------------------------

    def costs(self) -> xr.DataArray:
        """Trade costs T, iceberg factors, over origin and destination.

        Examples
        --------
        >>> import nege
        >>> towns = nege.geography.line(2)
        >>> city = nege.Commuting(towns, sigma=4, mu=0.7, taste=3, trade_cost=1.5, commuting_cost=2)
        >>> city.costs().sel(origin="0").values, city.commuting_costs().sel(residence="0").values
        (array([1. , 1.5]), array([1., 2.]))
        """
        return trade_costs.between(self.regions, self._costs())

    def commuting_costs(self) -> xr.DataArray:
        """Cost kappa of going to work, which divides utility, over residence and workplace."""
        cost = self._commuting_costs()
        return trade_costs.between(self.regions, cost, PLACES, "commuting cost", "1")

    def remote_costs(self) -> xr.DataArray:
        """Cost kappa^r of remote work, which divides utility, over residence and workplace."""
        return trade_costs.between(self.regions, self._remote_costs(), PLACES, "remote cost", "1")

    def remote_parts(self) -> xr.DataArray:
        """Part who work remotely of those between two places, over residence and workplace."""
        return trade_costs.between(self.regions, self._modes()[1], PLACES, "remote part", "1")

    def _costs(self) -> np.ndarray:
        return trade_costs.table(self.geography, self.trade_cost, None)

    def _commuting_costs(self) -> np.ndarray:
        return np.asarray(np.exp(self._log_commuting()))

    def _remote_costs(self) -> np.ndarray:
        return np.asarray(np.exp(self._log_remote(self._log_commuting())))

    def _modes(self) -> tuple[np.ndarray, np.ndarray]:
        """Return ln kap, the cost of the best of both modes, and the share s who work remotely.

        Both over residence and workplace; s of those who live in the one and work in the other.
        """
        office = -self.eta * self._log_commuting()
        if self.remote == 0.0:
            return -office / self.eta, np.zeros_like(office)
        home = np.log(self.remote) - self.eta * self._log_remote(-office / self.eta)
        with np.errstate(invalid="ignore"):  # nobody commutes where both are infinite
            both = np.logaddexp(office, home)
            return -both / self.eta, np.nan_to_num(np.exp(home - both))

    def _log_commuting(self) -> np.ndarray:
        cost = vars(self)["commuting_cost"]
        if isinstance(cost, float):
            return np.asarray(self.geography.metric.dense() * np.log(cost))
        return np.asarray(np.log(cost.values))

    def _log_remote(self, log_cost: np.ndarray) -> np.ndarray:
        if self.remote_cost is not None:
            return np.asarray(np.log(self.remote_cost.values))
        at_home = np.log1p(self.remote_friction) + self.remote_days * np.diag(log_cost)[:, None]
        there = 1.0 - self.remote_days
        return np.asarray(at_home + (there * log_cost if there else np.zeros_like(log_cost)))

    # --- as solvers read it -------------------------------------------------------------

    def labels(self) -> Mapping[str, Sequence[str]]:
        """Return the names along the dimensions that fields are over."""
        return dict.fromkeys(("region", *PLACES), self.geography.names)

    def coordinates(self) -> dict[str, Any]:
        """Return the labels of every dimension of the model's variables."""
        return {**super().coordinates(), **{dim: list(self.geography.names) for dim in PLACES}}

    def make_arrays(self, operator: str = "auto", *, compiled: bool = True) -> Parameters:
        """Return the economy in plain arrays."""
        validation.known("operator", operator, ("auto", "dense"))
        places, (needed,) = f"{len(self.geography)} places", self.memory().values()
        memory.check("geography", places, needed, "for this model", "It has no smaller operator.")
        log_cost, remote = self._modes()
        freeness, held = (1.0 - self.sigma) * self._log_trade(), vars(self)
        return Parameters(
            self.sigma,
            self.mu,
            self.taste,
            self.theta,
            self.housing_elasticity,
            self.rents == "pooled",
            np.log(held["productivity"].values),
            np.log(held["amenity"].values),
            np.log(held["workplace_amenity"].values),
            np.log(held["housing"].values),
            freeness,
            -self.taste * log_cost,
            remote if self.remote else None,
        )

    def _log_trade(self) -> np.ndarray:
        cost = vars(self)["trade_cost"]
        if isinstance(cost, float):
            return np.asarray(self.geography.metric.dense() * np.log(cost))
        return np.asarray(np.log(cost.values))

    def memory(self) -> dict[str, int]:
        """Return the bytes that a short run needs."""
        return {"dense": memory.table(len(self.geography), TABLES)}

    def start_state(self) -> np.ndarray:
        """Return log wages to start from when nothing better is known: all the same."""
        return np.zeros(len(self.regions))

    def check_share(self, share: Any, argument: str = "share") -> np.ndarray:
        """Return residents by place as an array, without places where nobody lives."""
        found = super().check_share(share, argument)
        if not (found > 0.0).all():
            empty = self.regions[int(np.argmin(found))]
            raise InputError(
                argument,
                share,
                "residents in every region",
                f"Nobody lives in {empty}. Its rents would be zero, and life there infinitely "
                "good for the first who comes: give it a few.",
            )
        return found

    # --- short and long runs --------------------------------------------------------------

    def own_short_run(
        self, share: np.ndarray, state: np.ndarray, options: SolverOptions
    ) -> ShortRun:
        """Return wages at which markets clear while residents stay where they are."""
        arrays = self.arrays_for(options.operator, compiled=True)
        return solving.short_run(arrays, share, state, self._options(options))

    def own_long_run(
        self,
        share: np.ndarray,
        state: np.ndarray,
        dynamics: Replicator | Logit,
        options: SolverOptions,
    ) -> LongRun:
        """Return where people live, once they have moved, from a start."""
        leave = self._replicator(dynamics).allow_entry
        arrays = self.arrays_for(options.operator, compiled=True)
        if self.groups is not None and self.groups.largest == 1:
            return solving.at_home(arrays, self.groups, state, self._options(options))
        return solving.long_run(
            arrays,
            share,
            state,
            self._options(options),
            self.geography.names,
            self.groups,
            unique=self.uniqueness().unique,
            leave_unstable=leave,
        )

    def short_runs_at_once(self, points: list[Any], shares: np.ndarray, options: Options) -> Many:
        """Return short runs of a grid, one after the other."""
        how = self._options(
            SolverOptions(
                tolerance_residual=options.tolerance_residual,
                tolerance_error=options.tolerance_error,
                limit_iterations=options.limit_iterations,
                method=METHODS[options.method],
            )
        )
        start = self.start_state()
        found = [[solving.short_run(p, share, start, how) for share in shares] for p in points]
        each = ("state", *Many._fields[1:])
        return Many(*(np.array([[getattr(r, n) for r in row] for row in found]) for n in each))

    def motion(self, dynamics: Replicator | Logit) -> Dynamics:
        """Return how residents respond to real incomes: by their own tastes."""
        self._replicator(dynamics)
        return Dynamics(True, self.theta, 1.0, np.zeros(len(self.regions)))

    def moved_by(self, dynamics: Replicator | Logit) -> str:
        """Say that tastes are residents' own."""
        return "residents' own tastes"

    def own_law_of_motion(
        self, dynamics: Replicator | Logit, options: SolverOptions
    ) -> LawOfResidents:
        """Return how residents move."""
        return LawOfResidents(self, dynamics, self._options(options))

    def direction(self, name: str) -> Direction:
        """Return the economy at values around that of one of ``varied()``, for a derivative."""
        validation.known("parameter", name, self.varied())
        value = self.scalars().get(name)
        if value is None:
            cure = "Give one number instead: per unit of distance, or of a taste."
            allowed = "one that is a single number in this economy"
            raise InputError("parameter", name, allowed, cure)
        step = STEP * max(LEAST, abs(value))
        for first in (-2, 0, -4):  # to one side where the other is out of bounds
            places = np.arange(first, first + 5)
            with contextlib.suppress(InputError):
                near = [self.replace({name: value + k * step}).arrays for k in places]
                powers = np.vander(places * 1.0, increasing=True).T
                return Direction(near, np.linalg.solve(powers, np.eye(5)[1]) / step)
        raise InputError("parameter", name, "one that can move a little either way")

    @staticmethod
    def _options(options: SolverOptions) -> SolverOptions:
        validation.known("method", options.method, ("auto", "newton", "plain"))
        return options

    @staticmethod
    def _replicator(dynamics: Replicator | Logit) -> Replicator:
        if isinstance(dynamics, Logit):
            raise InputError(
                "dynamics",
                dynamics,
                "nege.Replicator(...) for this model",
                "Its residents have tastes of their own: residence_taste is 1/scale, amenity to "
                "its power their weights.",
            )
        return dynamics

    def uniqueness(self, dynamics: Replicator | Logit | None = None) -> Uniqueness:
        """Return whether the long run is proven to be unique.

        Proven for local rents and residence_taste = taste <= sigma - 1; where nobody can commute
        for residence_taste <= sigma - 1, or sigma (1 - mu) + (sigma - 1)/residence_taste > 1
        while floor space is given. Nothing is claimed beyond; nor within groups, unless nobody can
        move or commute.
        """
        known = self._proven()
        if self.groups is None:
            return known
        return self.groups.uniqueness(known, plain=self._nobody_commutes)

    def _proven(self) -> Uniqueness:
        """Return the same for people who can live everywhere."""
        local = self.rents == "local"
        if self._nobody_commutes and self.housing_elasticity == 0.0:
            value = self.sigma * (1.0 - self.mu) + (self.sigma - 1.0) / self.theta
            words = "sigma (1 - mu) + (sigma - 1)/residence_taste > 1 where nobody commutes"
            return Uniqueness(local and value > 1.0, value, f"{words}, with local rents (Helpman)")
        value, alike = self.theta / (self.sigma - 1.0), self.theta == self.taste
        if self._nobody_commutes:
            words, alike = "residence_taste/(sigma - 1) <= 1 where nobody commutes", True
        else:
            words = "taste/(sigma - 1) <= 1, residence_taste being the same"
        source = "with local rents (after Allen, Arkolakis & Li 2024)"
        return Uniqueness(local and alike and value <= 1.0, value, f"{words}, {source}")

    @functools.cached_property
    def _nobody_commutes(self) -> bool:
        if isinstance(self.commuting_cost, float):
            return False
        off = ~np.eye(len(self.geography), dtype=bool)
        return bool(np.isinf(self._modes()[0][off]).all())

    # --- results ----------------------------------------------------------------------------

    @property
    def mobile_weight(self) -> float:
        """One: all people are mobile."""
        return 1.0

    def welfare(
        self, values: Mapping[str, np.ndarray], dynamics: Replicator | Logit | None = None
    ) -> Any:
        """Return mean expected real income, or in a long run the expected utility U."""
        payoff = values[self.payoff]
        if dynamics is None:
            return np.add.reduce(values["share"] * payoff, axis=-1)
        if self.groups is not None:
            found = self.expected_within(values["share"], payoff, dynamics)
            return np.add.reduce(self.groups.sums(values["share"]) * found, axis=-1)
        return np.exp(np.logaddexp.reduce(self.theta * np.log(payoff), axis=-1) / self.theta)

    def long_run_values(
        self,
        share: np.ndarray,
        state: np.ndarray,
        parameters: Any,
        dynamics: Replicator | Logit | None,
    ) -> dict[str, np.ndarray]:
        """Return ``outcome``, with welfare as those who choose where to live have it."""
        values = super().long_run_values(share, state, parameters, dynamics)
        return {**values, "welfare": self.welfare(values, dynamics)}

    def expected_within(
        self, share: np.ndarray, payoff: np.ndarray, dynamics: Replicator | Logit | None
    ) -> np.ndarray:
        """Return mean expected real income of each group, or in a long run expected utility U_g."""
        groups = self.groups
        assert groups is not None
        if dynamics is None:
            return groups.means(share, payoff)
        top = np.maximum.reduceat(payoff[..., groups.order], groups.first, axis=-1)
        better = groups.sums((payoff / top[..., groups.of]) ** self.theta)
        return np.asarray(top * better ** (1.0 / self.theta))

    def tastes_within(
        self, here: np.ndarray, share: np.ndarray, dynamics: Replicator | Logit | None
    ) -> tuple[np.ndarray, float]:
        """Return weights and power of the mean of payoffs that is the welfare of a group."""
        if dynamics is None:
            return super().tastes_within(here, share, dynamics)
        return np.ones(np.count_nonzero(here)), self.theta

    def outcome(
        self, share: np.ndarray, state: np.ndarray, parameters: Any = None
    ) -> dict[str, np.ndarray]:
        """Return every variable of the economy at residents and log wages.

        Both may have further dimensions in front.
        """
        p = self.arrays if parameters is None else parameters
        front = share.shape[:-1]
        if front:
            each = [
                self.outcome(*row, p)
                for row in zip(
                    share.reshape(-1, share.shape[-1]),
                    state.reshape(-1, state.shape[-1]),
                    strict=True,
                )
            ]
            return {
                name: np.stack([found[name] for found in each]).reshape(front + each[0][name].shape)
                for name in self.variables
            }
        with np.errstate(all="ignore"):  # what is infinite is not accepted as a solution
            at = evaluate(p, state, np.log(share))
            wage = np.exp(state)
            remote = np.zeros_like(share) if p.remote is None else p.remote
            values = {
                "share": share,
                "employment": at.employment,
                "wage": wage,
                "residents_wage": at.commuting @ wage,
                "income": at.income * share,
                "price_index": np.exp(at.log_price),
                "rent": np.exp(at.log_rent),
                "access": np.exp(at.log_access / p.taste),
                "real_income": np.exp(at.log_payoff),
                "commuting": at.commuting,
                "remote_share": np.sum(at.commuting * remote, axis=1),
            }
            return {**values, "welfare": self.welfare(values), **self.group_welfare(values)}

    def trade_flows(self, data: xr.Dataset) -> xr.DataArray:
        """Return the value of trade between places, in units of the wage bill of all.

        pi_in E_n of equations (6)-(8).

        Parameters
        ----------
        data : Dataset
            Of an equilibrium of this economy, ``equilibrium.data``.

        Returns
        -------
        DataArray
            Over origin and destination, own sales on the diagonal.

        Examples
        --------
        >>> import nege
        >>> economy = nege.Commuting(
        ...     nege.geography.line(3), sigma=4, mu=0.7, taste=3, trade_cost=1.5, commuting_cost=2
        ... )
        >>> flows = economy.trade_flows(nege.solve(economy).data)
        >>> flows.dims, round(float(flows.sum()), 6)
        (('origin', 'destination'), 1.0)
        """
        data = validation.in_order("data", data, "region", self.regions, "over the places here")
        share = validation.shares("data", data["share"], self.regions)
        at = evaluate(self.arrays, np.log(data["wage"].values), np.log(share))
        names = list(self.regions)
        about = {"long_name": "value of trade", "units": "wage bill of all places"}
        labels = {"origin": names, "destination": names}
        spent = self.mu * at.income * share
        return xr.DataArray(at.trade * spent, labels, tuple(labels), "flows", about)

    def summary(self, data: xr.Dataset) -> str:
        """Say in a sentence where people live, and how many commute."""
        share = data["share"].values
        top, at_home = int(np.argmax(share)), share @ np.diag(data["commuting"].values)
        said = f"The largest place, {self.regions[top]}, has {share[top]:.1%} of residents; "
        said += f"{at_home:.1%} of all work where they live"
        if self.remote:
            said += f", {share @ data['remote_share'].values:.1%} remotely"
        return self.with_who_moves(f"{said}.")

    def remark(self, result: Any) -> str:
        """Say where access to jobs is out of reach of numbers."""
        access = np.asarray(result.data["access"])
        if (np.isfinite(access) & (access > 0.0)).all():
            return ""
        return (
            "Access to jobs is a sum over them to the power 1/taste, with workplace_amenity as "
            f"weights: at taste = {self.taste:g} no number is that large or small. Raise taste."
        )

    def describe(self, variable: str, dynamics: Replicator | Logit | None = None) -> dict[str, str]:
        """Return the attributes of a variable: what it means, and its unit."""
        about = self.variables[variable]
        return {"long_name": about.meaning, "units": about.unit}

    # --- audit ----------------------------------------------------------------------------

    def audit(self, data: xr.Dataset) -> dict[str, float]:
        """Recompute every equation from stored variables; the relative violation of each by name.

        Written in plain NumPy from the equations at the top, apart from the solver.
        """
        names = ("share", "employment", "wage", "residents_wage", "income", "price_index", "rent")
        share, jobs, wage, residents_wage, income, price, rent = (data[n].values for n in names)
        more = ("access", "real_income", "commuting", "remote_share")
        access, real, commuting, remotely = (data[n].values for n in more)
        made, liked, at_work, stock = (
            t.values
            for t in (self.productivity, self.amenity, self.workplace_amenity, self.housing)
        )
        alpha, housed = self.mu, 1.0 - self.mu
        earned = wage / alpha if self.rents == "local" else wage + housed / alpha
        # Large elasticities act on ratios to the best alternative, so that nothing overflows:
        # of modes to a job, and of jobs.
        cost, near = self._commuting_costs(), 1.0 / self.taste
        remote_cost = self._remote_costs() if self.remote else np.full_like(cost, np.inf)
        least = np.minimum(cost, remote_cost)
        unit = np.where(np.isfinite(least), least, 1.0)
        office = (cost / unit) ** -self.eta
        home = self.remote * (remote_cost / unit) ** -self.eta
        top = np.max(earned / least, axis=1, keepdims=True)
        chosen = at_work * (earned / least / top) ** self.taste
        chosen = chosen * (office + home) ** (self.taste / self.eta)
        reach = np.sum(chosen, axis=1)
        by_mode = home / np.where(office + home > 0.0, office + home, 1.0)
        paid = wage / made
        offered = paid[:, None] * self._costs()  # price of an origin in a destination
        best = offered.min(axis=0)
        bought = jobs @ (offered / best) ** (1.0 - self.sigma)
        rival = self._costs() / (price * made[:, None])
        first = rival.min(axis=1)
        sold = (rival / first[:, None]) ** (1.0 - self.sigma) @ (alpha * income)
        sides = {
            "commuting": (commuting, chosen / reach[:, None]),
            "access to jobs": (access, top[:, 0] * reach**near),
            "employment": (jobs, share @ commuting),
            "residents' wage": (residents_wage, commuting @ wage),
            "income": (income, share * (commuting @ earned)),
            "remote share": (1.0 + remotely, 1.0 + np.sum(commuting * by_mode, axis=1)),
            "rent": (rent ** (1.0 + self.housing_elasticity) * stock, housed * income),
            "price index": (price, best * bought ** (1.0 / (1.0 - self.sigma))),
            "wage": (wage, first ** (1.0 / self.sigma - 1.0) * sold ** (1.0 / self.sigma)),
            "real income": (real, liked * access / (price**alpha * rent**housed)),
            "numeraire": (np.ones(1), np.atleast_1d(wage @ jobs)),
        }
        return ces.differences(sides)

    def audit_motion(
        self, data: xr.Dataset, dynamics: Replicator | Logit | None
    ) -> dict[str, float]:
        """Return the violations of shares that sum to one, and of where people choose to live."""
        share, payoff = data["share"].values, data[self.payoff].values
        values = {name: data[name].values for name in ("share", self.payoff)}
        wanted = float(self.welfare(values, dynamics))
        found = {
            "shares sum to one": abs(float(np.sum(share)) - 1.0),
            "shares not negative": float(np.maximum(0.0, -np.min(share))),
            "welfare": abs(float(data["welfare"]) / wanted - 1.0),
        }
        if dynamics is not None:
            gaps = []
            for here, people in self._choices():
                chosen = (payoff[here] / np.max(payoff[here])) ** self.theta
                with np.errstate(all="ignore"):
                    gap = np.log(share[here]) - np.log(people * chosen / np.sum(chosen))
                gaps.append(np.max(np.abs(gap)))
            found["residences as chosen"] = float(np.max(gaps))  # NaN if one is
        return {**found, **self.audit_groups(data, dynamics)}

    def _choices(self) -> list[tuple[np.ndarray, float]]:
        """Return which places people choose among, and how many of them do."""
        if self.groups is None:
            return [(np.ones(len(self.regions), dtype=bool), 1.0)]
        inside = [self.groups.of == g for g in range(len(self.groups.labels))]
        return [(here, float(self.groups.people[here].sum())) for here in inside]
