"""What is wrong with data, or looks wrong: the problems that ``nege.data_report`` lists.

What would be refused is asked of the checks that refuse it. What looks wrong they cannot know:

    names        codes one digit short of others (lost zeros), spaces around them
    coordinates  columns named the other way round, 0 and 0, two places in one spot, a few places
                 far from all others (``far_places``), distances that straight lines do not bear out
    distances    a median of more than 10,000 units (a trade cost is per unit), lengths beyond the
                 other side of the Earth, roads below straight lines, miles taken for kilometres
                 or the reverse, a way there and a shorter way back, a row of its own size
    wages        100 times the median or a hundredth of it; another unit than incomes
    people       totals of workplaces and of residents that differ; fractions of people; a few
                 places of another unit, beside a second count of people or all other places
    flows        rows that sum to what columns should, nothing on the diagonal
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd  # type: ignore[import-untyped]

from nege import validation
from nege.errors import InputError
from nege.geography import Geography, tables
from nege.geography.makers import check_degrees, geodesic, people_by_name
from nege.geography.metrics import shortcut
from nege.geography.polygons import is_geodataframe
from nege.studies.far_places import (
    FEWEST,
    FEWEST_MENDED,
    PART,
    far_places,
    mended,
    of_all_detours,
    off_rows,
    one_way,
    short_roads,
)
from nege.validation import vector
from nege.validation.values import written_as_text

__all__ = ["Finder", "Problem"]

FEW = 3  # names that are shown
FAR = 1e4  # units of distance of half of all pairs from which on the unit looks wrong
DEAR = 1e3  # factor of trade costs between half of all pairs
AROUND = 20.1  # 1000 km to the other side of the Earth
ROUNDED = 1e-3  # difference of totals that rounding explains
OUTLIER = 100.0  # factor at which a wage, of the median, or a count, of the next, looks wrong
HEADS = 30.0  # factor from the median ratio of two counts of people, as of jobs and residents
MILE = 1.609344  # in km
ROADS = (0.97, 1.8)  # half of all ways over straight lines, beyond which one asks about miles
APART = 4.0  # factor between wages and incomes, or road and straight line
TURNED = 0.05  # deviation of logs from which on other coordinates are looked for
#: What factors between two ways to count the same are known for.
FACTORS = {
    12.0: "a year and a month",
    52.0: "a year and a week",
    165.0: "a month and an hour",
    1900.0: "a year and an hour",
    1000.0: "thousands and single ones",
}
PAID, PEOPLE = ("wage", "income"), ("employment", "residents")
SWAPPED = {"latitude": ("lon", "lng", "east", "x"), "longitude": ("lat", "north", "y")}


class Problem(NamedTuple):
    """What is wrong with data, or looks wrong, and what to do about it."""

    where: str
    what: str
    cure: str
    #: Whether a constructor or ``nege.invert`` would refuse it.
    stops: bool


# --- what is found ---------------------------------------------------------------------


class Finder:
    """Problems found so far, and the numbers that were read."""

    def __init__(self, labels: Sequence[str], column: Callable[[str, str], pd.Series]) -> None:
        self.labels, self.column = tuple(labels), column
        self.rows: pd.Index | None = None
        self.named = True  # else nothing can be matched by names
        self.problems: list[Problem] = []
        self.read: dict[str, np.ndarray] = {}
        self.summary: dict[str, dict[str, Any]] = {}
        self.distance: np.ndarray | None = None
        self.unit = "distance"

    def look(self, where: str, what: str, cure: str) -> None:
        """Note what looks wrong."""
        self.problems.append(Problem(where, what, cure, False))

    def ask(self, where: str, check: Callable[[], Any]) -> Any:
        """Return what a check returns; what it refuses is a problem."""
        try:
            return check()
        except InputError as error:
            self.problems.append(refused(error, where))
            return None

    def given(self, argument: str, value: Any) -> Any:
        """Return values with labels, of a column that a text names or as they are."""
        if isinstance(value, str):
            value = self.column(argument, value)
            return pd.Series(value.array, index=list(self.labels))
        if isinstance(value, pd.Series) and self.rows is not None and value.index.equals(self.rows):
            return pd.Series(value.array, index=list(self.labels))
        return value

    def numbers_above_zero(self, argument: str, value: Any) -> np.ndarray | None:
        """Read a number for each place; say which ones are missing, zero or negative."""
        if value is None:
            return None
        where, labels = where_from(argument, value), self.labels
        numbers = self.ask(where, lambda: self._numbers(argument, value))
        if numbers is None:
            return None
        self.summary[where] = _summary(numbers)
        drop = f"df[df[{value!r}] > 0]" if isinstance(value, str) else "such rows left out"
        bad = False
        for mask, words, cure in (
            (~np.isfinite(numbers), "missing", f"Fill in what is known, or solve without: {drop}."),
            (numbers == 0.0, "zero", f"Add the place to a neighbour, or solve without: {drop}."),
            (numbers < 0.0, "negative", f"Mend what is typed wrong, or solve without: {drop}."),
        ):
            if mask.any():
                bad = True
                which = some(labels[i] for i in np.flatnonzero(mask))
                what = f"{counted(int(mask.sum()), len(labels))} {words}: {which}"
                self.problems.append(Problem(where, what, cure, True))
        if bad:
            return None
        checked: np.ndarray | None = self.ask(
            where, lambda: vector(argument, numbers, labels, above=0.0)
        )
        if checked is not None:
            self.ask(where, lambda: validation.of_a_size(argument, value, checked))
            self.read[argument] = checked
        return checked

    def _numbers(self, argument: str, value: Any) -> np.ndarray:
        allowed = f"one number for each of the {len(self.labels)} places"
        wanted = {"region": self.labels}
        numbers = validation.arranged(argument, self.given(argument, value), wanted, allowed)[0]
        if numbers.shape != (len(self.labels),):
            vector(argument, numbers, self.labels)  # which refuses it
        return np.asarray(numbers)

    def _each(self, argument: str, value: Any) -> np.ndarray:
        return vector(argument, self._numbers(argument, value), self.labels)

    # --- names and places

    def of_names(self) -> None:
        """Look at codes that may have lost zeros, and spaces around names."""
        names = self.labels
        spaced = [name for name in names if name != name.strip()]
        if spaced:
            cure = "df[...].str.strip() takes them off; labels have to be the same everywhere."
            self.look(
                "names",
                f"{len(spaced)} of {len(names)} with spaces around: {some(map(repr, spaced))}",
                cure,
            )
        marked = [name for name in names if name.startswith(tables.MARKS)]
        if marked:
            self.look("names", f"{marked[0]!r} begins with a byte-order mark", tables.MARKED)
        if not all(name.isdecimal() for name in names):
            return
        lengths = {len(name) for name in names}
        longest, numbers = max(lengths), sorted(map(int, names))
        in_a_row = numbers[-1] - numbers[0] + 1 == len(numbers)
        if lengths == {longest - 1, longest} and longest >= 4 and not in_a_row:
            short = [name for name in names if len(name) < longest]
            what = f"{len(short)} of {len(names)} codes are one digit short: {some(short)}"
            cure = (
                "Codes that are read as numbers lose their leading zeros: read the column with "
                f"dtype=str, or df[...].astype(str).str.zfill({longest})."
            )
            self.look("names", what, cure)

    def of_places(self, table: pd.DataFrame, about: Mapping[str, Any]) -> None:
        """Look at coordinates, distances and people of a table."""
        spots: dict[str, np.ndarray] = {}
        for argument in ("latitude", "longitude"):
            value = about[argument]
            if value is None:
                continue
            where = where_from(argument, value)
            numbers = self.ask(where, functools.partial(self._each, argument, value))
            if numbers is not None:
                spots[argument] = numbers
                self.summary[where] = _summary(numbers)
            if isinstance(value, str) and value.lower().startswith(SWAPPED[argument]):
                cure = "Have latitude and longitude changed places?"
                self.look(where, "the column is named like the other one", cure)
        crs = about["crs"]
        if len(spots) == 2 and crs is not None and not is_geodataframe(table):
            spots = self.ask("crs", lambda: tables.in_degrees(spots, crs)) or {}
        if is_geodataframe(table):
            made = self.ask("geometry", lambda: tables.outlines(table, crs, self.labels))
            spots = spots if len(spots) == 2 or made is None else made[1]
            self._outlines(table)
        if len(spots) == 2:
            good = self.ask("coordinates", lambda: _checked_degrees(spots, self.labels))
            spots = spots if good else {}
        people = about["population"]
        if people is not None:
            found = self.numbers_above_zero("population", people)
            if found is not None:
                self.ask("population", lambda: people_by_name(found, self.labels, self.labels))
        unit, distance = about["unit"], about["distance"]
        if not isinstance(unit, str):
            unit = "1000 km" if distance is None else getattr(distance, "attrs", {}).get("units")
        self.unit = str(unit or "distance")
        self._distances(about["distance"], spots if len(spots) == 2 else None)

    def of_geography(self, geography: Geography) -> None:
        """Look at a geography: what it holds has been checked, not whether it looks right."""
        self.of_names()
        self.unit = geography.distance_unit
        if geography.population is not None:
            self.numbers_above_zero("population", geography.population.values)
        where = geography.coordinates
        spots = None
        if where is not None and "latitude" in where:
            spots = {name: where[name].values for name in ("latitude", "longitude")}
        self._distances(geography.distance, spots)

    def _outlines(self, table: Any) -> None:
        wrong = ~table.geometry.is_valid.to_numpy() & ~table.geometry.isna().to_numpy()
        if wrong.any():
            which = some(self.labels[i] for i in np.flatnonzero(wrong))
            what = f"{counted(int(wrong.sum()), len(wrong))} crossing themselves: {which}"
            self.look("geometry", what, "df.geometry = df.geometry.make_valid() mends outlines.")

    def _distances(self, distance: Any, spots: Mapping[str, np.ndarray] | None) -> None:
        """Look at distances: given ones, or those of coordinates."""
        straight, nowhere = None, np.zeros(len(self.labels), dtype=bool)
        if spots is not None:
            straight = geodesic(spots["latitude"], spots["longitude"])
            nowhere = (spots["latitude"] == 0.0) & (spots["longitude"] == 0.0)
            if nowhere.any():
                which = some(self.labels[i] for i in np.flatnonzero(nowhere))
                what = (
                    f"{counted(int(nowhere.sum()), len(nowhere))} at 0 degrees both ways: {which}"
                )
                self.look("coordinates", what, "Zeros often stand for missing ones: fill them in.")
        values: np.ndarray | None = None
        if distance is not None and not (self.named or isinstance(distance, np.ndarray)):
            return
        if distance is not None:
            values = self.ask("distance", lambda: tables.distances_of(distance, self.labels))
        elif straight is not None:
            values = straight * tables.UNITS.get(self.unit, 1.0)
        if values is None:
            return
        self.distance = values
        apart = values[~np.eye(len(values), dtype=bool)]
        self.summary[f"distance [{self.unit}]"] = _summary(apart)
        one = self.unit
        same = np.argwhere(np.triu(values == 0.0, 1))
        if same.size:
            pairs = [f"{self.labels[i]} and {self.labels[j]}" for i, j in same[: FEW + 1]]
            what = f"{len(same)} {'pairs lie' if len(same) > 1 else 'pair lies'} in one spot: "
            cure = "Goods would cost nothing on the way: are these one place, or copies of a row?"
            self.look("distance", what + some(pairs, len(same)), cure)
        median = float(np.median(apart))
        if median > FAR:
            cure = (
                f"A trade cost is per unit of distance, here per {one}: for units of 1000, "
                "distance / 1000, with its unit=. Of coordinates, unit='1000 km'."
            )
            what = f"half of all pairs are more than {median:,.6g} {one} apart"
            self.look("distance", what, cure)
        told = nowhere
        if straight is not None and spots is not None:
            told = self._far("coordinates", straight, nowhere, spots)
        if self.unit in tables.UNITS and apart.max() > AROUND * tables.UNITS[self.unit]:
            what = f"{apart.max():,.6g} {one} is further than the other side of the Earth"
            self.look("distance", what, "Distances are in a smaller unit than unit= says.")
        elif straight is not None and spots is not None and distance is not None:
            # Wrong coordinates have been told: lines from there would be the same question again.
            rows = np.flatnonzero(~told)
            if rows.size > 1:
                values = self._against_straight_lines(values, straight, spots, rows)
        if distance is not None:
            if straight is None:
                self._far("distance", values, nowhere, None)
            self._ways(values)

    def _far(
        self,
        where: str,
        distance: np.ndarray,
        told: np.ndarray,
        spots: Mapping[str, np.ndarray] | None,
    ) -> np.ndarray:
        """Look at places that are far from all others; `told` are those that have been named.

        Return which have been named then.
        """
        far = far_places(distance, FEWEST if spots is None else FEWEST_MENDED)
        others = np.delete(np.arange(len(distance)), far)
        far = [i for i in far if not told[i]]
        if spots is not None and len(others) < FEWEST:
            far = [i for i in far if mended(spots, i, others)]
        if not far:
            return told
        away, apart = distance[far][:, others].min(), distance[others][:, others].max()
        unit, size = ("km", 1e3) if spots is not None else (self.unit, 1.0)
        what = (
            f"{counted(len(far), len(distance))} far from all others: "
            f"{some(self.labels[i] for i in far)}. It is {shown(size * away)} {unit} to the "
            f"nearest, and these are at most {shown(size * apart)} {unit} apart"
        )
        cure = "Islands, or a typing error?"
        if spots is None:
            cure = "Islands, or rows in another unit?"
        elif words := [
            f"{self.labels[i]} with {x}" for i in far if (x := mended(spots, i, others))
        ]:
            cure = f"Among the others would be {some(words)}."
        self.look(where, what, cure)
        now = told.copy()
        now[far] = True
        return now

    def _ways(self, values: np.ndarray) -> None:
        """Look at given distances: there and back, and around."""
        if pairs := one_way(values):
            i, j = pairs[0]
            what = f"{len(pairs)} {'pairs have' if len(pairs) > 1 else 'pair has'} another way back"
            what += f": {shown(values[i, j])} from {self.labels[i]} to {self.labels[j]}, back "
            what += shown(values[j, i])
            same = set(pairs[0]).intersection(*pairs)
            if len(pairs) > 1 and same:
                what += f"; in all of them one end is {self.labels[same.pop()]}"
            self.look("distance", what, "Is one of the two typed wrong?")
        if detour := shortcut(values, self.labels):
            what, _, cure = detour.partition(" Iceberg")
            cure = f"Iceberg{cure}"
            size, of = of_all_detours(values)
            if of:
                whose = " and ".join(self.labels[i] for i in of)
                row = f"the way between {whose}" if len(of) > 1 else f"the row of {whose}"
                cure = f"Is {row} too {size}? Nothing else makes long detours. {cure}"
            self.look("distance", what.rstrip("."), cure)

    def _against_straight_lines(
        self,
        given: np.ndarray,
        straight: np.ndarray,
        spots: Mapping[str, np.ndarray],
        rows: np.ndarray,
    ) -> np.ndarray:
        """Compare given distances with geodesics between the coordinates, among some rows.

        Return them with those that are too short for any road replaced by what is usual.
        """
        among = np.ix_(rows, rows)
        values, straight = given[among], straight[among]
        spots = {name: degrees[rows] for name, degrees in spots.items()}
        labels = [self.labels[i] for i in rows]

        def spread(line: np.ndarray) -> tuple[float, float]:
            both = (values > 0.0) & (line > 0.0) & ~np.eye(len(values), dtype=bool)
            logs = np.log(values[both] / line[both])
            return float(np.exp(np.median(logs))), float(np.std(logs))

        factor, off = spread(straight)
        if max(np.abs(spots["longitude"])) <= 90.0 and off > TURNED:
            turned = spread(geodesic(spots["longitude"], spots["latitude"]))[1]
            if turned < 0.5 * off:
                cure = "Have latitude and longitude changed places?"
                self.look("coordinates", "they fit the distances better the other way round", cure)
                return given
        off_size = off_rows(values, straight)
        if off_size:
            whose = some(labels[i] for i in off_size)
            what = f"over straight lines, those of {whose} are of another size than others"
            self.look("distance", what, "Is that row in another unit, or typed wrong?")
        if self.unit in tables.UNITS:
            factor /= tables.UNITS[self.unit]
            if not 1.0 / APART < factor < APART:
                what = f"they are {shown(factor)} times the straight lines between the coordinates"
                self.look("distance", what, f"Are they in another unit than {self.unit}?")
            elif len(values) > 2 and (cure := self._of_miles(factor, off)):
                what = f"half of them are {'below' if factor < 1.0 else 'above'} "
                what += f"{shown(factor)} times the straight lines between the coordinates"
                self.look("distance", what, cure)
            elif not off_size:
                lines, usual = straight * tables.UNITS[self.unit], given.copy()
                usual[among] = self._short_roads(values, lines, factor, labels)
                return usual
        return given

    def _of_miles(self, factor: float, off: float) -> str:
        """Ask about miles where half of all ways are shorter, or far longer, than straight lines.

        Ways are mostly a tenth to a half longer; `off` is the deviation of their logs.
        """
        if factor < ROADS[0]:
            cure = f"No way is shorter. Are they in another unit than {self.unit}?"
            miles = f"In miles they would be {shown(factor * MILE)} times: are they, times {MILE}?"
            return miles if factor * MILE >= ROADS[0] else cure
        lines = off < TURNED and abs(np.log(factor / MILE)) < TURNED
        if not lines and factor <= ROADS[1]:
            return ""
        return (
            f"Is there much water or are there mountains between? Or were they in km already when "
            f"somebody multiplied them by {MILE}? Before that: {shown(factor / MILE)} times."
        )

    def _short_roads(
        self, values: np.ndarray, straight: np.ndarray, factor: float, labels: Sequence[str]
    ) -> np.ndarray:
        """Look at roads that are shorter than the straight line, before detours that they make."""
        pairs = short_roads(values, straight)
        if not pairs:
            return values
        named, usual = [], values.copy()
        for i, j in pairs:
            road = min(values[i, j], values[j, i])
            line = f"{shown(road)}, not {shown(float(f'{straight[i, j]:.3g}'))}"
            named.append(f"{labels[i]} and {labels[j]} ({line})")
            usual[[i, j], [j, i]] = factor * straight[i, j]
        what = f"{len(pairs)} {'pairs are' if len(pairs) > 1 else 'pair is'} nearer than the "
        what += f"straight line [{self.unit}]: {some(named)}"
        cure = "Is that way typed wrong?"
        same = set(pairs[0]).intersection(*pairs)
        if len(pairs) > 1:
            cure = "Are these typed wrong?"
            if same:
                where = labels[same.pop()]
                cure = f"One end of all is {where}: are its coordinates wrong, or its distances?"
        self.look("distance", what, cure)
        return usual

    def of_trade_cost(self, trade_cost: Any) -> None:
        """Look at what a trade cost makes of half of all pairs."""
        cost = validation.number("trade_cost", trade_cost, at_least=1.0)
        if self.distance is None:
            return
        median = float(np.median(self.distance[~np.eye(len(self.labels), dtype=bool)]))
        if median * np.log(cost) > np.log(DEAR):
            power = shown(median * np.log10(cost))
            what = f"{cost:g} per {self.unit} is a factor of 10^{power} "
            cure = "Give distances in a larger unit, or a cost for one of these."
            self.look("trade_cost", f"{what}between half of all pairs", cure)

    def of_other_columns(self, table: pd.DataFrame, used: set[str]) -> None:
        """Look at columns that were not asked for: gaps, numbers read as text, spaces."""
        for name in table.columns:
            column, label = table[name], str(name)
            if label != label.strip():
                cure = "df.columns = df.columns.str.strip()"
                self.look(f"column {label!r}", "the name has spaces around it", cure)
            if label in used or str(column.dtype) == "geometry":
                continue
            gaps = int(column.isna().sum())
            if gaps and getattr(column.dtype, "kind", "O") in "iuf":
                what = f"{counted(gaps, len(column))} missing"
                self.look(f"column {label!r}", what, "A model that takes it will refuse the gaps.")
            elif said := written_as_text(column.to_numpy()):
                self.look(f"column {label!r}", "numbers are text", said)

    # --- what belongs together

    def compare(self) -> None:
        """Compare wages with incomes, people at work with people at home."""
        read = self.read
        for argument in PAID:
            if argument in read:
                relative = read[argument] / np.median(read[argument])
                odd = np.flatnonzero((relative > OUTLIER) | (relative < 1.0 / OUTLIER))
                if odd.size:
                    which = some(self.labels[i] for i in odd)
                    what = f"{counted(odd.size, relative.size)} more than {OUTLIER:g} times the "
                    what += f"median or less than a hundredth: {which}"
                    self.look(argument, what, "Are they in another unit, or typed wrong?")
        if set(PAID) <= read.keys():
            factor = np.median(read["wage"]) / np.median(read["income"])
            if not 1.0 / APART < factor < APART:
                larger = max(factor, 1.0 / factor)
                like = min(FACTORS, key=lambda known: abs(np.log(larger / known)))
                known = f", as of {FACTORS[like]}" if 0.7 < larger / like < 1.4 else ""
                first, second = PAID if factor > 1.0 else PAID[::-1]
                what = f"the median {first} is {shown(larger)} times the median {second}{known}"
                self.look("wage and income", what, "Bring both to one unit.")
        if set(PEOPLE) <= read.keys():
            self._totals(*PEOPLE, "residents * (employment.sum() / residents.sum())")
        for argument in PEOPLE:
            if {argument, "population"} <= read.keys():
                factor = float(read[argument].sum() / read["population"].sum())
                if factor > 1.0:
                    what = f"{argument} is {shown(factor)} times the population"
                    cure = (
                        "Is population in thousands?" if factor > 20.0 else "Do both count people?"
                    )
                    self.look("population", what, cure)
        self._counts([argument for argument in ("population", *PEOPLE) if argument in read])
        for argument in (*PEOPLE, "population"):
            if argument in read and float(read[argument].max()) < 1e5:
                parts = read[argument] % 1.0 != 0.0
                if parts.any() and read[argument].max() > 1.0:
                    i = int(np.argmax(parts))
                    what = f"{read[argument][i]:g} in {self.labels[i]} is no whole number of people"
                    cure = "Thousands are fine by themselves, but not beside single people."
                    self.look(argument, what, cure)

    def _counts(self, counts: Sequence[str]) -> None:
        """Look for places where a count of people is in another unit than elsewhere."""
        n, read, told = len(self.labels), self.read, set()
        if n < FEW:  # else nothing says what is usual
            return
        for pair in itertools.combinations(counts, 2):
            ratio = read[pair[0]] / read[pair[1]]
            off = np.abs(np.log(ratio / np.median(ratio)))
            odd = [int(i) for i in np.argsort(-off) if off[i] > np.log(HEADS) and i not in told]
            if not odd:
                continue
            told.update(odd)
            size, (first, second) = float(np.exp(off[odd[0]])), pair
            what = (
                f"{counted(len(odd), n)} unlike the others: {some(self.labels[i] for i in odd)}. "
                f"{first} is {shown(read[first][odd[0]])} beside {shown(read[second][odd[0]])} of "
                f"{second}, a factor of {size:,.3g} off the usual ratio"
            )
            cure = "Is one of the two in another unit there, or typed wrong?"
            for factor, unit in ((1e3, "thousands"), (1e6, "millions")):
                if 0.3 < size / factor < 3.0:
                    cure = self._unit_slip(pair, odd[0], unit)
            self.look(f"{first} and {second}", what, cure)
        for argument in counts:
            order = np.argsort(read[argument])
            people = read[argument][order]
            gaps = [
                k for k in range(1, max(1, n // PART) + 1) if people[k] > OUTLIER * people[k - 1]
            ]
            low = [int(i) for i in order[: max(gaps, default=0)] if i not in told]
            if low:
                smallest, next_one = shown(read[argument][low[0]]), shown(people[gaps[-1]])
                what = (
                    f"{counted(len(low), n)} less than a hundredth of the smallest of the others, "
                    f"{next_one}: {self.labels[low[0]]} ({smallest})"
                )
                what += f" and {len(low) - 1} more" if len(low) > 1 else ""
                self.look(argument, what, "Is it in thousands there, or typed wrong?")

    def _unit_slip(self, pair: Sequence[str], place: int, unit: str) -> str:
        """Ask about the one of two counts that is further from its own median."""
        off = {a: np.log(self.read[a][place] / np.median(self.read[a])) for a in pair}
        argument = max(off, key=lambda one: abs(off[one]))
        if off[argument] < 0.0:
            return f"Is {argument} in {unit} there, unlike elsewhere?"
        return f"Is {argument} in {unit} elsewhere, but not there?"

    def _totals(self, first: str, second: str, scaled: str) -> None:
        one, other = float(self.read[first].sum()), float(self.read[second].sum())
        if abs(one / other - 1.0) > ROUNDED:
            what = f"{first} sums to {one:,.10g}, {second} to {other:,.10g}: "
            what += (
                f"{one / other - 1.0:+.2%}" if 0.2 < one / other < 5.0 else f"x {one / other:.4g}"
            )
            cure = (
                f"Who works somewhere lives somewhere: scale one, {scaled}, or leave out those who "
                "cross the border."
            )
            self.look(f"{first} and {second}", what, cure)

    def of_flows(self, flows: Any) -> None:
        """Look at flows: their labels, their sums, what stays where it is."""
        labels = self.labels
        if not self.named and not isinstance(flows, np.ndarray):
            return
        values = self.ask("flows", lambda: validation.square("flows", flows, labels, at_least=0.0))
        if values is None:
            return
        self.summary["flows"] = _summary(values.ravel())
        empty = [labels[i] for i in np.flatnonzero(values.sum(1) == 0.0)]
        unserved = [labels[i] for i in np.flatnonzero(values.sum(0) == 0.0)]
        for which, what in ((empty, "send nothing"), (unserved, "receive nothing")):
            if which:
                cure = (
                    "Is the row or column missing in the source? Zeros there are no flows at all."
                )
                self.look("flows", f"{len(which)} of {len(labels)} {what}: {some(which)}", cure)
        if not np.diagonal(values).any():
            cure = "Most trade and work is local: add what places keep, output less exports."
            self.look("flows", "nothing stays where it comes from", cure)
        sums = {"residents": values.sum(1), "employment": values.sum(0)}
        known = {name: self.read[name] for name in sums if name in self.read}
        if not known:
            return
        off = _furthest(sums, known)
        turned = _furthest({"residents": values.sum(0), "employment": values.sum(1)}, known)
        if off > ROUNDED and turned < 0.5 * off:
            what = "rows sum to employment rather than to residents"
            self.look("flows", what, "Rows are where people live: transpose, flows.T.")
        elif off > ROUNDED:
            what = f"their sums are off {' and '.join(known)} by {off:.2%} in the mean"
            self.look("flows", what, "Do both count the same people, of the same year?")


# --- words -----------------------------------------------------------------------------


def refused(error: InputError, where: str) -> Problem:
    where = error.argument if where == "df" else where
    got = f"; got {error.value!r:.60}" if isinstance(error.value, (str, int, float)) else ""
    return Problem(where, f"must be {error.allowed}{got}", error.cure, True)


def shown(number: float) -> str:
    return f"{number:,.0f}" if abs(number) >= 1e4 else f"{number:,.5g}"


def where_from(argument: str, value: Any) -> str:
    return f"{argument} ({value:.60})" if isinstance(value, str) and value != argument else argument


def counted(some: int, all_of: int) -> str:
    return f"{some} of {all_of} {'is' if some == 1 else 'are'}"


def some(names: Iterable[Any], count: int | None = None) -> str:
    listed = [str(name) for name in names]
    more = (len(listed) if count is None else count) - FEW
    return ", ".join(listed[:FEW]) + (f" and {more} more" if more > 0 else "")


def _summary(values: np.ndarray) -> dict[str, Any]:
    good = values[np.isfinite(values)]
    if not good.size:
        return {"numbers": 0, "smallest": np.nan, "median": np.nan, "largest": np.nan}
    return {
        "numbers": int(good.size),
        "smallest": float(good.min()),
        "median": float(np.median(good)),
        "largest": float(good.max()),
    }


def _furthest(sums: Mapping[str, np.ndarray], known: Mapping[str, np.ndarray]) -> float:
    """Return the mean difference of sums from what is known, in parts of it, of the worst."""
    return max(float(np.abs(sums[name] - known[name]).sum() / known[name].sum()) for name in known)


def _checked_degrees(spots: Mapping[str, np.ndarray], labels: Sequence[str]) -> bool:
    check_degrees(spots["latitude"], spots["longitude"], labels)
    return True
