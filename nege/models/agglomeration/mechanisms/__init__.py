"""Mechanisms of the industry model, a file each: words, parameters, equations, audit.

What the model is made of lives here too; its parameters are those of
:class:`nege.OnlineAgglomeration`. The classes below are added to an economy:

>>> import nege
>>> from nege import mechanisms as mech
>>> economy = nege.OnlineAgglomeration(mechanisms=[mech.Access(entry_cost={"services": 1.2})])
>>> economy.mechanisms["access"].kind
'access'
>>> economy.without("access").mechanisms
{}
"""

from nege.models.agglomeration.mechanisms.access import Access
from nege.models.agglomeration.mechanisms.buyer_online import BuyerOnline
from nege.models.agglomeration.mechanisms.data_economy import DataEconomy
from nege.models.agglomeration.mechanisms.dual_mode import DualMode
from nege.models.agglomeration.mechanisms.frame import Mechanism, Own, Wedge, partial
from nege.models.agglomeration.mechanisms.friction import Friction
from nege.models.agglomeration.mechanisms.institutions import Institutions
from nege.models.agglomeration.mechanisms.jurisdictions import Jurisdictions
from nege.models.agglomeration.mechanisms.matching import Matching
from nege.models.agglomeration.mechanisms.oligopoly import Oligopoly
from nege.models.agglomeration.mechanisms.platforms import (
    AverageCost,
    Contestable,
    Investment,
    Platforms,
    ProfitMaximising,
    Steering,
)
from nege.models.agglomeration.mechanisms.posted_prices import PostedPrices
from nege.models.agglomeration.mechanisms.quality import Quality
from nege.models.agglomeration.mechanisms.security import Security
from nege.models.agglomeration.mechanisms.site_bound import SiteBound
from nege.models.agglomeration.mechanisms.sourcing import Sourcing
from nege.models.agglomeration.mechanisms.sunk import Sunk
from nege.models.agglomeration.mechanisms.tax import (
    DigitalServicesTax,
    PublicGood,
    Tariff,
    Tax,
)
from nege.models.agglomeration.mechanisms.workers import Workers

__all__ = [
    "Access",
    "AverageCost",
    "BuyerOnline",
    "Contestable",
    "DataEconomy",
    "DigitalServicesTax",
    "DualMode",
    "Friction",
    "Institutions",
    "Investment",
    "Jurisdictions",
    "Matching",
    "Mechanism",
    "Oligopoly",
    "Own",
    "Platforms",
    "PostedPrices",
    "ProfitMaximising",
    "PublicGood",
    "Quality",
    "Security",
    "SiteBound",
    "Sourcing",
    "Steering",
    "Sunk",
    "Tariff",
    "Tax",
    "Wedge",
    "Workers",
    "partial",
]
