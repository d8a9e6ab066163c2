"""The command line: what it prints, writes, and returns."""

import subprocess
import sys

import numpy as np
import pytest

import nege
from nege.command import cli, economy_file, execution, figures, sweep_table

pytestmark = pytest.mark.faults

SMALL = """
title = "Three places on a line"
[geography]
kind = "points"
latitude = [31.2, 39.9, 23.1]
longitude = [121.5, 116.4, 113.3]
names = ["Shanghai", "Beijing", "Guangzhou"]
population = [25, 21, 18]
[model]
sigma = 5
mu = 0.4
trade_cost = 1.7
[online]
commission = 0.05
[dynamics]
kind = "logit"
scale = 0.1
weights = "population"
online_weight = 0.05
[path]
parameter = "online_trade_cost"
from = 2.0
to = 1.0
points = 5
spacing = "log"
back = true
"""


@pytest.fixture
def small(tmp_path):
    path = tmp_path / "small.toml"
    path.write_text(SMALL)
    return path


@pytest.fixture
def sketches(monkeypatch):
    """Pictures are drawn, but nothing is rendered: their files are empty."""
    monkeypatch.setattr(figures, "write_figure", lambda figure, path: path.touch())


def test_a_run_prints_a_table_and_a_story_and_writes_three_files(small, tmp_path, capsys):
    out = tmp_path / "out"
    small.write_text(SMALL.replace("commission", "trade_cost = 1.5\ncommission"))
    assert cli.main(["run", str(small), "--output", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "\n[path] starts online_trade_cost at 2, not at 1.5 of [online].\n" in printed
    printed = " ".join(printed.split())
    for words in (
        *("digital cost", "online share", "largest city", "welfare", "residual", "iterations"),
        *(
            "and back",
            "All 9 steps converged",
            "equal places, of 3 places (the effective number",
            "No jump",
        ),
        *("Shanghai, the largest place", "no hysteresis", "economy.nc"),
    ):
        assert words in printed, words
    assert sorted(p.name for p in out.iterdir()) == ["cities.png", "economy.nc", "online_share.png"]
    data = nege.load(out / "economy.nc")
    assert data.sizes == {"step": 9, "region": 4}
    assert data.attrs["title"] == "Three places on a line"
    assert 1 <= data.attrs["effective_places"] <= 3
    np.testing.assert_allclose(data.share.sum("region"), 1.0, atol=1e-12)


TOWNS = """town, north, east, people, houses
7, 50.776, 6.084, 249, 131
Bonn, 50.735, 7.100, 331, 172
Cologne, 50.938, 6.960, 1084, 560
"""
OF_TOWNS = """
[geography]
kind = "table"
file = "towns.csv"
names = "town"
latitude = "north"
longitude = "east"
population = "people"
unit = "100 km"
[model]
kind = "Helpman"
sigma = 5
mu = 0.7
trade_cost = 1.5
housing = "houses"
"""


def test_places_may_be_in_a_table_beside_the_file(tmp_path):
    """Names as they are written, columns by their names, distances of their own if given."""
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "towns.csv").write_text(TOWNS)
    (tmp_path / "inside" / "apart.csv").write_text(
        "from,Cologne,7,Bonn\n7,3,0,4\nBonn,1,4,0\nCologne,0,3,1\n"
    )
    file = tmp_path / "inside" / "towns.toml"
    file.write_text(OF_TOWNS)
    read = economy_file.read_economy(str(file))
    towns = read.model.geography
    assert [*towns.names] == ["7", "Bonn", "Cologne"]
    assert 0.6 < float(towns.distance[0, 2]) < 0.7  # of 100 km
    np.testing.assert_array_equal(read.model.housing, [131, 172, 560])
    assert read.geography == ""  # lines of an explorer keep such places in a file
    text = OF_TOWNS.replace("population =", 'distance = "apart.csv"\npopulation =')
    file.write_text(text.replace('unit = "100 km"\n', ""))
    towns = economy_file.read_economy(str(file)).model.geography
    np.testing.assert_array_equal(towns.distance, [[0, 4, 3], [4, 0, 1], [3, 1, 0]])


@pytest.mark.parametrize(
    ("separator", "decimal"), [(";", ","), (";", "."), ("\t", "."), ("\t", ",")]
)
def test_a_table_may_be_as_spreadsheets_elsewhere_write_it(tmp_path, separator, decimal):
    """Semicolons or tabs between columns, then decimal commas too; names may have commas."""
    apart = ",Cologne,7,Bonn\n7,3.5,0,4\nBonn,1,4,0\nCologne,0,3.5,1\n"
    text = OF_TOWNS.replace("population =", 'distance = "apart.csv"\npopulation =')
    (tmp_path / "towns.toml").write_text(text.replace('unit = "100 km"\n', ""))
    for name, written in {"towns.csv": TOWNS.replace(", ", ","), "apart.csv": apart}.items():
        text = written.replace(",", separator).replace(".", decimal)
        (tmp_path / name).write_text(text.replace("Bonn", "Bonn, am Rhein"))
    towns = economy_file.read_economy(str(tmp_path / "towns.toml")).model.geography
    assert [*towns.names] == ["7", "Bonn, am Rhein", "Cologne"]
    np.testing.assert_array_equal(towns.distance[0], [0.0, 4.0, 3.5])
    np.testing.assert_array_equal(towns.coordinates["latitude"], [50.776, 50.735, 50.938])


def test_thousands_with_points_are_not_read_as_decimals(tmp_path):
    """Where one column has decimal commas, a point in another is no decimal point."""
    text = "town;north;east;people;houses\nA;50,7;6,1;1.234;1\nB;50,8;7,2;2.345;2\n"
    (tmp_path / "towns.csv").write_text(text)
    (tmp_path / "towns.toml").write_text(OF_TOWNS)
    with pytest.raises(nege.InputError, match=r"\[geography\] population .*1\.234"):
        economy_file.read_economy(str(tmp_path / "towns.toml"))


@pytest.mark.parametrize(
    ("right", "wrong", "argument", "said"),
    [
        ('"towns.csv"', '"tons.csv"', "[geography] file", "beside the TOML file"),
        ('file = "towns.csv"', "", "[geography] file", "towns.csv"),
        ('"towns.csv"', "3", "[geography] file", "towns.csv"),
        ('names = "town"', "names = 3", "[geography] names", "the name of a column"),
        (
            '"people"',
            '"peple"',
            "[geography] population",
            "of towns.csv; got 'peple'. Did you mean 'people'",
        ),
        ("sigma = 5", "sgma = 5", "[model] key", "sigma"),  # sooner than that there is no path
        ("sigma = 5", "sigma = 5", "[path]", "nege explore"),
        ('names = "town"', 'distance = "towns.toml"', "[geography] distance", "3 rows, 0 columns"),
        ('names = "town"', 'distance = "no.csv"', "[geography] distance", "beside the TOML"),
    ],
)
def test_a_wrong_table_is_refused_before_any_folder_is_made(
    tmp_path, capsys, right, wrong, argument, said
):
    (tmp_path / "towns.csv").write_text(TOWNS)
    (tmp_path / "towns.toml").write_text(OF_TOWNS.replace(right, wrong))
    out = tmp_path / "out"
    assert cli.main(["run", str(tmp_path / "towns.toml"), "--output", str(out)]) == 2
    printed = capsys.readouterr().err
    assert argument in printed
    assert said in printed
    assert not out.exists()


def test_models_go_by_their_class_too_and_lines_by_how_many_there_are(tmp_path):
    for kind in ("footloose-capital", "FootlooseCapital", "footloose capital"):
        text = SMALL.partition("[path]")[0].partition("[geography]")[0]
        text += (
            f'[geography]\nkind = "line"\nn = 3\n[model]\nkind = "{kind}"\nsigma = 5\nmu = 0.4\n'
        )
        (tmp_path / "line.toml").write_text(text + "trade_cost = 1.7\n")
        found = economy_file.read_economy(str(tmp_path / "line.toml")).model
        assert (type(found), len(found.geography)) == (nege.FootlooseCapital, 3)
    (tmp_path / "line.toml").write_text(text.replace("n = 3", "positions = [0, 1, 4]\nn = 3"))
    with pytest.raises(nege.InputError, match="n or positions"):
        economy_file.read_economy(str(tmp_path / "line.toml"))


def test_quiet_prints_nothing(small, tmp_path, capfd, request):
    for before in (0, 3):  # said before a command or behind it
        said = ["--quiet", "--output", str(tmp_path / f"out{before}")]
        assert cli.main([*said[:before], "run", str(small), *said[before:]]) == 0
        assert (tmp_path / f"out{before}").is_dir()
        request.getfixturevalue("sketches")  # as quiet the second time
    assert capfd.readouterr() == ("", "")


@pytest.mark.usefixtures("sketches")
def test_the_textbook_example_finds_both_jumps_and_hysteresis(tmp_path, capsys):
    assert cli.main(["run", "two_regions", "--output", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert "A jump on the way: between 1.1714 and 1.1712 the share of online" in printed
    assert "A jump on the way back: between 1.7592 and 1.7594" in printed
    assert "That is hysteresis" in printed


@pytest.mark.parametrize(
    ("text", "files"),
    [
        (SMALL.replace("[online]\ncommission = 0.05\n", "").replace("online_weight = 0.05\n", "")
              .replace("online_trade_cost", "trade_cost").replace("to = 1.0", "to = 1.2"),
         ["cities.png", "economy.nc"]),
        ('[geography]\nkind="distance"\ndistance=[[0,1],[1,0]]\n[model]\nsigma=5\nmu=0.4\n'
         'trade_cost=1.7\n[online]\ntrade_cost=1.1\n[path]\nparameter="mu"\nfrom=0.2\nto=0.3\npoints=2\n',
         ["economy.nc", "online_share.png"]),
    ],
    ids=["without the online region", "without coordinates"],
)  # fmt: skip
@pytest.mark.usefixtures("sketches")
def test_pictures_that_make_no_sense_are_left_out(tmp_path, capsys, text, files):
    (tmp_path / "my.toml").write_text(text)
    assert cli.main(["run", str(tmp_path / "my.toml"), "--output", str(tmp_path / "o")]) == 0
    assert sorted(p.name for p in (tmp_path / "o").iterdir()) == files
    assert "converged" in capsys.readouterr().out


def test_bad_input_is_one_line_on_the_error_stream(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert cli.main(["--output", str(tmp_path / "file" / "x")]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("nege: --output must be a folder that can be written")
    assert cli.main(["run", str(tmp_path / "no.toml"), "--output", str(tmp_path)]) == 2
    assert "a TOML file" in capsys.readouterr().err
    (tmp_path / "typo.toml").write_text(SMALL.replace("sigma", "sigmma"))
    assert cli.main(["run", str(tmp_path / "typo.toml"), "--output", str(tmp_path)]) == 2
    assert "Did you mean 'sigma'?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("own", "path", "instead"),
    [
        ("digital_cost = 1.8", "digital_cost.services", "1.8 of [model]"),
        ("digital_cost = {manufacturing = 1.5, services = 1}", "digital_cost.services", ""),
        ("", "digital_cost.services", ""),
        ("[model.mechanisms.tax]\nrate = 0.1", "tax.rate", "0.1 of [model.mechanisms.tax]"),
        ('[model.mechanisms.tax]\nchannels = "online"', "tax.rate", ""),
    ],
)
def test_a_path_says_what_it_starts_at_instead_of_what_a_table_says(tmp_path, own, path, instead):
    file = tmp_path / "my.toml"
    file.write_text(
        f'[geography]\nkind = "line"\nn = 2\n[model]\nkind = "OnlineAgglomeration"\n{own}\n'
        f'[path]\nparameter = "{path}"\nfrom = 1\nto = 1\npoints = 2\n'
    )
    wanted = (f"[path] starts {path} at 1, not at {instead}.",) if instead else ()
    assert economy_file.read_path(str(file)).replaced == wanted
    assert economy_file.read_economy(str(file)).replaced == wanted


def test_steps_that_fail_are_said_and_the_exit_code_tells(small, tmp_path, capsys, monkeypatch):
    true = execution.follow

    def strict(*arguments, **keywords):
        keywords["options"] = nege.SolverOptions(limit_steps=1)
        return true(*arguments, **keywords)

    monkeypatch.setattr(execution, "follow", strict)
    assert cli.main(["run", str(small), "--output", str(tmp_path / "out")]) == 1
    out, err = capsys.readouterr()
    assert "did NOT converge" in out
    assert out.count("LIMIT: ") == 9  # a row each; and what to try once below
    said = " ".join(out.partition("did NOT converge")[2].split())
    assert said.count("LIMIT (9 of them): ") == 1
    assert "In Python: " in said
    assert "limit_steps=" in said
    assert "did not converge" in err
    assert (tmp_path / "out" / "economy.nc").is_file()


@pytest.mark.usefixtures("sketches")
def test_an_example_can_be_printed_changed_and_run(tmp_path, capsys):
    assert cli.main(["example", "two_regions"]) == 0
    text = capsys.readouterr().out
    assert text == economy_file.toml_text("two_regions")
    (tmp_path / "my.toml").write_text(text.replace("points = 101", "points = 3"))
    assert cli.main(["run", str(tmp_path / "my.toml"), "--output", str(tmp_path / "o")]) == 0
    assert "All 5 steps converged" in capsys.readouterr().out


@pytest.mark.parametrize("name", economy_file.examples())
def test_shipped_examples_are_valid(name):
    found = economy_file.read_path(name)
    assert found.title
    if found.parameter == "step":  # along a ready path
        assert found.path.sizes["step"] == len(found.values) == found.turn + 1
        return
    assert found.parameter == "online_trade_cost"
    assert found.values[0] == found.values[-1] == 2.0
    assert found.values[found.turn] == 1.0


def test_help_and_version_from_a_process(capsys):
    shown = subprocess.run(
        [sys.executable, "-P", "-W", "error", "-m", "nege", "--help"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert "real Chinese cities" in shown
    assert "--output" in shown
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])
    assert not ended.value.code
    assert capsys.readouterr().out == f"nege {nege.__version__}\n"


@pytest.mark.usefixtures("sketches")
def test_a_jump_between_places_is_one_too_and_so_is_its_hysteresis(tmp_path, capsys):
    """The tomahawk: nobody is online, but the map of places jumps and does not come back."""
    text = economy_file.toml_text("two_regions").replace("online_trade_cost", "trade_cost")
    text = text.replace("commission = 0.0", "trade_cost = 1.9").replace("from = 2.0", "from = 2.2")
    text = text.replace("to = 1.0", "to = 1.4").replace("points = 101", "points = 21")
    (tmp_path / "my.toml").write_text(text)
    assert cli.main(["run", str(tmp_path / "my.toml"), "--output", str(tmp_path / "o")]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "A jump on the way: between 1.6" in printed
    assert "That is hysteresis" in printed


SWEEP = (
    SMALL.partition("[path]")[0]
    + """
[sweep]
keep = ["share", "residual"]
[sweep.parameters]
online_trade_cost = { from = 1.6, to = 1.2, points = 3 }
mu = [0.3, 0.4]
"""
)


def test_a_sweep_is_stored_resumed_told_and_drawn(tmp_path, capsys):
    (tmp_path / "s.toml").write_text(SWEEP)
    store = str(tmp_path / "runs.zarr")
    command = ["sweep", str(tmp_path / "s.toml"), "--store", store, "--unit", "3"]
    assert cli.main(command) == 0
    first = capsys.readouterr().out
    assert "over online_trade_cost (3), mu (2): 6 points" in first
    assert "6 converged: every tolerance holds" in first
    data = nege.load(store)
    assert set(data.data_vars) == {"share", "status", "residual"}
    np.testing.assert_array_equal(data.online_trade_cost, [1.6, 1.4, 1.2])
    (tmp_path / "runs.zarr" / "status" / "c" / "0" / "1").unlink()  # as if it was killed there
    assert cli.main(["status", store]) == 1
    out, err = capsys.readouterr()
    assert "3 converged" in out
    assert "3 pending: not solved yet. Run the sweep again." in out
    assert "3 points are not solved" in err
    assert cli.main([*command, "--quiet"]) == 0
    assert capsys.readouterr().out == ""
    assert nege.load(store).identical(data)
    picture = str(tmp_path / "p.png")
    assert cli.main(["plot", store, "--at", "region=online", "--output", picture]) == 0
    assert (tmp_path / "p.png").stat().st_size > 5000  # a heat map
    (tmp_path / "p.png").unlink()
    assert cli.main(["plot", store, "--at", "mu=0.4", "--output", picture]) == 0
    assert (tmp_path / "p.png").stat().st_size > 5000  # lines
    capsys.readouterr()
    for wrong, message in (("mu=much", "--at mu must be a number"), ("mu", "must be NAME=VALUE")):
        assert cli.main(["plot", store, "--at", wrong, "--output", picture]) == 2
        assert message in capsys.readouterr().err


def test_a_path_is_swept_as_a_line_and_a_random_design_as_a_list(small, tmp_path, capsys):
    found = sweep_table.read_sweep(str(small))
    assert list(found.parameters) == ["online_trade_cost"]
    assert found.parameters["online_trade_cost"][-1] == 1.0
    text = SWEEP.replace("[sweep]", "[sweep]\nrandom = { count = 5, seed = 2 }")
    text = text.replace("{ from = 1.6, to = 1.2, points = 3 }", "[1.2, 1.6]")
    (tmp_path / "r.toml").write_text(text)
    design = sweep_table.read_sweep(str(tmp_path / "r.toml")).parameters
    assert design.sizes == {"point": 5}
    assert design.identical(
        nege.random_points({"online_trade_cost": (1.2, 1.6), "mu": (0.3, 0.4)}, 5, rng=2)
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("mu = [0.3, 0.4]", "sigmma = [3, 4]", "Did you mean 'sigma'"),
        ("points = 3", "point = 3", "Did you mean 'points'"),
        ("from = 1.6, ", "", "[sweep.parameters] online_trade_cost: from must be given"),
        ("[sweep]", "[sweep]\nrandom = 5", "a table such as {count"),
        ("[sweep]", '[sweep]\nalong = "sigma"', "s.toml: [sweep] along must be one of the swept"),
    ],
)
def test_mistakes_in_a_sweep_are_one_line_on_the_error_stream(tmp_path, capsys, old, new, message):
    (tmp_path / "s.toml").write_text(SWEEP.replace(old, new))
    command = ["sweep", str(tmp_path / "s.toml"), "--store", str(tmp_path / "runs.zarr"), "--quiet"]
    assert cli.main(command) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "runs.zarr").exists()


def test_what_is_no_store_is_said(tmp_path, capsys):
    for command in ("status", "plot"):
        assert cli.main([command, str(tmp_path)]) == 2
        assert "must be a store that nege.sweep made" in capsys.readouterr().err


FILES = {
    "deep": b"x = " + b"[" * 100_000,
    "deep tables": b"x = " + b"{a=" * 5_000 + b"1" + b"}" * 5_000,
    "rather deep": b"title = " + b"[" * 60 + b"]" * 60,
    "binary": bytes(range(256)),
    "empty": b"",
    "NUL in the title": SWEEP.replace("Three", "Th\\u0000ree").encode(),
    "escapes in the title": SWEEP.replace("Three", "\\u001b[31m").encode(),
    "NUL in a name": SWEEP.replace("Shanghai", "Shang\\u0000hai").encode(),
    "a date": SWEEP.replace("sigma = 5", "sigma = 1979-05-27").encode(),
    "a table": SWEEP.replace("sigma = 5", "sigma = {a = 5}").encode(),
    "nothing finite": SWEEP.replace("sigma = 5", "sigma = nan").encode(),
    "ragged": SWEEP.replace("[25, 21, 18]", "[[25, 21], [18]]").encode(),
    "tables in a list": SWEEP.replace("[sweep]\n", "[[sweep]]\n").encode(),
}


@pytest.mark.parametrize("name", FILES)
def test_a_bad_file_is_one_line_and_nothing_is_solved(name, tmp_path, capsys, nothing_is_solved):
    (tmp_path / "bad.toml").write_bytes(FILES[name])
    store, out = str(tmp_path / "s.zarr"), str(tmp_path / "out")
    for command in (["sweep", "--store", store], ["run", "--output", out]):
        assert cli.main([command[0], str(tmp_path / "bad.toml"), *command[1:], "--quiet"]) == 2
        out_, err = capsys.readouterr()
        assert out_ == ""
        assert err.startswith("nege: ")
        assert err.count("\n") == 1
    assert not (tmp_path / "s.zarr").exists()


def test_what_is_no_file_is_one_line(tmp_path, capsys):
    for name in (str(tmp_path), "", "a\0b", "x" * 5000, "~nobodyofthatname/x"):
        for command in (["run", name], ["sweep", name, "--store", str(tmp_path / "s.zarr")],
                        ["status", name], ["plot", name]):  # fmt: skip
            assert (
                cli.main([*command, *(["--output", str(tmp_path)] if command[0] == "run" else [])])
                == 2
            )
            assert capsys.readouterr().err.startswith("nege: ")


def test_a_title_may_cost_dollars(tmp_path, capsys):
    text = SMALL.replace("Three places", "From $1 to $\\\\frac{1 $").replace(
        "Shanghai", "$\\\\foo$"
    )
    (tmp_path / "my.toml").write_text(text)
    assert cli.main(["run", str(tmp_path / "my.toml"), "--output", str(tmp_path / "o")]) == 0
    assert "cities.png" in capsys.readouterr().out


def test_status_says_what_is_damaged_and_nothing_of_what_is_not_solved(tmp_path, capsys):
    (tmp_path / "s.toml").write_text(SWEEP)
    store = tmp_path / "runs.zarr"
    command = ["sweep", str(tmp_path / "s.toml"), "--store", str(store), "--unit", "3", "--quiet"]
    assert cli.main(command) == 0
    (store / "residual" / "c" / "0" / "1").write_bytes(b"")
    assert cli.main(["status", str(store)]) == 1
    out = capsys.readouterr().out
    assert "3 converged" in out
    assert "3 damaged: changed since they were written (residual/c/0/1). Run the sweep again" in out
    assert cli.main(["plot", str(store), "--output", str(tmp_path / "p.png")]) == 2
    assert "residual/c/0/1" in capsys.readouterr().err
    for chunk in (store / "status" / "c" / "0").iterdir():
        chunk.unlink()
    (store / "residual" / "c" / "0" / "1").unlink()
    assert cli.main(["status", str(store)]) == 1
    out = capsys.readouterr().out
    assert "6 pending: not solved yet. Run the sweep again." in out
    assert "residual" not in out
    (store / "share" / "zarr.json").write_text("{}")
    assert cli.main(["status", str(store)]) == 2
    assert "share/zarr.json changed since" in capsys.readouterr().err
    assert cli.main(command) == 0
    assert cli.main(["status", str(store)]) == 0


NEEDED = """
[geography]
kind = "equidistant"
n = 2
[model]
kind = "{}"
{}
"""


@pytest.mark.parametrize("kind", ["CorePeriphery", "FootlooseCapital", "Helpman"])
def test_what_a_path_or_sweep_varies_need_not_be_in_the_model(tmp_path, kind):
    """Whatever has to be given: the path's first value is the model's."""
    file, at = tmp_path / "my.toml", {"sigma": 5.0, "mu": 0.4, "trade_cost": 1.5}
    for name, first in at.items():
        others = "\n".join(f"{key} = {value}" for key, value in at.items() if key != name)
        start = NEEDED.format(kind, others)
        path = f'[path]\nparameter = "{name}"\nfrom = {{}}\nto = {first * 1.1}\npoints = 2\n'
        file.write_text(start + path.format(first))
        read = economy_file.read_path(str(file))
        assert {key: getattr(read.model, key) for key in at} == at
        assert read.replaced == ()
        assert getattr(economy_file.read_economy(str(file)).model, name) == first
        file.write_text(start + path.format(-1.0))
        with pytest.raises(nege.InputError, match=rf"\[path\] from: {name} must"):
            economy_file.read_path(str(file))
        file.write_text(f"{start}[sweep.parameters]\n{name} = [{first}, {first * 1.1}]\n")
        assert getattr(sweep_table.read_sweep(str(file)).model, name) == first
        file.write_text(start)
        with pytest.raises(nege.InputError, match=rf"\[model\] {name} must .*\[path\]"):
            economy_file.read_path(str(file))
