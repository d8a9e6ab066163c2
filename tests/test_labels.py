"""One contract for labels, for every labelled argument there is: by label, or refused with a cure.

Arguments are those that models name, so that a new model is covered. Nothing is solved.
"""

import functools

import family
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import nege
from nege import validation
from nege.models.base import Model

CODES = ("01001", "01002", "01003")  # official ones, of which leading zeros are a part
PLACES = nege.geography.from_distance(
    [[0.0, 0.5, 0.6], [0.7, 0.0, 0.8], [0.9, 0.55, 0.0]], names=CODES, population=[2, 3, 5]
)
SMALL = 1e-3  # by which values are made different


# --- every labelled argument


def apart(values):
    """Values as they are, but no two of them the same: to be told apart after a mistake."""
    step = SMALL * (1.0 + np.arange(values.size)).reshape(values.shape)
    return values + np.where(values.values <= 0.5, step, -step * values.values)


def members():
    """A model of each kind over the places above."""
    rng = np.random.default_rng(2026)
    for member in family.MEMBERS:
        model = member.draw(rng, 3, False)
        own = {name: None for name in model.labelled if name != "trade_cost"}
        drawn = {n: getattr(model, n) for n in own if getattr(model, n) is not None}
        drawn = {name: value.assign_coords(region=list(CODES)) for name, value in drawn.items()}
        yield model.replace(geography=PLACES, **{**own, **drawn})
    yield nege.VerticalLinkages(
        PLACES, sigma=5, mu=0.4, inputs=0.4, trade_cost=2.0, workers=[0.2, 0.3, 0.5]
    )
    yield nege.OnlineAgglomeration(
        PLACES, industries=("01", "02"), land=[2.0, 3.0, 5.0], platform_owner=[0.2, 0.3, 0.5]
    )


def arguments():
    """Every labelled argument of every model: how it is given, and what it should be."""
    for model in members():
        for name in model.labelled:
            true = getattr(model, name)
            if name == "trade_cost":
                distance = PLACES.distance.drop_attrs()
                true = true * distance if isinstance(model, nege.LinearDemand) else true**distance
            elif true is None:  # not of this kind of economy
                continue
            elif abs(float(true.sum()) - 1.0) > 1e-9 and name != "consumption":
                true = apart(true)
            give = functools.partial(lambda model, name, x: model.replace({name: x}), model, name)
            get = functools.partial(lambda name, changed: getattr(changed, name), name)
            yield f"{type(model).__name__}.{name}", name, give, get, true
    model = next(members())
    some = xr.DataArray([0.2, 0.3, 0.5], {"region": list(CODES)}, "region")
    dynamics = functools.partial(nege.Logit, scale=0.1)
    plain = lambda found: xr.DataArray(found, some.coords)  # noqa: E731
    yield (
        *("Logit.weights", "weights"),
        lambda x: dynamics(weights=x).region_weights(model),
        *(plain, some),
    )
    yield "share", "share", model.check_share, plain, some
    yield (
        *("share of many", "share"),
        lambda x: validation.many_shares("share", x, model.regions),
        *(lambda found: plain(found.values), some),
    )
    yield (
        *("population", "population"),
        lambda x: nege.geography.from_distance(PLACES.distance, names=CODES, population=x),
        *(lambda found: found.population, some),
    )
    online = nege.OnlineAgglomeration(PLACES, industries=("01", "02"))
    start = dict(zip(("firm_mass", "population"), ([[[0.1]]], [0.2, 0.3, 0.5]), strict=True))
    labels = {"industry": ["01", "02"], "place": list(CODES), "channel": ["offline", "online"]}
    firms = xr.DataArray(0.1 + np.arange(12.0).reshape(2, 3, 2), labels)
    people = xr.DataArray([0.2, 0.3, 0.5], {"place": list(CODES)})
    start = {"firm_mass": firms, "population": people}
    for name, true in start.items():
        yield (
            *(f"start of {name}", f"start['{name}']"),
            functools.partial(lambda n, x: online.check_share({**start, n: x}, "start"), name),
            functools.partial(lambda n, found: unpacked(found)[n], name),
            true,
        )


def unpacked(movers):
    """Firms and people as they stand in the vector of movers."""
    table = movers.reshape(3, -1)
    firms = np.moveaxis(table[:, :-1].reshape(3, 2, 2), 0, 1)
    labels = {"industry": ["01", "02"], "place": list(CODES), "channel": ["offline", "online"]}
    return {
        "firm_mass": xr.DataArray(firms, labels),
        "population": xr.DataArray(table[:, -1], {"place": list(CODES)}),
    }


ARGUMENTS = {name: rest for name, *rest in arguments()}


def test_every_model_has_its_labelled_arguments_here():
    own = [kind for kind in Model.kinds().values() if kind.__module__.startswith("nege.")]
    named = {f"{kind.__name__}.{name}" for kind in own for name in kind.labelled}
    assert named <= set(ARGUMENTS)
    assert len(named) > 40


# --- forms of values, and what can be wrong with labels


