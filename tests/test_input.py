"""Bad input is refused with argument, value and cure; odd but good input gives the same answer.

Tables hold what a user would type and pieces of the answer.
"""

import copy
import decimal
import functools
import itertools
import pickle
import re

import numpy as np
import pandas as pd
import pytest
import reference
import xarray as xr

import nege
from nege import Logit, OnlineRegion, SolverOptions, follow, short_run, solve, sweep, validation
from nege.command import cli, execution
from nege.command.economy_file import read_path

pytestmark = pytest.mark.faults

NAN, INF = float("nan"), float("inf")
AB = nege.geography.from_distance([[0, 1], [1, 0]], names=["a", "b"])
BA = nege.geography.from_distance([[0, 1], [1, 0]], names=["b", "online"])
BELOW_A_FILE = f"{__file__}/x.nc"


def make(geography=AB, *, sigma=5, mu=0.4, trade_cost=1.7, **more):
    return nege.CorePeriphery(geography, sigma=sigma, mu=mu, trade_cost=trade_cost, **more)


def entrepreneurs(geography=AB, *, sigma=5, mu=0.4, trade_cost=1.7, **more):
    return nege.FootlooseEntrepreneur(geography, sigma=sigma, mu=mu, trade_cost=trade_cost, **more)


def tastes(model, **arguments):
    return solve(model, dynamics=Logit(scale=0.1, **arguments))


def labelled(values, **coords):
    return xr.DataArray(values, coords={k: list(v) for k, v in coords.items()}, dims=list(coords))


def masked(values):
    values = np.array(values)
    return np.ma.array(values, mask=values == values.flat[1])


HERE = OnlineRegion(trade_cost=1.2)
M, W, F = make(), make(online=HERE), entrepreneurs(online=HERE)
E2, FRAME = np.ones((2, 2)), functools.partial(pd.DataFrame, columns=["a", "b"])
EQUAL = Logit(scale=0.1, weights=[1, 1])


def table(text):
    """Make one case of each line, named by its first column."""
    cases = []
    for line in text.strip().splitlines():
        cells = [cell.strip() for cell in re.split(r" \|(?= )", line)]
        cases.append(pytest.param(*cells, id=cells[0]))
    return cases


def assert_refused(build, argument, shown, cure):
    """The error says all that is wanted, also after pickling, as on its way from a worker."""
    with pytest.raises(nege.InputError) as caught:
        build()
    error, message = caught.value, str(caught.value)
    assert isinstance(error, ValueError)
    assert error.argument == argument
    assert message.startswith(f"{argument} must be {error.allowed}; got ")
    assert shown in message
    assert cure in message
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.argument) == (nege.InputError, message, argument)


def typed(code):
    public = {name: getattr(nege, name) for name in nege.__all__}
    return lambda: eval(code, {**public, "execution": execution, **globals()})


# --- numbers and shares, wherever they belong

TOLERANCES = [f"tolerance_{what}" for what in ("residual", "error", "payoff", "path")]


def with_digital(trade_cost):
    return make(online=OnlineRegion(trade_cost=trade_cost))


NUMBERS = {
    **{name: (make, name) for name in ("sigma", "mu", "trade_cost")},
    "online_trade_cost": (with_digital, "trade_cost"),
    "online_commission": (functools.partial(OnlineRegion, trade_cost=1.2), "commission"),
    "online_amenity": (functools.partial(OnlineRegion, trade_cost=1.2), "amenity"),
    "scale": (Logit, "scale"),
    "online_weight": (functools.partial(Logit, scale=0.1), "online_weight"),
    **{name: (SolverOptions, name) for name in TOLERANCES},
}
NO_NUMBERS = [
    *("5", True, 5 + 0j, [5.0], {"a": 5}, {5}, NAN, INF, -INF, 10**400, decimal.Decimal(5)),
    *(np.datetime64("2020-01-01"), np.ma.masked, np.longdouble("1e4000"), np.float64, object),
]
OUT_OF_RANGE = [
    *(("sigma", value, "above 1; got") for value in (1, 1.0, 0.5, 0, -5, np.float32(1), None)),
    *(("mu", value, "above 0 and below 1; got") for value in (0, 1, -0.1, 1.1, 40, None)),
    *(("trade_cost", value, "1 means free trade") for value in (0.999, 0, -1.7, None)),
    *(("online_trade_cost", value, "1 means that nothing melts") for value in (0.9, 0, -1, None)),
    *(("online_commission", value, "0.05 for five per cent") for value in (1, 1.5, -0.1, 5, None)),
    *((name, 0, "above 0") for name in ("online_amenity", "scale", "online_weight")),
    *((name, -0.1, "above 0") for name in ("online_amenity", "scale", "online_weight")),
    *((name, value, "below 1") for name in TOLERANCES for value in (0, -1e-9, 1, None)),
]


