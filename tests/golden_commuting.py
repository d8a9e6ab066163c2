"""Golden numbers of commuting, as printed in commuting.md: three places, and German counties.

Of a row the columns are places; figures are strings as printed, to be met to half a unit of their
last digit. `economy` says what differs from the base, by names of `reference_commuting`.
"""

import numpy as np
from reference_commuting import Economy, own_cost

DISTANCE = np.array([[1.0, 3.0, 5.0], [3.0, 1.5, 4.0], [5.0, 4.0, 2.0]])
COMMUTING, TRADE = DISTANCE**0.47, DISTANCE**0.42
CHEAPER = np.where(np.eye(3) > 0, 1.0, 0.9)  # by a tenth between different places
BASE = Economy(
    trade=TRADE,
    commuting=COMMUTING,
    productivity=np.array([1.2, 1.0, 0.9]),
    amenity=np.array([0.9, 1.0, 1.15]),
    workplace_amenity=np.array([1.3, 1.0, 0.8]),
    housing=np.array([1.0, 1.5, 2.5]),
)
SHORT = np.array([0.5, 0.3, 0.2])  # residents of the short run
HYBRID = 0.3  # share of days at home, of everybody

# fmt: off
#: By name: what differs, and what comes out.
CASES = {
    "base": ({}, {
        "residents": "0.4610540964 0.2866141108 0.2523317928",
        "jobs": "0.6466319622 0.2335100476 0.1198579902",
        "wage": "1.0728382817 0.9001057026 0.8016549512",
        "residents_wage": "1.0662253832 0.9627434615 0.9213129891",
        "price": "0.9975351758 1.3065398192 1.5965273190",
        "rent": "0.2106803917 0.0788388175 0.0398531243",
        "real": "2.3525019701 2.1215272897 2.0635800441",
        "commuting": "0.9644448290 0.0307673746 0.0047877964 0.3814291523 0.5855849910 "
            "0.0329858567 0.3671663597 0.2040476209 0.4287860194",
        "flows": "0.8982201160 0.5055839627 0.4846463848 0.0796227016 0.4284676100 0.2271739382 "
            "0.0221571824 0.0659484273 0.2881796770",
        "welfare": "2.7837319376",
    }),
    "pooled": ({"pooled": True}, {
        "residents": "0.4319872570 0.2946839303 0.2733288126",
        "jobs": "0.5839983692 0.2598870979 0.1561145328",
        "wage": "1.0867419823 0.9151051835 0.8168389053",
        "price": "1.0362366184 1.3179254226 1.5878261796",
        "rent": "0.1952495804 0.0821909100 0.0440141933",
        "welfare": "2.7878196547",
    }),
    "building": ({"delta": 0.38}, {
        "residents": "0.5424660269 0.2615917357 0.1959422374",
        "jobs": "0.7126199045 0.2011887447 0.0861913509",
        "wage": "1.0650885528 0.8713823419 0.7620762074",
        "price": "0.9646472226 1.2930954002 1.5950370795",
        "rent": "0.3620575861 0.1468304036 0.0797217672",
        "welfare": "2.3193801535",
    }),
    "tastes for places": ({"theta": 2.0}, {
        "residents": "0.4075224804 0.3072853206 0.2851921990",
        "jobs": "0.6011543376 0.2577550676 0.1410905948",
        "wage": "1.0761300115 0.9187499797 0.8240613969",
        "price": "1.0204743039 1.3145023766 1.5994402417",
        "rent": "0.1868001363 0.0853766582 0.0454825220",
        "welfare": "3.7743585341",
    }),
    "remote": ({"remote": 0.3}, {
        "residents": "0.4365420859 0.2895123360 0.2739455781",
        "jobs": "0.6527433335 0.2320160219 0.1152406446",
        "wage": "1.0639885504 0.9084391437 0.8218986530",
        "price": "0.9889575510 1.3082174924 1.6082969899",
        "rent": "0.1943771824 0.0808283540 0.0451806861",
        "commuting": "0.8619540787 0.0968804895 0.0411654318 0.4821722698 0.4452264667 "
            "0.0726012635 0.4996221613 0.2220333576 0.2783444811",
        "welfare": "3.1238088604",
        "remote_share": "0.4063986190",
        "remote_by_residence": ".3101982274 .4309517400 .5337490529",
    }),
    "remote, alike modes": ({"remote": 0.3, "eta": 9.2}, {
        "residents": "0.4258542616 0.2893618113 0.2847839271",
        "jobs": "0.6420436758 0.2352889273 0.1226673969",
        "wage": "1.0642084174 0.9130790131 0.8306553896",
        "price": "0.9939170003 1.3115575714 1.6087366074",
        "rent": "0.1870807409 0.0813354468 0.0477950070",
        "welfare": "3.1439437483",
        "remote_share": "0.5675155444",
    }),
    "half of days": ({"remote": 0.3, "remote_cost": own_cost(COMMUTING, 0.5)}, {
        "residents": "0.4518159326 0.2885350908 0.2596489766",
        "jobs": "0.6547314314 0.2314727140 0.1137958545",
        "wage": "1.0675665623 0.9027399978 0.8090886927",
        "remote_share": "0.2925208398",
    }),
    "cheaper commuting": ({"commuting": COMMUTING * CHEAPER}, {
        "residents": "0.4415215505 0.2941475139 0.2643309357",
        "jobs": "0.6635662349 0.2305435790 0.1058901861",
        "wage": "1.0623968372 0.9058766330 0.8139119670",
        "price": "0.9830025764 1.3043980477 1.6098145958",
        "rent": "0.1990793658 0.0819952556 0.0425996717",
        "welfare": "2.8762116951",
    }),
    "cheaper trade": ({"trade": TRADE * CHEAPER}, {
        "residents": "0.4419962744 0.2955153369 0.2624883887",
        "jobs": "0.6411837539 0.2407012798 0.1181149663",
        "wage": "1.0764552189 0.8999963163 0.7887581023",
        "price": "0.9891086834 1.2240188654 1.4734625624",
        "rent": "0.2026580146 0.0814555915 0.0414920107",
        "welfare": "2.8683124036",
    }),
    "hybrid days": ({"commuting": own_cost(COMMUTING, HYBRID)}, {
        "residents": "0.4422095146 0.2913530170 0.2664374683",
        "jobs": "0.6605969859 0.2307295413 0.1086734728",
        "wage": "1.0632971622 0.9056262639 0.8156026010",
    }),
}
SHORT_RUN = {
    "residents": "0.5000000000 0.3000000000 0.2000000000",
    "jobs": "0.6787661040 0.2315905898 0.0896433062",
    "wage": "1.0677319791 0.8898185776 0.7717934348",
    "price": "0.9793463945 1.2922729012 1.6014496391",
    "rent": "0.2273995577 0.0819277228 0.0313121147",
    "commuting": "0.9660048707 0.0298785981 0.0041165313 0.3902107196 0.5808220550 0.0289672254 "
        "0.3935022639 0.2120233714 0.3944743647",
    "welfare": "2.7942060334",  # of the formula of the long run
}
#: Welfare after over before, of moving from the base to a case.
GAINS = {
    "remote": "1.1221658300", "remote, alike modes": "1.1293988856", "half of days": "1.0782030489",
    "cheaper commuting": "1.0332215025", "cheaper trade": "1.0303838401",
    "hybrid days": "1.0369407457",
}
MOVED = {"remote": "0.0245120104", "cheaper commuting": "0.0195325459"}
#: The weight at which three tenths work remotely, and what comes out.
THREE_TENTHS = {
    "remote": "0.1854970529", "gain": "1.0816442392",
    "residents": "0.4432378897 0.2885505669 0.2682115434",
    "jobs": "0.6538715552 0.2313407787 0.1147876661",
    "wage": "1.0654119571 0.9059708773 0.8168945465",
}
#: The base with building: commuting cheaper by a tenth.
GAIN_WITH_BUILDING = "1.0304083007"

