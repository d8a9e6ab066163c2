"""An explorer shows what ``nege.solve`` finds, says what it is, and writes the lines that do it."""

import threading

import draws_explorer
import family
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr

import nege
from nege import mechanisms as mech
from nege.explorer import Cancelled, Explorer, Job
from nege.explorer.controls import range_around
from nege.progress import stop_if_cancelled, stoppable
from nege.validation import Bounds

pytestmark = pytest.mark.family

PLACES = nege.geography.equidistant(2)


def taxed():
    """An economy with a tax of each jurisdiction, by name, and a part of a mechanism."""
    steered = mech.Platforms(pricing=mech.Contestable())
    nations = mech.Jurisdictions({"north": ["0"], "south": ["1"]})
    vat = mech.Tax("vat", rate={"north": 0.1, "south": 0.2})
    return nege.OnlineAgglomeration(PLACES, mechanisms=[nations, vat, steered])


ECONOMIES = {member.name: (lambda m=member: m.equal(2, m.online)) for member in family.MEMBERS}
ECONOMIES |= {
    "Commuting": lambda: nege.Commuting(
        nege.geography.line(3), sigma=4, mu=0.7, taste=5, trade_cost=1.5, commuting_cost=1.4
    ),
    "drawn": lambda: family.MEMBERS[0].draw(np.random.default_rng(3), 3, True),
    "OnlineAgglomeration": lambda: nege.OnlineAgglomeration(PLACES),
    "taxed": taxed,
}
explored = {}


def explorer_of(name):
    """Return an explorer, and what its first control is moved to and back, solved once."""
    if name not in explored:
        explorer = Explorer(ECONOMIES[name]())
        first = explorer.controls[explorer.suggested[0]]
        moved = {first.name: first.value + 0.1 * (first.highest - first.value)}
        there = explorer.answer(moved, since=explorer.base)
        explored[name] = explorer, there, explorer.answer(since=there)
    return explored[name]


@pytest.fixture(params=ECONOMIES, ids=str)
def one(request):
    return explorer_of(request.param)


# --- controls -------------------------------------------------------------------------


def test_every_control_is_a_number_that_can_be_moved_and_its_range_is_within_bounds(one):
    explorer, _, _ = one
    assert explorer.controls.keys() >= set(explorer.model.scalars())
    for control in explorer.controls.values():
        assert control.lowest <= control.value <= control.highest
        assert control.lowest < control.highest < np.inf
        assert 0.0 < control.step <= control.highest - control.lowest
        assert control.words


def test_what_is_between_the_ends_of_a_slider_is_accepted(one):
    explorer, _, _ = one
    for control in explorer.controls.values():
        refused = [control.asked(end) for end in (control.lowest, control.highest)]
        assert control.movable is not any(refused), (control, refused)
        assert bool(control.refused) is any(map(control.asked, control.widest))
        assert control.asked(control.value) == ""


def test_a_control_moves_what_it_is_called(one):
    explorer, _, _ = one
    for name in explorer.suggested:
        control = explorer.controls[name]
        other = next(
            float(v) for v in control.values if v != control.value and not control.asked(v)
        )
        economy = explorer.economy({name: other})
        assert Explorer(economy).controls[name].value == other


@pytest.mark.parametrize("value", [-2.5, -0.3, 0.0, 0.7, 1.0, 40.0])
@pytest.mark.parametrize("low", [None, 0.0, -1.0, 0.5])
@pytest.mark.parametrize("high", [None, 1.0, 60.0])
@pytest.mark.parametrize("open_ends", [False, True])
def test_a_range_is_finite_within_its_bounds_and_around_the_value(value, low, high, open_ends):
    ends = ("above", "below") if open_ends else ("at_least", "at_most")
    bounds = Bounds(**dict(zip(ends, (low, high), strict=True)))
    if not bounds.hold(value):
        return
    lowest, highest, log = range_around(bounds, value)
    assert lowest <= value <= highest
    assert lowest < highest
    assert bounds.hold(np.array([lowest, highest])).all()
    assert not log or lowest > 0.0


def test_a_commission_is_looked_at_from_nothing_on_unless_it_is_a_subsidy():
    bounds = Bounds(above=-1.0, below=1.0)
    assert range_around(bounds, 0.05)[0] == 0.0
    assert range_around(bounds, -0.05)[0] < -0.9


def test_what_is_alike_is_moved_together_and_by_entry_the_entry_last():
    explorer, _, _ = explorer_of("OnlineAgglomeration")
    economy = explorer.economy({"digital_cost.services": 2.0, "digital_cost": 1.5})
    assert economy.digital_cost.values.tolist() == [1.5, 2.0]


