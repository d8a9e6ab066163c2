"""What somebody new to nege stumbles over is answered with the way on."""

import copy
import inspect
import pickle
import random
from dataclasses import FrozenInstanceError
from string import ascii_lowercase

import matplotlib
import numpy as np
import pytest

import nege
from nege import errors, memory, testing
from nege.command import economy_file
from nege.laboratory.registry import registry
from nege.models.base import Model

pytestmark = pytest.mark.faults

matplotlib.use("Agg")

TWO = nege.geography.equidistant(2)
ECONOMY = nege.CorePeriphery(TWO, sigma=5, mu=0.4, trade_cost=2)
INDUSTRIES = nege.OnlineAgglomeration()
THREE = 3.0


def test_a_status_is_printed_as_a_word_and_compared_as_a_number():
    assert [str(one) for one in nege.Status] == [one.name for one in nege.Status]
    assert f"{nege.Status.LIMIT}" == "LIMIT"
    assert nege.Status(1) == 1


def test_a_variable_looked_for_in_the_equilibrium_itself_is_found_for_the_reader():
    found = nege.short_run(ECONOMY, [0.5, 0.5])
    for one in (found, copy.copy(found), copy.deepcopy(found), pickle.loads(pickle.dumps(found))):
        with pytest.raises(AttributeError, match=r"attribute 'wage': \.data\.wage has it"):
            _ = one.wage
        with pytest.raises(AttributeError, match=r"attribute 'wages': did you mean \.data\.wage\?"):
            _ = one.wages
    assert not hasattr(found, "share")


def results():
    """Return what readers have in hand, by a word for it."""
    half = [0.5, 0.5]
    before = nege.short_run(ECONOMY, half)
    freer = nege.short_run(ECONOMY.replace(trade_cost=1.9), half)
    return {
        "model": ECONOMY,
        "industries": INDUSTRIES.with_mechanisms(nege.mechanisms.Tax("vat", 0.1)),
        "equilibrium": before,
        "picture": before.plot,
        "comparison": nege.compare(before, freer),
        "data": before.data.nege,
        "drawn": before.data.nege.plot,
        "threshold": nege.break_points(ECONOMY, "trade_cost", (1.2, 2))[0],
        "stability": nege.stability(before),
        "claim": registry()["1a"],
        "thresholds": nege.break_points(ECONOMY, "trade_cost", (1.2, 2)),
        "geography": TWO,
        "claims": nege.claims(),
    }


#: Whose attribute is looked for in vain, which, and what is said of it.
LOOKED_FOR = [
    ("model", "solve", "a CorePeriphery has no attribute 'solve': nege.solve(model) does that"),
    ("model", "with_mechanisms", "belong to nege.OnlineAgglomeration(geography, mechanisms=[...])"),
    ("model", "share", "it is solved for: nege.solve(model).data.share"),
    ("model", "plot", "nege.solve(model).plot draws a solution"),
    ("model", "equilibria", "nege.equilibria(model) does that"),
    ("model", "optimize", "nege.policy.optimise(model, {parameter: (low, high)}) does that"),
    ("model", "trade_costs", "did you mean 'trade_cost'?"),
    ("model", "copy", ".replace(parameter=value) returns another"),
    ("industries", "vat", ".mechanisms['vat'] is it, and .with_mechanisms(nege.mechanisms.Tax("),
    ("equilibrium", "sigma", ".model.sigma has it"),
    ("equilibrium", "replace", "nege.solve(result.model.replace(...))"),
    ("equilibrium", "compare", "nege.compare(before, after), of two equilibria, does that"),
    ("picture", "wage", ".plot.map('wage') draws it"),
    ("picture", "heatmap", "sweeps and paths have that, ds.nege.plot"),
    ("comparison", "gain", ".data.gain has it"),
    ("data", "plots", "did you mean 'plot'?"),
    ("thresholds", "plot", "nege.bifurcation(model, parameter, (low, high)).plot() draws them"),
    ("threshold", "plot", "nege.bifurcation(model, parameter, (low, high)).plot() draws it"),
    ("stability", "plot", "nege.bifurcation(model, parameter, (low, high)).plot() draws what is"),
    ("claim", "plot", 'nege.claims("1a", at={"trade_cost": [1.3, 1.6, 1.9]}).plot() draws one'),
    ("picture", "optimise", "nege.policy.optimise(model, {parameter: (low, high)}).plot() draws"),
    ("picture", "sweep", "nege.sweep(model, {parameter: values}).nege.plot has its pictures"),
    ("drawn", "optimise", "nege.policy.optimise(model, {parameter: (low, high)}).plot() draws"),
    ("geography", "plot", "nege.solve(model).plot.map(variable)"),
    ("claims", "plot", "there is no picture of it; .to_dataframe() has its numbers"),
]


