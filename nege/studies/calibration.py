"""Calibration: the parameters at which moments of the model are as near to data as they get.

    theta = argmin g' W g,      g_i = m_i(theta) - t_i

    theta  parameters          m  moments of the equilibrium     t  targets
    W      how gaps count: Sigma^-1 where the covariance Sigma of the targets' errors is known

The economy is followed from one theta to the next, and responds as a whole: M = dm/dtheta is its
slope along the response of the equilibrium (``policy_points``), not a difference of solves. SciPy's
least_squares (trust region, within bounds) goes from several starts; a theta at which there is no
equilibrium is a step that is not taken. To first order in the errors of the targets,

    Lambda = (M' W M)^-1 M' W,      d theta = Lambda d t,      var theta = Lambda Sigma Lambda'
    J = g' Sigma^-1 g ~ chi^2(n - k)   where W = Sigma^-1, of n targets and k parameters

Lambda says which parameter is pinned by which target (Andrews, Gentzkow & Shapiro 2017: theirs is
-(G'WG)^-1 G'W, G the derivative of t - m, which is the same). Positive parameters are searched in
logs, so that their intervals stay positive: theta exp(+- z se/theta). Where M does not have the
rank of k the direction in which nothing changes is named, and nothing is claimed along it.
"""

from __future__ import annotations

import dataclasses
import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from nege import memory, validation
from nege.errors import InputError, counted
from nege.immutable import Immutable, held
from nege.models import parameter_axes
from nege.models.base import Model
from nege.progress import Progress, Steps, watched
from nege.results import text_table
from nege.results.equilibrium import Equilibrium
from nege.results.tables import Tabular
from nege.solver_options import Logit, Replicator, SolverOptions, check_dynamics
from nege.solvers.checks import check_model, check_options
from nege.studies.calibration_points import (
    DIFFERENCES,
    SLOPES,
    SolvedPoints,
    difference,
    points_of,
    reached,
    refuse_nothing,
)
from nege.studies.calibration_targets import Targets, checked_targets
from nege.studies.policy_objectives import present
from nege.studies.policy_points import Point, PolicyPoints
from nege.studies.response import together
from nege.validation.keywords import hinted

__all__ = ["CalibratedPath", "Calibration", "JTest", "calibrate"]

EVALUATIONS = 200  # most economies of one search, but for those on the way
TOLERANCE = 1e-13  # of SciPy's tests: where gaps are left, it goes on until rounding stops it
MET = 1e-9  # gaps below this, over the size of their targets, are none
EXACT = 1e-10  # where they are below this a search ends
STATIONARY = 1e-6  # cosine between gaps and what moves them: what counts as zero
UNIDENTIFIED = 1e-7  # of the largest singular value: smaller ones are none
ROUNDING = 1e-10  # of targets: what moves them less over its whole interval does not move them
AT_BOUND = 1e-6  # of the interval: nearer than that is at a bound
SAME = 1e-4  # of the interval: searches that end nearer to each other found the same
TRUSTED = 1e-3  # by how much a derivative may miss a difference of equilibria, of its size
SHARPEN, SHARP = 6, 1e-9  # most steps of the last refinement, and the cosine that is enough
INSIDE = 1e-3  # of the interval: as near to a bound as a search starts
MENTIONED = 0.1  # weights below this are left out where a direction is named
LIKELY = 0.05  # p-value from which errors explain the gaps
WIDTH = 88


class JTest(NamedTuple):
    """The test of more targets than parameters: whether errors of the targets explain the gaps."""

    statistic: float
    degrees_of_freedom: int
    p_value: float


