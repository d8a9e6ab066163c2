"""The fuzz: every public entry of nege, called with hostile values in place of good ones.

``ENTRIES`` has a good call of each entry; a draw replaces one or two arguments by values of
``HOSTILE``, leaves one out, or adds one that does not exist. Whatever comes, a call answers
soundly or raises a NegeError; nothing else leaves, nothing takes long, no argument is changed.

What an argument may be is in ``TAKES``, by its name: a value that is none of it must not be
accepted. Only of the few that ``plain`` finds, methods which hardly take anything, Python's own
TypeError for a call that does not fit their signature counts as an answer.
"""

import collections
import contextlib
import copy
import decimal
import fractions
import functools
import inspect
import io
import os
import pathlib
import signal
import tempfile
import traceback
import types
import unittest.mock
import warnings
import webbrowser
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

import nege
from nege import geography, mechanisms, policy, scenarios, testing
from nege.status import Status
from nege.studies.scenarios import READY

SECONDS = 10.0  # of processor time that a call may take
NAN, INF = float("nan"), float("inf")


class Pool:
    """What calls are made of: two regions, solved once; nothing here is ever changed."""

    def __init__(self, folder):
        self.folder = folder
        self.places = geography.equidistant(2)
        self.model = nege.CorePeriphery(self.places, sigma=5, mu=0.4, trade_cost=1.7)
        self.online = nege.OnlineRegion(trade_cost=1.5)
        self.digital = self.model.replace(online=self.online)
        self.helpman = nege.Helpman(self.places, sigma=4, mu=0.7, trade_cost=1.5)
        self.commuters = nege.Commuting(
            self.places,
            **{"sigma": 4, "mu": 0.7, "taste": 3, "trade_cost": 1.5, "commuting_cost": 2},
        )
        self.industries = nege.OnlineAgglomeration(self.places)
        self.villages = scenarios.remote_villages(self.industries)
        self.change = scenarios.Change("search_cost", 0.5, of="services", over=2)
        self.solved = nege.solve(self.model)
        self.settled = nege.solve(self.helpman)
        self.commuting = nege.solve(self.commuters)
        self.given = nege.short_run(self.model, [0.7, 0.3])
        self.solver = nege.prepare(self.model)
        self.halves = np.array([0.5, 0.5])
        self.swept = nege.sweep(self.model, {"trade_cost": [2.0, 1.6], "mu": [0.3, 0.4]})
        self.regimes = nege.regimes(self.model, {"trade_cost": [2.0, 1.6], "mu": [0.3, 0.4]})
        self.path = nege.follow(self.digital, {"online_trade_cost": [1.6, 1.2, 1.6]})
        self.found = nege.equilibria(self.model, starts=4)
        self.diagram = nege.bifurcation(self.model, "trade_cost", (1.5, 2))
        self.loop = nege.hysteresis(self.model, "trade_cost", (1.5, 2), points=5)
        self.best = policy.optimise(self.helpman, {"mu": (0.6, 0.8)}, points=3)
        both = {"mu": (0.6, 0.8), "trade_cost": (1.4, 1.6)}
        self.mix = policy.optimise(self.helpman, both, points=3, starts=1)
        self.yields = policy.equal_yield(self.helpman, "trade_cost", **EQUAL)
        self.game = policy.nash(self.helpman, **GAME)
        vat = mechanisms.Tax("vat", 0.1, proceeds=mechanisms.PublicGood(worth=0.0))
        self.taxed = nege.solve(self.industries.with_mechanisms(vat))
        self.cost = policy.cost_of_funds(self.taxed, "vat.rate")
        wanted, over = {"price_index.0": 1.15}, {"trade_cost": (1.4, 1.6)}
        self.calibrated = nege.calibrate(self.helpman, wanted, over, starts=1)
        wanted = {"price_index.0": {1: 1.15}}
        self.calibrated_path = nege.calibrate(self.helpman, wanted, over, starts=1)
        self.cities = scenarios.chinese_cities(3)
        self.retail = nege.follow(self.cities, scenarios.online_retail(self.cities))
        self.compared = nege.compare(self.solved, self.given)
        self.on_earth = geography.from_points([50.0, 51.0], [1.0, 2.0])
        self.breaks = nege.break_points(self.model, "trade_cost", (1.5, 2))
        self.stability = nege.stability(self.solved)
        self.file = str(folder / "economy.nc")
        self.solved.to_netcdf(self.file)
        self.steps = xr.Dataset(
            {"trade_cost": ("step", [1.7, 1.6, 1.5]), "mu": ("step", [0.4, 0.4, 0.45])}
        )
        labels = {"industry": ["goods", "services"], "channel": ["offline", "online"]}
        costs = np.array([[[[4.0, 1], [4, 1], [1, 0]], [[1, 3], [0, 1], [0, 2]]]] * 2)
        costs[1] *= [1, 3]
        dims = ("step", "industry", "place", "channel")
        self.costs = xr.Dataset(
            {
                "total_cost": (dims, costs),
                "area": ("place", [0.5, 0.3, 0.2]),
                "status": ("step", [0, 0]),
            },
            coords=labels,
        )
        self.points = xr.Dataset({"trade_cost": ("point", [2.0, 1.6]), "mu": ("point", [0.3, 0.4])})
        self.two = xr.DataArray([0.5, 0.5], {"region": ["0", "1"]}, "region")


# --- a good call of each entry: what to call, and with what

IMMOBILE = {"farmers": [0.5, 0.5]}
CES = {"sigma": 5, "trade_cost": 1.7}
LINEAR = {"a": 1.0, "b": 1.0, "c": 1.0, "phi": 1.0, "total_farmers": 10.0, "total_skilled": 1.0}
OVER = ("trade_cost", (1.5, 2.0))


#: Of two equal regions: prices that rise with `trade_cost`, and two who choose a parameter each.
EQUAL = {"amount": 1.15, "of": "price_index.0", "between": (1.4, 1.6), "points": 3}
GAME = {
    "players": {"a": "mu", "b": "trade_cost"},
    "objective": {"a": "welfare", "b": "welfare"},
    "between": {"a": (0.6, 0.8), "b": (1.4, 1.6)},
    "points": 3,
}


TOWNS = pd.DataFrame(
    {"town": ["0", "1"], "lat": [50.0, 51.0], "lon": [1.0, 2.0], "jobs": [2, 3], "pay": [1.0, 1.5]}
)


@functools.wraps(nege.data_report)
def reported(*arguments, **keywords):
    """Report on data; what it finds to mend or to look at counts as refused."""
    found = nege.data_report(*arguments, **keywords)
    for one in found.problems:
        raise nege.InputError(one.where, None, one.what, one.cure)
    return found


def model_entry(kind, **values):
    return lambda p: (kind, {"geography": p.places, **values})


def over(function, p, **more):
    return function, {"model": p.model, "parameter": OVER[0], "interval": OVER[1], **more}


@functools.wraps(nege.warm_up)
def warm_up(*arguments, **keywords):
    """Check what is given, and compile nothing."""
    with unittest.mock.patch.object(nege.warming, "CALLS", {}):
        return nege.warm_up(*arguments, **keywords)


@functools.wraps(nege.explore)
def explore(*arguments, **keywords):
    """Check what is given, and open nothing."""
    page = types.SimpleNamespace(address="")
    with (
        unittest.mock.patch.object(nege.explorer.opening, "serve", return_value=page),
        unittest.mock.patch.object(webbrowser, "open"),
    ):
        return nege.explore(*arguments, **keywords)


@functools.wraps(nege.options)
def in_a_block(*arguments, **keywords):
    """Set nothing for longer than the call."""
    with nege.options(*arguments, **keywords) as held:
        return held


@functools.wraps(testing.check_model)
def checked_model(*arguments, **keywords):
    """Check what is given, and draw no economy."""
    with unittest.mock.patch.object(testing, "DRAWS", 0):
        return testing.check_model(*arguments, **keywords)