def test_what_is_looked_for_in_the_wrong_place_is_said_where():
    have = results()
    for whose, name, said in LOOKED_FOR:
        with pytest.raises(AttributeError) as caught:
            getattr(have[whose], name)
        assert said in str(caught.value), (whose, name, str(caught.value))
        assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
    for one in have.values():
        assert not hasattr(one, "nothing_like_it")
        assert not hasattr(one, "_repr_latex_")
        with pytest.raises(AttributeError, match="has no attribute 'nothing_like_it'"):
            _ = one.nothing_like_it


def test_what_a_property_raises_itself_is_not_hidden():
    class Broken(type(ECONOMY)):
        title = "broken for a test"
        label_of = property(lambda self: {}.nothing)

    with pytest.raises(AttributeError, match="'dict' object has no attribute 'nothing'"):
        _ = Broken(TWO, sigma=5, mu=0.4, trade_cost=2).label_of


def test_a_counterfactual_has_a_map_of_each_change():
    """It is over one point: a ratio is the change, and what varies is refused with the map."""
    model = nege.Helpman(nege.geography.line(3), sigma=4, mu=0.7, trade_cost=1.5)
    before = nege.solve(model)
    found = nege.counterfactual(before, trade_cost_change=0.9)
    ax = found.nege.plot.map("rent_change", model.geography)
    drawn = next(one for one in ax.collections if one.get_gid() == "places")
    percent = 100.0 * (found.rent_change.values - 1.0)
    np.testing.assert_array_equal(drawn.get_array(), percent)
    low, high = drawn.get_clim()
    assert low == -high == -np.abs(percent).max()
    assert ax.figure.axes[-1].get_ylabel() == "change of rent of a unit of housing (%)"
    assert found.nege.plot.map("share", model.geography).figure.axes[-1].get_ylabel() == (
        "share of people after the change"
    )
    assert before.data.nege.plot.map("wage", model.geography).collections
    for refused, said in (
        (lambda plot: plot.panels(), r"\.nege\.plot\.map\(variable, geography\) draws 'share'"),
        (lambda plot: plot.heatmap("wage_change"), "nege.sweep and nege.follow make them"),
        (lambda plot: plot.map("wage", model.geography), "Did you mean 'wage_change'"),
        (lambda plot: plot.map("wage_change", model.geography, change_from=before), "already"),
        (lambda plot: plot.map("share", model.geography, change_from=before), "share_change"),
    ):
        with pytest.raises(nege.InputError, match=said):
            refused(found.nege.plot)
    for plot in (found.nege.plot, before.data.nege.plot):
        with pytest.raises(TypeError, match=r"Pictures have names: there is \.plot\.map"):
            plot()


@pytest.mark.parametrize("model", [ECONOMY, INDUSTRIES], ids=lambda model: type(model).__name__)
@pytest.mark.parametrize("name", ["sigma", "commission", "anything"])
def test_who_assigns_to_a_model_is_told_of_replace(model, name):
    with pytest.raises(FrozenInstanceError, match=rf"never changes; \.replace\({name}=...\)"):
        setattr(model, name, THREE)
    assert vars(model).get(name) is not THREE