@held("parameters", "fit", "sensitivity", "jacobian", "starts", "draws")
@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Calibration(Tabular, Immutable):
    """Parameters that were calibrated, with their evidence.

    Made by :func:`calibrate`.

    Attributes
    ----------
    model : Model
        The economy with the parameters that were found.
    equilibrium : Equilibrium
        The economy there.
    parameters : Dataset
        Over "parameter": ``estimate, standard_error, low, high`` (the interval), the
        ``lower_bound`` and ``upper_bound`` of the search, ``at_bound`` and ``pinned_by``, the
        target that moves it most.
    fit : Dataset
        Over "target": ``target, model, gap`` and, where it is known, ``error``.
    sensitivity : DataArray
        Over parameter and target: by how much an estimate rises if a target is one higher
        (Andrews, Gentzkow & Shapiro 2017).
    jacobian : DataArray
        Over target and parameter: the derivative of a moment by a parameter.
    j_test : JTest or None
        Where there are more targets than parameters, and their errors are known.
    starts : Dataset
        Over "start": where each search began and ended, its ``objective`` and whether it
        ``converged``.
    draws : Dataset or None
        Over "draw": estimates from targets drawn again, of the parametric bootstrap.
    objective : float
        What is left of g'Wg.
    converged : bool
        Whether targets are met, or the gaps cannot be made smaller by any small step.
    unidentified : tuple of mapping of str to float
        Directions of parameters, in the search's units, in which no target moves.
    unmoved : tuple of str
        Targets that no parameter moves there.
    derivatives : str
        Where derivatives come from, and how far they are from a difference of equilibria.
    jumps : int
        How many jumps of the equilibrium were seen between parameters on the way.

    Notes
    -----
    Not a proof of a global minimum: `starts` has all that was tried.

    Examples
    --------
    >>> import nege
    >>> economy = nege.Helpman(nege.geography.line(3), sigma=4, mu=0.7, trade_cost=1.5)
    >>> found = nege.calibrate(economy, {"share.1": 0.38}, over={"trade_cost": (1.1, 2)}, starts=1)
    >>> round(float(found.equilibrium.data.share[1]), 9), found.converged
    (0.38, True)
    """

    model: Model
    equilibrium: Equilibrium
    parameters: xr.Dataset
    fit: xr.Dataset
    sensitivity: xr.DataArray
    jacobian: xr.DataArray
    j_test: JTest | None
    starts: xr.Dataset
    draws: xr.Dataset | None
    objective: float
    converged: bool
    unidentified: tuple[Mapping[str, float], ...]
    unmoved: tuple[str, ...]
    derivatives: str
    jumps: int
    level: float

    @property
    def identified(self) -> bool:
        """Whether targets tell all parameters, to first order."""
        return not self.unidentified

    @hinted
    def to_dataset(self) -> xr.Dataset:
        """Return parameters, fit, sensitivity and derivatives, over "parameter" and "target".

        Examples
        --------
        >>> import nege
        >>> economy = nege.Helpman(nege.geography.line(3), sigma=4, mu=0.7, trade_cost=1.5)
        >>> over = {"trade_cost": (1.1, 2)}
        >>> found = nege.calibrate(economy, {"share.1": 0.38}, over, starts=1)
        >>> found.to_dataset().sizes
        Frozen({'parameter': 1, 'target': 1})
        """
        made = {"sensitivity": self.sensitivity, "jacobian": self.jacobian}
        found = xr.merge([self.parameters, self.fit, xr.Dataset(made)], join="exact")
        return found.assign_attrs({"objective": self.objective, "converged": int(self.converged)})

    def _tabulated(self) -> xr.Dataset:
        return self.parameters

    def _geography(self) -> None:
        """Return nothing: rows are parameters, not places."""

    def __repr__(self) -> str:
        table, fit = self.parameters, self.fit
        known = bool(np.isfinite(table["standard_error"]).any())
        head = ["parameter", "estimate", "pinned by"]
        if known:
            head[2:2] = ["std. error", f"{self.level:.0%} interval"]
        rows = [head]
        for i, name in enumerate(table["parameter"].values):
            row = [str(name), _number(table["estimate"], i)]
            if known:
                ends = f"{_number(table['low'], i, 5)} to {_number(table['high'], i, 5)}"
                row += [_number(table["standard_error"], i, 3), ends]
            bound = "AT A BOUND of the search" if table["at_bound"].values[i] else ""
            rows.append([*row, str(table["pinned_by"].values[i]) or bound])
        targets = [["target", "data", "model", "gap"]]
        for i, name in enumerate(fit["target"].values):
            numbers = _number(fit["value"], i), _number(fit["model"], i)
            targets.append([str(name), *numbers, text_table.number(float(fit["gap"][i]), ".1e")])
        words = [textwrap.fill(one, WIDTH) for one in _remarks(self)]
        head_line = textwrap.fill(_headline(self), WIDTH)
        tables = text_table.aligned(rows, left=(0, len(head) - 1)), text_table.aligned(targets)
        return "\n".join([head_line, "", *tables[0], "", *tables[1], "", *words])


def _number(values: xr.DataArray, i: int, digits: int = 7) -> str:
    value = float(values[i])
    return text_table.number(value, f".{digits}g") if math.isfinite(value) else "unknown"


def _headline(found: Calibration) -> str:
    many = f"{found.parameters.sizes['parameter']} of its parameters"
    what = f"Calibration of {found.model.article} {found.model.title} economy: {many} to "
    what += f"{counted(found.fit.sizes['target'], 'target')}."
    if not found.converged:
        why = "the search ended where it is not shown that no small step improves the fit"
        return f"{what} NOT CONVERGED: {why}."
    if _met(found.fit["gap"].values, found.fit["value"].values):
        return f"{what} All targets are met."
    return f"{what} Targets are NOT all met, and the gaps cannot be made smaller by a small step."


def _met(gap: np.ndarray, target: np.ndarray, within: float = MET) -> bool:
    return bool((np.abs(gap) <= within * np.maximum(np.abs(target), MET)).all())


def _idle(jacobian: np.ndarray, values: np.ndarray, width: np.ndarray) -> np.ndarray:
    """Return which targets which parameters do not move, all over their intervals, to first order.

    `jacobian` is by parameters as they are searched for, `width` of their intervals so.
    """
    size = np.maximum(np.abs(values), MET)[:, None]
    return np.asarray(np.abs(jacobian) * width <= ROUNDING * size)


