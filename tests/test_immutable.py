"""Nothing that nege hands out can be changed behind its back: results, options, economies."""

import contextlib
import copy
import dataclasses
import functools
import pickle
from collections.abc import Mapping

import family
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import nege
from nege.immutable import Held
from nege.models.base import Model

pytestmark = pytest.mark.faults

COPIES = {
    "made": lambda x: x,
    "copied": copy.copy,
    "deeply": copy.deepcopy,
    "pickled": lambda x: pickle.loads(pickle.dumps(x)),
}
WEIGHTS = {
    "equal": None,
    "list": [2.0, 1.0],
    "array": np.array([2.0, 1.0]),
    "mapping": {"0": 2.0, "1": 1.0},
    "DataArray": xr.DataArray([2.0, 1.0], coords={"region": ["0", "1"]}, dims="region"),
    "Series": pd.Series([2.0, 1.0], index=["0", "1"]),
}


def economy(trade_cost=1.7):
    return nege.CorePeriphery(nege.geography.equidistant(2), sigma=5, mu=0.4, trade_cost=trade_cost)


@functools.cache
def diagram():
    return nege.bifurcation(economy(), "trade_cost", (1.5, 1.9))


@functools.cache
def loop():
    return nege.hysteresis(economy(), "trade_cost", (1.4, 2.0), points=5)


def failed():
    with pytest.raises(nege.ConvergenceError) as caught:
        nege.short_run(economy(), [0.9, 0.1], options=nege.SolverOptions(limit_iterations=1))
    return caught.value.equilibrium


def loaded(tmp):
    nege.solve(economy()).to_netcdf(tmp / "economy.nc")
    return nege.load(tmp / "economy.nc")


MADE = {
    "short run": lambda tmp: nege.short_run(economy(), [0.6, 0.4]),
    "long run": lambda tmp: nege.solve(economy()).with_stability(),
    "long run of industries": lambda tmp: nege.solve(nege.OnlineAgglomeration()),
    "failed": lambda tmp: failed(),
    "loaded": loaded,
    "prepared": lambda tmp: nege.prepare(economy()),
    "stability": lambda tmp: nege.stability(nege.solve(economy())),
    "equilibria": lambda tmp: nege.equilibria(economy(), basins=4),
    "an equilibrium of all": lambda tmp: nege.equilibria(economy())[1],
    "diagram": lambda tmp: diagram(),
    "branch": lambda tmp: diagram().branches[0],
    "special point": lambda tmp: diagram().special_points[0],
    "hysteresis": lambda tmp: loop(),
    "jump": lambda tmp: loop().jumps[0],
    "break points": lambda tmp: nege.break_points(economy(), "trade_cost", (1.1, 3.0)),
    "sustain point": lambda tmp: nege.sustain_points(economy(), "trade_cost", (1.1, 3.0))[0],
    "replicator": lambda tmp: nege.Replicator(),
    "options": lambda tmp: nege.SolverOptions(),
    "online": lambda tmp: nege.OnlineRegion(trade_cost=1.5),
    "industries": lambda tmp: nege.OnlineAgglomeration(),
    "points": lambda tmp: nege.geography.from_points([50, 48], [0, 2], population=[2, 1]),
    "matrix": lambda tmp: nege.geography.equidistant(3).metric,
    "line": lambda tmp: nege.geography.line([0.0, 1.0, 3.0]).metric,
    **{f"{make}(4)": lambda tmp, make=make: getattr(nege.geography, make)(4) for make in (
        "equidistant", "racetrack", "line", "star")},
    "grid": lambda tmp: nege.geography.grid(2, 2),
    **{f"logit, {kind}": lambda tmp, w=w: nege.Logit(scale=0.1, weights=w)
       for kind, w in WEIGHTS.items()},
    **{member.name: lambda tmp, member=member: member.draw(np.random.default_rng(0), 3, False)
       for member in family.MEMBERS},
}  # fmt: skip


def attributes(thing):
    """Every field and property that is public, of the thing and of what it holds in turn."""
    names = {field.name for field in dataclasses.fields(thing)} if is_made(thing) else set()
    names |= {
        name
        for kind in type(thing).__mro__
        for name, value in vars(kind).items()
        if isinstance(value, (property, Held))
    }
    public = {name for name in names if not name.startswith("_")}
    return sorted(public - {"plot", "real", "imag", "numerator", "denominator"})


def is_made(thing):
    return dataclasses.is_dataclass(thing)


def overwrite(array, computed):
    """What is kept refuses; what was computed for this one question may be overwritten."""
    refuses = (
        contextlib.suppress(ValueError)
        if computed
        else pytest.raises(ValueError, match="read-only")
    )
    with refuses:
        array[...] = 0


def spoil(value, computed):
    """Change a value in every way there is."""
    if isinstance(value, np.ndarray):
        overwrite(value, computed)
    elif isinstance(value, (xr.DataArray, xr.Dataset)):
        for part in value.data_vars.values() if isinstance(value, xr.Dataset) else (value,):
            overwrite(part.values, computed)
            part.attrs["units"] = "furlongs"
            part.values = np.zeros_like(part.values)
        value.attrs["spoilt"] = True
        if isinstance(value, xr.DataArray):
            value.name = "spoilt"
        else:
            for name in (*value.data_vars, "spoilt"):
                value[name] = 0
    elif isinstance(value, pd.Series):
        value.iloc[:] = 0
    elif isinstance(value, Mapping):
        with pytest.raises(TypeError):
            value["spoilt"] = 1
    elif isinstance(value, list):
        value.clear()
    else:
        assert not isinstance(value, set)


