"""``stability``: eigenvalues and entry conditions of a solved economy (``results.stability``)."""

from __future__ import annotations

from nege.results.equilibrium import Equilibrium, check_equilibrium, stability_of
from nege.results.stability import Stability
from nege.solver_options import Logit, Replicator
from nege.validation.keywords import hinted

__all__ = ["stability"]


@hinted
def stability(equilibrium: Equilibrium, *, dynamics: Replicator | Logit | None = None) -> Stability:
    """Local stability of an equilibrium: whether the economy returns after a small deviation.

    Eigenvalues of the dynamics on the tangent space of the occupied regions, and the
    growth rate that each empty region would be entered with (Fujita, Krugman & Venables
    1999, ch. 5): d eta/dt = (I - 1 lambda') (dF/d ln lambda) eta, eta = d ln lambda,
    with F = ln payoff for replicator dynamics and ln B + ln payoff/s - ln lambda for logit.

    Parameters
    ----------
    equilibrium : Equilibrium
        From :func:`nege.solve`, or a short run where the payoffs of all occupied
        regions happen to be equal.
    dynamics : Replicator or Logit, optional
        How people move; by default as in the solve, replicator dynamics for a short run.

    Returns
    -------
    Stability
        Eigenvalues, directions and entry conditions with their labels, and the margin.

    Raises
    ------
    InputError
        For an economy that is not at rest, with the region that would grow or shrink
        most; for a solve that failed.

    Notes
    -----
    Not for large deviations, that is for the size of a basin of attraction: :func:`nege.solve`
    from there finds where they lead, ``nege.equilibria(model, basins=...)`` samples basins.

    Examples
    --------
    >>> import nege
    >>> economy = nege.CorePeriphery(nege.geography.equidistant(2), sigma=5, mu=0.4, trade_cost=1.5)
    >>> found = nege.stability(nege.short_run(economy, [0.5, 0.5]))
    >>> found.stable
    False
    >>> found.unstable.values.round(3)
    array([[ 1., -1.]])
    """
    check_equilibrium(equilibrium)
    return stability_of(equilibrium, dynamics)
