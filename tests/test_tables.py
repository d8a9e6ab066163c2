"""Tables of results: they hold what was solved, files are whole or absent, LaTeX compiles."""

import csv
import decimal
import itertools
import re

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from store_results import stored

import nege
from nege import memory
from nege.laboratory.findings import Finding
from nege.laboratory.grid import ClaimGrid
from nege.laboratory.table import ClaimTable
from nege.models.base import Model
from nege.results import symbols, tables
from nege.results.tables import Tabular

pytestmark = pytest.mark.closed_form

METHODS = ("to_dataframe", "to_csv", "to_latex", "to_geodataframe")
EVIL = "50% of_$x$ & {y} ~ #1 ^ \\end{tabular}"


#: Public classes that are no results, or are numbers that results hold.
NO_TABLES = {
    *("Logit", "Replicator", "SolverOptions", "OnlineRegion", "PreparedSolver"),
    *("Stability", "Status", "Threshold"),
}


def results():
    """Every public class that is a result, and those of claims."""
    public = [getattr(nege, name) for name in nege.__all__ if name not in NO_TABLES]
    public += [getattr(nege.policy, name) for name in nege.policy.__all__]
    kinds = [kind for kind in public if isinstance(kind, type)]
    return [kind for kind in kinds if not issubclass(kind, (Model, Exception))] + [
        ClaimGrid,
        ClaimTable,
        Finding,
    ]


@pytest.mark.parametrize("kind", results(), ids=lambda kind: kind.__name__)
def test_every_result_has_all_four_tables_from_one_place(kind):
    assert issubclass(kind, Tabular)
    assert len(results()) > 10
    for name in METHODS:
        assert getattr(kind, name) is getattr(Tabular, name)


@pytest.fixture(scope="module")
def swept():
    """A grid of an economy with a failed point, and dimensions of every kind."""
    rng = np.random.default_rng(3)
    dims, about = ("mu", "sigma"), {"long_name": "share of people", "units": "1"}
    return xr.Dataset(
        {
            "share": ((*dims, "region"), rng.random((2, 3, 4)) / 3.0, about),
            "cost": ((*dims, "industry", "region"), rng.random((2, 3, 2, 4)) * 1e-7),
            "trade": ((*dims, "seller", "buyer"), rng.random((2, 3, 11, 11))),
            "welfare": (dims, rng.random((2, 3))),
            "status": (dims, np.array([[0, 0, 2], [0, 0, 0]], dtype=np.int8)),
        },
        {
            **{"mu": [0.3, 0.4], "sigma": [4.0, 5.0, 6.0], "industry": ["goods", "services"]},
            **{"region": ["0", "1", EVIL, "online"], "elasticity": ("sigma", [1.0, 2.0, 3.0])},
        },
    )


def test_a_cell_is_the_number_that_was_solved(swept):
    frame = swept.nege.to_dataframe()
    assert frame.index.names == ["mu", "sigma", "region"]
    assert frame.attrs["left_out"] == ["trade"]
    labels = [swept[dim].values.tolist() for dim in frame.index.names]
    assert frame.index.tolist() == list(itertools.product(*labels))
    for mu, sigma, region in frame.index:
        row, at = frame.loc[(mu, sigma, region)], swept.sel(mu=mu, sigma=sigma)
        assert row["share"] == float(at.share.sel(region=region))
        for k in ("goods", "services"):
            assert row[f"cost.{k}"] == float(at.cost.sel(region=region, industry=k))
        assert row["welfare"] == float(at.welfare)
        assert row["elasticity"] == float(at.elasticity)
        assert row["status"] == nege.Status(int(at.status)).name


@pytest.mark.parametrize("name", ["share", "cost", "trade", "welfare"])
def test_one_variable_alone_is_over_all_of_its_dimensions(swept, name):
    frame = swept.nege.to_dataframe(name)
    assert frame.index.names == list(swept[name].dims)
    np.testing.assert_array_equal(frame[name].values, swept[name].values.ravel())


@pytest.mark.parametrize("name", ["three_cities", "loop", "digital_turn"])
def test_tables_of_what_is_solved_have_every_variable_and_compile(name):
    found = stored(name)
    table, data = (
        (found, found.data) if isinstance(found, nege.Equilibrium) else (found.nege, found)
    )
    frame = table.to_dataframe()
    assert {c.partition(".")[0] for c in frame} >= {str(name) for name in data.data_vars}
    compiles(table.to_latex())


