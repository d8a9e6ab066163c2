"""Symbols of variables and parameters as the literature writes them, in LaTeX: one table for all.

Where models differ in the letter (Helpman's price index is P in his paper), one is used throughout,
so that a column means the same in every table.
"""

from __future__ import annotations

SYMBOLS: dict[str, str] = {
    # of places and regions
    "share": r"\lambda",
    "population": "L",
    "employment": r"L^{M}",
    "area": "H",
    "wage": "w",
    "remote_wage": r"w^{0}",
    "unskilled_wage": r"w^{u}",
    "price_index": "G",
    "household_price_index": r"G^{0}",
    "living_cost": "P",
    "rent": "h",
    "income": "Y",
    "real_wage": r"\omega",
    "real_income": "V",
    "utility": "V",
    "reward": r"\rho",
    "profit": r"\pi",
    "profitability": r"\pi",
    "surplus": "S",
    "welfare": "U",
    "worker_welfare": "U",
    "jurisdiction_welfare": "U",
    "group_welfare": "U",
    "residents": "R",
    "dividend": "D",
    "commission_revenue": "C",
    # of industries
    "firm_mass": "n",
    "total_cost": "X",
    "remote_share": r"\pi",
    "revenue": r"\Theta",
    "group_income": "Y",
    "trade": "X",
    "trade_balance": "B",
    "online_share": "o",
    "density": "q",
    # of comparisons
    "people": "L",
    "equivalent_variation": r"\mathit{EV}",
    "gain": r"\Delta \ln V",
    "contribution": r"\Delta \ln V",
    # parameters
    "sigma": r"\sigma",
    "mu": r"\mu",
    "alpha": r"\alpha",
    "phi": r"\varphi",
    "inputs": r"\alpha",
    "housing": r"\beta",
    "consumption": r"\mu",
    "variety": r"\phi",
    "land": "H",
    "land_share": "b",
    "productivity": "A",
    "amenity": "B",
    "trade_cost": "T",
    "online_trade_cost": r"\delta",
    "digital_cost": r"\delta",
    "transport_cost": r"\theta",
    "search_cost": "s",
    "digitisability": r"\xi",
    "commission": r"\zeta",
    "online_commission": r"\zeta",
    "online_amenity": "B_{o}",
    "online_housing": "H_{o}",
    "spillover": r"\gamma",
    "spillover_decay": r"\rho",
    "online_spillover": r"\chi",
    "diversity": r"\vartheta",
    "migration_elasticity": r"\varepsilon",
    "firm_scale": "f",
    "platform_owner": "o",
    "home_weight": r"\bar L",
    "remote_labour_share": "r",
    "remote_substitution": r"\varsigma",
    "remote_elasticity": r"\nu",
    "remote_friction": r"\kappa",
    "agriculture": r"\theta",
    "unskilled_ratio": r"\ell",
    "total_farmers": "A",
    "total_skilled": "L",
    "a": "a",
    "b": "b",
    "c": "c",
    "productivity_spillover": r"\alpha",
    "amenity_spillover": r"\beta",
}
CHANGES, RATIO = "_change", "after over before"  # of a variable: its symbol with a hat


def symbol(name: str, meaning: str = "") -> str | None:
    """Return the symbol of a variable or parameter, in LaTeX; None where it has none."""
    before = name.removesuffix(CHANGES)
    if name not in SYMBOLS and before in SYMBOLS and meaning.endswith(RATIO):
        return rf"\hat{{{SYMBOLS[before]}}}"
    return SYMBOLS.get(name)