def _remarks(found: Calibration) -> list[str]:
    lines = []
    for name in found.unmoved:
        gap = float(found.fit["gap"].sel(target=name))
        if not _met(np.array([gap]), found.fit["value"].sel(target=name).values):
            lines.append(
                f"NOTHING in over= moves {name}, here: it stays {gap:+.2g} from its target. Give "
                "over= a parameter that does, or leave that target out."
            )
    for direction in found.unidentified:
        words = ", ".join(f"{weight:+.2g} of {name}" for name, weight in direction.items())
        lines.append(
            f"NOT IDENTIFIED: no target moves along {words}, in parts of their intervals (of "
            "logs, where bounds are positive). Give a target that does, or hold one of these "
            "parameters."
        )
    if found.j_test is not None:
        test = found.j_test
        lines.append(
            f"J test: {test.statistic:.3g} with {test.degrees_of_freedom} degrees of freedom, "
            f"p = {test.p_value:.2g}: errors of the targets "
            + ("explain the gaps." if test.p_value >= LIKELY else "do NOT explain the gaps.")
        )
    if found.draws is not None:
        failed = int((~found.draws["converged"]).sum())
        count = found.draws.sizes["draw"]
        lines.append(
            f"Standard errors and intervals from {count} draws of the targets"
            + (f", of which {failed} failed and are left out." if failed else ".")
        )
    lines.append(f"Derivatives: {found.derivatives}.")
    if found.jumps:
        lines.append(f"The equilibrium jumped {counted(found.jumps, 'time')} on the way.")
    starts = found.starts
    ends = starts["objective"].values
    best = np.isclose(ends, np.nanmin(ends), rtol=1e-6, atol=1e-14)
    apart = starts["same"].values
    lines.append(
        f"Searches: {starts.sizes['start']}; {int(apart.sum())} ended here, "
        f"{int((best & ~apart).sum())} elsewhere with the same fit, "
        f"{int((~best & ~apart & np.isfinite(ends)).sum())} with a worse one, "
        f"{int(np.isnan(ends).sum())} had no equilibrium to start from."
    )
    lines.append(
        "Not established: other minima of the distance, which further starts may find, and "
        "other equilibria of the economy than the one that was followed."
    )
    return lines


@held("parameters", "fit", "path")
@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class CalibratedPath(Tabular, Immutable):
    """A path of parameters along which moments are what data say, one step after the other.

    Made by :func:`calibrate` where targets are series.

    Attributes
    ----------
    path : Dataset
        The calibrated parameters over "step", for :func:`nege.follow`.
    steps : tuple of Calibration
        Each step with its evidence; it starts from the one before.
    parameters, fit : Dataset
        Those of the steps, over "step" in front.

    Notes
    -----
    Not a joint estimate: each step is calibrated for itself, and errors of one step say nothing
    of another.

    Examples
    --------
    >>> import nege
    >>> economy = nege.Helpman(nege.geography.line(3), sigma=4, mu=0.7, trade_cost=1.5)
    >>> seen = {"share.1": {1990: 0.37, 2000: 0.38}}
    >>> found = nege.calibrate(economy, seen, over={"trade_cost": (1.1, 2)}, starts=1)
    >>> ds = nege.follow(economy, found.path)
    >>> ds.share.sel(region="1").round(9).values
    array([0.37, 0.38])
    """

    steps: tuple[Calibration, ...]
    dimension: str
    path: xr.Dataset
    parameters: xr.Dataset
    fit: xr.Dataset

    @hinted
    def to_dataset(self) -> xr.Dataset:
        """Return parameters and fit, over "step", "parameter" and "target".

        Examples
        --------
        >>> import nege
        >>> economy = nege.Helpman(nege.geography.line(3), sigma=4, mu=0.7, trade_cost=1.5)
        >>> seen = {"share.1": {1990: 0.37, 2000: 0.38}}
        >>> found = nege.calibrate(economy, seen, over={"trade_cost": (1.1, 2)}, starts=1)
        >>> found.to_dataset().estimate.sizes
        Frozen({'step': 2, 'parameter': 1})
        """
        return xr.merge([self.parameters, self.fit], join="exact")

    def _tabulated(self) -> xr.Dataset:
        return self.parameters

    def _geography(self) -> None:
        """Return nothing: rows are parameters, not places."""

    @property
    def converged(self) -> bool:
        """Whether every step is."""
        return all(one.converged for one in self.steps)

    def __repr__(self) -> str:
        labels = self.path["step"].values
        lines = [
            f"Calibrated path of {self.steps[0].model.article} {self.steps[0].model.title} economy "
            f"over {len(labels)} values of {self.dimension}; "
            + ("every step converged." if self.converged else "NOT CONVERGED at every step.")
        ]
        names = [str(name) for name in self.parameters["parameter"].values]
        targets = [str(name) for name in self.fit["target"].values]
        for i, label in enumerate(labels):
            values = ", ".join(
                f"{name} {float(self.parameters['estimate'][i, j]):.6g}"
                for j, name in enumerate(names)
            )
            gaps = ", ".join(
                f"{name} {float(self.fit['model'][i, j]):.6g} ({float(self.fit['gap'][i, j]):+.0e})"
                for j, name in enumerate(targets)
                if math.isfinite(float(self.fit["gap"][i, j]))
            )
            mark = "" if self.steps[i].converged else " NOT CONVERGED"
            lines.append(f"{label}:{mark} {values}; {gaps}")
        lines += [
            f"{label}: {remark}"
            for label, one in zip(labels, self.steps, strict=True)
            for remark in _remarks(one)
            if remark.startswith(("NOT IDENTIFIED", "NOTHING", "The equilibrium jumped"))
        ]
        return "\n".join(textwrap.fill(line, WIDTH, subsequent_indent="  ") for line in lines)