def given(argument, value):
    maker, keyword = NUMBERS[argument]
    return functools.partial(maker, **{keyword: value})


@pytest.mark.parametrize("argument", NUMBERS)
@pytest.mark.parametrize("value", NO_NUMBERS, ids=lambda value: repr(value)[:14])
def test_what_is_no_finite_number_is_refused_where_a_number_belongs(argument, value):
    assert_refused(given(argument, value), argument, repr(value)[:14], "finite number")


@pytest.mark.parametrize(("argument", "value", "allowed"), OUT_OF_RANGE)
def test_a_number_out_of_range_is_refused_with_what_is_allowed(argument, value, allowed):
    assert_refused(given(argument, value), argument, f"got {value!r}.", allowed)


@pytest.mark.parametrize("name", ["limit_iterations", "limit_steps"])
@pytest.mark.parametrize("value", [0, -1, 1.5, 9.0, True, "9", None, [9], NAN, 10**30], ids=repr)
def test_a_limit_is_a_positive_whole_number(name, value):
    build = functools.partial(SolverOptions, **{name: value})
    assert_refused(build, name, f"got {value!r}.", "a whole number of at least 1")


SHARES = """
[-0.5, 1.5]                             | [-0.5, 1.5] | 'a' is below 0
[0.5, 0.6]                              | [0.5, 0.6]  | their sum is 1.1)
[0.5, 0.5 + 1e-7]                       | 0.5000001   | their sum is 1.0000001)
[3, 7]                                  | [3, 7]      | Divide by the sum, e.g. x / x.sum()
[0, 0]                                  | [0, 0]      | All of them are zero: give at least one
[NAN, 1]                                | nan         | 'a' is not finite
[0.5, INF]                              | inf         | 'b' is not finite
[1e308, 1e308]                          | 1e+308      | Divide by the sum
0.5                                     | 0.5         | Its shape is ()
[0.3, 0.3, 0.4]                         | [0.3, 0.3   | Its shape is (3,)
[[0.5], [0.2, 0.3]]                     | [0.2, 0.3]  | Its rows differ in length
"uniform"                               | 'uniform'   | It has none. nege.geo
["0.5", "0.5"]                          | '0.5'       | where real numbers belong
[0.5 + 0j, 0.5]                         | (0.5+0j)    | complex128, where real numbers belong
[True, False]                           | [True,      | True and False are no numbers
[0.5, None]                             | None        | where real numbers belong
{0.5}                                   | {0.5}       | where real numbers belong
masked([0.2, 0.8])                      | --          | Some of its values are masked
xr.Dataset({"share": 1.0})              | Dataset     | pick one variable
{"a": 0.5, "c": 0.5}                    | ['a', 'c']  | 'c' is not a name here. Known: a, b.
{"a": 1}                                | ['a']       | 'b' is missing
{}                                      | []          | 'a' is missing
{"a": [1, 0], "b": [0, 1]}              | [1, 0]      | Each name takes one number
{"a": "x", "b": "y"}                    | 'x'         | where real numbers belong
labelled([0.5, 0.5], region="ac")       | ['a', 'c']  | 'c' is not a name here. Known: a, b.
labelled([0.5, 0.5], region="aa")       | ['a', 'a']  | 'b' is missing
labelled([0.5, 0.3, 0.2], region="aba") | 'b', 'a']   | A label stands twice
labelled([0.5, 0.5], city="ab")         | ('city',)   | Rename its dims
pd.Series([0.5, 0.5], ["b", "c"])       | ['b', 'c']  | 'c' is not a name here. Known: a, b.
"""
TAKES_SHARES = {
    "share": lambda value: short_run(M, value),
    "start": lambda value: solve(M, value),
    "start of a sweep": lambda value: sweep(M, {"mu": [0.4]}, start=value),
    "start of a path": lambda value: follow(M, {"mu": [0.4]}, value),
    "farmers": lambda value: make(farmers=value),
    "unskilled": lambda value: entrepreneurs(unskilled=value),
}


@pytest.mark.parametrize("where", TAKES_SHARES)
@pytest.mark.parametrize(("value", "shown", "cure"), table(SHARES))
def test_what_is_no_distribution_is_refused_where_one_belongs(where, value, shown, cure):
    build = functools.partial(TAKES_SHARES[where], typed(value)())
    assert_refused(build, where.split()[0], shown, cure)


