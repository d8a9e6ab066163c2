"""The online region as data: digital trade cost, commission of its platform, amenity."""

from __future__ import annotations

from dataclasses import dataclass

from nege import validation
from nege.errors import InputError
from nege.validation.keywords import hinted

__all__ = ["OnlineRegion"]

BOUNDS = {
    "trade_cost": validation.Bounds(
        at_least=0.0,  # models of iceberg trade costs want at least 1
        cure="It is an iceberg factor: 1 means that nothing melts on the way; where trade costs "
        "add to prices 0 is free.",
    ),
    "commission": validation.Bounds(
        at_least=0.0, below=1.0, cure="It is a share of sales: 0.05 for five per cent."
    ),
    "amenity": validation.Bounds(above=0.0),
}


@hinted
@dataclass(frozen=True, kw_only=True)
class OnlineRegion:
    """The online region: equally near to all places, it trades with each at the digital trade cost.

    It joins a model as one more region o, last in order, with T_ro = T_or = trade_cost
    for every physical r, T_oo = 1 and none of the people who cannot move, as farmers
    (the online space of Tan & Xia 2022 as a region of Fujita, Krugman & Venables 1999).

    Parameters
    ----------
    trade_cost : float
        Digital trade cost, an iceberg factor of at least 1: units sent for one
        to arrive. Where trade costs add to prices (``LinearDemand``), the cost of
        sending one unit, at least 0.
    commission : float, default 0
        Share of the sales value that the platform keeps, in [0, 1). It is paid
        out to the immobile people of the physical places.
    amenity : float, default 1
        Factor on the real wage of those who work online.
    name : str, default "online"
        Its label among the regions.

    Raises
    ------
    InputError
        Where a value is outside its range.

    Notes
    -----
    Not for firms that keep their place and sell online from it (:class:`OnlineAgglomeration`).
    With ``trade_cost=1``, no commission and amenity 1 the online region is at
    least as good as every place, so everything goes online: a property of the
    literal region, not a finding about the world.

    Examples
    --------
    >>> import nege
    >>> nege.OnlineRegion(trade_cost=1.05, commission=0.1)
    OnlineRegion(trade_cost=1.05, commission=0.1, amenity=1.0, name='online')
    """

    trade_cost: float
    commission: float = 0.0
    amenity: float = 1.0
    name: str = "online"

    def __post_init__(self) -> None:
        for name, bounds in BOUNDS.items():
            checked = bounds.number(f"online_{name}", getattr(self, name))
            object.__setattr__(self, name, checked)
        if not isinstance(self.name, str) or not self.name or validation.unwritable(self.name):
            allowed = "a non-empty string without control characters"
            raise InputError("online name", self.name, allowed)
