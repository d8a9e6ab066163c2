"""Checks for test suites: that what was stored is an equilibrium, by the model's equations."""

from __future__ import annotations

import math

from nege import validation
from nege.results.equilibrium import Equilibrium, check_equilibrium
from nege.validation.keywords import hinted

__all__ = ["assert_equilibrium"]


@hinted
def violations(equilibrium: Equilibrium) -> dict[str, float]:
    """Return how far each condition of equilibrium is violated, from the stored data alone.

    Parameters
    ----------
    equilibrium : Equilibrium
        A short or long run.

    Returns
    -------
    dict of str to float
        Relative violation by name of the equation; in a long run also of
        complementarity.
    """
    data, model = equilibrium.data, equilibrium.model
    return {**model.audit_motion(data, equilibrium.dynamics), **model.audit(data)}


@hinted
def assert_equilibrium(equilibrium: Equilibrium, *, tolerance: float = 1e-9) -> None:
    """Check that an economy is in equilibrium, from what was stored and nothing else.

    Each equation of the model is recomputed in plain NumPy from the stored
    variables; in a long run, payoffs must be equal among occupied regions and no
    higher elsewhere (or shares equal choice probabilities).

    Parameters
    ----------
    equilibrium : Equilibrium
        A short or long run, also one that was loaded from a file.
    tolerance : float
        Largest relative violation that passes.

    Raises
    ------
    AssertionError
        Naming every condition that fails, NaN included, or the status where the
        solve had not converged.
    InputError
        For what is not an Equilibrium, or a tolerance that is none.

    Notes
    -----
    Not a check of stability, nor of uniqueness: an unstable equilibrium passes.

    Examples
    --------
    >>> import nege
    >>> economy = nege.CorePeriphery(nege.geography.star(4), sigma=5, mu=0.4, trade_cost=1.5)
    >>> nege.testing.assert_equilibrium(nege.solve(economy))
    """
    check_equilibrium(equilibrium)
    tolerance = validation.number("tolerance", tolerance, at_least=0.0)
    if not equilibrium.converged:
        raise AssertionError(f"not converged: {equilibrium.status.message}")
    wrong = [
        f"{name}: off by {size:.2e}"
        for name, size in violations(equilibrium).items()
        if not (math.isfinite(size) and size <= tolerance)
    ]
    if wrong:
        raise AssertionError("not an equilibrium: " + "; ".join(wrong))
