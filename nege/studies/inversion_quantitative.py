"""Model inversion of places with housing or spillovers: productivities and amenities.

From people L, wages w and spending on goods E, which sum w_r L_r = sum E_s joins:

    w_r L_r = sum_s x_r K_rs E_s / sum_q x_q K_qs        x, up to a factor (``kernels.scaling``)
    A_r^(sigma-1) = x_r exp((sigma-1) v_r) / L_r^theta   productivity, v as in ``equations``
    B_r = V / V_r at B = 1                               amenity, for payoffs that are equal

From flows X_rs instead of trade costs. Rows are w_r L_r, columns E_s; freeness of trade is the
share of s's spending that goes to r, T_rs^(1-sigma) = X_rs/E_s, in units of goods in which every
place supplies one (x = 1) and every price index is one. Of nothing, T is infinite.

Spending that is not what wages and rents of the place pay for is a deficit: ``balance`` of the
models has its two conventions, fixed in value or in proportion.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeVar

import numpy as np

from nege import validation
from nege.errors import ConvergenceError, InputError
from nege.kernels import equations
from nege.kernels.equations import Economy
from nege.kernels.fixed_point import in_pieces
from nege.kernels.operators import trade
from nege.kernels.scaling import markets
from nege.models.base import Model
from nege.models.quantitative.balance import check_trade
from nege.models.quantitative.model import QuantitativeModel
from nege.results.equilibrium import Equilibrium
from nege.solver_options import SolverOptions
from nege.solvers.checks import check_options
from nege.solvers.short_run import short_run

AnyModel = TypeVar("AnyModel", bound=QuantitativeModel)

LARGEST_VIOLATION = 1e-10  # violation of any equation by the data, at most
AGREEMENT = 1e-6  # relative difference of data that say the same, at most
BALANCED = 1e-12  # deficit over earnings that is no deficit but rounding
CONVENTIONS = ("fixed", "proportional")
BALANCED_TRADE: dict[str, Any] = {"deficit": None, "spending_ratio": None}


def invert_quantitative(
    model: AnyModel,
    *,
    employment: Any = None,
    wage: Any = None,
    spending: Any = None,
    flows: Any = None,
    deficits: str | None = None,
    options: SolverOptions | None = None,
) -> AnyModel:
    """Return the economy with the productivities and amenities that make data an equilibrium."""
    check_without_online(model)
    options = check_options(options)
    if deficits is not None:
        validation.known("deficits", deficits, CONVENTIONS)
    if flows is None:
        data = _of_places(model, employment, wage, spending)
    else:
        data = _of_flows(model, employment, wage, spending, flows)
    share, paid, changes = data.share, data.wage, BALANCED_TRADE
    if model.groups is not None:  # where not all can go everywhere
        model = model.replace(people=share)
    if data.spent is not None:
        kind = convention(model, deficits, people_move(model))
        changes = unbalanced(model, share, paid, data.spent, kind)
    if data.bought is None:
        economy = model.replace(changes)
        arrays = economy.arrays_for(options.operator, compiled=True)
        state = earnings_state(economy, arrays, share, paid)
        spent, price, access, supply = (np.empty(share.size) for _ in range(4))
        equations.goods(arrays, share, state, supply, spent)
        market = markets(share * paid, spent, arrays.operator)
        supply = np.zeros(share.size)
        in_pieces(market, share, supply, options.for_kernels()._replace(tolerance_error=1.0))
        trade(arrays.operator, np.exp(supply), spent, price, access)
        found = with_fundamentals(economy, share, state, supply, np.log(price))
    else:
        economy = model.replace(changes, trade_cost=costs_of(data.bought, model.sigma))
        state = earnings_state(economy, economy.arrays, share, paid)
        none = np.zeros(share.size)
        found = with_fundamentals(economy, share, state, none, none)
    again = short_run(found, share, options=options)
    assert isinstance(again, Equilibrium)
    wrong = max(
        float(np.max(np.abs(np.log(again.data["wage"].values / paid)))),
        float(np.ptp(np.log(again.data[found.payoff].values))),
    )
    if not wrong <= LARGEST_VIOLATION:
        raise ConvergenceError(
            f"Data are an equilibrium to {wrong:.1e} only: trade costs are so high that markets "
            "hardly say what places have to do with each other. Lower trade costs, or accept "
            "fundamentals that are this rough: they are in the .equilibrium of this error.",
            again,
        )
    return found


# --- data ---------------------------------------------------------------------------


class Data(NamedTuple):
    """What is known of places: people, pay and spending, both of one in sum, and trade."""

    share: np.ndarray
    wage: np.ndarray  # such that the wage bill of all places is one
    spent: np.ndarray | None  # None where it is what wages and rents pay for
    bought: np.ndarray | None  # share of each destination's spending by origin


def _of_places(model: QuantitativeModel, employment: Any, wage: Any, spending: Any) -> Data:
    missing = [n for n, v in (("employment", employment), ("wage", wage)) if v is None]
    if missing:
        cure = "Or flows=, of which rows are wage bills, together with employment."
        raise InputError(" and ".join(missing), None, "given", cure)
    people, paid = (
        _positive(model, *given) for given in (("employment", employment), ("wage", wage))
    )
    share = _shares(people)
    relative = paid / np.sum(share * (paid / paid.max())) / paid.max()
    if spending is None:
        return Data(share, relative, None, None)
    spent = _positive(model, "spending", spending)
    total = float(np.sum(spent / spent.max())) * float(spent.max())
    bills = float(np.sum(people / people.max() * (paid / paid.max())))
    bills *= float(people.max()) * float(paid.max())
    if not abs(total / bills - 1.0) <= AGREEMENT:
        raise InputError(
            "spending",
            spending,
            f"with the total of wage bills, {bills:.6g} (its total is {total:.6g})",
            "What all earn is what all spend: give both in one unit, e.g. spending * "
            "(employment * wage).sum() / spending.sum(), and leave out what is earned by or "
            "spent on places that are not here.",
        )
    return Data(share, relative, _shares(spent), None)


def _of_flows(
    model: QuantitativeModel, employment: Any, wage: Any, spending: Any, flows: Any
) -> Data:
    if spending is not None:
        cure = "Columns of flows are what each destination spends."
        raise InputError("spending", spending, "left out beside flows", cure)
    values = checked_flows(model, flows)
    sold, spent = values.sum(1), values.sum(0)
    if employment is None:
        if people_move(model):
            cure = (
                "Rows of flows are wage bills: of how many people, and at which wage, decides where"
                " people want to live. Only where nobody moves does it not matter."
            )
            raise InputError("employment", None, "given together with flows", cure)
        share = sold
    else:
        share = _shares(_positive(model, "employment", employment))
    paid = sold / share
    if wage is not None:
        given = _positive(model, "wage", wage)
        check_agreement(model, values, share * given / np.sum(share * given), flows)
    return Data(share, paid, spent, values / spent)


def _shares(values: np.ndarray) -> np.ndarray:
    values = values / values.max()  # first: a sum of numbers this large may overflow
    return np.asarray(values / values.sum())


def _positive(model: QuantitativeModel, argument: str, value: Any) -> np.ndarray:
    value = model.geography.column(argument, value)
    numbers = validation.vector(argument, value, model.regions, above=0.0)
    validation.of_a_size(argument, value, numbers)
    return numbers


def checked_flows(model: QuantitativeModel, flows: Any) -> np.ndarray:
    """Return the value of trade between places, by origin and destination, of one in sum."""
    values = validation.square("flows", flows, model.regions, at_least=0.0)
    if not values.max() > 0.0:
        raise InputError("flows", flows, "positive somewhere")
    validation.of_a_size("flows", flows, values[values > 0.0])
    values /= values.max()
    values /= values.sum()
    gap = np.abs(values.sum(1) - values.sum(0)).max()
    check_trade("flows", flows, values > 0.0, model.regions, balanced=bool(gap <= BALANCED))
    return values


def check_agreement(
    model: QuantitativeModel, values: np.ndarray, earned: np.ndarray, flows: Any
) -> None:
    """Refuse flows whose rows are not the wage bills of places, which sum to one."""
    wrong = np.abs(values.sum(1) / earned - 1.0)
    if not wrong.max() <= AGREEMENT:
        place = model.regions[int(np.argmax(wrong))]
        cure = f"That of {place} is off by {wrong.max():.1%}."
        if np.abs(values.sum(0) / earned - 1.0).max() <= AGREEMENT:
            cure += " Columns are: is the table transposed? Rows are origins, columns destinations."
        else:
            cure += " nege.invert(model, employment=, flows=) makes an economy of these flows."
        allowed = "such that rows, what each origin sells, are wage bills"
        raise InputError("flows", flows, allowed, cure)


# --- deficits -----------------------------------------------------------------------


def people_move(model: Model) -> bool:
    """Whether people of a model move in a long run."""
    return model.groups is None or model.groups.largest > 1


def convention(model: QuantitativeModel, deficits: str | None, moves: bool) -> str:
    """Return what becomes of deficits: as said, as the model has it, or as fits who moves."""
    if deficits is not None:
        return deficits
    if model.balanced:
        return "proportional" if moves else "fixed"
    return "proportional" if model.deficit is None else "fixed"


def unbalanced(
    model: QuantitativeModel, share: np.ndarray, wage: np.ndarray, spent: np.ndarray, kind: str
) -> dict[str, Any]:
    """Return the fields of a model by which places spend what they do, people and wages given."""
    paid = model.kept * share * wage + (1.0 - model.kept) * share
    if np.max(np.abs(spent / paid - 1.0)) <= BALANCED:
        return BALANCED_TRADE
    if kind == "proportional":
        return {"deficit": None, "spending_ratio": spent / paid}
    return {"deficit": spent - paid, "spending_ratio": None}


# --- fundamentals -------------------------------------------------------------------


def check_without_online(model: Any) -> None:
    """Refuse an online region, of which there are no data."""
    if model.online is not None:
        raise InputError(
            "model",
            model,
            "without an online region",
            "There are no data of it: use model.replace(online=None, online_housing=None), and "
            "add the region to what comes out.",
        )


def costs_of(bought: np.ndarray, sigma: float) -> np.ndarray:
    """Return trade costs at which shares of spending are the freeness of trade."""
    with np.errstate(divide="ignore", over="ignore"):
        cost = np.asarray(bought ** (1.0 / (1.0 - sigma)))
    if np.isinf(cost[bought > 0.0]).any():
        cure = f"At sigma = {sigma:g} the smallest of these shares of spending has no trade cost."
        raise InputError("sigma", sigma, "further above one for flows this unequal", cure)
    return cost


def earnings_state(
    model: QuantitativeModel, economy: Economy, share: np.ndarray, wage: np.ndarray
) -> np.ndarray:
    """Return the state of the short run in which these wages are paid, on the numeraire."""
    state = np.log(wage) + (1.0 - model.compiled().parameters(economy).scale) * np.log(share)
    equations.normalise(economy, share, state)
    return np.asarray(state)


def with_fundamentals(
    model: AnyModel,
    share: np.ndarray,
    state: np.ndarray,
    log_supply: np.ndarray,
    log_price: np.ndarray,
    **changes: Any,
) -> AnyModel:
    """Return an economy at rest in a given state: productivities by supply, amenities by payoff."""
    scale = model.compiled().parameters(model.arrays).scale
    log_productivity = (log_supply - scale * np.log(share)) / (model.sigma - 1.0) + state
    payoff, price = np.empty(share.size), np.exp(log_price)
    equations.payoff(model.arrays, share, state, price, price, payoff)
    log_amenity = np.log(model.amenity.values) - payoff
    return model.replace(
        productivity=np.exp(log_productivity - log_productivity.mean()),
        amenity=np.exp(log_amenity - log_amenity.mean()),
        **changes,
    )
