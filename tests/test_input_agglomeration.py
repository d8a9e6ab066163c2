"""Bad input to the online agglomeration and its tools is refused; odd but good input is not.

As in ``test_input``: tables hold what a user would type and pieces of the answer.
"""

import copy
import decimal
import functools
import typing

import numpy as np
import pandas as pd
import pytest
import test_input
import xarray as xr
from test_input import FORMS, NO_NUMBERS, assert_refused, labelled, table

import nege
from nege import OnlineAgglomeration, patterns, scenarios, solve
from nege.command.economy_file import read_path
from nege.models.fields import Number, Over
from nege.studies.scenarios import READY, villages

pytestmark = pytest.mark.faults

NAN, INF = float("nan"), float("inf")
GOODS, SERVICES, PLACES = "manufacturing", "services", ("a", "b", "c")
GEO = nege.geography.from_distance(1.0 - np.eye(3), names=PLACES)
DIMS = {
    "industry": (GOODS, SERVICES),
    "input": (GOODS, SERVICES),
    "place": PLACES,
    "channel": ("offline", "online"),
}
make = functools.partial(OnlineAgglomeration, GEO)
M = make()
Change = scenarios.Change
COST = xr.DataArray(
    np.ones((2, 3, 2)),
    dims=("industry", "place", "channel"),
    coords={"industry": [GOODS, SERVICES], "place": list(PLACES), "channel": ["offline", "online"]},
)
DS = xr.Dataset({"total_cost": COST, "area": ("place", [0.3, 0.3, 0.4])})
TURN = scenarios.digital_turn(M)
FIRMS = xr.DataArray(np.full((2, 3, 2), 0.1), dims=("industry", "place", "channel"))
PEOPLE = [0.2, 0.3, 0.5]
START = {"firm_mass": FIRMS, "population": PEOPLE}


def firms(**where):
    """The firms of a start, none of them where it says."""
    changed = FIRMS.assign_coords(industry=[GOODS, SERVICES], place=list(PLACES)).copy(deep=True)
    changed.loc[where] = 0.0
    return {**START, "firm_mass": changed}


def typed(code):
    public = {name: getattr(nege, name) for name in nege.__all__}
    return lambda: eval(code, {**public, **vars(test_input), **globals()})


# --- each parameter by itself


class Parameter(typing.NamedTuple):
    """What a parameter is over, its bounds that there are, and why."""

    dims: tuple
    bounds: dict
    cure: str


def parameter(field):
    bounds = field.bounds._asdict()
    cure = bounds.pop("cure")
    return Parameter(field.dims, {n: b for n, b in bounds.items() if b is not None}, cure)


PARAMETERS = {
    name: parameter(field)
    for name, field in OnlineAgglomeration.fields.items()
    if isinstance(field, (Number, Over))
}
NUMBERS = [name for name, parameter in PARAMETERS.items() if not parameter.dims]
TABLES = [name for name, parameter in PARAMETERS.items() if parameter.dims]
THRESHOLDS = ["clustered", "scattered", "online", "together"]
OPTIONAL = ("productivity", "land")  # None is their default


def given(name, value):
    if name in THRESHOLDS:
        return functools.partial(patterns, DS, **{name: value})
    return functools.partial(make, **{name: value})


def spelled(dims):
    return tuple(len(DIMS[dim]) for dim in dims)


def outside(bounds):
    """Numbers just outside of bounds, and far from them."""
    found = []
    if "at_least" in bounds:
        found += [bounds["at_least"] - 1e-9, bounds["at_least"] - 7]
    if "above" in bounds:
        found += [bounds["above"], bounds["above"] - 7]
    if "at_most" in bounds:
        found += [bounds["at_most"] + 1e-9, bounds["at_most"] + 7]
    if "below" in bounds:
        found += [bounds["below"], bounds["below"] + 7]
    return found


@pytest.mark.parametrize("name", [*NUMBERS, *THRESHOLDS])
@pytest.mark.parametrize("value", NO_NUMBERS, ids=lambda value: repr(value)[:14])
def test_what_is_no_finite_number_is_refused_where_a_number_belongs(name, value):
    assert_refused(given(name, value), name, repr(value)[:14], "finite number")


