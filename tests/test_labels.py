"""One contract for labels, for every labelled argument there is: by label, or refused with a cure.

Arguments are those that models name, so that a new model is covered. Nothing is solved.
"""

import functools
import inspect

import family
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import nege
from nege import labelled, validation
from nege.models import designs
from nege.models.base import Model

pytestmark = pytest.mark.faults

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


TEXTS = {"mobility"}  # labels that are texts: test_mobility
TOGETHER = {"consumption", "deficit"}  # whose numbers sum up to something


def members():
    """A model of each kind over the places above."""
    rng = np.random.default_rng(2026)
    for member in family.MEMBERS:
        model = member.draw(rng, 3, False)
        own = {n: model.fields[n].default for n in model.labelled if n != "trade_cost"}
        drawn = {n: getattr(model, n) for n in own if hasattr(getattr(model, n), "coords")}
        drawn = {name: value.assign_coords(region=list(CODES)) for name, value in drawn.items()}
        yield model.replace(geography=PLACES, **{**own, **drawn})
        if isinstance(model, (nege.Helpman, nege.AllenArkolakis)):
            plain = model.replace(geography=PLACES, **{**own, **drawn})
            yield plain.replace(mobility="none", people=[0.2, 0.3, 0.5])
            yield plain.replace(deficit=[0.03, -0.02, -0.01])
            yield plain.replace(spending_ratio=[1.1, 0.9, 1.02])
    yield nege.VerticalLinkages(
        PLACES, sigma=5, mu=0.4, inputs=0.4, trade_cost=2.0, workers=[0.2, 0.3, 0.5]
    )
    costs = np.array([[1.2, 1.5, 1.7], [1.6, 1.3, 1.9], [2.0, 1.8, 1.4]])
    yield nege.Commuting(
        PLACES,
        **{"sigma": 4, "mu": 0.7, "taste": 3, "trade_cost": 2.0, "remote": 0.1},
        **{"commuting_cost": costs, "remote_cost": costs.T},
        **{"mobility": "none", "people": [0.2, 0.3, 0.5]},
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
            elif true is None or name in TEXTS:  # not of this kind of economy
                continue
            elif abs(float(true.sum()) - 1.0) > 1e-9 and name not in TOGETHER:
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
    named = {f"{kind.__name__}.{n}" for kind in own for n in kind.labelled if n not in TEXTS}
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


# --- corners of the contract: names, index, and where the values 10, 20, 30 end up

DIGITS, WORDS = ("0", "1", "2"), ("a", "b", "c")
MADE = pd.RangeIndex(3)
CORNERS = [
    (DIGITS, MADE, [10, 20, 30]),
    (DIGITS, [2, 0, 1], [20, 30, 10]),
    (DIGITS, ["2", "0", "1"], [20, 30, 10]),
    (DIGITS, pd.CategoricalIndex([2, 0, 1]), [20, 30, 10]),
    (DIGITS, np.array([2, 0, 1], np.uint8), [20, 30, 10]),
    (DIGITS, [1, 2, 5], "5 is not a name here"),
    (DIGITS, [2.0, 0.0, 1.0], "'2' is. Codes that are read as numbers"),
    (("2", "0", "1"), MADE, [30, 10, 20]),
    (("1", "2", "3"), MADE, "0 is not a name here"),
    (("1", "2", "3"), [1, 2, 3], [10, 20, 30]),
    (CODES, MADE, [10, 20, 30]),
    (CODES, [0, 1, 2], [10, 20, 30]),
    (CODES, [0, 2, 1], "0 is not a name here"),
    (CODES, pd.RangeIndex(1001, 1004), "str(code).zfill(5)"),
    (CODES, [1003, 1001, 1002], "1003 is not a name here, but '01003' is"),
    (CODES, [1003.0, 1001.0, 1002.0], "read the column with dtype=str"),
    (CODES, ["1003", "1001", "1002"], "str(code).zfill(5)"),
    (("1001", "1002", "1003"), ["01001", "01002", "01003"], "read the column with dtype=str."),
    (WORDS, MADE, [10, 20, 30]),
    (WORDS, [7, 3, 9], "values in the order of the names are given by .to_numpy()"),
    (WORDS, [1, 2, 3], "Numbers are labels"),
    (WORDS, [False, True, 2], "is not a name here"),
    (WORDS, ["b", "a", None], "One of its labels is missing (NaN)"),
    (WORDS, ["b", "c", "c"], "'a' is missing"),
    (WORDS, [("a", 1), ("b", 1), ("c", 1)], "('a', 1) is not a name here"),
    (WORDS, [list("abc"), list("xyz")], "have several levels"),
    (WORDS, pd.DatetimeIndex(["2020", "2021", "2022"]), "is not a name here"),
    (WORDS, pd.Index(["c", "b", "a"], name="city"), [30, 20, 10]),
]


@pytest.mark.parametrize(("names", "index", "expected"), CORNERS)
def test_corners_of_the_contract(names, index, expected):
    series = pd.Series([10.0, 20.0, 30.0], index)
    give = [lambda: validation.vector("x", series, names)]
    if not isinstance(series.index, pd.MultiIndex):
        array = xr.DataArray(series.values, {"region": series.index.rename("region")}, "region")
        give.append(lambda: validation.vector("x", array, names))
        give.append(lambda: validation.many_shares("x", 0.0 * array + 1.0 / 3.0, names))
    for call in give:
        if isinstance(expected, list):
            found = call()
            assert found.tolist() == expected if isinstance(found, np.ndarray) else found.size == 3
        else:
            with pytest.raises(nege.InputError) as caught:
                call()
            assert expected in str(caught.value)


@pytest.mark.parametrize("dtype", ["Int64", "Float64", "float32", "int8", "object"])
def test_numbers_of_the_types_of_pandas_are_numbers(dtype):
    series = pd.Series([3, 1, 2], ["c", "a", "b"], dtype=dtype)
    frame = pd.DataFrame({"a": series, "c": series, "b": series})
    if dtype == "object":
        with pytest.raises(nege.InputError, match="real numbers belong"):
            validation.vector("x", series, WORDS)
    else:
        assert validation.vector("x", series, WORDS).tolist() == [1.0, 2.0, 3.0]
        square = validation.square("x", frame, WORDS, at_least=0.0)
        assert square.tolist() == [[1.0] * 3, [2.0] * 3, [3.0] * 3]
    if dtype in ("Int64", "Float64"):
        with pytest.raises(nege.InputError, match="'b' is not finite"):
            validation.vector("x", series.where(series != 2), WORDS)


def test_axes_that_bear_names_are_what_they_say_and_others_are_known_by_labels():
    model = nege.OnlineAgglomeration(PLACES, industries=("01", "02"))
    true = xr.DataArray(
        1.0 + np.arange(6.0).reshape(2, 3), {"industry": ["01", "02"], "place": list(CODES)}
    )
    frame = true.to_pandas().rename_axis(index=None, columns=None)
    by_place, by_industry = true[0].to_series().rename_axis(None), true[:, 0].to_series()
    for given, expected in (
        (frame.T, true),
        (frame.T.reset_index(drop=True), true),
        (by_place, true[0]),
        (by_place.to_dict(), true[0]),
        (by_industry, true[:, 0]),
    ):
        found = model.replace(productivity=given).productivity
        assert (found == expected.broadcast_like(true).transpose(*found.dims)).all()
    for given in (pd.Series([1.0, 2.0]), pd.Series([1.0] * 3), frame.T.rename_axis("industry")):
        with pytest.raises(nege.InputError, match=r"^productivity must"):
            model.replace(productivity=given)
    with pytest.raises(nege.InputError, match="which of input, industry it is over"):
        model.replace(inputs=by_industry.rename_axis(None))
    square = pd.DataFrame(np.arange(9.0).reshape(3, 3), list(CODES), list(CODES))
    named = square.T.rename_axis(index="destination")
    dims = PLACES.distance
    for given in (square, named, square.T.rename_axis(columns="origin")):
        assert validation.square("x", given, CODES, at_least=0.0).tolist() == square.values.tolist()
    assert dims.dims == ("origin", "destination")
    with pytest.raises(nege.InputError, match=r"^x must"):
        validation.square("x", named.rename_axis(columns="destination"), CODES, at_least=0.0)


# --- geographies: labels become names, and people are matched by either


def test_geographies_match_what_they_are_made_of_by_label():
    make = nege.geography.from_points
    latitude = pd.Series([50.0, 51.0, 52.0], [1003, 1001, 1002])
    longitude = pd.Series([5.0, 4.0, 3.0], [1001, 1003, 1002])
    people = pd.Series([1.0, 2.0, 3.0], [1001, 1002, 1003])
    for names, expected in ((None, ("1003", "1001", "1002")), (list(WORDS), WORDS)):
        places = make(latitude, longitude, names=names, population=people)
        assert places.names == expected
        assert places.coordinates.longitude.values.tolist() == [4.0, 5.0, 3.0]
        assert places.population.values.tolist() == [3.0, 1.0, 2.0]
    by_name = make(latitude, longitude, names=WORDS, population={"b": 1, "c": 2, "a": 3})
    assert by_name.population.values.tolist() == [3.0, 1.0, 2.0]
    mapped = make(latitude.to_dict(), longitude.to_dict(), population=people.to_dict())
    assert mapped.names == ("1003", "1001", "1002")
    assert mapped.population.values.tolist() == [3.0, 1.0, 2.0]
    sorted_rows = pd.DataFrame({"y": latitude.values, "x": 1.0, "n": [3.0, 1.0, 2.0]})
    sorted_rows = sorted_rows.sort_values("n")
    again = make(sorted_rows["y"], sorted_rows["x"], names=WORDS, population=sorted_rows["n"][::-1])
    assert again.population.values.tolist() == [1.0, 2.0, 3.0]


WRONG = {
    "codes": {"population": pd.Series([1.0, 2.0, 3.0], [1001, 1002, 1003])},
    "missing": {"population": {"01001": 1.0, "01002": 2.0}},
    "unordered names": {"names": set(CODES)},
    "numbers as names": {"names": [1001, 1002, 1003]},
    "one name": {"names": np.array("01001")},
    "several levels": {"population": pd.Series([1.0, 2.0, 3.0], [list("aab"), list("xyz")])},
}


@pytest.mark.parametrize("case", WRONG)
def test_geographies_refuse_what_cannot_be_matched(case):
    given = {"names": CODES, **WRONG[case]}
    for make in (
        lambda: nege.geography.from_points([50.0, 51.0, 52.0], [3.0, 4.0, 5.0], **given),
        lambda: nege.geography.from_distance(1.0 - np.eye(3), **given),
    ):
        with pytest.raises(nege.InputError, match=f"^({'|'.join(WRONG[case])}) must"):
            make()


def test_lines_take_their_names_and_nothing_is_matched_against_several_levels():
    codes = pd.Index(["01", "02", "03"], name="county")
    line = nege.geography.line(pd.Series([0.0, 1.0, 2.5], codes))
    assert line.names == ("01", "02", "03")
    assert nege.geography.line({"x": 0.0, "y": 2.0}).names == ("x", "y")
    with pytest.raises(nege.InputError, match="several levels"):
        nege.geography.line(pd.Series([0.0, 1.0], [["a", "b"], ["x", "y"]]))


def test_many_distributions_are_matched_by_region_in_rows_of_a_frame_too():
    frame = pd.DataFrame([[0.3, 0.2, 0.5], [0.1, 0.0, 0.9]], columns=["01002", "01001", "01003"])
    for given in (frame, frame.T, frame.T.rename_axis("region"), frame.rename_axis("year")):
        found = validation.many_shares("share", given, CODES)
        assert found.values.tolist() == [[0.2, 0.3, 0.5], [0.0, 0.1, 0.9]]
        assert "region" not in found.coords
    several = pd.MultiIndex.from_product([["x"], list(frame)])
    for wrong in (
        frame.set_axis(several, axis=1),
        frame.set_axis([1002, 1001, 1003], axis=1),
        frame.T.iloc[1:],
        [frame.iloc[0], frame.iloc[1]],
    ):
        with pytest.raises(nege.InputError, match=r"^share must"):
            validation.many_shares("share", wrong, CODES)


SQUARE = [  # index, columns, and the distributions of [[.7, .3], [.2, .7]], or of its transpose
    (None, None, "rows"),
    (["1", "0"], None, "columns, turned round"),
    (["0", "1"], None, "columns"),
    ([2000, 2001], ["1", "0"], "rows, turned round"),
    ([1, 2], None, "rows"),
    (None, [1, 0], "rows, turned round"),
    ([1, 0], None, "bear names of regions"),
    (["0", "1"], ["1", "0"], "bear names of regions"),
    (["0", "x"], None, "rows"),
    (["0", "x"], ["a", "b"], "'x' is not a name here"),
    (pd.Index(["0", "1"], name="point"), ["1", "0"], "rows, turned round"),
    (["0", "1"], pd.Index(["1", "0"], name="point"), "columns"),
    (pd.Index([0, 1], name="region"), pd.Index([0, 1], name="region"), "Both axes"),
]


@pytest.mark.parametrize(("index", "columns", "expected"), SQUARE)
def test_of_a_square_frame_the_axis_whose_labels_are_regions_is_region(index, columns, expected):
    by_row = "rows" in expected
    values = np.array([[0.7, 0.3], [0.2, 0.8]])
    frame = pd.DataFrame(values if by_row else values.T, index, columns)
    if "rows" in expected or "columns" in expected:
        found = validation.many_shares("share", frame, ("0", "1"))
        turned = values[:, ::-1] if "turned" in expected else values
        assert found.values.tolist() == turned.tolist()
    else:
        with pytest.raises(nege.InputError, match=f"^share must .*{expected}"):
            validation.many_shares("share", frame, ("0", "1"))


def test_a_table_of_another_shape_is_told_what_its_shape_lacks():
    for shape, cure in (((3, 2), "transpose it"), ((2, 2), "One is missing of"), ((2, 5), "shape")):
        for given in (np.full(shape, 1.0 / shape[1]), pd.DataFrame(np.full(shape, 0.5))):
            with pytest.raises(nege.InputError, match=cure) as caught:
                validation.many_shares("share", given, WORDS)
            assert "online" not in str(caught.value)


# --- paths and lists of parameters


def path_of(name):
    """A model and values of one of its tables at two steps, the second a little off the first."""
    _, give, _, true = ARGUMENTS[name]
    model = give(true)
    steps = xr.concat([true, true + SMALL * (true > 0.1)], "step")
    return model, name.partition(".")[2], steps.assign_coords(step=[2000, 2001])


PATHS = [
    *("CorePeriphery.trade_cost", "Helpman.trade_cost", "LinearDemand.trade_cost"),
    "Commuting.commuting_cost",
    *(f"OnlineAgglomeration.{name}" for name in ("sigma", "inputs", "productivity", "firm_scale")),
]


@pytest.mark.parametrize("argument", PATHS)
def test_paths_of_tables_are_matched_by_label_and_the_result_bears_the_names(argument):
    model, name, steps = path_of(argument)
    expected = designs.listed_points(model, "path", xr.Dataset({name: steps}), "step")
    dims = steps.dims[1:]
    bare, numbered = steps.drop_vars(dims), renamed(steps, lambda i: np.arange(len(i)))
    for given in (
        shifted(steps).sel(step=steps.step),
        bare,
        numbered.assign_coords(step=steps.step),
    ):
        found = designs.listed_points(model, "path", xr.Dataset({name: given}), "step")
        result = xr.Dataset(coords={**found.coords, **model.coordinates()})
        np.testing.assert_array_equal(result[name].values, steps.values)
        for dim in dims:
            assert result.indexes[dim].tolist() == steps.indexes[dim].tolist()
        for step in range(2):
            one, other = (x.economy(model, {"step": step}) for x in (found, expected))
            assert getattr(one, name).equals(getattr(other, name))


@pytest.mark.parametrize("argument", PATHS)
@pytest.mark.usefixtures("nothing_is_solved")
def test_paths_with_other_labels_are_refused_before_anything_is_solved(argument):
    model, name, steps = path_of(argument)
    for wrong, cure in wrong_paths(steps):
        for call in (
            lambda wrong=wrong: nege.follow(model, xr.Dataset({name: wrong})),
            lambda wrong=wrong: nege.sweep(model, xr.Dataset({name: wrong.rename(step="point")})),
        ):
            with pytest.raises(nege.InputError, match=f"^{name} must") as caught:
                call()
            assert cure in str(caught.value)


def wrong_paths(steps):
    for dim in steps.dims[1:]:
        names = steps.indexes[dim]
        yield steps.assign_coords({dim: [*names[:-1], "elsewhere"]}), "'elsewhere' is not a name"
        yield steps.assign_coords({dim: 7 + np.arange(len(names))}), "7 is not a name here"
        yield steps.isel({dim: slice(1, None)}), f"{names[0]!r} is missing"
        yield steps.isel({dim: [0, *range(len(names))]}), "A label stands twice"


def test_lists_whose_labels_differ_are_no_path():
    model = next(members())
    years = pd.Series([0.3, 0.4], [2000, 2001])
    for same in (years + 4.0, pd.Series([4.0, 5.0]), [4.0, 5.0]):
        designs.listed_points(model, "path", {"mu": years, "sigma": same}, "step")
    for other in (years[::-1] + 4.0, years.to_xarray()[::-1] + 4.0):
        with pytest.raises(nege.InputError, match="the labels of 'mu'"):
            designs.listed_points(model, "path", {"mu": years, "sigma": other}, "step")


@pytest.mark.parametrize("index", [[1, 0], [1, 2], ["1", "0"]])
@pytest.mark.parametrize("turned", [False, True])
def test_row_numbers_that_another_list_has_as_labels_are_labels(index, turned):
    lists = [("mu", pd.Series([0.4, 0.3])), ("sigma", pd.Series([5.0, 4.0], index))]
    with pytest.raises(nege.InputError, match=r"the labels of 'sigma'.*\.to_numpy\(\)"):
        designs.listed_points(
            next(members()), "path", dict(lists[::-1] if turned else lists), "step"
        )


def test_paths_of_other_industries_are_sent_to_those_of_the_models_own():
    model = nege.OnlineAgglomeration(PLACES, industries=("01", "02"))
    path = nege.scenarios.digital_turn(nege.OnlineAgglomeration(PLACES))
    with pytest.raises(nege.InputError, match=r"digital_turn\(economy\)") as caught:
        designs.listed_points(model, "path", path, "step")
    assert "industrys" not in str(caught.value)


@pytest.mark.parametrize("codes", [[1101, 1102], np.array([1101, 1102]), pd.Series([1101, 1102])])
def test_numbers_given_as_names_are_refused_with_the_cure_for_codes(codes):
    with pytest.raises(nege.InputError, match=r"^names must .*dtype=str, or .*str\(code\)\.zfill"):
        nege.geography.from_points([50.0, 51.0], [3.0, 4.0], names=codes)


@pytest.mark.parametrize("core", [0, [0], np.int64(0)])
def test_a_number_in_place_of_a_name_is_told_the_name(core):
    model = nege.CorePeriphery(nege.geography.equidistant(2), sigma=5, mu=0.4, trade_cost=2)
    with pytest.raises(nege.InputError, match=r"^core must .*Names are text: write '0'"):
        nege.sustain_points(model, "trade_cost", (1.01, 20), core=core)


# --- what is returned has labels too

#: What solvers ask, in plain arrays: where they start.
OF_SOLVERS = {"arrays", "default_start", "make_arrays", "short_run_arrays", "start_state", "tables"}


def asked_for(thing):
    """Every public attribute of a model or a geography, and what its methods return unasked."""
    for name in dir(type(thing)):
        if name.startswith(("_", "with")) or name in OF_SOLVERS:  # with: other economies
            continue
        found = getattr(thing, name)
        if inspect.ismethod(found) and not isinstance(found.__self__, type):
            needed = [
                p for p in inspect.signature(found).parameters.values() if p.default is p.empty
            ]
            if any(p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in needed):
                continue
            found = found()
        yield name, found


def test_what_models_and_geographies_say_of_places_has_their_names():
    known = {}
    for thing in (PLACES, *members(), nege.OnlineAgglomeration(PLACES)):
        for name, found in asked_for(thing):
            parts = found if isinstance(found, (tuple, list)) else (found,)
            bare = [part for part in parts if isinstance(part, np.ndarray)]
            assert not bare, f"{type(thing).__name__}.{name} is a bare array"
            if isinstance(found, xr.DataArray):
                known[name] = found.dims
                for dim in {"region", "origin", "residence"} & set(found.dims):
                    assert found[dim].values.tolist() == list(CODES)
    assert known["distance"] == known["costs"] == ("origin", "destination")
    assert known["commuting_costs"] == known["remote_costs"] == ("residence", "workplace")


def test_a_change_of_costs_is_what_a_counterfactual_takes():
    economy = nege.Helpman(PLACES, sigma=4, mu=0.7, trade_cost=1.5)
    change = economy.replace(trade_cost=1.3).costs() / economy.costs()
    before = nege.short_run(economy, [0.2, 0.3, 0.5])
    swapped = change.transpose("destination", "origin")[::-1]
    found, other = (nege.counterfactual(before, trade_cost_change=c) for c in (change, swapped))
    np.testing.assert_array_equal(found.wage_change.values, other.wage_change.values)


def test_what_is_done_to_the_labels_of_one_table_leaves_those_of_others():
    first, second = (labelled.array(np.ones(2), {"region": ("a", "b")}) for _ in range(2))
    first.indexes["region"].name = "mine"
    first.coords["region"].attrs["note"] = "mine"
    for table in (second, labelled.array(np.ones(2), {"region": ("a", "b")})):
        assert table.indexes["region"].name == "region"
        assert table.coords["region"].attrs == {}