def test_mechanisms_and_the_online_region_are_switched():
    explorer, _, _ = explorer_of("taxed")
    assert explorer.switches["vat"].on
    assert not explorer.switches["matching"].on
    switched = {"vat": False, "matching": True}
    economy = explorer.economy({**switched, "matching.vacancy_cost": 0.1})
    assert set(economy.mechanisms) == {"jurisdictions", "platforms", "matching"}
    known = explorer.controls_at(switched)
    assert "matching.vacancy_cost" in known
    assert not any(name.startswith("vat.") for name in known)
    places, _, _ = explorer_of("CorePeriphery")
    assert places.economy({"online": False}).online is None
    without = Explorer(places.model.without_online())
    assert without.economy({"online": True}).online.trade_cost == without.model.trade_cost


def test_mechanisms_and_their_controls_begin_with_a_name():
    explorer, _, _ = explorer_of("taxed")
    words = {name: switch.words for name, switch in explorer.switches.items()}
    assert words["vat"].startswith("vat: a tax on sales")
    assert words["security"].startswith("Security: losses to attacks")
    assert words["dual_mode"].startswith("Dual mode: ")
    known = explorer.controls_at({"security": True})
    for control in known.values():
        for owner, before in (("vat", "vat: "), ("security", "Security: ")):
            assert control.words.startswith(before) == (control.owner == owner)


# --- answers --------------------------------------------------------------------------


def test_a_mechanism_without_which_all_is_the_same_is_idle():
    explorer, _, _ = explorer_of("OnlineAgglomeration")
    both = explorer.answer({"tax": True, "security": True})
    assert set(both.idle) == {"tax", "security"}
    assert explorer.answer({**both.values, "tax.rate": 0.1}, since=both).idle == ("security",)
    assert explorer.answer({"oligopoly": True}).idle == ()
    assert explorer.answer({"dual_mode": True}).idle == ()  # firms sell that way
    assert explorer_of("taxed")[1].idle == ()


def test_answers_are_what_solve_finds_from_the_start_that_they_name(one):
    explorer, there, back = one
    for answer, economy, start in (
        (explorer.base, explorer.model, None),
        (there, explorer.model.replace(dict(there.values)), explorer.base),
        (back, explorer.model, there),
    ):
        assert answer.solved
        given = None if start is None else start.data
        if given is not None and explorer.model.in_shares:
            given = given["share"]
        assert answer.data.identical(nege.solve(economy, given).data)
        assert answer.data.identical(nege.solve(economy, answer.start).data)


def test_an_answer_says_what_was_found_what_is_open_and_who_gains(one):
    explorer, there, back = one
    said = "\n".join([there.headline, *there.words, there.open])
    assert said == there.equilibrium.banner()
    assert there.gains.data.identical(
        nege.compare(explorer.base.equilibrium, there.equilibrium).data
    )
    assert there.who
    assert there.against is explorer.base
    if back.gains.winners.empty and back.gains.losers.empty:  # rounding is nobody's gain
        assert "None gains or loses; equivalent variation 0 (" in back.who[0]


def test_places_and_shares_are_those_of_the_equilibrium(one):
    _, there, _ = one
    places, shares = there.places, there.shares
    np.testing.assert_allclose(places["firms"].sum(["place", "channel"]), 1.0, rtol=1e-12)
    np.testing.assert_allclose(shares.sum("channel"), 1.0, rtol=1e-12)
    data, model = there.data, there.model
    if model.in_shares:
        assert places["payoff"].values.tolist() == data[model.payoff].values.tolist()
        assert places.sizes["place"] == len(model.regions)
    else:
        assert places["people"].values.tolist() == data["population"].values.tolist()


def test_what_went_on_stays_where_the_past_has_taken_it():
    explorer = Explorer(nege.CorePeriphery(PLACES, sigma=5, mu=0.4, trade_cost=1.7))
    core = explorer.answer({"trade_cost": 1.5})
    back = explorer.answer({}, since=core)
    assert back.places["people"].values.max() == 1.0
    assert explorer.base.places["people"].values == pytest.approx(0.5)
    assert back.started != explorer.base.started
    assert back.gains is not None  # of another equilibrium of the same economy


@pytest.mark.faults
def test_values_that_are_refused_are_an_answer_from_which_one_goes_on():
    explorer, there, _ = explorer_of("CorePeriphery")
    for values in ({"sigma": 0.5}, {"sigma": np.nan}, {"nothing": 1.0}, {"online": 1.0}):
        answer = explorer.answer(values, since=there)
        assert answer.outcome == "refused"
        assert not answer.solved
        assert answer.data is answer.places is answer.shares is None
        assert next(iter(values)) in " ".join(answer.words)
        again = explorer.answer(there.values, since=answer)
        assert again.start.identical(there.start)
    with pytest.raises(nege.InputError, match="values must be a mapping"):
        explorer.answer([1.0])


