"""The labelled half of ``nege.models.mobility``: models whose people may move within groups."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from nege import validation
from nege.errors import InputError
from nege.models.base import BY_PAYOFF, Model
from nege.models.fields import Labelled
from nege.models.mobility import Groups, groups_of
from nege.models.solutions import Variable
from nege.solver_options import Logit, Replicator

GROUP_WELFARE = "group_welfare"
MEAN = "mean real income per head of a group, amenity included"


class Variables(dict[str, Variable]):
    """Variables of a model; of an economy with groups their welfare too, and what it means."""

    def __init__(self, variables: Mapping[str, Variable], group_welfare: str = MEAN) -> None:
        super().__init__(variables)
        self.of_groups = {GROUP_WELFARE: Variable(("group",), group_welfare, "utility")}

    def __get__(self, owner: Any, kind: type) -> Mapping[str, Variable]:
        if owner is None or owner.groups is None:
            return self
        return {**self, **self.of_groups}


class GroupedModel(Model):
    """Base of models whose people may move within groups of regions only."""

    mobility: Labelled[str | xr.DataArray]
    people: Labelled[xr.DataArray | None]

    @functools.cached_property
    def groups(self) -> Groups | None:
        """Groups of regions between which nobody moves; None where everybody moves freely."""
        return groups_of(self)

    def __repr__(self) -> str:
        if self.groups is None:
            return super().__repr__()
        given = self.mobility
        words = repr(given) if isinstance(given, str) else f"{len(self.groups.labels)} groups"
        return f"{super().__repr__()[:-1]}, mobility={words})"

    def check_together(self) -> None:
        """Refuse values that make no economy together, and who moves without saying where."""
        super().check_together()
        vars(self)["groups"] = groups_of(self)

    def coordinates(self) -> dict[str, Any]:
        """Return the labels of every dimension of the model's variables."""
        found = super().coordinates()
        return found if self.groups is None else {**found, "group": list(self.groups.labels)}

    def check_start(self, start: Any) -> np.ndarray:
        """Return where people start: what is no distribution of each group is refused."""
        share = self.check_share(start, "start")
        if self.groups is None:
            return share
        wrong = np.abs(self.groups.sums(share) - self.groups.total)
        if (wrong > validation.SUM_TOLERANCE).any():
            g = int(np.argmax(wrong))
            has, there = self.groups.total[g], self.groups.sums(share)[g]
            raise InputError(
                "start",
                start,
                f"shares of which those of group {self.groups.labels[g]} sum to {has:.10g}",
                f"Their sum is {there:.10g}, and nobody crosses: people= says how many each group "
                "has. nege.short_run takes any distribution.",
            )
        return self.groups.rescaled(share)

    def default_start(self) -> np.ndarray:
        """Return the usual one, or where people are: but for one per cent, spread in each group."""
        share = super().default_start()
        return share if self.groups is None else self.groups.spread(share)

    def random_start(self, rng: np.random.Generator) -> np.ndarray:
        """Return a random distribution to start from, of the people of each group."""
        share = super().random_start(rng)
        return share if self.groups is None else self.groups.rescaled(share)

    def group_welfare(
        self, values: Mapping[str, np.ndarray], dynamics: Replicator | Logit | None = None
    ) -> dict[str, np.ndarray]:
        """Return welfare of each group, where there are groups, as ``welfare`` is of everybody."""
        if self.groups is None:
            return {}
        return {GROUP_WELFARE: self.expected_within(values["share"], values[self.payoff], dynamics)}

    def expected_within(
        self, share: np.ndarray, payoff: np.ndarray, dynamics: Replicator | Logit | None
    ) -> np.ndarray:
        """Return how well off each group is, as those have it who move by some dynamics."""
        moves = BY_PAYOFF if dynamics is None else dynamics
        return moves.expected_within(self, self.groups, share, payoff)

    def long_run_values(
        self,
        share: np.ndarray,
        state: np.ndarray,
        parameters: Any,
        dynamics: Replicator | Logit | None,
    ) -> dict[str, np.ndarray]:
        """Return ``outcome``, with welfare as those who move by some dynamics have it."""
        values = super().long_run_values(share, state, parameters, dynamics)
        return {**values, **self.group_welfare(values, dynamics)}

    def describe(self, variable: str, dynamics: Replicator | Logit | None = None) -> dict[str, str]:
        """Return the attributes of a variable: what it means, its unit, and what tastes change."""
        words = super().describe(variable, dynamics)
        if variable == GROUP_WELFARE and isinstance(dynamics, Logit):
            words["comment"] = super().describe("welfare", dynamics)["comment"]
        return words

    def audit_motion(
        self, data: xr.Dataset, dynamics: Replicator | Logit | None
    ) -> dict[str, float]:
        """Return the violations of shares that sum to one, and of rest under some dynamics."""
        return {**super().audit_motion(data, dynamics), **self.audit_groups(data, dynamics)}

    def audit_groups(
        self, data: xr.Dataset, dynamics: Replicator | Logit | None
    ) -> dict[str, float]:
        """Return the violations of welfare by group and of how many they are, in plain NumPy."""
        if self.groups is None:
            return {}
        share, payoff = data["share"].values, data[self.payoff].values
        members = [self.groups.of == g for g in range(len(self.groups.labels))]
        wanted = np.empty(len(members))
        for g, here in enumerate(members):
            weights, power = self.tastes_within(here, share, dynamics)
            top = np.max(payoff[here])
            wanted[g] = top * np.sum(weights * (payoff[here] / top) ** power) ** (1.0 / power)
        off = float(np.max(np.abs(data[GROUP_WELFARE].values / wanted - 1.0)))
        found = {"group welfare": off}
        if dynamics is not None:
            people = self.groups.people
            moved = [abs(share[here].sum() / people[here].sum() - 1.0) for here in members]
            found["people of groups"] = float(np.max(moved))
        return found

    def tastes_within(
        self, here: np.ndarray, share: np.ndarray, dynamics: Replicator | Logit | None
    ) -> tuple[np.ndarray, float]:
        """Return weights and power of the mean of payoffs that is the welfare of a group."""
        if not isinstance(dynamics, Logit):
            return share[here] / np.sum(share[here]), 1.0
        weights = dynamics.region_weights(self)[here]
        return weights / np.sum(weights), 1.0 / dynamics.scale

    def summary(self, data: xr.Dataset) -> str:
        """Say in a sentence where people are in a long run, and who can move."""
        return self.with_who_moves(super().summary(data))

    def with_who_moves(self, said: str) -> str:
        """Return what is said of a long run, and who can move in it."""
        if self.groups is None:
            return said
        if self.groups.largest == 1:
            return f"{said} Nobody can move."
        return f"{said} Nobody moves between the {len(self.groups.labels)} groups."