#: Made-up data for three places, and what is behind them.
JOBS, RESIDENTS, PAY = [60.0, 25.0, 15.0], [40.0, 32.0, 28.0], [1.2, 1.0, 0.9]
BEHIND = {
    "productivity": "1.1944819488 0.9560935967 0.8756287235",
    "amenity": "0.8297508534 1.0415632152 1.1570887169",
    "workplace_amenity": "1.1909778507 0.9439976647 0.8894578971",
}
BEHIND_OUTCOME = {
    "residents_wage": "1.0788138783 0.9698725630 0.9218401018",
    "wage": "1.0859728507 0.9049773756 0.8144796380",  # 1.2/1.105; printed is ...09
    "welfare": "2.6610465378",
}
#: Printed to .6 units of the last digit: here its product is 1 + 1e-10.
TRANSFORMED_WAGE = "1.2149007363 0.9625374676 0.8551485447"

# --- 401 German counties ---------------------------------------------------------------

#: What the inversion says: of the first county, then standard deviations of logs.
FLENSBURG = {
    "productivity": "1.0417560436", "amenity": "0.3949139195", "workplace_amenity": "1.8698452651",
    "residents_wage": "0.9237085519",
}
SPREAD = {"productivity": "0.150754", "amenity": "0.377991", "workplace_amenity": "0.826952"}
ENDS = {
    "productivity": ("Erzgebirgskreis", "0.70", "Wolfsburg", "1.85"),
    "amenity": ("Schweinfurt, Stadt", "0.282", "Vorpommern-R", "2.112"),
    "workplace_amenity": ("Herne", "0.075", "Berlin", "12.43"),
}
COUNTIES = {
    "welfare": "5.0434656060", "at_home": "0.8417878421", "kilometres": "13.518",
    "gini_residents": ".3920916218", "gini_jobs": ".4435593629", "density": ".9845",
}
CONSISTENCY = {"correlation": ".9282", "error": ".0480", "slope": ".896"}
#: The table of changes, rows of `benchmarks.commuting.figures`; keys are its CHANGES.
CHANGES = {
    ("commuting", 0.9, 0.0):
        "1.0191795254 0.0103047514 0.0312210872 -0.0044341540 0.0164970668 -0.17365193 0.72777183 "
        "0.78184948 17.709365",
    ("trade", 0.9, 0.0):
        "1.0454935775 0.0168901804 0.0161215549 -0.0132751536 -0.0155986125 -0.77344603 "
        "-0.72287524 0.83824318 13.779607",
    ("remote", 0.1, 1.0):
        "1.0234880343 0.0117426116 0.0339500502 -0.0120445940 0.0212097797 0.00353784 0.25724459 "
        "0.76646228 12.514110",
    ("remote", 0.2, 1.0):
        "1.0525018175 0.0240555859 0.0615676155 -0.0258025349 0.0370832622 -0.04961830 0.27039338 "
        "0.68766093 11.807710",
    ("remote", 0.3, 1.0):
        "1.0873385319 0.0375270014 0.0849489201 -0.0403784047 0.0484754390 -0.09323051 0.26446601 "
        "0.60656265 11.239136",
    ("remote", 0.3, 0.5):
        "1.0840944874 0.0286839373 0.0745427401 -0.0229502157 0.0467071875 -0.49028545 0.46553140 "
        "0.65751384 11.227428",
    ("hybrid", 0.1, 0.0):
        "1.0237070543 0.0112677081 0.0355599057 -0.0059777271 0.0233666550 -0.39245744 0.60099472 "
        "0.76737646 23.064692",
    ("hybrid", 0.2, 0.0):
        "1.0638034202 0.0286877427 0.0766061138 -0.0168879549 0.0495489588 -0.48052520 0.55253523 "
        "0.66247198 39.553866",
    ("hybrid", 0.3, 0.0):
        "1.1302069172 0.0534280863 0.1166277686 -0.0336160883 0.0716386506 -0.55450747 0.46777890 "
        "0.52688764 65.604566",
}
#: Weights of remote work behind those rows.
WEIGHTS = {
    (0.1, 1.0): "0.000221608147", (0.2, 1.0): "0.000546658580", (0.3, 1.0): "0.001007589424",
    (0.3, 0.5): "0.083954332299",
}
#: After over before where three tenths work remotely, all days.
RESIDENTS_CHANGE = {
    "Berlin": ".817", "Leipzig, Stadt": ".873", "Dresden": ".878", "Hamburg": ".881",
    "Delmenhorst": "1.763", "Herne": "1.615", "Kusel": "1.597", "Neustadt an der Weinstra": "1.589",
}
JOBS_CHANGE = {
    "Herne": ".496", "Delmenhorst": ".503", "Kusel": ".552", "Memmingen": "2.025",
    "München (": "2.002", "Regensburg (": "1.860",
}
#: Weights taken literally, with days at home: share of remote workers, welfare.
LITERAL = {
    (0.1, 1.0): "0.96644962 2.2214814908", (0.3, 1.0): "0.98835613 2.8069267985",
    (0.1, 0.5): "0.33441872 1.0970916588", (0.3, 0.5): "0.57728456 1.2218744452",
}
#: Welfare, moved residents, moved jobs: of cheaper commuting, and of the weight of three tenths.
ROBUSTNESS = {
    "base": ({}, "1.01917953 .010305 .031221", "1.08733853 .037527 .084949"),
    "building":
        ({"housing_elasticity": 0.38}, "1.01926668 .013938 .030641", "1.08872965 .049205 .081069"),
    "tastes for places":
        ({"residence_taste": 2.0}, "1.01910221 .005960 .031317", "1.08638915 .022200 .086320"),
    "pooled": ({"rents": "pooled"}, "1.02161895 .010067 .034148", "1.09563938 .038821 .099577"),
}
# fmt: on


def met(found, printed, units=0.51):
    """Numbers are what is printed, to half a unit of each last digit."""
    words = printed.split()
    digits = np.array([len(word.partition(".")[2]) for word in words])
    found = np.array(found, dtype=float).ravel()
    assert found.size == len(words)
    off = np.abs(found - np.array(words, dtype=float)) * 10.0**digits
    assert (off <= units).all(), [*zip(words, found, strict=True)]