def forms(true):
    """The same labelled values, in every form that bears them."""
    yield "DataArray", true
    yield "transposed DataArray", true.transpose()
    if true.ndim == 1:
        yield "dict", dict(zip(true.indexes[true.dims[0]], true.values.tolist(), strict=True))
        yield "Series", true.to_series().rename_axis(None)
        yield "Series of its name", true.to_series()
        yield "Series of categories", true.to_series().set_axis(pd.CategoricalIndex(names(true)))
    if true.ndim == 2:
        frame = true.to_pandas()
        yield "DataFrame", frame.rename_axis(index=None, columns=None)
        yield "transposed DataFrame", frame.T


def names(true, dim=0):
    return true.indexes[true.dims[dim]]


def shifted(true):
    """Another order of every dimension."""
    return true.roll(dict.fromkeys(true.dims, 1), roll_coords=True)


def renamed(true, rename):
    return true.assign_coords({dim: rename(true.indexes[dim]) for dim in true.dims})


def positional(true):
    yield "array", true.values
    yield "list", true.values.tolist()
    yield "DataArray without labels", true.drop_vars(true.dims)
    yield "DataArray of row numbers", renamed(true, lambda index: np.arange(len(index)))
    if true.ndim == 1:
        yield "Series of row numbers", pd.Series(true.values)
        yield "tuple", tuple(true.values)
    if true.ndim == 2:
        yield "DataFrame of row numbers", pd.DataFrame(true.values)


def assert_given(argument, value):
    _, give, get, true = ARGUMENTS[argument]
    found = get(give(value))
    for dim in true.dims:
        assert found.indexes[dim].tolist() == true.indexes[dim].tolist()
    np.testing.assert_allclose(found.values, true.values, rtol=1e-14)


def assert_refused(argument, value, cure=""):
    name, give, _, _ = ARGUMENTS[argument]
    with pytest.raises(nege.InputError) as caught:
        give(value)
    assert caught.value.argument == name
    assert cure in str(caught.value)


@pytest.mark.parametrize("argument", ARGUMENTS)
def test_labelled_values_are_matched_by_label_in_any_form_and_order(argument):
    true = ARGUMENTS[argument][-1]
    for ordered in (
        true,
        shifted(true),
        true.isel({dim: slice(None, None, -1) for dim in true.dims}),
    ):
        for _, value in forms(ordered):
            assert_given(argument, value)


@pytest.mark.parametrize("argument", ARGUMENTS)
def test_values_without_labels_go_by_position(argument):
    for _, value in positional(ARGUMENTS[argument][-1]):
        assert_given(argument, value)


def wrong(true):
    """Labels that are not the names, and what the error says of them."""
    unknown, codes = "is not a name here", "dtype=str, or str(code).zfill("
    padded = codes if all(index[0].isdecimal() for index in true.indexes.values()) else unknown
    whole = renamed(true, lambda i: [int(x) if x.isdecimal() else n for n, x in enumerate(i)])
    yield whole, padded
    yield shifted(whole), padded
    yield renamed(true, lambda i: 7 + np.arange(len(i))), unknown
    yield renamed(true, lambda i: np.arange(len(i))[::-1]), unknown
    yield renamed(true, lambda i: 0.5 + np.arange(len(i))), unknown
    yield renamed(true, lambda i: pd.Index([*i[:-1], np.nan], dtype=object)), "missing (NaN)"
    yield renamed(true, lambda i: [*i[:-1], "elsewhere"]), "'elsewhere' is not a name here"
    for dim in true.dims:
        yield true.isel({dim: slice(1, None)}), f"{true.indexes[dim][0]!r} is missing"
        yield true.isel({dim: [0, *range(true.sizes[dim])]}), "A label stands twice"
        more = true.isel({dim: [0]}).assign_coords({dim: ["elsewhere"]})
        yield xr.concat([true, more], dim), "'elsewhere' is not a name here"


@pytest.mark.parametrize("argument", ARGUMENTS)
def test_labels_that_are_not_the_names_are_refused_with_the_cure(argument):
    for changed, cure in wrong(ARGUMENTS[argument][-1]):
        for form, value in forms(changed):
            if form != "dict" or len(value) == changed.size:  # a mapping has no label twice
                assert_refused(argument, value, cure)


@pytest.mark.parametrize("argument", ARGUMENTS)
def test_values_that_cannot_be_matched_are_refused(argument):
    true = ARGUMENTS[argument][-1]
    assert_refused(argument, true.rename({true.dims[-1]: "elsewhere"}), "Rename its dims")
    assert_refused(argument, [true, true], "which a list forgets")
    if true.ndim == 1:
        several = pd.MultiIndex.from_product([["x"], names(true)])
        assert_refused(argument, true.to_series().set_axis(several), ".droplevel(0)")
        assert_refused(argument, dict(enumerate(true.values)), "0 is not a name here")
        if argument != "share of many":
            assert_refused(argument, pd.DataFrame({"x": true.to_series()}))
    else:
        assert_refused(argument, true.to_series())
        assert_refused(argument, {row: dict.fromkeys(names(true), 1.0) for row in names(true)})
    for dim in true.dims:
        for other in (
            true.isel({dim: slice(1, None)}),
            true.isel({dim: [0, *range(true.sizes[dim])]}),
        ):
            for _, value in positional(other):
                assert_refused(argument, value)