def test_a_public_name_written_otherwise_can_be_suggested():
    with pytest.raises(AttributeError) as caught:
        _ = nege.corePeriphery
    assert (caught.value.name, caught.value.obj) == ("corePeriphery", nege)


@pytest.mark.parametrize(
    ("call", "cure"),
    [
        (lambda: ECONOMY.replace(sigma="5"), "It is text: a number is written 5, without quotes."),
        (lambda: ECONOMY.replace(sigma="five"), "With sigma <= 1"),
        (lambda: ECONOMY.replace(sigma=True), "True and False are no numbers"),
        (lambda: ECONOMY.replace(sigma=[5, 4]), "Its shape is (2,). With sigma <= 1"),
        (lambda: nege.solve(ECONOMY, [True, False]), "True and False are no numbers"),
        (
            lambda: INDUSTRIES.replace({"digital_cost.service": 1.1}),
            "Did you mean 'digital_cost.services'",
        ),
        (
            lambda: nege.sweep(INDUSTRIES, {"digital_cost.service": [1.1]}),
            "Did you mean 'digital_cost.services'",
        ),
        (
            lambda: nege.sweep(INDUSTRIES, {"commission": [0.1]}, share=[0.25] * 4),
            "nege.short_run(economy, found.data)",
        ),
        (
            lambda: nege.geography.equidistant(2, names=["north", "south"]),
            "nege.geography.from_distance(nege.geography.equidistant(...).distance.values, names=",
        ),
        (
            lambda: INDUSTRIES.replace(nege.scenarios.stylised_turn()),
            "It is over step, too: take one of them, .sel(step=...).",
        ),
    ],
)
def test_a_refusal_has_a_cure_that_fits(call, cure):
    with pytest.raises(nege.InputError) as caught:
        call()
    assert cure in caught.value.cure


def test_what_cannot_be_drawn_of_regimes_and_patterns_says_what_can():
    regimes = nege.regimes(ECONOMY, {"trade_cost": [1.5, 2.0], "mu": [0.2, 0.9]}).nege.plot
    patterns = nege.patterns(nege.solve(INDUSTRIES).data).nege.plot
    for call, said in (
        (lambda: regimes.heatmap("regime"), r"\.nege\.plot\.regimes\(\) draws regimes"),
        (lambda: regimes.panels(), "variables must be the names of some.*Known: stable and status"),
        (lambda: regimes.map("share", TWO), "ds must be of something over places"),
        (lambda: patterns.map("places", INDUSTRIES.geography), "at={'industry': 'manufacturing'}"),
    ):
        with pytest.raises(nege.InputError, match=said):
            call()


TAXED = INDUSTRIES.with_mechanisms(nege.mechanisms.Tax("vat", 0.1))
NO_TAX = "mechanisms=[nege.mechanisms.Tax('vat', 0.0)]), of which vat.rate is one."


@pytest.mark.parametrize(
    ("call", "cure"),
    [
        (lambda: nege.policy.optimise(ECONOMY, {"vat.rate": (0, 0.3)}), NO_TAX),
        (lambda: ECONOMY.replace({"vat.rate": 0.1}), NO_TAX),
        (lambda: nege.sweep(ECONOMY, {"vat.rate": [0.1]}), NO_TAX),
        (
            lambda: nege.policy.optimise(INDUSTRIES, {"vat.rate": (0, 0.3)}),
            "economy.with_mechanisms(nege.mechanisms.Tax('vat', 0.0)) adds it",
        ),
        (lambda: INDUSTRIES.replace({"carbon_tax.rate": 0.1}), "Tax('carbon_tax', 0.0)) adds it"),
        (lambda: TAXED.replace({"levy.rate": 0.1}), "nege.mechanisms.Tax('levy', 0.0)) adds it"),
        (
            lambda: nege.sweep(TAXED, {"tariff.rate": [0.0, 0.1]}),
            "Tariff('tariff', 0.0)) adds it, with its rate tariff.rate. It needs a border",
        ),
        (
            lambda: nege.policy.nash(TAXED, {"a": "dst.rate", "b": "vat.rate"}),
            "nege.mechanisms.DigitalServicesTax('dst', 0.0)) adds it",
        ),
        (lambda: TAXED.replace({"vta.rate": 0.1}), "Did you mean 'vat.rate'"),
        (lambda: TAXED.replace({"vat.rates": 0.1}), "Did you mean 'vat.rate'"),
        (lambda: TAXED.replace({"comission": 0.1}), "Did you mean 'commission'"),
    ],
)
def test_a_tax_that_there_is_not_is_said_how_to_add(call, cure):
    with pytest.raises(nege.InputError, match="one of the model's") as caught:
        call()
    assert cure in caught.value.cure


