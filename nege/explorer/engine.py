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
import threading
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from nege import validation
from nege.errors import ConvergenceError, InputError, near
from nege.explorer import changes, lines
from nege.explorer.answers import FAILED, REFUSED, SOLVED, UNSTABLE, Answer
from nege.explorer.changes import Step
from nege.explorer.controls import Control, Switch, controls, suggested, switches
from nege.explorer.diagrams import KINDS, Diagram, Wanted
from nege.explorer.jobs import Job
from nege.explorer.lines import Script
from nege.models import parameter_axes
from nege.models.base import Model
from nege.progress import Callback
from nege.results.equilibrium import Equilibrium
from nege.solver_options import Logit, Replicator, SolverOptions, check_dynamics
from nege.solvers.checks import check_model, check_options
from nege.solvers.long_run import solve
from nege.status import Status
from nege.studies.comparison import compare
from nege.validation.keywords import hinted

A_MAPPING, EXAMPLE = "a mapping of names to numbers", 'For example {"trade_cost": 1.5}.'
NOTHING: Mapping[str, Any] = MappingProxyType({})
LASTING = (SOLVED, UNSTABLE)  # outcomes in which an economy stays
NO_REST = "Gains are not known: this is no equilibrium that lasts."
NOT_TAKEN = "The economy does not take these values."
ANEW = "anew, from the start that was given"
USUAL = "anew, from the usual start"
ON = "from where the economy was"
SAME = 1e-8  # relative violation of equations, up to which they hold