NO_TABLES = [
    *("5", True, 5 + 0j, NAN, INF, -INF, decimal.Decimal(5), object, {5}, {"x": 5}, {}),
    *(np.datetime64("2020-01-01"), np.ma.masked, [[[5.0]]], [5.0] * 7, [[5.0], [5.0, 5.0]]),
    *(xr.Dataset({"sigma": 5.0}), labelled([5.0, 5.0], city="ab"), pd.Series([5.0], ["x"])),
]


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("value", NO_TABLES, ids=lambda value: repr(value)[:14])
def test_what_is_no_table_of_numbers_is_refused_where_one_belongs(name, value):
    text = isinstance(value, str)  # which may name a column of the places
    assert_refused(given(name, value), name, "", "numbers" if text else "finite numbers")


@pytest.mark.parametrize("name", [name for name in TABLES if name not in OPTIONAL])
def test_what_has_a_default_that_is_a_number_is_not_left_out_by_none(name):
    assert_refused(given(name, None), name, "None", "finite numbers")


@pytest.mark.parametrize("name", [*NUMBERS, *THRESHOLDS])
def test_a_number_out_of_range_is_refused_with_what_is_allowed_and_why(name):
    known = PARAMETERS.get(name)
    ends = (1.0, 4.0) if name in ("clustered", "scattered") else (0.0, 1.0)
    bounds = {"at_least": ends[0], "at_most": ends[1]} if known is None else known.bounds
    values = outside(bounds)
    assert len(values) == 2 * len(bounds)
    for value in values:
        cure = "" if known is None else known.cure
        assert_refused(given(name, value), name, f"got {value!r}", cure)


@pytest.mark.parametrize("name", TABLES)
def test_one_cell_out_of_range_is_refused_by_its_labels_and_with_the_reason(name):
    dims, bounds, cure = PARAMETERS[name]
    values = outside(bounds)
    assert len(values) == 2 * len(bounds)
    assert cure
    last = ", ".join(repr(DIMS[dim][-1]) for dim in dims)
    for value in [*values, NAN, INF]:
        cells = getattr(M, name).copy(deep=True)
        cells[(-1,) * cells.ndim] = value
        shown = f"The value for {last} is {value:g}."
        assert_refused(given(name, cells), name, "DataArray", shown)
        assert_refused(given(name, cells.values), name, "array", cure)


@pytest.mark.parametrize("name", TABLES)
def test_labels_that_are_unknown_missing_or_doubled_are_refused(name):
    cells = getattr(M, name)
    for dim in cells.dims:
        labels = list(DIMS[dim])
        unknown = cells.assign_coords({dim: ["nowhere", *labels[1:]]})
        assert_refused(given(name, unknown), name, "nowhere", "'nowhere' is not a name here")
        assert_refused(given(name, cells.isel({dim: [0]})), name, labels[0], "is missing")
        twice = cells.isel({dim: [0, 0, *range(1, len(labels))]})
        assert_refused(given(name, twice), name, labels[0], "A label stands twice")


# --- parameters together, and whatever else a call can get wrong