@pytest.mark.faults
def test_a_failed_solve_is_an_answer_with_what_it_reached():
    few = nege.SolverOptions(limit_steps=2)
    explorer = Explorer(nege.CorePeriphery(PLACES, sigma=5, mu=0.4, trade_cost=1.5), options=few)
    failed = explorer.base
    assert failed.outcome == "failed"
    assert failed.data["share"].sum() == pytest.approx(1.0)
    assert "Remedy" in "\n".join(failed.words)
    moved = explorer.answer({"mu": 0.41}, since=failed)
    assert moved.start is None  # a failed solve is nowhere
    assert "error.equilibrium" in explorer.python(failed).text


def test_a_rest_point_that_does_not_last_is_no_equilibrium(tmp_path, monkeypatch, capsys):
    economy = nege.CorePeriphery(PLACES, sigma=5, mu=0.4, trade_cost=1.5)
    pure = nege.Replicator(allow_entry=False)
    explorer = Explorer(economy, start=[0.5, 0.5], dynamics=pure)
    answer = explorer.answer({"mu": 0.41})
    assert answer.outcome == "unstable"
    assert not answer.solved
    assert answer.gains is None
    assert "no equilibrium" in answer.who[0]
    assert run(explorer.python(answer), tmp_path, monkeypatch)["found"].data.identical(answer.data)


def test_after_a_change_of_tastes_it_is_said_that_gains_are_not_known():
    explorer, there, _ = explorer_of("CorePeriphery")
    (said,) = explorer.answer({"sigma": 4.0}, since=there).who
    assert "not known: they are for economies of people with the same tastes" in said
    assert "after must" not in said


def test_clearing_markets_is_cancelled_at_the_next_step():
    model = explorer_of("OnlineAgglomeration")[0].model
    with stoppable(lambda: False), pytest.raises(Cancelled):
        nege.short_run(model, explorer_of("OnlineAgglomeration")[0].base.data)


def test_other_regions_begin_anew_and_say_so():
    explorer, there, _ = explorer_of("CorePeriphery")
    answer = explorer.answer({"online": False}, since=there)
    assert answer.solved
    assert answer.start is None
    assert "other regions" in answer.started
    assert answer.gains is None
    assert "not known" in answer.who[0]


@pytest.mark.faults
def test_what_is_no_model_start_control_or_interval_is_refused():
    economy = ECONOMIES["CorePeriphery"]()
    with pytest.raises(nege.InputError, match="model"):
        Explorer(3)
    with pytest.raises(nege.InputError, match="start"):
        Explorer(economy, start=[1.0, 1.0])
    explorer = Explorer(economy)
    with pytest.raises(nege.InputError, match="trade_cost"):
        explorer.diagram("trade_costs")
    with pytest.raises(nege.InputError, match="branches"):
        explorer.diagram("trade_cost", kind="tree")
    with pytest.raises(nege.InputError, match="interval"):
        explorer.diagram("trade_cost", interval=(3.0, 2.0)).result(60)


# --- lines of Python ------------------------------------------------------------------


def run(script, folder, monkeypatch, pictures=False):
    """Run lines in an empty namespace, in a folder with their files."""
    for name, content in script.files.items():
        (folder / name).write_bytes(content)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(plt, "show", lambda: None)
    text = script.text
    if not pictures:
        text = "\n".join(line for line in text.split("\n") if ".plot" not in line)
    space = {}
    exec(compile(text, "lines", "exec"), space)
    plt.close("all")
    return space


def test_lines_make_the_same_equilibrium_to_the_last_bit(one, tmp_path, monkeypatch, capsys):
    explorer, _, back = one
    script = explorer.python(back)
    assert script.files == {}
    made = run(script, tmp_path, monkeypatch)
    assert made["found"].data.identical(back.data)
    assert made["gains"].data.identical(back.gains.data)
    assert back.headline in capsys.readouterr().out
    assert max(map(len, script.text.split("\n"))) <= 100


