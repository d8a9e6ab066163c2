"""The command line on industries that choose places and channels, along a path or a scenario."""

import numpy as np
import pytest
import xarray as xr

import nege
from nege.command import cli, economy_file, figures, report_industries, sweep_table
from nege.command.execution import RunResult, execute

pytestmark = pytest.mark.faults
TWO = nege.geography.equidistant(2)

SCENARIO = """
title = "Three places"
[geography]
kind = "points"
latitude = [31.2, 39.9, 23.1]
longitude = [121.5, 116.4, 113.3]
names = ["Shanghai", "Beijing", "Guangzhou"]
population = [25, 21, 18]
[model]
kind = "online agglomeration"
sigma = {manufacturing = 5, services = 4.5}
home_weight = "population"
land = [0.4, 0.3, 0.3]
[path]
scenario = "stylised_turn"
city = "Beijing"
"""
PARAMETER = """
[geography]
kind = "distance"
distance = [[0, 1], [1, 0]]
[model]
kind = "online agglomeration"
industries = ["farms", "crafts", "design"]
consumption = [0.3, 0.3, 0.25]
inputs = 0.1
land_share = [0.3, 0.1, 0]
transport_cost = 0.3
search_cost = 0.2
digitisability = [0, 0.5, 1]
[path]
parameter = "digital_cost"
from = 2
to = 1
points = 3
"""


OF_MODEL = SCENARIO.partition("[model]")[2].partition("[path]")[0]


def read(tmp_path, text):
    (tmp_path / "my.toml").write_text(text)
    return economy_file.read_path(str(tmp_path / "my.toml"))


def test_a_scenario_is_read_with_its_city_and_the_populations_of_places(tmp_path):
    found = read(tmp_path, SCENARIO)
    assert found.model.sigma.values.tolist() == [5.0, 4.5]
    np.testing.assert_allclose(found.model.home_weight, np.array([25, 21, 18]) / 64)
    expected = nege.scenarios.stylised_turn(found.model, city="Beijing")
    xr.testing.assert_identical(found.path, expected)


