"""What diagrams and loops of industries draw: shares of an industry's cost, or of people."""

from __future__ import annotations

from collections.abc import Mapping

import xarray as xr

from nege import validation
from nege.models.base import Model


def share(
    model: Model, found: Mapping[str, xr.DataArray], industry: str | None, region: str
) -> tuple[xr.DataArray, str]:
    """Return shares over region, whatever is in front, and whose they are.

    Parameters
    ----------
    model : Model
        The economy.
    found : mapping of str to DataArray
        ``total_cost`` and ``population`` over what is in front.
    industry : str or None
        Whose share of cost; of people where it is None.
    region : str
        A place, "largest", or "online": what the industry sells online.
    """
    if industry is None:
        return found["population"].rename(place="region"), "people"
    validation.known("industry", industry, model.coordinates()["industry"])
    cost = found["total_cost"].sel(industry=industry)
    cell = (cost / cost.sum(["place", "channel"])).rename(place="region")
    if region != "online":
        return cell.sum("channel"), industry
    online = cell.sel(channel="online").sum("region")
    return online.expand_dims(region=["online"], axis=-1), industry


def drawn(
    model: Model, found: xr.Dataset, industry: str | None, region: str
) -> tuple[xr.Dataset, str]:
    """Return a diagram's points with what is drawn as shares over region, and whose they are.

    `found` is the diagram's ``to_dataset()``.
    """
    names = ["branch", "unstable", str(found.attrs["parameter"]), "special_kind", "special_value"]
    plain = xr.Dataset({name: found[name].variable for name in names}, attrs=found.attrs)
    whose = ""
    for front in ("", "special_"):
        of = {name: found[f"{front}{name}"] for name in ("total_cost", "population")}
        values, whose = share(model, of, industry, region)
        dim = "special" if front else "point"
        plain[f"{front}share"] = values.transpose(dim, "region")
    return plain, whose


def along(
    model: Model,
    data: xr.Dataset,
    variable: str,
    industry: str | None,
    region: str | None,
    at: Mapping[str, str] | None = None,
) -> tuple[xr.DataArray, str]:
    """Return one variable along a path, and what to call it.

    Parameters
    ----------
    model : Model
        The economy.
    data : Dataset
        Its variables along the path.
    variable : str
        One of them, or "share".
    industry : str or None
        Whose: by default the first one's, of "share" that of people.
    region : str or None
        The place, by default the first one, or "online" in "share".
    at : mapping of str to str, optional
        The label along any other dimension, by default the first one, as {"platform": "first"}.
    """
    places = list(model.geography.names)
    region = places[0] if region is None else region
    online = ["online"] if variable == "share" and industry is not None else []
    validation.known("region", region, [*places, *online])
    if variable == "share":
        of = {name: data[name] for name in ("total_cost", "population")}
        values, whose = share(model, of, industry, region)
        where = "online" if region == "online" else f"in {region}"
        return values.sel(region=region, drop=True), f"share of {whose} {where}"
    values, label = data[variable], model.variables[variable].meaning
    if "industry" in values.dims:
        industry = model.coordinates()["industry"][0] if industry is None else industry
        validation.known("industry", industry, model.coordinates()["industry"])
        values, label = values.sel(industry=industry, drop=True), f"{label}, {industry}"
    if "channel" in values.dims:
        values = values.sum("channel")
    if "place" in values.dims:
        values, label = values.sel(place=region, drop=True), f"{label}, {region}"
    others = {
        str(dim): data[dim].values.tolist() for dim in values.dims if dim in model.coordinates()
    }
    for dim in at or {}:
        validation.known("at", dim, list(others))
    for dim, labels in others.items():
        chosen = validation.known(f"at[{dim!r}]", (at or {}).get(dim, labels[0]), labels)
        values, label = values.sel({dim: chosen}, drop=True), f"{label}, {chosen}"
    return values, label