def test_lines_draw_the_pictures_and_the_diagram(tmp_path, monkeypatch, capsys):
    mpl.use("Agg")
    explorer = Explorer(nege.CorePeriphery(PLACES, sigma=5, mu=0.4, trade_cost=1.7))
    diagram = explorer.diagram("trade_cost", interval=(1.5, 1.9)).result(60)
    assert diagram.kind == "branches"
    assert diagram.complete
    x, y = diagram.point(explorer.base)
    assert x == explorer.model.trade_cost
    at = diagram.found.at(x)
    assert np.abs(at["share"].sel(region=diagram.region) - y).min() < 1e-9
    moved = explorer.answer({"trade_cost": 1.8}, since=explorer.base)
    assert diagram.point(moved, "largest") == (1.8, float(moved.data["share"].max()))
    # Of another economy there is no point on it.
    assert diagram.point(explorer.answer({"trade_cost": 1.8, "mu": 0.41})) is None
    made = run(explorer.python(moved, diagram), tmp_path, monkeypatch, pictures=True)
    assert made["diagram"].to_dataset().identical(diagram.found.to_dataset())
    assert made["found"].data.identical(moved.data)


def test_a_refusal_is_written_too(tmp_path, monkeypatch):
    explorer, _, _ = explorer_of("CorePeriphery")
    script = explorer.python(explorer.answer({"sigma": 0.5}))
    with pytest.raises(nege.InputError, match="sigma"):
        run(script, tmp_path, monkeypatch)


def test_places_of_data_are_in_a_file_and_the_lines_say_so(tmp_path, monkeypatch, capsys):
    rng = np.random.default_rng(0)
    towns = nege.geography.from_points(rng.uniform(30, 31, 3), rng.uniform(110, 111, 3))
    towns = towns.select(["2", "0"])  # which is no call of a maker any more
    explorer = Explorer(
        nege.Helpman(towns, sigma=4, mu=0.7, trade_cost=1.3),
        dynamics=nege.Logit(scale=0.2, weights=[1.0, 2.0]),
    )
    answer = explorer.answer({"mu": 0.75}, since=explorer.base)
    script = explorer.python(answer)
    assert list(script.files) == ["economy.nc"]
    assert "came from data" in " ".join(script.notes)
    assert run(script, tmp_path, monkeypatch)["found"].data.identical(answer.data)


