"""What every member of the classical family promises; ``family.MEMBERS`` lists them."""

import dataclasses
import functools
import itertools

import draws_points
import family
import hypothesis.strategies as st
import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings

import nege
from nege.command import cli, figures
from nege.geography import racetrack
from nege.kernels import codes, derivatives, equations, population_dynamics
from nege.kernels.newton import solve
from nege.models import law_of_motion
from nege.solvers import matrix_free
from nege.structure.branches.continuation import ContinuationProblem, occupied_cells
from nege.structure.circular_modes import CircularModes, Waves, periods
from nege.structure.even_curve import EvenCurve
from nege.structure.one_parameter import SHARP_OPTIONS, checked_family

pytestmark = pytest.mark.family

EXACT = 1e-12  # of derivatives
STEP = 1e-30
SHARP = nege.SolverOptions(tolerance_residual=1e-14)

member = pytest.mark.parametrize("member", family.MEMBERS, ids=lambda m: m.name)
either = pytest.mark.parametrize(  # without an online region, and with one where there can be one
    ("member", "online"),
    [
        pytest.param(m, online, id=f"{m.name}-{online}")
        for m in family.MEMBERS
        for online in ([False, True] if m.online else [False])
    ],
)
drawn = {"seed": st.integers(0, 10_000), "n": st.integers(2, 6), "online": st.booleans()}
some, few = settings(max_examples=8), settings(max_examples=4)


def economy(member, seed, n, online):
    """Draw an economy and a distribution, every third with an empty region."""
    rng = np.random.default_rng([5, seed])
    model = member.draw(rng, n, online and member.online)
    share = rng.dirichlet(np.ones(len(model.regions)))
    if seed % 3 == 0 and model.corners:
        share[seed % n] = 0.0
    return model, share / share.sum()


def cleared(model, share):
    """Return the state at which markets clear."""
    state = model.start_state()
    report = solve(model.arrays, share, state, SHARP.for_kernels())
    assert report.residual <= 1e-12
    return state


def log_payoffs(model, share):
    out = np.empty(len(share))
    equations.payoff_at(model.arrays, share, cleared(model, share), np.empty((4, out.size)), out)
    return out


def close(found, exact, tolerance):
    scale = max(1.0, float(np.max(np.abs(exact))))
    np.testing.assert_allclose(found, exact, rtol=0, atol=tolerance * scale)


# --- short runs --------------------------------------------------------------------


@member
@given(**drawn)
@some
def test_payoffs_are_those_of_the_equations_solved_slowly(member, seed, n, online):
    model, share = economy(member, seed, n, online)
    exact = np.real(member.payoffs(model, share))
    close(log_payoffs(model, share), exact, 1e-9)
    compared = np.log(model.compared(nege.short_run(model, share).data))
    close(compared - compared[0], exact - exact[0], 1e-9)


@member
@given(**drawn)
@some
def test_short_runs_pass_their_audit_and_add_up(member, seed, n, online):
    model, share = economy(member, seed, n, online)
    found = nege.short_run(model, share)
    nege.testing.assert_equilibrium(found)
    assert member.balance(model, found.data) <= 1e-10


@member
@given(**drawn)
@some
def test_relabelling_places_permutes_the_answer(member, seed, n, online):
    model, share = economy(member, seed, n, online)
    order = np.random.default_rng(seed).permutation(n)
    names = [model.geography.names[i] for i in order]
    fields = {}
    for name in model.labelled:
        value = getattr(model, name)
        if isinstance(value, xr.DataArray):
            dims = set(value.dims) & {"region", "place", "origin", "destination"}
            fields[name] = value.sel(dict.fromkeys(dims, names))
    moved = model.replace(geography=model.geography.select(names), **fields)
    here = nege.short_run(model, share).data
    there = nege.short_run(moved, share[[*order, *range(n, len(share))]]).data
    for name in model.variables:
        by_name = there[name].sel({dim: here[dim] for dim in here[name].dims})
        close(by_name.values, here[name].values, 1e-9)


@member
@given(unit=st.floats(0.2, 5.0), **drawn)
@some
def test_the_unit_of_distance_changes_nothing(member, unit, seed, n, online):
    model, share = economy(member, seed, n, online)
    cost = model.trade_cost / unit if member.additive else model.trade_cost ** (1 / unit)
    far = nege.geography.from_distance(unit * model.geography.distance.values)
    fields = {
        name: getattr(model, name).values
        for name in model.labelled
        if isinstance(getattr(model, name), xr.DataArray)
    }
    moved = model.replace(geography=far, trade_cost=cost, **fields)
    here, there = nege.short_run(model, share).data, nege.short_run(moved, share).data
    for name in model.variables:
        close(there[name].values, here[name].values, 1e-9)