@pytest.mark.parametrize("where", [where for where in TAKES_SHARES if where != "share"])
def test_a_column_of_a_table_is_no_distribution_where_there_can_be_one_alone(where):
    """Of short runs there may be many: a column for each, by the names of its rows."""
    build = functools.partial(TAKES_SHARES[where], pd.DataFrame([0.5, 0.5], ["a", "b"]))
    assert_refused(build, where.split()[0], "0.5", "Its shape is (2, 1)")


# --- whatever else a call can get wrong

CALLS = """
make(trade_cost=np.ones((3, 3)))              | trade_cost | array([[1. | Its shape is (3, 3)
make(trade_cost=np.ones((3, 3)), online=HERE) | trade_cost | array([[1. | a 2 x 2 matrix
make(trade_cost=[1, 2])                       | trade_cost | [1, 2]     | Its shape is (2,)
make(trade_cost=[[1, 2], [1]])                | trade_cost | [1]]       | differ in length
make(trade_cost=xr.Dataset({"T": 1.7}))       | trade_cost | Dataset    | pick one variable
make(trade_cost=[[1, 1 - 1e-9], [2, 1]])      | trade_cost | 0.99999999 | 'a' to 'b' is 0.999999999.
make(trade_cost=[[1, 2], [NAN, 1]])           | trade_cost | nan        | from 'b' to 'a' is nan
make(trade_cost=[[1, INF], [2, 1]])           | trade_cost | inf        | from 'a' to 'b' is inf
make(trade_cost=[[1, 2], [-2, 1]])            | trade_cost | -2         | from 'b' to 'a' is -2.0
make(trade_cost=[["1", "2"], ["2", "1"]])     | trade_cost | '2'        | where real numbers belong
make(trade_cost=masked([[1, 2], [2, 1]]))     | trade_cost | --         | fill them
make(trade_cost=labelled(E2, origin="ac", destination="ab")) | trade_cost | 'c'        | Known: a, b
make(trade_cost=labelled(E2, origin="ab", destination="bb")) | trade_cost | 'b' | 'a' is missing
make(trade_cost=labelled(E2, x="ab", y="ab")) | trade_cost | ('x', 'y') | ('origin', 'destination')
make(trade_cost=FRAME(E2, ["a", "c"]))        | trade_cost | ['a', 'c'] | 'c' is not a name here
make("China")                                 | geography  | 'China'    | geography.equidistant(2)
make(None)                                    | geography  | None       | a Geography
make(BA, online=HERE)                         | geography  | 'online'   | Rename that place, or give
make(online={"trade_cost": 1})                | online     | {'trade_co | nege.OnlineRegion(
make(online=OnlineRegion)                     | online     | <class     | nege.OnlineRegion(
OnlineRegion(trade_cost=1, name="")           | online name | ''         | a non-empty string
OnlineRegion(trade_cost=1, name=3)            | online name | 3          | a non-empty string
short_run(W, [0.5, 0.5])                      | share      | [0.5, 0.5] | each of the 3 names
short_run(W, {"a": 0.5, "b": 0.5})            | share      | ['a', 'b'] | 'online' is missing
solve("M")                                    | model      | 'M'        | nege.CorePeriphery(...)
short_run(CorePeriphery, [0.5, 0.5])          | model      | <class     | nege.CorePeriphery(...)
sweep(None, {"mu": [0.4]})                    | model      | None       | nege.CorePeriphery(...)
follow(3, {"mu": [0.4]})                      | model      | 3          | nege.CorePeriphery(...)
solve(M, dynamics="logit")                    | dynamics   | 'logit'    | nege.Logit(...)
sweep(M, {"mu": [0.4]}, dynamics="logit")     | dynamics   | 'logit'    | nege.Logit(...)
Replicator(allow_entry=1)                     | allow_entry | 1          | True or False
solve(M, options={"limit_steps": 3})          | options    | {'limit_st | nege.SolverOptions(
short_run(M, [0.5, 0.5], options="fast")      | options    | 'fast'     | nege.SolverOptions(
sweep(M, {"mu": [0.4]}, options=1e-8)         | options    | 1e-08      | nege.SolverOptions(
follow(M, {"mu": [0.4]}, options=1e-8)        | options    | 1e-08      | nege.SolverOptions(
tastes(W, weights=[1, 1])                     | weights    | [1, 1]     | State online_weight=...
tastes(W, weights={"a": 1, "b": 1})           | weights    | {'a': 1    | State online_weight=...
sweep(W, {"mu": [0.4]}, dynamics=EQUAL)       | weights    | [1, 1]     | State online_weight=...
tastes(M, online_weight=1)                    | online_weight | 1.0     | online=nege.OnlineRegion(
tastes(W, weights={"a": 1, "b": 1, "online": 1}, online_weight=1) | weights | 'online' | not a name
tastes(M, weights=[1, -1])                    | weights    | [1, -1]    | That of 1 is -1.
tastes(M, weights=[1, INF])                   | weights    | [1, inf]   | That of 1 is inf.
tastes(M, weights=[1, 1, 1])                  | weights    | [1, 1, 1]  | Its shape is (3,)
tastes(W, weights="population")               | weights    | 'populatio | It has none. nege.geo
tastes(W, weights=[[1], [1, 2]])              | weights    | [[1], [1,  | Its rows differ in length
M.replace(sigm=3)                             | parameter  | 'sigm'     | Did you mean 'sigma'?
W.replace({"online_cost": 3})                 | parameter  | 'online_co | 'online_trade_cost'
M.replace(online_trade_cost=2)                | parameter  | 'online_tr | It has no online region
W.replace(online=None, online_amenity=2)      | parameter  | 'online_am | It has no online region
W.replace(online_trade_cost=0.5)              | online_trade_cost | 0.5 | nothing melts on the way
W.replace(sigma=1)                            | sigma      | got 1.     | above 1
M.replace(online={}, online_trade_cost=2)     | parameter  | 'online_tr | It has no online region
M.replace(3)                                  | changes    | 3          | mapping
M.replace("sigma")                            | changes    | 'sigma'    | mapping
M.replace({1: 2})                             | parameter  | 1          | Known: geography, sigma
entrepreneurs("China")                        | geography  | 'China'    | geography.equidistant(2)
entrepreneurs(sigma=1)                        | sigma      | got 1.     | above 1
entrepreneurs(mu=NAN)                         | mu         | nan        | It is a share of spending
entrepreneurs(trade_cost=[[1, 2], [NAN, 1]])  | trade_cost | nan        | from 'b' to 'a' is nan
entrepreneurs(BA, online=HERE)                | geography  | 'online'   | Rename that place, or give
entrepreneurs(online={"trade_cost": 1})       | online     | {'trade_co | nege.OnlineRegion(
short_run(F, [0.5, 0.5])                      | share      | [0.5, 0.5] | each of the 3 names
F.replace(farmers=None)                       | parameter  | 'farmers'  | Known: geography, sigma
F.replace(geography=BA)                       | geography  | 2 places   | For unskilled, None is
execution.writable_folder(BELOW_A_FILE)        | output     | x.nc       | Choose another with
execution.writable_folder(__file__)            | output     | input.py   | a folder that can be
short_run(M, [1, 0]).to_netcdf(BELOW_A_FILE)  | path       | x.nc       | a file that can be written
nege.load("no.nc")                            | path       | 'no.nc'    | a file that exists
"""


