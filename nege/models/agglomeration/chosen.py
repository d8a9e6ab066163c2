"""What somebody chooses who knows how the whole equilibrium responds, as platforms commissions.

At rest F(y) = 0, where for each k that is chosen, industry by industry, rows of F say

    t_k = ln(1 - z_k)                      z  what is chosen: a share of what buyers pay
    e_k = dln v_k/dt_k,  dv_k/dt_k = v_y dy/dt_k,  dy/dt_k = -F_y^(-1) F_(t_k)

t is among the unknowns y, so that F_(t_k) has ones and zeros, and v, what is sold, in hours, is of
sums over places: e_k is exact, by the implicit function theorem and dual numbers. Firms, people
and prices all respond; the other choices are given.
A rule says which z_k is best at e_k. What is chosen is where it holds, and more would not pay:

    gain_k = rule_k(e, y) - z_k = 0,       falling in z_k

Each economy on the way starts from the one before it. Choices move the way that pays, in growing
steps, until the gain changes its sign; roots between are bracketed one after the other, and then
found together. From them each choice deviates as far as it can, the equilibrium following: where
that earns more, it is gone on from there. Equilibria that nobody came by are not looked for.
"""

from __future__ import annotations

import logging
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from nege.errors import InputError
from nege.models.agglomeration import rest
from nege.models.agglomeration.layout import AgglomerationParameters, Slots
from nege.models.agglomeration.mechanisms import frame
from nege.models.agglomeration.mechanisms.frame import Choices
from nege.models.solutions import LongRun
from nege.solver_options import SolverOptions
from nege.status import Status

logger = logging.getLogger("nege")

FIRST, GROWTH = 0.02, 2.0  # steps of a choice that is moved
HIGHEST = 0.95  # choice that is tried
NEARER = 0.25  # factor on a step beyond which no equilibrium was found
WALL = 1e-6  # step at which what cannot be solved is taken for the end
COARSE, FINE = 1e-3, 1e-13  # as near as a root is bracketed
KNOWN = 1e-10  # of the gain: where it is zero
NOTHING = 1e-250  # sold: too little for a choice to matter
BETTER = 1e-9  # of what is earned: by how much a deviation has to pay
BELOW, ABOVE = (0.8, 0.5, 0.2), (0.05, 0.15, 0.35, 0.7)  # deviations, as parts of what there is
TURNS, ROUNDS = 4, 4
SOLVED = (Status.CONVERGED, Status.UNSTABLE)  # the second where the dynamics let nobody enter


class Settled(NamedTuple):
    """Choices, and an economy that has come to rest at them."""

    z: np.ndarray
    run: LongRun
    sold: np.ndarray  # v
    gain: np.ndarray
    earned: np.ndarray  # NaN where it is not known of deviations

    @property
    def left(self) -> float:
        """How far the rule is from holding."""
        return float(np.max(np.abs(self.gain)))


class Chooser:
    """Of an economy: what is chosen, and where it stands in what kernels read.

    Parameters
    ----------
    model : OnlineAgglomeration
        The economy.
    name : str
        The mechanism in which something is chosen.
    choices : Choices
        What.
    """

    def __init__(self, model: Any, name: str, choices: Choices) -> None:
        one, to, count = model.mechanisms[name], model._unknowns.to, len(choices.names)
        self.choices, self.places = choices, model.geography.names
        self.at = frame.with_equations(model).index(one)
        self.stand = frame.places_of(model, to)[self.at]
        columns = dict(zip(one.numbers(), one.packed(model)[1], strict=True))
        self.held = slice(columns[choices.held], columns[choices.held] + count)
        first = len(self.places) * to.shared - to.shared  # where unknowns of all would begin
        #: (unknown, k): where t stands, once or more
        self.kept = np.array(
            [first + self.stand[name][1] + np.arange(count) for name in choices.kept]
        )
        self.first, size = first, model._unknowns.size
        self.units = np.zeros((count, size))  # F_t
        self.units[np.arange(count), self.kept] = 1.0

    def at_choices(self, p: AgglomerationParameters, z: np.ndarray) -> AgglomerationParameters:
        """Return parameters by which choices are what they are."""
        numbers = p.numbers.copy()
        numbers[self.at, :, self.held] = np.log1p(-z)
        return p._replace(numbers=numbers)

    def settled(self, p: AgglomerationParameters, data: xr.Dataset) -> AgglomerationParameters:
        """Return parameters at the choices of a solved economy."""
        return self.at_choices(p, self.choices.stored(data))

    def named(self, x: np.ndarray, totals: np.ndarray, to: Slots) -> dict[str, np.ndarray]:
        """Return the mechanism's own shared unknowns and sums by name."""
        found = {}
        for name, (kind, slot, size) in self.stand.items():
            if kind == "shared":
                found[name] = x[self.first + slot :][:size]
            elif kind in ("pools", "totals"):
                found[name] = totals[slot - to.shared :][:size]
        return found


