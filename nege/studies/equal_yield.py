"""Equal yield: the rate of one tax that raises what another one raised, and what funds cost.

Revenue Gamma is real (``real_terms``) and the whole economy responds. The rate t is one more
unknown, and its equation one more row on Newton's system (F the equations of rest, y the rest):

    [ F_y      F_t     ] [dy]     [F(y, t)        ]
    [ Gamma_y  Gamma_t ] [dt] = - [Gamma(y, t) - r]

solved by elimination: two solves with F_y. Gamma over t is a Laffer curve, which has two roots
below its peak. All between the bounds are told; the lower one, where revenue rises, is the answer,
and where only the other one is between them, that one, which is said.

What one more unit of revenue costs people, in the same unit, is the marginal cost of funds

    MCF = -(d ln U/dt) Y_real / (d Gamma_real/dt)

in real terms: at going prices it would be 1/(1 + t) for a tax that is neutral. It is the marginal
cost of public funds where nobody values what the money is spent on (worth 0), and the marginal
excess burden where it is paid back to people (``real_terms``).
Source: after Dahlby (2008), Anderson & Martin (2010).
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
import xarray as xr

from nege import memory, validation
from nege.errors import ConvergenceError, InputError
from nege.immutable import Immutable, held
from nege.models import parameter_axes, terms
from nege.models.base import Model
from nege.plots import objectives
from nege.progress import Progress, watched
from nege.results.equilibrium import Equilibrium, check_equilibrium
from nege.results.stability import verdict
from nege.results.tables import Tabular, in_plain_words
from nege.solver_options import Logit, Replicator, SolverOptions, check_dynamics
from nege.solvers.checks import check_model, check_options
from nege.studies import real_terms
from nege.studies.joint_policy import draw_gains
from nege.studies.policy_objectives import REVENUE, every, present, target
from nege.studies.policy_points import ANY, Point, PolicyPoints
from nege.studies.response import slope
from nege.validation.keywords import hinted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["CostOfFunds", "EqualYield", "cost_of_funds", "equal_yield"]

MOST = 30  # steps of Newton's method, and of a bracket per digit
AROUND = 10  # economies beside the curve, as far as is known before
SHARP = 1e-12  # of the revenue, and of the residual: where Newton's method ends
RAISED = 1e-9  # of the revenue: by how much it may be missed
FLAT = 1e-7  # of a step of the curve: how sharply the peak is found
ASIDE = 1e-3  # the step of differences along a direction, in its largest unknown
REACH = 0.05  # of a rate, or of a tenth: how far aside it is differentiated
RATES = (0.0, 1.0)


class Laffer(NamedTuple):
    """A rate, what it raises, and what one more of it would raise."""

    rate: float
    revenue: float
    slope: float


@held("curve")
@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class EqualYield(Immutable, Tabular):
    """A rate that raises what was asked for, both sides of its Laffer curve, and who gains.

    Made by :func:`equal_yield`.

    Attributes
    ----------
    parameter : str
        The rate.
    value : float
        The lowest rate that raises it where revenue rises with the rate; where none does between
        the bounds, the lowest on the falling side.
    beyond_peak : bool
        Whether that is on the falling side, where a lower rate raises more.
    upper : float
        The next rate beyond the peak that raises as much; NaN where there is none between bounds.
    roots : tuple of Laffer
        ``rate, revenue, slope`` of every rate between the bounds that raises it.
    amount : float
        What is raised, in the unit of `of`.
    of : str
        What counts as revenue.
    peak : Laffer
        ``rate, revenue, slope`` where revenue is largest between bounds.
    slope : float
        What one more of the rate would raise at `value`.
    before, equilibrium : Equilibrium
        The economy as it was given, and under the new rate.
    gain : float
        Change of ln welfare.
    iterations : int
        Steps of Newton's method with the rate as an unknown; 0 where a bracket was narrowed.
    jumps : tuple of (float, float)
        Between which rates the equilibrium jumped along the curve.
    lost : tuple of float
        Rates at which none was found.
    curve : Dataset
        ``revenue_raised, slope`` and every variable over the rate.

    Notes
    -----
    Not for rates beyond those between bounds, nor on other branches of equilibria.

    Examples
    --------
    >>> import nege
    >>> economy = nege.OnlineAgglomeration(nege.geography.equidistant(2), digital_cost=1.1)
    >>> found = nege.policy.equal_yield(
    ...     economy, "commission.services", amount=0.01, of="commission_revenue", between=(0, 0.3),
    ...     points=5)
    >>> found.value < found.peak.rate < 0.3, found.slope > 0
    (True, True)
    """

    parameter: str
    value: float
    roots: tuple[Laffer, ...]
    amount: float
    of: str
    peak: Laffer
    slope: float
    before: Equilibrium
    equilibrium: Equilibrium
    gain: float
    iterations: int
    jumps: tuple[tuple[float, float], ...]
    lost: tuple[float, ...]
    curve: xr.Dataset

    @property
    def beyond_peak(self) -> bool:
        """Whether the rate is on the falling side of the curve, where a lower one raises more."""
        return self.slope < 0.0 and self.value != self.peak.rate

    @property
    def upper(self) -> float:
        """The next rate beyond the peak that raises as much; NaN where none is between bounds."""
        beyond = (root.rate for root in self.roots if root.slope < 0.0 and root.rate > self.value)
        return math.nan if self.beyond_peak else next(beyond, math.nan)

    @property
    def certified(self) -> bool:
        """Whether the amount is raised, to rounding, by an economy that is stable."""
        raised = next(root.revenue for root in self.roots if root.rate == self.value)
        near = abs(raised - self.amount) <= RAISED * max(abs(self.amount), SHARP)
        return near and self.equilibrium.leading_eigenvalue < 0.0

    _printed: ClassVar = ("revenue_raised", "slope", "status")

    @hinted
    def to_dataset(self) -> xr.Dataset:
        """Return the Laffer curve, with the rates that raise the amount as attributes."""
        return self.curve.assign_attrs(
            {
                "rate": self.value,
                "beyond the peak": int(self.beyond_peak),
                "upper rate": self.upper,
                "amount": self.amount,
                "peak rate": self.peak.rate,
                "peak revenue": self.peak.revenue,
            }
        )

    @hinted
    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw the Laffer curve, what has to be raised, and the rates that raise it.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        Axes
            Rates are full where revenue rises, hollow beyond the peak.
        """
        roots = {root.rate: root.slope >= 0.0 for root in self.roots}
        jumps = [0.5 * sum(ends) for ends in self.jumps]
        curve = self.curve.where(np.isfinite(self.curve["slope"]), drop=True)
        return objectives.laffer(
            curve["revenue_raised"], curve["slope"].values, self.parameter,
            in_plain_words(self.of), self.amount, roots, jumps, ax=ax,
        )  # fmt: skip

    @hinted
    def plot_gains(self, *, ax: Axes | None = None) -> Axes:
        """Draw who gains from the change of taxes, place by place.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        Axes
            With a bar for each place, and kind of its people: the change of their real
            income, in per cent.
        """
        return draw_gains(self.before, self.equilibrium, ax)

    def __repr__(self) -> str:
        side = (
            "It is on the FALLING side of the Laffer curve: a lower rate raises more, and no rate "
            "between the bounds raises as much on the rising side."
            if self.beyond_peak
            else f"{self.upper:.8g} beyond the peak raises as much."
            if math.isfinite(self.upper)
            else "No rate between the bounds beyond it raises as little."
        )
        welfare = f"Welfare changes by {100.0 * math.expm1(self.gain):+.4g} per cent."
        lines = [
            f"{self.parameter} = {self.value:.10g} raises {self.of} of {self.amount:.10g}; one "
            f"more of it would raise {self.slope:.6g}.",
            f"The largest {self.of} found is {self.peak.revenue:.8g}, at {self.peak.rate:.8g}. "
            f"{side}",
            *([welfare] if math.isfinite(self.gain) else []),
            verdict(self.equilibrium.leading_eigenvalue),
            *([] if self.certified else ["NOT CERTIFIED: not stable, or the amount is missed."]),
        ]
        lines += [f"The equilibrium jumps between {a:.9g} and {b:.9g}." for a, b in self.jumps]
        if self.lost:
            values = ", ".join(f"{value:.6g}" for value in self.lost)
            lines.append(f"No equilibrium was found at {values}.")
        lines.append(
            "Not established: peaks between values of the curve, and other equilibria than those "
            "that the economy reaches from where it stands."
        )
        return "\n".join(lines)


