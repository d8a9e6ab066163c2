"""The chain of wedges of an economy in numbers, and what of it each place adds up by itself.

The equations are at the top of ``jurisdictions``, which has the chain.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from nege.models.agglomeration.kinds import CHANNELS
from nege.models.agglomeration.mechanisms.frame import Wedge, wedges

NOBODY, LOCAL = -1, -2  # where money goes, if not into a pot: LOCAL - i is the purse i of a place


class Pot(NamedTuple):
    """Money that places share: by heads of some places, or by weights of places."""

    weight: np.ndarray  # (place,)
    per_head: bool
    public: Any = None  # how it is spent, if publicly


class Chain:
    """The wedges of an economy, and what of them each place adds up by itself."""

    def __init__(self, economy: Any, jurisdictions: Any) -> None:
        self.known = [str(name) for name in economy.geography.names]
        every = wedges(economy)
        retail = {name: one for name, one in every.items() if one.buyers == "households"}
        self.sales = {name: one for name, one in every.items() if name not in retail}
        self.retail = retail
        self.names = (*self.sales, *retail)
        self.every: tuple[Wedge, ...] = (*self.sales.values(), *retail.values())
        self.places, self.industries = len(economy.geography), len(economy.industries)
        self.group, self.labels = jurisdictions.of_places(economy)
        self.owner = None
        if economy.platform_owner is not None:
            self.owner = np.asarray(economy.platform_owner)
        self.pots: dict[Any, Pot] = {}
        self.purses: list[Any] = []  # of each place for itself: how it is spent, if publicly
        self.route = np.array([self._route(one) for one in self.every]).reshape(-1, self.places)
        self.land = self._of_land(jurisdictions.land)
        self.owners = NOBODY  # what owners of platforms have less
        if self.owner is not None and any(one.of_commission for one in self.every):
            self.owners = self._pot("owners", Pot(self.owner, False))
        self.links = self._links()
        self.apart = any(one.by_channel for one in retail.values())  # households' channels

    def _pot(self, key: Any, pot: Pot) -> int:
        self.pots.setdefault(key, pot)
        return list(self.pots).index(key)

    def _fund(self, g: int, public: Any) -> int:
        """Return the pot of a jurisdiction."""
        return self._pot((g, public), Pot(1.0 * (self.group == g), True, public))

    def _route(self, one: Wedge) -> list[int]:
        """Return where what is collected in each place goes."""
        public = None if isinstance(one.proceeds, str) else one.proceeds
        if one.proceeds == "owners" and self.owner is not None:
            return [self._pot("owners", Pot(self.owner, False))] * self.places
        if one.proceeds in ("everyone", "owners"):
            return [NOBODY] * self.places
        if one.collector not in ("origin", "destination"):
            g = int(self.group[self.at(one)])
            return [self._fund(g, public)] * self.places
        sizes = np.bincount(self.group)
        if (sizes == 1).any() and public not in self.purses:
            self.purses.append(public)
        here = LOCAL - self.purses.index(public) if public in self.purses else NOBODY
        return [here if sizes[g] == 1 else self._fund(int(g), public) for g in self.group]

    def _of_land(self, owner: str) -> list[int]:
        if owner == "everyone":
            return [NOBODY] * self.places
        sizes = np.bincount(self.group)
        alone = [owner == "place" or sizes[g] == 1 for g in self.group]
        return [
            LOCAL if one else self._fund(int(g), None)
            for one, g in zip(alone, self.group, strict=True)
        ]

    def at(self, one: Wedge) -> int:
        """Return the place that has all of a wedge."""
        return self.known.index(one.collector)

    def whose(self, one: Wedge, money: np.ndarray) -> np.ndarray:
        """Return what places collect, all of it where one of them does."""
        if one.collector in ("origin", "destination"):
            return money
        return np.asarray(money.sum() * (np.arange(self.places) == self.at(one)))

    def _sides(self) -> list[str]:
        """Return for each wedge on sales where its money is added up: its origin, destination."""
        found, taxes = [], list(self.sales.values())
        for j, one in enumerate(taxes):
            inner = [i for i in taxes[: j + 1] if not i.of_commission or i is one]
            outer = [i for i in taxes[j:] if not i.of_commission or i is one]
            if one.of_commission:
                inner, outer = [one], [one, *(i for i in taxes if not i.of_commission)]
            by_origin = all(i.rate.shape[3] == 1 for i in inner)
            by_destination = all(i.rate.shape[2] == 1 for i in outer)
            free = one.collector not in ("origin", "destination")
            if by_origin and (one.collector == "origin" or free):
                found.append("origin")
            elif by_destination and (one.collector == "destination" or free):
                found.append("destination")
            else:
                found.append("pairs")
        return found

    def _links(self) -> list[tuple[int, int, int, bool]]:
        """Return wedge, industry, channel and whether it is the destination that adds up."""
        self.sides, found = self._sides(), []
        for j, (side, one) in enumerate(zip(self.sides, self.sales.values(), strict=True)):
            idle = (self.route[j] == NOBODY).all() and not (one.of_commission and self.owners >= 0)
            if side != "pairs" or idle:
                continue
            cells = np.ones((self.industries, len(CHANNELS)), bool)
            cells = cells if one.cells is None else one.cells
            arrives = one.collector != "origin"
            found += [(j, k, c, arrives) for k, c in np.argwhere(cells).tolist()]
        return found

    # --- numbers ----------------------------------------------------------------------

    def factors(self, which: str) -> np.ndarray:
        """Return ln(1+t), all of those by origin, or by destination, (industry, channel, place)."""
        total = np.zeros((self.industries, len(CHANNELS), self.places))
        for one in self.sales.values():
            rate = one.rate
            uniform = rate.shape[2] == rate.shape[3] == 1
            kind = "destination" if rate.shape[2] == 1 else "origin"
            kind = "between" if rate.shape[2] > 1 and rate.shape[3] > 1 else kind
            kind = one.collector if uniform and one.collector == "origin" else kind
            if kind == which and not one.of_commission:
                total += np.log1p(rate.reshape(*rate.shape[:2], -1))
        return total

    def between(self) -> list[np.ndarray]:
        """Return ln(1+t) of wedges that differ by both."""
        shape = self.industries, len(CHANNELS), self.places, self.places
        return [
            np.broadcast_to(np.log1p(one.rate), shape)
            for one in self.sales.values()
            if one.rate.shape[2] > 1 and one.rate.shape[3] > 1 and not one.of_commission
        ]

    def shares(self) -> list[np.ndarray]:
        """Return of each wedge on sales its share in buyers' money; of commissions, in all else."""
        taxes, found = list(self.sales.values()), []
        for j, one in enumerate(taxes):
            outer = taxes if one.of_commission else taxes[j:]
            share = one.rate
            for i in outer:
                if not i.of_commission:
                    share = share / (1.0 + i.rate)
            found.append(share)
        return found

    def of_sales(self) -> np.ndarray:
        """Return shares of sales in a place, (wedge, industry, channel, place)."""
        return self._local("destination", self.shares())

    def of_receipts(self) -> np.ndarray:
        """Return money per receipt that firms would have without taxes, likewise."""
        taxes, made = list(self.sales.values()), []
        for j, one in enumerate(taxes):
            money = one.rate
            for i in taxes[:j]:
                if not (i.of_commission or one.of_commission):
                    money = money * (1.0 + i.rate)
            made.append(money)
        return self._local("origin", made)

    def _local(self, side: str, tables: Sequence[np.ndarray]) -> np.ndarray:
        shape = self.industries, len(CHANNELS), self.places
        found = np.zeros((len(self.every), *shape))
        for j, table in enumerate(tables):
            if self.sides[j] == side:
                found[j] = np.broadcast_to(table.reshape(*table.shape[:2], -1), shape)
        return found

    def tables(self, paid: np.ndarray) -> np.ndarray:
        """Return K share from where it is sent to where it is added up, (link, to, from)."""
        shares, found = self.shares(), np.empty((len(self.links), self.places, self.places))
        for i, (j, k, c, arrives) in enumerate(self.links):
            table = paid[k, c] * np.broadcast_to(shares[j], paid.shape)[k, c]
            found[i] = table.T if arrives else table
        return found

    def at_till(self) -> tuple[np.ndarray, np.ndarray]:
        """Return ln(1+t) on what households buy, (wedge, industry, channel, place), and housing."""
        shape = len(self.every), self.industries, len(CHANNELS), self.places
        goods, housing = np.zeros(shape), np.zeros((shape[0], self.places))
        for j, one in enumerate(self.retail.values(), len(self.sales)):
            goods[j] = np.log1p(one.rate[:, :, 0])
            if one.housing is not None:
                housing[j] = np.log1p(one.housing)
        return goods, housing

    def till_shares(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the share of each wedge in households' money, likewise."""
        return tuple(_of_money(table) for table in self.at_till())  # type: ignore[return-value]


def _of_money(logs: np.ndarray) -> np.ndarray:
    """Return shares of links of a chain, the first dimension, in what is paid after all of it."""
    outer = logs[::-1].cumsum(0)[::-1]
    return np.asarray(-np.expm1(-logs) * np.exp(-(outer - logs)))


def chain(economy: Any) -> Chain:
    """Return the chain of an economy, made once."""
    held = vars(economy)
    if "_chain" not in held:
        (own,) = (one for one in economy.mechanisms.acting if one.has_wedges)
        held["_chain"] = Chain(economy, own)
    return held["_chain"]  # type: ignore[no-any-return]
