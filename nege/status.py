"""How a solve ended: the codes, messages and remedies of kernels, results and sweeps."""

from __future__ import annotations

from enum import IntEnum

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


_WORDS = {
    Status.PENDING: ("not solved yet", "Run the sweep again."),
    Status.CONVERGED: ("every tolerance holds", ""),
    Status.LIMIT: (
        "the iterations ran out before the residual was within tolerance",
        "Raise SolverOptions(limit_iterations=..., limit_steps=...), or start nearer by.",
    ),
    Status.STALLED: (
        "rounding stopped progress before every tolerance held",
        "Where some region hardly trades with the rest, its wage and its payoff are poorly "
        "determined: lower sigma or trade costs. Where trade is nearly free, payoffs hardly differ "
        "wherever people are: raise sigma or trade costs, or let people differ in taste, "
        "nege.Logit(scale=...). Else accept a wider "
        "SolverOptions(tolerance_error=..., tolerance_payoff=...).",
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