ENTRIES = {
    "show_versions": lambda p: (nege.show_versions, {}),
    "warm_up": lambda p: (warm_up, {"models": "core-periphery"}),
    "explore": lambda p: (explore, {"model": p.model, "port": 0, "browser": False}),
    "options": lambda p: (in_a_block, {"threads": 2, "progress": False}),
    "geography.equidistant": lambda p: (geography.equidistant, {"n": 3}),
    "geography.racetrack": lambda p: (geography.racetrack, {"n": 3}),
    "geography.star": lambda p: (geography.star, {"n": 3}),
    "geography.line": lambda p: (geography.line, {"n_or_positions": [0.0, 1.0]}),
    "geography.grid": lambda p: (geography.grid, {"ny": 2, "nx": 2}),
    "geography.from_points": lambda p: (
        geography.from_points,
        {"latitude": [50.0, 51.0], "longitude": [1.0, 2.0], "names": ["a", "b"]},
    ),
    "geography.from_dataframe": lambda p: (
        geography.from_dataframe,
        {"df": TOWNS, "names": "town", "latitude": "lat", "longitude": "lon", "population": "jobs"},
    ),
    "data_report": lambda p: (
        reported,
        {"table": TOWNS, "names": "town", "latitude": "lat", "longitude": "lon", "wage": "pay"},
    ),
    "geography.from_distance": lambda p: (
        geography.from_distance,
        {"distance": [[0.0, 1.0], [1.0, 0.0]], "names": ["a", "b"], "population": [1.0, 2.0]},
    ),
    "geography.cities": lambda p: (
        geography.cities,
        {"country": "NZ", "min_population": 200_000},
    ),
    "Geography.select": lambda p: (geography.racetrack(4).select, {"names": ["0", "2"]}),
    "Geography.to_dataset": lambda p: (p.places.to_dataset, {}),
    "Geography.from_dataset": lambda p: (
        geography.Geography.from_dataset,
        {"dataset": p.places.to_dataset()},
    ),
    **{
        f"scenarios.{name}": lambda p, made=made: (made, {"economy": p.villages})
        for name, made in READY.items()
    },
    "scenarios.remote_villages": lambda p: (
        scenarios.remote_villages,
        {"economy": p.industries, "villages": ["1"]},
    ),
    "scenarios.metropolis_and_town": lambda p: (scenarios.metropolis_and_town, {"places": 3}),
    "scenarios.Change": lambda p: (
        scenarios.Change,
        {"parameter": "search_cost", "to": [1.0, 0.5], "of": "services", "start": 1},
    ),
    "scenarios.path": lambda p: (
        scenarios.path,
        {"economy": p.industries, "changes": [p.change], "title": "cheaper search"},
    ),
    "scenarios.china_online": lambda p: (scenarios.china_online, {}),
    "scenarios.chinese_cities": lambda p: (scenarios.chinese_cities, {"count": 3}),
    "scenarios.online_retail": lambda p: (
        scenarios.online_retail,
        {"economy": p.industries, "share": {2015: 0.1, 2016: 0.12}},
    ),
    "scenarios.china_facts": lambda p: (
        scenarios.china_facts,
        {"economy": p.cities, "followed": p.retail},
    ),
    "OnlineRegion": lambda p: (nege.OnlineRegion, {"trade_cost": 1.2}),
    "Logit": lambda p: (nege.Logit, {"scale": 0.1, "weights": [1.0, 2.0]}),
    "Replicator": lambda p: (nege.Replicator, {"allow_entry": False}),
    "SolverOptions": lambda p: (nege.SolverOptions, {"limit_steps": 100}),
    "CorePeriphery": model_entry(nege.CorePeriphery, mu=0.4, **CES, **IMMOBILE),
    "FootlooseCapital": model_entry(nege.FootlooseCapital, mu=0.4, **CES),
    "FootlooseEntrepreneur": model_entry(nege.FootlooseEntrepreneur, mu=0.4, **CES),
    "QuasiLinear": model_entry(nege.QuasiLinear, alpha=0.4, unskilled_ratio=3.0, **CES),
    "LinearDemand": model_entry(nege.LinearDemand, trade_cost=0.4, **LINEAR, **IMMOBILE),
    "VerticalLinkages": model_entry(nege.VerticalLinkages, mu=0.3, inputs=0.2, **CES),
    "Helpman": model_entry(nege.Helpman, mu=0.7, housing=[1.0, 2.0], **CES),
    "Commuting": model_entry(
        nege.Commuting,
        **{"mu": 0.7, "taste": 3.0, "commuting_cost": 2.0, "remote": 0.1, **CES},
        mobility=["a", "b"],
    ),
    "solve of commuters": lambda p: (nege.solve, {"model": p.commuters, "start": [0.6, 0.4]}),
    "short_run of commuters": lambda p: (
        nege.short_run,
        {"model": p.commuters, "share": [0.6, 0.4]},
    ),
    "AllenArkolakis": model_entry(
        nege.AllenArkolakis,
        **{"productivity_spillover": 0.1, "amenity_spillover": -0.3, "mobility": ["a", "b"]},
        **CES,
    ),
    "OnlineAgglomeration": model_entry(nege.OnlineAgglomeration, commission=0.05),
    "mechanisms.Access": lambda p: (attached(p, mechanisms.Access), {"entry_cost": 1.2}),
    "mechanisms.DualMode": lambda p: (attached(p, mechanisms.DualMode), {"scale": 1.2}),
    "mechanisms.DataEconomy": lambda p: (
        attached(p, mechanisms.DataEconomy),
        {
            **{"weight": 0.01, "substitution": 2.0, "returns": 1.0, "scale": 1.0, "access": 0.5},
            **{"marginal_cost": 0.1, "fixed_cost": 0.01, "pricing": "average"},
            "owner": "platform",
        },
    ),
    "mechanisms.DataEconomy.firm_owned": lambda p: (
        attached(p, mechanisms.DataEconomy.firm_owned),
        {"own": 0.1},
    ),
    "mechanisms.Matching": lambda p: (
        attached(p, mechanisms.Matching),
        {"vacancy_cost": 0.1, "remote_vacancy_cost": 0.1},
    ),
    "mechanisms.Oligopoly": lambda p: (
        attached(p, mechanisms.Oligopoly),
        {"firms_per_mass": 50.0, "across": 1.2, "awareness": 0.8},
    ),
    "mechanisms.Platforms": lambda p: (
        attached(p, mechanisms.Platforms),
        {
            **{"number": 1.0, "substitution": 9.0, "network": 0.05, "interoperability": 0.5},
            **{"marginal_cost": 0.02, "fixed_cost": 0.01},
            "pricing": mechanisms.AverageCost(),
            "steering": mechanisms.Steering(affiliates=0.2, strength=0.5),
            "investment": mechanisms.Investment(effect=0.02),
        },
    ),
    "mechanisms.Contestable": lambda p: (
        as_part(p, "pricing", mechanisms.Contestable),
        {"marginal_cost": 0.03, "fixed_cost": 0.01},
    ),
    "mechanisms.ProfitMaximising": lambda p: (
        as_part(p, "pricing", mechanisms.ProfitMaximising),
        {"response": "buyers"},
    ),
    "mechanisms.AverageCost": lambda p: (
        as_part(p, "pricing", mechanisms.AverageCost),
        {"scope": "economy"},
    ),
    "mechanisms.Steering": lambda p: (
        as_part(p, "steering", mechanisms.Steering),
        {"affiliates": 0.2, "strength": 0.5},
    ),
    "mechanisms.Investment": lambda p: (
        as_part(p, "investment", mechanisms.Investment),
        {"effect": 0.02, "scale": 1e-4},
    ),
    "mechanisms.Tax": lambda p: (
        attached(p, mechanisms.Tax),
        {
            **{
                "rate": 0.1,
                "base": "destination",
                "buyers": "households",
                "industries": "services",
            },
            **{"channels": "online", "origins": None, "destinations": None, "leak": 0.1},
            **{"intangible": 0.1, "collector": None, "proceeds": "everyone"},
        },
    ),
    "mechanisms.Tariff": lambda p: (
        bordered(p, mechanisms.Tariff),
        {
            **{"rate": 0.1, "industries": "services", "channels": "online", "leak": 0.1},
            "proceeds": "residents",
        },
    ),
    "mechanisms.DigitalServicesTax": lambda p: (
        attached(p, mechanisms.DigitalServicesTax),
        {"rate": 0.03, "pass_through": 0.5, "proceeds": "residents"},
    ),
    "mechanisms.Friction": lambda p: (
        bordered(p, mechanisms.Friction),
        {
            **{"factor": 1.1, "crossing": "border", "industries": "services"},
            **{"channels": "offline", "origins": None, "destinations": None},
        },
    ),
    "mechanisms.Security": lambda p: (
        bordered(p, mechanisms.Security),
        {
            **{"vulnerability": 0.1, "across_borders": 0.2, "effectiveness": 30.0},
            **{"losses": "gordon-loeb-1", "curvature": 1.0, "external": 0.5},
        },
    ),
    "mechanisms.Jurisdictions": lambda p: (
        attached(p, mechanisms.Jurisdictions),
        {"members": "places", "movement": "within", "land": "place", "people": None},
    ),
    "mechanisms.PublicGood": lambda p: (mechanisms.PublicGood, {"worth": 1.2, "rivalry": 0.5}),
    "mechanisms.Institutions": lambda p: (
        attached(p, mechanisms.Institutions),
        {"quality": 0.9, "intensity": 0.5, "convergence": 0.5},
    ),
    "mechanisms.BuyerOnline": lambda p: (
        attached(p, mechanisms.BuyerOnline),
        {"complementarity": 0.5, "households": 0.5},
    ),
    "mechanisms.Workers": lambda p: (
        attached(p, mechanisms.Workers),
        {"skilled": 0.4, "skill": 0.5},
    ),
    "mechanisms.PostedPrices": lambda p: (
        attached(p, mechanisms.PostedPrices),
        {"posted": 0.1, "pass_through": 0.5},
    ),
    "mechanisms.Sunk": lambda p: (attached(p, mechanisms.Sunk), {"share": 0.2, "before": 0.1}),
    "mechanisms.Quality": lambda p: (
        attached(p, mechanisms.Quality),
        {"seen": 0.6, "convexity": 6.0, "cost": 0.01},
    ),
    "mechanisms.SiteBound": lambda p: (
        attached(p, mechanisms.SiteBound),
        {"industry": "services", "share": 0.1, "stock": 1.0},
    ),
    "mechanisms.Sourcing": lambda p: (
        attached(p, mechanisms.Sourcing),
        {
            **{"penalty": 1.3, "friction": 1.1, "elasticity": 4.0, "transaction_cost": 0.1},
            **{"eased": 0.5, "progress": 0.5},
        },
    ),
    "Model.replace": lambda p: (p.digital.replace, {"sigma": 4.0, "online_amenity": 1.1}),
    "Model.replace by a mapping": lambda p: (
        lambda changes=None: p.digital.replace(changes),
        {"changes": {"sigma": 4.0}},
    ),
    "Model.without_online": lambda p: (p.digital.without_online, {}),
    "Model.direction": lambda p: (p.digital.direction, {"name": "sigma"}),
    "Model.uniqueness": lambda p: (p.helpman.uniqueness, {}),
    "Model.to_dataset": lambda p: (p.digital.to_dataset, {}),
    "Model.from_dataset": lambda p: (
        nege.CorePeriphery.from_dataset,
        {"stored": p.model.to_dataset()},
    ),
    "solve": lambda p: (nege.solve, {"model": p.model, "start": [0.6, 0.4]}),
    "short_run": lambda p: (nege.short_run, {"model": p.model, "share": [0.6, 0.4]}),
    "short_run of many": lambda p: (
        nege.short_run,
        {
            **{"model": p.model, "share": [[0.6, 0.4], [0.5, 0.5]]},
            **{"parameters": {"trade_cost": [1.5, 2.0]}, "along": "trade_cost"},
        },
    ),
    "prepare": lambda p: (nege.prepare, {"model": p.model}),
    "PreparedSolver.short_run": lambda p: (p.solver.short_run, {"share": p.halves.copy()}),
    "PreparedSolver.solve": lambda p: (p.solver.solve, {"start": [0.6, 0.4]}),
    "PreparedSolver.variables": lambda p: (
        p.solver.variables,
        {"found": p.solver.short_run(p.halves)},
    ),
    "PreparedSolver.payoff_jacobian": lambda p: (
        p.solver.payoff_jacobian,
        {"share": p.halves.copy(), "state": np.zeros(2)},
    ),
    "PreparedSolver.replace": lambda p: (p.solver.replace, {"sigma": 4.0}),
    "estimate_memory": lambda p: (nege.estimate_memory, {"model": p.model}),
    "sweep": lambda p: (
        nege.sweep,
        {"model": p.model, "parameters": {"trade_cost": [1.6, 1.5]}, "keep": ["share"]},
    ),
    "sweep of a functional": lambda p: (
        nege.sweep,
        {"model": p.model, "parameters": {"trade_cost": [1.6, 1.5]}, "of": lambda m: m.mu},
    ),
    "regimes": lambda p: (
        nege.regimes,
        {"model": p.model, "parameters": {"trade_cost": [1.6]}},
    ),
    "sweep of points": lambda p: (
        nege.sweep,
        {"model": p.model, "parameters": p.points.copy(deep=True), "along": None},
    ),
    "sweep into a store": lambda p: (
        nege.sweep,
        {
            **{"model": p.model, "parameters": {"trade_cost": [1.6, 1.5]}, "overwrite": True},
            "store": str(p.folder / "runs.zarr"),
        },
    ),
    "follow": lambda p: (nege.follow, {"model": p.model, "path": {"trade_cost": [1.6, 1.5]}}),
    "random_points": lambda p: (
        nege.random_points,
        {"ranges": {"mu": (0.3, 0.5), "sigma": (4, 5)}, "count": 4, "sampler": "sobol"},
    ),
    "equilibria": lambda p: (nege.equilibria, {"model": p.model, "starts": 2, "seconds": 0.2}),
    "stability": lambda p: (nege.stability, {"equilibrium": p.solved}),
    "break_points": lambda p: over(nege.break_points, p),
    "sustain_points": lambda p: over(nege.sustain_points, p, core="0"),
    "bifurcation": lambda p: over(nege.bifurcation, p, depth=1),
    "hysteresis": lambda p: over(nege.hysteresis, p, points=3),
    "decompose": lambda p: (
        nege.decompose,
        {"model": p.model, "path": p.steps.copy(deep=True), "outcomes": ["welfare"]},
    ),
    "decompose by groups": lambda p: (
        nege.decompose,
        {
            **{"model": p.model, "path": p.steps.copy(deep=True), "method": "shapley"},
            **{"mechanisms": {"trade": ["trade_cost"], "spending": ["mu"]}},
            "outcomes": {"welfare": lambda ds: ds["welfare"]},
        },
    ),
    "policy.optimise": lambda p: (
        policy.optimise,
        {"model": p.helpman, "over": {"mu": (0.6, 0.8)}, "objective": "welfare", "points": 3},
    ),
    "policy.optimise of several": lambda p: (
        policy.optimise,
        {
            **{"model": p.helpman, "over": {"mu": (0.6, 0.8), "trade_cost": (1.4, 1.6)}},
            **{"subject_to": {"share.0": (0.4, None)}, "points": 3, "starts": 1},
        },
    ),
    "calibrate": lambda p: (
        nege.calibrate,
        {
            **{"model": p.helpman, "targets": {"price_index.0": 1.15, "wage.0": 1.0}},
            **{"over": {"trade_cost": (1.4, 1.6)}, "errors": {"price_index.0": 0.01}, "starts": 1},
        },
    ),
    "Calibration.to_dataset": lambda p: (p.calibrated.to_dataset, {}),
    "CalibratedPath.to_dataset": lambda p: (p.calibrated_path.to_dataset, {}),
    "policy.equal_yield": lambda p: (
        policy.equal_yield,
        {"model": p.helpman, "parameter": "trade_cost", **EQUAL},
    ),
    "policy.cost_of_funds": lambda p: (
        policy.cost_of_funds,
        {"equilibrium": p.taxed, "parameter": "vat.rate"},
    ),
    "policy.nash": lambda p: (policy.nash, {"model": p.helpman, **GAME}),
    "Optimum.plot": lambda p: (p.best.plot, {}),
    "Optimum.plot_gains": lambda p: (p.best.plot_gains, {}),
    "Optimum.to_dataset": lambda p: (p.best.to_dataset, {}),
    **{
        f"{name}.{method}": lambda p, made=made, method=method: (
            getattr(getattr(p, made), method),
            {},
        )
        for name, made in (("JointOptimum", "mix"), ("EqualYield", "yields"))
        for method in ("plot", "plot_gains", "to_dataset")
    },
    **{
        f"NashEquilibrium.{method}": lambda p, method=method: (getattr(p.game, method), {})
        for method in ("plot", "plot_gains", "to_dataset")
    },
    "CostOfFunds.plot": lambda p: (p.cost.plot, {}),
    "CostOfFunds.to_dataset": lambda p: (p.cost.to_dataset, {}),
    "patterns": lambda p: (nege.patterns, {"data": p.costs.copy(deep=True)}),
    "invert": lambda p: (
        nege.invert,
        {
            **{"model": p.helpman, "employment": [2.0, 3.0], "wage": [1.0, 1.1]},
            "spending": [2.4, 2.9],
        },
    ),
    "invert from flows": lambda p: (
        nege.invert,
        {"model": p.helpman, "employment": [2.0, 3.0], "flows": [[2.0, 0.5], [1.0, 3.0]]},
    ),
    "invert of people": lambda p: (
        nege.invert,
        {"model": p.industries, "population": [2.0, 3.0], "rent": [1.0, 1.2]},
    ),
    "invert of industries": lambda p: (
        nege.invert,
        {
            **{"model": p.industries, "employment": [[2.0, 3.0], [2.5, 2.0]]},
            "wage": [1.0, 1.1],
        },
    ),
    "counterfactual": lambda p: (
        nege.counterfactual,
        {"equilibrium": p.settled, "trade_cost_change": 0.9},
    ),
    "invert of commuters": lambda p: (
        nege.invert,
        {
            **{"model": p.commuters, "employment": [2.0, 3.0], "wage": [1.0, 1.1]},
            **{"residents": [2.5, 2.4], "rent": [1.0, 1.2], "remote_share": 0.1},
        },
    ),
    "counterfactual of commuters": lambda p: (
        nege.counterfactual,
        {
            **{"equilibrium": p.commuting, "commuting_cost_change": 0.9, "remote_share": 0.2},
            "workplace_amenity_change": [1.0, 1.1],
        },
    ),
    "with_remote_share": lambda p: (
        nege.with_remote_share,
        {"model": p.commuters, "remote_share": 0.2},
    ),
    "compare": lambda p: (nege.compare, {"before": p.solved, "after": p.given}),
    **{
        f"Comparison.{method}": lambda p, method=method, given=given: (
            getattr(p.compared, method),
            dict(given),
        )
        for method, given in {
            **{"to_dataset": {}, "plot": {"by": "region"}},
            "plot_map": {"kind": "workers", "offered": True},
        }.items()
    },
    "claims": lambda p: (nege.claims, {"number": "8a", "at": {"sigma": 6.0}}),
    "load": lambda p: (nege.load, {"path": p.file}),
    "testing.assert_equilibrium": lambda p: (
        testing.assert_equilibrium,
        {"equilibrium": p.solved, "tolerance": 1e-9},
    ),
    "testing.check_model": lambda p: (
        checked_model,
        {"model": nege.FootlooseCapital, "seed": 1},
    ),
    "Equilibrium.to_netcdf": lambda p: (p.solved.to_netcdf, {"path": str(p.folder / "x.nc")}),
    "Equilibrium.with_stability": lambda p: (p.solved.with_stability, {}),
    "Equilibrium.banner": lambda p: (p.solved.banner, {}),
    "Equilibrium.in_words": lambda p: (p.solved.in_words, {}),
    "Equilibrium.plot.shares": lambda p: (p.solved.plot.shares, {"largest": 2}),
    "Equilibrium.plot.map": lambda p: (
        p.solved.plot.map,
        {"variable": "wage", "change_from": p.given, "polygons": False},
    ),
    "Equilibria.to_dataset": lambda p: (p.found.to_dataset, {}),
    "BifurcationDiagram.at": lambda p: (p.diagram.at, {"value": 1.7}),
    "BifurcationDiagram.points": lambda p: (p.diagram.points, {"kind": "break"}),
    "BifurcationDiagram.to_dataset": lambda p: (p.diagram.to_dataset, {}),
    "BifurcationDiagram.plot": lambda p: (p.diagram.plot, {"region": "0"}),
    "Hysteresis.to_dataset": lambda p: (p.loop.to_dataset, {}),
    "Hysteresis.plot": lambda p: (p.loop.plot, {"variable": "share", "region": "1"}),
    "ds.nege.plot.online_share": lambda p: (p.path.nege.plot.online_share, {"region": "online"}),
    "ds.nege.plot.heatmap": lambda p: (
        p.swept.nege.plot.heatmap,
        {"variable": "share", "at": {"region": "0"}, "bar": True, "vmin": 0.0},
    ),
    "ds.nege.plot.panels": lambda p: (
        p.swept.nege.plot.panels,
        {"x": "trade_cost", "variables": ["share"], "at": {"mu": 0.4}, "largest": 2},
    ),
    "ds.nege.plot.map": lambda p: (
        p.path.nege.plot.map,
        {"variable": "wage", "geography": p.model.geography, "at": {"step": 0}},
    ),
    "ds.nege.plot.animate": lambda p: (
        p.path.nege.plot.animate,
        {
            **{"path": str(p.folder / "x.gif"), "variable": "wage", "seconds": 0.5},
            **{"geography": p.model.geography, "change": True, "progress": False},
        },
    ),
    "ds.nege.plot.regimes": lambda p: (p.regimes.nege.plot.regimes, {}),
    "ds.nege.plot.patterns": lambda p: (p.costs.nege.plot.patterns, {}),
    "Tabular.to_dataframe": lambda p: (p.swept.nege.to_dataframe, {"variables": ["share"]}),
    "Tabular.to_csv": lambda p: (
        p.solved.to_csv,
        {"path": str(p.folder / "x.csv"), "variables": "share"},
    ),
    "Tabular.to_latex": lambda p: (
        p.found.to_latex,
        {"path": str(p.folder / "x.tex"), "symbols": False, "digits": 3, "rows": 9},
    ),
    "Tabular.to_geodataframe": lambda p: (
        p.swept.nege.to_geodataframe,
        {"variables": "share", "geography": p.on_earth},
    ),
}
#: Calls that take long are drawn less often.
SELDOM = {
    *("bifurcation", "hysteresis", "equilibria", "decompose", "decompose by groups", "load"),
    *("sweep into a store", "geography.cities", "Equilibrium.to_netcdf", "break_points"),
    *("sustain_points", "policy.optimise", "policy.optimise of several", "policy.nash"),
    *("policy.equal_yield", "claims", "calibrate"),
    *("scenarios.chinese_cities", "scenarios.online_retail"),
}


