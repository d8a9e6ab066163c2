"""Claims at values of one's own: what is solved, what the claim sets itself, grids, and words."""

import dataclasses
import pickle
import re
import warnings

import numpy as np
import pytest
import xarray as xr
from family import two_regions

import nege
import nege.laboratory.registry
from nege.command.cli import main
from nege.laboratory import own_values, prior, running, where
from nege.laboratory.claim import Claim, Experiment, Flip
from nege.laboratory.grid import ClaimGrid
from nege.laboratory.observed import rises
from nege.laboratory.registry import registry
from nege.models.agglomeration.mechanisms.tax import LargeRateWarning

pytestmark = pytest.mark.closed_form


CHEAPER = Experiment(
    words="two regions, as trade gets cheaper",
    model=two_regions,
    states={
        "dear": {"trade_cost": lambda m: m.trade_cost},
        "cheap": {"trade_cost": 1.5},
        "cheaper": {"trade_cost": lambda m: 1.0 + (m.trade_cost - 1.0) / 4.0},
    },
    start=lambda model: [0.52, 0.48],
)
OWN = {
    "1a": Claim(
        number="1a",
        section="1",
        words="Cheaper trade gathers people.",
        predicts="the larger region grows",
        experiment=CHEAPER,
        margin=lambda x: rises(x.share.max("region").isel(case=[0, 1])),
        flips=(
            Flip(words="it stays dear", experiment=CHEAPER.where("dear", {"mu": 0.1})),
            Flip(
                words="varieties are alike",
                experiment=CHEAPER.but("alike", model=lambda: two_regions().replace(sigma=9)),
            ),
        ),
        why="Linkages are worth more than competition costs.",
    ),
}
SAVING = Experiment(
    words="two regions on a path",
    model=two_regions,
    path=lambda m: xr.Dataset(
        {"trade_cost": ("step", [m.trade_cost, 1.5]), "mu": ("step", [0.2, 0.3])},
        {"step": [0, 1]},
    ),
)


@pytest.fixture
def own(monkeypatch):
    """One claim about two regions, in place of all."""
    monkeypatch.setattr(nege.laboratory.registry, "registry", lambda: OWN)
    return OWN["1a"]


@pytest.fixture
def alone(monkeypatch):
    """The same without where it flips, and without the search for the nearest flip."""
    claim = dataclasses.replace(OWN["1a"], flips=())
    monkeypatch.setattr(nege.laboratory.registry, "registry", lambda: {"1a": claim})
    none = where.Nearest(np.inf, np.zeros(3))
    monkeypatch.setattr(where, "nearest", lambda *search: none)
    return claim