def test_a_long_start_is_in_a_file(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("nege.explorer.lines.MOST", 1)
    explorer, _, back = explorer_of("OnlineAgglomeration")
    script = explorer.python(back)
    assert list(script.files) == ["start.nc"]
    assert run(script, tmp_path, monkeypatch)["found"].data.identical(back.data)


def test_a_start_of_ones_own_is_written(tmp_path, monkeypatch, capsys):
    _, there, _ = explorer_of("OnlineAgglomeration")
    start = {name: there.data[name] for name in ("firm_mass", "population")}
    explorer = Explorer(nege.OnlineAgglomeration(PLACES), start=start)
    found = run(explorer.python(explorer.base), tmp_path, monkeypatch)["found"]
    assert found.data.identical(explorer.base.data)
    assert explorer.base.data.identical(nege.solve(explorer.model, start).data)


def test_what_is_known_of_places_is_named_and_not_copied(tmp_path, monkeypatch, capsys):
    towns = nege.geography.from_points([30.0, 31.0], [110.0, 111.0], population=[3.0, 1.0])
    economy = nege.CorePeriphery(towns, sigma=5, mu=0.4, trade_cost=1.7, farmers=[0.75, 0.25])
    known = nege.Helpman(towns, sigma=4, mu=0.7, trade_cost=1.3, housing="population")
    dynamics = nege.Logit(scale=0.2, weights=towns.population_share)
    for model in (economy, known):
        explorer = Explorer(model, dynamics=dynamics)
        text = explorer.python(explorer.base).text
        assert "weights=economy.geography.population_share.values" in text
        assert ('housing="population"' in text) is (model is known)
        assert "0.75" not in text  # which is the share of people
        found = run(explorer.python(explorer.base), tmp_path, monkeypatch)["found"]
        assert found.data.identical(explorer.base.data)


def test_a_call_that_makes_the_places_is_used_only_if_it_does(tmp_path, monkeypatch, capsys):
    economy = nege.CorePeriphery(PLACES, sigma=5, mu=0.4, trade_cost=1.7)
    call = "nege.geography.equidistant(1 + 1)"
    for given, used in ((call, True), ("nege.geography.equidistant(3)", False), ("1 +", False)):
        explorer = Explorer(economy, geography=given)
        text = explorer.python(explorer.base).text
        assert (given in text) is used
        assert used or "equidistant(2)" in text


def test_mechanisms_and_switches_are_written(tmp_path, monkeypatch, capsys):
    explorer, _, back = explorer_of("taxed")
    values = {"vat": False, "matching": True, "matching.vacancy_cost": 0.1}
    answer = explorer.answer(values, since=back)
    assert answer.solved
    script = explorer.python(answer)
    assert '.without("vat")' in script.text
    assert "mech.Matching()" in script.text
    assert run(script, tmp_path, monkeypatch)["found"].data.identical(answer.data)


# --- diagrams -------------------------------------------------------------------------


def test_of_an_economy_without_a_diagram_there_is_a_loop_and_it_says_why(monkeypatch):
    monkeypatch.setattr("nege.explorer.diagrams.POINTS", 3)
    places = nege.geography.line(3)
    groups = {"0": "a", "1": "a", "2": "b"}
    economy = nege.Helpman(places, sigma=4, mu=0.7, trade_cost=1.5, mobility=groups)
    explorer = Explorer(economy)
    job = explorer.diagram("trade_cost", interval=(1.4, 1.6), since=explorer.base)
    diagram = job.result(60)
    assert diagram.kind == "loop"
    assert "groups" in diagram.words[0]
    assert diagram.point(explorer.base)[1] == float(explorer.base.data["share"][0])
    with pytest.raises(nege.InputError, match="mobility"):
        explorer.diagram("trade_cost", kind="branches").result(60)


def test_a_range_ends_where_the_economy_does():
    member = next(m for m in family.MEMBERS if m.additive)
    explorer = Explorer(member.equal(2, False))
    control = explorer.controls["trade_cost"]
    assert control.lowest < control.value < control.highest < control.widest[1]
    assert control.asked(control.highest) == ""
    assert control.asked(control.highest + control.step)
    dear = {"b": 1.0 + 0.5 * (explorer.controls["b"].highest - 1.0)}
    low, high = explorer.diagram("trade_cost", dear).result(60).interval
    assert low < control.value < high < control.highest
    at = explorer.economy(dear)
    at.replace(trade_cost=high)
    with pytest.raises(nege.InputError, match="trade_cost must be low enough"):
        at.replace(trade_cost=high * (1.0 + 1e-6))


# --- jobs -----------------------------------------------------------------------------


@pytest.mark.faults
def test_a_job_that_is_cancelled_is_over_at_once_and_its_work_ends():
    begun, ended = threading.Event(), threading.Event()

    def work(progress):
        begun.set()
        try:
            while True:
                stop_if_cancelled()
        finally:
            ended.set()

    job, heard = Job("turning", work), []
    assert begun.wait(60)
    with pytest.raises(TimeoutError, match="turning"):
        job.result(0.0)
    job.when_done(heard.append)
    assert job.cancel()
    assert job.cancelled
    with pytest.raises(Cancelled):
        job.result(0.0)
    assert ended.wait(60)
    assert heard == [job]
    assert not job.cancel()  # there is nothing left to end


@pytest.mark.faults
def test_a_job_has_its_result_its_error_and_its_progress():
    assert Job("one", lambda progress: progress(1, 2, "steps") or 3).result(60) == 3
    job = Job("none", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        job.result(60)
    heard = []
    job.when_done(heard.append)
    assert heard == [job]
    shown = Job("two", lambda progress: progress(1, 2, "steps"))
    shown.result(60)
    assert shown.progress == (1, 2, "steps")
    assert shown.doing == "steps"


def test_the_last_question_is_answered_and_those_before_it_are_cancelled():
    explorer, there, _ = explorer_of("CorePeriphery")
    jobs = [explorer.ask({"trade_cost": 1.7 + 0.01 * i}, since=there) for i in range(5)]
    answer = jobs[-1].result(60)
    assert answer.values == {"trade_cost": 1.74}
    assert all(job.cancelled or job.result(60).solved for job in jobs[:-1])
    assert answer.data.identical(explorer.answer({"trade_cost": 1.74}, since=there).data)


@pytest.mark.parametrize("name", ["CorePeriphery", "OnlineAgglomeration"])
def test_several_threads_have_the_same_answers_as_one(name):
    explorer, there, back = explorer_of(name)
    anew = Explorer(explorer.model)  # nothing is cached yet
    jobs = [Job("answering", lambda _: anew.answer(since=there)) for _ in range(4)]
    assert all(job.result(60).data.identical(back.data) for job in jobs)


@pytest.mark.faults
@pytest.mark.parametrize("name", ["CorePeriphery", "OnlineAgglomeration"])
def test_a_solve_that_nobody_wants_any_more_ends(name):
    economy = ECONOMIES[name]()
    with stoppable(lambda: False), pytest.raises(Cancelled):
        nege.solve(economy)
    assert isinstance(nege.solve(economy).data, xr.Dataset)


@pytest.mark.draws
@pytest.mark.parametrize("seed", [1, 8, 10])
def test_random_economies_are_explored_at_random(seed):
    draws_explorer.check(seed)