# --- values, each with what it is


def _generator():
    return (x for x in [0.5, 0.5])


class Odd:
    """What answers to much and is nothing."""

    def __eq__(self, other):
        raise RuntimeError("not to be compared")

    __hash__ = None

    def __len__(self):
        return 2

    def __getitem__(self, index):
        raise RuntimeError("has no items")


class Rude:
    def __array__(self, *args, **keywords):
        raise RuntimeError("no array")


def nested(depth):
    value = [0.5, 0.5]
    for _ in range(depth):
        value = [value]
    return value


def loop():
    value = []
    value.append(value)
    return value


def attached(p, kind):
    """Make a mechanism, and an economy that has it: which checks its numbers."""

    @functools.wraps(kind)
    def make(*arguments, **keywords):
        return p.industries.with_mechanisms(kind(*arguments, **keywords))

    return make


def as_part(p, name, kind):
    """Make a part of platforms, and an economy that has it: which checks its numbers."""

    @functools.wraps(kind)
    def make(*arguments, **keywords):
        return attached(p, mechanisms.Platforms)(**{name: kind(*arguments, **keywords)})

    return make


def bordered(p, kind):
    """Make the same in an economy with borders."""

    @functools.wraps(kind)
    def make(*arguments, **keywords):
        borders = mechanisms.Jurisdictions("places")
        return p.industries.with_mechanisms(borders, kind(*arguments, **keywords))

    return make


