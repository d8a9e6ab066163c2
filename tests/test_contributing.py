"""The worked example of CONTRIBUTING.md: a model of one file that does what it says."""

import dataclasses
import functools
import os
import pathlib
import re
import sys
import types

import fresh
import numpy as np
import pytest
import xarray as xr

import nege
from nege.laboratory import prior, running

pytestmark = pytest.mark.family

ROOT = pathlib.Path(__file__).parents[1]
BLOCKS = re.findall(
    r"```python\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), re.DOTALL
)
CHECKS = """
import numpy as np

places = nege.geography.line(3)
three = ConstructedCapital(
    places, sigma=4, mu=0.5, discount=0.1, depreciation=0.05, trade_cost=1.3, labour=[0.5, 0.2, 0.3]
)
found = nege.short_run(three, [0.2, 0.5, 0.3])
nege.testing.assert_equilibrium(found)
np.testing.assert_allclose((found.data.share * found.data.reward).sum(), 0.5 / 4)
for name in three.parameters:  # a parameter's slope against a difference
    step, slope = 1e-6, np.empty(3)
    share = np.array([0.2, 0.5, 0.3])
    value, state = getattr(three, name), np.log(found.data.reward.values)
    assert derivatives.payoff_slope(three.arrays, three.direction(name), share, state, slope)
    ends = [
        np.log(nege.short_run(three.replace({name: value + way * step}), share).data.reward.values)
        for way in (-1, 1)
    ]
    np.testing.assert_allclose(slope, (ends[1] - ends[0]) / (2 * step), atol=1e-8)
try:
    three.replace(online=nege.OnlineRegion(trade_cost=1.1))
except nege.InputError as error:
    print(error)
nege.testing.check_model(ConstructedCapital)
"""


def test_a_model_in_one_file_is_solved_and_drawn_and_breaks_where_its_theory_says(tmp_path):
    model, use = BLOCKS[:2]
    (tmp_path / "constructed_capital.py").write_text(model)
    said = fresh.run(f"from nege.kernels import derivatives\n{use}\n{CHECKS}", tmp_path)
    assert "online" in said


OWN_TOML = """
[geography]
kind = "equidistant"
n = 2
[model]
kind = "crowded_core.py:CrowdedCore"
sigma = 5
mu = 0.4
crowding = 0.05
trade_cost = 1.7
"""

CROWDED_CHECKS = """
from nege.command import economy_file

model = economy_file.read_economy("crowd.toml").model
assert type(model) is CrowdedCore
text = open("crowd.toml").read()
for wrong in ("crowded_core.py:Other", "math.py:My", "other.py:My", "broken.py:My", "Mine"):
    with open("wrong.toml", "w") as file:
        file.write(text.replace("crowded_core.py:CrowdedCore", wrong))
    try:
        economy_file.read_economy("wrong.toml")
    except nege.InputError as error:
        print(error)

class Less(CrowdedCore):
    variables = {**CrowdedCore.variables, "rent": CrowdedCore.variables["wage"]}

try:
    nege.short_run(Less(**{name: getattr(economy, name) for name in economy.fields}), [0.7, 0.3])
except TypeError as error:
    print(error)
"""


def test_a_model_whose_wages_are_iterated_is_solved_and_named_by_its_file(tmp_path):
    model, use = BLOCKS[2:4]
    (tmp_path / "crowded_core.py").write_text(model)
    (tmp_path / "crowd.toml").write_text(OWN_TOML)
    (tmp_path / "math.py").write_text("")
    (tmp_path / "broken.py").write_text("raise RuntimeError('not today')")
    few = "import nege\nnege.testing.DRAWS = 1\n"  # that all pass is shown by the other example
    said = fresh.run(f"{few}{use}\n{CROWDED_CHECKS}", tmp_path)
    for words in (
        "CrowdedCore keeps what it promises, in 1 economy",
        "the equations of its audit hold",
        "Models there: CrowdedCore.",
        "rename your file",
        "looked for beside the TOML file",
        "RuntimeError: not today",
        "an entry point nege.models",
        "'rent' of the variables of Less must be returned by its method outcome",
    ):
        assert words in said, words