@hinted
def calibrate(
    model: Model,
    targets: Mapping[Any, Any],
    over: Mapping[Any, tuple[float, float]],
    *,
    start: Any = None,
    starts: int = 3,
    weights: Any = None,
    errors: Any = None,
    level: float = 0.95,
    draws: int = 0,
    rng: int | np.random.Generator | None = 0,
    dynamics: Replicator | Logit | None = None,
    options: SolverOptions | None = None,
    progress: Progress = None,
) -> Calibration | CalibratedPath:
    """Calibration: the parameters at which moments of the equilibrium are what data say.

    Least squares, min g'Wg of the gaps g = m(theta) - t, the whole equilibrium responding to
    each parameter (implicit function theorem). Standard errors by the delta method, or by draws
    of the targets; which target pins which parameter after Andrews, Gentzkow & Shapiro (2017).

    Parameters
    ----------
    model : Model
        The economy. Its own parameters are where the first search begins.
    targets : mapping
        Moments and their values. A moment is a number of the solved economy by its name, as
        for :func:`nege.policy.optimise`: "welfare", "wage.Bath", "online_share.services",
        "online_share_of_retail.manufacturing"; or a function of the Equilibrium that returns
        one. A value is a number; or a series of them, by year say, for a path.
    over : mapping of str to pair of float
        Parameters and the bounds of the search: any that is a number, e.g. "sigma", also one
        of a table, "digital_cost.services", and of a mechanism, "matching.vacancy_cost". A
        tuple of names is of several that are equal.
    start : DataArray, mapping or array, optional
        Where the first long run starts; ``model.default_start()`` by default.
    starts : int, default 3
        Searches: from the model's own parameters, then from random ones within the bounds.
    weights : mapping of str to float, optional
        How much the square of each gap counts. By default 1/error^2 where errors are given,
        else gaps count relative to their targets.
    errors : mapping of str to float, or array (target, target), optional
        Standard errors of the targets, or their covariance, in the order of `targets`. What
        has no error is known exactly.
    level : float, default 0.95
        Of the intervals.
    draws : int, default 0
        Parametric bootstrap: so many times targets are drawn with their errors, and the
        parameters found again. Standard errors and intervals then are those of the draws.
    rng : int or Generator, default 0
        Seed of the starts and the draws.
    dynamics : Replicator or Logit, optional
        How people move.
    options : SolverOptions, optional
        Tolerances and limits.
    progress : bool or callable, optional
        Show a bar; by default where somebody watches, and only for work that lasts. Or
        ``callback(done, total, words)``, which hears of every step (``nege.progress``).

    Returns
    -------
    Calibration or CalibratedPath
        The second where targets are series: parameters for each of their labels, as a path
        for :func:`nege.follow`.

    Raises
    ------
    InputError
        For an unknown moment or parameter, bounds that are none, fewer targets than
        parameters, errors that are no covariance.
    ConvergenceError
        Where the economy has no equilibrium at any start.

    Notes
    -----
    Not for how well a model fits what it was not calibrated to: compare that afterwards.

    Derivatives are slopes of explicit functions, to about 1e-11, but for targets that are
    functions, whose equilibria are solved nearby; they are compared with a difference of
    equilibria in the end.

    Examples
    --------
    >>> import nege
    >>> economy = nege.OnlineAgglomeration(nege.geography.equidistant(2))
    >>> target = {"online_share_of_retail.manufacturing": 0.245}
    >>> found = nege.calibrate(economy, target, over={"digital_cost.manufacturing": (1, 3)})
    >>> found.parameters.estimate.round(4).values
    array([1.0223])
    """
    check_model(model)
    moves, settings = check_dynamics(dynamics), check_options(options)
    bounds = _checked_parameters(model, over)
    wanted = checked_targets(model, targets, weights, errors, len(bounds))
    starts = validation.whole("starts", starts, at_least=1)
    draws = validation.whole("draws", draws, at_least=0)
    level = validation.number("level", level, above=0.0, below=1.0)
    generator = validation.generator("rng", rng)
    if draws and wanted.covariance is None:
        raise InputError("draws", draws, "0 without errors", "Give errors= of the targets, too.")
    need = 64 * (starts + draws + 1) * len(model.variables) * 100
    memory.check("draws", draws, need, "for all searches", "Take fewer.")
    share = model.default_start() if start is None else model.check_share(start, "start")
    count = (starts + draws) * max(1, len(wanted.labels))
    with watched(progress, count, "searches") as steps:
        return _calibrated(
            model, wanted, bounds, share, starts, draws, generator, level, moves, settings, steps
        )


