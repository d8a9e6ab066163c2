"""The laboratory of claims: draws of a prior, where a claim holds, verdicts, and what is stored."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from family import two_regions

import nege
import nege.laboratory.registry
from nege.command.cli import main
from nege.laboratory import economies, findings, policies, prior, running, where
from nege.laboratory.claim import Claim, Experiment, Flip, NotModelled
from nege.laboratory.observed import Observed, all_of, falls, rises
from nege.laboratory.page import page
from nege.laboratory.registry import registry
from nege.models.agglomeration.mechanisms.tax import LargeRateWarning

pytestmark = pytest.mark.closed_form

CLAIMS = {n: c for n, c in registry().items() if isinstance(c, Claim)}


def factors_of(listed, **changed):
    return xr.Dataset({e.name: ("draw", [changed.get(e.name, 1.0)]) for e in listed})


# --- the prior -------------------------------------------------------------------------------


def economy():
    return economies.reference(12, nege.mechanisms.Tax("vat", 0.1))()


def test_a_factor_of_one_is_the_economy_itself():
    model = economy()
    listed = prior.entries(model)
    for name, table in prior.vary(model, factors_of(listed)).items():
        np.testing.assert_allclose(
            table.isel(draw=0, missing_dims="ignore"), prior.tables_of(model)[name], rtol=1e-14
        )


def test_each_factor_moves_its_own_parameter_alone():
    model = economy()
    listed = prior.entries(model)
    factors = np.where(np.eye(len(listed) + 1, len(listed)), 0.9, 1.0)  # a draw each, one of none
    columns = {e.name: ("draw", column) for e, column in zip(listed, factors.T, strict=True)}
    varied = prior.vary(model, xr.Dataset(columns))
    for draw, one in enumerate(listed):
        tables = {n: t.isel(draw=[draw, -1], missing_dims="ignore") for n, t in varied.items()}
        moved = {
            n for n, t in tables.items() if "draw" in t.dims and not np.allclose(*t, rtol=1e-12)
        }
        beside = {"consumption"} if one.parameter == "housing" else set()
        assert moved == {one.parameter} | beside, one.name
        model.replace({n: t.isel(draw=0, missing_dims="ignore") for n, t in tables.items()})


def test_what_is_drawn_stays_an_economy():
    """Spending adds up to what it did, land too, icebergs stay above one, shares below."""
    model = economy()
    listed = prior.entries(model)
    for ends in prior.PRIORS:
        factors = prior.design(listed, 8, ends, 3).rename(point="draw")
        drawn = prior.vary(model, factors)
        spent = drawn["consumption"].sum("industry") + drawn["housing"]
        np.testing.assert_allclose(spent, model.consumption.sum() + model.housing)
        np.testing.assert_allclose(drawn["land"].sum("place"), model.land.sum())
        assert (drawn["digital_cost"] >= 1.0).all()
        assert (drawn["variety"] <= 1.0).all()


def test_every_number_of_the_prior_has_its_ends_and_a_reason():
    table = prior.as_dataset(prior.entries(economy()))
    assert (table.near_low == 0.8).all()
    assert (table.near_high == 1.2).all()
    assert (table.wide_low < 1.0).all()
    assert (table.wide_high > 1.0).all()
    assert (table.reason.str.len() > 0).all()


def test_more_draws_begin_with_those_of_fewer():
    listed = prior.entries(economy())
    few, more = (prior.design(listed, n, "near", 5) for n in (4, 9))
    xr.testing.assert_equal(few.drop_vars("point", errors="ignore"), more.isel(point=slice(4)))


# --- where a claim holds ----------------------------------------------------------------------

RNG = np.random.default_rng(11)
DRAWN = 1.0 + 0.2 * (2.0 * RNG.random((400, 4)) - 1.0)


NONE = np.zeros((0, 4)), np.zeros(0)


def plane(factors):
    """Positive unless the first parameter is a tenth lower, or the second is much higher."""
    return factors @ np.array([1.0, -0.3, 0.0, 0.0]) - 0.9 + 0.3


@pytest.mark.parametrize(("held", "of"), [(0, 50), (25, 50), (50, 50), (199, 200)])
def test_wilsons_interval_solves_its_equation(held, of):
    found = where.share(np.arange(of) < held)
    z = 1.959963984540054
    for p in (found.low, found.high):
        assert abs(held / of - p) == pytest.approx(z * np.sqrt(p * (1 - p) / of), abs=1e-9)
    assert found.low <= found.value <= found.high


def test_without_a_draw_nothing_is_known():
    found = where.share(np.array([], dtype=bool))
    assert (found.low, found.high) == (0.0, 1.0)
    assert np.isnan(found.value)


def test_indices_of_a_plane_are_the_parts_of_its_variance():
    """Of a margin that always holds: ranks of 1 x + .5 y, whose variances are as 4 to 1."""
    margin = 10.0 + DRAWN @ np.array([1.0, 0.5, 0.0, 0.0])
    index = where.decides(DRAWN, margin)
    np.testing.assert_allclose(index, [0.8, 0.2, 0.0, 0.0], atol=0.08)


def test_the_condition_is_the_cut_that_was_put_in():
    margin = np.where(DRAWN[:, 2] < 0.95, -1.0, 1.0)
    (cut,) = where.condition(DRAWN, margin)
    assert cut.parameter == 2
    assert cut.at == pytest.approx(0.95, abs=0.03)
    assert cut.below < 0.2 < 0.8 < cut.above
    assert where.condition(DRAWN, np.ones(400)) == []


def test_the_nearest_flip_of_a_plane_is_known():
    """Its margin at the centre over the sum of its slopes."""
    found = where.nearest(plane, *NONE)
    assert found.width == pytest.approx(0.1 / 1.3, rel=0.01)
    np.testing.assert_allclose(found.weight, [-1 / 1.3, 0.3 / 1.3, 0.0, 0.0], atol=1e-9)


def test_a_flip_that_no_slope_leads_to_is_found_on_the_way_to_a_draw():
    def step(factors):
        return np.where(factors[:, 1] < 0.93, -1.0, 1.0)

    assert where.nearest(step, *NONE).width == np.inf
    found = where.nearest(step, DRAWN, step(DRAWN))
    assert 0.07 <= found.width <= 0.2
    assert found.weight[1] < 0.0


def test_what_fails_at_the_centre_flips_where_it_holds():
    found = where.nearest(lambda f: -plane(f), *NONE)
    assert found.width == pytest.approx(0.1 / 1.3, rel=0.01)


def test_a_claim_without_a_flip_nearby_has_none():
    assert where.nearest(lambda f: 10.0 + plane(f), *NONE).width == np.inf
    unsolved = where.nearest(lambda f: np.full(len(f), np.nan), *NONE)
    assert (unsolved.width, unsolved.seen) == (np.inf, 0.0)


def test_a_ray_is_known_as_far_as_it_was_solved():
    def short(factors):
        return np.where(np.abs(factors - 1.0).max(1) > 0.12, np.nan, 10.0 + plane(factors))

    found = where.nearest(short, *NONE)
    assert (found.width, found.seen) == (np.inf, 0.1)


# --- verdicts ---------------------------------------------------------------------------------


def judged(margin, width=np.inf, fate=None, seen=0.5):
    margin = np.asarray(margin, dtype=float)
    draws = margin.size
    data = xr.Dataset(
        {
            "margin": ("draw", margin),
            "fate": ("draw", ["solved"] * draws if fate is None else fate),
            "flip_margin": (("flip", "draw"), np.zeros((0, draws))),
            "factor": (("draw", "parameter"), DRAWN[:draws, :1]),
            "decides": ("parameter", [0.0]),
            "toward": ("parameter", [0.0]),
            "width": width,
            "seen": seen,
        },
        {"draw": np.arange(draws), "flip": np.array([], dtype=str), "parameter": ["sigma"]},
        {"prior": "near"},
    )
    return findings.Finding(OWN["1a"], data)


def test_verdicts_are_as_declared():
    ones = np.ones(200)
    assert judged(ones).verdict == "robust"
    assert judged(ones[:199]).verdict == "too few draws"
    assert judged(ones, width=0.19).verdict == "conditional"
    assert judged(ones, seen=0.15).verdict == "conditional"  # not solved as far as that
    assert judged(np.where(np.arange(200) < 11, -1.0, 1.0)).verdict == "conditional"
    assert judged(-ones).verdict == "contradicted"
    assert judged(np.where(np.arange(200) < 100, -1.0, 1.0)).verdict == "conditional"


def test_factors_are_called_by_the_terms_of_what_they_scale():
    columns = list(judged(np.ones(3)).to_dataframe().columns)
    assert columns == ["margin", "fate", "factor.elasticity of substitution"]
    stored = nege.claims().data
    said = [stored[name].values.ravel().tolist() for name in ("decisive", "nearest", "axis")]
    raw = re.compile(r"\w_\w|\w\.[a-z]")
    assert not [words for found in said for words in found if raw.search(words)]


def test_unsolved_draws_count_against_a_claim_and_rounding_is_no_effect():
    gone = np.arange(200) < 11
    found = judged(np.where(gone, np.nan, 1.0), fate=np.where(gone, "unsolved", "solved"))
    assert found.verdict == "conditional"
    assert found.share.of == 189
    at = np.arange(200)  # 80 hold, 80 fail, and the others may hold
    some = np.where(at < 80, 1.0, np.where(at < 160, -1.0, np.nan))
    assert judged(some).verdict == "conditional"
    assert judged(np.where(at < 101, np.nan, 1.0)).verdict == "too few draws"
    assert judged(np.full(200, 1e-12)).verdict == "contradicted"


def test_margins_take_the_worst_and_keep_what_is_unknown():
    one, other = (
        xr.DataArray([1.0, np.nan, 3.0], dims="draw"),
        xr.DataArray([2.0, 1.0, -1.0], dims="draw"),
    )
    np.testing.assert_array_equal(all_of(one, other), [1.0, np.nan, -1.0])
    path = xr.DataArray([[0.0, 1.0, 3.0], [0.0, 2.0, 1.0]], dims=("draw", "case"))
    np.testing.assert_array_equal(rises(path), [1.0, -1.0])
    np.testing.assert_array_equal(falls(path), [-2.0, -2.0])


# --- running ----------------------------------------------------------------------------------

POOL = Experiment(
    words="four places",
    model=economies.simple(8),
    states={"none": {"online_spillover": 0.0}, "more": {"online_spillover": lambda m: 2.0}},
)


def welfare(x: Observed):
    return rises(x.welfare)


def test_a_run_goes_on_from_its_store_and_more_draws_keep_the_first(tmp_path, monkeypatch):
    monkeypatch.setattr(running, "BORDERS", (2,))
    kept = running.Work(store=tmp_path / "s", starts=1)
    few = running.run(POOL, 2, prior="near", rng=1, work=kept)
    solved = []
    real = running.sweep
    monkeypatch.setattr(running, "sweep", lambda m, p, **k: solved.append(p) or real(m, p, **k))
    more = running.run(POOL, 3, prior="near", rng=1, work=kept)
    assert [p.sizes["point"] for p in solved] == [4, 2]
    xr.testing.assert_identical(more.observed.welfare[:2], few.observed.welfare)
    again = running.run(POOL, 3, prior="near", rng=1, work=running.Work(starts=1))
    np.testing.assert_array_equal(again.observed.welfare, more.observed.welfare)


def test_a_store_serves_other_draws_and_other_claims(monkeypatch, tmp_path):
    """Nearest flips depend on the draws; what was solved for one number is there for all."""
    few(monkeypatch)
    nege.claims("1a", draws=2, store=tmp_path / "s")
    other = nege.claims("1a", draws=3, rng=1, store=tmp_path / "s")
    np.testing.assert_array_equal(other.data.margin, nege.claims("1a", draws=3, rng=1).data.margin)
    there, real = [], running.sweep
    monkeypatch.setattr(
        running, "sweep", lambda *a, **k: there.append(k["store"].exists()) or real(*a, **k)
    )
    nege.claims(draws=2, store=tmp_path / "s")
    assert there
    assert all(there)


def test_a_process_waits_for_another_that_solves_the_same(monkeypatch):
    """Anything else that is wrong with a store is said at once."""
    held = nege.InputError("store", "s", "one that no other sweep is writing to", "Wait for it.")
    answers = [held, "solved"]

    def once_held(model, points, **how):
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(running, "sweep", once_held)
    monkeypatch.setattr(running.time, "sleep", lambda seconds: None)
    assert running._when_free(None, None) == "solved"
    answers[:] = [nege.InputError("store", "s", "a folder that can be written")]
    with pytest.raises(nege.InputError, match="can be written"):
        running._when_free(None, None)


def test_draws_that_are_no_economies_or_have_several_ends_are_counted():
    """Spillovers this strong hold a cluster in any of the places; a share above one is none."""
    strong = Experiment(
        words="four alike",
        model=economies.simple(0, productivity=1.0, spillover=0.2, search_cost=[0.0, 0.4]),
        states={
            "as it is": {},
            "no economy": {"housing": lambda m: 0.2 if m.sigma[0] < 5 else 1.5},
        },
    )
    listed = prior.entries(strong.model())
    factors = xr.Dataset({e.name: ("draw", [1.0, 1.0]) for e in listed}, {"draw": [0, 1]})
    factors["sigma.manufacturing"] = "draw", [0.99, 1.01]
    found = running.run_factors(strong, factors)
    assert found.fate.values[1] == "refused"
    assert found.fate.values[0] in ("not unique", "refused")


def test_states_that_words_set_apart_are_solved_as_what_they_say():
    data = nege.mechanisms.DataEconomy(weight={"services": 0.01})
    kinds = Experiment(
        words="data at what they cost, and at a monopolist's price",
        model=economies.simple(9, data),
        states={"cost": {}, "more": {"data_economy.pricing": "monopoly"}, "again": {}},
    )
    factors = factors_of(prior.entries(kinds.model())).assign_coords(draw=[0])
    found = running.run_factors(kinds, factors, work=running.Work(starts=1)).observed
    model = kinds.model().replace({"data_economy.pricing": "monopoly"})
    known = [nege.solve(one).data.welfare for one in (kinds.model(), model)]
    assert found.data.case.values.tolist() == ["cost", "more", "again"]
    np.testing.assert_allclose(found.welfare[0], [*known, known[0]], rtol=1e-9)


def test_the_gain_at_equal_revenue_is_that_of_the_workbench():
    """Claim 35 without a commission: the golden number of an equal yield."""
    reform = CLAIMS["35"].experiment
    factors = factors_of(prior.entries(reform.model())).assign_coords(draw=[0])
    found = running.run_factors(reform, factors, work=running.Work(starts=1))
    assert float(CLAIMS["35"].margin(found.observed)[0]) == pytest.approx(0.00356722, abs=2e-6)


def test_what_every_state_overrides_is_not_drawn():
    fixed = Experiment(
        words="two regions",
        model=two_regions,
        states={"even": {"mu": 0.3}, "more": {"mu": 0.4, "trade_cost": lambda m: m.trade_cost}},
    )
    found = running.run(fixed, 2, prior="near", rng=0, work=running.Work(starts=1))
    assert set(found.factors.data_vars) == {"sigma", "trade_cost"}


# --- the registry -----------------------------------------------------------------------------


@pytest.mark.parametrize("number", CLAIMS)
def test_a_claim_says_what_it_is(number):
    claim = CLAIMS[number]
    assert claim.section in {"1", "2.1", "2.2", "2.3", "2.4", "3.1", "3.2", "4.1", "4.2", "5"}
    assert all(len(text) > 10 for text in (claim.words, claim.predicts, claim.why))
    assert not claim.predicts.endswith(".")
    assert len({flip.words for flip in claim.flips}) == len(claim.flips)


@pytest.mark.parametrize(("number", "said"), [("8", "8a, 8b and 8c"), ("8bb", "'8b'")])
def test_unknown_claims_are_refused_with_those_near_it(number, said):
    with pytest.raises(nege.InputError, match=said):
        nege.claims(number)


@pytest.mark.parametrize("number", [16, ["8a"], np.array(["8a"]), xr.Dataset(), pd.DataFrame([1])])
def test_what_is_no_text_is_no_claim(number):
    with pytest.raises(nege.InputError, match="number must be"):
        nege.claims(number)


@pytest.mark.parametrize("meant", [True, False])
def test_an_experiment_says_that_rates_above_100_per_cent_are_meant(meant):
    rate = policies.TARIFFS.states["200%"]
    alone = policies.TARIFFS.but("dear alone", states={"200%": rate}, large_rates=meant)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        usual = xr.Dataset({}, {"draw": [0]})
        done = running.run_factors(alone, usual, work=running.Work(starts=1))
    assert [one.category for one in heard] == [LargeRateWarning] * (not meant)
    assert done.fate.values.tolist() == ["solved"]
    assert [n for n, c in CLAIMS.items() if c.experiment.large_rates] == ["33a", "33b", "33c"]


@pytest.mark.parametrize(("number", "of_flip"), [("1a", False), ("2a", True)])
def test_a_claim_and_where_it_flips_say_whether_another_start_ends_elsewhere(number, of_flip):
    """Which region wins is left to history: another start ends in the other one."""
    found = nege.claims(number)
    main, flip = found.data.other_margin.values, found.data.flip_other_margin.values
    assert np.isfinite(main).any() == (not of_flip)
    assert np.isfinite(flip).any() == of_flip
    margins = (flip, found.data.flip_margin.values) if of_flip else (main, found.data.margin.values)
    other, own = (float(each[np.isfinite(margins[0])][0]) for each in margins)
    said = f"ends in another equilibrium, it {'holds' if other > 0.0 else 'fails'}"
    assert found.explain().count(said) == 1
    assert f"margin {other:.3g})" in found.explain()
    depends = "the answer depends on where the economy comes from" in found.explain()
    assert depends == ((own > 0.0) != (other > 0.0))


def test_one_claim_is_run_explained_and_says_where_it_flips(monkeypatch):
    few(monkeypatch)
    found = nege.claims("1a", draws=20)
    assert 10 < found.share.held < 20  # where sigma is high and mu low, they stay apart
    text = found.explain()
    assert f"It holds on {found.share.held} of 20 draws" in text
    assert "Where it is dear it holds on 0 of 20 draws" in text
    assert re.search("Nearest flip: parameters moved by .* trade cost", text)
    assert found.verdict == "too few draws"
    assert nege.claims("99").why == "No fish."


# --- the command line and the page ------------------------------------------------------------


CHEAPER = Experiment(
    words="two regions, as trade gets cheaper",
    model=two_regions,
    states={"dear": {}, "cheap": {"trade_cost": lambda m: 1.5}},
)
OWN = {
    "1a": Claim(
        number="1a",
        section="1",
        words="Cheaper trade gathers people.",
        predicts="the larger region grows",
        experiment=CHEAPER,
        margin=lambda x: rises(x.share.max("region")),
        flips=(Flip(words="it is dear", experiment=CHEAPER.where("dear", {"mu": 0.1})),),
        why="Linkages are worth more than competition costs.",
    ),
    "99": NotModelled(number="99", section="5", words="Fish & chips <fly>.", why="No fish."),
}


def few(monkeypatch):
    """One claim, and one that is not modelled, in place of all."""
    monkeypatch.setattr(nege.laboratory.registry, "registry", lambda: OWN)


def test_the_command_line_writes_the_table_as_data_and_as_a_page(monkeypatch, tmp_path, capsys):
    few(monkeypatch)
    monkeypatch.chdir(tmp_path)
    assert main(["claims", "--draws", "2", "--output", "out"]) == 0
    printed = capsys.readouterr().out
    assert "2 claims, 2 draws of the prior 'near': 1 too few draws, 1 not modelled." in printed
    with xr.open_dataset(tmp_path / "out" / "claims.nc", engine="scipy") as stored:
        assert stored.claim.values.tolist() == ["1a", "99"]
        assert np.isfinite(stored.margin.sel(claim="1a")).all()
        text = page(stored.load())
    assert text == (tmp_path / "out" / "claims.html").read_text()
    assert "Fish &amp; chips &lt;fly&gt;." in text
    assert not re.search(r"(src|href)=|<script|@import|url\(", text)
    assert main(["claims", "--draws", "2", "--output", "out", "--quiet"]) == 0  # its own, again
    (tmp_path / "out" / "claims.html").write_text("mine")
    assert main(["claims", "--draws", "2", "--output", "out"]) == 2
    assert (tmp_path / "out" / "claims.html").read_text() == "mine"


def test_the_command_line_explains_one_claim(monkeypatch, capsys):
    few(monkeypatch)
    assert main(["claims", "1a"]) == 0
    assert "At the reference point it holds" in capsys.readouterr().out
    for wrong in ("1b", "1A"):
        assert main(["claims", wrong]) == 2
        assert "Did you mean '1a'?" in capsys.readouterr().err


# --- the table that comes with the package ----------------------------------------------------

TABLE = nege.claims().data


def flips(number):
    """Shares that hold where a claim is predicted not to."""
    mine = TABLE.flip_claim.values == number
    return (TABLE.flip_held / TABLE.flip_of).values[mine]


def test_the_stored_table_is_of_all_claims_at_200_draws():
    assert TABLE.claim.values.tolist() == list(registry())
    assert (TABLE.attrs["prior"], TABLE.attrs["rng"], TABLE.sizes["draw"]) == ("near", 0, 200)
    run = TABLE.verdict != findings.NOT_MODELLED
    assert int(run.sum()) == len(CLAIMS) >= 55
    assert (TABLE.verdict[run] != findings.FEW).all()
    assert sorted(set(TABLE.flip_claim.values)) == sorted(n for n, c in CLAIMS.items() if c.flips)
    for number, claim in CLAIMS.items():
        row = TABLE.sel(claim=number)
        assert (row.words, row.predicts, row.why) == (claim.words, claim.predicts, claim.why)


@pytest.mark.parametrize("number", ["8b", "16", "32a"])
def test_stored_margins_are_those_of_a_run(number):
    experiment = CLAIMS[number].experiment
    run = running.run(experiment, 2, prior="near", rng=0, work=running.Work(starts=1))
    margin = findings.margins_of(CLAIMS[number], run)
    np.testing.assert_allclose(margin, TABLE.margin.sel(claim=number)[:2], rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize(
    "number", ["8a", "14", "18b1", "18b2", *(f"15{part}" for part in "abcdef")]
)
def test_what_holds_anywhere_holds_on_nearly_all_draws(number):
    assert TABLE.share.sel(claim=number) > 0.9


def test_clusters_have_a_hump_as_search_gets_cheaper_offline():
    """16: while search is dear they gather; once it is cheap, or delivery online, they erode."""
    assert TABLE.share.sel(claim="16") < 0.1
    assert (flips("16") > 0.5).all()


@pytest.mark.parametrize("number", ["31a", "35", "19d"])
def test_what_flips_does(number):
    """With net exports; with a commission; where the path has another order."""
    assert TABLE.share.sel(claim=number) > 0.5 > 0.2 > flips(number).max()