def test_a_model_of_an_installed_package_is_known_to_files_and_the_command_line(tmp_path):
    (tmp_path / "constructed_capital.py").write_text(BLOCKS[0])
    (tmp_path / "broken.py").write_text("raise RuntimeError('not today')")
    about = tmp_path / "constructed_capital-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: constructed_capital\nVersion: 1.0\n"
    )
    (about / "entry_points.txt").write_text(
        "[nege.models]\n"
        "broken = broken:Model\n"
        "constructed-capital = constructed_capital:ConstructedCapital\n"
    )
    code = (
        "import logging; logging.basicConfig(format='%(message)s')\n"
        "from nege.models.base import Model\n"
        "print('constructed-capital' in Model.kinds(), 'core-periphery' in Model.kinds())"
    )
    done = fresh.attempt(code, tmp_path, PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}")
    assert done.stdout.split() == ["True", "True"], done.stderr
    assert "the model broken (broken:Model) cannot be loaded: not today" in done.stderr


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ('immobile: ClassVar[str] = "labour"', 'immobile: ClassVar[str] = "labor"', "got 'labor'"),
        ('    immobile: ClassVar[str] = "labour"\n', "", "does not say its immobile"),
        ('payoff: ClassVar[str] = "reward"', 'payoff: ClassVar[str] = "wage"', "got 'wage'"),
        ('"constructed-capital"', '"core-periphery"', "give ConstructedCapital another name"),
        ("payoff=_payoff,", "", "missing 1 required"),
        ("payoff=_payoff,", "payoff=len,", "payoff must be a function written in Python"),
        ("respond=_respond", "respond=_spending, pool=_payoff", r"pool .* must take \(p, r, share"),
        (
            '"reward": Var',
            '"wage": Variable((), "", ""), "reward": Var',
            "'wage' .* method outcome",
        ),
        ('"income": Variable(("region",),', '"income": (("region",),', r"must be a Variable\(dims"),
        ('"income": Variable(("region",),', '"income": Variable("region",', "over the dimensions"),
    ],
)
def test_a_class_that_cannot_work_says_so_when_it_is_made(right, wrong, said, monkeypatch):
    code = BLOCKS[0]
    assert right in code
    module = types.ModuleType("nege_test_of_a_class")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    wrong_code = f"{code.replace(right, wrong)}\nConstructedCapital.compiled()\n"
    with pytest.raises(TypeError, match=said):
        exec(wrong_code, vars(module))


