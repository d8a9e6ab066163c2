"""There and back: jumps where branches end, to the closed forms, and none where there is none."""

import matplotlib as mpl
import numpy as np
import pytest
import xarray as xr

import nege
from nege.models.closed_forms import online_collapse, online_take_off
from nege.structure.hysteresis import Jump

pytestmark = pytest.mark.structure

mpl.use("Agg")


def economy(places=2, **more):
    parameters = {"sigma": 5.0, "mu": 0.4, "trade_cost": 2.0, **more}
    online = nege.OnlineRegion(trade_cost=1.5)
    return nege.CorePeriphery(nege.geography.equidistant(places), online=online, **parameters)


@pytest.mark.parametrize(("places", "sigma", "mu"), [(2, 5.0, 0.4), (3, 4.0, 0.3), (5, 6.0, 0.5)])
def test_the_online_region_takes_off_and_collapses_at_different_costs(places, sigma, mu):
    model = economy(places, sigma=sigma, mu=mu)
    loop = nege.hysteresis(model, "online_trade_cost", (1.0, 3.0), points=17)
    exact = {"sigma": sigma, "mu": mu, "trade_cost": 2.0, "places": places}
    down, up = loop.jumps
    assert (down.arm, down.region, up.arm, up.region) == ("down", "online", "up", "online")
    assert down.value == pytest.approx(online_take_off(**exact), rel=1e-9)
    assert up.value == pytest.approx(online_collapse(**exact), rel=1e-9)
    assert down.width < 1e-9
    assert (float(down.before[-1]), float(down.after[-1])) == (0.0, 1.0)
    both = loop.apart[loop.apart > 1e-6]["online_trade_cost"]
    assert down.value < both.min() < both.max() < up.value


def test_the_tomahawk_breaks_and_sustains():
    model = economy().replace(online=None)
    down, up = nege.hysteresis(model, "trade_cost", (1.3, 2.3), points=13).jumps
    assert down.value == pytest.approx(7**0.25, rel=1e-9)
    assert up.value == pytest.approx(
        nege.sustain_points(model, "trade_cost", (1.3, 2.3))[0], rel=1e-9
    )
    np.testing.assert_allclose(sorted(down.after), [0.0, 1.0])
    np.testing.assert_allclose(up.after, [0.5, 0.5], atol=1e-9)


def test_a_path_without_a_break_has_no_jump_and_no_loop():
    loop = nege.hysteresis(
        economy(), "online_trade_cost", (1.0, 2.0), points=9, dynamics=nege.Logit(scale=0.1)
    )
    assert loop.jumps == ()
    assert float(loop.apart.max()) < 1e-6
    assert "No jump" in repr(loop)
    assert "No hysteresis" in repr(loop)


def test_a_commission_lets_some_stay_offline_without_a_jump():
    """With a commission of a tenth, firms go online little by little: a corner, not a jump."""
    taxed = economy().replace(online_commission=0.1)
    loop = nege.hysteresis(taxed, "online_trade_cost", (1.0, 1.5), points=11)
    for jump in loop.jumps:
        # What is called a jump stays one in a step a hundred times shorter.
        side = 1 if jump.arm == "up" else -1
        near, far = jump.value - side * 1e-4, jump.value + side * 1e-4
        path = nege.follow(taxed, {"online_trade_cost": [near, far]}, jump.before)
        moved = float(abs(path.share[1] - path.share[0]).max())
        assert moved > 0.5 * float(abs(jump.after - jump.before).max())


def test_a_loop_that_ends_in_another_of_three_places_says_so():
    online = nege.OnlineRegion(trade_cost=1.5)
    places = nege.geography.equidistant(3)
    model = nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=1.5, online=online)
    loop = nege.hysteresis(model, "online_trade_cost", (1.0, 2.0), points=3, start=[0, 0, 1, 0])
    assert [jump.arm for jump in loop.jumps] == ["down", "up"]
    assert "not where it began, but has the same shares in other places" in repr(loop)