CALLS = """
OnlineAgglomeration("China")         | geography   | 'China'    | nege.geography.equidistant(4)
make(industries="steel")             | industries  | 'steel'    | Put it in a list
make(industries=[])                  | industries  | ()         | at least one name
make(industries=["a", "a"])          | industries  | 'a'        | distinct
make(industries=["a", 3])            | industries  | 3          | non-empty
make(industries=["a", ""])           | industries  | ''         | non-empty
make(housing=0.2)                    | housing     | got 0.2    | by default the sum is 1.05
make(land_share=0.9)                 | land_share  | [0.9, 0.9] | inputs and land take 1.3
make(sigma=1.05)                     | sigma       | 1.05       | raise sigma
make(sigma=1.4, variety=1)           | variety     | [1.0, 1.0] | or raise sigma
make(consumption=0.4)                | consumption | [0.4, 0.4] | Consumers spend all they have
make(consumption=(0.5, 0.35 + 1e-7)) | consumption | 0.3500001  | sum to one with housing (0.15)
make(inputs=0.5)                     | inputs      | [[0.5, 0.5 | at most 1 - land_share
make(inputs=0.5, land_share=0)       | inputs      | [[0.5, 0.5 | less than all of cost in some
make(inputs=[[0.7, 0], [0, 0]], sigma=3) | inputs  | [[0.7, 0.0 | is 1.05
make(inputs=[[0.2, 0.5], [0.5, 0]], sigma=2) | inputs | 0.5     | Lower the input shares or raise
make(spillover=0.8)                  | spillover   | [0.8, 0.8] | Lower spillover, variety or the
make(consumption=(0.85, 0), inputs=0)    | consumption | [0.85, 0.0] | positive for 'services'
make(consumption=(0.85, 0), variety=1)   | consumption | [0.85, 0.0] | no price that clears
make(platform_owner=[1, 1, 1])       | platform_owner | [1, 1, 1] | Divide by the sum
make(platform_owner={"a": 1})        | platform_owner | ['a']   | 'b' is missing
make(platform_owner=labelled([1, 0, 0], place="abz")) | platform_owner | 'z' | not a name here
make(platform_owner=[0.5, 0.6, -0.1]) | platform_owner | -0.1   | 'c' is below 0
make(platform_owner="a")             | platform_owner | 'a'     | keeps the columns of df
make(land={"a": 1, "b": 1})          | land        | ['a', 'b'] | 'c' is missing
make(sigma=masked([5, 4]))           | sigma       | --         | fill them
make(sigma={GOODS: 5, "service": 4}) | sigma       | 'service'  | 'services'
make(firm_scale=[1, 2])              | firm_scale  | [1, 2]     | Its shape is (2,)
make(productivity=np.ones((3, 2)))   | productivity | array([[1 | Its shape is (3, 2)
make(inputs={GOODS: [0.1, 0.2]})     | inputs      | [0.1, 0.2] | industry
M.replace(sigm=4)                    | parameter   | 'sigm'     | Did you mean 'sigma'
M.replace(online_trade_cost=2)       | parameter   | 'online_tr | It has no online region
M.replace(search_cost=-1)            | search_cost | -1         | distance is free
M.replace(geography=nege.geography.equidistant(3)) | geography | 3 places | land and productivity, N
solve(M, [0.2, 0.3, 0.5])            | start       | [0.2, 0.3  | equilibrium.data
solve(M, {"population": PEOPLE})     | start       | 'populatio | "firm_mass" and "population"
solve(M, {**START, "population": [0.5, 0.5]})    | start['population'] | [0.5, 0.5] | (2,)
solve(M, {**START, "population": [1, 1, 1]})     | start['population'] | [1, 1, 1]  | Divide
solve(M, {**START, "population": [0.5, 0.5, 0]}) | start['population'] | 0.5        | positive in
solve(M, {**START, "firm_mass": -FIRMS})         | start['firm_mass']  | -0.1       | at least 0
solve(M, {**START, "firm_mass": FIRMS * NAN})    | start['firm_mass']  | nan        | is nan
solve(M, {**START, "firm_mass": "few"})          | start['firm_mass']  | 'few'      | real numbers
solve(M, firms(industry=SERVICES))   | start['firm_mass'] | 0.1 | positive for 'services'
solve(make(variety=1), firms(place="b")) | start['firm_mass'] | 0.1 | has to find work there
solve(make(hears_offline=0), firms(place="b", channel=1)) | start['firm_mass'] | 0.1 | some
solve(M, firms(place="b"))           | start['firm_mass'] | 0.1 | Where variety is below 1
nege.sweep(M, {"search_cost": [0, -1]})  | search_cost | -1     | distance is free
nege.follow(M, {"digital_cost": [2, 0.5]}) | digital_cost | 0.5 | 1 means that nothing melts
nege.follow(M, {"sigm": [5]})        | parameter   | 'sigm'     | Did you mean 'sigma'
solve(M, dynamics=nege.Logit(scale=0.1)) | dynamics | Logit(     | migration_elasticity is 1/scale
patterns("ds")                       | data        | 'str'      | nege.solve, nege.sweep and nege
patterns(xr.Dataset())               | data        | Dataset    | total_cost over industry, place
patterns(DS.isel(channel=0))         | data        | 'industry' | the dimensions of total_cost
patterns(DS.drop_vars("industry"))   | data        | 'offline'  | Label its industries
patterns(DS.isel(place=[0]))         | data        | 1          | One place says nothing
patterns(DS.assign(total_cost=-COST)) | data        | total_cost | nowhere negative or infinite
patterns(DS, pair=[GOODS])           | pair        | 'manufact  | two different industries
patterns(DS, pair=[GOODS, GOODS])    | pair        | 'manufact  | two different industries
patterns(DS, pair=[GOODS, "farms"])  | pair        | 'farms'    | Known: manufacturing, services
patterns(DS, pair=3)                 | pair        | 3          | names
patterns(DS.drop_vars("area"))       | land        | None       | land=1 where all places have
patterns(DS, land=[1, 2])            | land        | [1, 2]     | Its shape is (2,)
patterns(DS, scattered=3, clustered=2) | scattered | 3          | leave room
scenarios.digital_turn(industries=("a", "b")) | industries | ('a', 'b') | {"cars": "goods"
scenarios.digital_turn(industries={}) | industries | {}         | or "services"
scenarios.digital_turn(M, industries={GOODS: 1, SERVICES: 2}) | industries['manufacturing'] | 1 | go
scenarios.digital_turn(industries={3: "goods"}) | industries | {3: 'go    | 'services'
nege.follow(M, scenarios.digital_turn()) | productivity | 'metro | scenarios.digital_turn(economy)
scenarios.digital_turn("China")      | economy     | 'China'    | make that first
scenarios.digital_turn(GEO)          | economy     | <nege      | make that first
scenarios.digital_turn(M, city="a")  | parameter   | 'city'     | economy, industries
scenarios.stylised_turn(M, city="d") | city        | 'd'        | Known: a, b, c
scenarios.stylised_turn(M, city=0)   | city        | 0          | Known: a, b, c
scenarios.manufacturing_first(4)     | economy     | 4          | make that first
scenarios.metropolis_and_town(2)     | places      | 2          | at least 3
scenarios.metropolis_and_town(4.0)   | places      | 4.0        | a whole number
scenarios.metropolis_and_town(10**9) | places      | 1000000000 | for their distances
scenarios.villages(M)                | economy     | OnlineAgg  | remote_villages(economy)
scenarios.villages(scenarios.remote_villages(M), village="d") | village | 'd' | Known: a, b, c
scenarios.remote_villages(M, villages=["d"]) | villages | 'd'      | Known: a, b, c
scenarios.remote_villages(M, villages=[]) | villages | []         | at least one place
scenarios.remote_villages(M, villages="a") | villages | 'a'       | Put it in a list
scenarios.path(M, [])                | changes     | []         | at least one
scenarios.path(M, ["search_cost"])   | changes     | ['search   | Change("search_cost"
scenarios.path(GEO, Change("sigma", 5)) | model    | <nege      | nege.
scenarios.path(M, Change("serach_cost", 1)) | parameter | 'serach | Did you mean 'search_cost'
scenarios.path(M, Change("platform_owner", 1)) | parameter | 'platform | It is None there
scenarios.path(M, Change("search_cost", 1, of="service")) | of | 'service' | Did you mean 'services'
scenarios.path(M, Change("housing", 0.1, of="services")) | of | 'services' | housing is one number
scenarios.path(M, Change("inputs", 0.1, of="services")) | of | 'services' | of={'input': 'services'}
scenarios.path(M, Change("land", 1, of={"industry": "services"})) | of | 'industry' | of land, place
scenarios.path(M, Change("land", 1, of={"place": "A"})) | of | 'A' | Known: a, b, c
scenarios.path(M, Change("sigma", "highest")) | to | 'highest' | the same in all places
scenarios.path(M, Change("digital_cost", 0.5, start=2)) | digital_cost | [0.5, | step=2
scenarios.path(M, Change("search_cost", 1), title=3) | title | 3   | text
Change("search_cost", "best")        | to          | 'best'     | Known: highest, lowest
Change("search_cost", [])            | to          | []         | at least one number
Change("search_cost", [[1]])         | to          | [[1        | one-dimensional
Change("search_cost", NAN)           | to          | nan        | a finite number
Change("search_cost", None)          | to          | None       | a finite number
Change(3, 1)                         | parameter   | 3          | the name of one
Change("search_cost", 1, of=3)       | of          | 3          | Put it in a list
Change("search_cost", 1, of=[3])     | of          | 3          | write '3'
Change("search_cost", 1, start=-1)   | start       | -1         | at least 0
Change("search_cost", 1, over=1.5)   | over        | 1.5        | a whole number
Change("search_cost", 1, over=10**6) | over        | 1000000    | at most 10000
Change("search_cost", [1, 2], over=2) | over       | 2          | a value for each step
"""