MEANT = r"{} is more than 1, .* 10 % is written 0\.10"


@pytest.mark.parametrize("kind", [nege.mechanisms.Tax, nege.mechanisms.Tariff])
@pytest.mark.parametrize("rate", [10, 1.5, {"north": 0.1, "south": 20}, [0.1, 5.0]])
def test_per_cent_for_a_rate_are_heard(kind, rate):
    """On top of a price there may be anything, so it is a warning; it points at who wrote it."""
    with pytest.warns(RuntimeWarning, match=MEANT.format(r"vat\.rate")) as heard:
        kind("vat", rate)
    assert [one.filename for one in heard] == [__file__]
    for fine in (1.0, 0.0, -0.5, {"north": 0.1}, "column"):
        kind("vat", fine)


def test_per_cent_are_heard_wherever_a_rate_is_given():
    with pytest.warns(RuntimeWarning, match=MEANT.format(r"vat\.rate")) as heard:
        TAXED.replace({"vat.rate": 7})
    assert heard[0].filename == __file__
    with (
        pytest.warns(RuntimeWarning, match=MEANT.format(r"vat\.rate")) as heard,
        pytest.raises(nege.InputError, match="objective"),
    ):
        nege.policy.optimise(TAXED, {"vat.rate": (0.0, 20.0)}, "nothing")
    assert heard[0].filename == __file__


@pytest.mark.parametrize(
    ("call", "cure"),
    [
        (lambda: nege.OnlineAgglomeration(commission=5), "0.05 for 5 %"),
        (lambda: nege.OnlineRegion(trade_cost=1.1, commission=5), "0.05 for five per cent"),
        (
            lambda: INDUSTRIES.with_mechanisms(nege.mechanisms.DigitalServicesTax("d", 3)),
            "0.03 for 3 %",
        ),
        (
            lambda: INDUSTRIES.with_mechanisms(
                nege.mechanisms.Tax("t", 0.1, leak={"online": 30.0})
            ),
            "0.3 for 30 %",
        ),
        (
            lambda: INDUSTRIES.with_mechanisms(nege.mechanisms.Tax("t", -1.0)),
            "leaves nothing to pay",
        ),
    ],
)
def test_per_cent_of_a_part_are_refused(call, cure):
    """Nobody keeps more than all of a price, and no subsidy pays it."""
    with pytest.raises(nege.InputError) as caught:
        call()
    assert cure in caught.value.cure


def test_names_that_are_hardly_alike_are_no_hint():
    assert errors.near("processes", ["parameters", "random"]) == "Known: parameters, random."
    assert errors.meant("processes", ["progress"]) == []
    assert errors.meant("fixed_cost", ["trade_cost"]) == []
    assert errors.meant("parametres", ["parameters"]) == ["parameters"]
    assert errors.meant("weight", ["sigma", "home_weight"]) == ["home_weight"]
    assert errors.meant("prod", ["productivity"]) == ["productivity"]


