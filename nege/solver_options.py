"""How a solve is carried out: tolerances, limits, and how people move."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from nege import validation
from nege.errors import InputError
from nege.immutable import Immutable, by_value, held
from nege.kernels.codes import METHODS
from nege.kernels.fixed_point import Options
from nege.kernels.population_dynamics import Dynamics
from nege.validation.keywords import hinted

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Logit", "Replicator", "SolverOptions"]

CHOICES = {
    "operator": ("auto", "dense", "symmetric", "line", "fourier"),
    "method": METHODS,
}


class HasRegions(Protocol):
    """What dynamics ask of a model."""

    @property
    def regions(self) -> tuple[str, ...]:
        """Names of all regions, the online one last."""

    @property
    def geography(self) -> Any:
        """Its places, by name."""

    @property
    def online(self) -> Any:
        """Its online region, None without one."""

    @property
    def differences(self) -> bool:
        """Whether people compare payoffs by their differences, not by their ratios."""

    @property
    def groups(self) -> Any:
        """Its groups of regions between which nobody moves, None where there are none."""


@hinted
@dataclass(frozen=True, kw_only=True)
class SolverOptions:
    """Tolerances, limits and methods of a solve; reaching a limit is never success.

    Parameters
    ----------
    tolerance_residual : float, default 1e-12
        Largest |ln F(w) - ln w| of the short run: how far wages are from clearing
        markets.
    tolerance_error : float, default 1e-8
        Bound on the distance of log wages to the solution, from the residual and
        the contraction of the wage map.
    tolerance_payoff : float, default 1e-10
        Largest relative gap of payoffs in a long run: between occupied regions,
        and of an empty region over the mean.
    tolerance_path : float, default 1e-8
        Error per step, in log shares, when the dynamics are followed. It decides
        to which basin of attraction a start near a boundary is counted. Of 500 regions
        and more it is a hundred times that, from 5000 on a thousand times.
    limit_iterations : int, default 10000
        Iterations of one short run.
    limit_steps : int, default 50000
        Steps along the dynamics of one long run.
    operator : str, default "auto"
        How to multiply by the freeness of trade: "dense", "symmetric" (half of the
        matrix), "line" (two sweeps) or "fourier" (circles and grids).
        The geography decides by default.
    method : str, default "auto"
        Of the short run: "newton", "anderson", or "plain" iteration, which always
        converges but slowly. By default Newton's method up to 16 regions, which hands
        over to Anderson acceleration should it fail, and Anderson acceleration above.

    Raises
    ------
    InputError
        Where a value is not positive.

    Notes
    -----
    Not for making a failed solve pass: wider tolerances accept a less exact answer. What
    failed and why is in its ``status``.

    Examples
    --------
    >>> import nege
    >>> nege.SolverOptions(tolerance_payoff=1e-9).tolerance_payoff
    1e-09
    """

    tolerance_residual: float = 1e-12
    tolerance_error: float = 1e-8
    tolerance_payoff: float = 1e-10
    tolerance_path: float = 1e-8
    limit_iterations: int = 10_000
    limit_steps: int = 50_000
    operator: str = "auto"
    method: str = "auto"

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name in CHOICES:
                value = validation.known(field.name, value, CHOICES[field.name])
            elif field.name.startswith("limit"):
                value = validation.whole(field.name, value, at_least=1)
            else:
                value = validation.number(field.name, value, above=0.0, below=1.0)
            object.__setattr__(self, field.name, value)

    def for_kernels(self) -> Options:
        """Return what the kernels need of these options."""
        method = METHODS.index(self.method)
        return Options(self.tolerance_residual, self.tolerance_error, self.limit_iterations, method)


@hinted
@dataclass(frozen=True, kw_only=True)
class Replicator:
    """Replicator dynamics: a region's share grows at the rate by which it pays above average.

    d lambda_r/dt = lambda_r (omega_r - sum_s lambda_s omega_s)
    (Taylor & Jonker 1978; Fujita, Krugman & Venables 1999, ch. 5), lambda the shares of the
    mobile factor, omega its payoff. A corner, where regions are empty, can be an equilibrium.
    Time is counted so that rates are relative to the mean payoff.

    Parameters
    ----------
    allow_entry : bool, default True
        Replicator dynamics cannot enter an empty region, nor leave an unstable
        stationary point, by themselves. With True, a share of 1e-6 is moved there, the
        solve goes on, and the result's ``perturbed`` says so. False is the pure
        dynamics.

    Raises
    ------
    InputError
        Where `allow_entry` is neither True nor False.

    Notes
    -----
    Not for people who differ in taste, of whom some stay in every region: :class:`Logit`.

    Examples
    --------
    >>> import nege
    >>> economy = nege.CorePeriphery(nege.geography.equidistant(2), sigma=5, mu=0.4, trade_cost=2)
    >>> nege.solve(economy, start=[1, 0]).perturbed
    ('entry of 1',)
    """

    allow_entry: bool = True

    def __post_init__(self) -> None:
        if not isinstance(self.allow_entry, (bool, np.bool_)):
            raise InputError("allow_entry", self.allow_entry, "True or False")

    def __str__(self) -> str:
        return "replicator dynamics" if self.allow_entry else "pure replicator dynamics"

    def for_kernels(self, model: HasRegions) -> Dynamics:
        """Return what the kernels need of these dynamics."""
        return Dynamics(False, 1.0, 0.0, np.zeros(len(model.regions)))

    def expected(self, model: HasRegions, share: np.ndarray, payoff: np.ndarray) -> Any:
        """Return the mean payoff, weighted by shares, over the last dimension."""
        return np.add.reduce(share * payoff, axis=-1)

    def expected_within(
        self, model: HasRegions, groups: Any, share: np.ndarray, payoff: np.ndarray
    ) -> np.ndarray:
        """Return the same of each group of regions."""
        found: np.ndarray = groups.means(share, payoff)
        return found

    def gap(self, model: HasRegions, share: np.ndarray, payoff: np.ndarray) -> float:
        """Return the violation of complementarity: how far payoffs are from equal, relatively.

        Empty regions count where they pay more, unless the dynamics are pure.
        """
        if model.groups is None:
            excess = payoff / np.sum(share * payoff) - 1.0
        else:  # everybody compares with those of his own group
            excess = payoff / model.groups.means(share, payoff)[model.groups.of] - 1.0
        empty = share == 0.0
        inside = np.max(np.abs(excess[~empty]))
        outside = np.max(excess[empty], initial=0.0) if self.allow_entry else 0.0
        return float(np.maximum(inside, outside))


@hinted
@held("weights")
@dataclass(frozen=True, kw_only=True, eq=False)
class Logit(Immutable):
    """Logit dynamics: people differ in taste, so that the share of every region stays positive.

    lambda_r = B_r omega_r^(1/s) / sum_q B_q omega_q^(1/s), reached by
    d lambda_r/dt = lambda_r (F_r - mean F), F_r = ln B_r + (ln omega_r)/s - ln lambda_r
    (McFadden 1974; Fudenberg & Levine 1998).

    Parameters
    ----------
    scale : float
        Scale s > 0 of tastes: small means that nearly all follow the real wage. Of payoffs that
        are utilities, s is in their unit, and exp(omega/s) stands for omega^(1/s).
    weights : DataArray, mapping, array or str, optional
        Location weights B over region, positive; only their ratios count; or the name of a
        column of the geography's table. All equal by default. With an online region, either they
        include it or `online_weight` states it.
    online_weight : float, optional
        Weight of the online region, where `weights` is given over places only.
        Relative to `weights` as they are given.

    Raises
    ------
    InputError
        Where a number is out of range, or the online region's weight is not
        stated while `weights` is.

    Notes
    -----
    In ``welfare`` of a long run, those who move then count by their expected utility
    (sum_r b_r omega_r^(1/s))^s, or s ln sum_r b_r exp(omega_r/s) of utilities, b = B/sum(B): by
    the payoff that would be worth as much to them if every region paid it. Elsewhere, and in
    short runs, they count by their mean payoff. What it is worth to have so many regions to
    choose from, a factor (sum_r B_r)^s, is left out, so only ratios of weights count.

    Not for corners: no region is ever empty. A small scale comes near to replicator dynamics,
    at the price of payoffs raised to a large power.

    Examples
    --------
    >>> import nege
    >>> economy = nege.CorePeriphery(nege.geography.equidistant(2), sigma=5, mu=0.4, trade_cost=2)
    >>> e = nege.solve(economy, dynamics=nege.Logit(scale=0.1, weights=[2, 1]))
    >>> bool(e.data.share[0] > e.data.share[1])
    True
    """

    scale: float
    weights: Mapping[str, float] | xr.DataArray | np.ndarray | str | None = None
    online_weight: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "scale", validation.number("scale", self.scale, above=0.0))
        weights = vars(self)["weights"]
        if weights is not None and not isinstance(weights, str):  # of a column: models have it
            _check_weights(weights)
        if self.online_weight is not None:
            weight = validation.number("online_weight", self.online_weight, above=0.0)
            object.__setattr__(self, "online_weight", weight)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Logit):
            return NotImplemented
        return self._value() == other._value()

    def __hash__(self) -> int:
        return hash(self._value())

    def _value(self) -> tuple[Any, ...]:
        """Return what makes two of them the same: labelled weights in whatever order."""
        return self.scale, self.online_weight, by_value(self.weights)

    def __str__(self) -> str:
        return f"logit tastes of scale {self.scale:g}"

    def for_kernels(self, model: HasRegions) -> Dynamics:
        """Return what the kernels need of these dynamics."""
        return Dynamics(True, 1.0 / self.scale, 1.0, np.log(self.region_weights(model)))

    def expected(self, model: HasRegions, share: np.ndarray, payoff: np.ndarray) -> Any:
        """Return expected utility, as the payoff that would be worth as much if paid everywhere.

        (sum_r b_r V_r^(1/s))^s, or s ln sum_r b_r exp(V_r/s) of payoffs that are utilities
        (McFadden 1978; Small & Rosen 1981), over the last dimension. Weights b = B/sum(B) sum to
        one, which leaves out the factor (sum_r B_r)^s, the worth of having so many regions to
        choose from: so the unit is that of payoffs, and only ratios of weights count. Of groups
        of regions between which nobody moves it is the mean of everybody's.
        """
        if model.groups is not None:
            found = self.expected_within(model, model.groups, share, payoff)
            return np.sum(model.groups.sums(share) * found, axis=-1)
        weights = self.region_weights(model)
        with np.errstate(divide="ignore"):
            level = payoff if model.differences else np.log(payoff)
        logs = np.log(weights / np.sum(weights)) + level / self.scale
        level = self.scale * np.logaddexp.reduce(logs, axis=-1)
        return level if model.differences else np.exp(level)

    def expected_within(
        self, model: HasRegions, groups: Any, share: np.ndarray, payoff: np.ndarray
    ) -> np.ndarray:
        """Return the same of each group of regions, whose weights sum to one in each."""
        logs = np.log(self.region_weights(model))
        with np.errstate(divide="ignore"):
            level = payoff if model.differences else np.log(payoff)
        inside = groups.log_sums(logs + level / self.scale) - groups.log_sums(logs)
        return np.asarray(self.scale * inside if model.differences else np.exp(self.scale * inside))

    def gap(self, model: HasRegions, share: np.ndarray, payoff: np.ndarray) -> float:
        """Return the largest |ln(share / choice probability)|."""
        chosen = np.log(self.region_weights(model)) + np.log(payoff) / self.scale
        if model.groups is None:
            chosen -= np.max(chosen)
            probability = np.exp(chosen) / np.sum(np.exp(chosen))
        else:
            probability = model.groups.shares(chosen)
        # Where the scale is so small that a share underflows to zero, its probability does too.
        counted = ~((share == 0.0) & (probability == 0.0))
        with np.errstate(divide="ignore"):
            return float(np.max(np.abs(np.log(share[counted] / probability[counted]))))

    def region_weights(self, model: HasRegions) -> np.ndarray:
        """Return the weight of every region of a model, the online one last."""
        places = model.geography.names
        given = model.geography.column("weights", vars(self)["weights"])  # itself, for messages
        if self.online_weight is None:
            if given is None:
                return np.ones(len(model.regions))
            if model.online is not None and _covers(given, places):
                raise InputError(
                    "weights",
                    given,
                    "given for the online region too",
                    "State online_weight=..., in the same unit as weights: nobody else can know "
                    "how much room people see online.",
                )
            return validation.vector("weights", given, model.regions, above=0.0)
        if model.online is None:
            raise InputError(
                "online_weight",
                self.online_weight,
                "left out for a model without an online region",
                "Give the model online=nege.OnlineRegion(...).",
            )
        weights: Any = np.ones(len(places)) if given is None else given
        physical = validation.vector("weights", weights, places, above=0.0)
        return np.append(physical, self.online_weight)


def check_dynamics(dynamics: Any) -> Replicator | Logit:
    """Return the dynamics, replicator by default, or refuse what is none."""
    if dynamics is None:
        return Replicator()
    if not isinstance(dynamics, (Replicator, Logit)):
        raise InputError("dynamics", dynamics, "nege.Replicator(...) or nege.Logit(...)")
    return dynamics


def _check_weights(weights: Any) -> None:
    """Refuse what cannot be the weights of any model; names are for the model to check."""
    allowed = "a positive finite number for each region"
    named = isinstance(weights, Mapping) and not hasattr(weights, "dims")  # as a Dataset has
    names = list(weights) if named else None
    given = weights if names is None else [weights[name] for name in names]
    values = validation.real_array("weights", given, allowed)
    if values.ndim != 1 or values.size == 0:
        raise InputError("weights", weights, allowed, f"Its shape is {values.shape}.")
    bad = ~(np.isfinite(values) & (values > 0.0))
    if bad.any():
        which = int(np.argmax(bad))
        name = which if names is None else names[which]
        raise InputError("weights", weights, allowed, f"That of {name!r} is {values[which]:g}.")


def _covers(weights: Any, places: tuple[str, ...]) -> bool:
    """Whether weights are over the physical places only."""
    if isinstance(weights, Mapping):
        return len(weights) == len(places)
    return validation.plain("weights", weights, "numbers by region").size == len(places)