def _checked_parameters(model: Model, over: Any) -> dict[Any, tuple[float, float]]:
    """Return parameters and their bounds; the model is asked about every one of them."""
    given = parameter_axes.items("over", over)
    found = {}
    for name, ends in given:
        every = together(name) if isinstance(name, (str, tuple)) else (name,)
        if not every:
            raise InputError("over", name, "a parameter, or a tuple of several")
        parameter_axes.check_names(model, every)
        words = " = ".join(every)
        found[name] = parameter_axes.pair(words, ends)
        for end in found[name]:
            model.replace(dict.fromkeys(every, end))
    names = [one for name in found for one in together(name)]
    if len(set(names)) < len(names):
        raise InputError("over", list(found), "different parameters")
    return found


def _calibrated(
    model: Model,
    wanted: Targets,
    bounds: Mapping[Any, tuple[float, float]],
    share: np.ndarray,
    starts: int,
    draws: int,
    generator: np.random.Generator,
    level: float,
    dynamics: Replicator | Logit,
    options: SolverOptions,
    steps: Steps,
) -> Calibration | CalibratedPath:
    points = points_of(model, bounds, wanted.moments, share, dynamics, options)
    begins = _begins(model, points, starts, generator)
    found: list[Calibration] = []
    for row in range(max(1, len(wanted.labels))):
        good = [one for one in found if one.converged]
        if good:  # from where the last step that came to an end has led
            begins = [good[-1].parameters["estimate"].values, *begins[1:]]
        search = _Search(points, wanted, row, level, steps)
        found.append(search.run(begins, draws, generator))
    return _as_path(found, wanted, list(bounds)) if wanted.labels else found[0]


def _begins(
    model: Model, points: PolicyPoints, starts: int, generator: np.random.Generator
) -> list[np.ndarray]:
    """Return where searches begin: at the model's own parameters, then at random ones."""
    low, high, logs = points.low, points.high, points.low > 0.0
    now = [present(model, together(name)[0]) for name in points.names]
    middle = np.where(logs, np.sqrt(np.abs(low * high)), 0.5 * (low + high))
    own = np.array([m if v is None else v for v, m in zip(now, middle, strict=True)])
    inside = INSIDE * (high - low)
    begins = [np.clip(own, low + inside, high - inside)]
    for _ in range(starts - 1):
        part = generator.uniform(INSIDE, 1.0 - INSIDE, size=low.size)
        safe = np.where(logs, low, 1.0)
        begins.append(
            np.where(
                logs, safe * (np.where(logs, high, 1.0) / safe) ** part, low + part * (high - low)
            )
        )
    return begins


class _End(NamedTuple):
    """Where a search ended."""

    begin: np.ndarray
    point: Point | None
    objective: float
    converged: bool


class _Lost(Exception):  # noqa: N818  not an error: the search is given up
    """No equilibrium, or no derivative, where a search stands."""


class _Found(Exception):  # noqa: N818  not an error: there is no better
    """All targets are met as exactly as equilibria are solved."""


