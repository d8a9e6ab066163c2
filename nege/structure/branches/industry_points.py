"""What a diagram of industries draws: shares of an industry's cost, or of people, over places."""

from __future__ import annotations

import xarray as xr

from nege import validation
from nege.models.base import Model


def drawn(
    model: Model, found: xr.Dataset, industry: str | None, region: str
) -> tuple[xr.Dataset, str]:
    """Return a diagram's points with what is drawn as their shares over region, and its name.

    Parameters
    ----------
    model : Model
        The economy.
    found : Dataset
        The diagram's ``to_dataset()``.
    industry : str or None
        Whose share of cost; of people where it is None.
    region : str
        A place, or "online" for what the industry sells online.
    """
    if industry is not None:
        validation.known("industry", industry, model.industries)
    made, of = [], "people"
    for front in ("", "special_"):
        if industry is None:
            share = found[f"{front}population"].rename(place="region")
        else:
            cost, of = found[f"{front}total_cost"].sel(industry=industry), industry
            share = (cost / cost.sum(["place", "channel"])).rename(place="region")
            if region == "online":
                online = share.sel(channel="online").sum("region")
                share = online.expand_dims(region=["online"], axis=-1)
            else:
                share = share.sum("channel")
        made.append(share)
    names = ["branch", "unstable", str(found.attrs["parameter"]), "special_kind", "special_value"]
    plain = xr.Dataset({name: found[name].variable for name in names}, attrs=found.attrs)
    return plain.assign(
        share=made[0].transpose("point", "region"),
        special_share=made[1].transpose("special", "region"),
    ), of