@pytest.fixture(scope="module")
def grid():
    """Its margin over two parameters, at another value of a third."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nege.laboratory.registry, "registry", lambda: OWN)
        return nege.claims("1a", at={"sigma": 4.0, "mu": [0.5, 0.1], "trade_cost": [2.4, 2.0, 1.6]})


def moved(number, **at):
    """The words for where a claim is examined at some values; nothing is solved."""
    return own_values.placed(registry()[number], at).experiment.words


# --- what is solved -------------------------------------------------------------------------


def test_no_values_are_the_claim_itself_to_the_last_bit(own):
    usual = nege.claims("1a")
    xr.testing.assert_identical(nege.claims("1a", at={}).data, usual.data)
    same = nege.claims("1a", at={"sigma": 5.0}).data
    np.testing.assert_array_equal(same.margin, usual.data.margin)
    assert (usual.data.attrs.get("at"), same.attrs["at"]) == (None, "sigma 5")
    assert str(usual) == (
        f'{usual.explain()}\nAt values of your own: nege.claims("1a", at={{"sigma": 6.0}}); '
        ".parameters lists the names."
    )


def test_what_is_solved_is_the_economy_with_these_values(alone):
    found = nege.claims("1a", at={"mu": 0.5, "trade_cost": 2.2})
    economy = two_regions().replace(mu=0.5, trade_cost=2.2)
    dear, cheap = (
        float(nege.solve(one, [0.52, 0.48]).data.share.max())
        for one in (economy, economy.replace(trade_cost=1.5))
    )
    assert cheap - dear > 0.4
    assert float(found.data.margin[0]) == pytest.approx(cheap - dear, abs=1e-9)


def test_industries_are_solved_with_these_values():
    """Claim 8b by hand: services with another elasticity, and a pool of growing weight."""
    at = {"sigma.services": 6.0, "commission": 0.1}
    found = nege.claims("8b", at=at)
    economy = registry()["8b"].experiment.model().replace(at)
    online = []
    for weight in (0.0, 1.0, 2.0):
        cost = nege.solve(economy.replace(online_spillover=weight)).data.total_cost
        services = cost.sel(industry="services").sum("place")
        online.append(float(services.sel(channel="online") / services.sum()))
    assert float(found.data.margin[0]) == pytest.approx(np.diff(online).min(), abs=1e-8)
    lines = found.explain().splitlines()
    assert "but with sigma.services 6 and commission 0.1. It says" in lines[1]
    assert lines[2].startswith("At these values it holds")
    assert "reference point" not in found.explain()


def test_draws_are_around_these_values(alone):
    found = nege.claims("1a", at={"mu": 0.3}, draws=3)
    assert "of the prior 'near' around these values" in found.explain()
    assert set(found.prior.parameter.values) == set(found.data.parameter.values)
    lower = CHEAPER.but("less", model=lambda: two_regions().replace(mu=0.3))
    plain = running.run(lower, 3, prior="near", rng=0)
    np.testing.assert_array_equal(alone.margin(plain.observed), found.data.margin)


def test_a_store_keeps_values_apart(alone, tmp_path, monkeypatch):
    runs = {"store": tmp_path / "s"}
    first = [float(nege.claims("1a", at=at, **runs).data.margin[0]) for at in ({"mu": 0.3}, {})]
    assert first[0] != first[1]
    there, real = [], running.sweep
    monkeypatch.setattr(
        running, "sweep", lambda *a, **k: there.append(k["store"].exists()) or real(*a, **k)
    )
    assert float(nege.claims("1a", at={"mu": 0.3}, **runs).data.margin[0]) == first[0]
    assert there
    assert all(there)


def test_what_has_no_answer_says_why():
    """A fifth of a tax of 500 per cent on all raises more than that on shops does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LargeRateWarning)
        found = nege.claims("35", at={"shops.rate": 5.0})
    why = "no uniform tax at 20% to 110% of the rate on shops raises the same"
    assert f"At these values it has no answer: {why}" in found.explain()
    assert "Where platforms take a tenth already it has no answer either." in found.explain()
    unsolved = dataclasses.replace(found, data=found.data.assign(fate=("draw", ["unsolved"])))
    assert "it has no answer: one of its states was not solved (margin nan" in unsolved.explain()
    assert f"Where platforms take a tenth already it has no answer: {why}" in unsolved.explain()
    point = found.data[["margin", "fate"]].rename(draw="sigma")
    assert f"1 undefined ({why}" in ClaimGrid(found.claim, point).explain()


# --- what the claim sets itself -------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "at", "said"),
    [
        ("8b", {"online_spillover": 3.0}, "It sets online_spillover.manufacturing (0, 1 and 2)"),
        ("9", {"digital_cost": 1.5}, "(1.6, 1.3 and 1.15), .* Give digital_cost.services alone"),
        ("35", {"uniform.rate": 0.1}, "uniform.rate (0, 0.02, 0.05, 0.08 and 0.11), whatever is"),
        ("17a", {"digital_cost.services": 2.0}, "(from 3 to 1.05), whatever is given here"),
        (
            "4",
            {"digital_cost.services": [1.5, 2.0]},
            "(1), .* That is at .*services=1.5",
        ),
    ],
)
def test_what_a_claim_sets_in_every_state_is_refused_with_its_values(number, at, said):
    said = said.replace("(", r"\(").replace(")", r"\)").replace("+", r"\+")
    with pytest.raises(nege.InputError, match=said) as error:
        nege.claims(number, at=at)
    assert error.value.argument in at
    assert f"that claim {number} does not set itself" in str(error.value)


def test_what_states_make_of_a_value_is_said():
    assert moved("30b", commission=0.07).endswith("(0.07, 0.08, 0.07 and 0.08 in its states)")
    assert moved("1b", migration_elasticity=8.0).endswith("8 (2, 4 and 8 in its states)")
    assert moved("8b", sigma=6.0).endswith("but with sigma 6")


def test_a_value_along_a_path_is_one_at_some_step():
    states = running.values_of(SAVING, two_regions().replace(trade_cost=2.0), "trade_cost")
    np.testing.assert_array_equal(states, [2.0, 1.5])
    claim = Claim(**{**vars(OWN["1a"]), "experiment": SAVING, "flips": ()})
    words = own_values.placed(claim, {"trade_cost": 2.0}).experiment.words
    assert words.endswith("but with trade_cost 2 (2 and 1.5 along its path)")
    with pytest.raises(nege.InputError, match=r"It sets mu \(0.2 and 0.3\)"):
        own_values.placed(claim, {"mu": 0.3})


