"""The engine of an explorer: it answers what an economy is like as its controls are moved.

Where a drag goes on. An economy with several equilibria is where its past has taken it. So an
answer is found from the answer before, ``since``: from where firms and people were, as the
dynamics would move them after the change; a failed answer is no place to be, and then it is the
one before that. Without ``since`` it is found anew, from the start that was given, and does not
depend on the way. Both are ``nege.solve(economy, start=...)`` with a start that the answer names,
to the last bit.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from nege.errors import ConvergenceError, InputError, near
from nege.explorer.answers import FAILED, REFUSED, SOLVED, UNSTABLE, Answer
from nege.explorer.controls import Control, Switch, controls, switches
from nege.explorer.jobs import Job
from nege.models.base import Model
from nege.results.equilibrium import Equilibrium
from nege.solver_options import Logit, Replicator, SolverOptions, check_dynamics
from nege.solvers.checks import check_model, check_options
from nege.solvers.long_run import solve
from nege.status import Status
from nege.studies.comparison import compare

ANEW = "from the start that was given"
ON = "from where the economy was"


class Explorer:
    """An economy to explore by hand: what can be moved, and what it is like then."""

    def __init__(
        self,
        model: Model,
        *,
        start: Any = None,
        dynamics: Replicator | Logit | None = None,
        options: SolverOptions | None = None,
    ) -> None:
        check_model(model)
        self.model, self.start = model, start
        self.dynamics, self.options = check_dynamics(dynamics), check_options(options)
        self._asked: Job[Answer] | None = None

    @functools.cached_property
    def controls(self) -> Mapping[str, Control]:
        """Everything that can be moved, by name."""
        return MappingProxyType(controls(self.model))

    @functools.cached_property
    def switches(self) -> Mapping[str, Switch]:
        """Everything that can be switched on or off, by name."""
        return MappingProxyType(switches(self.model))

    @functools.cached_property
    def base(self) -> Answer:
        """The economy as it was given, which answers are compared with."""
        return self.answer()

    def economy(self, values: Mapping[str, Any] = MappingProxyType({})) -> Model:
        """Return the economy at some values of its controls and switches."""
        known = [*self.controls, *self.switches]
        for name in values:
            if name not in self.controls and name not in self.switches:
                raise InputError("values", name, "a control", near(name, known))
        model: Any = self.model
        off = [n for n, v in values.items() if n in self.switches and v is False]
        if "online" in off:
            model = model.without_online()
        if mechanisms := [n for n in off if n != "online"]:
            model = model.without(*mechanisms)
        moved = {n: v for n, v in values.items() if n not in self.switches}
        made: Model = model.replace(moved) if moved else model
        return made

    def answer(
        self,
        values: Mapping[str, Any] = MappingProxyType({}),
        since: Answer | None = None,
        against: Answer | None = None,
    ) -> Answer:
        """Return what the economy is like at some values."""
        cpu, wall = time.process_time(), time.perf_counter()
        values = MappingProxyType(dict(values))
        found: dict[str, Any] = {"values": values, "model": None, "equilibrium": None}
        found |= {"start": self.start, "started": ANEW, "gains": None, "who": (), "open": ""}
        try:
            model = found["model"] = self.economy(values)
            if since is not None and (start := self._place(since)) is not None:
                try:
                    model.check_start(start)
                    found |= {"start": start, "started": ON}
                except InputError:
                    found["started"] = f"{ANEW}: where it was is no start for this economy"
            equilibrium = solve(model, found["start"], dynamics=self.dynamics, options=self.options)
        except InputError as error:
            found |= {"outcome": REFUSED, "headline": "Not solved.", "words": (str(error),)}
        except ConvergenceError as error:
            partial = error.equilibrium
            found |= {"outcome": FAILED, "equilibrium": partial, **_said(partial, str(error))}
        else:
            good = equilibrium.status is Status.CONVERGED
            found |= {"outcome": SOLVED if good else UNSTABLE, "equilibrium": equilibrium}
            found |= _said(equilibrium)
            if values or against is not None:
                found |= self._compared(equilibrium, against or self.base)
        return Answer(**found, cpu=time.process_time() - cpu, wall=time.perf_counter() - wall)

    def ask(
        self,
        values: Mapping[str, Any] = MappingProxyType({}),
        since: Answer | None = None,
        against: Answer | None = None,
    ) -> Job[Answer]:
        """Answer in the background; a question that is not answered yet is dropped."""
        if self._asked is not None:
            self._asked.cancel()
        self._asked = Job("solving", lambda _: self.answer(values, since, against))
        return self._asked

    def _place(self, since: Answer) -> Any:
        """Return where an economy is that has been answered; before, if that is nowhere."""
        if since.outcome in (SOLVED, UNSTABLE) and since.equilibrium is not None:
            data = since.equilibrium.data
            return data["share"] if since.equilibrium.model.in_shares else data
        return since.start

    def _compared(self, now: Equilibrium, before: Answer) -> dict[str, Any]:
        if before.equilibrium is None or before.outcome != SOLVED:
            return {"who": ("The economy to compare with is not solved.",)}
        try:
            gains = compare(before.equilibrium, now)
        except InputError as error:
            return {"who": (f"Gains are not known: {error}",)}
        return {"gains": gains, "who": (gains._headline(), *gains._who())}


def _said(found: Any, fallback: str = "") -> dict[str, Any]:
    """Return what an equilibrium says of itself."""
    if not isinstance(found, Equilibrium):
        return {"headline": fallback, "words": (), "open": ""}
    headline, *findings, still = found.banner().split("\n")
    return {"headline": headline, "words": tuple(findings), "open": still}