def closed():
    with tempfile.TemporaryFile() as file:
        pass
    return file


FRAME = {"a": [0.5, 0.5]}
WRONG = {"0": 0.5, "c": 0.5}
# value: from the pool; kinds: what it is
HOSTILE = {
    "None": (lambda p: None, "none"),
    "empty text": (lambda p: "", ""),
    "x": (lambda p: "x", "name path"),
    "NUL": (lambda p: "a\0b", "name"),
    "surrogate": (lambda p: "\ud800", "name"),
    "long text": (lambda p: "y" * 5000, "name"),
    "number as text": (lambda p: "1.5", "name path"),
    "a text like a region": (lambda p: "0", "name path region"),
    "bytes": (lambda p: b"x", ""),
    "bytearray": (lambda p: bytearray(b"ab"), ""),
    "memoryview": (lambda p: memoryview(b"ab"), ""),
    "0": (lambda p: 0, "whole number zero"),
    "-1": (lambda p: -1, "whole number negative"),
    "1": (lambda p: 1, "whole number"),
    "2.0": (lambda p: 2.0, "number"),
    "0.5": (lambda p: 0.5, "number"),
    "1e308": (lambda p: 1e308, "number"),
    "-1e308": (lambda p: -1e308, "number"),
    "1e-308": (lambda p: 1e-308, "number"),
    "huge": (lambda p: 10**400, "seed"),
    "long": (lambda p: 10**30, "seed"),
    "nan": (lambda p: NAN, ""),
    "inf": (lambda p: INF, ""),
    "-inf": (lambda p: -INF, ""),
    "nan of numpy": (lambda p: np.float32(NAN), ""),
    "True": (lambda p: True, "flag"),
    "False": (lambda p: np.False_, "flag"),
    "complex": (lambda p: 0.5 + 0j, ""),
    "decimal": (lambda p: decimal.Decimal("0.5"), ""),
    "fraction": (lambda p: fractions.Fraction(1, 2), ""),
    "object": (lambda p: object(), ""),
    "odd object": (lambda p: Odd(), ""),
    "rude object": (lambda p: Rude(), ""),
    "class": (lambda p: int, ""),
    "function": (lambda p: lambda *a, **k: None, "callback"),
    "module": (lambda p: np, ""),
    "ellipsis": (lambda p: ..., ""),
    "empty list": (lambda p: [], "empty"),
    "empty dict": (lambda p: {}, "empty mapping"),
    "empty set": (lambda p: set(), ""),
    "empty array": (lambda p: np.array([]), ""),
    "halves": (lambda p: [0.5, 0.5], "numbers"),
    "tuple": (lambda p: (1.6, 1.9), "numbers"),
    "array": (lambda p: np.array([0.5, 0.5]), "numbers"),
    "wide": (lambda p: (1.1, 1e308), "numbers"),
    "all": (lambda p: (-1e308, 1e308), "numbers"),
    "narrow": (lambda p: (1.7, 1.7000000001), "numbers"),
    "narrowest": (lambda p: (1.0, float(np.nextafter(1.0, 2.0))), "numbers"),
    "three": (lambda p: [0.2, 0.3, 0.5], "numbers"),
    "one": (lambda p: [0.5], "numbers"),
    "with nan": (lambda p: [NAN, 1.0], ""),
    "with None": (lambda p: [None, 1.0], ""),
    "with True": (lambda p: [True, False], "labels"),
    "flag among numbers": (lambda p: [True, 0.5], ""),
    "negative": (lambda p: [-0.5, 1.5], "numbers"),
    "huge numbers": (lambda p: [1e308, 1e308], "numbers"),
    "0-d": (lambda p: np.array(0.5), "number"),
    "0-d labelled": (lambda p: xr.DataArray(0.5), "number"),
    "0-d text": (lambda p: np.array("x"), ""),
    "2-d": (lambda p: np.array([[0.0, 1.0], [1.0, 0.0]]), "matrix"),
    "2-d of ones": (lambda p: np.ones((2, 2)), "matrix"),
    "3-d": (lambda p: np.ones((2, 2, 2)), "cube"),
    "ragged": (lambda p: [[0.5], [0.5, 0.5]], ""),
    "deep": (lambda p: nested(40), "cube"),
    "very deep": (lambda p: nested(3000), ""),
    "list of itself": (lambda p: loop(), ""),
    "object array": (lambda p: np.array([0.5, None], dtype=object), ""),
    "masked": (lambda p: np.ma.array([0.5, 0.5], mask=[False, True]), ""),
    "texts": (lambda p: ["a", "b"], "texts"),
    "regions": (lambda p: ["0", "1"], "texts"),
    "text array": (lambda p: np.array(["0.5", "0.5"]), "texts"),
    "twice": (lambda p: ["0", "0"], "labels"),
    "texts and numbers": (lambda p: ["0", 1], "labels"),
    "dates": (lambda p: np.array(["2020-01-01", "2020-01-02"], dtype="M8[D]"), ""),
    "date": (lambda p: np.datetime64("2020-01-01"), ""),
    "spans": (lambda p: pd.Series(pd.to_timedelta([1, 2], "D")), ""),
    "categories": (lambda p: pd.Categorical(["a", "b"]), "texts"),
    "structured": (lambda p: np.zeros(2, dtype=[("a", float), ("b", float)]), ""),
    "wrong keys": (lambda p: dict(WRONG), "elsewhere"),
    "odd keys": (lambda p: {None: 0.5, 1: 0.5}, "elsewhere"),
    "shares by name": (lambda p: {"0": 0.5, "1": 0.5}, "numbers"),
    "texts by name": (lambda p: {"0": "a", "1": "b"}, "labels"),
    "DataArray": (lambda p: p.two.copy(deep=True), "numbers"),
    "wrong dims": (lambda p: xr.DataArray([0.5, 0.5], dims="city"), "elsewhere"),
    "wrong labels": (
        lambda p: xr.DataArray([0.5, 0.5], {"region": ["a", "c"]}, "region"),
        "elsewhere",
    ),
    "Dataset": (lambda p: xr.Dataset({"share": 1.0}), ""),
    "empty Dataset": (lambda p: xr.Dataset(), "empty mapping"),
    "a sweep": (lambda p: p.swept, ""),
    "DataFrame": (lambda p: pd.DataFrame(FRAME), ""),
    "Series": (lambda p: pd.Series([0.5, 0.5]), "numbers"),
    "wrong Series": (lambda p: pd.Series([0.5, 0.5], index=[3, 4]), "elsewhere"),
    "generator": (lambda p: _generator(), ""),
    "range": (lambda p: range(2), "numbers"),
    "set": (lambda p: {0.2, 0.8}, ""),
    "set of texts": (lambda p: {"0", "1"}, ""),
    "map of texts": (lambda p: map(str, range(2)), "texts"),
    "folder": (lambda p: p.folder, "folder"),
    "nowhere": (lambda p: str(p.folder / "no" / "x.nc"), "name path"),
    "below a file": (lambda p: f"{p.file}/x.nc", "name"),
    "user's home": (lambda p: "~nobody-of-that-name/x.nc", "name path"),
    "closed file": (lambda p: closed(), ""),
    "buffer": (lambda p: io.BytesIO(b"CDF"), ""),
    "number of a file": (lambda p: 7, "whole number"),
    "Geography": (lambda p: p.places, "geography"),
    "larger Geography": (lambda p: geography.star(3), "geography"),
    "Model": (lambda p: p.model, "model"),
    "Helpman": (lambda p: p.helpman, "model quantitative"),
    "industries": (lambda p: p.industries, "model"),
    "a model's class": (lambda p: nege.CorePeriphery, "kind"),
    "Equilibrium": (lambda p: p.solved, "equilibrium"),
    "another's Equilibrium": (lambda p: p.settled, "equilibrium"),
    "short run": (lambda p: p.given, "equilibrium"),
    "Equilibria": (lambda p: p.found, ""),
    "diagram": (lambda p: p.diagram, ""),
    "thresholds": (lambda p: p.breaks, "thresholds"),
    "OnlineRegion": (lambda p: p.online, "online"),
    "Logit": (lambda p: nege.Logit(scale=0.5), "dynamics"),
    "Logit of three": (lambda p: nege.Logit(scale=0.5, weights=[1, 2, 3]), "tastes"),
    "Replicator": (lambda p: nege.Replicator(allow_entry=False), "dynamics"),
    "options": (lambda p: nege.SolverOptions(limit_steps=3), "options"),
    "Status": (lambda p: Status.LIMIT, "whole number"),
    "random": (lambda p: np.random.default_rng(0), "rng"),
    "old random": (lambda p: np.random.RandomState(0), "rng"),
    "error": (lambda p: ValueError("x"), ""),
}
FUNCTIONALS = ("", " of points", " into a store", " of a functional")
NUMBER, NAMES = "number", "texts region"
PARAMETER = "number"  # of a model
BY_PLACE, TABLE = "number numbers", "number numbers matrix cube"
#: What an argument may be, by its name, or by its entry and its name where that differs; what
#: the defaults are counts as well. Texts that have to be known ones are in none of HOSTILE.
TAKES = {
    **dict.fromkeys(("n", "ny", "nx", "count", "starts", "basins", "depth"), "whole"),
    **dict.fromkeys(("unstable", "points", "unit", "processes", "threads", "largest"), "whole"),
    **dict.fromkeys(("limit_iterations", "limit_steps"), "whole"),
    **dict.fromkeys(("sigma", "mu", "inputs", "agriculture", "alpha", "commission"), NUMBER),
    **dict.fromkeys(("unskilled_ratio", "amenity", "scale", "online_weight", "value"), NUMBER),
    **dict.fromkeys(("a", "b", "c", "phi", "total_farmers", "total_skilled"), NUMBER),
    **dict.fromkeys(("productivity_spillover", "amenity_spillover", "online_housing"), NUMBER),
    **dict.fromkeys(
        ("seconds", "tolerance", "min_population", "together", "clustered", "scattered"), NUMBER
    ),
    **dict.fromkeys(("tolerance_residual", "tolerance_error", "tolerance_payoff"), NUMBER),
    **dict.fromkeys(("tolerance_path", "vmin", "separate"), NUMBER),
    **dict.fromkeys(("overwrite", "allow_entry", "check", "offered"), "flag"),
    **{"before": "equilibrium", "after": "equilibrium", "by": ""},
    "progress": "flag callback",
    **{"explore.port": "whole none", "explore.browser": "flag none"},
    **{"options.progress": "flag callback none", "options.cache": "none"},
    **dict.fromkeys(("options.threads", "options.processes"), "whole none"),
    **{"draws": "whole", "claims.number": "", "prior": "", "claims.rng": "whole seed"},
    **dict.fromkeys(("farmers", "unskilled", "expenditure", "workers", "land"), "numbers"),
    **dict.fromkeys(("latitude", "longitude", "employment", "wage", "spending"), "numbers"),
    **{"rent": "numbers", "invert of industries.employment": TABLE},
    **{"deficit": BY_PLACE, "spending_ratio": BY_PLACE, "deficits": ""},
    **dict.fromkeys(("weights", "population", "start"), "numbers"),
    **{"mobility": "texts labels", "people": "numbers none"},
    "counterfactual.mobility": "texts labels none",
    "online_amenity": NUMBER,
    **dict.fromkeys(("productivity", "housing", "workplace_amenity"), BY_PLACE),
    **dict.fromkeys(("taste", "residence_taste", "mode_taste", "remote_days"), NUMBER),
    **dict.fromkeys(("remote", "remote_friction", "housing_elasticity"), NUMBER),
    **{"commuting_cost": "number matrix", "remote_cost": "matrix"},
    **{"commuting_cost_change": "number matrix", "workplace_amenity_change": BY_PLACE},
    **{"rent": "numbers", "remote_share": NUMBER},
    **dict.fromkeys(("productivity_change", "amenity_change", "housing_change"), BY_PLACE),
    "Logit.weights": "numbers elsewhere",
    "geography.from_points.latitude": "numbers elsewhere",  # whose labels become names
    "geography.from_points.longitude": "numbers elsewhere",
    "Helpman.amenity": BY_PLACE,
    "Commuting.amenity": BY_PLACE,
    "AllenArkolakis.amenity": BY_PLACE,
    "trade_cost_change": "number matrix",
    "trade_cost": "number matrix",
    "OnlineRegion.trade_cost": NUMBER,
    "distance": "matrix",
    "flows": "matrix",
    "interval": "numbers",
    "share": "numbers matrix cube",
    "found": "",
    "state": "numbers",
    **{f"PreparedSolver.{name}.share": "numbers" for name in ("short_run", "payoff_jacobian")},
    "n_or_positions": "whole numbers",
    "names": "texts",
    **dict.fromkeys(("df", "table", "crs"), ""),
    "geography.from_dataframe.unit": "name",
    **dict.fromkeys(("geography.from_dataframe.names", "data_report.names"), "texts numbers"),
    "data_report.unit": "",
    **dict.fromkeys(("residents", "income"), "numbers"),
    "data_report.share": "numbers",
    "country": "",
    "name": "name region",
    "Model.direction.name": "",
    "core": NAMES,
    "pair": "",
    "industry": "",
    "industries": "texts",
    "keep": "empty",
    "variables": "",
    "outcomes": "",
    "objective": "",
    **dict.fromkeys(
        ("policy.optimise.over", "policy.optimise of several.over", "subject_to", "players"), ""
    ),
    **dict.fromkeys(("calibrate.over", "targets", "calibrate.weights", "errors", "followed"), ""),
    **{"level": NUMBER, "scenarios.online_retail.share": ""},
    **dict.fromkeys(("instead_of", "policy.equal_yield.of", "between"), ""),
    "policy.equal_yield.amount": f"{NUMBER} none",
    **dict.fromkeys(("rounds", "curves"), "whole"),
    "mechanisms": "",
    "switches": "",
    "parameters": "",
    "models": "kind",
    "testing.check_model.model": "kind",
    "testing.check_model.seed": "whole",
    "ranges": "",
    "path": "",
    "changes": "empty mapping",
    "at": "empty mapping",
    "data": "",
    "dataset": "",
    "stored": "",
    "city": "region",
    "region": "region",
    **dict.fromkeys(("parameter", "operator", "method", "rents", "sampler", "along"), ""),
    **dict.fromkeys(("kind", "variable", "x", "y", "industry", "labour", "invalid"), ""),
    "horizon": "",
    "load.path": "",
    **dict.fromkeys(("Equilibrium.to_netcdf.path", "Tabular.to_csv.path"), "path"),
    **{"Tabular.to_latex.path": "path none", "symbols": "flag", "digits": "whole", "rows": "whole"},
    "Tabular.to_latex.rows": "whole none",
    "store": "path",
    "geography": "geography",
    "model": "model",
    "equilibrium": "equilibrium",
    "online": "online",
    "patterns.online": NUMBER,
    "economy": "model",
    "villages": "texts",
    "village": "region",
    **dict.fromkeys(("of", "title"), "name"),
    **dict.fromkeys((f"sweep{which}.of" for which in FUNCTIONALS), ""),
    "to": NUMBER,
    **dict.fromkeys(("over", "places"), "whole"),
    "scenarios.Change.start": "whole",
    "scenarios.path.changes": "",
    "dynamics": "dynamics",
    "options": "options",
    "rng": "whole seed rng",
    "client": "",
    "ax": "",
    **dict.fromkeys(("borders", "polygons", "change_from"), ""),
    **dict.fromkeys(("change", "bar"), "flag"),
    "seconds": NUMBER,
    "ds.nege.plot.animate.path": "path",
    "Model.uniqueness.dynamics": "dynamics tastes",
    "OnlineAgglomeration.mechanisms": "none empty",
    **dict.fromkeys(
        (
            f"mechanisms.{kind}.name"
            for kind in (
                *("Access", "DataEconomy", "DataEconomy.firm_owned", "DualMode", "Matching"),
                *("Institutions", "Oligopoly", "Platforms", "PostedPrices", "Quality", "SiteBound"),
                *("BuyerOnline", "Sourcing", "Sunk", "DigitalServicesTax", "Friction"),
                *("Jurisdictions", "Security", "Tariff", "Tax", "Workers"),
            )
        ),
        "name none",
    ),
    **dict.fromkeys(
        (f"mechanisms.Oligopoly.{name}" for name in ("firms_per_mass", "across", "awareness")),
        TABLE,
    ),
    "mechanisms.Oligopoly.conduct": "",
    **dict.fromkeys(
        (f"mechanisms.Institutions.{name}" for name in ("quality", "intensity")), TABLE
    ),
    "mechanisms.Institutions.convergence": NUMBER,
    **dict.fromkeys(
        (f"mechanisms.Quality.{name}" for name in ("seen", "convexity", "cost")), TABLE
    ),
    "mechanisms.BuyerOnline.complementarity": TABLE,
    "mechanisms.BuyerOnline.households": NUMBER,
    "mechanisms.PostedPrices.posted": TABLE,
    "mechanisms.Workers.skilled": NUMBER,
    "mechanisms.Workers.skill": TABLE,
    "mechanisms.PostedPrices.pass_through": NUMBER,
    "mechanisms.Sunk.share": TABLE,
    "mechanisms.Sunk.before": f"{TABLE} none",
    "mechanisms.SiteBound.industry": "",
    **dict.fromkeys(
        (f"mechanisms.{kind}.rate" for kind in ("DigitalServicesTax", "Tariff", "Tax")), TABLE
    ),
    **dict.fromkeys(
        (f"mechanisms.{k}.leak" for k in ("Tariff", "Tax")),
        f"{TABLE} none",
    ),
    "mechanisms.Tax.intangible": f"{TABLE} none",
    **dict.fromkeys(
        (
            f"mechanisms.{kind}.{name}"
            for kind in ("Friction", "Tariff", "Tax")
            for name in ("industries", "channels", "origins", "destinations")
        ),
        "texts region none",
    ),
    **dict.fromkeys(("base", "buyers", "crossing", "losses", "movement", "proceeds"), ""),
    "mechanisms.Tax.collector": "region none",
    "mechanisms.DigitalServicesTax.pass_through": NUMBER,
    "mechanisms.Friction.factor": NUMBER,
    **dict.fromkeys(
        (f"mechanisms.Security.{name}" for name in ("vulnerability", "effectiveness")), NUMBER
    ),
    **dict.fromkeys((f"mechanisms.Security.{name}" for name in ("curvature", "external")), NUMBER),
    "mechanisms.Security.across_borders": f"{NUMBER} none",
    "mechanisms.Jurisdictions.members": "none",
    "mechanisms.Jurisdictions.land": "",
    "mechanisms.Jurisdictions.people": f"{TABLE} none",
    **dict.fromkeys((f"mechanisms.PublicGood.{name}" for name in ("worth", "rivalry")), NUMBER),
    "mechanisms.SiteBound.share": NUMBER,
    "mechanisms.SiteBound.stock": f"{TABLE} none",
    "mechanisms.Sourcing.penalty": f"{TABLE} none",
    **dict.fromkeys(
        (f"mechanisms.Sourcing.{name}" for name in ("friction", "transaction_cost", "eased")),
        TABLE,
    ),
    **dict.fromkeys((f"mechanisms.Sourcing.{name}" for name in ("elasticity", "progress")), NUMBER),
    "mechanisms.Access.entry_cost": f"{TABLE} none",
    "mechanisms.DataEconomy.firm_owned.own": NUMBER,
    **dict.fromkeys(
        (f"mechanisms.DataEconomy.{name}" for name in ("access", "substitution")), NUMBER
    ),
    **dict.fromkeys(
        (
            f"mechanisms.DataEconomy.{name}"
            for name in ("weight", "returns", "scale", "marginal_cost", "fixed_cost")
        ),
        TABLE,
    ),
    **dict.fromkeys((f"mechanisms.DataEconomy.{name}" for name in ("pricing", "owner")), ""),
    **dict.fromkeys(
        (f"mechanisms.Platforms.{name}" for name in ("substitution", "interoperability")), NUMBER
    ),
    "mechanisms.Platforms.number": "whole",
    **dict.fromkeys(
        (
            *(f"mechanisms.{kind}.marginal_cost" for kind in ("Platforms", "Contestable")),
            *(f"mechanisms.{kind}.fixed_cost" for kind in ("Platforms", "Contestable")),
            *("mechanisms.Platforms.network", "mechanisms.Steering.affiliates"),
            *("mechanisms.Steering.strength", "mechanisms.Investment.effect"),
        ),
        TABLE,
    ),
    "mechanisms.Investment.scale": TABLE,
    **dict.fromkeys(
        (
            *(f"mechanisms.Platforms.{name}" for name in ("pricing", "steering", "investment")),
            *("mechanisms.ProfitMaximising.response", "mechanisms.AverageCost.scope"),
        ),
        "",
    ),
    "mechanisms.DualMode.scale": f"{TABLE} none",
    "mechanisms.Matching.vacancy_cost": TABLE,
    "mechanisms.Matching.remote_vacancy_cost": NUMBER,
}
AGGLOMERATION = {
    "inputs": TABLE,
    **dict.fromkeys(("sigma", "variety", "consumption", "land_share", "productivity"), TABLE),
    **dict.fromkeys(("land", "amenity", "home_weight", "spillover", "spillover_decay"), TABLE),
    **dict.fromkeys(("online_spillover", "hears_online", "hears_offline", "diversity"), TABLE),
    **dict.fromkeys(("transport_cost", "search_cost", "digitisability", "digital_cost"), TABLE),
    **dict.fromkeys(("commission", "platform_owner", "firm_scale", "remote_labour_share"), TABLE),
    **dict.fromkeys(("housing", "migration_elasticity", "remote_substitution"), NUMBER),
    **dict.fromkeys(("remote_elasticity", "remote_friction"), NUMBER),
}