def kept(value):
    return (
        copy.deepcopy(value)
        if isinstance(value, (np.ndarray, list, pd.Series, xr.DataArray, xr.Dataset))
        else value
    )


def same(a, b):
    if isinstance(a, (xr.DataArray, xr.Dataset)):
        return a.identical(b)
    if isinstance(a, pd.Series):
        return a.equals(b)
    return np.array_equal(a, b) if isinstance(a, np.ndarray) else True


def attack(thing, depth=3):
    frozen = (AttributeError, TypeError)
    for name in attributes(thing):
        with pytest.raises(frozen):
            setattr(thing, name, 0)
        with pytest.raises(frozen):
            delattr(thing, name)
        before = kept(getattr(thing, name))
        value = getattr(thing, name)
        spoil(value, computed=isinstance(getattr(type(thing), name, None), property))
        assert same(before, getattr(thing, name)), name
        for part in value if isinstance(value, tuple) else (value,):
            if depth and type(part).__module__.startswith("nege") and attributes(part):
                attack(part, depth - 1)
    for part in thing if hasattr(thing, "__getitem__") and not is_made(thing) else ():
        attack(part, depth - 1)


@pytest.mark.parametrize("name", MADE)
def test_nothing_that_is_handed_out_can_be_changed(name, tmp_path):
    made = MADE[name](tmp_path)
    for how in COPIES.values():
        attack(how(made))


def test_the_example_of_whoever_edits_a_result():
    e = nege.short_run(economy(), [0.6, 0.4])
    with pytest.raises(ValueError, match="read-only"):
        e.data.share.values[0] = 0.9
    e.data["share"] = ("region", [0.9, 0.1])
    e.data["share"].values = [0.9, 0.1]
    e.data.share.attrs["units"] = "per cent"
    assert e.data.share.values.tolist() == [0.6, 0.4]
    assert e.data.share.attrs["units"] == "1"
    mine = e.data
    mine["rent"] = 2.0 * mine.wage  # variables of one's own go into one's own shell
    assert "rent" in mine
    assert "rent" not in e.data


def test_what_a_user_gave_stays_his_own():
    weights = np.array([2.0, 1.0])
    tastes = nege.Logit(scale=0.1, weights=weights)
    weights[0] = 5.0
    assert weights.flags.writeable
    assert tastes.weights.tolist() == [2.0, 1.0]


@pytest.mark.parametrize("make", [np.array, xr.DataArray])
def test_numbers_inside_of_tastes_cannot_be_written_to_either(make):
    first, second = make(2.0), make(1.0)
    for weights in ({"0": first, "1": second}, (first, second)):
        tastes = nege.Logit(scale=0.1, weights=weights)
        before = hash(tastes)
        held = tastes.weights["0"] if isinstance(weights, dict) else tastes.weights[0]
        assert type(held) is float
        first[...] = 9.0
        assert hash(tastes) == before
        first[...] = 2.0


@pytest.mark.parametrize("kind", ["mapping", "DataArray", "Series"])
def test_tastes_are_the_same_by_value_in_whatever_order(kind):
    tastes = nege.Logit(scale=0.1, weights=WEIGHTS[kind])
    turned = nege.Logit(scale=0.1, weights={"1": 1.0, "0": 2.0})
    assert tastes == turned
    assert hash(tastes) == hash(turned)


@pytest.mark.parametrize("kind", ["list", "array"])
def test_tastes_without_labels_are_the_same_by_position(kind):
    tastes = nege.Logit(scale=0.1, weights=WEIGHTS[kind])
    assert len({tastes, nege.Logit(scale=0.1, weights=(2, 1)), copy.deepcopy(tastes)}) == 1
    others = [
        *(
            nege.Logit(scale=0.1, weights=w)
            for w in (None, [1.0, 2.0], [2.0, 1.0, 1.0], {"0": 2.0})
        ),
        nege.Logit(scale=0.2, weights=WEIGHTS[kind]),
        nege.Logit(scale=0.1, weights=WEIGHTS[kind], online_weight=1.0),
        nege.Replicator(),
    ]
    assert len({tastes, *others}) == len(others) + 1


class Mislabelled(nege.CorePeriphery):
    """An economy whose author returns one wage for all."""

    def outcome(self, share, state, parameters=None):
        found = super().outcome(share, state, parameters)
        return {**found, "wage": found["wage"][:1]}


@pytest.fixture
def labelled(monkeypatch):
    """Count how often a result is labelled."""
    true, made = Model._labelled, []

    @functools.wraps(true)  # pickles know it by its name
    def counted(self, *arguments):
        made.append(self)
        return true(self, *arguments)

    monkeypatch.setattr(Model, "_labelled", counted)
    return made


def test_a_result_is_labelled_where_it_is_looked_at_and_is_the_same_whenever(labelled):
    found = nege.short_run(economy(), [0.6, 0.4])
    partial = failed()
    copies = [how(found) for how in COPIES.values()]
    assert found.converged
    assert not partial.converged
    assert not labelled
    first = found.data
    assert len(labelled) == 1
    for again in (found, *copies):
        assert again.data.identical(first)
        assert again.provenance == found.provenance
        assert repr(again) == repr(found)
        assert all(not array.values.flags.writeable for array in again.data.data_vars.values())
    assert partial.data.wage.notnull().all()


def test_what_cannot_be_labelled_is_refused_by_the_solve():
    few = Mislabelled(nege.geography.equidistant(2), sigma=5, mu=0.4, trade_cost=1.7)
    with pytest.raises(ValueError, match=r"wage is of shape \(1,\), not \(2,\)"):
        nege.short_run(few, [0.6, 0.4])