@pytest.mark.parametrize(("code", "argument", "shown", "cure"), table(CALLS))
def test_a_wrong_call_is_refused_with_argument_value_and_cure(code, argument, shown, cure):
    assert_refused(typed(code), argument, shown, cure)


SWEEPS = """
sweep(M, {})                                | parameters | {}            | For example {"online
sweep(M, None)                              | parameters | None          | For example {"online
sweep(M, [0.4])                             | parameters | [0.4]         | a mapping of
sweep(M, {"sigmma": [3]})                   | parameter  | 'sigmma'      | Did you mean 'sigma'?
sweep(M, {"farmers": [1]})                  | parameter  | 'farmers'     | Known: sigma, mu
sweep(M, {"online_trade_cost": [2]})        | parameter  | 'online_trade | mean 'trade_cost'?
sweep(M, {3: [0.4]})                        | parameter  | 3             | Known: sigma, mu
sweep(M, {"mu": []})                        | mu         | []            | at least one number
sweep(M, {"mu": 0.4})                       | mu         | 0.4           | one-dimensional
sweep(M, {"mu": [[0.3, 0.4]]})              | mu         | [[0.3, 0.4]]  | one-dimensional
sweep(M, {"mu": ["low"]})                   | mu         | ['low']       | at least one number
sweep(M, {"mu": [True]})                    | mu         | [True]        | at least one number
sweep(M, {"mu": [0.4j]})                    | mu         | [0.4j]        | at least one number
sweep(M, {"mu": [[0.3], [0.3, 0.4]]})       | mu         | [[0.3], [0.3  | differ in length
sweep(M, {"mu": masked([0.3, 0.4])})        | mu         | --            | fill them
sweep(M, {"sigma": [3, 0.5]})               | sigma      | 0.5           | above 1
sweep(M, {"mu": [0.3, NAN]})                | mu         | nan           | above 0 and below 1
sweep(M, {"mu": [0.3], "sigma": [5, 1]})    | sigma      | 1             | above 1
sweep(M, {"mu": [0.3]}, along="sigma")      | along      | 'sigma'       | Known: mu
sweep(M, {"mu": [0.3]}, along=["mu"])       | along      | ['mu']        | Known: mu
follow(M, None)                             | path       | None          | mapping
follow(M, {})                               | path       | {}            | mapping
follow(M, {"m": [0.3]})                     | parameter  | 'm'           | Did you mean 'mu'?
follow(M, {"mu": [0.3, 0.4], "sigma": [5]}) | path       | 'sigma': 1    | Repeat constant values
follow(M, {"mu": []})                       | mu         | []            | at least one number
follow(M, xr.Dataset({"mu": ("t", [0.3])})) | path       | {'t': 1}      | at least one "step"
follow(M, xr.Dataset())                     | path       | {}            | It holds none
follow(M, xr.Dataset(coords={"step": [0]})) | path       | 'step': 1     | parameters
follow(M, {"mu": [0.3, 2]})                 | mu         | 2             | It is a share of spending
follow(M, {"mu": ["low"]})                  | mu         | 'low'         | real numbers
follow(M, {"mu": [[0.3], [0.3, 0.4]]})      | mu         | [[0.3], [0.3  | differ in length
follow(M, {"mu": [[0.3, 0.4]]})             | mu         | [[0.3, 0.4]]  | Its shape is (1, 2)
follow(M, {"mu": masked([0.3, 0.4])})       | mu         | --            | fill them
"""


