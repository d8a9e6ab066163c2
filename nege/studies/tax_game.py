"""Nash equilibria of policy: each player's rate is best for its own people, given the others'.

    t_i = argmax_t U_i(t, t_-i),       at an interior one  dU_i/dt_i = 0,  d2U_i/dt_i2 < 0

U_i comes from the whole economy, which responds to all rates. Best responses are taken in turn,
each the root of the player's own derivative (implicit differentiation), over all of its interval
the first time and from where it stands later. What is found is held against a grid of deviations
of one player at a time; a better one is followed, and the search goes on. The slope of i's best
response to j's rate is -(d2U_i/dt_i dt_j)/(d2U_i/dt_i2); where the largest eigenvalue of them is
below 1 in absolute value, best responses contract and the equilibrium is locally unique.
Source: Gros (1987) for tariffs, Agrawal & Wildasin (2020) for taxes.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
import xarray as xr

from nege import validation
from nege.errors import ConvergenceError, InputError, counted
from nege.immutable import Immutable, held
from nege.models import parameter_axes, terms
from nege.models.base import Model
from nege.plots import objectives
from nege.progress import Progress, watched
from nege.results.equilibrium import Equilibrium
from nege.results.stability import verdict
from nege.results.tables import Tabular
from nege.solver_options import Logit, Replicator, SolverOptions, check_dynamics
from nege.solvers.checks import check_model, check_options
from nege.studies.joint_policy import draw_gains
from nege.studies.policy_objectives import Target, target
from nege.studies.policy_points import Point, PolicyPoints
from nege.studies.response import slope, together
from nege.validation.keywords import hinted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["GameCertificate", "NashEquilibrium", "nash"]

SETTLED = 1e-9  # of an interval: what counts as no change from one round to the next
COARSE, ROOT = 1e-3, 1e-12  # of an interval: how sharply roots are bracketed, at last
PACE = 0.05  # of an interval: the first step towards a root
ASIDE = 2e-3  # of an interval: the step of second derivatives
BETTER = 1e-9  # of a payoff: what counts as a gain
STATIONARY = 1e-6  # of the largest slope of a payoff over its interval: what counts as zero
SECANTS = 8  # steps at most
RETURNS = 4  # times that a better deviation is followed
NARROWING = 60  # steps of a bracket


class Game(Protocol):
    """Payoffs of players over a profile of rates, one for each."""

    low: np.ndarray
    high: np.ndarray

    def payoff(self, player: int, profile: np.ndarray) -> float:
        """Return what a player has; NaN where there is no economy."""
        ...

    def slope(self, player: int, profile: np.ndarray) -> float:
        """Return the derivative of a player's payoff by its own rate."""
        ...


class Play(NamedTuple):
    """Where best responses in turn have led, and what is known of it."""

    profile: np.ndarray
    settled: bool  # whether the last round changed nothing
    history: np.ndarray  # (rounds + 1, players)
    payoffs: np.ndarray
    slopes: np.ndarray  # of payoffs by own rates
    seconds: np.ndarray  # the slopes of these
    responses: np.ndarray  # (i, j) slope of i's best response to j's rate
    deviations: np.ndarray  # (player, point) own rates
    deviating: np.ndarray  # payoffs there

    @property
    def radius(self) -> float:
        """Spectral radius of the map of best responses; NaN where payoffs have no curvature."""
        if not np.isfinite(self.responses).all():
            return math.nan
        return float(np.abs(np.linalg.eigvals(self.responses)).max())

    @property
    def gains(self) -> np.ndarray:
        """What each player could gain by the best deviation on the grid; negative: nothing."""
        return np.asarray(np.nanmax(self.deviating, axis=1) - self.payoffs)


class GameCertificate(NamedTuple):
    """What is known about a Nash equilibrium; numbers by player, in their order."""

    slopes: tuple[float, ...]  # of each payoff by the player's own rate
    seconds: tuple[float, ...]  # its second derivative: negative is a maximum
    kinds: tuple[str, ...]  # "interior", "lower bound", "upper bound", or "none"
    gains: tuple[float, ...]  # by the best of the deviations of one player
    deviations: int  # that were compared, of each player
    radius: float  # spectral radius of the map of best responses
    responses: tuple[tuple[float, ...], ...]  # slope of row's best response to column's rate
    leading_eigenvalue: float  # of the economy there: negative means stable
    residual: float  # of the economy there
    jumps: tuple[tuple[tuple[float, ...], tuple[float, ...]], ...]  # between which rates
    lost: tuple[tuple[float, ...], ...]  # rates at which no economy was found

    @property
    def stable(self) -> bool:
        """Whether every small deviation from the economy's equilibrium dies out."""
        return self.leading_eigenvalue < 0.0