def takes(entry, argument):
    """Return what an argument of an entry may be."""
    if entry == "OnlineAgglomeration" and argument in AGGLOMERATION:
        return set(AGGLOMERATION[argument].split())
    return set(TAKES.get(f"{entry}.{argument}", TAKES.get(argument, "")).split())


# --- the public API, and what of it is no entry

#: Made by nege and not by its users, who get them from the functions that say so.
MADE = {
    *("BifurcationDiagram", "Comparison", "Equilibria", "Equilibrium", "Hysteresis", "Stability"),
    "Status",
    *("PreparedSolver", "policy.Optimum", "policy.JointOptimum", "policy.EqualYield"),
    *("policy.CostOfFunds", "policy.NashEquilibrium", "Calibration", "CalibratedPath"),
    *("Threshold", "Thresholds", "DatasetAccessor", "ConvergenceError", "DependencyError"),
    *("InputError", "NegeError", "geography.GeographyWarning", "geography.Geography"),
    *("geography.Circle", "geography.Grid", "geography.Line", "geography.Matrix"),
    "geography.Metric",
    *("mechanisms.Mechanism", "mechanisms.Own", "mechanisms.partial"),  # to make some of
    "mechanisms.Wedge",
}


def public():
    """Return the names of every public callable of nege and its public modules."""
    found = []
    for module, prefix in (
        *((nege, ""), (geography, "geography."), (scenarios, "scenarios.")),
        (policy, "policy."),
        (testing, "testing."),
        (mechanisms, "mechanisms."),
    ):
        names = [name for name in module.__all__ if callable(getattr(module, name))]
        found += [prefix + name for name in names]
    return [name for name in found if name not in MADE]


