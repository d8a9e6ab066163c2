"""A model says once what its fields are; constructor, help, files and TOML come of it."""

import inspect
import pickle
import re
from typing import ClassVar

import numpy as np
import pytest
import xarray as xr

import nege
from nege.command import economy_file
from nege.models import fields
from nege.models.base import Model
from nege.models.fields import REQUIRED
from nege.validation import Bounds

pytestmark = pytest.mark.faults

TWO = nege.geography.equidistant(2)
NEEDED = {
    nege.CorePeriphery: {"sigma": 5.0, "mu": 0.4, "trade_cost": 1.7},
    nege.FootlooseCapital: {"sigma": 5.0, "mu": 0.4, "trade_cost": 1.7},
    nege.FootlooseEntrepreneur: {"sigma": 5.0, "mu": 0.4, "trade_cost": 1.7},
    nege.QuasiLinear: {"sigma": 5.0, "alpha": 0.4, "unskilled_ratio": 5.0, "trade_cost": 1.7},
    nege.LinearDemand: {
        **{"a": 1.0, "b": 1.0, "c": 1.0, "phi": 1.0},
        **{"total_farmers": 10.0, "total_skilled": 1.0, "trade_cost": 0.3},
    },
    nege.VerticalLinkages: {"sigma": 5.0, "mu": 0.4, "inputs": 0.4, "trade_cost": 1.5},
    nege.Helpman: {"sigma": 4.0, "mu": 0.7, "trade_cost": 1.5},
    nege.Commuting: {
        **{"sigma": 4.0, "mu": 0.7, "taste": 4.6, "trade_cost": 1.5, "commuting_cost": 2.0}
    },
    nege.AllenArkolakis: {
        **{"sigma": 5.0, "trade_cost": 1.3},
        **{"productivity_spillover": 0.1, "amenity_spillover": -0.3},
    },
    nege.OnlineAgglomeration: {},
}
OWN = [kind for kind in Model.kinds().values() if kind.__module__.startswith("nege.")]
EVERY = [(kind, name) for kind in OWN for name in kind.fields]
SHOWN = [(kind, n) for kind, n in EVERY if kind.fields[n].default not in (REQUIRED, None)]
each = pytest.mark.parametrize("kind", OWN, ids=lambda kind: kind.__name__)


def of_kind(found):
    names = {"argnames": ("kind", "name"), "argvalues": found}
    return pytest.mark.parametrize(**names, ids=[f"{kind.__name__}-{name}" for kind, name in found])


def entry(kind, name):
    """The entry of a field in the help of its model, in one line."""
    section = inspect.getdoc(kind).split("Parameters\n----------\n")[1].split("\n\nRaises\n")[0]
    entries = re.split(r"\n(?! )", section)
    (found,) = [text for text in entries if text.startswith(f"{name} : ")]
    return " ".join(found.split())


@each
def test_the_signature_lists_the_fields_in_order_with_their_defaults(kind):
    shown = list(inspect.signature(kind).parameters.values())
    assert [p.name for p in shown] == list(kind.fields)
    assert [p.default for p in shown] == [field.default for field in kind.fields.values()]
    assert [p.name for p in shown if p.kind is not p.KEYWORD_ONLY] == ["geography"]


@of_kind(EVERY)
def test_help_says_of_each_field_what_it_is_over_what_within_what_and_in_which_unit(kind, name):
    field, said = kind.fields[name], entry(kind, name)
    assert field.words[1:] in said
    assert f"[{field.unit}]" in said or name in (
        *("geography", "online", "industries", "mechanisms"),
        *("labour", "rents", "mobility"),  # words
    )
    assert field.bounds.words("").strip() in said
    for dim in field.dims:
        assert dim in said
    if field.default is None:
        assert ", optional" in said
    elif field.default is not REQUIRED:
        assert f"default {field.default!r}" in said


@of_kind(SHOWN)
def test_the_default_that_is_shown_is_the_one_that_is_used(kind, name):
    left_out = kind(TWO, **NEEDED[kind])
    given = kind(TWO, **NEEDED[kind], **{name: kind.fields[name].default})
    xr.testing.assert_identical(left_out.to_dataset(), given.to_dataset())
    held = getattr(left_out, name)
    if not isinstance(held, xr.DataArray):
        assert held == kind.fields[name].default


@each
def test_a_file_has_every_field_and_the_economy_comes_back(kind):
    economy = kind(TWO, **NEEDED[kind])
    stored = economy.to_dataset()
    for name in kind.fields:
        kept = f"parameter_{name}" in {**stored.data_vars, **stored.attrs}
        assert kept or name == "geography" or getattr(economy, name) in (None, {})
    xr.testing.assert_identical(Model.from_dataset(stored).to_dataset(), stored)
    again = pickle.loads(pickle.dumps(economy))
    xr.testing.assert_identical(again.to_dataset(), stored)


@each
def test_toml_takes_exactly_the_fields(kind):
    economy = kind(TWO, **NEEDED[kind])
    table = {"kind": kind.title}
    for name in kind.fields:
        value = getattr(economy, name)
        if name not in economy_file.ARGUMENTS_WITH_OWN_TABLE and value is not None:
            table[name] = value.values.tolist() if isinstance(value, xr.DataArray) else value
    made = economy_file.make_model(kind, table, TWO, None)
    xr.testing.assert_identical(made.to_dataset(), economy.to_dataset())
    for name in kind.fields:
        with pytest.raises(nege.InputError, match=r"\[model\] key") as caught:
            economy_file.model_class({**table, f"{name}_": 1.0})
        assert caught.value.value == f"{name}_"
    for name in NEEDED[kind]:
        left = {key: value for key, value in table.items() if key != name}
        with pytest.raises(nege.InputError, match=rf"\[model\] {name} must be given"):
            economy_file.make_model(kind, left, TWO, None)