@pytest.mark.parametrize(("code", "argument", "shown", "cure"), table(CALLS))
def test_a_wrong_call_is_refused_with_argument_value_and_cure(code, argument, shown, cure):
    assert_refused(typed(code), argument, shown, cure)


# --- arguments with defaults that belong together

THREE = ("a", "b", "c")
TOGETHER = {
    "consumption": [0.25, 0.3, 0.3],
    "inputs": np.full((3, 3), 0.1),
    "land_share": 0.1,
    "transport_cost": [0.4, 0.4, 0.0],
    "search_cost": [0.0, 0.0, 1.5],
    "digitisability": {"c": 1.0, "a": 0.0, "b": 0.0},
}
DEFAULTS = ("0.4675", "0.3825", "0.2, 0.02", "0.4, 0.0", "0.0, 1.5", "0.0, 1.0")  # for two


@pytest.mark.parametrize("names", [["a"], THREE, ["a", "b", "c", "d"]], ids=len)
@pytest.mark.parametrize(
    "given", [{}, {"inputs": [[0.1]]}, {"consumption": 0.2, "land_share": [9]}]
)
def test_all_that_other_industries_need_is_asked_for_at_once_and_no_default_is_blamed(names, given):
    with pytest.raises(nege.InputError) as caught:
        make(industries=names, sigma=[4.0] * len(names), spillover=[0.1, 0.1], **given)
    asked = caught.value.argument.replace(" and ", ", ").split(", ")
    assert asked == [name for name in PARAMETERS if name in TOGETHER and name not in given]
    message = str(caught.value)
    wrong = {"spillover": [0.1, 0.1]} | {n: v for n, v in given.items() if isinstance(v, list)}
    if len(names) == 1:
        wrong.pop("inputs", None)  # one by one is right
    for name in PARAMETERS:
        assert (f"Also, {name} must be" in message) == (name in wrong)
    assert not [value for value in DEFAULTS if value in message]