def methods():
    """Return the names of every public method of what entries return."""
    plots = nege.plots.economies.EquilibriumPlot, nege.plots.accessor.SweepPlot
    kinds = {
        **{kind.__name__: kind for kind in (nege.BifurcationDiagram, nege.Equilibria)},
        **{kind.__name__: kind for kind in (nege.Equilibrium, nege.Hysteresis, nege.Stability)},
        **{"Geography": geography.Geography, "Thresholds": nege.Thresholds},
        **{"PreparedSolver": nege.PreparedSolver, "Optimum": policy.Optimum},
        "Comparison": nege.Comparison,
        **{kind.__name__: kind for kind in (policy.JointOptimum, policy.EqualYield)},
        **{kind.__name__: kind for kind in (policy.CostOfFunds, policy.NashEquilibrium)},
        **{kind.__name__: kind for kind in (nege.Calibration, nege.CalibratedPath)},
        **{"Equilibrium.plot": plots[0], "ds.nege.plot": plots[1]},
        "Tabular": nege.results.tables.Tabular,
    }
    return [
        f"{title}.{name}"
        for title, kind in kinds.items()
        for name, value in vars(kind).items()
        if not name.startswith("_") and not isinstance(value, (property, functools.cached_property))
        if callable(value) or isinstance(value, (classmethod, staticmethod))
        if not isinstance(value, type)
        if (title, name) != ("Geography", "column")  # which returns whatever is no text as it is
    ]


