"""Whatever a call is given, it answers soundly or says what is wrong; nothing else leaves."""

import fuzz
import numpy as np
import pytest

import nege

pytestmark = pytest.mark.faults

DRAWS = 800


@pytest.fixture(scope="module")
def pool():
    with fuzz.made() as made:
        yield made


def test_every_public_callable_and_method_is_an_entry():
    entries = {name.partition(" ")[0] for name in fuzz.ENTRIES}
    assert {*fuzz.public(), *fuzz.methods()} <= entries


@pytest.mark.parametrize("entry", fuzz.ENTRIES)
def test_every_argument_of_an_entry_is_said_to_take_something(entry, pool):
    function, good = fuzz.ENTRIES[entry](pool)
    known = {*fuzz.TAKES, *(fuzz.AGGLOMERATION if entry == "OnlineAgglomeration" else ())}
    unknown = [
        name
        for name in fuzz.arguments(function, good)
        if name not in known and f"{entry}.{name}" not in known
    ]
    assert not unknown


@pytest.mark.draws
def test_draws_of_the_fuzz_are_answered_soundly_or_refused(pool):
    """The first of those that ``python -m benchmarks verify`` takes."""
    counts, failures = fuzz.run(range(DRAWS), pool)
    assert not failures, "\n".join(
        f"draw {seed}: {error} {fuzz.trace(error)}" for seed, error in failures.items()
    )
    assert counts["refused"] > DRAWS / 2
    assert counts["answered"] > DRAWS / 20


NAN = float("nan")
INTERVALS = [
    (2, 1.5),
    (1.7, 1.7),
    (1.5, NAN),
    (1.5, float("inf")),
    1.5,
    [1.5],
    [1, 2, 3],
    "ab",
    None,
]
ALONG = {
    "bifurcation": nege.bifurcation,
    "break_points": nege.break_points,
    "sustain_points": nege.sustain_points,
    "hysteresis": nege.hysteresis,
}


def refused(call, *given, **more):
    """Return the argument that a refused call names."""
    with pytest.raises(nege.InputError) as caught:
        call(*given, **more)
    return caught.value.argument


@pytest.mark.parametrize("name", ALONG)
def test_an_interval_is_refused_in_the_same_words_wherever_one_belongs(name, pool):
    for interval in INTERVALS if name != "hysteresis" else INTERVALS[1:]:
        assert refused(ALONG[name], pool.model, "trade_cost", interval) == "interval", interval
    assert refused(ALONG[name], pool.model, "trade_cost", (0.5, 2)) == "trade_cost"
    for parameter in (np.array(["trade_cost"] * 2), ["trade_cost"], None, 3, "sgima"):
        assert refused(ALONG[name], pool.model, parameter, (1.5, 2)) == "parameter", parameter


CALLS = {
    "assert_equilibrium of anything": (
        "equilibrium",
        lambda p: nege.testing.assert_equilibrium(p.solved.data),
    ),
    "no tolerance": (
        "tolerance",
        lambda p: nege.testing.assert_equilibrium(p.solved, tolerance=NAN),
    ),
    "an interval of 308 orders of magnitude": (
        "interval",
        lambda p: nege.bifurcation(p.model, "trade_cost", (1.1, 1e308)),
    ),
    "no core": (
        "core",
        lambda p: nege.sustain_points(p.model, "trade_cost", (1.5, 2), core=None),
    ),
    "empty dynamics": ("dynamics", lambda p: nege.stability(p.solved, dynamics="")),
    "dynamics of zero": ("dynamics", lambda p: p.solved.with_stability(dynamics=0)),
    "NaN for shares": ("share", lambda p: nege.short_run(p.model, NAN)),
    "NaN for many shares": (
        "share",
        lambda p: nege.sweep(p.model, {"mu": [0.4]}, share=NAN),
    ),
    "no outcomes": ("outcomes", lambda p: nege.decompose(p.model, p.steps, outcomes=[])),
    "0-d names": (
        "names",
        lambda p: nege.geography.from_distance(np.eye(2), names=np.array("ab")),
    ),
    "a set of names": (
        "names",
        lambda p: nege.geography.from_distance(np.eye(2), names={"a", "b"}),
    ),
    "bytes for numbers": ("start", lambda p: nege.solve(p.model, bytearray([1, 0]))),
    "a flag among numbers": ("start", lambda p: nege.solve(p.model, [True, 0.0])),
    "a variable for Axes": ("ax", lambda p: p.solved.plot.map(ax="real_wage")),
    "no number of places": ("largest", lambda p: p.solved.plot.shares(largest=0)),
    "not a flag": (
        "overwrite",
        lambda p: nege.sweep(p.model, {"mu": [0.4]}, overwrite="no"),
    ),
    "no bar": ("progress", lambda p: nege.follow(p.model, {"mu": [0.4]}, progress="no")),
    "no seed": ("rng", lambda p: nege.random_points({"mu": (0.3, 0.4)}, 2, rng="x")),
    "a flag for a seed": ("rng", lambda p: nege.equilibria(p.model, rng=True)),
    "a style of nothing": (
        "style",
        lambda p: p.swept.nege.plot.heatmap("welfare", nonsense=1),
    ),
    "no place in a sweep": ("at", lambda p: p.swept.nege.plot.heatmap("share", at="0")),
    "a Dataset of nothing": (
        "dataset",
        lambda p: nege.geography.Geography.from_dataset(None),
    ),
}


@pytest.mark.parametrize("what", CALLS)
def test_what_used_to_leave_raw_or_pass_is_refused_by_name(what, pool):
    argument, call = CALLS[what]
    assert refused(call, pool) == argument


def test_an_error_can_be_shown_whatever_was_given():
    value = []
    for _ in range(5000):
        value = [value]
    for given in (value, fuzz.Odd(), fuzz.Rude(), 10**10_000):
        error = nege.InputError("x", given, "a number")
        assert str(error).startswith("x must be a number; got ")


#: Methods of few or no arguments, and ``replace``, which hints by itself.
PLAIN = {
    *("Geography.to_dataset", "Geography.from_dataset", "Model.to_dataset", "Model.from_dataset"),
    *("Model.replace", "Model.replace by a mapping", "Model.without_online", "Model.direction"),
    *("Model.uniqueness", "Equilibrium.banner", "Equilibria.to_dataset", "ds.nege.plot.heatmap"),
    *("BifurcationDiagram.to_dataset", "Hysteresis.to_dataset"),
}


@pytest.mark.parametrize("entry", [entry for entry in fuzz.ENTRIES if entry not in PLAIN])
def test_an_argument_that_an_entry_does_not_take_is_refused_with_what_it_takes(entry, pool):
    function, good = fuzz.ENTRIES[entry](pool)
    with pytest.raises(nege.InputError) as caught:
        function(**good, tua=1)
    assert caught.value.value == "tua"
    for name in list(fuzz.arguments(function, good))[:1]:
        assert name in str(caught.value)
