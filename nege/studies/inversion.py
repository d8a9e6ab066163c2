"""Model inversion: the fundamentals that make data an equilibrium, by kind of model."""

from __future__ import annotations

from typing import Any, TypeVar

from nege.models.agglomeration.model import OnlineAgglomeration
from nege.models.base import Model
from nege.models.quantitative.commuting import Commuting
from nege.models.quantitative.model import QuantitativeModel
from nege.solver_options import SolverOptions
from nege.studies.inversion_commuting import invert_commuting
from nege.studies.inversion_industries import invert_industries
from nege.studies.inversion_quantitative import invert_quantitative
from nege.studies.kinds import Kind, answer
from nege.validation.keywords import hinted

__all__ = ["invert"]

AnyModel = TypeVar("AnyModel", bound=Model)

#: Who inverts what. What the function takes by name is what ``invert`` takes for that kind.
KINDS = (
    Kind(QuantitativeModel, ("Helpman", "AllenArkolakis"), invert_quantitative),
    Kind(Commuting, ("Commuting",), invert_commuting),
    Kind(OnlineAgglomeration, ("OnlineAgglomeration",), invert_industries),
)


@hinted
def invert(
    model: AnyModel,
    employment: Any = None,
    wage: Any = None,
    *,
    spending: Any = None,
    flows: Any = None,
    deficits: str | None = None,
    residents: Any = None,
    population: Any = None,
    rent: Any = None,
    remote_share: Any = None,
    options: SolverOptions | None = None,
) -> AnyModel:
    """Model inversion: the productivities and amenities behind where people are and what they earn.

    Goods markets that clear at the observed wages give productivities, payoffs that are equal
    where people are give amenities (Redding & Sturm 2008; Allen & Arkolakis 2014, sec. 3;
    Redding & Rossi-Hansberg 2017). Both exist and are unique, up to their units.

    Parameters
    ----------
    model : Helpman, AllenArkolakis, Commuting or OnlineAgglomeration
        The economy with its trade costs, its parameters and, for Helpman, its housing or land;
        its own productivities, amenities and deficits do not count, nor its trade costs where
        `flows` are given.
    employment : DataArray, mapping or array, optional
        People of each place, in any unit; positive. Where they work, if that is not where they
        live. Of industries by (industry, place), or by (industry, place, channel): zero where an
        industry is absent, if its `variety` is 1.
    wage : DataArray, mapping or array, optional
        Their wage, in any unit; positive. Not needed beside `flows`. With remote work,
        what people earn on average.
    spending : DataArray, mapping or array, optional
        What the residents of each place spend, or their income, in the unit of employment times
        wage, with the same total; positive. By default what wages and rents there pay for.
    flows : DataArray, DataFrame or array, optional
        Value of trade over (origin, destination), own sales on the diagonal, in any unit;
        zeros are allowed, and balanced it need not be. Rows are wage bills, columns spending.
        They take the place of wages, spending and trade costs.
    deficits : {"proportional", "fixed"}, optional
        What spending beyond earnings becomes: a field ``spending_ratio`` of the model, in
        proportion to earnings, or ``deficit``, fixed in value. By default proportional where people
        move, and fixed where nobody does.
    residents : DataArray, mapping or array, optional
        Of :class:`Commuting`, which needs them: people by where they live, in any unit, while
        `employment` is jobs by where they are, and `wage` what they pay. Each is divided by its own
        total. Without wages no job is liked better, and wages are what commuting says.
    population : DataArray, mapping or array, optional
        Of industries, instead of employment: people by place, in any unit.
    rent : DataArray, mapping or array, optional
        Of industries: rents of land by place, in any unit. Of :class:`Commuting`: an index of
        rents, of which `housing` follows; by default that of the model counts.
    remote_share : float, optional
        Of :class:`Commuting`: the share of all who work remotely, of which `remote` follows; by
        default that of the model counts.
    options : SolverOptions, optional
        Tolerances and limits.

    Returns
    -------
    Helpman, AllenArkolakis, Commuting or OnlineAgglomeration
        The same economy with `productivity` and `amenity` such that the data are an
        equilibrium, the only one where ``model.uniqueness()`` says so. Geometric means of
        both are one, of industries as they were: data do not tell their units. From `flows` it
        has a table of trade costs, infinite where nothing is traded. :class:`Commuting` has a
        `workplace_amenity` too. An economy of industries has the data in its ``observed``, an
        :class:`Equilibrium` with its stability and, in words, what data do not identify;
        others, and those in files, have not. Where people move within groups only, data tell
        amenities within each group alone: real incomes of groups (of :class:`Commuting`
        expected utilities) are set equal, and `people` are those of the data.

    Raises
    ------
    InputError
        For data that are not positive or contradict each other, a place that sells or buys
        nothing, an argument that this kind of model does not take, or a model that has no such
        fundamentals.
    ConvergenceError
        Where an equation stays violated by more than 1e-10; it carries the short run at the
        fundamentals found.

    Notes
    -----
    Not a test of the model: every difference between places that trade costs and housing do not
    explain becomes a fundamental, errors in the data included.

    Productivities need wages, people at work and spending, and nothing else. Amenities are of
    those who live and spend where they work; given `spending` by residence they make places of
    *work* equally good to people who share what is spent there, and say nothing of where to live.
    Where nobody moves they are units. Flows do not tell productivities from trade
    costs: those are in units of goods in which every place supplies one.

    Who commutes where follows from jobs, residents and costs of commuting, as Ahlfeldt, Redding,
    Sturm & Wolf (2015) and Seidel & Wickerath (2020) have it. Where flows X of commuters are known,
    ``commuting_cost=(X / X.max()) ** (-1 / taste)`` makes the economy have them.

    Of industries each kind of data gives something, and the rest stays as the model has it.
    People by place give amenities. With wages they give a productivity of each place, the same
    factor in all its industries. Employment by industry and place, with wages, gives
    productivities by industry and, from national wage bills, `consumption`; by channel, too, also
    what a firm needs to enter online (``nege.mechanisms.Access``). Rents give `land`. Not
    identified are the levels of amenities and of each industry's productivity, all land together,
    how much of productivity is spillovers, inputs and elasticities; without channels, the part
    that is sold online, which follows from digital costs. Absent industries have a productivity
    1 % below what would bring them: data tell that upper bound alone. Data may be an unstable
    equilibrium: a RuntimeWarning and ``observed`` say so.

    Examples
    --------
    >>> import nege
    >>> model = nege.Helpman(nege.geography.line(3), sigma=4, mu=0.7, trade_cost=1.5)
    >>> found = nege.invert(model, employment=[20, 50, 30], wage=[2.0, 2.5, 2.1])
    >>> found.productivity.round(3).values
    array([0.949, 1.099, 0.959])
    >>> nege.solve(found).data.share.round(6).values
    array([0.2, 0.5, 0.3])

    Where people live, and an economy of industries in which they want to:

    >>> economy = nege.OnlineAgglomeration(nege.geography.line(3))
    >>> found = nege.invert(economy, population=[20, 50, 30])
    >>> nege.solve(found, start=found.observed.data).data.population.round(6).values
    array([0.2, 0.5, 0.3])
    """
    given = {
        "employment": employment,
        "wage": wage,
        "spending": spending,
        "flows": flows,
        "deficits": deficits,
        "residents": residents,
        "population": population,
        "rent": rent,
        "remote_share": remote_share,
        "options": options,
    }
    found: AnyModel = answer("invert", KINDS, model, model, given)
    return found
