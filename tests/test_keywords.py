"""Constructors refuse wrong and missing arguments as bad input, and say what was meant."""

import dataclasses
import inspect
import pickle
import pydoc

import pytest

import nege
from nege.errors import SYMBOLS
from nege.models.base import Model

pytestmark = pytest.mark.faults

OPTIONS = [nege.Logit, nege.OnlineRegion, nege.Replicator, nege.SolverOptions]
OWN = [kind for kind in Model.kinds().values() if kind.__module__.startswith("nege.")]
KINDS = [*OPTIONS, *OWN]


def parameters(kind):
    return inspect.signature(kind).parameters


def needed(kind):
    return [n for n, p in parameters(kind).items() if p.default is inspect.Parameter.empty]


def refusal(call, *arguments, **keywords):
    with pytest.raises(nege.InputError) as caught:
        call(*arguments, **keywords)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
    return caught.value


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_that_is_nearly_right_is_corrected(kind):
    for name in parameters(kind):
        wrong = f"{name}x"
        error = refusal(kind, **{wrong: 1})
        assert error.argument == "parameter"
        assert error.value == wrong
        assert repr(name) in error.cure
        for other in needed(kind):
            assert other == name or other in error.cure


@pytest.mark.parametrize("kind", [kind for kind in KINDS if needed(kind)])
def test_all_that_is_missing_is_said_at_once(kind):
    error = refusal(kind)
    assert error.allowed == "given"
    for name in needed(kind):
        assert name in error.argument.replace(",", " ").split()


@pytest.mark.parametrize("kind", KINDS)
def test_the_signature_shows_the_real_parameters(kind):
    assert set(parameters(kind)) >= {
        field.name for field in dataclasses.fields(kind) if field.name != "online"
    }
    for name in parameters(kind):
        assert name in pydoc.render_doc(kind)


SYMBOLIC = [
    (nege.CorePeriphery, "tau", "trade_cost"),
    (nege.CorePeriphery, "τ", "trade_cost"),
    (nege.CorePeriphery, "phi", "trade_cost"),
    (nege.CorePeriphery, "μ", "mu"),
    (nege.CorePeriphery, "sgima", "sigma"),
    (nege.VerticalLinkages, "io", "inputs"),
    (nege.OnlineAgglomeration, "io", "inputs"),
    (nege.OnlineAgglomeration, "tau", "transport_cost"),
    (nege.OnlineAgglomeration, "phi", "variety"),
    (nege.OnlineRegion, "tau", "trade_cost"),
    (nege.Logit, "kappa", "scale"),
    (nege.SolverOptions, "tol", "tolerance_residual"),
]


@pytest.mark.parametrize(("kind", "symbol", "name"), SYMBOLIC)
def test_symbols_of_the_literature_are_understood(kind, symbol, name):
    assert f"Did you mean {name!r}" in refusal(kind, **{symbol: 1}).cure


def test_replace_sweeps_and_paths_understand_them_too():
    model = nege.CorePeriphery(nege.geography.equidistant(2), sigma=5, mu=0.4, trade_cost=2)
    for call in (
        lambda: model.replace(tau=2),
        lambda: nege.sweep(model, {"tau": [2]}),
        lambda: nege.follow(model, {"τ": [2]}),
    ):
        assert "Did you mean 'trade_cost'" in refusal(call).cure


def test_several_wrong_names_are_all_corrected_and_what_else_is_missing_is_said():
    error = refusal(nege.CorePeriphery, sgima=5, tau=2)
    assert error.value == ["sgima", "tau"]
    assert "'sigma' by 'sgima'" in error.cure
    assert "'trade_cost' by 'tau'" in error.cure
    assert "It also needs geography and mu." in error.cure


def test_symbols_lead_to_names_that_exist():
    known = {name for kind in KINDS for name in parameters(kind)}
    known |= {"share", "start", "employment", *nege.CorePeriphery.online_parameters}
    assert {name for names in SYMBOLS.values() for name in names} <= known


def test_arguments_that_have_to_be_named_are_asked_for_by_name():
    places = nege.geography.equidistant(2)
    error = refusal(nege.CorePeriphery, places, 5.0, 0.4)
    assert "given once and by name, but for geography" in error.allowed
    assert "sigma, mu, trade_cost" in error.cure
    twice = refusal(nege.CorePeriphery, places, geography=places, sigma=5, mu=0.4, trade_cost=2)
    assert "given once" in twice.allowed


@pytest.mark.parametrize("call", [nege.show_versions, nege.scenarios.china_online])
def test_what_takes_nothing_says_so(call):
    error = refusal(call, 3)
    assert (error.allowed, error.cure) == ("none", f"{call.__name__} takes nothing.")
    error = refusal(call, year=2015)
    assert (error.argument, error.value, error.cure) == ("parameter", "year", "There are none.")