def test_a_run_along_a_scenario_tells_its_patterns_and_draws_a_map_of_each(
    tmp_path, capsys, monkeypatch
):
    write, kinds = figures.write_figure, set()

    def once(figure, path):  # of the maps the first is rendered
        kind = path.name.partition("_")[0]
        path.touch() if kind in kinds else write(figure, path)
        kinds.add(kind)

    monkeypatch.setattr(figures, "write_figure", once)
    (tmp_path / "my.toml").write_text(SCENARIO)
    out = tmp_path / "out"
    assert cli.main(["run", str(tmp_path / "my.toml"), "--output", str(out)]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    data = nege.load(out / "economy.nc")
    words = list(dict.fromkeys(nege.patterns(data).pattern.values.tolist()))
    assert len(words) > 1
    for said in (
        *words,
        "All 18 steps converged",
        "Step by step, the pattern of industry is: ",
        "stable",
    ):
        assert said in printed, said
    assert "in between: manufacturing mixed, services clustered" in printed
    named = [*words, "at the end"]  # its pattern was there before
    maps = {f"map_{word.replace(' ', '_').replace('-', '_')}.png" for word in named}
    assert {p.name for p in out.iterdir()} == {"economy.nc", "shares.png", "timeline.png", *maps}
    assert f"{float(data.welfare[0]):.5f}" in printed
    run = RunResult(economy_file.read_path(str(tmp_path / "my.toml")), data, np.nan, ())
    drawn = report_industries.drawings(run)["map_at_the_end.png"]
    titled = [ax for ax in drawn.axes if ax.get_title(loc="left")]
    for ax in titled:
        said = {text.get_text() for text in ax.texts if text.get_gid() == "name"}
        assert said == set(run.specification.model.geography.names)
    assert len(titled) == 3
    assert float(data.productivity.sel(step=0, industry="services", place="Beijing")) == 1.25


def test_a_path_of_one_parameter_serves_any_industries(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(figures, "write_figure", lambda figure, path: path.touch())
    (tmp_path / "my.toml").write_text(PARAMETER)
    assert cli.main(["run", str(tmp_path / "my.toml"), "--output", str(tmp_path / "o")]) == 0
    printed = capsys.readouterr().out
    assert "As the digital trade cost changes, the pattern of industry is: " in printed
    assert "digital cost  farms online  crafts online  design online  largest city" in printed
    assert sorted(p.name for p in (tmp_path / "o").iterdir()) == [
        "economy.nc", "shares.png", "timeline.png",
    ]  # fmt: skip


TARIFF = """
[geography]
kind = "equidistant"
n = 2
[model]
kind = "OnlineAgglomeration"
digital_cost = [3.0, 1.2]
[model.mechanisms.blocs]
kind = "jurisdictions"
members = {north = ["0"], south = ["1"]}
[model.mechanisms.duty]
kind = "tariff"
rate = {north = 0.0, south = 0.0}
[path]
parameter = "duty.rate.north"
from = 0.0
to = 0.1
points = 2
"""


def test_a_policy_is_told_by_welfare_and_revenue_of_each_jurisdiction(tmp_path):
    run = execute(read(tmp_path, TARIFF))
    above, below, first, last = report_industries.path_table(run).split("\n")
    # Whole words, one above the other, and no column of what south does not raise.
    wanted = "duty rate manufacturing services welfare of welfare of revenue of"
    assert " ".join(above.split()) == wanted
    wanted = "north online online largest city welfare north south duty, north residual pattern"
    assert " ".join(below.split()) == wanted
    welfare = run.result.jurisdiction_welfare.values
    raised = float(run.result.revenue.sel(wedge="duty", jurisdiction="north")[-1])
    assert raised > 0.0
    assert [f"{one:.5f}" for one in (*welfare[0], 0.0)] == first.split()[5:8]
    assert [f"{one:.5f}" for one in (*welfare[1], raised)] == last.split()[5:8]
    said = " ".join(report_industries.story(run))
    assert "As the import tariff of north (duty) changes, the pattern of industry is: " in said
    assert (
        f"On the way welfare of north goes from {welfare[0, 0]:.5f} to {welfare[1, 0]:.5f}" in said
    )
    most = "is largest where the import tariff of north (duty) is 0.1"
    assert f"The revenue of duty in north {most}: {raised:.5f} of the wage bill." in said


def test_there_and_back_a_pattern_says_where_it_turned():
    assert report_industries._stretch(np.array([2.0, 1.6, 1.2, 1.6, 2.0])) == "2 to 1.2 to 2"
    assert report_industries._stretch(np.array([2.0, 1.6])) == "2 to 1.6"
    assert report_industries._stretch(np.array([2.0])) == "2"


def test_steps_that_failed_are_named_and_left_out_of_the_story(tmp_path):
    wanted = read(tmp_path, PARAMETER)
    ds = nege.follow(wanted.model, wanted.path, options=nege.SolverOptions(limit_steps=1))
    assert (ds.status != nege.Status.CONVERGED).all()
    run = RunResult(wanted, ds, np.nan, ())
    assert report_industries.path_table(run).count("LIMIT") == 3
    assert report_industries.story(run) == []
    assert report_industries.drawings(run) == {}


@pytest.mark.parametrize(
    ("old", "new", "argument", "cure"),
    [
        ('"stylised_turn"', '"stylised_trun"', "[path] scenario", "Did you mean 'stylised_turn'"),
        ('city = "Beijing"', 'city = "Peking"', "[path] city", "Known: Shanghai, Beijing, Guang"),
        ('city = "Beijing"', "points = 3", "[path] key", "Known: scenario, city, industries"),
        ('"online agglomeration"', '"core-periphery"', "[model] key", "got 'home_weight'"),
        (OF_MODEL, "\nsigma = 5\nmu = 0.4\ntrade_cost = 2\n", "[path] scenario", "a channel"),
        ("[path]", "[online]\ntrade_cost = 1.2\n[path]", "[online]", "take the table out"),
        ("sigma = {", "sigmma = {", "[model] key", "Did you mean 'sigma'"),
        ("services = 4.5", "service = 4.5", "[model] sigma", "'services'"),
        ('land = [0.4, 0.3, 0.3]', 'land = "people"', "[model] land", "a column of the geogr"),
        ("[path]", '[dynamics]\nkind = "logit"\nscale = 0.1\n[path]', "[dynamics] kind", "[model]"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_refused_by_key_with_its_cure(tmp_path, old, new, argument, cure):
    text = SCENARIO.replace(old, new, 1)
    assert text != SCENARIO
    with pytest.raises(nege.InputError) as caught:
        read(tmp_path, text)
    assert caught.value.argument == f"{tmp_path / 'my.toml'}: {argument}"
    assert cure in str(caught.value)


RETAIL = """
[geography]
kind = "cities"
country = "CN"
min_population = 12_000_000
separate = 50
[model]
kind = "online agglomeration"
land = "population"
home_weight = "population"
productivity = 1.0
digital_cost = [1.6, 3.0]
[data]
population = "population"
[path]
scenario = "online_retail"
"""


def test_a_run_of_online_retail_has_the_shares_put_in_and_holds_other_figures_against_it(
    tmp_path, capsys
):
    (tmp_path / "my.toml").write_text(RETAIL)
    out = tmp_path / "out"
    assert cli.main(["--output", str(out), "run", str(tmp_path / "my.toml")]) == 0
    assert (out / "economy.nc").exists()
    printed = capsys.readouterr().out
    rows = [line.split() for line in printed.splitlines() if line.split()[:1] > ["2014"]]
    rows = [row for row in rows if row[0] in ("2015", "2016", "2019", "2020", "2021")]
    assert [row[1] for row in rows] == [row[2] for row in rows]  # model and observed
    assert [row[1] for row in rows] == ["10.80%", "12.60%", "20.70%", "24.90%", "24.50%"]
    words = " ".join(printed.split())
    for said in (
        "Figures of China that were not put in",
        "sellers on the coast (2015 to 2020, China 98% to 94%",
        "no test: every city sells at least",
        "no finding on services",
    ):
        assert said in words, said
    assert {p.name for p in out.iterdir()} == {"cities.png", "economy.nc", "retail.png"}
    data = nege.load(out / "economy.nc")
    people = nege.geography.cities("CN", min_population=12_000_000, separate=50).population_share
    np.testing.assert_allclose(data.population.sel(step=2015), people, atol=5e-3)


def test_data_in_a_file_are_inverted_and_refused_by_name(tmp_path):
    found = read(tmp_path, RETAIL)
    at = nege.solve(found.model)
    np.testing.assert_allclose(at.data.population, found.model.home_weight, rtol=1e-8)
    with pytest.raises(nege.InputError, match="employment"):
        read(tmp_path, RETAIL.replace('population = "population"\n[path]', "jobs = 3\n[path]"))


EVERY_TABLE = """
title = "Every table"
[geography]
kind = "table"
file = "towns.csv"
names = "town"
latitude = "north"
longitude = "east"
population = "people"
[model]
kind = "online agglomeration"
home_weight = "population"
land = "houses"
sigma = {manufacturing = 5, services = 4.5}
[model.mechanisms.levy]
kind = "tax"
rate = 0.05
channels = ["online"]
[model.mechanisms.platforms]
number = 2
steering = {affiliates = 0.2}
[path]
parameter = "digital_cost"
from = 2.0
to = 1.2
points = 5
back = true
spacing = "log"
[sweep]
random = {count = 4}
[sweep.parameters]
"levy.rate" = [0.0, 0.1]
sigma = {from = 4, to = 5, points = 2}
"""
OF_PEOPLE = """
[geography]
kind = "equidistant"
n = 2
[model]
sigma = 5
mu = 0.4
trade_cost = 1.7
[online]
trade_cost = 1.2
commission = 0.1
[dynamics]
kind = "logit"
scale = 0.1
online_weight = 1.0
[path]
parameter = "online_trade_cost"
from = 2.0
to = 1.2
"""


@pytest.mark.parametrize("text", [EVERY_TABLE, OF_PEOPLE], ids=["industries", "people"])
def test_whatever_is_wrong_is_said_with_file_table_and_key(tmp_path, monkeypatch, text):
    """Each key misspelt, and each value of a kind that nothing takes."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "towns.csv").write_text("town,north,east,people,houses\nA,50,6,2,3\nB,51,7,3,2\n")
    lines, table, tried = text.split("\n"), "", 0
    for at, line in enumerate(lines):
        if line.startswith("["):
            table = line
        key, equals, value = line.partition(" = ")
        if not equals:
            continue
        quoted = key.startswith('"')
        misspelt = f'{key[:-1]}_"' if quoted else f"{key}_"
        for wrong in (f"{misspelt} = {value}", f"{key} = 1979-05-27"):
            (tmp_path / "my.toml").write_text("\n".join([*lines[:at], wrong, *lines[at + 1 :]]))
            reader = sweep_table.read_sweep if "sweep" in table else economy_file.read_path
            with pytest.raises(nege.InputError) as caught:
                reader("my.toml")
            said = str(caught.value)
            assert said.startswith(f"my.toml: {table} ".replace("  ", " ")), (wrong, said)
            assert key.strip('"') in said or table in ("[model]", "[path]"), (wrong, said)
            tried += 1
    assert tried >= 2 * 12


KINDS = nege.mechanisms.Mechanism.kinds()


@pytest.mark.parametrize("kind", [k for k in KINDS if KINDS[k].__module__.startswith("nege.")])
def test_a_misspelt_parameter_of_a_mechanism_is_said_with_its_table(kind):
    one = KINDS[kind]
    for field in [name for name in one.fields if name != "name"]:
        table = {"mechanisms": {"mine": {"kind": kind, f"{field}_": 1.0}}}
        with pytest.raises(nege.InputError) as caught:
            economy_file.make_model(nege.OnlineAgglomeration, table, TWO, None)
        assert caught.value.argument == f"[model.mechanisms.mine] {field}_"
        assert repr(field) in caught.value.cure