def test_csv_keeps_every_digit(swept, tmp_path):
    swept.nege.to_csv(tmp_path / "x.csv")
    with (tmp_path / "x.csv").open(encoding="utf-8", newline="") as file:
        back = [*csv.DictReader(file)]
    frame = swept.nege.to_dataframe().reset_index()
    assert [*back[0]] == frame.columns.tolist()
    for name in frame:
        kind = float if frame[name].dtype.kind == "f" else str
        assert [kind(row[name]) for row in back] == frame[name].tolist()


def test_a_file_is_replaced_only_where_it_is_the_same_table(swept, tmp_path):
    path = tmp_path / "x.csv"
    swept.nege.to_csv(path)
    (swept * 2.0).nege.to_csv(path, ["share", "cost", "welfare", "status"])
    with pytest.raises(nege.InputError, match="a new file, or one that nege wrote"):
        swept.nege.to_csv(path, "share")
    for foreign in ("", "mu,sigma\n1,2\n"):
        path.write_text(foreign)
        with pytest.raises(nege.InputError, match="a new file"):
            swept.nege.to_csv(path)
        with pytest.raises(nege.InputError, match="a new file"):
            swept.nege.to_latex(path)
        assert path.read_text() == foreign
    path.unlink()
    text = swept.nege.to_latex(path)
    assert swept.nege.to_latex(path, variables="share") != text
    assert path.read_text() == swept.nege.to_latex(variables="share") + "\n"
    assert [one.name for one in tmp_path.iterdir()] == ["x.csv"]
    with pytest.raises(nege.InputError, match="path"):
        swept.nege.to_csv(tmp_path / "nowhere" / "x.csv")


def test_what_cannot_be_written_as_a_whole_leaves_what_was_there(swept, tmp_path, monkeypatch):
    path = tmp_path / "x.csv"
    swept.nege.to_csv(path, "share")
    before = path.read_bytes()

    def full(frame, partial, **more):
        if hasattr(partial, "write_text"):
            partial.write_text("mu,")
            raise OSError(28, "No space left on device")
        return original(frame, partial, **more)

    original = pd.DataFrame.to_csv
    monkeypatch.setattr(
        pd.DataFrame,
        "to_csv",
        lambda self, *a, **k: full(self, *a, **k) if a else original(self, **k),
    )
    with pytest.raises(nege.InputError, match="No space left"):
        swept.nege.to_csv(path, "share")
    assert path.read_bytes() == before
    assert len([*tmp_path.iterdir()]) == 1


# --- LaTeX


def compiles(text):
    """Hold a table to what TeX asks: braces, columns of each row, nothing special in text."""
    lines = text.split("\n")
    assert lines[0].startswith("% table of nege")
    body = [line for line in lines if not line.startswith("%")]
    (kinds,) = re.findall(r"\\begin\{tabular\}\{([lr]+)\}", body[0])
    assert body[1] == r"\toprule"
    end = body.index(r"\end{tabular}")
    rows = [line for line in body[2:end] if line not in (r"\midrule", r"\bottomrule")]
    for row in rows:
        assert row.endswith(r" \\")
        assert len(re.findall(r"(?<!\\)&", row)) == len(kinds) - 1, row
    for line in body:
        bare = re.sub(r"\\[&%$#_{}]", "", line)
        depth = 0
        for char in bare:
            depth += (char == "{") - (char == "}")
            assert depth >= 0
        assert depth == 0
        assert bare.count("$") % 2 == 0
        outside = re.sub(r"\$[^$]*\$", "", bare)
        assert not re.search(r"[#_^~%]", outside), outside
        assert not re.search(r"[#%]", bare)
    return rows


@pytest.mark.parametrize("flag", [True, False])
def test_latex_is_well_formed_whatever_names_are(swept, flag):
    evil = swept.rename(cost="a_b%").assign(words=("region", [EVIL, "ß", "", "x"]))
    rows = compiles(evil.nege.to_latex(symbols=flag))
    assert len(rows) == 1 + 2 * 3 * 4
    compiles(evil[["welfare"]].isel(mu=0, sigma=0, drop=True).nege.to_latex(symbols=flag))