def spoiled(values, k):
    """Return an array whose k-th number, if it has that many, is NaN."""
    values = values.copy()
    if 0 <= k < values.size:
        values.flat[k] = np.nan
    return values


@either
def test_nan_in_any_position_never_converges(member, online):
    model, share = economy(member, 1, 3, online)
    regions, dynamics = len(share), nege.Replicator().for_kernels(model)
    economy_, rows = model.arrays, model.compiled().rows
    # Where workers move nobody reads where they are, and where trade is balanced no ratio of it.
    unread = int(rows[0] == "workers" and model.workers is None)
    read = len(rows) - int(rows[-1] == "ratio")
    inputs = share, model.start_state(), economy_.numbers, economy_.places[unread:read]
    inputs = *inputs, economy_.operator.table
    first = np.cumsum([0, *(value.size for value in inputs)])
    for k in range(first[-1]):
        bad = [spoiled(value, k - before) for value, before in zip(inputs, first, strict=False)]
        *at, numbers, places, table = bad
        places = np.vstack([economy_.places[:unread], places, economy_.places[read:]])
        operator = economy_.operator._replace(table=table)
        parameters = economy_._replace(numbers=numbers, places=places, operator=operator)
        payoff, growth = np.empty(regions), np.empty(regions)
        report, residual = population_dynamics.evaluate(
            parameters, dynamics, *at, SHARP.for_kernels(), payoff, growth
        )
        assert not (report.status == codes.CONVERGED and residual < np.inf), bad


@member
@given(**drawn)
@some
def test_a_prepared_solver_gives_the_bits_of_the_labelled_call(member, seed, n, online):
    model, share = economy(member, seed, n, online)
    solver, labelled = nege.prepare(model), nege.short_run(model, share)
    found = solver.short_run(share)
    for name in ("status", "residual", "error", "iterations", "rate"):
        assert getattr(found, name) == getattr(labelled, name), name
    for name, values in solver.variables(found).items():
        assert np.asarray(values).tobytes() == labelled.data[name].values.tobytes(), name
    slopes = np.empty((share.size, share.size))
    assert derivatives.payoff_jacobian(model.arrays, found.share, found.state, slopes)
    for jacobian in (solver.payoff_jacobian(share), solver.payoff_jacobian(share, found.state)):
        assert jacobian.tobytes() == slopes.tobytes()


@member
def test_a_prepared_solver_ends_up_where_the_labelled_call_does(member):
    model, share = economy(member, 1, 3, online=False)
    tastes = nege.Logit(scale=0.5)
    for dynamics in (nege.Replicator(), tastes):
        labelled = nege.solve(model, share, dynamics=dynamics)
        solver = nege.prepare(model, dynamics=dynamics)
        found = solver.solve(share)
        for name in ("status", "residual", "error", "iterations", "perturbed"):
            assert getattr(found, name) == getattr(labelled, name), name
        for name, values in solver.variables(found).items():
            assert np.asarray(values).tobytes() == labelled.data[name].values.tobytes(), name


# --- derivatives -------------------------------------------------------------------


@member
@given(**drawn)
@some
def test_payoffs_respond_to_shares_as_complex_steps_say(member, seed, n, online):
    """Where people move to one region from all others in proportion, as far as that goes."""
    model, share = economy(member, seed, n, online)
    found = np.empty((len(share), len(share)))
    assert derivatives.payoff_jacobian(model.arrays, share, cleared(model, share), found)
    for own in np.eye(len(share)):
        exact = member.payoffs(model, share + 1j * STEP * (own - share)).imag / STEP
        close(found @ (own - share), exact, EXACT * max(1.0, np.max(np.abs(found))))


@member
@given(**drawn)
@some
def test_payoffs_respond_to_every_parameter_as_complex_steps_say(member, seed, n, online):
    model, share = economy(member, seed, n, online)
    state, found = cleared(model, share), np.empty(len(share))
    for name in model.varied():
        direction = model.direction(name)
        assert derivatives.payoff_slope(model.arrays, direction, share, state, found)
        close(found, member.payoffs(model, share, name, 1j * STEP).imag / STEP, EXACT)


# --- long runs ---------------------------------------------------------------------


@member
@given(**drawn)
@few
def test_long_runs_end_at_stable_equilibria(member, seed, n, online):
    model, share = economy(member, seed, n, online)
    found = nege.solve(model, share)
    nege.testing.assert_equilibrium(found)
    assert found.leading_eigenvalue <= 1e-9
    mixed = nege.solve(model, dynamics=nege.Logit(scale=0.2))
    nege.testing.assert_equilibrium(mixed)