def chooser(model: Any) -> Chooser | None:
    """Return what is chosen in an economy, and where; None where nothing is."""
    found = {name: one.choices(model) for name, one in model.mechanisms.items()}
    found = {name: choices for name, choices in found.items() if choices is not None}
    if len(found) > 1:
        cure = "Each would have to know how the other responds. Fix what one of them chooses."
        raise InputError(
            "mechanisms", list(found), "at most one in which something is chosen", cure
        )
    return next((Chooser(model, name, choices) for name, choices in found.items()), None)


def find(
    parameters: AgglomerationParameters,
    chooser: Chooser,
    start: np.ndarray,
    prices: np.ndarray,
    options: SolverOptions,
    *,
    leave_unstable: bool,
) -> LongRun:
    """Find where the rule holds, and the long run there, as ``rest.find`` does of one economy.

    Choices start from those in `start`. Where the rule holds nowhere, the last economy is
    returned, as STUCK; its ``words`` say what is known.
    """
    search = _ChoiceSearch(parameters, chooser, prices, options, leave_unstable)
    return search.run(start)


class _Lost(Exception):  # noqa: N818  no error: some choices have no equilibrium that is found
    def __init__(self, run: LongRun | None) -> None:
        self.run = run


class _Nowhere(Exception):  # noqa: N818  no error: the rule holds nowhere that was looked at
    def __init__(self, last: Settled, words: str) -> None:
        self.last, self.words = last, words