def test_where_it_flips_what_makes_the_difference_keeps_its_value(own):
    dear, alike = own_values.placed(own, {"mu": 0.3, "sigma": 4.0}).flips
    assert dear.words == "it stays dear (with its own mu)"
    assert alike.words == "varieties are alike (with its own sigma)"
    assert (dear.experiment.model().sigma, dear.experiment.model().mu) == (4.0, 0.3)
    assert (alike.experiment.model().sigma, alike.experiment.model().mu) == (9.0, 0.3)
    _, refused = own_values.placed(own, {"mu": 0.85, "sigma": 8.0}).flips
    assert refused.experiment.model().sigma == 9.0


@pytest.mark.parametrize("number", ["1a", "8b", "18b4"])
def test_every_listed_parameter_is_one_and_the_free_ones_can_be_set(number):
    claim = registry()[number]
    table = own_values.parameters(claim)
    model = claim.experiment.model()
    assert set(prior.tables_of(model)) <= set(table.parameter.values)
    for name, value, taken in zip(
        table.parameter.values.tolist(), table.value.values, table.set_to.values, strict=True
    ):
        if np.isfinite(value) and not taken and name not in ("consumption", "housing"):
            model.replace({name: float(value)})
    taken = table.parameter.values[table.set_to.values != ""].tolist()
    some = dict(zip(table.parameter.values.tolist(), table.value.values, strict=True))
    for name in taken[:2]:
        with pytest.raises(nege.InputError, match="does not set itself"):
            own_values.placed(claim, {name: some[name] if np.isfinite(some[name]) else 1.5})


# --- what is refused ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ({"sgima": 6}, "claim 8b.*Did you mean 'sigma'.*parameters lists them"),
        ({"sigma.service": 6}, "Did you mean 'sigma.services'"),
        ({"housing.services": 0.1}, "'housing' is one number here"),
        ({"platform_owner": "town"}, "numbers or tables of them"),
        ({3: 1}, "got 3"),
        ({"sigma": -1}, "sigma must be finite numbers above 1"),
        ({"sigma": np.nan}, "The value for 'manufacturing' is nan"),
        ({"sigma": None}, "got None"),
        ({"sigma": {"services": 6}}, "'manufacturing' is missing"),
        ({"sigma": xr.DataArray([5.0, 6.0], dims="draw")}, "Rename its dims"),
        ({"sigma": []}, "a list of at least one number"),
        ({"sigma": [[5.0]]}, "one-dimensional"),
        ({"sigma": [5, np.nan]}, "That is at sigma=nan"),
        ({"sigma": 5, "sigma.services": 6}, "given without sigma"),
        ({"housing": 0.3}, "Consumers spend all they have"),
        (("sigma", 6), 'For example {"sigma": 6.0}'),
    ],
)
def test_values_that_make_no_economy_are_refused(at, said):
    with pytest.raises(nege.InputError, match=said):
        nege.claims("8b", at=at)


def test_values_go_with_one_claim_and_lists_without_draws():
    with pytest.raises(nege.InputError, match="together with the number of a claim"):
        nege.claims(at={"sigma": 6})
    with pytest.raises(nege.InputError, match="Give one value of each in at="):
        nege.claims("8b", at={"sigma": [5, 6]}, draws=3)
    assert nege.claims("N10c", at={"sigma": 6}) is registry()["N10c"]


# --- grids ----------------------------------------------------------------------------------


def test_a_point_of_a_grid_is_the_claim_there(alone, grid):
    found = grid
    assert found.data.margin.dims == ("mu", "trade_cost")
    for mu, cost in ((0.5, 2.4), (0.1, 1.6)):
        single = nege.claims("1a", at={"sigma": 4.0, "mu": mu, "trade_cost": cost}).data
        point = found.data.sel(mu=mu, trade_cost=cost)
        assert float(point.margin) == float(single.margin[0])
        assert str(point.fate.values) == str(single.fate.values[0])
    assert found.claim.experiment.words.endswith("but with sigma 4")
    assert found.to_dataframe("margin").shape == (6, 1)
    again = pickle.loads(
        pickle.dumps(nege.laboratory.registry._Points("1a", {}, {"mu": np.ones(1)}, running.Work()))
    )
    assert again.at((0,)) == {"mu": 1.0}