@member
@pytest.mark.parametrize("n", [2, 3])  # of more than two any n - 1 deviations have one rate
def test_dispersion_changes_stability_at_its_break_points_and_nowhere_else(member, n):
    model, (parameter, low, high) = member.equal(n, False), member.breaks
    found = nege.break_points(model, parameter, (low, high)).values

    @functools.cache
    def stable(value):
        at = model.replace({parameter: value})
        return nege.stability(nege.short_run(at, np.full(n, 1 / n))).stable

    edges = [low, *found, high]
    for before, after in itertools.pairwise(edges):
        inside = [before + t * (after - before) for t in (1e-6, 0.1, 0.5, 0.9, 1 - 1e-6)]
        assert len({stable(value) for value in inside}) == 1
    for value in found:
        assert stable(value * (1 - 1e-7)) != stable(value * (1 + 1e-7))


@member
def test_diagrams_of_two_places_have_the_break_points(member):
    model, (parameter, low, high) = member.equal(2, False), member.breaks
    found = nege.bifurcation(model, parameter, (low, high))
    breaks = nege.break_points(model, parameter, (low, high))
    np.testing.assert_allclose(found.points("break"), breaks.values, rtol=1e-8)
    assert all(branch.complete for branch in found.branches)
    at = found.at(0.5 * (low + high))
    assert at.sizes["equilibrium"] >= 1
    assert at["stable"].any()


@either
def test_all_equilibria_are_known_or_it_is_said_that_they_may_not_be(member, online):
    model = member.equal(2, online)
    found = nege.equilibria(model, seconds=20.0)
    assert len(found.stable) >= 1
    assert found.complete == (found.reason == "")
    for equilibrium in found:
        nege.testing.assert_equilibrium(equilibrium)


# --- the labelled layers -----------------------------------------------------------


@member
def test_sweeps_hold_every_variable_and_agree_with_single_solves(member):
    """In the long run shares depend on where a path comes from, all else on shares alone."""
    model, (parameter, low, high) = member.equal(3, member.online), member.breaks
    values = np.linspace(low, high, 4)
    swept = nege.sweep(model, {parameter: values})
    assert (swept["status"] == nege.Status.CONVERGED).all()
    assert set(model.variables) <= set(swept)
    for i, value in enumerate(values):
        here = swept.isel({parameter: i})
        alone = nege.short_run(model.replace({parameter: value}), here["share"].values).data
        for name in model.variables:
            close(here[name].values, alone[name].values, 1e-9)
    shares = np.random.default_rng(0).dirichlet(np.ones(len(model.regions)), 3)
    for along in (None, parameter):
        many = nege.short_run(model, shares, parameters={parameter: values}, along=along)
        assert (many["status"] == nege.Status.CONVERGED).all()
        alone = nege.short_run(model.replace({parameter: values[2]}), shares[1]).data
        for name in model.variables:
            close(many[name].isel({parameter: 2, "point": 1}).values, alone[name].values, 1e-9)


@pytest.mark.parametrize("seed", draws_points.SOME)
@member
def test_points_of_sweeps_are_what_they_are_alone_or_refused_as_alone(member, seed):
    """Grids, lines, paths and short runs, with points far off, beyond bounds and beyond limits."""
    draws_points.check_member(member, seed)


@member
@pytest.mark.parametrize("method", ["auto", "newton", "anderson", "plain"])
def test_every_method_is_served(member, method):
    model, share = economy(member, 4, 3, True)
    options = nege.SolverOptions(method=method)
    found = nege.short_run(model, share, options=options)
    nege.testing.assert_equilibrium(found)
    assert found.method in codes.METHODS[1:]


@either
def test_files_give_back_everything(member, online, tmp_path):
    """Long runs of the largest economy, short runs of those without an online region."""
    model, share = economy(member, 2, 3, online)
    found = nege.solve(model) if online == bool(member.online) else nege.short_run(model, share)
    found.to_netcdf(tmp_path / "economy.nc")
    again = nege.load(tmp_path / "economy.nc")
    assert again.data.identical(found.data)
    assert repr(again) == repr(found)
    assert again.model.to_dataset().identical(model.to_dataset())
    nege.testing.assert_equilibrium(again)


