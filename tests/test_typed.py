"""What is typed on the command line: options given again, and errors in words of what is typed."""

import argparse

import numpy as np
import pytest
import xarray as xr

import nege
from nege.command import cli, typed

pytestmark = pytest.mark.faults


def commands():
    """Return every parser, with the words that lead to it."""
    root = cli._parser()
    (below,) = (one for one in root._actions if isinstance(one, argparse._SubParsersAction))
    return {(): root, **{(name,): parser for name, parser in below.choices.items()}}


EVERY_OPTION = [
    (words, action.option_strings[-1])
    for words, parser in commands().items()
    for action in parser._actions
    if action.option_strings and action.nargs != 0
]


@pytest.mark.parametrize(("words", "option"), EVERY_OPTION)
def test_an_option_given_again_is_collected_or_refused(words, option, capsys):
    """None drops the first without a word."""
    parser = commands()[words]
    (action,) = (one for one in parser._actions if option in one.option_strings)
    needed = ["s" for one in parser._actions if one.required and not one.option_strings]
    if option != "--store" and parser._option_string_actions.get("--store", action).required:
        needed += ["--store", "s"]
    value = ["3", "4"] if action.type is int else ["a=1", "b=2"]
    line = [*words, *needed, option, value[0], option, value[1]]
    if action.nargs == "+":
        assert getattr(cli._parser().parse_args(line), action.dest) == value
        return
    assert action.nargs is None
    with pytest.raises(SystemExit) as ended:
        cli.main(line)
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert f"argument {option}: given twice" in said
    assert "give it once" in said


def test_an_option_before_a_command_and_behind_it_is_given_twice(capsys):
    with pytest.raises(SystemExit):
        cli.main(["--output", "a", "run", "--output", "b"])
    assert "argument --output: given twice, as 'a' and 'b'" in capsys.readouterr().err


def test_values_of_a_claim_and_of_a_picture_add_up(monkeypatch, capsys):
    asked = {}
    monkeypatch.setattr(cli, "claims", lambda number, **how: asked.update(how) or "found")
    assert cli.main(["claims", "25c", "--at", "sigma=4,5", "--at", "mu=0.3"]) == 0
    assert asked["at"] == {"sigma": [4.0, 5.0], "mu": 0.3}
    assert cli.main(["claims", "25c", "--at", "sigma=4", "--at", "sigma=5"]) == 2
    assert (
        "--at must be one value of each name; got 'sigma=4 and sigma=5'" in capsys.readouterr().err
    )


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Return a store of a sweep over three parameters, its numbers made up."""
    path = tmp_path_factory.mktemp("typed") / "runs.zarr"
    economy = nege.CorePeriphery(nege.geography.equidistant(2), sigma=5, mu=0.4, trade_cost=1.5)
    share = xr.DataArray(np.full(2, 0.5), dims="region", coords={"region": ["0", "1"]})
    over = {"trade_cost": [1.5, 1.6], "sigma": [4.0, 5.0], "mu": [0.3, 0.4]}
    nege.sweep(economy, over, share=share, store=path, keep=["wage"])
    return str(path)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (["plot", "STORE"], "Choose with --at, e.g. --at mu=0.3."),
        (["plot", "STORE", "--at", "region=9"], "--at region must be a known name"),
        (["plot", "STORE", "--at", "regoin=0"], "--at must be"),
        (["plot", "STORE", "--variable", "wages"], "--variable must be"),
        (["plot", "STORE", "--against", "taste"], "--against must be"),
        (["claims", "--at", "sigma=6"], "one claim, python -m nege claims 8b --at NAME=VALUE."),
        (["claims", "99"], "NUMBER must be a known name"),
        (["claims", "8b", "--at", "sigma=4,5", "--draws", "3"], "left out where --at has lists"),
        (["claims", "8b", "--draws", "0"], "--draws must be"),
        (["claims", "8b", "--prior", "far"], "--prior must be"),
        (["claims", "8b", "--seed", "-1"], "--seed must be"),
        (["claims", "8b", "--processes", "0"], "--processes must be"),
        (["explore", "--port", "99999"], "--port must be"),
        (["warm-up", "Krugman"], "MODEL must be"),
        (["run", "--output", "\0"], "--output must be"),
    ],
)
def test_an_error_speaks_of_what_is_typed(line, said, store, capsys):
    line = [store if word == "STORE" else word for word in line]
    if line[0] == "plot":
        line[2:2] = [] if "--variable" in line else ["--variable", "wage"]
    assert cli.main(line) == 2
    told = capsys.readouterr().err
    assert said in told
    assert not typed.CHOICE.search(told)


def test_what_python_says_to_write_is_said_as_it_is_typed():
    options = commands()["sweep",].typed | commands()["plot",].typed | commands()["claims",].typed
    for said, wanted in {
        'Choose with at={"region": "0", "sigma": 5.0}.': "Choose with --at region=0 sigma=5.0.",
        "Choose with at=, e.g. at={'city': 'New York'}.": (
            "Choose with --at, e.g. --at city='New York'."
        ),
        'Choose with at={"sigma": ...}, or draw a heatmap.': "Choose with --at sigma=....",
        'nege.claims("31a", at={"sigma": 6.0}); x': "python -m nege claims 31a --at sigma=6.0; x",
        "asked; .parameters lists the names": "asked; --parameters lists the names",
        "nege.claims() has them all.": "python -m nege claims has them all.",
        "overwrite=True replaces it": "--overwrite replaces it",
        "fewer (unit=...), or processes=1.": "fewer (--unit ...), or --processes 1.",
        "nege.sweep(processes=...) is called": "nege.sweep(processes=...) is called",
        "Run with another rng=... now": "Run with another --seed ... now",
        "None where `at` has lists": "None where --at has lists",
    }.items():
        assert typed.as_typed(said, options) == wanted


def test_an_error_about_a_key_of_a_file_stays_as_it_is():
    error = nege.InputError("my.toml: [sweep] unit", 1, "left out", "Say unit=... there.")
    assert typed.error_as_typed(error, {"unit": "--unit"}) == str(error)


def test_what_only_python_can_try_is_said_to_be_of_python():
    assert typed.remedy("Raise SolverOptions(limit_steps=9).").startswith("In Python: Raise")
    assert typed.remedy("Run the sweep again.") == "Run the sweep again."
