"""Where people live and work: Monte, Redding & Rossi-Hansberg (2018), with remote work.

Golden numbers are those of an implementation apart from nege, by a fixed point and by Newton's
method, of the equations at the top of ``nege/models/quantitative/commuting.py``.
"""

import numpy as np
import pytest

import nege

pytestmark = pytest.mark.closed_form

DISTANCE = np.array([[1, 3, 5], [3, 1.5, 4], [5, 4, 2]])
TRADE, COST = DISTANCE**0.42, DISTANCE**0.47
OFF = ~np.eye(3, dtype=bool)
PLACES = nege.geography.from_distance(DISTANCE)
TOY = {
    **{"sigma": 4, "mu": 0.7, "taste": 4.6, "trade_cost": TRADE, "commuting_cost": COST},
    **{"productivity": [1.2, 1, 0.9], "amenity": [0.9, 1, 1.15]},
    **{"workplace_amenity": [1.3, 1, 0.8], "housing": [1, 1.5, 2.5]},
}


def toy(**changes):
    return nege.Commuting(PLACES, **{**TOY, **changes})


CHEAPER = {"commuting_cost": np.where(OFF, np.maximum(0.9 * COST, 1), COST)}
#: Of each long run: what differs from the base; residents, jobs, wages, prices, rents, welfare.
GOLDEN = {
    "base": (
        {},
        [0.4610540964, 0.2866141108, 0.2523317928],
        [0.6466319622, 0.2335100476, 0.1198579902],
        [1.0728382817, 0.9001057026, 0.8016549512],
        [0.9975351758, 1.3065398192, 1.5965273190],
        [0.2106803917, 0.0788388175, 0.0398531243],
        2.7837319376,
    ),
    "pooled": (
        {"rents": "pooled"},
        [0.4319872570, 0.2946839303, 0.2733288126],
        [0.5839983692, 0.2598870979, 0.1561145328],
        [1.0867419823, 0.9151051835, 0.8168389053],
        [1.0362366184, 1.3179254226, 1.5878261796],
        [0.1952495804, 0.0821909100, 0.0440141933],
        2.7878196547,
    ),
    "floor space is built": (
        {"housing_elasticity": 0.38},
        [0.5424660269, 0.2615917357, 0.1959422374],
        [0.7126199045, 0.2011887447, 0.0861913509],
        [1.0650885528, 0.8713823419, 0.7620762074],
        [0.9646472226, 1.2930954002, 1.5950370795],
        [0.3620575861, 0.1468304036, 0.0797217672],
        2.3193801535,
    ),
    "tastes for residences": (
        {"residence_taste": 2},
        [0.4075224804, 0.3072853206, 0.2851921990],
        [0.6011543376, 0.2577550676, 0.1410905948],
        [1.0761300115, 0.9187499797, 0.8240613969],
        [1.0204743039, 1.3145023766, 1.5994402417],
        [0.1868001363, 0.0853766582, 0.0454825220],
        3.7743585341,
    ),
    "remote": (
        {"remote": 0.3},
        [0.4365420859, 0.2895123360, 0.2739455781],
        [0.6527433335, 0.2320160219, 0.1152406446],
        [1.0639885504, 0.9084391437, 0.8218986530],
        [0.9889575510, 1.3082174924, 1.6082969899],
        [0.1943771824, 0.0808283540, 0.0451806861],
        3.1238088604,
    ),
    "remote, modes alike": (
        {"remote": 0.3, "mode_taste": 9.2},
        [0.4258542616, 0.2893618113, 0.2847839271],
        [0.6420436758, 0.2352889273, 0.1226673969],
        [1.0642084174, 0.9130790131, 0.8306553896],
        [0.9939170003, 1.3115575714, 1.6087366074],
        [0.1870807409, 0.0813354468, 0.0477950070],
        3.1439437483,
    ),
    "cheaper commuting": (
        CHEAPER,
        [0.4415215505, 0.2941475139, 0.2643309357],
        [0.6635662349, 0.2305435790, 0.1058901861],
        [1.0623968372, 0.9058766330, 0.8139119670],
        [0.9830025764, 1.3043980477, 1.6098145958],
        [0.1990793658, 0.0819952556, 0.0425996717],
        2.8762116951,
    ),
    "cheaper trade": (
        {"trade_cost": np.where(OFF, 0.9 * TRADE, TRADE)},
        [0.4419962744, 0.2955153369, 0.2624883887],
        [0.6411837539, 0.2407012798, 0.1181149663],
        [1.0764552189, 0.8999963163, 0.7887581023],
        [0.9891086834, 1.2240188654, 1.4734625624],
        [0.2026580146, 0.0814555915, 0.0414920107],
        2.8683124036,
    ),
}
SHORTER = {  # residents, jobs, wages, welfare
    "hybrid days": (
        {"commuting_cost": COST**0.7 * np.diag(COST)[:, None] ** 0.3},
        [0.4422095146, 0.2913530170, 0.2664374683],
        [0.6605969859, 0.2307295413, 0.1086734728],
        [1.0632971622, 0.9056262639, 0.8156026010],
        2.7837319376 * 1.0369407457,
    ),
    "half of days": (
        {"remote": 0.3, "remote_days": 0.5},
        [0.4518159326, 0.2885350908, 0.2596489766],
        [0.6547314314, 0.2314727140, 0.1137958545],
        [1.0675665623, 0.9027399978, 0.8090886927],
        2.7837319376 * 1.0782030489,
    ),
    "a weight for a share of .3": (
        {"remote": 0.1854970529},
        [0.4432378897, 0.2885505669, 0.2682115434],
        [0.6538715552, 0.2313407787, 0.1147876661],
        [1.0654119571, 0.9059708773, 0.8168945465],
        2.7837319376 * 1.0816442392,
    ),
}


@pytest.mark.parametrize("case", GOLDEN)
def test_golden_long_runs_of_three_places(case):
    changes, *wanted, welfare = GOLDEN[case]
    found = nege.solve(toy(**changes))
    nege.testing.assert_equilibrium(found, tolerance=1e-12)
    for name, values in zip(
        ("share", "employment", "wage", "price_index", "rent"), wanted, strict=True
    ):
        np.testing.assert_allclose(found.data[name], values, rtol=0, atol=6e-11, err_msg=name)
    assert abs(float(found.data.welfare) - welfare) < 6e-11