#: What tables say below of each column.
MEANINGS = {
    "rate": "what the player chooses",
    "payoff": "what it has there",
    "payoff_before": "what it has where the economy stands",
    "slope": "of its payoff in its own rate",
    "second_derivative": "of its payoff in its own rate",
    "gain_by_deviating": "the most that a rate of its own that was tried adds to its payoff",
    "response": "by how much its best rate rises with that of a rival; 0 with its own",
}


@held("deviations", "history")
@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class NashEquilibrium(Immutable, Tabular):
    """Rates from which no player gains by changing its own, with the evidence.

    Made by :func:`nash`.

    Attributes
    ----------
    model : Model
        The economy that was given.
    rates : mapping of str to float
        The rate of each player.
    instruments, objectives : mapping of str to str
        Which parameter each player chooses, and what for.
    bounds : mapping of str to (float, float)
        Between which rates.
    payoffs, before : mapping of str to float
        What each player has there, and where the economy stands, or the nearest within bounds.
    certificate : GameCertificate
        ``slopes, seconds, kinds, gains, radius, responses, stable, ...``
    equilibrium : Equilibrium
        The economy there.
    present : Equilibrium or None
        The economy where it stands.
    history : Dataset
        ``rate`` over round and player: best responses in turn.
    deviations : Dataset
        ``rate, payoff`` over player and deviation: what a player would have by another rate
        of its own.
    curves : Dataset or None
        ``rate, response`` over player and point: best responses of two players to each other's
        rate, where they were asked for.

    Notes
    -----
    Not all Nash equilibria: other rates to start from may lead to others.

    Examples
    --------
    >>> import nege
    >>> from nege import mechanisms as mech
    >>> halves = mech.Jurisdictions({"north": "0", "south": "1"}, movement="within")
    >>> tariff = mech.Tariff("tariff", {"north": 0.0, "south": 0.0})
    >>> economy = nege.OnlineAgglomeration(
    ...     nege.geography.equidistant(2), mechanisms=[halves, tariff])
    >>> players = {"north": "tariff.rate.north", "south": "tariff.rate.south"}
    >>> found = nege.policy.nash(economy, players, points=3)
    >>> found.certified, found.certificate.kinds  # where trade is dear, no tariff pays
    (True, ('lower bound', 'lower bound'))
    """

    model: Model
    rates: Mapping[str, float]
    instruments: Mapping[str, str]
    objectives: Mapping[str, str]
    bounds: Mapping[str, tuple[float, float]]
    payoffs: Mapping[str, float]
    before: Mapping[str, float]
    settled: bool
    certificate: GameCertificate
    equilibrium: Equilibrium
    present: Equilibrium | None
    history: xr.Dataset
    deviations: xr.Dataset
    curves: xr.Dataset | None

    @property
    def certified(self) -> bool:
        """Whether best responses settled, each is a maximum, no deviation gains, all is stable.

        A deviation that leads to no economy that is found might gain.
        """
        about, own = self.certificate, self.payoffs.values()
        pairs = zip(about.gains, own, strict=True)
        still = all(gain <= BETTER * abs(payoff) for gain, payoff in pairs)
        known = bool(np.isfinite(self.deviations["payoff"]).all())
        return self.settled and "none" not in about.kinds and still and known and about.stable

    @hinted
    def to_dataset(self) -> xr.Dataset:
        """Return rates, payoffs and evidence over players, with the deviations."""
        about, names = self.certificate, list(self.rates)
        over = {
            "rate": list(self.rates.values()),
            "payoff": list(self.payoffs.values()),
            "payoff_before": list(self.before.values()),
            "slope": about.slopes,
            "second_derivative": about.seconds,
            "gain_by_deviating": about.gains,
        }
        made = xr.Dataset({k: ("player", np.array(v)) for k, v in over.items()}, {"player": names})
        made["response"] = (("player", "rival"), np.array(about.responses))
        for name, words in MEANINGS.items():
            made[name].attrs["long_name"] = words
        made = made.assign_coords(rival=names)
        aside = self.deviations.rename(rate="deviating_rate", payoff="deviating_payoff")
        made = made.merge(aside)
        return made.assign_attrs(spectral_radius=about.radius, certified=int(self.certified))

    def _tabulated(self) -> xr.Dataset:
        """Return a row a player."""
        return self.to_dataset().drop_vars(["deviating_rate", "deviating_payoff"])

    @hinted
    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw best responses of two players, or else payoffs over each player's own rate.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        Axes
            Best responses where `curves` of them were asked for, with the rounds that led there;
            else the change of each payoff, in per cent, over its player's own rate.
        """
        said = {name: terms.label(self.model, one) for name, one in self.instruments.items()}
        if self.curves is not None:
            return objectives.responses(self.curves, self.history, self.rates, said, ax=ax)
        return objectives.deviations(self.deviations, self.rates, self.payoffs, said, ax=ax)

    @hinted
    def plot_gains(self, *, ax: Axes | None = None) -> Axes:
        """Draw who gains from the game, place by place, against where the economy stands.

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
        return draw_gains(self.present, self.equilibrium, ax)

    def __repr__(self) -> str:
        about = self.certificate
        head = "Nash equilibrium" if self.certified else "NOT CERTIFIED as a Nash equilibrium"
        lines = [
            f"{head}: "
            + ", ".join(f"{self.instruments[n]} = {rate:.10g}" for n, rate in self.rates.items())
            + "."
        ]
        if not self.settled:
            taken = self.history.sizes["round"] - 1
            lines.append(f"Best responses in turn did not settle in {counted(taken, 'round')}.")
        rows = zip(self.rates, about.slopes, about.seconds, about.kinds, about.gains, strict=True)
        for name, by, second, kind, gain in rows:
            what = {"interior": "a maximum", "none": "no best response"}.get(kind, f"at the {kind}")
            begun = self.before[name]
            change = (
                f"{100.0 * (self.payoffs[name] / begun - 1.0):+.4g} per cent"
                if begun > 0.0
                else f"from {begun:.4g}"
            )
            more = (
                "no deviation gains"
                if gain <= BETTER * abs(self.payoffs[name])
                else f"a deviation gains {gain:.3g}"
            )
            known = int(np.isfinite(self.deviations["payoff"].sel(player=name)).sum())
            lost = about.deviations - known
            lines.append(
                f"{name}: {self.objectives[name]} is {self.payoffs[name]:.8g}, "
                f"{change}; {what} (slope {by:.1g}, second derivative "
                f"{second:.3g}), {more} of {known}"
                f"{f', and {lost} lead to no economy that was found' if lost else ''}."
            )
        if about.radius < 1.0:
            lines.append(
                f"Best responses contract (spectral radius {about.radius:.3g}): locally unique."
            )
        elif math.isfinite(about.radius):
            lines.append(f"Best responses do not contract (spectral radius {about.radius:.3g}).")
        lines.append(verdict(about.leading_eigenvalue))
        for a, b in about.jumps:
            lines.append(f"The economy jumps between rates {_say(a)} and {_say(b)}.")
        if about.lost:
            lines.append(f"No economy was found at rates {'; '.join(map(_say, about.lost))}.")
        lines.append("Not established: other equilibria, to which other rates at first may lead.")
        return "\n".join(lines)