@pytest.mark.parametrize(("code", "argument", "shown", "cure"), table(SWEEPS))
@pytest.mark.usefixtures("nothing_is_solved")
def test_a_wrong_sweep_is_refused_before_anything_is_solved(code, argument, shown, cure):
    assert_refused(typed(code), argument, shown, cure)


# --- files; each row puts the second text in the place of the first

TOML = """\
[geography]
kind = "equidistant"
n = 2
[model]
sigma = 5.0
mu = 0.4
trade_cost = 2.0
[online]
[dynamics]
kind = "logit"
scale = 0.1
online_weight = 0.5
[path]
parameter = "online_trade_cost"
from = 2.0
to = 1.0
points = 3
"""
FILES = r"""
[geography]\nkind = "equidistant"\nn = 2 | | [geography] | None | Add [geography] to the file
[geography]\nkind = "equidistant"\nn = 2 | geography = "x" | [geography] | 'x' | a table
[path] | [paths] | key | 'paths' | Did you mean 'path'?
[online] | [[online]] | [online] | [{}] | a table
sigma = 5.0 | sigmma = 5.0 | [model] key | 'sigmma' | Did you mean 'sigma'?
n = 2 | n = 2\nnames = ["a", "b"] | [geography] key | 'names' | kind = "distance" takes names
mu = 0.4 | mu = 0.4\nprocesses = 2 | [model] key | 'processes' | the command line: --processes
n = 2 | nx = 2 | [geography] key | 'nx' | Did you mean 'n'?
"equidistant" | "equidistent" | [geography] kind | 'equidistent' | Did you mean 'equidistant'?
kind = "equidistant" | | [geography] kind | None | a known kind; got None. Known: cities
"equidistant" | ["star"] | [geography] kind | ['star'] | Known: cities, equidistant
mu = 0.4 | mu = 0.4\nkind = "core" | [model] kind | 'core' | core-periphery, footloose-capital
"logit" | "logti" | [dynamics] kind | 'logti' | Did you mean 'logit'?
n = 2 | | [geography] n | None | given for kind 'equidistant'
n = 2 | n = 1 | [geography] n | 1 | Trade takes at least two places
sigma = 5.0 | | [model] sigma | None | given
sigma = 5.0 | sigma = "5" | [model] sigma | '5' | a finite number above 1
trade_cost = 2.0 | trade_cost = nan | [model] trade_cost | nan | a finite number at least 1
mu = 0.4 | mu = 0.4\nkind = "footloose-entrepreneur"\nfarm = 1 | [model] key | 'farm' | unskilled
mu = 0.4 | mu = 0.4\nfarmers = [1, 1] | [model] farmers | [1, 1] | Divide by the sum
[online] | [online]\ntrade_cost = 0.5 | [online] trade_cost | 0.5 | nothing melts on the way
[online] | [online]\ncommission = 1 | [online] commission | 1 | at least 0 and below 1
[online] | [online]\nname = "1" | [geography] | '1' | Rename that place
[online] | | [path] parameter | 'online_trade_cost' | Add [online] to the file
"online_trade_cost" | "mu" | [online] trade_cost | None | [path] or [sweep.parameters] has
"online_trade_cost" | "online_cost" | [path] parameter | 'online_cost' | 'online_trade_cost'
"online_trade_cost" | 3 | [path] parameter | '3' | Known: sigma, mu
parameter = "online_trade_cost" | | [path] parameter | None | given
from = 2.0 | | [path] from | None | given
from = 2.0 | from = "2" | [path] from | '2' | a finite number
from = 2.0 | from = 0\nspacing = "log" | [path] from | 0.0 | needs positive ends
to = 1.0 | to = -1\nspacing = "log" | [path] to | -1.0 | needs positive ends
to = 1.0 | to = inf | [path] to | inf | a finite number
to = 1.0 | to = 0.5 | [path] to: online_trade_cost | got 0.5. | nothing melts on the way
points = 3 | points = 1 | [path] points | 1 | a whole number of at least 2
points = 3 | points = 2.5 | [path] points | 2.5 | a whole number of at least 2
points = 3 | spacing = "lgo" | [path] spacing | 'lgo' | Did you mean 'log'?
points = 3 | back = "yes" | [path] back | 'yes' | true or false
scale = 0.1 | | [dynamics] scale | None | given for logit tastes
scale = 0.1 | scale = 0 | [dynamics] scale | 0 | a finite number above 0
scale = 0.1 | scale = 0.1\nweights = "people" | [dynamics] weights | 'people' | "population"
online_weight = 0.5 | | [dynamics] online_weight | None | the room people see online
online_weight = 0.5 | online_weight = -3 | [dynamics] online_weight | -3 | a finite number above 0
kind = "logit"\nscale = 0.1\nonline_weight = 0.5 | allow_entry=1 | [dynamics] allow_entry | 1 | True
[geography] | title = 3\n[geography] | title | 3 | Put it in quotes
n = 2 | n = = 2 | file | my.toml | The parser says: Invalid value (at line 3
[online] | [model] | file | my.toml | valid TOML
"""