def test_three_industries_are_an_economy_once_they_have_what_differs_between_them():
    economy = make(industries=THREE, **TOGETHER)
    assert economy.digitisability.values.tolist() == [0.0, 0.0, 1.0]
    kinds = {"c": "services", "a": "goods", "b": "goods"}
    for made in READY.values():
        with_access = scenarios.remote_villages(economy) if made is villages else economy
        path = made(with_access, industries=kinds)
        for step in (0, 9, 17):
            moved = with_access.replace({n: v.sel(step=step) for n, v in path.data_vars.items()})
            assert moved.search_cost.values[2] == path.search_cost.sel(step=step, industry="c")


TOML = """
[geography]
kind = "distance"
distance = [[0, 1], [1, 0]]
names = ["01001", "01002"]
[model]
kind = "online agglomeration"
industries = ["cars", "steel", "software"]
consumption = {software = 0.35, cars = 0.2, steel = 0.3}
inputs = [[0.1, 0.1, 0.1], [0.2, 0.1, 0.1], [0.0, 0.1, 0.1]]
land_share = 0.1
transport_cost = [0.4, 0.4, 0.0]
search_cost = [0.0, 0.0, 1.5]
digitisability = [0.0, 0.0, 1.0]
land = {01002 = 3, 01001 = 2}
[path]
scenario = "digital_turn"
industries = {steel = "goods", cars = "goods", software = "services"}
"""
FILES = [
    ("{01002 = 3", "{1002 = 3", "[model] land", "'01002' is"),
    ("land_share = 0.1", "", "[model] land_share", "given with 3 industries"),
    ("software = 0.35", "sofware = 0.35", "[model] consumption", "Did you mean 'software'"),
    ("industries = {steel", "# {steel", "[path] industries", "'cars', 'steel'"),
    ('cars = "goods"', 'cars = "good"', "[path] industries['cars']", "Did you mean 'goods'"),
    (
        "= [[0.1, 0.1, 0.1],",
        "= {cars = {cars = 0.1}} # ",
        "[model] inputs",
        "Each name takes one number",
    ),
]


