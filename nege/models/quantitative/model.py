"""The labelled half of quantitative spatial models: parameters, results, the joint long run."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np
import xarray as xr

from nege import memory, validation
from nege.errors import InputError
from nege.kernels import derivatives, equations, newton
from nege.kernels.equations import CONDITION, Economy, Places
from nege.kernels.fixed_point import MANY, in_pieces
from nege.kernels.operators import buy
from nege.models import fields, trade_costs
from nege.models.base import JACOBIANS, ONLINE
from nege.models.fields import Labelled
from nege.models.quantitative.balance import check_trade
from nege.models.quantitative.equations import EQUATIONS, NUMBERS, ROWS
from nege.models.quantitative.grouped import GroupedModel
from nege.models.quantitative.long_run import Joint, settle
from nege.models.solutions import LongRun, Uniqueness, Variable, flat
from nege.solver_options import Logit, Replicator, SolverOptions
from nege.status import Status
from nege.validation import Bounds

LARGEST_LOG = 700.0  # of a price or a payoff that double precision can hold
#: What conditions of uniqueness are known for.
BALANCED = "which is known for balanced trade between all places"
CONDITION_TABLES = 5  # over regions, that the error bound by the linear system holds at a time
TINY_STEP = 1e-30  # of complex steps, which round nothing away


class QuantitativeModel(GroupedModel):
    """Base of quantitative spatial models: places differ, congestion keeps every share positive."""

    payoff: ClassVar[str] = "real_income"
    movers: ClassVar[str] = "people"
    settles: ClassVar[str] = "log earnings"
    corners: ClassVar[bool] = False
    equations: ClassVar[Places] = EQUATIONS

    sigma: float
    trade_cost: Labelled[float | xr.DataArray]
    productivity: Labelled[xr.DataArray]
    amenity: Labelled[xr.DataArray]
    deficit: Labelled[xr.DataArray | None]
    spending_ratio: Labelled[xr.DataArray | None]

    def check_together(self) -> None:
        """Refuse values that make no economy together, and places that trade with nobody."""
        super().check_together()
        cost = vars(self)["trade_cost"]
        if trade_costs.is_closed(cost) and self.online is None:
            given = "trade_cost", cost, np.isfinite(cost.values), self.regions
            check_trade(*given, balanced=self.balanced)
        if self.deficit is not None and self.spending_ratio is not None:
            cure = "They are two ways to say it: fixed in value, or in proportion to earnings."
            raise InputError("deficit", self.deficit, "left out beside spending_ratio", cure)

    def numbers(self, **moved: Any) -> dict[str, Any]:
        """Return every parameter of the kernels but the operator, some parameters moved.

        Written so that complex numbers pass: a complex step is a derivative.
        """
        raise NotImplementedError

    @classmethod
    def numbers_of(cls) -> tuple[str, ...]:
        """Return what kernels call the parameters that are one number."""
        return NUMBERS

    @classmethod
    def rows(cls) -> tuple[str, ...]:
        """Return what kernels call the parameters that each region has."""
        return ROWS

    def make_arrays(self, operator: str = "auto", *, compiled: bool = True) -> Economy:
        """Return the economy as kernels read it, with an operator of choice."""
        made = trade_costs.operator_for(
            self.geography, vars(self)["trade_cost"], self._online_cost(), self.sigma, operator
        )
        values = self.numbers()
        economy = self.compiled().economy(values, values, made)
        if self.mixes:
            return economy
        needed, work = memory.table(len(self.regions), CONDITION_TABLES), "for error bounds"
        if needed > memory.LITTLE:
            cure = "Fewer places, or balanced trade between all of them."
            memory.check("model", f"{len(self.regions)} regions", needed, work, cure)
        return economy._replace(bound=CONDITION)

    def direction(self, name: str) -> Economy:
        """Return the derivative of every parameter of the kernels by one of ``varied()``."""
        validation.known("parameter", name, self.varied())
        slope = trade_costs.freeness_slope(
            self.geography, vars(self)["trade_cost"], self._online_cost(), self.sigma, name
        )
        moved = {}
        if name not in ("trade_cost", "online_trade_cost"):
            moved[name] = self._value(name) + 1j * TINY_STEP
        found = {key: np.imag(value) / TINY_STEP for key, value in self.numbers(**moved).items()}
        return self.compiled().economy(found, found, slope)

    @property
    def balanced(self) -> bool:
        """Whether every place spends what wages and rents there pay for."""
        return vars(self)["deficit"] is None and vars(self)["spending_ratio"] is None

    @property
    def indices_sum_to_one(self) -> bool:
        """Whether indices of all equilibria sum to one: not if people may leave a place for good.

        So they leave one that pays a deficit fixed in value: life gets worse with fewer to pay it.
        """
        return self.deficit is None

    @property
    def plain(self) -> bool:
        """Whether trade is balanced and open everywhere, as proofs ask."""
        return self.balanced and not trade_costs.is_closed(vars(self)["trade_cost"])

    @property
    def mixes(self) -> bool:
        """Whether how well trade mixes places bounds errors: spending is as elastic as earnings."""
        homogeneous = vars(self)["deficit"] is None and (self.balanced or self.kept == 1.0)
        return homogeneous and not trade_costs.is_closed(vars(self)["trade_cost"])

    @property
    def kept(self) -> float:
        """Part of spending on goods that is earned locally: one unless rents are pooled."""
        return 1.0

    def unbalanced(self) -> dict[str, Any]:
        """Return the parameters of the kernels that say how trade is not balanced."""
        size, online = len(self.regions), self.online
        fixed, ratio = vars(self)["deficit"], vars(self)["spending_ratio"]
        return {
            "proportional": float(ratio is not None),
            "deficit": np.zeros(size) if fixed is None else placed(fixed, online and 0.0),
            "ratio": np.ones(size) if ratio is None else placed(ratio, online and 1.0),
        }

    def received(self, share: np.ndarray, wage: np.ndarray) -> np.ndarray:
        """Return deficits, from people and wages: what places spend on goods but do not earn."""
        values = self.unbalanced()
        if vars(self)["spending_ratio"] is None:
            return np.asarray(values["deficit"])
        paid = self.kept * share * wage + (1.0 - self.kept) * share
        return np.asarray(values["ratio"] * paid * self._factor(share, wage) - paid)

    def _factor(self, share: np.ndarray, wage: np.ndarray) -> Any:
        """Return the factor on spending ratios at which all spending is all that is earned."""
        if vars(self)["spending_ratio"] is None:
            return 1.0
        paid = self.kept * share * wage + (1.0 - self.kept) * share
        return 1.0 / np.sum(self.unbalanced()["ratio"] * paid, axis=-1, keepdims=True)

    def common_slope(self, parameters: Economy, share: np.ndarray, state: np.ndarray) -> Any:
        """Return d ln of the factor on spending ratios by shares, markets clearing."""
        if self.spending_ratio is None:
            return 0.0
        p, moved = self.compiled().parameters(parameters), np.empty((share.size, share.size))
        if not derivatives.state_share_jacobian(parameters, share, state, moved):
            return np.nan
        earned = share**p.scale * np.exp(state)
        by_share = p.kept * earned[:, None] * (moved + np.diag(p.scale / share))
        by_share += (1.0 - p.kept) * np.eye(share.size)
        total = np.sum(p.ratio * (p.kept * earned + (1.0 - p.kept) * share))
        return -p.intensity * (p.ratio @ by_share) / total

    def _value(self, name: str) -> float:
        owner = self if hasattr(self, name) else self.online
        return float(getattr(owner, name.removeprefix(ONLINE) if owner is not self else name))

    def remark(self, result: Any) -> str:
        """Say what deficits have to do with a failed solve."""
        if self.deficit is None:
            return ""
        share, wage = (np.asarray(result.data[name]) for name in ("share", "wage"))
        paid = self.kept * share * wage + (1.0 - self.kept) * share
        owed = -self.deficit.values / np.where(paid > 0.0, paid, np.inf)
        worst = int(np.argmax(owed))
        broke = ", and earns less" if owed[worst] >= 1.0 else ""
        return (
            f"Deficits are fixed in value: {self.regions[worst]} has to pay "
            f"{-self.deficit.values[worst]:.3g} of all wages, whoever leaves{broke}. Try deficits "
            "in proportion to earnings, spending_ratio=... of the model or "
            'deficits="proportional", or nearer to zero.'
        )

    def _online_cost(self) -> float | None:
        return None if self.online is None else self.online.trade_cost

    def memory(self) -> dict[str, int]:
        """Return the bytes that a short run needs, by operator, the default one first."""
        found = trade_costs.memory_by_operator(self.geography, self.trade_cost)
        found.pop("fourier", None)
        more = 0 if self.mixes else memory.table(len(self.regions), CONDITION_TABLES)
        return {kind: size + more for kind, size in found.items()}

    def long_run_memory(self, tables: int = JACOBIANS) -> dict[str, int]:
        """Return the bytes of a long run: where only one is proven to exist, nothing more."""
        known = self.uniqueness()
        return super().long_run_memory(0 if known is not None and known.unique else tables)

    def within_groups(self, known: Uniqueness) -> Uniqueness:
        """Return whether the long run is proven to be unique, from what is with free mobility."""
        return known if self.groups is None else self.groups.uniqueness(known, plain=self.plain)

    def start_state(self) -> np.ndarray:
        """Return log earnings to start from when nothing better is known: all the same.

        Higher where a deficit is negative, so that what is paid is earned.
        """
        paid = np.maximum(0.0, -self.unbalanced()["deficit"])
        return np.asarray(np.log1p(2.0 * paid.size * paid))

    def check_share(self, share: Any, argument: str = "share") -> np.ndarray:
        """Return a distribution over the regions as an array, without empty ones."""
        found = super().check_share(share, argument)
        if not (found > 0.0).all():
            empty = self.regions[int(np.argmin(found))]
            raise InputError(
                argument,
                share,
                "people in every region",
                f"There is nobody in {empty}. Without congestion a place would be infinitely "
                "good for the first who comes, so that none is ever empty: give it a few.",
            )
        return found

    # --- the long run ---------------------------------------------------------------

    def own_long_run(
        self,
        share: np.ndarray,
        state: np.ndarray,
        dynamics: Replicator | Logit,
        options: SolverOptions,
    ) -> LongRun | None:
        """Return the unique long run, solved jointly with markets, where uniqueness is proven.

        Where nobody can move it is the short run of where people are.
        """
        if self.groups is not None and self.groups.largest == 1:
            return self._at_home(self.groups.people, state, options)
        known = self.uniqueness(dynamics)
        if known is None or not known.unique:
            return None
        economy, intensity = self.arrays_for(options.operator, compiled=True), 1.0
        crowded, sigma = self.compiled().parameters(economy), self.sigma
        if isinstance(dynamics, Logit):
            intensity, liked = 1.0 / dynamics.scale, np.log(dynamics.region_weights(self))
            crowded = crowded._replace(
                congestion=crowded.congestion + dynamics.scale,
                log_attraction=crowded.log_attraction + dynamics.scale * liked,
            )
        work, change = np.empty((4, share.size)), np.empty(share.size)
        equations.update(economy, share, state, work, change)
        with np.errstate(divide="ignore"):  # of prices out of reach of floats: not accepted below
            logs = np.log(np.concatenate([work[2], work[3]]))
        joint = Joint(economy, crowded)
        report, error = settle(joint, logs, options)
        share, state = joint.locate(logs)
        equations.update(economy, share, state, work, change)
        payoff = np.empty(share.size)
        equations.payoff(economy, share, state, work[2], work[3], payoff)
        attraction = payoff
        if isinstance(dynamics, Logit):
            attraction = payoff + dynamics.scale * (liked - np.log(share))
        unequal = intensity * np.ptp(attraction)
        residual = float(np.max([np.max(np.abs(change)), unequal]))  # NaN if one is
        status = Status(report.status)
        with np.errstate(divide="ignore", invalid="ignore"):  # infinite ones are refused below
            prices = np.abs(np.log(work[2]) / (sigma - 1.0))
        if not (np.append(prices, np.abs(payoff)) < LARGEST_LOG).all():
            status = Status.NOT_FINITE
        if status is Status.STALLED and residual <= options.tolerance_payoff:
            status = Status.CONVERGED  # as far as rounding lets it
        exact = residual <= options.tolerance_payoff and error <= options.tolerance_error
        if status is Status.CONVERGED and not exact:
            status = Status.STALLED
        # Where there is one equilibrium only, accepting it takes no eigenvalue.
        rate = None if status is Status.CONVERGED else math.nan
        proof = status, residual, error, report.iterations
        return LongRun(share, state, *proof, (), rate, economy)

    def _at_home(self, share: np.ndarray, state: np.ndarray, options: SolverOptions) -> LongRun:
        economy, state = self.arrays_for(options.operator, compiled=True), state.copy()
        solve = newton.solve if share.size < MANY else in_pieces
        report = solve(economy, share, state, options.for_kernels())
        proof = Status(report.status), float(report.residual), float(report.error)
        no_deviation = -math.inf
        return LongRun(
            share.copy(), state, *proof, int(report.iterations), (), no_deviation, economy
        )

    # --- results --------------------------------------------------------------------

    def outcome(
        self, share: np.ndarray, state: np.ndarray, parameters: Any = None
    ) -> dict[str, np.ndarray]:
        """Return every variable of the economy at a share and its cleared state.

        Both may have further dimensions in front.
        """
        p = self.arrays if parameters is None else parameters
        shares, states = flat(share, state)
        price, payoff = np.empty_like(shares), np.empty_like(shares)
        supply, spending = np.empty((2, shares.shape[1]))
        for row in range(len(shares)):
            equations.goods(p, shares[row], states[row], supply, spending)
            buy(p.operator, supply, price[row])
            equations.payoff(p, shares[row], states[row], price[row], price[row], payoff[row])
        # What is infinite is not accepted as a solution.
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            price_index = price.reshape(share.shape) ** (1.0 / (1.0 - self.sigma))
            wage = np.exp(state + (self.compiled().parameters(p).scale - 1.0) * np.log(share))
            values = {"share": share, "wage": wage, "price_index": price_index}
            real_income = np.exp(payoff).reshape(share.shape)
            real_income *= self._factor(share, wage) ** self.compiled().parameters(p).intensity
            values |= {"real_income": real_income, **self.further(share, wage)}
            return {**values, "welfare": self.welfare(values), **self.group_welfare(values)}

    @property
    def mobile_weight(self) -> float:
        """One: all people are mobile."""
        return 1.0

    def further(self, share: np.ndarray, wage: np.ndarray) -> dict[str, np.ndarray]:
        """Return what else there is to know of places, from people and wages."""
        return {}

    def costs(self) -> xr.DataArray:
        """Trade costs T_rs of every origin in every destination.

        Returns
        -------
        DataArray
            Over origin and destination, the online region last; iceberg factors.

        Examples
        --------
        >>> import nege
        >>> economy = nege.Helpman(nege.geography.line(3), sigma=4, mu=0.7, trade_cost=1.5)
        >>> economy.costs().sel(origin="0").values
        array([1.  , 1.5 , 2.25])
        """
        return trade_costs.between(self.regions, self._costs())

    def _costs(self) -> np.ndarray:
        return trade_costs.table(self.geography, self.trade_cost, self._online_cost())

    def spent(self, data: xr.Dataset) -> np.ndarray:
        """Return spending on goods by place, from stored variables."""
        raise NotImplementedError

    def trade_flows(self, data: xr.Dataset) -> xr.DataArray:
        """Return the value of trade between places, in units of the wage bill of all.

        Each origin sells its output at one price everywhere, before trade costs, and each
        destination spends on origins by those prices: X_rs = x_r T_rs^(1-sigma) E_s/P_s.

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
        >>> economy = nege.Helpman(nege.geography.line(3), sigma=4, mu=0.7, trade_cost=1.5)
        >>> flows = economy.trade_flows(nege.solve(economy).data)
        >>> flows.dims, round(float(flows.sum()), 6)
        (('origin', 'destination'), 1.0)
        """
        data = validation.in_order("data", data, "region", self.regions, "over the places here")
        share = validation.shares("data", data["share"], self.regions)
        supply, spending, price = np.empty((3, share.size))
        state = np.log(data["wage"].values) + (
            1.0 - self.compiled().parameters(self.arrays).scale
        ) * np.log(share)
        equations.goods(self.arrays, share, state, supply, spending)
        buy(self.arrays.operator, supply, price)
        freeness = self._costs() ** (1.0 - self.sigma)
        flows = supply[:, None] * freeness * (self.spent(data) / price)
        names = list(self.regions)
        about = {"long_name": "value of trade", "units": "wage bill of all places"}
        labels = {"origin": names, "destination": names}
        return xr.DataArray(flows, labels, tuple(labels), "flows", about)


def fundamental(words: str, default: None) -> Any:
    """Declare a positive number for each place, one by default."""
    more = "Of each place; one by default."
    return fields.over(
        ("region",), words, fields.POSITIVE, default=default, instead=lambda _: 1.0, more=more
    )


class OnlineHousing(fields.Number):
    """The housing of those who work online, given where there is an online region."""

    def check(self, value: Any, economy: Any) -> float | None:
        """Return the housing, or refuse an online region without it."""
        online = economy.online
        if online is None:
            if value is None:
                return None
            raise InputError(
                "online_housing", value, "given together with online=nege.OnlineRegion(...)"
            )
        if value is None:
            raise InputError(
                "online",
                online,
                "given together with online_housing=...",
                "A region without residents or land cannot host production where people live "
                "where they work: nege.OnlineAgglomeration is the model for that. Or say how much "
                "housing those who work online have.",
            )
        if online.commission > 0.0:
            raise InputError(
                "online_commission",
                online.commission,
                "zero in this model",
                "It has nobody who owns a platform; nege.OnlineAgglomeration does.",
            )
        housing: float = super().check(value, economy)
        return housing


def online_housing(default: None) -> Any:
    """Declare the housing of those who work online."""
    return OnlineHousing(
        words="stock of housing of those who work online",
        unit="that of `housing`",
        bounds=Bounds(above=0.0, cure="It is a stock of housing, in the unit of `housing`."),
        default=default,
    )


def placed(values: xr.DataArray, online: Any) -> np.ndarray:
    """Return numbers of all regions, the online one's last where there is one."""
    own = [] if online is None else [online]
    return np.concatenate([values.values, own])


VARIABLES = {
    "share": Variable(("region",), "share of people", "1"),
    "wage": Variable(("region",), "wage", "wage bill of all places per head"),
    "price_index": Variable(("region",), "price index of goods", "wage bill per head"),
    "real_income": Variable(("region",), "real income per head, amenity included", "utility"),
    "welfare": Variable((), "mean real income per head, amenity included", "utility"),
}