def _say(rates: Sequence[float]) -> str:
    return f"({', '.join(f'{rate:.9g}' for rate in rates)})"


# --- the game


def play(game: Game, start: np.ndarray, points: int, rounds: int) -> Play:
    """Take best responses in turn until they settle, and look for deviations that gain."""
    return _Rounds(game, points, rounds).run(start.copy())


class _Rounds:
    def __init__(self, game: Game, points: int, rounds: int) -> None:
        self.game, self.points, self.rounds = game, points, rounds
        self.width = game.high - game.low
        self.steps = PACE * self.width  # towards a root
        self.sharp = COARSE  # of an interval: how sharply roots are bracketed
        self.bends = np.full(game.low.size, np.nan)  # second derivatives of payoffs, roughly

    def run(self, profile: np.ndarray) -> Play:
        """Play on while somebody gains by deviating."""
        history, settled, anew = [profile.copy()], False, set(range(profile.size))
        for _ in range(RETURNS + 1):
            settled = False
            while not settled and len(history) <= self.rounds:
                for i in range(profile.size):
                    profile[i] = self._global(i, profile) if i in anew else self._local(i, profile)
                    anew.discard(i)
                moved = np.abs(profile - history[-1]) / self.width
                history.append(profile.copy())
                settled = bool(moved.max() <= SETTLED) and self.sharp <= ROOT
                self.sharp = min(max(COARSE * float(moved.max()), ROOT), self.sharp)
            own, deviating = self._deviations(profile)
            payoffs = np.array([self.game.payoff(i, profile) for i in range(profile.size)])
            gains = np.nanmax(deviating, axis=1) - payoffs
            anew = set(np.flatnonzero(gains > BETTER * np.abs(payoffs)).tolist())
            if not anew or not settled:
                break
        slopes = np.array([self._slope(i, profile) for i in range(profile.size)])
        seconds, responses = self._second(profile)
        return Play(
            profile, settled, np.array(history), payoffs, slopes, seconds, responses, own, deviating
        )

    def _slope(self, i: int, profile: np.ndarray) -> float:
        return self.game.slope(i, profile)

    def _with(self, i: int, profile: np.ndarray, own: float) -> np.ndarray:
        other = profile.copy()
        other[i] = own
        return other

    def _global(self, i: int, profile: np.ndarray) -> float:
        """Return the best response over all of the interval: roots of the slope, or bounds."""
        low, high = self.game.low[i], self.game.high[i]
        grid = np.unique([*np.linspace(low, high, self.points), profile[i]])
        slopes = [self._slope(i, self._with(i, profile, own)) for own in grid]
        found = list(grid)
        for k in range(grid.size - 1):
            if slopes[k] > 0.0 > slopes[k + 1]:
                found.append(self._root(i, profile, grid[k], grid[k + 1]))
        payoffs = [self.game.payoff(i, self._with(i, profile, own)) for own in found]
        payoffs = [value if math.isfinite(value) else -math.inf for value in payoffs]
        return float(found[int(np.argmax(payoffs))])

    def _local(self, i: int, profile: np.ndarray) -> float:
        """Return the best response from where a player stands: uphill until its slope turns."""
        low, high, at = self.game.low[i], self.game.high[i], float(profile[i])
        by = self._slope(i, profile)
        if not math.isfinite(by) or by == 0.0:
            return at
        near = self._by_secants(i, profile, by)
        if near is not None:
            return near
        step, way = self.steps[i], math.copysign(1.0, by)
        while True:
            end = min(max(at + way * step, low), high)
            if end == at:
                return at
            there = self._slope(i, self._with(i, profile, end))
            if not math.isfinite(there):
                return at
            if there * way <= 0.0:
                break
            at, step = end, 2.0 * step
        root = self._root(i, profile, *sorted((at, end)))
        self.steps[i] = max(2.0 * abs(root - profile[i]), 10.0 * self.sharp * self.width[i])
        return root

    def _by_secants(self, i: int, profile: np.ndarray, by: float) -> float | None:
        """Return the root next to where a player stands, where its payoff is concave; or None."""
        at, bend = float(profile[i]), float(self.bends[i])
        for _ in range(SECANTS):
            if not bend < 0.0:
                return None
            there = at - by / bend
            if not self.game.low[i] < there < self.game.high[i]:
                return None
            if abs(there - at) <= self.sharp * self.width[i]:
                return there
            slope_there = self._slope(i, self._with(i, profile, there))
            if not math.isfinite(slope_there):
                return None
            bend = (slope_there - by) / (there - at)
            at, by = there, slope_there
            self.bends[i] = bend
        return None

    def _root(self, i: int, profile: np.ndarray, low: float, high: float) -> float:
        from scipy.optimize import brentq

        seen: list[tuple[float, float]] = []

        def by(own: float) -> float:
            found = self._slope(i, self._with(i, profile, own))
            if not math.isfinite(found):
                raise _Lost
            seen.append((own, found))
            return found

        try:
            sharp = self.sharp * self.width[i]
            root = float(brentq(by, low, high, xtol=sharp, maxiter=NARROWING))
        except _Lost:
            return float(profile[i])
        (a, first), (b, second) = sorted(seen, key=lambda one: abs(one[0] - root))[:2]
        self.bends[i] = (second - first) / (b - a) if b != a else math.nan
        return root

    def _deviations(self, profile: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return own rates all over each interval, and what the player has there."""
        own = np.linspace(self.game.low, self.game.high, self.points).T
        payoffs = [
            [self.game.payoff(i, self._with(i, profile, rate)) for rate in own[i]]
            for i in range(profile.size)
        ]
        return own, np.array(payoffs)

    def _second(self, profile: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return second derivatives by own rates, and slopes of best responses to others'."""
        size = profile.size
        mixed = np.empty((size, size))  # of i's slope by j's rate
        for j in range(size):
            step = ASIDE * self.width[j]
            low, high = self.game.low[j], self.game.high[j]
            first = min(max(profile[j] - step, low), high - 2.0 * step)
            nodes = first + step * np.arange(3)
            nodes[np.argmin(np.abs(nodes - profile[j]))] = profile[j]
            found = [
                [self._slope(i, self._with(j, profile, float(node))) for i in range(size)]
                for node in nodes
            ]
            mixed[:, j] = slope(nodes, np.array(found), float(profile[j]))
        seconds = np.diag(mixed).copy()
        at_end = (profile <= self.game.low) | (profile >= self.game.high)
        with np.errstate(all="ignore"):
            responses = np.where(at_end[:, None], 0.0, -mixed / seconds[:, None])
        np.fill_diagonal(responses, 0.0)
        return seconds, responses


def kinds(found: Play, game: Game) -> tuple[str, ...]:
    """Say what each rate is to its player: a maximum, a bound that it would pass, or nothing."""
    made = []
    rows = zip(found.profile, found.slopes, found.seconds, game.low, game.high, strict=True)
    for (rate, by, second, low, high), steep in zip(rows, _steepest(found, game), strict=True):
        if abs(by) <= STATIONARY * steep and second < 0.0:
            made.append("interior")
        elif rate <= low and by < 0.0:
            made.append("lower bound")
        elif rate >= high and by > 0.0:
            made.append("upper bound")
        else:
            made.append("none")
    return tuple(made)


def _steepest(found: Play, game: Game) -> np.ndarray:
    """Return how steep payoffs are over their intervals."""
    with np.errstate(all="ignore"):
        rise = np.diff(found.deviating) / np.diff(found.deviations)
    return np.asarray(np.nanmax(np.abs(rise), axis=1, initial=0.0)) + 1e-300


class _Lost(Exception):  # noqa: N818  not an error: the bracket is given up
    """No economy was found, or not how it responds, on the way to a root."""


# --- economies as games


class _Economies:
    """Payoffs that an economy gives its players."""

    def __init__(self, around: PolicyPoints) -> None:
        self.around, self.low, self.high = around, around.low, around.high

    def at(self, profile: np.ndarray) -> Point | None:
        """Return the economy at a profile."""
        return self.around.reach(profile)

    def payoff(self, player: int, profile: np.ndarray) -> float:
        """Return what a player has."""
        point = self.at(profile)
        return math.nan if point is None else float(point.values[player])

    def slope(self, player: int, profile: np.ndarray) -> float:
        """Return the derivative of a player's payoff by its own rate."""
        point = self.at(profile)
        return math.nan if point is None else float(point.gradient(player)[player])


@hinted
def nash(
    model: Model,
    players: Mapping[str, str | tuple[str, ...]],
    objective: Any = "welfare",
    *,
    between: Any = (0.0, 1.0),
    start: Any = None,
    points: int = 13,
    rounds: int = 50,
    curves: int = 0,
    dynamics: Replicator | Logit | None = None,
    options: SolverOptions | None = None,
    progress: Progress = None,
) -> NashEquilibrium:
    """Nash equilibrium of policy: rates from which no player gains by changing its own.

    At an interior one dU_i/dt_i = 0 for every player, the whole economy responding. Best
    responses are taken in turn, from where rates stand.

    Parameters
    ----------
    model : Model
        The economy; its own rates are where the game starts.
    players : mapping of str to str or tuple of str
        The parameter that each player chooses, {"north": "tariff.rate.north", ...}; or several
        that are equal, as one rate of two taxes.
    objective : str or mapping of str to str or callable, default "welfare"
        What players are for: of each its own, "welfare" of "north" is "welfare.north"; or an
        objective for each by name, as :func:`optimise` takes them.
    between : pair or mapping of str to pair, default (0, 1)
        Bounds of all rates, or of each player's.
    start : DataArray, mapping or array, optional
        Where the first long run starts; ``model.default_start()`` by default.
    points : int, default 13
        Rates over each interval, both bounds included: of the first best responses, and of the
        deviations that are compared.
    rounds : int, default 50
        Most rounds of best responses.
    curves : int, default 0
        Points of the best-response curves of two players, for a picture; 0 for none.
    dynamics : Replicator or Logit, optional
        How people move.
    options : SolverOptions, optional
        Tolerances and limits.
    progress : bool or callable, optional
        As in :func:`optimise`.

    Returns
    -------
    NashEquilibrium
        Rates, payoffs, the economy there and the certificate. Where best responses did not
        settle, or are none, it says so, and ``certified`` is False.

    Raises
    ------
    InputError
        For fewer than two players, names that are none, bounds that are none.
    ConvergenceError
        Where the economy could not be solved.

    Notes
    -----
    Not for players with several instruments, nor for all equilibria of a game.

    Examples
    --------
    >>> import nege
    >>> from nege import mechanisms as mech
    >>> halves = mech.Jurisdictions({"north": "0", "south": "1"}, movement="within")
    >>> tariff = mech.Tariff("tariff", {"north": 0.0, "south": 0.0})
    >>> economy = nege.OnlineAgglomeration(
    ...     nege.geography.equidistant(2), mechanisms=[halves, tariff])
    >>> players = {"north": "tariff.rate.north", "south": "tariff.rate.south"}
    >>> nege.policy.nash(economy, players, points=3).rates
    {'north': 0.0, 'south': 0.0}
    """
    check_model(model)
    moves, settings = check_dynamics(dynamics), check_options(options)
    chosen = _players(model, players)
    bounds = _bounds(model, chosen, between)
    targets = _targets(model, list(chosen), objective)
    points = validation.whole("points", points, at_least=3)
    rounds = validation.whole("rounds", rounds, at_least=1)
    curves = validation.whole("curves", curves, at_least=0)
    if curves and (len(chosen) != 2 or curves < 2):
        raise InputError("curves", curves, "at least 2, of two players")
    share = model.default_start() if start is None else model.check_start(start)
    by_name = {chosen[name]: ends for name, ends in bounds.items()}
    expected = 4 * points * len(chosen)
    with watched(progress, expected, "economies") as steps:
        around = PolicyPoints(model, by_name, targets, share, moves, settings, steps)
        begin = around.reach(around.present())
        around.refuse_nothing("rates")
        found = play(_Economies(around), around.present(), points, rounds)
        drawn = _curves(around, found, list(chosen), curves) if curves else None
        return _result(around, chosen, bounds, targets, found, begin, drawn)


def _players(model: Model, players: Any) -> dict[str, Any]:
    """Return the parameter that each player chooses."""
    if not isinstance(players, Mapping) or len(players) < 2:
        cure = 'For example {"north": "tariff.rate.north", "south": "tariff.rate.south"}.'
        raise InputError("players", players, "at least two names, each with a parameter", cure)
    names, found = validation.texts("players", list(players)), []
    for given in players.values():
        one = tuple(given) if isinstance(given, (list, tuple)) else given
        if isinstance(one, tuple) and (len(one) < 2 or model.in_shares):
            allowed = "the name of a parameter, or several of an industry model that are equal"
            raise InputError("players", players, allowed)
        parameter_axes.check_names(model, one if isinstance(one, tuple) else [one])
        found.append(one)
    every = [name for one in found for name in together(one)]
    if len(set(every)) < len(every):
        raise InputError("players", players, "a parameter of its own for each")
    return dict(zip(names, found, strict=True))


def _bounds(
    model: Model, chosen: Mapping[str, Any], between: Any
) -> dict[str, tuple[float, float]]:
    given = between if isinstance(between, Mapping) else dict.fromkeys(chosen, between)
    if set(given) != set(chosen):
        raise InputError("between", between, f"bounds of each of {', '.join(chosen)}")
    found = {name: parameter_axes.pair("between", given[name]) for name in chosen}
    for name, ends in found.items():
        for end in ends:
            model.replace(dict.fromkeys(together(chosen[name]), end))
    return found


def _targets(model: Model, names: list[str], objective: Any) -> list[Target]:
    """Return what each player is for."""
    if isinstance(objective, Mapping):
        if set(objective) != set(names):
            raise InputError("objective", objective, f"one for each of {', '.join(names)}")
        return [target(model, objective[name], f"objective[{name!r}]") for name in names]
    if not isinstance(objective, str):
        cure = 'For example "welfare", or {"north": "welfare.north", "south": ...}.'
        raise InputError("objective", objective, "a variable, or an objective for each", cure)
    try:
        return [target(model, f"{objective}.{name}") for name in names]
    except InputError as error:
        if objective not in model.variables:
            raise
        cure = f"{error.cure} Name players so, or give an objective for each by name."
        allowed = f"names of whose {objective!r} there is"
        raise InputError("players", names, allowed, cure.strip()) from None


def _curves(around: PolicyPoints, found: Play, names: list[str], count: int) -> xr.Dataset:
    """Return best responses of two players to each other's rate."""
    game = _Economies(around)
    rates, responses = np.empty((2, count)), np.empty((2, count))
    for i in range(2):
        rival = 1 - i
        rates[i] = np.linspace(game.low[rival], game.high[rival], count)
        rounds = _Rounds(game, 5, 1)
        rounds.sharp = SETTLED
        order = np.argsort(np.abs(rates[i] - found.profile[rival]))
        known = {float(found.profile[rival]): float(found.profile[i])}
        for k in order:
            rate = float(rates[i, k])
            near = min(known, key=lambda one: abs(one - rate))
            profile = found.profile.copy()
            profile[rival], profile[i] = rate, known[near]
            known[rate] = responses[i, k] = rounds._local(i, profile)
    over = ("player", "point")
    return xr.Dataset({"rate": (over, rates), "response": (over, responses)}, {"player": names})


def _result(
    around: PolicyPoints,
    chosen: Mapping[str, Any],
    bounds: Mapping[str, tuple[float, float]],
    targets: list[Target],
    found: Play,
    begin: Point | None,
    curves: xr.Dataset | None,
) -> NashEquilibrium:
    point, names = around.reach(found.profile), list(chosen)
    if point is None:
        _, partial = next(reversed(around.lost.values()))
        raise ConvergenceError(f"The game ended where {partial.status.message}.", partial)
    economy = point.equilibrium

    def named(values: Any) -> dict[str, float]:
        return dict(zip(names, np.asarray(values, dtype=float).tolist(), strict=True))

    before = np.full(len(names), np.nan) if begin is None else begin.values
    over = ("player", "deviation")
    certificate = GameCertificate(
        slopes=tuple(found.slopes.tolist()),
        seconds=tuple(found.seconds.tolist()),
        kinds=kinds(found, _Economies(around)),
        gains=tuple(found.gains.tolist()),
        deviations=int(found.deviations.shape[1]),
        radius=found.radius,
        responses=tuple(map(tuple, found.responses.tolist())),
        leading_eigenvalue=economy.leading_eigenvalue,
        residual=economy.residual,
        jumps=tuple((tuple(a.tolist()), tuple(b.tolist())) for a, b in around.jumps),
        lost=tuple(tuple(rates.tolist()) for rates, _ in around.lost.values()),
    )
    return NashEquilibrium(
        model=around.model,
        rates=named(found.profile),
        instruments={name: " = ".join(together(one)) for name, one in chosen.items()},
        objectives={name: one.name for name, one in zip(names, targets, strict=True)},
        bounds=dict(bounds),
        payoffs=named(found.payoffs),
        before=named(before),
        settled=found.settled,
        certificate=certificate,
        equilibrium=economy,
        present=None if begin is None else begin.equilibrium,
        history=xr.Dataset({"rate": (("round", "player"), found.history)}, {"player": names}),
        deviations=xr.Dataset(
            {"rate": (over, found.deviations), "payoff": (over, found.deviating)},
            {"player": names},
        ),
        curves=curves,
    )