def test_a_file_may_have_other_industries_and_its_tables_go_by_name(tmp_path):
    (tmp_path / "my.toml").write_text(TOML, encoding="utf-8")
    found = read_path(str(tmp_path / "my.toml"))
    assert found.model.land.values.tolist() == [2.0, 3.0]
    assert found.model.consumption.values.tolist() == [0.2, 0.3, 0.35]
    assert found.path.search_cost.sel(industry="software", step=0) == 2.0


@pytest.mark.parametrize(("old", "new", "argument", "cure"), FILES)
def test_a_file_with_wrong_names_is_refused(tmp_path, old, new, argument, cure):
    assert TOML.count(old) == 1
    (tmp_path / "my.toml").write_text(TOML.replace(old, new), encoding="utf-8")
    named = f"{tmp_path / 'my.toml'}: {argument}"
    assert_refused(lambda: read_path(str(tmp_path / "my.toml")), named, "", cure)


DECOMPOSITIONS = """
decompose("M", TURN)                            | model      | 'M'         | nege.CorePeriphery(
decompose(M, {"sigma": [5, 4]})                 | path       | 'sigma'     | digital_turn() is one
decompose(M, TURN.isel(step=[0]))               | path       | Dataset     | digital_turn() is one
decompose(M, TURN.isel(step=[0, 0]))            | path       | 'search_cos | something changes
decompose(M, TURN.rename(search_cost="serch"))  | parameter  | 'serch'     | 'search_cost'
decompose(M, TURN, outcomes=["welfar"])         | outcomes   | 'welfar'    | 'welfare'
decompose(M, TURN, outcomes={})                 | outcomes   | {}          | functions by name
decompose(M, TURN, outcomes={"log": 3})         | outcomes   | {'log': 3}  | functions by name
decompose(M, TURN, outcomes=3)                  | outcomes   | 3           | names
decompose(M, TURN, method="shapely")            | method     | 'shapely'   | Did you mean 'shapley'?
decompose(M, TURN, mechanisms={})               | mechanisms | {}          | The switches of this
decompose(M, TURN, mechanisms=["search_cost"])  | mechanisms | ['search_c  | search_cost: services
decompose(M, TURN, mechanisms={"x": ["serch_cost"]}) | mechanisms | 'serch_co | 'search_cost'
decompose(M, TURN, mechanisms={"x": ["search_cost"]}) | mechanisms | 'digital | Put it into a
decompose(M, TURN, mechanisms=dict.fromkeys("xy", list(TURN)[:2])) | mechanisms | 'sea | in one
decompose(M, TURN, start=[1, 2])                | start      | [1, 2]      | equilibrium.data
"""


@pytest.mark.parametrize(("code", "argument", "shown", "cure"), table(DECOMPOSITIONS))
@pytest.mark.usefixtures("nothing_is_solved")
def test_a_wrong_decomposition_is_refused_before_anything_is_solved(code, argument, shown, cure):
    assert_refused(typed(code), argument, shown, cure)


def test_an_economy_that_is_not_at_rest_has_no_pattern_and_its_remedy_is_named():
    with pytest.raises(nege.ConvergenceError) as caught:
        solve(M, options=nege.SolverOptions(limit_steps=1))
    found = caught.value.equilibrium
    assert_refused(lambda: patterns(found), "data", found.status.name, found.remedy)


# --- odd but good input


def assert_same_model(economy, expected):
    """Compare with an economy, or with the dataset of one."""
    if not isinstance(expected, xr.Dataset):
        expected = expected.to_dataset()
    xr.testing.assert_identical(economy.to_dataset(), expected)


def plain(name):
    """Values of a parameter that every type of number can hold, all of them different."""
    dims, bounds, _ = PARAMETERS[name]
    unit = np.arange(1.0, 1.0 + np.prod(spelled(dims))).reshape(spelled(dims))
    if "below" in bounds or "at_most" in bounds:
        return unit / 64.0
    return unit / (1 if "above" in bounds or bounds["at_least"] >= 1.0 else 64.0) + (
        name == "sigma"
    )


FREE = [name for name in TABLES if name != "consumption"]  # which has to sum to one


@pytest.mark.parametrize("name", FREE)
def test_numbers_of_any_form_make_the_same_economy_and_are_never_changed(name):
    expected = getattr(make(**{name: plain(name)}), name)
    for form, convert in FORMS.items():
        if "integer" in form:
            continue
        values = convert(plain(name).copy())
        before = copy.deepcopy(values)
        xr.testing.assert_identical(getattr(make(**{name: values}), name), expected)
        np.testing.assert_array_equal(values, before, strict=True)