@member
def test_an_audit_finds_every_tampered_variable(member):
    model, share = economy(member, 1, 3, True)
    data = nege.short_run(model, share).data
    assert max(model.audit(data).values()) <= 1e-10
    for name in model.variables:
        wrong = data.assign({name: data[name] * 1.01})
        worst = max({**model.audit(wrong), **model.audit_motion(wrong, None)}.values())
        assert worst > 1e-5, name


@member
def test_welfare_under_tastes_counts_movers_by_expected_utility(member):
    """Which is what everyone who chose a region has of it: V (b/share)^s, the same for each."""
    model, _ = economy(member, 4, 3, member.online)
    scale, weights = 0.7, np.linspace(1.0, 2.0, len(model.regions))
    found, other = (
        nege.solve(model, dynamics=nege.Logit(scale=scale, weights=k * weights)) for k in (1, 40)
    )
    nege.testing.assert_equilibrium(found)
    assert float(found.data.welfare) == pytest.approx(float(other.data.welfare), rel=1e-9)
    share, payoff = found.data["share"].values, found.data[model.payoff].values
    liked = scale * np.log(weights / weights.sum() / share)
    each = payoff + liked if model.differences else payoff * np.exp(liked)
    np.testing.assert_allclose(each, each[0], rtol=1e-8)
    mean = nege.short_run(model, share).data.welfare
    weight = {"CorePeriphery": "mu", "LinearDemand": "total_skilled"}.get(member.name, "")
    people = member.kind not in (nege.FootlooseCapital, nege.VerticalLinkages)
    gained = getattr(model, weight, 1.0) * people * (each[0] - share @ payoff)
    assert float(found.data.welfare - mean) == pytest.approx(gained, rel=1e-6, abs=1e-11)


@member
@pytest.mark.parametrize("around", [racetrack(5), racetrack(6), nege.geography.equidistant(4)])
@pytest.mark.parametrize("dynamics", [nege.Replicator(), nege.Logit(scale=0.3)])
def test_waves_round_an_even_spread_have_the_rates_of_all_deviations(member, around, dynamics):
    """Fourier coefficients of one column, against eigenvalues of the whole matrix."""
    online = member.online and isinstance(dynamics, nege.Replicator)  # nobody is there
    own = {name: None for name in member.kind.labelled if name != "trade_cost"}
    parameter, low, high = member.breaks
    low, high = (0.02, 0.2) if member.additive else (low, 1.0 + 0.3 * (high - 1.0))
    model = member.equal(2, online).replace(own, geography=around, trade_cost=low)
    family = checked_family(model, parameter, (low, high), dynamics)
    share = np.zeros(len(model.regions))
    share[: len(around)] = 1.0 / len(around)
    assert periods(family, share) == (len(around),)
    waves = CircularModes(family, share, (len(around),))
    for value in np.linspace(low, high, 4)[1:-1]:
        motion, point = family.law_of_motion(value, share, "model", share > 0.0)
        wanted = np.sort(motion.modes(point).rates.real)
        modes = [
            (rate, waves.shapes(cluster))
            for rate, cluster in zip(waves.rates(value), waves.clusters, strict=True)
        ]
        found = np.sort([rate for rate, shapes in modes for _ in shapes])
        np.testing.assert_allclose(found, wanted, atol=1e-11 * np.max(np.abs(wanted)))
        matrix = motion.slopes(point)
        for rate, shapes in modes:
            for shape in shapes:
                moved = (matrix @ shape)[share > 0.0]
                moved -= moved.mean()
                rest = moved - rate * shape[share > 0.0]
                assert np.max(np.abs(rest)) <= 1e-10 * np.max(np.abs(wanted))


@pytest.mark.parametrize(
    "member",
    [
        m
        for m in family.MEMBERS
        if m.online and m.kind not in (nege.LinearDemand, nege.VerticalLinkages)
    ],
    ids=lambda member: member.name,
)
@pytest.mark.parametrize("dynamics", [nege.Replicator(), nege.Logit(scale=0.3)])
def test_an_even_spread_with_some_people_online_is_two_groups_and_waves(member, dynamics):
    """Against the expansion in all regions: attraction, its slopes, and growth rates."""
    own = {name: None for name in member.kind.labelled if name != "trade_cost"}
    parameter, low, high = member.breaks
    model = member.equal(2, True).replace(own, geography=racetrack(5), trade_cost=low)
    given = model, parameter, (low, high), dynamics, SHARP_OPTIONS
    share, on = np.repeat([0.12, 0.4], [5, 1]), occupied_cells([np.arange(5), np.array([5])], 6)
    curve, whole = EvenCurve(*given, Waves((5,))), ContinuationProblem(*given)
    for tau in (0.0, 0.3, 0.8):
        found, wanted = (p.local(tau, share, model.start_state()) for p in (curve, whole))
        np.testing.assert_allclose(found.attraction, wanted.attraction, rtol=1e-11, atol=1e-12)
        size = np.max(np.abs(wanted.slopes))
        slopes, rates = whole.slopes(on, wanted), whole.rates(on, share, wanted)
        np.testing.assert_allclose(curve.slopes(on, found), slopes, atol=1e-11 * size)
        np.testing.assert_allclose(curve.rates(on, share, found), rates, atol=1e-11 * size)
        drift = np.max(np.abs(wanted.drift))
        np.testing.assert_allclose(found.drift, wanted.drift, atol=1e-4 * drift)  # a difference
        for which in range(5):
            shape = curve.neutral_deviations(on, found, 5)[:, which]
            moved = share * (wanted.slopes @ shape)
            moved -= share * moved.sum()
            assert np.max(np.abs(moved - shape * (shape @ moved))) <= 1e-10 * size