def every_name():
    """Return what may be written instead of each other: arguments, keys and names, by whose."""
    kinds = {**Model.kinds(), **nege.mechanisms.Mechanism.kinds()}
    kinds = {name: kind for name, kind in kinds.items() if kind.__module__.startswith("nege.")}
    found = {name: [*kind.fields] for name, kind in kinds.items()}
    called = (nege.solve, nege.sweep, nege.bifurcation, nege.calibrate, nege.data_report)
    for one in (*called, nege.SolverOptions, nege.OnlineRegion, nege.Logit):
        found[one.__name__] = [*inspect.signature(one).parameters]
    found |= {"public names": nege.__all__, "kinds": [*kinds]}
    return found | {f"[{key}]": [*keys] for key, keys in economy_file.TABLE_KEYS.items() if keys}


EVERY_NAME = every_name()


def test_each_name_of_the_library_is_found_with_letters_swapped_missing_or_doubled():
    rng = random.Random(0)
    for known in EVERY_NAME.values():
        for name in (one for one in known if len(one) > 2):
            at = rng.choice([i for i in range(len(name) - 1) if name[i] != name[i + 1]])
            a, b = name[:at], name[at + 2 :]
            two, drop = name[at : at + 2], rng.randrange(1, len(name))
            for wrong in (
                f"{a}{two[::-1]}{b}",
                f"{a}{two[0]}{two}{b}",
                name[:drop] + name[drop + 1 :],
                name.upper(),
            ):
                first = next(iter(errors.meant(wrong, known)), "none")
                same = errors.slips(wrong.casefold(), first.casefold()) <= 1
                assert first == name or same, (wrong, name, first)


def test_two_slips_are_heard_in_long_names_and_words_that_are_none_in_no_name():
    rng = random.Random(0)
    hints = 0
    for known in EVERY_NAME.values():
        for _ in range(6):
            hints += bool(errors.meant("".join(rng.choices(ascii_lowercase, k=6)), known))
    assert hints == 0
    for wrong, known, name in (
        ("tua", ["sigma", "trade_cost"], "trade_cost"),
        ("sgima", ["mu", "sigma"], "sigma"),
        ("mue", ["sigma", "mu"], "mu"),
        ("prodcutivtiy", ["productivity_spillover", "productivity"], "productivity"),
        ("cost_trade", ["sigma", "trade_cost"], "trade_cost"),
        ("online_cost", ["trade_cost", "online_trade_cost"], "online_trade_cost"),
        ("lnd", ["land_share", "land"], "land"),
    ):
        assert errors.meant(wrong, known)[0] == name
    for word in ("house", "river", "street", "winter", "banana", "window", "garden", "mx"):
        assert errors.meant(word, ["mu", "sigma", "start", "scale", "trade_cost", "land"]) == []


@pytest.mark.parametrize(("kind", "textbook"), [("numbered", True), ("named", False)])
def test_the_first_of_places_that_somebody_knows_is_no_better_by_default(kind, textbook):
    table = TWO.distance.values
    names = {"numbered": None, "named": ["Berlin", "Hof"]}[kind]
    economy = nege.OnlineAgglomeration(nege.geography.from_distance(table, names=names))
    assert economy.productivity[:, 0].values.tolist() == ([1.05, 1.25] if textbook else [1.0, 1.0])
    assert (economy.productivity[:, 1] == 1.0).all()
    peopled = nege.geography.from_distance(table, population=[3, 1])
    assert (nege.OnlineAgglomeration(peopled).productivity == 1.0).all()


def test_one_step_of_a_path_is_a_change():
    path = nege.scenarios.stylised_turn()
    one = INDUSTRIES.replace(path.sel(step=9))
    assert one.digital_cost.equals(path.digital_cost.sel(step=9, drop=True))


def test_memory_is_told_in_digits():
    with pytest.raises(nege.InputError, match="it needs 40,000 GB, and"):
        memory.check("n", 1, 40_000 * 10**9, "for this", "Less.")


def test_one_is_told_in_the_singular():
    assert errors.counted(1, "step") == "1 step"
    assert errors.counted(2, "economy", "economies") == "2 economies"
    for regions, said in (((2,), "1 economy of 2 regions"), ((2, 5), "2 economies of 2 to 5 reg")):
        assert said in repr(testing.Checked(nege.CorePeriphery, (), regions, 0))