def test_everything_is_kept_by_arm_and_parameter():
    loop = nege.hysteresis(economy(), "online_trade_cost", (2.0, 1.0), points=5)
    assert loop.data.sizes["arm"] == 2
    np.testing.assert_array_equal(loop.data.online_trade_cost, [2.0, 1.75, 1.5, 1.25, 1.0])
    online = loop.data.share.sel(region="online")
    np.testing.assert_array_equal(online.sel(arm="down"), [0, 0, 0, 0, 1])
    np.testing.assert_array_equal(online.sel(arm="up"), [0, 1, 1, 1, 1])
    assert loop.data.welfare.dims == ("arm", "online_trade_cost")
    assert (loop.data.status == nege.Status.CONVERGED).all()
    stored = loop.to_dataset()
    assert list(stored.jump_arm.values) == ["down", "up"]
    down, up = (line for line in repr(loop).split("\n") if line.startswith("On the way "))
    assert down.startswith("On the way down, at digital trade cost 1.1713")
    assert down.endswith(", workers go online: the share of online goes from 0 to 1.")
    assert "On the way up, at digital trade cost 1.759" in up
    assert ", workers leave the online region: the share of online goes from 1 to 0." in up


@pytest.mark.parametrize(
    ("shares", "said"),
    [
        ({"0": (0.5, 0.0), "1": (0.5, 1.0)}, "workers agglomerate"),
        ({"0": (0.0, 0.5), "1": (1.0, 0.5)}, "workers disperse"),
        ({"0": (0.9, 0.1), "1": (0.1, 0.9)}, "workers go elsewhere"),
        (
            {
                "goods offline in 0": (1.0, 0.5),
                "goods offline in 1": (0.0, 0.5),
                "people in 0": (1, 1),
            },
            "firms of goods disperse",
        ),
        (
            {"goods offline in 0": (1.0, 0.0), "goods online in 1": (0.0, 1.0)},
            "firms of goods cease to sell offline",
        ),
        ({"people in 0": (0.5, 0.9), "people in 1": (0.5, 0.1)}, "people agglomerate"),
        (
            {"first platform of goods": (0.5, 0.9), "second platform of goods": (0.5, 0.1)},
            "buyers of goods agglomerate",
        ),
    ],
)
def test_a_jump_says_what_those_do_who_move(shares, said):
    names, sides = list(shares), np.array([*shares.values()]).T
    sides = [xr.DataArray(side, {"mover": names}, "mover") for side in sides]
    assert Jump("down", 1.5, 0.0, names[0], *sides)._happens("workers", "online") == said


def test_the_picture_draws_arms_in_pieces_and_jumps_upright():
    loop = nege.hysteresis(economy(), "online_trade_cost", (1.0, 2.0), points=9)
    ax = loop.plot()
    lines = [line for line in ax.lines if len(line.get_xdata()) > 1]
    for line in lines:
        x, y = (np.asarray(data, float) for data in line.get_data())
        vertical = np.ptp(x) == 0
        assert vertical or np.max(np.abs(np.diff(y))) < 0.5  # no slanted jump
    arrows = [text for text in ax.texts if text.get_gid()]
    assert {arrow.get_gid() for arrow in arrows} == {"jump down", "jump up"}
    assert ax.get_xlabel() == "digital trade cost (iceberg factor)"
    assert "online" in ax.get_ylabel()
    welfare = loop.plot("welfare")
    assert "real income" in welfare.get_ylabel()
    mpl.pyplot.close("all")


@pytest.mark.parametrize(
    ("arguments", "keywords", "argument"),
    [
        (("tau", (1, 2)), {}, "parameter"),
        (("online_trade_cost", (1, 1)), {}, "interval"),
        (("online_trade_cost", (1, 2, 3)), {}, "interval"),
        (("online_trade_cost", (0.5, 2)), {}, "online_trade_cost"),
        (("online_trade_cost", (1, 2)), {"points": 1}, "points"),
        (("online_trade_cost", (1, 2)), {"start": [1, 1, 1]}, "start"),
    ],
)
def test_bad_questions_are_refused_by_name(arguments, keywords, argument):
    with pytest.raises(nege.InputError) as caught:
        nege.hysteresis(economy(), *arguments, **keywords)
    assert caught.value.argument == argument


def test_a_loop_that_lies_between_two_points_is_one():
    economy = nege.CorePeriphery(nege.geography.equidistant(2), sigma=5, mu=0.4, trade_cost=1.5)
    loop = nege.hysteresis(economy, "trade_cost", (1.4, 2.2), points=2)
    assert float(loop.apart.max()) < 1e-6  # both ends are the same both ways
    assert "Hysteresis: the arms differ from 1.62658 to 1.80731" in repr(loop)