TAX_CHECKS = """
import numpy as np

def step(number, **changes):
    path = nege.scenarios.stylised_turn()
    moved = {str(name): values.sel(step=number) for name, values in path.data_vars.items()}
    return nege.OnlineAgglomeration().replace({**moved, **changes})

# Golden numbers, by two methods apart from this one.
for number, revenue, welfare, city in [
    (6, (0.08238769, 0.02967296), 1.77872358, 0.49788292),
    (8, (0.05982154, 0.03859421), 1.83323993, 0.33969607),
]:
    taxed = nege.solve(step(number).with_mechanisms(DestinationTax("vat", rate=0.1)))
    nege.testing.assert_equilibrium(taxed)
    np.testing.assert_allclose(taxed.data["vat.revenue"][:2], revenue, atol=1e-7)
    np.testing.assert_allclose(taxed.data.welfare, welfare, atol=1e-7)
    np.testing.assert_allclose(taxed.data.population[0], city, atol=1e-7)
    assert nege.stability(taxed).stable
# Off is off, and two taxes chain: their order moves revenue between them, and nothing else.
off = nege.solve(economy.replace({"vat.rate": 0.0}))
plain = nege.solve(economy.without("vat"))
np.testing.assert_array_equal(off.data.total_cost, plain.data.total_cost)
first, second = DestinationTax("first", rate=0.1), DestinationTax("second", rate=0.05)
one, other = (
    nege.solve(economy.replace(mechanisms=both)) for both in ([first, second], [second, first])
)
nege.testing.assert_equilibrium(one)
np.testing.assert_allclose(one.data.welfare, other.data.welfare, rtol=1e-11)
together = [sum(f.data[f"{n}.revenue"] for n in ("first", "second")) for f in (one, other)]
np.testing.assert_allclose(*together, rtol=1e-10)
assert (one.data["second.revenue"] > other.data["second.revenue"]).all()
# Its derivatives are exact.
from nege.models.agglomeration import linear
model = step(8).replace(mechanisms=[first, second], remote_labour_share=[0.2, 0.5])
x = model.start_state() + 0.1 * np.sin(np.arange(model.start_state().size))
dense = linear.DenseSystem(model.arrays, np.ones(x.size, dtype=bool))
dense.linearise(x)
table = dense.jacobian.copy()
for j in range(x.size):
    ends = [dense.evaluate(x + way * 1e-6 * np.eye(x.size)[j]) for way in (-1.0, 1.0)]
    np.testing.assert_allclose(table[:, j], (ends[1] - ends[0]) / 2e-6, atol=1e-7)
# It is kept in files, and known to other sessions by where it is.
taxed.to_netcdf("taxed.nc")
assert float(nege.load("taxed.nc").model.mechanisms["vat"].rate[0, 0]) == 0.1
"""


def test_a_mechanism_in_one_file_gives_golden_numbers_and_is_a_parameter_like_others(tmp_path):
    mechanism, use = BLOCKS[4:6]
    (tmp_path / "destination_tax.py").write_text(mechanism)
    fresh.run(use + TAX_CHECKS, tmp_path)
    lines = mechanism.split('"""\n', 1)[1].splitlines()  # equations at the top apart
    assert len([line for line in lines if line.strip()]) <= 60


def test_a_mechanism_of_an_installed_package_is_known(tmp_path):
    (tmp_path / "destination_tax.py").write_text(BLOCKS[4])
    (tmp_path / "broken.py").write_text("raise RuntimeError('not today')")
    about = tmp_path / "destination_tax-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: destination_tax\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(
        "[nege.mechanisms]\nbroken = broken:Tax\ndestination_tax = destination_tax:DestinationTax\n"
    )
    code = (
        "import logging; logging.basicConfig(format='%(message)s')\n"
        "import nege\n"
        "kinds = nege.mechanisms.Mechanism.kinds()\n"
        "print('destination_tax' in kinds, 'access' in kinds)"
    )
    done = fresh.attempt(code, tmp_path, PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}")
    assert done.stdout.split() == ["True", "True"], done.stderr
    assert "the mechanism broken (broken:Tax) cannot be loaded: not today" in done.stderr


def test_the_example_is_as_short_as_it_says():
    code = BLOCKS[0].split('"""\n', 2)[-1]  # equations and symbols at the top apart
    assert len([line for line in code.splitlines() if line.strip()]) <= 65


def audited_without(*left_out):
    """Return a model whose audit forgets some equations."""

    class Forgetful(nege.FootlooseCapital):
        """As FootlooseCapital."""

        def audit(self, data):
            """Recompute what is not forgotten."""
            sides = super().audit(data)
            return {} if "all" in left_out else {n: sides[n] for n in sides.keys() - {*left_out}}

    return Forgetful


@pytest.mark.parametrize(("left_out", "variable"), [("all", "profit"), ("welfare", "welfare")])
def test_a_model_whose_audit_says_too_little_is_refused(left_out, variable, monkeypatch):
    monkeypatch.setattr(nege.testing, "DRAWS", 1)
    with pytest.raises(AssertionError, match=f"no equation that notices where {variable}"):
        nege.testing.check_model(audited_without(left_out))


