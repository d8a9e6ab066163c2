"""Exact hat algebra: counterfactual changes from observed shares, wages and flows alone."""

from __future__ import annotations

from typing import Any

import xarray as xr

from nege.models.quantitative.commuting import Commuting
from nege.models.quantitative.model import QuantitativeModel
from nege.results.equilibrium import Equilibrium, check_equilibrium
from nege.solver_options import SolverOptions
from nege.studies.counterfactual_commuting import counterfactual_commuting
from nege.studies.counterfactual_quantitative import counterfactual_quantitative
from nege.studies.kinds import Kind, answer
from nege.studies.relative_changes import told
from nege.validation.keywords import hinted

__all__ = ["counterfactual"]

#: Who answers for which models. What the function takes by name is what may change there.
KINDS = (
    Kind(QuantitativeModel, ("Helpman", "AllenArkolakis"), counterfactual_quantitative),
    Kind(Commuting, ("Commuting",), counterfactual_commuting),
)


@hinted
def counterfactual(
    equilibrium: Equilibrium,
    *,
    trade_cost_change: Any = None,
    productivity_change: Any = None,
    amenity_change: Any = None,
    housing_change: Any = None,
    mobility: Any = None,
    commuting_cost_change: Any = None,
    workplace_amenity_change: Any = None,
    remote: Any = None,
    remote_share: Any = None,
    flows: Any = None,
    deficits: str | None = None,
    options: SolverOptions | None = None,
) -> xr.Dataset:
    """Counterfactual: relative changes from new trade costs or fundamentals, by exact hat algebra.

    Units of goods are free, so take those in which before the change every place supplies one and
    every price index is one. Then the share of s's spending that goes to r is the freeness of
    trade, pi_rs for T_rs^(1-sigma), productivities and amenities are what shares and wages say,
    and the changed economy is solved like any other: with pi_rs T^_rs^(1-sigma), A^ and B^
    (Dekle, Eaton & Kortum 2008; Redding & Rossi-Hansberg 2017). From a long run people move as
    they did before, until real incomes are equal, or by tastes: of these, weights and amenities
    are together what shares say, and the scale s adds s to congestion. From a short run nobody
    moves, as in trade between countries.

    Parameters
    ----------
    equilibrium : Equilibrium
        Of :class:`Helpman` or :class:`AllenArkolakis`: a long run, also under :class:`Logit`
        tastes, or a short run, in which people stay; or of :class:`Commuting`, whose workers
        commute in both. Only its shares, wages, trade and commuting are used, and parameters
        that are elasticities, shares of spending, or the scale of tastes.
        ``nege.invert(model, employment=, flows=)`` makes a model of observed flows.
    trade_cost_change : float, DataArray or array, optional
        Of the cost T_rs itself, after over before, over (origin, destination); one number is for
        all trade between different places. Where T_rs = trade_cost ** distance_rs, a new
        `trade_cost` changes it by (new/old) ** distance_rs:
        ``(model.replace(trade_cost=new).costs() / model.costs())``.
    productivity_change, amenity_change, housing_change : optional
        After over before, of each place.
    mobility : str or array, optional
        Who can move after the change, as in :class:`Helpman` or :class:`Commuting`; by default as
        before. "none" answers what happens while people stay. Not wider than before: what those
        would gain who can cross from then on takes levels, which hat algebra has not.
    commuting_cost_change : float, DataArray or array, optional
        Of :class:`Commuting`: after over before, over (residence, workplace); one number is for
        all ways to another place. What remote work costs follows, unless it has a table.
    workplace_amenity_change : optional
        Of :class:`Commuting`: after over before, of each place.
    remote : float, optional
        Of :class:`Commuting`: the weight of remote work afterwards; by default that of before.
    remote_share : float, optional
        Instead of `remote`: the share of all who work remotely afterwards.
    flows : DataArray, DataFrame or array, optional
        Observed value of trade over (origin, destination), in any unit; by default what the model
        says. Rows have to add up to wages; columns are spending, and need not be balanced.
        Zeros stay zeros: they are infinite trade costs.
    deficits : {"fixed", "proportional", "zero"}, optional
        What becomes of spending beyond earnings: fixed in value, in units of the wage bill of
        all places, as that of a place, whoever lives there; in proportion to what is earned
        there; or trade gets balanced. By default as in the model; where only `flows` say it,
        proportional where people move and fixed where nobody does.
    options : SolverOptions, optional
        Tolerances and limits.

    Returns
    -------
    Dataset
        ``share`` of people after the change, and over region ``share_change, wage_change,
        price_index_change, real_wage_change`` (in goods), ``real_income_change`` and, for Helpman,
        ``rent_change``; ``welfare_change`` of everybody, under tastes of expected utility; where
        people move within groups only, ``group_welfare_change``, and everybody's is that of the
        mean, in which groups count by what they had;
        ``residual``, goods markets after the change included, from the flows. Attributes
        ``dynamics`` and ``deficits`` say how people move and what became of deficits. Of
        :class:`Commuting`, whose ``share`` is of residents: ``employment`` by workplace,
        ``commuting`` over (residence, workplace) and ``remote_share`` by residence afterwards, with
        ``employment_change``, ``residents_wage_change`` and the weight ``remote``.
        ``.nege.plot.map("wage_change", model.geography)`` draws a change where it is. Above its
        data it prints what was changed, how it converged, and who gains.

    Raises
    ------
    InputError
        For changes that are not positive, flows that contradict wages, a place that sells or
        buys nothing, or an argument that this kind of model does not take.
    ConvergenceError
        Where the changed economy could not be solved.

    Warns
    -----
    RuntimeWarning
        If a cost gets below 1, that of no distance, as 0.1 makes it where 10 per cent is meant.

    Notes
    -----
    It equals the solution in levels, ``nege.solve(model.replace(...))``. Where several
    equilibria exist it is the one that people reach from where they are.

    Not for opening trade where there was none: nothing tells what it cost. A deficit fixed in
    value, of people who can leave, drives them out where they pay: take ``"proportional"``.

    Examples
    --------
    >>> import nege
    >>> model = nege.Helpman(nege.geography.line(3), sigma=4, mu=0.7, trade_cost=1.5)
    >>> before = nege.solve(model)
    >>> after = nege.counterfactual(before, trade_cost_change=0.9)
    >>> after.share_change.round(4).values
    array([0.9892, 1.0167, 0.9892])
    >>> round(float(after.welfare_change), 4)
    1.0262
    >>> stay = nege.counterfactual(before, trade_cost_change=0.9, mobility="none")
    >>> stay.group_welfare_change.round(4).values
    array([1.0239, 1.0296, 1.0239])
    """
    check_equilibrium(equilibrium)
    given = {
        "trade_cost_change": trade_cost_change,
        "productivity_change": productivity_change,
        "amenity_change": amenity_change,
        "housing_change": housing_change,
        "mobility": mobility,
        "commuting_cost_change": commuting_cost_change,
        "workplace_amenity_change": workplace_amenity_change,
        "remote": remote,
        "remote_share": remote_share,
        "flows": flows,
        "deficits": deficits,
        "options": options,
    }
    changes = answer("counterfactual", KINDS, equilibrium.model, equilibrium, given)
    return told(changes, equilibrium, {n: v for n, v in given.items() if n != "options"})
