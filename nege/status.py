"""How a solve ended: the codes, messages and remedies of kernels, results and sweeps."""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import IntEnum
from typing import Any, NamedTuple

from nege.kernels import codes

__all__ = ["Status"]


class Status(IntEnum):
    """How a solve ended; only ``CONVERGED`` is success.

    Stored in sweeps as an integer per point. ``.message`` says what it means,
    ``.remedy`` what to try.

    Examples
    --------
    >>> import nege
    >>> print(nege.Status(1))
    LIMIT
    >>> nege.Status.CONVERGED.message
    'every tolerance holds'
    """

    PENDING = codes.PENDING
    CONVERGED = codes.CONVERGED
    LIMIT = codes.LIMIT
    STALLED = codes.STALLED
    NOT_FINITE = codes.NOT_FINITE
    UNSTABLE = codes.UNSTABLE
    INVALID = codes.INVALID
    STUCK = codes.STUCK
    RAISED = 7  # of no solver: of a function that a sweep asks

    def __str__(self) -> str:
        return self.name  # not the number, which says nothing where it is printed

    @property
    def message(self) -> str:
        """What this status means."""
        return _WORDS[self][0]

    @property
    def remedy(self) -> str:
        """What to try; empty where nothing is wrong."""
        return _WORDS[self][1]


RAN_OUT = "ran out before the residual was within tolerance"
NEARER = "or start nearer by."
WIDER = "Else accept a wider"
WIDEST = 0.1  # what would be a tolerance of one and more is none to try
MORE = 10  # times as much is a value to try of a limit
#: What counts as iterations of a long run; what these are says which limit they can hit.
LONG_RUN_ITERATIONS = "steps along the dynamics and Newton steps"

_WORDS = {
    Status.PENDING: ("not solved yet", "Run the sweep again."),
    Status.CONVERGED: ("every tolerance holds", ""),
    Status.LIMIT: (
        f"the iterations {RAN_OUT}",
        "Raise the limit that was hit, SolverOptions(limit_iterations=...) of a short run or "
        f"SolverOptions(limit_steps=...) of a long run, {NEARER}",
    ),
    Status.STALLED: (
        "rounding stopped progress before every tolerance held",
        "Where some region hardly trades with the rest, its wage and its payoff are poorly "
        "determined: lower sigma or trade costs. Where trade is nearly free, payoffs hardly differ "
        "wherever people are: raise sigma or trade costs, or let people differ in taste, "
        f"nege.Logit(scale=...). {WIDER} SolverOptions(tolerance_error=..., tolerance_payoff=...).",
    ),
    Status.NOT_FINITE: (
        "a number overflowed, underflowed or became NaN",
        "Trade costs this high leave a place without any supplier in double precision: lower sigma "
        "or trade costs, or give every place a positive share; a sigma next to one leaves prices "
        "without bounds: raise it.",
    ),
    Status.UNSTABLE: (
        "the solve ended at an unstable rest point: a small deviation from it grows",
        "Start from another distribution.",
    ),
    Status.INVALID: (
        "not solved, because the model does not accept these parameters together",
        "model.replace(...) with the parameters of such a point says why.",
    ),
    Status.STUCK: (
        "the search made no progress towards a rest point: every method cycled or stopped",
        "There may be no stable equilibrium near: start from another distribution, or reach these "
        "parameters in smaller steps, with nege.follow.",
    ),
    Status.RAISED: (
        "the function that the sweep asks raised an error",
        "The variable reason says which; ds.nege.failed() lists it.",
    ),
}


class Ended(NamedTuple):
    """How one solve ended, from which follows what to try."""

    status: Status
    long_run: bool
    residual: float
    error: float
    iterations: float
    options: Mapping[str, Any]  # it was solved with; of some nothing is known

    def in_words(self) -> tuple[str, str]:
        """Return what happened, and what to try: with the limit or the tolerance that was hit."""
        if self.status is Status.LIMIT:
            return self._limit()
        if self.status is Status.STALLED and (beyond := self._beyond()):
            before = self.status.remedy.partition(WIDER)[0]
            return self.status.message, f"{before}{WIDER} {beyond}"
        return self.status.message, self.status.remedy

    def _limit(self) -> tuple[str, str]:
        steps = self.options.get("limit_steps")
        along = self.long_run and steps is not None and self.iterations >= steps
        name, what = ("limit_steps", "steps") if along else ("limit_iterations", "iterations")
        if (limit := self.options.get(name)) is None:
            return self.status.message, self.status.remedy
        cure = f"Raise SolverOptions({name}={MORE * limit}), which was {limit}, {NEARER}"
        return f"the {what} {RAN_OUT}", cure

    def _beyond(self) -> str:
        """Say which tolerances would hold, and which did not; empty where that is not known."""
        first = "tolerance_payoff" if self.long_run else "tolerance_residual"
        measured = {first: ("residual", self.residual), "tolerance_error": ("error", self.error)}
        wider, did_not_hold = [], []
        for name, (what, value) in measured.items():
            held = self.options.get(name, math.inf)
            if value <= held:
                continue
            if not 0.0 < value < WIDEST:
                return ""
            wider.append(f"{name}={10.0 ** math.ceil(math.log10(value)):.0e}")
            did_not_hold.append(f"the {what} is {value:.1e}, beyond {held:g}")
        if not wider:
            return ""
        return f"SolverOptions({', '.join(wider)}): {' and '.join(did_not_hold)}."