def test_the_file_whose_mistakes_are_tested_is_read_with_windows_marks_too(tmp_path):
    path = tmp_path / "my.toml"
    path.write_bytes(b"\xef\xbb\xbf" + TOML.replace("\n", "\r\n").encode())
    assert read_path(str(path)).values.tolist() == [2.0, 1.5, 1.0]


@pytest.mark.parametrize(("old", "new", "argument", "shown", "cure"), table(FILES))
def test_a_wrong_file_is_refused_by_key_with_value_and_cure(
    tmp_path, monkeypatch, capsys, old, new, argument, shown, cure
):
    monkeypatch.chdir(tmp_path)
    old, new = old.replace("\\n", "\n"), new.replace("\\n", "\n")
    assert TOML.count(old) == 1
    (tmp_path / "my.toml").write_text(TOML.replace(old, new), encoding="utf-8")
    argument = argument if argument == "file" else f"my.toml: {argument}"
    assert_refused(lambda: read_path("my.toml"), argument, shown, cure)
    assert cli.main(["run", "my.toml"]) == 2
    assert capsys.readouterr().err.startswith(f"nege: {argument} must be ")


# --- odd but good input

COSTS, PLAIN = np.array([[1.0, 2.0], [4.0, 1.0]]), ([0.25, 0.75], [0.625, 0.375], [1, 2], [3, 5])
WHOLE = ([0, 1], [1, 0], [1, 2], [3, 5])


def answers(trade_cost, farmers, share, weights, values):
    model = make(trade_cost=trade_cost, farmers=farmers)
    dynamics = Logit(scale=0.25, weights=weights)
    return [
        short_run(model, share).data,
        solve(model, share, dynamics=dynamics).data,
        sweep(model, {"sigma": values}, start=share, dynamics=dynamics),
        follow(model, {"sigma": values}, share, dynamics=dynamics),
    ]


def assert_same(some, others):
    for one, other in zip(some, others, strict=True):
        xr.testing.assert_identical(one, other)


def read_only(array):
    array.setflags(write=False)
    return array


FORMS = {
    "integer": lambda array: array.astype(int),
    "small integer": lambda array: array.astype(np.uint8),
    "float32": lambda array: array.astype(np.float32),
    "float16": lambda array: array.astype(np.float16),
    "long double": lambda array: array.astype(np.longdouble),
    "big-endian": lambda array: array.astype(">f8"),
    "strided": lambda array: np.repeat(array, 3, axis=-1)[..., ::3],
    "backwards": lambda array: array[::-1].copy()[::-1],
    "Fortran order": lambda array: np.asfortranarray(array),
    "read-only": read_only,
    "list": lambda array: array.tolist(),
}