# --- draws


class Draw(NamedTuple):
    """One call of the fuzz: of which entry, and what is wrong with it."""

    entry: str
    changed: tuple[tuple[str, str], ...]  # argument and which of HOSTILE
    left_out: str | None
    unknown: str | None

    def __str__(self):
        words = [f"{argument}={value}" for argument, value in self.changed]
        words += [f"without {self.left_out}"] if self.left_out else []
        words += [f"unknown {self.unknown}"] if self.unknown else []
        return f"{self.entry}({', '.join(words)})"


WEIGHTS = np.array([0.2 if name in SELDOM else 1.0 for name in ENTRIES])
WEIGHTS /= WEIGHTS.sum()


def draw(seed, pool):
    """Draw a call."""
    rng = np.random.default_rng([13, seed])
    entry = str(rng.choice(list(ENTRIES), p=WEIGHTS))
    function, good = ENTRIES[entry](pool)
    names = arguments(function, good)
    how = rng.random()
    left_out = unknown = None
    if good and how < 0.03:
        left_out = str(rng.choice(list(good)))
    elif how < 0.06 or not names:
        unknown = str(rng.choice(["sgima", "tau", "nonsense", "Model"]))
    count = min(len(names), 1 + int(rng.random() < 0.3))
    chosen = rng.choice(names, count, replace=False) if names else []
    changed = tuple((str(name), _value(rng, entry, str(name))) for name in chosen)
    changed = tuple(pair for pair in changed if pair[0] != left_out)
    return Draw(entry, changed, left_out, unknown)