@each
def test_numbers_are_checked_by_the_bounds_that_help_shows(kind):
    economy = kind(TWO, **NEEDED[kind])
    for name in economy.scalars():
        for call in (economy.replace, lambda kind=kind, **more: kind(TWO, **NEEDED[kind] | more)):
            with pytest.raises(nege.InputError) as caught:
                call(**{name: np.nan})
            assert caught.value.argument == name
            assert caught.value.allowed == kind.bounds[name].words("a finite number")
            assert caught.value.cure == kind.bounds[name].cure


@each
def test_no_model_says_any_of_it_by_hand(kind):
    """Neither a constructor nor tables of its own: there is one way to declare a field."""
    source = inspect.getsource(kind)
    for name in ("def __init__", "parameters: ", "labelled: ", "bounds: ", "Parameters\n"):
        assert f"\n    {name}" not in source


def test_type_checkers_know_every_way_to_declare_a_field_that_is_needed():
    about = fields.Declared.__dataclass_transform__
    assert about["kw_only_default"]
    makers = {maker.__name__ for maker in about["field_specifiers"]}
    for kind in OWN:
        source = inspect.getsource(kind)
        for name in NEEDED[kind]:
            maker = source.split(f"    {name}: ")[1].split("= fields.")[1].split("(")[0]
            assert maker in makers


@pytest.fixture
def toy(monkeypatch):
    """Return a model in ten lines."""
    monkeypatch.setattr(Model, "_known", dict(Model._known))

    class Toy(Model):
        """An economy that does nothing."""

        title: ClassVar[str] = "toy"
        sigma: float = fields.sigma()
        speed: float = fields.number("how fast it is", Bounds(at_least=0.0), unit="km/h", default=2)
        trade_cost: fields.Labelled = fields.trade_cost()
        farmers: fields.Labelled = fields.shares("share of farmers", default=None)
        mood: str = fields.word("how it feels", ("good", "bad"), default="good")
        online: nege.OnlineRegion | None = fields.online(default=None)

    return Toy


def test_a_model_in_ten_lines_has_all_of_it(toy):
    economy = toy(TWO, sigma=5, trade_cost=2)
    assert repr(economy) == "Toy(2 places, sigma=5, speed=2, trade_cost=2)"
    assert economy.farmers.values.tolist() == [0.5, 0.5]
    assert economy.varied() == ("sigma", "speed", "trade_cost")
    assert toy.labelled == ("trade_cost", "farmers")
    moved = economy.replace(speed=3, online=nege.OnlineRegion(trade_cost=1.5))
    assert moved.speed == 3.0
    assert moved.replace(online_trade_cost=1.2).online.trade_cost == 1.2
    xr.testing.assert_identical(
        Model.from_dataset(moved.to_dataset()).to_dataset(), moved.to_dataset()
    )
    assert "speed : float at least 0, default 2 [km/h]\n    How fast it is." in toy.__doc__
    assert str(inspect.signature(toy)).startswith("(geography: 'Geography', *, sigma: 'float', ")
    np.testing.assert_array_equal(economy.accepts({"speed": np.array([-1.0, 1.0])}), [False, True])


@pytest.mark.parametrize(
    ("wrong", "argument", "words"),
    [
        ({"sgima": 5}, "parameter", "'sigma' by 'sgima'"),
        ({"speed": -1}, "speed", "at least 0"),
        ({"mood": "god"}, "mood", "'good'"),
        ({"farmers": [0.5, 0.6]}, "farmers", "sum to one"),
        ({"online": 3}, "online", "OnlineRegion"),
        ({"online": nege.OnlineRegion(trade_cost=0.5)}, "online_trade_cost", "at least 1"),
        ({"online": nege.OnlineRegion(trade_cost=2, name="0")}, "geography", "another name"),
        ({"geography": 3}, "geography", "equidistant(2)"),
    ],
)
def test_a_model_in_ten_lines_refuses_bad_input(toy, wrong, argument, words):
    given = {"geography": TWO, "sigma": 5, "trade_cost": 2} | wrong
    if "sgima" in wrong:
        del given["sigma"]
        words = "'sigma'"
    with pytest.raises(nege.InputError) as caught:
        toy(**given)
    assert caught.value.argument == argument
    assert words in str(caught.value)


def test_one_declaration_may_serve_two_models_and_a_subclass_may_narrow_it(toy):
    rate = fields.number("speed", Bounds(at_least=1.0), unit="km/h", default=3.0)

    class Slow(toy):
        pace: float = rate

    class Fast(toy):
        speed: float = rate

    slow, fast = (kind(TWO, sigma=5, trade_cost=2) for kind in (Slow, Fast))
    assert (slow.speed, slow.pace, fast.speed) == (2.0, 3.0, 3.0)
    assert list(Fast.fields) == list(toy.fields)
    assert list(Slow.fields) == [*toy.fields, "pace"]
    for kind, name in ((Slow, "pace"), (Fast, "speed")):
        with pytest.raises(nege.InputError, match=f"{name} must be .* at least 1"):
            kind(TWO, sigma=5, trade_cost=2, **{name: 0.5})


def test_a_constructor_by_hand_is_asked_about_every_number(toy):
    class Wary(toy):
        pace: float = fields.number("pace", Bounds(at_least=0.0), default=1.0)

        def __init__(self, geography, *, pace=1.0, **more):
            if pace > 5.0:
                raise nege.InputError("pace", pace, "at most 5")
            super().__init__(geography, **more)
            object.__setattr__(self, "pace", pace)

    with pytest.raises(nege.InputError, match="at most 5"):
        Wary(TWO, sigma=5, trade_cost=2).replace(pace=6.0)