@held("by_place")
@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class CostOfFunds(Immutable, Tabular):
    """What one more unit of real revenue costs people, by raising one rate.

    Made by :func:`cost_of_funds`.

    Attributes
    ----------
    parameter : str
        The rate.
    at : float
        Where it stands.
    value : float
        What it costs people; negative beyond the peak of revenue, where lower rates raise more.
    kind : str
        What that is, as the money is spent: "marginal cost of public funds" where nobody values
        what it buys, "marginal excess burden, ..." where it is paid back.
    welfare_slope : float
        d ln U/dt, the whole economy responding.
    revenue_slope : float
        d Gamma_real/dt.
    private_income : float
        Y_real, what private income buys.
    beyond_peak : bool
        Whether a higher rate raises less.
    by_place : DataArray
        What it costs people of each place, and kind of them, on average of the same income: their
        mean, by people, is `value` where these move everywhere.
    equilibrium : Equilibrium
        The economy.

    Notes
    -----
    Not the cost of more than a little revenue: it rises with the rate.

    Examples
    --------
    >>> import nege
    >>> vat = nege.mechanisms.Tax("vat", 0.1, proceeds=nege.mechanisms.PublicGood(worth=0))
    >>> found = nege.solve(nege.OnlineAgglomeration(mechanisms=[vat]))
    >>> cost = nege.policy.cost_of_funds(found, "vat.rate")
    >>> cost.value > 1, cost.beyond_peak
    (True, False)
    """

    parameter: str
    at: float
    value: float
    kind: str
    welfare_slope: float
    revenue_slope: float
    private_income: float
    beyond_peak: bool
    by_place: xr.DataArray
    equilibrium: Equilibrium

    def __float__(self) -> float:
        return float(self.value)

    @hinted
    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw what one more unit costs people of each place, and all, as a line.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        Axes
            With a bar for each place, and kind of its people.
        """
        of = terms.about(self.equilibrium.model, self.parameter)["long_name"]
        label = f"cost of one more unit by {of}"
        return objectives.by_place(self.by_place, label, loss=True, mean=self.value, ax=ax)

    @hinted
    def to_dataset(self) -> xr.Dataset:
        """Return its numbers as variables."""
        return xr.Dataset(
            {
                "rate": self.at,
                "cost_of_funds": self.value,
                "welfare_slope": self.welfare_slope,
                "revenue_slope": self.revenue_slope,
                "private_income": self.private_income,
                "cost_by_place": self.by_place,
            },
            attrs={"parameter": self.parameter, "kind": self.kind},
        )

    def __repr__(self) -> str:
        lines = [
            f"One more unit of real revenue by {self.parameter}, which stands at {self.at:g}, "
            f"costs people {self.value:.8g}: the {self.kind}.",
            f"d ln U/dt = {self.welfare_slope:.8g}, d revenue/dt = {self.revenue_slope:.8g}.",
        ]
        if self.beyond_peak:
            less = "people gain by it" if self.value < 0.0 else "that is what costs people"
            lines.append(f"Beyond the peak of revenue: a lower rate raises more, and {less}.")
        lines.append(verdict(self.equilibrium.leading_eigenvalue))
        return "\n".join(lines)


# --- equal yield


@hinted
def equal_yield(
    model: Model,
    parameter: str,
    instead_of: Any = None,
    *,
    amount: float | None = None,
    of: str = REVENUE,
    between: tuple[float, float] = RATES,
    start: Any = None,
    points: int = 13,
    dynamics: Replicator | Logit | None = None,
    options: SolverOptions | None = None,
    progress: Progress = None,
) -> EqualYield:
    """Equal yield: the rate that raises the same real revenue as another tax did.

    The rate is one more unknown of the economy, and real revenue its row (Newton's method). Of
    the two rates that raise as much, on both sides of the peak of the Laffer curve, the lower is
    taken, and the other one told. Where only the upper one is between the bounds it is taken,
    ``beyond_peak`` is True and the result says so.

    Parameters
    ----------
    model : Model
        The economy, with the tax that is to be replaced.
    parameter : str
        The rate that is looked for, e.g. "vat.rate".
    instead_of : str or mapping of str to float, optional
        What is taken away: the name of another rate, which goes to zero, or values of several.
        By default nothing.
    amount : float, optional
        What has to be raised; by default what the economy raises now.
    of : str, default "revenue"
        What counts: real revenue of governments, or any number of the economy by its name.
    between : pair of float, default (0, 1)
        Rates that are allowed.
    start : DataArray, mapping or array, optional
        Where the first long run starts; ``model.default_start()`` by default.
    points : int, default 13
        Values of the Laffer curve, both bounds included.
    dynamics : Replicator or Logit, optional
        How people move.
    options : SolverOptions, optional
        Tolerances and limits.
    progress : bool or callable, optional
        As in :func:`optimise`.

    Returns
    -------
    EqualYield
        Both rates, the peak, the economy before and after, the curve.

    Raises
    ------
    InputError
        For names that are none, bounds that are none.
    ConvergenceError
        Where no rate between the bounds raises the amount: it says what the most, or the least,
        is, and carries the economy there. Where the economy could not be solved.

    Notes
    -----
    Not for the best taxes: :func:`optimise` chooses several under a given revenue.

    Examples
    --------
    >>> import nege
    >>> turnover = nege.mechanisms.Tax("turnover", 0.05)
    >>> vat = nege.mechanisms.Tax("vat", 0.0, buyers="households")
    >>> economy = nege.OnlineAgglomeration(
    ...     nege.geography.equidistant(2), mechanisms=[turnover, vat])
    >>> found = nege.policy.equal_yield(economy, "vat.rate", "turnover.rate", points=5)
    >>> found.value > 0.05  # of fewer sales
    True
    """
    check_model(model)
    moves, settings = check_dynamics(dynamics), check_options(options)
    parameter_axes.check_names(model, [parameter])
    low, high = parameter_axes.pair("between", between)
    away = _away(model, parameter, instead_of)
    reformed = model.replace(away) if away else model
    for end in (low, high):
        reformed.replace({parameter: end})
    points = validation.whole("points", points, at_least=3)
    need = 16 * points * len(model.variables) * len(model.regions)
    memory.check("points", points, need, "for the curve in memory", "Take fewer points.")
    wanted = target(model, of, "of")
    if wanted.read is None:
        raise InputError("of", of, "the name of a number of the economy")
    share = model.default_start() if start is None else model.check_start(start)
    targets = [wanted, *([target(model, "welfare")] if "welfare" in model.variables else [])]
    now = {parameter: _around(model, parameter)}
    if amount is not None:
        amount = validation.number("amount", amount)
    with watched(progress, points + AROUND, "economies") as steps:
        here = PolicyPoints(model, now, targets, share, moves, settings, steps)
        before = here.reach(here.present())
        here.refuse_nothing("rates")
        assert before is not None
        asked = float(before.values[0]) if amount is None else amount
        bounds = {parameter: (low, high)}
        curve = PolicyPoints(reformed, bounds, targets, before.run.share, moves, settings, steps)
        return _Curve(curve, parameter, wanted.name, asked, before).run(points)


def _away(model: Model, parameter: str, instead_of: Any) -> dict[str, float]:
    """Return what other rates become."""
    if instead_of is None:
        return {}
    given = {instead_of: 0.0} if isinstance(instead_of, str) else instead_of
    if not isinstance(given, Mapping) or not given:
        cure = 'For example "turnover.rate".'
        raise InputError("instead_of", instead_of, "the name of a rate, or values by name", cure)
    parameter_axes.check_names(model, given)
    if parameter in given:
        raise InputError("instead_of", instead_of, f"other rates than {parameter}")
    return {
        name: validation.number(f"instead_of[{name!r}]", value) for name, value in given.items()
    }


def _around(model: Model, parameter: str) -> tuple[float, float]:
    """Return an interval around where a rate stands, on the side that the model allows.

    From a rate of zero upwards: taxes of sales and subsidies need not be alike there.
    """
    now = present(model, parameter)
    if now is None:
        cure = "It is a table of several: name one of them, or make them equal first."
        raise InputError("parameter", parameter, "a rate that is one number", cure)
    aside = REACH * max(abs(now), 0.1)
    if now == 0.0:
        return now, _allowed(model, parameter, now, 1.0, aside)
    low, high = now - aside, now + aside
    return _allowed(model, parameter, now, low), _allowed(model, parameter, now, high)


def _allowed(model: Model, parameter: str, now: float, *rates: float) -> float:
    """Return the first of some rates that the model allows, else where it stands."""
    for rate in rates:
        with contextlib.suppress(InputError):
            model.replace({parameter: rate})
            return rate
    return now


class _Curve:
    """A Laffer curve: followed over the rate, its peak, and where it has the amount."""

    def __init__(
        self, around: PolicyPoints, parameter: str, of: str, amount: float, before: Point
    ) -> None:
        self.around, self.parameter, self.of = around, parameter, of
        self.amount, self.before = amount, before

    def run(self, points: int) -> EqualYield:
        """Follow the curve over all rates; find the peak and both roots."""
        around = self.around
        now = float(around.present()[0])
        grid = np.linspace(around.low[0], around.high[0], points)
        for rate in (now, *grid[np.argsort(np.abs(grid - now), kind="stable")]):
            around.reach(np.array([rate]))  # to both sides from where the rate stands
        around.refuse_nothing("rates")
        self._peaks()
        found = self._ordered()
        top = max(found, key=lambda one: float(one.values[0]))
        pairs = list(itertools.pairwise(found))
        found_at = [(one, 0) for one in found if self._raises(one)]
        found_at += [self._root(a, b) for a, b in pairs if self._passes(a, b)]
        known = [(one, taken) for one, taken in found_at if self._raises(one, RAISED)]
        if not known:
            self._refuse(found, top)
        known.sort(key=lambda one: float(one[0].policy[0]))
        rises = [one for one in known if self._slope(one[0]) >= 0.0 or one[0] is top]
        root, iterations = (rises or known)[0]
        return self._result(root, [one for one, _ in known], top, iterations)

    def _ordered(self) -> list[Point]:
        return sorted(self.around.visited, key=lambda one: float(one.policy[0]))

    def _broken(self, a: Point, b: Point) -> bool:
        """Whether the equilibrium jumped, or was lost, between two rates."""
        low, high = a.policy[0], b.policy[0]
        jumps = [sorted((p[0], q[0])) for p, q in self.around.jumps]
        lost = [rate[0] for rate, _ in self.around.lost.values()]
        return any(p < high and q > low for p, q in jumps) or any(low < v < high for v in lost)

    def _short(self, point: Point) -> float:
        """Return what is missing of the amount."""
        return self.amount - float(point.values[0])

    def _raises(self, point: Point, within: float = SHARP) -> bool:
        return abs(self._short(point)) <= within * max(abs(self.amount), SHARP)

    def _passes(self, a: Point, b: Point) -> bool:
        """Whether the curve passes the amount between two rates, on one branch."""
        missed = not (self._raises(a) or self._raises(b))
        return missed and self._short(a) * self._short(b) < 0.0 and not self._broken(a, b)

    def _peaks(self) -> None:
        """Find where the slope of revenue falls through zero, between neighbours."""
        from scipy.optimize import brentq

        found = self._ordered()
        for a, b in itertools.pairwise(found):
            if self._broken(a, b) or not (self._slope(a) > 0.0 > self._slope(b)):
                continue

            def steepness(rate: float) -> float:
                point = self.around.reach(np.array([rate]))
                return math.nan if point is None else self._slope(point)

            low, high = float(a.policy[0]), float(b.policy[0])
            brentq(steepness, low, high, xtol=FLAT * (high - low), maxiter=MOST, disp=False)

    def _slope(self, point: Point) -> float:
        return float(point.gradient(0)[0])

    def _refuse(self, found: list[Point], top: Point) -> None:
        """Say that no rate raises the amount; the nearest economy is the partial result."""
        low, high = self.around.bounds[self.parameter]
        message = f"No {self.parameter} between {low:g} and {high:g} raises {self.of} of "
        message += f"{self.amount:.8g}: "
        least = min(found, key=lambda one: float(one.values[0]))
        if self._short(least) < 0.0:
            message += f"the least is {least.values[0]:.8g}, at {least.policy[0]:.8g}. "
            message += "Widen the bounds, or lower other rates."
            raise ConvergenceError(message, least.equilibrium)
        if self._short(top) > 0.0:
            what = "peak" if low < float(top.policy[0]) < high else "most, at a bound,"
            message += f"the {what} is {top.values[0]:.8g}, at {top.policy[0]:.8g}. "
            message += "Ask for less, leave something of the other tax, or widen the bounds."
            if self.around.jumps or self.around.lost:
                message += " The equilibrium jumps, or is lost, on the way."
            raise ConvergenceError(message, top.equilibrium)
        pairs = itertools.pairwise(found)
        a, b = next((a, b) for a, b in pairs if self._short(a) * self._short(b) < 0.0)
        message += (
            f"it goes from {a.values[0]:.8g}, at {a.policy[0]:.8g}, to {b.values[0]:.8g}, at "
        )
        message += f"{b.policy[0]:.8g}, where the equilibrium jumps or is lost. "
        message += "Ask for another amount, or for other bounds."
        raise ConvergenceError(
            message, min(a, b, key=lambda one: abs(self._short(one))).equilibrium
        )

    # --- roots

    def _root(self, a: Point, b: Point) -> tuple[Point, int]:
        """Return the economy that raises the amount between two rates, and Newton's steps."""
        if not self.around.model.in_shares:
            near = min(a, b, key=lambda one: abs(self._short(one)))
            found = self._by_newton(near, float(a.policy[0]), float(b.policy[0]))
            if found is not None:
                return found
        return self._by_bracket(a, b), 0

    def _by_newton(self, point: Point, low: float, high: float) -> tuple[Point, int] | None:
        """Solve for the rate and the economy together; None where that leads elsewhere."""
        around, x, rate = self.around, point.run.state.copy(), float(point.policy[0])
        taken, done = 0, False
        while not done:
            taken += 1
            model = around.at(np.array([rate]))
            run = point.run._replace(state=x)
            response = around.response(model, 0)
            at = response.linear(rate, model, run)
            rest = model.equations_of_rest(around.dynamics, around.options)
            residual = rest.residual(x)
            moves = at.solve(np.column_stack([-residual, -at.drift]))
            if not np.isfinite(moves).all():
                return None
            here, by_rest = self._along(response, run, model, moves[:, 0])
            _, by_rate = self._along(response, run, model, moves[:, 1])
            by_rate += self._explicit(response, run, rate)
            change = (self.amount - here - by_rest) / by_rate
            x, rate = x + moves[:, 0] + change * moves[:, 1], rate + change
            if not (low <= rate <= high and np.isfinite(change)) or taken == MOST:
                return None
            small = np.abs(residual).max() <= SHARP
            short = abs(self.amount - here) / max(abs(self.amount), SHARP)
            done = bool(small and short <= SHARP)
        found = self._solved(rate, x)
        return None if found is None else (found, taken)

    def _solved(self, rate: float, x: np.ndarray) -> Point | None:
        """Return the long run at the root, which is stable there; None where it is another one."""
        found = self.around.reach(np.array([rate]))
        if found is None:
            return None
        there = np.nan_to_num(found.run.state, neginf=0.0)
        same = np.abs(there - np.nan_to_num(x, neginf=0.0)).max() <= 1e-6
        return found if same else None

    def _revenue(self, moved: Any, response: Any) -> float:
        return self.around.targets[0].among(moved.model, response.values(moved))

    def _along(
        self, response: Any, run: Any, model: Model, direction: np.ndarray
    ) -> tuple[float, float]:
        """Return revenue at a point, and its slope along a direction."""
        here = self._revenue(response.displaced(run, 0.0 * direction, model), response)
        size = float(np.abs(direction).max())
        if size == 0.0:
            return here, 0.0
        unit = ASIDE / size * direction
        beside = [
            self._revenue(response.displaced(run, k * unit, model), response)
            for k in (-2.0, -1.0, 1.0, 2.0)
        ]
        by = (8.0 * (beside[2] - beside[1]) - (beside[3] - beside[0])) / 12.0
        return here, by * size / ASIDE

    def _explicit(self, response: Any, run: Any, rate: float) -> float:
        """Return the slope of revenue by the rate while everything else stays."""
        nodes, still = response.nodes(rate), np.zeros(run.state.size)
        values = [
            self._revenue(response.displaced(run, still, response.at(float(node))), response)
            for node in nodes
        ]
        return float(slope(nodes, np.array(values), rate))

    def _by_bracket(self, a: Point, b: Point) -> Point:
        from scipy.optimize import brentq

        def short(rate: float) -> float:
            point = self.around.reach(np.array([rate]))
            return math.nan if point is None else self._short(point)

        low, high = float(a.policy[0]), float(b.policy[0])
        rate = brentq(short, low, high, xtol=1e-300, rtol=8.9e-16)
        found = self.around.reach(np.array([rate]))
        assert found is not None  # the bracket has been there
        return found

    # --- the result

    def _at(self, point: Point) -> Laffer:
        return Laffer(float(point.policy[0]), float(point.values[0]), self._slope(point))

    def _result(self, root: Point, every: list[Point], top: Point, iterations: int) -> EqualYield:
        around = self.around
        curve = around.dataset(
            {
                "revenue_raised": [one.values[0] for one in around.visited],
                "slope": [self._slope(one) for one in around.visited],
            }
        )
        order = np.argsort(curve[self.parameter].values)
        curve = curve.isel(policy=order).swap_dims(policy=self.parameter).drop_vars("policy")
        known = self.before.values.size > 1
        gain = math.log(root.values[1] / self.before.values[1]) if known else math.nan
        return EqualYield(
            parameter=self.parameter,
            value=float(root.policy[0]),
            roots=tuple(self._at(one) for one in every),
            amount=self.amount,
            of=self.of,
            peak=self._at(top),
            slope=self._slope(root),
            before=self.before.equilibrium,
            equilibrium=root.equilibrium,
            gain=gain,
            iterations=iterations,
            jumps=tuple((float(p[0]), float(q[0])) for p, q in around.jumps),
            lost=tuple(float(rate[0]) for rate, _ in around.lost.values()),
            curve=curve,
        )


# --- what funds cost


@hinted
def cost_of_funds(
    equilibrium: Equilibrium, parameter: str, *, options: SolverOptions | None = None
) -> CostOfFunds:
    """Marginal cost of funds: what one more unit of real revenue costs people, by one rate.

    MCF = -(d ln U/dt) Y_real/(d Gamma_real/dt), by implicit differentiation of the whole
    economy: one linear solve.

    Parameters
    ----------
    equilibrium : Equilibrium
        A long run of an economy with taxes.
    parameter : str
        The rate, e.g. "vat.rate".
    options : SolverOptions, optional
        Tolerances and limits.

    Returns
    -------
    CostOfFunds
        Its value, and the slopes that it is made of.

    Raises
    ------
    InputError
        For an economy that does not rest, or has no taxes.

    Notes
    -----
    Not the cost of public funds where people value what is bought with them, or have the money
    back: that is in d ln U/dt already. ``kind`` says what it is.

    Examples
    --------
    >>> import nege
    >>> vat = nege.mechanisms.Tax("vat", 0.1, proceeds=nege.mechanisms.PublicGood(worth=0))
    >>> found = nege.solve(nege.OnlineAgglomeration(mechanisms=[vat]))
    >>> nege.policy.cost_of_funds(found, "vat.rate").value > 1
    True
    """
    check_equilibrium(equilibrium)
    settings = check_options(options)
    if equilibrium.horizon != "long run" or equilibrium.status not in ANY:
        cure = "nege.solve(model) makes one."
        raise InputError("equilibrium", equilibrium.horizon, "a long run that converged", cure)
    model = equilibrium.model
    if not real_terms.collects(model):
        cure = "Give it mechanisms=[nege.mechanisms.Tax(...)]."
        raise InputError("equilibrium", model, "an economy in which somebody collects taxes", cure)
    parameter_axes.check_names(model, [parameter])
    share = model.check_share(equilibrium.data, "equilibrium")
    around = PolicyPoints(
        model,
        {parameter: _around(model, parameter)},
        [target(model, "welfare"), target(model, REVENUE), *every("real_income", model)],
        share,
        check_dynamics(equilibrium.dynamics),
        settings,
    )
    now = around.present()
    point = around.reach(now)
    around.refuse_nothing("rates")
    assert point is not None
    by = point.gradient(0)
    values = model.long_run_values(point.run.share, point.run.state, None, around.dynamics)
    income = real_terms.private_income(values)
    welfare = float(by[0] / point.values[0])
    if by[1] == 0.0:
        cure = (
            'Money with proceeds="owners" is not theirs, nor is there any where nothing is taxed.'
        )
        raise InputError("parameter", parameter, "one that changes what governments collect", cure)
    real = equilibrium.data["real_income"]
    losses = -(by[2:] / point.values[2:]) * income / by[1]
    return CostOfFunds(
        parameter=parameter,
        at=float(now[0]),
        value=float(-welfare * income / by[1]),
        kind=real_terms.kind_of_cost(model),
        welfare_slope=welfare,
        revenue_slope=float(by[1]),
        private_income=income,
        beyond_peak=bool(by[1] < 0.0),
        by_place=xr.DataArray(losses.reshape(real.shape), real.coords, real.dims),
        equilibrium=equilibrium,
    )