@pytest.mark.parametrize("form", FORMS)
def test_numbers_of_any_form_give_the_same_answer_and_are_never_changed(form):
    plain = [COSTS, *(np.array(x, float) for x in (WHOLE if "integer" in form else PLAIN))]
    given = [FORMS[form](array.copy()) for array in plain]
    before = copy.deepcopy(given)
    assert_same(answers(*given), answers(*plain))
    for array, old in zip(given, before, strict=True):
        np.testing.assert_array_equal(array, old, strict=True)
        assert form == "list" or array.flags.writeable == (form != "read-only")


SCALARS = [int, np.uint8, np.float16, np.float32, np.longdouble, np.array, xr.DataArray]


@pytest.mark.parametrize("form", [*SCALARS, functools.partial(np.array, dtype=">f8")], ids=repr)
def test_scalars_of_any_form_give_the_same_economy(form):
    odd = make(sigma=form(4), trade_cost=form(2), online=OnlineRegion(trade_cost=form(3)))
    even = make(sigma=4.0, trade_cost=2.0, online=OnlineRegion(trade_cost=3.0))
    assert repr(odd) == repr(even)
    assert_same([solve(odd).data], [solve(even).data])


TURNED = {
    "mapping": lambda x: {"b": x[1], "a": x[0]},
    "DataArray": lambda x: labelled(x[::-1], region="ba"),
    "DataArray over": lambda x: labelled(x.T[::-1], destination="ba", origin="ab"),
    "Series": lambda x: pd.Series(x[::-1], pd.CategoricalIndex(["b", "a"], name="city")),
    "DataFrame": lambda x: pd.DataFrame(x[::-1], ["b", "a"], ["a", "b"]),
    "named DataFrame": lambda x: (
        pd.DataFrame(x.T, ["a", "b"], ["a", "b"])
        .rename_axis("destination")
        .rename_axis(columns="origin")
    ),
    "DataFrame with named rows": lambda x: pd.DataFrame(
        x.T, pd.Index(["a", "b"], name="destination"), ["a", "b"]
    ),
    "DataFrame with named columns": lambda x: pd.DataFrame(
        x.T, ["a", "b"], pd.Index(["a", "b"], name="origin")
    ),
    "row numbers": lambda x: pd.Series(x, [0, 1]),
    "numbered DataFrame": lambda x: pd.DataFrame(x),
}


@pytest.mark.parametrize("kind", TURNED)
def test_labels_in_another_order_give_the_same_answer(kind):
    if "over" in kind or "Frame" in kind:
        turned = answers(TURNED[kind](COSTS), *PLAIN)
    else:
        turned = answers(COSTS, *(TURNED[kind](np.array(x)) for x in PLAIN[:3]), PLAIN[3])
    assert_same(turned, answers(COSTS, *PLAIN))


def test_geographies_take_their_names_from_pandas():
    table = pd.DataFrame({"y": [1.0, 2, 3], "x": [4.0, 5, 6], "n": [7, 8, 9]}, ["p", "q", "r"])
    places = nege.geography.from_points(table["y"], table["x"], population=table["n"][::-1])
    assert places.names == ("p", "q", "r")
    assert places.population.values.tolist() == [7, 8, 9]
    rows = table.reset_index()[1:]
    few = nege.geography.from_points(
        rows["y"], rows["x"], names=rows["index"], population=rows["n"]
    )
    assert few.names == ("q", "r")
    assert few.population.values.tolist() == [8, 9]


def test_shares_that_sum_to_one_in_their_own_precision_are_shares():
    thirds = np.full(3, 1 / 3, np.float32)
    assert abs(thirds.sum(dtype=float) - 1) > 1e-8
    farmers = make(nege.geography.equidistant(3), farmers=thirds).farmers
    np.testing.assert_allclose(farmers, 1 / 3, rtol=1e-15)


def test_changing_the_input_afterwards_changes_no_economy():
    trade_cost, farmers = COSTS.copy(), np.array(PLAIN[0])
    model = make(trade_cost=trade_cost, farmers=farmers)
    trade_cost[:], farmers[:] = 7, 7
    np.testing.assert_array_equal(model.trade_cost, COSTS)
    np.testing.assert_array_equal(model.farmers, PLAIN[0])
    for array in (model.trade_cost, model.farmers):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


