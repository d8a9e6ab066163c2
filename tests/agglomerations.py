"""Steps of the stylised turn with one thing changed, solved once per session."""

import functools

import numpy as np

import nege

STYLISED_TURN = nege.scenarios.stylised_turn()
GOODS, SERVICES = "manufacturing", "services"


@functools.cache
def _step(step):
    moved = {str(name): table.sel(step=step) for name, table in STYLISED_TURN.data_vars.items()}
    return nege.OnlineAgglomeration().replace(moved)


def economy(step, **changes):
    """The default economy at a step of the stylised turn, with changes."""
    return _step(step).replace(changes) if changes else _step(step)


def at(step, **changes):
    """The long run of an economy from the default start: converged and stable."""
    return _solved(step, *sorted((name, _hashable(value)) for name, value in changes.items()))


@functools.cache
def _solved(step, *changes):
    found = nege.solve(economy(step, **dict(changes)))
    assert found.converged
    assert found.leading_eigenvalue < 0.0
    return found


def _hashable(value):
    return tuple(map(_hashable, value)) if isinstance(value, (list, tuple, np.ndarray)) else value


@functools.cache
def turn():
    """The stylised turn of the default economy, and its patterns."""
    ds = nege.follow(nege.OnlineAgglomeration(), STYLISED_TURN)
    assert (ds.status == nege.Status.CONVERGED).all()
    return ds, nege.patterns(ds)


def online_share(found, industry=SERVICES):
    return float(nege.patterns(found).online_share.sel(industry=industry))


def density(found, industry=SERVICES):
    return float(nege.patterns(found).density.sel(industry=industry))


def state(found, industry=SERVICES):
    return nege.patterns(found).state.sel(industry=industry).item()


def meets(found):
    return float(nege.patterns(found).meets)


def in_place(found, place, industry=SERVICES):
    cost = found.data.total_cost.sel(industry=industry).sum("channel")
    return float(cost.sel(place=place) / cost.sum())


def firms(found, industry=SERVICES):
    return float(found.data.firm_mass.sel(industry=industry).sum())


def price_gap(found, industry=SERVICES):
    """How much dearer the industry is in the dearest place than in the cheapest."""
    index = found.data.price_index.sel(industry=industry)
    return float(index.max() / index.min())


def jobs_away(found):
    """Part of jobs, by what they pay, that are not where people live."""
    model, data = found.model, found.data
    labour_share = 1.0 - model.inputs.sum("input") - model.land_share
    pay = (labour_share * data.total_cost.sum("channel")).sum("industry")
    return float(0.5 * abs(pay / pay.sum() - data.population).sum())