def miswritten(**changes):
    """Return a model whose equations are given other numbers than they need: factors by name."""

    class Miswritten(nege.CorePeriphery):
        """As CorePeriphery."""

        def make_arrays(self, operator="auto", *, compiled=True):
            """Return other numbers for the kernels."""
            made = super().make_arrays(operator, compiled=compiled)
            numbers, places = made.numbers.copy(), made.places.copy()
            for name, factor in changes.items():
                if name in self.compiled().rows:
                    places[self.compiled().rows.index(name)] *= factor
                else:
                    numbers[self.compiled().numbers.index(name)] *= factor
            return made._replace(numbers=numbers, places=places)

    return Miswritten


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"farmers": 0.5}, r"numeraire and respond disagree \(Walras\): .* respond is -0\.\d+ in"),
        ({"farmers": np.nan}, r"did not converge: .* at start_state\(\), spending is not finite: "),
        ({"sigma": 0.1}, r"did not converge: .* respond is \[.* has to be f\(state\) - state, "),
    ],
)
def test_a_model_whose_short_run_fails_is_told_which_promise_where_and_why(changes, said):
    with pytest.raises(AssertionError, match=said) as caught:
        nege.testing.check_model(miswritten(**changes))
    assert str(caught.value).startswith("the equations of its audit hold: ")
    assert re.search(r"\nin Miswritten\(5 places, sigma=.* at shares \[", str(caught.value))
    assert "limit_iterations=" not in str(caught.value)


def test_a_model_whose_long_run_fails_is_told_so(monkeypatch):
    short = functools.partial(nege.solve, options=nege.SolverOptions(limit_steps=1))
    monkeypatch.setattr(nege.testing, "solve", short)
    with pytest.raises(AssertionError, match=r"^long runs are .* so look at payoff: .*\nin CoreP"):
        nege.testing.check_model(nege.CorePeriphery)


def test_a_model_is_checked_at_even_and_uneven_shares_of_what_stays_and_what_moves(monkeypatch):
    seen = []
    monkeypatch.setattr(nege.testing, "_CHECKS", {"seen": lambda *given: seen.append(given)})
    nege.testing.check_model(nege.FootlooseCapital)
    assert len(seen) == nege.testing.DRAWS * len(nege.testing.SPREADS)
    for economy, share in seen:
        assert np.ptp(economy.expenditure.values) > 0.0
        assert share.min() > 0.0
        assert abs(share.sum() - 1.0) < 1e-15 * share.size
    assert len({tuple(share) for _, share in seen}) == len(seen)


def test_two_equations_of_one_name_are_both_looked_at():
    """The audit of AllenArkolakis had one called as that of all models: it hid the other."""
    economy = nege.AllenArkolakis(
        nege.geography.line(3),
        sigma=5,
        productivity_spillover=0.1,
        amenity_spillover=-0.3,
        trade_cost=1.5,
    )
    found = nege.solve(economy)
    data = found.data
    data["welfare"] = 1.001 * data["welfare"]
    wrong = dataclasses.replace(found, data=data)
    with pytest.raises(AssertionError, match="welfare: off by"):
        nege.testing.assert_equilibrium(wrong)


def test_a_claim_in_one_file_is_examined():
    scope = {}
    exec(compile(BLOCKS[6], "CONTRIBUTING.md", "exec"), scope)
    (claim,) = scope["CLAIMS"]
    for experiment, holds in [(claim.experiment, True), (claim.flips[0].experiment, False)]:
        entries = prior.entries(experiment.model())
        factors = xr.Dataset({entry.name: ("draw", [1.0]) for entry in entries}, {"draw": [0]})
        found = running.run_factors(experiment, factors, work=running.Work(starts=1))
        assert bool(claim.margin(found.observed) > 1e-9) == holds