@member
@pytest.mark.parametrize("dynamics", [nege.Replicator(), nege.Logit(scale=0.4)], ids=str)
def test_tables_of_derivatives_by_blas_are_those_of_the_kernels(member, dynamics, monkeypatch):
    """Among the occupied regions alone, and among all."""
    model, share = economy(member, 3, 6, True)
    law = law_of_motion.LawOfMotion(model, dynamics, SHARP)
    point = law.at(share, model.start_state())
    occupied = np.flatnonzero(share)
    slow, within = law.slopes(point), law.slopes_among(point, occupied)
    monkeypatch.setattr(law_of_motion, "BLAS_PAYS", 1)
    close(law.slopes(point), slow, EXACT)
    close(law.slopes_among(point, occupied), within, EXACT)


@member
@pytest.mark.parametrize("dynamics", [nege.Replicator(), nege.Logit(scale=0.4)], ids=str)
def test_a_long_run_as_of_many_regions_is_that_of_few(member, dynamics, monkeypatch):
    model = member.draw(np.random.default_rng(5), 6, member.online)
    few = nege.solve(model, dynamics=dynamics)
    monkeypatch.setattr(matrix_free, "MANY", 1)
    many = nege.solve(model, dynamics=dynamics)
    close(many.data.share.values, few.data.share.values, 1e-9)
    assert many.perturbed == few.perturbed
    assert many.leading_eigenvalue == pytest.approx(few.leading_eigenvalue, rel=1e-6)


@member
def test_it_says_what_it_is_in_words_and_pictures(member):
    model = member.equal(3, member.online)
    found = nege.solve(model)
    assert f"{model.article} {model.title} economy: 3 places" in repr(found)
    assert repr(model).startswith(f"{member.name}(3 places, ")
    assert model.payoff in model.variables
    ax = found.plot.shares()
    assert len(ax.patches) == len(model.regions)
    swept = nege.sweep(model, {member.breaks[0]: member.breaks[1:]})
    panels = swept.nege.plot.panels(variables=["share", model.payoff])
    meaning = model.describe(model.payoff)["long_name"]
    assert meaning[:20] in panels[1].get_ylabel().replace("\n", " ")
    plt.close("all")


@member
def test_a_file_for_the_command_line_can_ask_for_it(member, tmp_path, capsys, monkeypatch):
    """Pictures are drawn of all, and written of the first: files know nothing of models."""
    if member is not family.MEMBERS[0]:
        monkeypatch.setattr(figures, "write_figure", lambda figure, path: None)
    model, (parameter, low, high) = member.equal(2, member.online), member.breaks
    lines = ['[geography]\nkind = "equidistant"\nn = 2', f'[model]\nkind = "{model.title}"']
    lines += [f"{name} = {getattr(model, name)}" for name in model.parameters]
    words = {field.name: getattr(model, field.name) for field in dataclasses.fields(model)}
    lines += [f'{name} = "{word}"' for name, word in words.items() if isinstance(word, str)]
    if model.online is not None:
        lines.append(f"[online]\ntrade_cost = {model.online.trade_cost}")
    lines.append(f'[path]\nparameter = "{parameter}"\nfrom = {low}\nto = {high}\npoints = 5')
    (tmp_path / "my.toml").write_text("\n".join(lines))
    assert cli.main(["run", str(tmp_path / "my.toml"), "--output", str(tmp_path / "o")]) == 0
    printed = capsys.readouterr().out
    assert f"{member.name}(2 places" in printed
    assert "All 5 steps converged" in printed
    assert (tmp_path / "o" / "economy.nc").exists()