class _Search:
    """The search for parameters at one set of values of the targets."""

    def __init__(
        self, points: PolicyPoints, wanted: Targets, row: int, level: float, steps: Steps
    ) -> None:
        self.points, self.wanted, self.row = points, wanted, row
        self.level, self.steps = level, steps
        self.used, self.root = wanted.used(row), wanted.root(row)
        self.values = wanted.values[row, self.used]
        self.logs = points.low > 0.0
        self.low, self.high = self._searched(points.low), self._searched(points.high)
        self.covariance = None
        if wanted.covariance is not None:
            self.covariance = wanted.covariance[np.ix_(self.used, self.used)]

    # --- parameters as they are searched for

    def _searched(self, theta: np.ndarray) -> np.ndarray:
        return np.where(self.logs, np.log(np.where(self.logs, theta, 1.0)), theta)

    def _theta(self, searched: np.ndarray) -> np.ndarray:
        inside = np.clip(searched, self.low, self.high)  # steps that are tried may be of any size
        safe = np.where(self.logs, inside, 0.0)
        theta = np.where(self.logs, np.exp(safe), searched)
        return np.asarray(np.clip(theta, self.points.low, self.points.high))

    def _rate(self, theta: np.ndarray) -> np.ndarray:
        """Return dtheta/du of a parameter as it is searched for."""
        return np.where(self.logs, theta, 1.0)

    # --- one search

    def _jacobian(self, point: Point) -> np.ndarray:
        """Return M, of the targets there are, by parameters as they are searched for."""
        found: np.ndarray = point.gradients()[self.used] * self._rate(point.policy)
        return found

    def _search(self, begin: np.ndarray, values: np.ndarray) -> _End:
        from scipy.optimize import least_squares

        points, best = self.points, begin
        if reached(points, begin) is None:
            return _End(begin, None, math.nan, converged=False)

        def gaps(searched: np.ndarray) -> np.ndarray:
            nonlocal best
            point = reached(points, self._theta(searched))
            if point is None:  # a step that is not taken
                return np.full(len(self.root), np.nan)
            if _met(point.values[self.used] - values, values, EXACT):
                best = point.policy
                raise _Found
            return np.asarray(self.root @ (point.values[self.used] - values))

        def slopes(searched: np.ndarray) -> np.ndarray:
            point = reached(points, self._theta(searched))
            found = np.full(1, np.nan) if point is None else self.root @ self._jacobian(point)
            if not np.isfinite(found).all():
                raise _Lost
            return np.asarray(found)

        try:
            found = least_squares(
                gaps, self._searched(begin), slopes, (self.low, self.high), method="trf",
                ftol=TOLERANCE, xtol=TOLERANCE, gtol=TOLERANCE, x_scale="jac",
                max_nfev=EVALUATIONS,
            )  # fmt: skip
            best = self._theta(found.x)
        except (_Found, _Lost, np.linalg.LinAlgError):
            pass
        point = self._sharpened(self._snapped(best, values), values)
        objective = self._objective(point, values)
        return _End(begin, point, objective, self._stationary(point, values))

    def _snapped(self, theta: np.ndarray, values: np.ndarray) -> Point:
        """Return the economy there, or at the bound that it is next to, if that fits no worse."""
        point = reached(self.points, theta)
        assert point is not None
        near = self._at_bound(theta)
        points = self.points
        bound = np.where(theta - points.low < points.high - theta, points.low, points.high)
        there = reached(points, np.where(near, bound, theta)) if near.any() else None
        if there is None:
            return point
        no_worse = self._objective(there, values) <= (1.0 + MET) * self._objective(point, values)
        return there if no_worse else point

    def _at_bound(self, theta: np.ndarray) -> np.ndarray:
        room = np.minimum(theta - self.points.low, self.points.high - theta)
        return np.asarray(room <= AT_BOUND * self.points.width)

    def _gaps(self, point: Point, values: np.ndarray) -> np.ndarray:
        return np.asarray(self.root @ (point.values[self.used] - values))

    def _objective(self, point: Point, values: np.ndarray) -> float:
        return float(np.sum(self._gaps(point, values) ** 2))

    def _stationary(self, point: Point, values: np.ndarray) -> bool:
        """Whether targets are met, or no step within the bounds improves the fit to first order."""
        met = _met(point.values[self.used] - values, values)
        return met or self._downhill(point, values) <= STATIONARY

    def _downhill(self, point: Point, values: np.ndarray) -> float:
        """Return the largest cosine between gaps and what a parameter moves, within the bounds."""
        jacobian = self._jacobian(point)
        if not np.isfinite(jacobian).all():
            return math.inf
        # What moves a target by rounding alone points nowhere.
        jacobian[_idle(jacobian, point.values[self.used], self.high - self.low)] = 0.0
        gaps, slopes = self._gaps(point, values), self.root @ jacobian
        downhill = -(slopes.T @ gaps)
        theta, points = point.policy, self.points
        outwards = (theta <= points.low) & (downhill < 0.0) | (theta >= points.high) & (
            downhill > 0.0
        )
        size = np.linalg.norm(slopes, axis=0) * np.linalg.norm(gaps)
        cosine = np.abs(downhill) / np.where(size > 0.0, size, 1.0)
        return float(np.max(np.where(outwards, 0.0, cosine)))

    def _sharpened(self, point: Point, values: np.ndarray) -> Point:
        """Return the end of a few steps of Gauss and Newton, as long as they lead on.

        Where gaps are left, rounding of the distance hides its last changes from the search,
        but not the slopes that are zero in the end.
        """
        left = self._downhill(point, values)
        for _ in range(SHARPEN):
            if not SHARP < left < math.inf or self._at_bound(point.policy).any():
                break
            gaps, slopes = self._gaps(point, values), self.root @ self._jacobian(point)
            step = np.linalg.lstsq(slopes, -gaps, rcond=UNIDENTIFIED)[0]
            there = reached(self.points, self._theta(self._searched(point.policy) + step))
            if there is None or not self._downhill(there, values) < left:
                break
            point, left = there, self._downhill(there, values)
        return point

    # --- all searches, and what they say

    def run(
        self, begins: Sequence[np.ndarray], draws: int, generator: np.random.Generator
    ) -> Calibration:
        """Search from every start, and return the best with its evidence."""
        ends = []
        for begin in begins:
            ends.append(self._search(begin, self.values))
            self.steps()
        solved = [one for one in ends if one.point is not None]
        if not solved:
            refuse_nothing(self.points, begins)
        best = min(solved, key=lambda one: (one.objective, not one.converged))
        assert best.point is not None
        return self._result(best, best.point, ends, self._bootstrap(best.point, draws, generator))

    def _bootstrap(
        self, at: Point, draws: int, generator: np.random.Generator
    ) -> xr.Dataset | None:
        if not draws or self.covariance is None:
            return None
        size = self.covariance
        values, vectors = np.linalg.eigh(size)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        inside = INSIDE * self.points.width
        begin = np.clip(at.policy, self.points.low + inside, self.points.high - inside)
        begin = np.where(self._at_bound(at.policy), begin, at.policy)
        found, converged = [], []
        for _ in range(draws):
            drawn = self.values + root @ generator.standard_normal(len(root))
            end = self._search(begin, drawn)
            good = end.point is not None and end.converged
            found.append(end.point.policy if end.point is not None else begin * np.nan)
            converged.append(good)
            self.steps()
        names = self._names()
        return xr.Dataset(
            {
                "estimate": (("draw", "parameter"), np.array(found)),
                "converged": ("draw", np.array(converged)),
            },
            {"parameter": names},
        )

    def _names(self) -> list[str]:
        return [" = ".join(together(name)) for name in self.points.names]

    def _result(
        self, best: _End, point: Point, ends: Sequence[_End], draws: xr.Dataset | None
    ) -> Calibration:
        names = self._names()
        targets = [self.wanted.names[i] for i in self.used]
        theta, free = point.policy, ~self._at_bound(point.policy)
        searched = self._jacobian(point)
        unidentified = self._directions(searched, free)
        idle = _idle(searched, point.values[self.used], self.high - self.low)
        unmoved = tuple(name for name, row in zip(targets, idle, strict=True) if row.all())
        lam = np.zeros((theta.size, len(targets)))
        if unidentified or not np.isfinite(searched).all():
            lam[:] = np.nan
        elif free.any():
            lam[free] = np.linalg.pinv(self.root @ searched[:, free]) @ self.root
        deviation = np.full(theta.size, np.nan)
        if self.covariance is not None:
            spread = np.sqrt(np.maximum(np.diag(lam @ self.covariance @ lam.T), 0.0))
            deviation[free] = spread[free]
        low, high = self._interval(theta, deviation)
        error = deviation * self._rate(theta)
        if draws is not None:
            error, low, high = self._of_draws(draws)
        gap = point.values[self.used] - self.values
        parameters = xr.Dataset(
            {
                "estimate": ("parameter", theta),
                "standard_error": ("parameter", error),
                "low": ("parameter", low, {"long_name": f"lower end, {self.level:.0%} interval"}),
                "high": ("parameter", high, {"long_name": f"upper end, {self.level:.0%} interval"}),
                "lower_bound": ("parameter", self.points.low),
                "upper_bound": ("parameter", self.points.high),
                "at_bound": ("parameter", ~free),
                "pinned_by": ("parameter", self._pinned(lam, targets)),
            },
            {"parameter": names},
        )
        fit = {
            "value": ("target", self.values, {"long_name": "what data say"}),
            "model": ("target", point.values[self.used]),
            "gap": ("target", gap, {"long_name": "model less data"}),
        }
        if self.covariance is not None:
            fit["error"] = ("target", np.sqrt(np.diag(self.covariance)))
        rate = self._rate(theta)
        return Calibration(
            model=point.model,
            equilibrium=point.equilibrium,
            parameters=parameters,
            fit=xr.Dataset(fit, {"target": targets}),
            sensitivity=xr.DataArray(
                lam * rate[:, None], {"parameter": names, "target": targets}, name="sensitivity"
            ),
            jacobian=xr.DataArray(
                searched / rate, {"target": targets, "parameter": names}, name="jacobian"
            ),
            j_test=self._j_test(gap, int(free.sum()) - len(unidentified)),
            starts=self._starts(ends, point, names),
            draws=draws,
            objective=best.objective,
            converged=best.converged,
            unidentified=unidentified,
            unmoved=unmoved,
            derivatives=self._compared(point),
            jumps=len(self.points.jumps),
            level=self.level,
        )

    def _directions(
        self, searched: np.ndarray, free: np.ndarray
    ) -> tuple[Mapping[str, float], ...]:
        """Return directions in which no target moves, by name, the largest weight one."""
        if not free.any() or not np.isfinite(searched).all():
            return ()
        # Per width of what is searched, so that units of parameters do not count.
        scaled = (self.root @ searched * (self.high - self.low))[:, free]
        _, sizes, vectors = np.linalg.svd(scaled, full_matrices=True)
        sizes = np.append(sizes, np.zeros(len(vectors) - len(sizes)))
        # Against what targets are worth, where nothing moves them at all.
        worth = float(np.linalg.norm(self.root @ self.values)) or 1.0
        none = sizes <= max(UNIDENTIFIED * float(sizes[0]), ROUNDING * worth)
        names = [name for name, one in zip(self._names(), free, strict=True) if one]
        found = []
        for vector in vectors[none]:
            weight = vector / vector[np.argmax(np.abs(vector))]
            found.append({
                name: float(part)
                for name, part in zip(names, weight, strict=True)
                if abs(part) >= MENTIONED
            })  # fmt: skip
        return tuple(found)

    def _interval(self, theta: np.ndarray, deviation: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the interval, in logs where the parameter is searched in logs."""
        from scipy.special import ndtri

        wide = float(ndtri(0.5 + 0.5 * self.level)) * deviation
        at = self._searched(theta)
        ends = []
        for sign in (-1.0, 1.0):
            searched = at + sign * wide
            with np.errstate(over="ignore"):
                ends.append(np.where(self.logs, np.exp(np.where(self.logs, searched, 0)), searched))
        return ends[0], ends[1]

    def _of_draws(self, draws: xr.Dataset) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return standard errors and intervals of the draws that converged."""
        good = draws["estimate"].values[draws["converged"].values]
        if len(good) < 2:
            return tuple(np.full((3, draws.sizes["parameter"]), np.nan))  # type: ignore[return-value]
        tail = 0.5 * (1.0 - self.level)
        low, high = np.quantile(good, [tail, 1.0 - tail], axis=0)
        return good.std(axis=0, ddof=1), low, high

    def _pinned(self, lam: np.ndarray, targets: list[str]) -> np.ndarray:
        """Return the target that moves each parameter most, by its error, or else by its size."""
        if self.covariance is not None:
            size = np.sqrt(np.diag(self.covariance))
        else:
            size = np.where(self.values != 0.0, np.abs(self.values), 1.0)
        moved = np.abs(lam) * size
        known = np.isfinite(moved).all(1) & (moved.max(1) > 0.0)
        return np.array([
            targets[int(np.argmax(row))] if one else ""
            for row, one in zip(moved, known, strict=True)
        ])  # fmt: skip

    def _j_test(self, gap: np.ndarray, parameters: int) -> JTest | None:
        from scipy.special import chdtrc

        freedom = gap.size - parameters
        if not self.wanted.efficient or freedom < 1:
            return None
        statistic = float(np.sum((self.root @ gap) ** 2))
        return JTest(statistic, freedom, float(chdtrc(freedom, statistic)))

    def _starts(self, ends: Sequence[_End], point: Point, names: list[str]) -> xr.Dataset:
        places = np.array([
            one.point.policy if one.point is not None else np.full(len(names), np.nan)
            for one in ends
        ])  # fmt: skip
        width = self.points.width
        with np.errstate(invalid="ignore"):
            same = (np.abs(places - point.policy) <= SAME * width).all(1)
        return xr.Dataset(
            {
                "begin": (("start", "parameter"), np.array([one.begin for one in ends])),
                "end": (("start", "parameter"), places),
                "objective": ("start", [one.objective for one in ends]),
                "converged": ("start", [one.converged for one in ends]),
                "same": ("start", same, {"long_name": "whether it ended where the best did"}),
            },
            {"parameter": names},
        )

    def _compared(self, point: Point) -> str:
        """Say where derivatives come from, held against a difference of equilibria."""
        if not isinstance(self.points, SolvedPoints):
            size = np.minimum(np.abs(point.policy), self.points.width)
            direction = np.where(self._at_bound(point.policy), 0.0, size)
            found = difference(self.points, point, direction) if direction.any() else None
            if found is None:
                return f"{SLOPES}; next to a bound no difference of equilibria was taken"
            known = point.gradients() @ direction
            miss = float(np.max(np.abs(found - known)) / max(np.max(np.abs(found)), 1e-12))
            words = f"{SLOPES}, within {miss:.0e} of a difference of equilibria"
            return words if miss <= TRUSTED else f"{words}: DO NOT TRUST errors and sensitivity"
        return DIFFERENCES


def _as_path(found: list[Calibration], wanted: Targets, names: list[Any]) -> CalibratedPath:
    """Put steps together, as a path to follow."""
    labels = np.array(wanted.labels)
    estimates = np.array([one.parameters["estimate"].values for one in found])
    path = xr.Dataset(
        {
            name: ("step", estimates[:, j])
            for j, every in enumerate(names)
            for name in together(every)
        },
        {"step": ("step", labels, {"long_name": wanted.dimension})},
    )
    along = xr.Variable("step", labels)
    return CalibratedPath(
        steps=tuple(found),
        dimension=wanted.dimension,
        path=path,
        parameters=xr.concat([one.parameters for one in found], along, join="exact"),
        fit=xr.concat([one.fit for one in found], along, join="outer"),
    )