def _value(rng, entry, argument):
    """Draw a hostile value; every third time one of a kind that the argument takes."""
    kinds = takes(entry, argument)
    fitting = [name for name, (_, found) in HOSTILE.items() if kinds & set(found.split())]
    return str(rng.choice(fitting if fitting and rng.random() < 1 / 3 else list(HOSTILE)))


def arguments(function, good):
    """Return the names of every argument that a callable takes."""
    found = list(good)
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            found.append(parameter.name)
    return list(dict.fromkeys(found))


# --- checks


class Hang(BaseException):
    """A call that took too long."""


@contextlib.contextmanager
def limited(seconds=SECONDS):
    """Stop after so much processor time: the clock would count what others do as well."""

    def stop(_, frame):
        while frame is not None:
            if "numba" in (file := frame.f_code.co_filename) or file.endswith("compiling.py"):
                signal.setitimer(signal.ITIMER_PROF, seconds)  # compiling does not count
                return
            frame = frame.f_back
        raise Hang

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        signal.signal(signal.SIGPROF, before)


MUTABLE = (
    np.ndarray,
    list,
    dict,
    set,
    bytearray,
    xr.Dataset,
    xr.DataArray,
    pd.Series,
    pd.DataFrame,
)


def kept(value):
    """Return a copy of what could be changed by a call."""
    if isinstance(value, MUTABLE):
        with contextlib.suppress(Exception, RecursionError):
            return copy.deepcopy(value)
    return None


def same(value, before):
    """Whether a value is what it was."""
    if before is None:
        return True
    if isinstance(value, (xr.Dataset, xr.DataArray)):
        return value.identical(before)
    if isinstance(value, (pd.Series, pd.DataFrame)):
        return value.equals(before)
    if isinstance(value, set):  # copies may be shown in another order
        return value == before
    if isinstance(value, np.ndarray):
        return value.dtype == before.dtype and value.tobytes() == before.tobytes()
    with contextlib.suppress(Exception, RecursionError):
        return repr(value) == repr(before)
    return True


def call(drawn, pool):
    """Make a call; return what it answered, or the NegeError it raised; anything else fails."""
    function, given = ENTRIES[drawn.entry](pool)
    given = dict(given)
    for argument, value in drawn.changed:
        given[argument] = HOSTILE[value][0](pool)
    if drawn.left_out is not None:
        del given[drawn.left_out]
    if drawn.unknown is not None:
        given[drawn.unknown] = 1
    before = {name: kept(value) for name, value in given.items()}
    try:
        with limited(), warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.simplefilter("ignore", geography.GeographyWarning)
            found = function(**given)
            words = repr(found)
    except nege.NegeError as error:
        found = error
        try:
            words = str(error)
        except Exception as other:
            raise AssertionError(f"{drawn}: the error cannot be shown") from other
    except Hang as hang:
        raise AssertionError(f"{drawn} took more than {SECONDS:g} s") from hang
    except AssertionError as error:
        if drawn.entry != "testing.assert_equilibrium" or "equilibrium" not in str(error):
            raise AssertionError(f"{drawn} let {error!r} out") from error
        found, words = error, str(error)
    except Exception as error:
        if fits(function, given) or not (isinstance(error, TypeError) and plain(function)):
            raise AssertionError(f"{drawn} let {error!r:.300} out") from error
        found, words = error, str(error)
    assert words, drawn
    for name, value in given.items():
        assert same(value, before[name]), f"{drawn} changed {name}"
    return found


def plain(function):
    """Whether a call is not one that ``nege.validation.keywords.hinted`` looks after."""
    return not hasattr(function, "__wrapped__") and not isinstance(function, type)


def fits(function, given):
    """Whether Python itself would let such a call begin."""
    try:
        inspect.signature(function).bind(**given)
    except TypeError:
        return False
    return True


def check(seed, pool):
    """Make a drawn call, and see that it is answered soundly or refused."""
    drawn = draw(seed, pool)
    found = call(drawn, pool)
    if isinstance(found, BaseException):
        if isinstance(found, nege.InputError):
            assert len(str(found)) < 2000, f"{drawn}: {str(found)[:400]}"
        return "refused"
    parameters = inspect.signature(ENTRIES[drawn.entry](pool)[0]).parameters
    assert drawn.unknown is None, f"{drawn} accepted an argument that it does not have"
    for argument, value in drawn.changed:
        if not allowed(drawn.entry, argument, value, parameters.get(argument)):
            raise AssertionError(f"{drawn} accepted {value} as {argument}: {found!r:.200}")
    with limited(60.0), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sound(found, drawn)
    return "answered"


def allowed(entry, argument, value, parameter):
    """Whether an argument may be such a value."""
    if value == "None":
        return parameter is not None and (
            parameter.default is None or "None" in str(parameter.annotation)
        )
    return bool(takes(entry, argument) & set(HOSTILE[value][1].split()))


def sound(found, drawn):
    """What a call returned has to be what it says it is."""
    if isinstance(found, nege.Equilibrium):
        assert found.status in (Status.CONVERGED, Status.UNSTABLE), f"{drawn}: {found.status!r}"
        if found.converged:
            testing.assert_equilibrium(found, tolerance=1e-7)
    elif isinstance(found, nege.Equilibria):
        for one in found:
            held = one.data["share" if one.model.in_shares else "total_cost"]
            assert np.isfinite(held.values).all(), drawn
    elif isinstance(found, xr.Dataset) and "status" in found:
        for name, array in found.data_vars.items():
            if array.dtype.kind == "f" and name not in (
                "residual",
                "error",
                "rate",
                "leading_eigenvalue",
            ):
                others = [dim for dim in array.dims if dim not in found["status"].dims]
                held = array.notnull().all(others) if others else array.notnull()
                solved = found["status"] == Status.CONVERGED
                assert bool((held | ~solved).all()), f"{drawn}: NaN in {name} that was solved"
    elif drawn.entry in ("PreparedSolver.short_run", "PreparedSolver.solve"):
        assert np.isfinite(found.state).all() or found.status is not Status.CONVERGED, drawn
        assert abs(found.share.sum() - 1.0) < 1e-12, drawn
    elif drawn.entry.startswith("counterfactual"):
        for name, array in found.data_vars.items():
            assert np.isfinite(array.values).all(), f"{drawn}: {name}"
    elif isinstance(found, nege.Thresholds):
        assert np.isfinite(found.values).all(), drawn
    elif isinstance(found, geography.Geography):
        assert np.isfinite(found.distance.values).all(), drawn
        assert (found.distance.values >= 0.0).all(), drawn
    elif isinstance(found, nege.BifurcationDiagram):
        for branch in found.branches:
            assert np.allclose(branch.share.sum("region"), 1.0), drawn
            assert np.isfinite(branch.values).all(), drawn


def close():
    """Close every figure."""
    import matplotlib.pyplot as plt

    plt.close("all")


@contextlib.contextmanager
def made():
    """Yield a pool whose files, and those of calls without a folder, go into a temporary one."""
    before = pathlib.Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            pool = Pool(pathlib.Path(folder))
            for name, entry in ENTRIES.items():
                function, given = entry(pool)
                try:
                    function(**given)
                except Exception as error:
                    raise AssertionError(f"the good call of {name} fails") from error
                close()  # or matplotlib warns of many figures
            yield pool
        finally:
            os.chdir(before)


def run(seeds, pool, tick=lambda: None):
    """Check many draws; return how many were answered and refused, and every failure by seed."""
    counts, failures = collections.Counter(), {}
    for seed in seeds:
        try:
            counts[check(seed, pool)] += 1
        except AssertionError as error:
            failures[seed] = error
        close()
        tick()
    return counts, failures


def trace(error):
    """Return where an error came from, shortly."""
    cause = error.__cause__ or error
    frames = traceback.extract_tb(cause.__traceback__)
    inner = [f for f in frames if "/nege/" in f.filename]
    return " < ".join(f"{pathlib.Path(f.filename).name}:{f.lineno}" for f in inner[::-1][:4])