def test_a_grid_says_where_the_sign_turns(alone):
    line = nege.claims("1a", at={"mu": [0.4, 0.1, 0.2, 0.2]})
    margin = line.data.margin.values
    np.testing.assert_array_equal(line.holds, margin > 1e-9)
    assert margin[2] == margin[3]
    text = line.explain()
    assert "over mu from 0.1 to 0.4. It says that the larger region grows." in text
    assert f"It holds at {int(line.holds.sum())} of 4 points" in text
    ((low, high),) = re.findall(r"Its sign turns where mu is between (\S+) and (\S+)\.\n", text)
    by_mu = dict(zip(line.data.mu.values.tolist(), line.holds.values.tolist(), strict=True))
    assert by_mu[float(low)] != by_mu[float(high)]


@pytest.mark.parametrize(
    ("margin", "said"),
    [
        (
            [[1, 1, -1], [1, -1, -1], [1, -1, -1]],
            "trade_cost is between 2 and 2.4 at mu 0.1; between 1.6 and 2 at mu 0.5 and 0.9",
        ),
        (
            [[1, -1, 1], [1, 1, 1], [1, np.nan, -1]],
            "trade_cost is between 1.6 and 2 and between 2 and 2.4 at mu 0.1; between 1.6 and "
            "2.4 at mu 0.9; nowhere at mu 0.5",
        ),
        (
            [[1, 1, 1], [1, 1, 1], [-1, -1, -1]],
            "mu is between 0.5 and 0.9 at trade_cost 1.6, 2 and 2.4",
        ),
        ([[1, 1, 1]] * 3, None),
        ([[np.nan] * 3] * 3, None),
    ],
)
def test_a_grid_of_two_lists_says_where_the_sign_turns_in_each_row(own, margin, said):
    over = {"mu": [0.1, 0.5, 0.9], "trade_cost": [1.6, 2.0, 2.4]}
    data = xr.DataArray(np.array(margin, dtype=float), over, name="margin").to_dataset()
    data["fate"] = xr.where(data.margin.isnull(), "unsolved", "solved")
    lines = ClaimGrid(own, data.isel(mu=[2, 0, 1])).explain().splitlines()
    turns = [line for line in lines if "sign turns" in line]
    assert turns == ([f"Its sign turns where {said}."] if said else [])


def test_pictures_of_grids_have_the_margin_and_what_has_none(own, grid):
    data = grid.data.copy(deep=True)
    data.margin[:] = [[1.0, -1.0, np.nan], [2.0, -np.inf, 0.5]]
    data["fate"] = xr.where(data.margin.isnull(), "unsolved", "solved")
    assert "It holds at 3 of 6 points; 1 unsolved." in ClaimGrid(own, data).explain()
    ax = ClaimGrid(own, data).plot()
    dots = {line.get_label(): line.get_xydata().tolist() for line in ax.lines}
    assert sorted(dots["holds"]) == [[0.1, 1.6], [0.1, 2.4], [0.5, 2.4]]
    assert sorted(dots["fails"]) == [[0.1, 2.0], [0.5, 2.0]]
    assert [text.get_text() for text in ax.get_legend().texts] == ["not solved", "holds", "fails"]
    none = ClaimGrid(own, data.assign(margin=data.margin.where(False))).plot()
    assert [text.get_text() for text in none.get_legend().texts] == ["not solved"]
    line = ClaimGrid(own, data.isel(mu=[0])).plot()
    assert line.get_xlabel().startswith("trade cost")
    many = data.margin.expand_dims(sigma=[4.0, 5.0]).to_dataset()
    with pytest.raises(nege.InputError, match="at most two parameters"):
        ClaimGrid(own, many).plot()


# --- the command line -----------------------------------------------------------------------


def test_the_command_line_takes_values_and_lists_names(own, capsys):
    assert main(["claims", "1a", "--at", "mu=0.3", "sigma=4"]) == 0
    assert "with mu 0.3 and sigma 4" in " ".join(capsys.readouterr().out.split())
    assert main(["claims", "1a", "--at", "mu=0.1,0.4"]) == 0
    assert "over mu from 0.1 to 0.4" in " ".join(capsys.readouterr().out.split())
    assert main(["claims", "1a", "--parameters"]) == 0
    assert re.search(r"^sigma +5 +a finite number above 1$", capsys.readouterr().out, re.M)
    for wrong in (["--at", "mu"], ["--at", "mu=a"], ["--at", "um=1"]):
        assert main(["claims", "1a", *wrong]) == 2
        assert capsys.readouterr().err
    assert main(["claims", "--parameters"]) == 2
    assert "claims 8b --parameters" in capsys.readouterr().err