class Explorer:
    """An economy to explore by hand: what can be moved of it, and what it is like then.

    Parameters
    ----------
    model : Model
        The economy that is explored.
    start : DataArray, mapping or array, optional
        Where long runs start that are found anew, as :func:`nege.solve` takes it.
    dynamics : Replicator or Logit, optional
        How people move.
    options : SolverOptions, optional
        Tolerances and limits.
    geography : str, optional
        The call that made its places, for the lines of Python; it is used where it makes the same.

    Raises
    ------
    InputError
        For what is no model, dynamics or options, or a start that is none of this economy.

    Notes
    -----
    It keeps nothing of what is asked but the questions under way: what a page shows is in the
    values it asks for and in the last answer. One explorer for each page; its methods can be called
    by several threads.

    Examples
    --------
    >>> import nege
    >>> from nege.explorer import Explorer
    >>> places = nege.geography.equidistant(2)
    >>> explorer = Explorer(nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=1.7))
    >>> there = explorer.answer({"trade_cost": 1.5})
    >>> back = explorer.answer({"trade_cost": 1.7}, since=there)
    >>> explorer.base.places.people.values.round(2), back.places.people.values.round(2)
    (array([0.5, 0.5]), array([1., 0.]))
    """

    @hinted
    def __init__(
        self,
        model: Model,
        *,
        start: Any = None,
        dynamics: Replicator | Logit | None = None,
        options: SolverOptions | None = None,
        geography: str = "",
    ) -> None:
        check_model(model)
        if start is not None:
            model.check_start(start)
        self.model, self.start, self.geography = model, start, geography
        self.dynamics, self.options = check_dynamics(dynamics), check_options(options)
        self._under_way: dict[str, Job[Any]] = {}
        self._switched: dict[frozenset[tuple[str, Any]], Mapping[str, Control]] = {}
        self._gate = threading.Lock()  # around the jobs under way
        self._solving = threading.Lock()  # one question at a time: others would slow it down

    # --- what can be moved --------------------------------------------------------------

    @functools.cached_property
    def controls(self) -> Mapping[str, Control]:
        """Everything that can be moved of the economy as it was given, by name."""
        return MappingProxyType(controls(self.model))

    @functools.cached_property
    def switches(self) -> Mapping[str, Switch]:
        """Everything that can be switched on or off, by name, as the economy was given."""
        return MappingProxyType(switches(self.model))

    @functools.cached_property
    def suggested(self) -> tuple[str, ...]:
        """Names of controls to begin with."""
        return suggested(self.controls)

    def controls_at(self, values: Mapping[str, Any]) -> Mapping[str, Control]:
        """Return the controls where switches are as `values` have them.

        Numbers in `values` are left out, so that ranges stay what they are while one is moved.
        """
        switched = {name: value for name, value in values.items() if name in self.switches}
        if not switched:
            return self.controls
        turned = frozenset(switched.items())
        if turned not in self._switched:
            self._switched[turned] = MappingProxyType(controls(self.economy(switched)))
        return self._switched[turned]

    def steps(self, values: Mapping[str, Any] = NOTHING) -> tuple[Step, ...]:
        """Return the changes that make the economy at some values, in their order."""
        return changes.steps(values, self.switches)

    def economy(self, values: Mapping[str, Any] = NOTHING) -> Model:
        """Return the economy at some values of its controls and switches.

        Raises
        ------
        InputError
            Where it does not accept them.
        """
        return changes.made(self.model, self.steps(values))

    # --- answers ------------------------------------------------------------------------

    @functools.cached_property
    def base(self) -> Answer:
        """The economy as it was given, found anew: what answers are compared with."""
        return self.answer()

    def answer(
        self,
        values: Mapping[str, Any] = NOTHING,
        since: Answer | None = None,
        against: Answer | None = None,
    ) -> Answer:
        """Return what the economy is like at some values.

        Parameters
        ----------
        values : mapping
            Numbers of controls, and True or False of switches, where they are not the economy's.
        since : Answer, optional
            Where the economy was: it goes on from there. Without, it is found anew.
        against : Answer, optional
            What gains are compared with; by default the economy as it was given.

        Returns
        -------
        Answer
            Whatever came of it: values that are refused, and solves that fail, are answers, too.

        Raises
        ------
        InputError
            Where `values` is no mapping.
        """
        cpu, wall = time.thread_time(), time.perf_counter()
        if not isinstance(values, Mapping):
            raise InputError("values", values, A_MAPPING, EXAMPLE)
        found = self._answered(MappingProxyType(dict(values)), since, against)
        took = time.thread_time() - cpu, time.perf_counter() - wall
        return Answer(**found, cpu=took[0], wall=took[1])

    def ask(
        self,
        values: Mapping[str, Any] = NOTHING,
        since: Answer | None = None,
        against: Answer | None = None,
    ) -> Job[Answer]:
        """Answer in the background; a question that is not answered yet is cancelled."""
        values = dict(values)

        def work(progress: Callback) -> Answer:
            with self._solving:
                progress(0, 1, words)  # where it has been cancelled meanwhile, it ends here
                return self.answer(values, since, against)

        words = f"solving {len(self.model.geography)} places"
        return self._put("answer", words, work)

    def _put(self, what: str, words: str, work: Callable[[Callback], Any]) -> Job[Any]:
        """Begin a job instead of the one of its kind that is under way."""
        with self._gate:
            before = self._under_way.get(what)
            if before is not None:
                before.cancel()
            job: Job[Any] = Job(words, work)
            self._under_way[what] = job
        return job

    def cancel(self) -> None:
        """Cancel all that is under way, as where a page is closed."""
        with self._gate:
            for job in self._under_way.values():
                job.cancel()

    def _answered(
        self, values: Mapping[str, Any], since: Answer | None, against: Answer | None
    ) -> dict[str, Any]:
        found: dict[str, Any] = {"values": values, "model": None, "equilibrium": None}
        found |= {"gains": None, "who": (), "open": "", "against": None}
        found |= {"start": None, "started": USUAL, "since": None}
        if since is not None:  # where the economy still is, if these values are refused
            found |= {"start": self._place(since), "started": ON, "since": _lasting(since)}
        try:
            model = found["model"] = self.economy(values)
            found |= self._started(model, since)
            equilibrium = solve(model, found["start"], dynamics=self.dynamics, options=self.options)
        except InputError as error:
            return {**found, "outcome": REFUSED, "headline": NOT_TAKEN, "words": (str(error),)}
        except ConvergenceError as error:
            partial: Any = error.equilibrium
            found |= {"outcome": FAILED, "equilibrium": partial, "who": (NO_REST,)}
            return {**found, **_said(partial)}
        good = equilibrium.status is Status.CONVERGED
        found |= {"outcome": SOLVED if good else UNSTABLE, "equilibrium": equilibrium}
        found |= _said(equilibrium) | {"who": () if good else (NO_REST,)}
        found["idle"] = self._idle(model, equilibrium) if good else ()
        if good and (values or against is not None or since is not None):
            found |= self._compared(equilibrium, against or self.base)
        return found

    def _started(self, model: Model, since: Answer | None) -> dict[str, Any]:
        """Return the start of a solve: where the economy was, that given, or the usual one."""
        tried = [] if since is None else [(self._place(since), ON, _lasting(since))]
        left = ""
        for start, words, lasting in [*tried, (self.start, ANEW, None)]:
            if start is None:
                continue
            try:
                model.check_start(start)
            except InputError:
                left = f": {words.removeprefix('anew, ')} it cannot begin, it has other regions"
                continue
            return {"start": start, "started": f"{words}{left}", "since": lasting}
        return {"start": None, "started": f"{USUAL}{left}", "since": None}

    def _place(self, since: Answer) -> Any:
        """Return where an economy is, as a start: what it started from where it got nowhere."""
        if since.outcome not in LASTING or since.equilibrium is None:
            return since.start
        return since.equilibrium.model.start_of(since.equilibrium.data)

    def _idle(self, model: Any, now: Equilibrium) -> tuple[str, ...]:
        """Return mechanisms that change nothing: all equations hold without them, too."""
        found = []
        for name, one in getattr(model, "mechanisms", {}).items():
            if one.modes:
                continue  # without it there is no place for what is sold that way
            try:
                without = model.without(name)
            except InputError:
                continue  # others need it
            # Markets alone tell of most; a gap that is not finite is none of these.
            same = max(without.audit(now.data).values()) <= SAME
            if same and max(without.audit_motion(now.data, self.dynamics).values()) <= SAME:
                found.append(name)
        return tuple(found)

    def _compared(self, now: Equilibrium, before: Answer) -> dict[str, Any]:
        """Return who gains, or why that is not known."""
        if before.equilibrium is None or before.outcome != SOLVED:
            return {"who": ("Gains are not known: what to compare with is no equilibrium.",)}
        try:
            gains = compare(before.equilibrium, now)
        except InputError as error:
            _, _, alike, cure = error.args
            return {"who": (f"Gains are not known: they are for economies {alike} alone. {cure}",)}
        return {"gains": gains, "against": before, "who": (gains._headline(), *gains._who())}

    # --- diagrams and lines -------------------------------------------------------------

    def diagram(
        self,
        name: str,
        values: Mapping[str, Any] = NOTHING,
        since: Answer | None = None,
        *,
        interval: tuple[float, float] | None = None,
        kind: str | None = None,
    ) -> Job[Diagram]:
        """Find the equilibria along a control in the background; another diagram is cancelled.

        Parameters
        ----------
        name : str
            The control that varies; all else is as in `values`.
        values, since
            As of ``answer``: a loop starts where the economy was.
        interval : pair of float, optional
            Between which values; by default the range of the control, as far as the economy
            accepts it around its value.
        kind : {"branches", "loop"}, optional
            A bifurcation diagram, or a hysteresis loop of the stable equilibrium; by default the
            first, where the economy is small enough and it serves it.

        Returns
        -------
        Job of Diagram
            Its ``result`` raises InputError where the economy allows neither.

        Raises
        ------
        InputError
            For what is no control, or no interval.
        """
        known = self.controls_at(values)
        if name not in known:
            raise InputError("name", name, "a control", near(name, known))
        if interval is not None:
            interval = parameter_axes.pair("interval", interval)
        wanted = Wanted(
            control=known[name],
            values=MappingProxyType(dict(values)),
            economy=self.economy,
            interval=interval,
            kind=None if kind is None else validation.known("kind", kind, KINDS),
            start=self.start if since is None else self._place(since),
            dynamics=self.dynamics,
            options=self.options,
        )
        return self._put("diagram", f"equilibria along {name}", wanted.find)

    @functools.cached_property
    def _recipe(self) -> lines.Recipe:
        made = lines.made(self.model, self.base.equilibrium, self.geography)
        return lines.Recipe(self.model, made, self.switches, self.dynamics, self.options)

    def python(self, answer: Answer, diagram: Diagram | None = None) -> Script:
        """Return the lines of Python that make an answer, and a diagram, with their pictures.

        They run as they are in an empty interpreter, and what they find is what the answer has, to
        the last bit.
        """
        return lines.script(self._recipe, answer, diagram)


def _lasting(since: Answer) -> Equilibrium | None:
    """Return the equilibrium in which an economy is that has been answered."""
    return since.equilibrium if since.outcome in LASTING else since.since


def _said(found: Equilibrium) -> dict[str, Any]:
    """Return what an equilibrium says of itself."""
    headline, *findings, still = found.banner().split("\n")
    return {"headline": headline, "words": tuple(findings), "open": still}