@pytest.mark.parametrize("form", [lambda x: x, lambda x: pickle.loads(pickle.dumps(x)), copy.copy])
@pytest.mark.parametrize("kind", [nege.CorePeriphery, nege.FootlooseEntrepreneur])
def test_what_a_model_hands_out_is_a_copy_that_changes_no_economy(kind, form):
    """Whether its kernel was made before or is made after somebody replaces values."""
    places = {kind.immobile: PLAIN[0]}
    model = form(kind(AB, sigma=5, mu=0.4, trade_cost=COSTS, **places))
    untouched = kind(AB, sigma=5, mu=0.4, trade_cost=COSTS, **places)
    for _ in range(2):
        for name in (kind.immobile, "trade_cost"):
            getattr(model, name).values = np.full_like(getattr(model, name).values, 7.0)
            getattr(model, name).attrs["units"] = "7"
            with pytest.raises(ValueError, match="read-only"):
                getattr(model, name).values[0] = 7.0
            assert getattr(model, name).identical(getattr(untouched, name))
        found = short_run(model, PLAIN[1])
        xr.testing.assert_identical(found.data, short_run(untouched, PLAIN[1]).data)
        nege.testing.assert_equilibrium(found)
        assert model.to_dataset().identical(untouched.to_dataset())


# --- extreme but legal values


def runs(model):
    n = len(model.regions)
    uneven, corner = np.arange(n, 0, -1) / (n * (n + 1) / 2), np.eye(n)[0]
    return [
        lambda: short_run(model, uneven),
        lambda: short_run(model, corner),
        lambda: solve(model),
        lambda: solve(model, corner),
        lambda: solve(model, dynamics=Logit(scale=0.1)),
    ]


def assert_solved(found):
    assert found.converged
    for name, variable in found.data.data_vars.items():
        assert np.isfinite(variable).all(), name
    plain = reference.of_model(found.model)
    del plain["amenity"]
    data = found.data
    assert reference.residual(data["wage"].values, data["share"].values, **plain) <= 1e-10


EXTREMES = list(itertools.product((1.01, 50), (0.01, 0.99), (1, 1e6)))


@pytest.mark.parametrize("digital", [None, 1.0])
@pytest.mark.parametrize(("sigma", "mu", "trade_cost"), EXTREMES)
def test_extreme_economies_are_solved(sigma, mu, trade_cost, digital):
    online = digital and OnlineRegion(trade_cost=digital)
    for run in runs(make(sigma=sigma, mu=mu, trade_cost=trade_cost, online=online)):
        assert_solved(run())


@pytest.mark.parametrize("digital", [None, 1e6])
@pytest.mark.parametrize("places", [AB, nege.geography.racetrack(9)], ids=len)
@pytest.mark.parametrize(("sigma", "mu", "trade_cost"), EXTREMES)
def test_extreme_economies_are_solved_or_say_why_not(sigma, mu, trade_cost, places, digital):
    online = digital and OnlineRegion(trade_cost=digital)
    model = make(places, sigma=sigma, mu=mu, trade_cost=trade_cost, online=online)
    for run in runs(model):
        try:
            found = run()
        except nege.ConvergenceError as error:
            reached, message = error.equilibrium, str(error)
            assert not reached.converged
            assert reached.remedy
            assert all(words in message for words in reached.in_words())
            assert ".equilibrium" in message
            assert set(reached.data.data_vars) == set(model.variables)
            assert float(reached.data["share"].sum()) == pytest.approx(1)
        else:
            assert_solved(found)


SHARES_OR_NOT = [
    *([1.0, 0.0], [0.3, 0.7], [1 / 3, 2 / 3], [-0.0, 1.0], [0.3, 0.7 + 1e-9], [0.3, 0.7 + 2e-8]),
    *([-1e-9, 1.0], [-1.0, 2.0], [3.0, -2.0], [2.0, 3.0], [0.0, 0.0], [NAN, 1.0], [NAN, NAN]),
    *([INF, 0.0], [INF, -INF], [-INF, 1.0], [1e308, 1e308], [-1e308, 1e308], [1e-320, 1.0]),
]


@pytest.mark.parametrize("values", SHARES_OR_NOT, ids=str)
def test_shares_in_an_array_are_taken_or_refused_as_those_in_a_list_are(values):
    def answer(given):
        try:
            return validation.shares("share", given, ("a", "b")).tobytes()
        except nege.InputError as error:
            return error.allowed, error.cure

    wide = np.zeros((2, 3))
    wide[:, 1] = values
    for given in (np.array(values), wide[:, 1], np.array(values).astype(">f8")):
        assert answer(given) == answer(values)


def test_shares_that_were_checked_are_the_same_once_more():
    """So that an economy that was written down is the same to the last bit where it is read."""
    rng = np.random.default_rng(0)
    for n in (2, 3, 7, 30, 400) * 20:
        once = validation.shares("share", rng.dirichlet(np.ones(n)), [str(i) for i in range(n)])
        again = validation.shares("share", once.tolist(), [str(i) for i in range(n)])
        assert again.tolist() == once.tolist()
        many = validation.many_shares("share", once[None], [str(i) for i in range(n)])
        assert many.values[0].tolist() == once.tolist()