class _ChoiceSearch:
    def __init__(
        self,
        parameters: AgglomerationParameters,
        chooser: Chooser,
        prices: np.ndarray,
        options: SolverOptions,
        leave_unstable: bool,
    ) -> None:
        self.p, self.chooser, self.choices = parameters, chooser, chooser.choices
        self.prices, self.options, self.leave_unstable = prices, options, leave_unstable
        self.every, self.lowest = range(len(self.choices.names)), self.choices.lowest
        self.steps = 0
        self.perturbed: list[str] = []

    def run(self, start: np.ndarray) -> LongRun:
        """Move choices the way that pays, to where the rule holds and no deviation pays."""
        kept = self.chooser.kept[0]
        fresh = np.array_equal(start[kept], self.prices[kept])
        z = self.choices.start if fresh else -np.expm1(start[kept])
        z = np.clip(z, self.lowest, np.maximum(HIGHEST, self.lowest))
        try:
            at = self._at(z, start)
        except _Lost as lost:
            if lost.run is None:
                raise
            what = self.choices.what
            said = (
                f"Nothing was found at {self._listed(z)}, from where {what}s start. Start from "
                f"another {what} of the economy, or from another distribution."
            )
            words = [*(lost.run.words or [said])]  # that there is no rule is all there is to say
            return self._ended(lost.run, lost.run.status, lost.run.residual, words)
        try:
            at, words = self._settle(at)
        except _Nowhere as end:
            what = self.choices.what
            cure = f"Start from another {what} of the economy, or give it without pricing."
            return self._ended(end.last.run, Status.STUCK, end.last.left, [end.words, cure])
        return self._ended(at.run, at.run.status, at.left, words)

    def _ended(self, run: LongRun, status: Status, left: float, words: list[str]) -> LongRun:
        return run._replace(
            status=status,
            residual=max(run.residual, left),
            error=max(run.error, left),
            iterations=self.steps,
            perturbed=tuple(dict.fromkeys(self.perturbed)),
            words=tuple(words),
        )

    # --- one economy ------------------------------------------------------------------

    def _at(self, z: np.ndarray, near: np.ndarray) -> Settled:
        """Return the economy at some choices, from the unknowns of one near by."""
        if not ((z >= self.lowest) & (z < 1.0)).all():
            raise _Lost(None)
        of = self.chooser
        start, prices = near.copy(), self.prices.copy()
        start[of.kept] = prices[of.kept] = np.log1p(-z)
        p = of.at_choices(self.p, z)
        leave = self.leave_unstable
        run = rest.find(p, of.places, start, prices, self.options, leave_unstable=leave)
        self.steps += run.iterations
        self.perturbed += run.perturbed
        if run.status not in SOLVED:
            raise _Lost(run)
        totals, moved = rest.responses(p, run.state, of.units, self.options)
        known = of.named(run.state, totals, p.slots)
        sold, hour = known[self.choices.sold], known[self.choices.hour]
        changes = [of.named(run.state, change, p.slots) for change in moved]
        matters = sold > NOTHING * hour
        e = np.zeros_like(sold)
        for k in np.flatnonzero(matters):
            e[k] = changes[k][self.choices.sold][k] / sold[k]
            e[k] -= (changes[k][self.choices.hour] / hour).item()
        try:
            best, earned = self.choices.rule(z, e, known)
        except frame.Undefined as undefined:
            raise _Lost(run._replace(status=Status.STUCK, words=(str(undefined),))) from None
        gain = np.where(matters, best - z, self.lowest - z)  # down to where something is sold
        if not np.isfinite(gain).all():
            raise _Lost(run._replace(status=Status.NOT_FINITE))
        sold = np.where(matters, sold / hour, 0.0)
        return Settled(z, run, sold, gain, np.where(matters, earned, 0.0))

    def _moved(self, at: Settled, k: int, value: float) -> Settled:
        """Return the economy with one choice moved."""
        z = at.z.copy()
        z[k] = value
        return self._at(z, at.run.state)

    # --- where the rule holds ---------------------------------------------------------

    def _settle(self, at: Settled) -> tuple[Settled, list[str]]:
        """Return where the rule holds and no deviation pays, and what is known of it."""
        words: list[str] = []
        for _ in range(ROUNDS):
            at = self._together(at)
            tried = [self._deviations(at, k) for k in self.every]
            best = [self._best(at, k, tried[k]) for k in self.every]
            k = next((k for k in self.every if best[k] is not at), None)
            if k is None:
                return at, [*words, *self._certified(at, tried)]
            words.append(
                f"The rule holds at {self._one(at, k)} too, but {best[k].z[k]:.4g} earns more."
            )
            at = best[k]
        raise _Nowhere(at, f"{' '.join(words)} The search did not come to rest.")

    def _together(self, at: Settled) -> Settled:
        """Return a root of all gains, from brackets of one after the other."""
        from scipy.optimize import root

        for width in (COARSE, *(FINE,) * TURNS):
            for k in self.every:
                at = self._in_turn(at, k, width)
            best = at

            def gain(z: np.ndarray, start: np.ndarray = at.run.state) -> np.ndarray:
                nonlocal best
                there = self._at(z.copy(), start)
                best = there if there.left < best.left else best
                return there.gain

            try:
                if at.left > 0.0:
                    root(gain, at.z, options={"xtol": 1e-14, "maxfev": 10 * (at.z.size + 1)})
            except _Lost:
                logger.info("no root of all choices together: one after the other again")
            at = best
            if at.left <= KNOWN:
                return at
        raise _Nowhere(
            at, f"The rule does not hold at {self._listed(at.z)}, nor was found to near."
        )

    def _in_turn(self, at: Settled, k: int, width: float) -> Settled:
        """Return a root of one gain to some width, the way that pays, other choices given."""
        from scipy.optimize import brentq

        if abs(at.gain[k]) <= KNOWN:
            return at
        below, above = self._bracket(at, k)
        known = {each.z[k]: each for each in (below, above)}

        def gain(value: float) -> float:
            nonlocal below, above
            if value not in known:  # from below, where a channel has not collapsed
                known[value] = found = self._moved(below, k, value)
                below, above = (found, above) if found.gain[k] > 0.0 else (below, found)
            return float(known[value].gain[k])

        try:
            brentq(gain, below.z[k], above.z[k], xtol=width, rtol=FINE)
        except _Lost:
            below, above = self._narrowed(below, above, k)
            raise _Nowhere(below, self._jump(below, above, k)) from None
        found = min(known.values(), key=lambda each: abs(each.gain[k]))
        if width == FINE and abs(found.gain[k]) > COARSE:
            raise _Nowhere(below, self._jump(below, above, k))
        return found

    def _bracket(self, at: Settled, k: int) -> tuple[Settled, Settled]:
        """Return economies around a root of one gain, by steps the way that pays."""
        # An equilibrium that ends at a fold responds ever more before it, so that there is a root.
        side, step, growth = float(np.sign(at.gain[k])), FIRST, GROWTH
        while True:
            value = float(np.clip(at.z[k] + side * step, self.lowest[k], HIGHEST))
            if value == at.z[k]:
                raise _Nowhere(at, self._end(at, k, side))
            try:
                there = self._moved(at, k, value)
            except _Lost as lost:
                step, growth = step * NEARER, 1.0
                if step < WALL:
                    raise _Nowhere(at, self._end(at, k, side, lost)) from None
                continue
            if there.gain[k] * side <= 0.0:
                return (at, there) if side > 0.0 else (there, at)
            at, step = there, step * growth

    def _narrowed(self, below: Settled, above: Settled, k: int) -> tuple[Settled, Settled]:
        """Return a bracket, halved past choices that cannot be solved, as far as that goes."""
        while above.z[k] - below.z[k] > WALL:
            for part in (0.5, 0.25, 0.75):
                try:
                    found = self._moved(below, k, below.z[k] + part * (above.z[k] - below.z[k]))
                except _Lost:
                    continue
                break
            else:
                break
            below, above = (found, above) if found.gain[k] > 0.0 else (below, found)
        return below, above

    # --- whether another choice pays ----------------------------------------------------

    def _deviations(self, at: Settled, k: int) -> list[Settled]:
        """Return economies in which one choice deviates, as far as the equilibrium follows."""
        low, z = float(self.lowest[k]), float(at.z[k])
        below = [low + part * (z - low) for part in BELOW]
        above = [z + part * (HIGHEST - z) for part in ABOVE]
        tried = []
        for values in (below, above) if np.isfinite(at.earned[k]) and z > low else ():
            last = at
            for value in values:
                try:
                    last = self._moved(last, k, value)
                except _Lost:
                    break
                tried.append(last)
        return tried

    def _best(self, at: Settled, k: int, tried: list[Settled]) -> Settled:
        """Return the economy itself, or where one choice deviates and clearly earns more."""
        best = max(tried, key=lambda each: float(each.earned[k]), default=at)
        return best if best.earned[k] > at.earned[k] + BETTER * abs(at.earned[k]) else at

    # --- in words ---------------------------------------------------------------------

    def _one(self, at: Settled, k: int) -> str:
        return f"{at.z[k]:.6g} for {self.choices.names[k]}"

    def _listed(self, z: np.ndarray) -> str:
        both = zip(z, self.choices.names, strict=True)
        return ", ".join(f"{value:.4g} for {name}" for value, name in both)

    def _certified(self, at: Settled, tried: list[list[Settled]]) -> list[str]:
        """Say where the rule holds, and which deviations were compared."""
        words = [f"The {self.choices.what} is {self._listed(at.z)}."]
        compared = [[float(each.z[k]) for each in tried[k]] for k in self.every]
        for k in self.every:
            if compared[k]:
                every = len(compared[k]) == len(BELOW) + len(ABOVE)
                further = "" if every else "; further ones have no equilibrium that was found"
                words.append(
                    f"For {self.choices.names[k]} {len(compared[k])} deviations, from "
                    f"{min(compared[k]):.3g} to {max(compared[k]):.3g}, earn less{further}."
                )
        return words

    def _end(self, at: Settled, k: int, side: float, lost: _Lost | None = None) -> str:
        way = "rises up" if side > 0.0 else "rises down"
        why = () if lost is None or lost.run is None else lost.run.words
        beyond = "the last that is tried" if lost is None else "beyond which nothing was found"
        return " ".join([f"{self._none(k)} {way} to {at.z[k]:.4g}, {beyond}.", *why])

    def _jump(self, below: Settled, above: Settled, k: int) -> str:
        return (
            f"{self._none(k)} rises up to {below.z[k]:.6g} and falls from {above.z[k]:.6g} on, "
            "with a jump or a kink of the equilibrium, or none found, in between; sales go from "
            f"{below.sold[k]:.4g} to {above.sold[k]:.4g}."
        )

    def _none(self, k: int) -> str:
        return (
            f"No {self.choices.what} for {self.choices.names[k]} was found at which the rule "
            "holds: what it earns"
        )
