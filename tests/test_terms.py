"""What parameters are called on axes: a short term each, nowhere a raw name."""

import matplotlib
import numpy as np
import pytest
import xarray as xr

import nege
from nege import mechanisms as mech
from nege.models import designs, terms
from nege.models.agglomeration.mechanisms import parts
from nege.models.base import Model
from nege.plots import branches, objectives
from nege.structure.thresholds import Thresholds
from nege.sweeps import functionals

pytestmark = [pytest.mark.closed_form, pytest.mark.usefixtures("nothing_is_solved")]

matplotlib.use("Agg")
LONGEST = 50  # letters that fit beside an axis, and above a column


def of_parts(kind=parts.Part):
    for one in kind.__subclasses__():
        yield one
        yield from of_parts(one)


EVERY = [*Model.kinds().values(), *mech.Mechanism.kinds().values(), *of_parts()]
EVERY = [kind for kind in EVERY if kind.__module__.startswith("nege.")]


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.__name__)
def test_every_parameter_has_a_term_of_its_own(kind):
    said = [terms._words(field)[0] for field in kind.fields.values() if field.varied]
    assert len(set(said)) == len(said)
    for words in said:
        assert len(words) <= LONGEST, words
        assert not set("_.(,:") & set(words), words
        assert words not in ("rate", "share", "scale", "cost", "weight"), words


@pytest.fixture
def economy():
    return nege.OnlineAgglomeration(
        nege.geography.equidistant(2),
        mechanisms=[
            mech.Jurisdictions({"home": "0", "abroad": "1"}, movement="within"),
            mech.Tariff("tariff", {"home": 0.1, "abroad": 0.0}),
            mech.Tax("vat", {"home": 0.1, "abroad": 0.2}),
            mech.Platforms(pricing=mech.Contestable()),
        ],
    )


TERMS = {
    "commission": "commission (share of sales)",
    "digital_cost.services": "digital trade cost of services (iceberg factor)",
    "productivity.services.0": "productivity of services, 0",
    "tariff.rate": "import tariff",
    "tariff.rate.home": "import tariff of home",
    "tariff.rate.home = tariff.rate.abroad": "import tariff of home and import tariff of abroad",
    "productivity.services": "productivity of services",
    "vat.rate": "vat: tax rate",
    "vat.rate.abroad": "vat: tax rate of abroad",
    "platforms.pricing.fixed_cost.services": "fixed cost of an entrant of services (labour)",
    "platforms.network": "network effect of platforms (log)",
}


def test_entries_and_parameters_of_mechanisms_say_of_what_they_are(economy):
    assert {name: terms.label(economy, name) for name in TERMS} == TERMS
    online = nege.OnlineRegion(trade_cost=1.5)
    other = nege.CorePeriphery(economy.geography, sigma=5, mu=0.4, trade_cost=2, online=online)
    assert [terms.label(other, name) for name in other.varied()] == [
        "elasticity of substitution",
        "share of spending on manufactures",
        "trade cost (iceberg factor)",
        "digital trade cost (iceberg factor)",
        "commission of the platform (share of sales)",
        "online amenity (factor on real wages)",
    ]


def test_every_picture_over_parameters_says_their_terms(economy):
    """Of a grid and of a list, as sweeps and paths have them: of what these label it is drawn."""
    x, y = "tariff.rate.home", "digital_cost.services"
    values = {x: [0.0, 0.1, 0.2], y: [1.2, 1.6, 2.0]}
    grid = designs.grid_points(economy, values).coords
    dims, zero = tuple(grid), np.zeros((3, 3))
    data = xr.Dataset(
        {
            "welfare": (dims, zero + np.arange(3.0)),
            "regime": (dims, np.full((3, 3), "dispersed")),
            "status": (dims, zero.astype(np.int8)),
        },
        grid,
    )
    listed = designs.listed_points(economy, "parameters", values, "point").coords
    path = xr.Dataset({"objective": ("point", [1.0, 2.0, 3.0])}, listed)
    path["allowed"] = xr.ones_like(path["objective"])
    line = data["welfare"].isel({y: 0})
    arms = xr.concat([line, line], "arm").assign_coords(arm=["down", "up"])
    branch = xr.Dataset(
        {
            **{"branch": ("point", [0, 0, 0]), "unstable": ("point", [0, 0, 0])},
            **{x: path[x].variable, "share": (("point", "region"), np.ones((3, 1)))},
            **{"special_kind": ("special", np.zeros(0, dtype=str))},
            **{
                "special_value": ("special", []),
                "special_share": (("special", "region"), zero[:0, :1]),
            },
        },
        {"region": ["0"]},
        {"parameter": x},
    )
    best = {x: 0.1, y: 1.6}
    drawn = {
        "heatmap": data.nege.plot.heatmap("welfare", x, y),
        "regimes": data.nege.plot.regimes(x, y),
        "panels": data.nege.plot.panels(x, variables=["welfare"])[0],
        "optimum": objectives.curve(line, np.full(3, np.nan), x, (0.1, 1.0), ()),
        "joint": objectives.compared(path, (x, y), best, 3.0),
        "laffer": objectives.laffer(line, np.full(3, np.nan), x, "revenue", 1.0, {}, ()),
        "loop": branches.loop(arms, x, {"down": [], "up": []}, "welfare"),
        "diagram": branches.diagram(branch, "0", ("0",), (0.0, 0.2)),
    }
    for what, ax in drawn.items():
        assert ax.get_xlabel() == TERMS[x], what
    for what in ("heatmap", "regimes", "joint"):
        assert drawn[what].get_ylabel() == TERMS[y], what
    labels = [text.get_text() for text in drawn["panels"].figure.axes[0].get_legend().texts]
    assert labels == [f"digital trade cost of services {value:g}" for value in values[y]]
    matplotlib.pyplot.close("all")


def test_swept_thresholds_are_those_of_a_term(economy):
    term = terms.about(economy, "digital_cost.services")["long_name"]
    assert term == "digital trade cost of services"
    found = Thresholds("break", "digital_cost.services", (1.0, 2.0), [], "", term)
    made = functionals._variables(functionals.VALUE, found)
    assert made[functionals.VALUE].attrs["long_name"] == f"threshold of {term}"