@pytest.mark.parametrize("value", [0.5, 1.0, 123456.7, 1234567.0, 2e-5, -3.14159e-9, 9.9996, 0.0])
def test_numbers_have_the_digits_that_were_asked_for(value):
    for digits in (1, 3, 6):
        said = tables.rounded(value, digits).strip("$").replace(r" \times 10^{", "e").rstrip("}")
        exact = decimal.Decimal(value)
        unit = decimal.Decimal(10) ** (exact.adjusted() + 1 - digits)
        assert abs(decimal.Decimal(said) - exact) <= unit / 2 * decimal.Decimal("1.0001")
        shown = said.partition("e")[0].lstrip("-0.").replace(".", "")
        if value and "e" not in said and "." in said:
            assert len(shown) in (digits, digits + 1)  # one more where it is rounded up


def cells(text):
    """Return heads and rows of a table, each cell as TeX has it."""
    body = text.split(r"\midrule")
    split = [[c.strip() for c in row.split("&")] for row in text.replace(r" \\", "").split("\n")]
    first = next(i for i, row in enumerate(split) if row == [r"\toprule"]) + 1
    last = next(i for i, row in enumerate(split) if row == [r"\bottomrule"])
    assert len(body) == 2
    return split[first], split[first + 2 : last]


def test_what_rounding_leaves_is_zero_and_small_numbers_are_not():
    """Noise is measured against what was subtracted; of one sign nothing was."""
    data = xr.Dataset(
        {
            "balance": ("region", [0.3, -0.3, 2e-16, -7e-17]),
            "firms": ("region", [0.3, 1e-11, 1e-30, 0.0]),
            "residual": ("region", [-1e-17, -2e-17, -1e-30, 0.0]),
            "gap": (("region", "term"), [[0.5, -7e-17], [1e-9, 0.0], [-1e-9, 0], [0, 0]]),
        },
        {"region": ["a", "b", "c", "d"], "term": ["x", "y"]},
    )
    head, rows = cells(data.nege.to_latex())
    assert head == ["region", "balance", "firms", "residual", "gap, x", "gap, y"]
    balance, firms, residual, first, second = zip(*(row[1:] for row in rows), strict=True)
    assert balance[2:] == ("$0$", "$0$")
    assert firms[2] == r"$1.000 \times 10^{-30}$"
    assert residual[2] == r"$-1.000 \times 10^{-30}$"
    assert first[1] == r"$1.000 \times 10^{-9}$"
    assert set(second) == {"$0$"}
    assert data.nege.to_dataframe().loc["d", "balance"] == -7e-17  # which has every digit


def test_gains_are_known_as_well_as_the_equilibria_are():
    economy = nege.CorePeriphery(nege.geography.equidistant(2), sigma=5, mu=0.4, trade_cost=2)
    found = nege.compare(nege.solve(economy), nege.solve(economy.replace(trade_cost=1.8)))
    wages = found.data.contribution.sel(term="wages")
    assert 0.0 < float(abs(wages).max()) < 1e-12
    text = found.to_latex(variables=list(found.data))
    compiles(text)
    head, rows = cells(text)
    assert "$L'$" in head
    assert r"\_" not in text
    at = head.index(r"$\Delta \ln V_{\text{wages}}$")
    assert {row[at] for row in rows} == {"$0$"}
    assert {row[head.index(r"$\Delta \ln V$")] for row in rows} == {"$0.003037$"}
    note = text.split("footnotesize")[1]
    assert note.count(r"$\Delta \ln V$") == 1
    assert r"$\Delta \ln V_{\text{wages}}$, ...: contribution to the gain" in note


def test_long_tables_are_cut_and_say_so(swept):
    text = swept.nege.to_latex(variables="share", rows=5)
    rows = compiles(text)
    assert len(rows) == 1 + 6
    assert set(cells(text)[1][3]) == {r"$\vdots$"}
    assert "19 of 24 rows are left out" in text
    whole = cells(swept.nege.to_latex(variables="share", rows=None))[1]
    assert cells(text)[1] == [*whole[:3], [r"$\vdots$"] * 5, *whole[-2:]]
    assert "left out" not in swept.nege.to_latex(variables="share", rows=24)
    with pytest.raises(nege.InputError, match="variables='share' chooses"):
        swept.nege.to_latex("share")
    with pytest.raises(nege.InputError, match="rows must be"):
        swept.nege.to_latex(rows=1)
    economy = nege.CorePeriphery(nege.geography.equidistant(2), sigma=5, mu=0.4, trade_cost=2)
    assert len(compiles(nege.bifurcation(economy, "trade_cost", (1.4, 2.1)).to_latex())) == 42