@pytest.mark.parametrize("name", FREE)
def test_labels_count_and_not_their_order_nor_that_of_dimensions(name):
    dims = PARAMETERS[name].dims
    cells = xr.DataArray(plain(name), coords={dim: list(DIMS[dim]) for dim in dims}, dims=dims)
    expected = make(**{name: cells}).to_dataset()
    turned = cells.isel({dim: slice(None, None, -1) for dim in dims}).transpose(*dims[::-1])
    assert_same_model(make(**{name: turned}), expected)
    if len(dims) == 1:
        for other in (cells.to_series(), cells.to_series()[::-1].to_dict()):
            assert_same_model(make(**{name: other}), expected)
    else:
        assert_same_model(make(**{name: turned.transpose(*dims).to_pandas()}), expected)


@pytest.mark.parametrize("name", FREE)
def test_one_number_serves_everybody(name):
    value = float(plain(name).flat[0])
    expected = make(**{name: np.full(spelled(PARAMETERS[name].dims), value)}).to_dataset()
    for form in (float, np.float32, np.array, xr.DataArray):
        assert_same_model(make(**{name: form(value)}), expected)


def test_what_was_given_cannot_change_the_economy_afterwards_nor_can_the_economy_be_changed():
    land = np.array([1.0, 2.0, 3.0])
    economy = make(land=land)
    land[:] = 7.0
    assert economy.land.values.tolist() == [1.0, 2.0, 3.0]
    with pytest.raises(ValueError, match="read-only"):
        economy.land[0] = 2.0


def test_an_economy_comes_back_whole_from_its_dataset():
    changes = {name: plain(name) for name in FREE if name not in ("inputs", "spillover")}
    economy = make(platform_owner={"c": 0.5, "a": 0.25, "b": 0.25}, **changes)
    assert_same_model(type(economy).from_dataset(economy.to_dataset()), economy)


@pytest.mark.parametrize("name", FREE)
def test_one_number_of_a_table_is_replaced_by_its_name(name):
    """As "digital_cost.services": what is given whole is the same economy, checked the same."""
    economy, field = make(), PARAMETERS[name]
    values = getattr(economy, name)
    at = dict.fromkeys(field.dims, -1)
    labels = [str(values[dim].values[-1]) for dim in field.dims]
    changed, other = values.copy(), float(values[at]) * 0.999 + 1e-3
    changed[at] = other
    one = ".".join([name, *labels])
    try:
        expected = economy.replace({name: changed})
    except nege.InputError:
        with pytest.raises(nege.InputError):
            economy.replace({one: other})
        return
    assert_same_model(economy.replace({one: other}), expected.to_dataset())
    assert_same_model(type(economy)(**{f: getattr(expected, f) for f in economy.fields}), expected)
    with pytest.raises(nege.InputError, match=f"{one} must be"):
        economy.replace({one: np.nan})
    with pytest.raises(nege.InputError, match=f"{one} must be given without {name}"):
        economy.replace({one: other, name: changed})


def test_labels_may_have_points_in_them():
    places = nege.geography.from_distance(1.0 - np.eye(2), names=["St. Louis", "St"])
    economy = nege.OnlineAgglomeration(places)
    found = economy.replace({"productivity.services.St. Louis": 2.0, "land.St": 3.0})
    assert found.productivity.sel(industry="services").values.tolist() == [2.0, 1.0]
    assert found.land.values.tolist() == [0.5, 3.0]
    with pytest.raises(nege.InputError, match="one of the model's"):
        economy.replace({"productivity.services.St. Paul": 2.0})


def test_one_number_of_a_table_is_swept_and_followed():
    economy = nege.OnlineAgglomeration(nege.geography.equidistant(2))
    values = [3.0, 2.0]
    swept = nege.sweep(economy, {"digital_cost.services": values})
    followed = nege.follow(economy, {"digital_cost.services": values})
    alone = nege.solve(economy.replace(digital_cost=(3.0, 2.0)))
    for found in (swept["total_cost"][-1], followed["total_cost"][-1]):
        np.testing.assert_allclose(found, alone.data.total_cost, rtol=1e-7, atol=1e-12)