@pytest.mark.parametrize("flag", [True, False])
def test_what_is_over_nothing_is_said_once_below(swept, flag):
    at = swept.isel(mu=0, sigma=0).drop_vars("trade")
    text = at.nege.to_latex(symbols=flag)
    rows = compiles(text)
    assert len(rows) == 1 + 4
    table, _, below = text.partition("footnotesize")
    shown = tables.rounded(float(at.welfare), 4).strip("$")
    assert shown not in table
    assert (f"$U = {shown}$" if flag else f"welfare: ${shown}$") in below
    assert "status: CONVERGED" in below
    alone = compiles(at.nege.to_latex(variables="welfare", symbols=flag))
    assert shown in alone[1]


def test_parameters_are_explained_and_claims_have_no_symbols(swept):
    swept["mu"].attrs["long_name"] = "share of spending on manufactures"  # as sweeps write it
    text = swept.isel(sigma=0).nege.to_latex(variables="share")
    assert r"$\mu$: share of spending on manufactures" in text
    swept["mu"].attrs.clear()
    head, _ = cells(nege.claims().to_latex())
    assert head == ["claim", "verdict", "share", "of", "words"]
    dotted = (
        swept.drop_vars("elasticity")
        .rename(mu="vat.rate", sigma="leading_rate")
        .nege.to_latex(variables="welfare")
    )
    assert cells(dotted)[0] == ["rate of vat", "leading rate", "$U$"]
    assert cells(swept.rename(mu="vat.rate.home").nege.to_latex(variables="share"))[0][0] == (
        "rate of vat, home"
    )
    both = swept.rename(mu="digital_cost.services").nege.to_latex(variables="share", symbols=False)
    assert cells(both)[0][0] == "digital cost, services"


def test_every_variable_of_a_model_has_a_symbol():
    for kind in Model.kinds().values():
        if kind.__module__.startswith("nege."):
            assert set(kind.variables) <= set(symbols.SYMBOLS), kind
            switches = {"hears_online", "hears_offline"}
            assert set(kind.parameters) - switches <= set(symbols.SYMBOLS), kind
    for one in symbols.SYMBOLS.values():
        assert one.count("{") == one.count("}")
        assert "$" not in one


def test_only_ratios_wear_a_hat():
    assert symbols.symbol("wage_change", "wage, after over before") == r"\hat{w}"
    assert symbols.symbol("wage_change", "change of the wage") is None


# --- maps and sizes


def test_places_have_their_points_and_the_online_region_none():
    pytest.importorskip("geopandas")
    economy = stored("three_cities")
    frame = economy.to_geodataframe("share")
    assert frame.crs == "EPSG:4326"
    at = economy.model.geography.coordinates
    np.testing.assert_array_equal(frame.geometry.x.values[:-1], at.longitude)
    np.testing.assert_array_equal(frame.geometry.y.values[:-1], at.latitude)
    assert frame.geometry.values[-1] is None
    ds = xr.concat([economy.data, economy.data], "step")
    both = ds.nege.to_geodataframe(geography=economy.model.geography)
    assert both.geometry.x.isna().sum() == 2
    with pytest.raises(nege.InputError, match="longitudes and latitudes"):
        ds.nege.to_geodataframe()
    with pytest.raises(nege.InputError, match="the geography of the economy"):
        ds.nege.to_geodataframe(geography=economy.model.geography.select(["Beijing", "Shanghai"]))
    with pytest.raises(nege.InputError, match="over places"):
        ds.nege.to_geodataframe("welfare", geography=economy.model.geography)
    with pytest.raises(nege.InputError, match="from_points, cities"):
        ds.nege.to_geodataframe(geography=nege.geography.racetrack(4))


def test_a_table_that_memory_does_not_hold_is_refused_with_its_size(swept, monkeypatch):
    monkeypatch.setattr(memory, "LITTLE", 100)
    monkeypatch.setattr(memory, "available", lambda: 1000)
    with pytest.raises(nege.InputError, match="a table of 24 rows and 6 columns: it needs"):
        swept.nege.to_dataframe()
    assert swept.nege.to_dataframe("welfare").shape == (6, 2)


@pytest.mark.parametrize("wrong", [[], "wages", ["share", "wages"], 3, [1.0]])
def test_variables_that_are_none_are_refused(swept, wrong):
    with pytest.raises(nege.InputError, match="variables"):
        swept.nege.to_dataframe(wrong)
