"""Ready paths and economies, and what paths are made of, under their public names.

``nege.studies.scenarios``, ``online_retail`` and ``changes`` there make them.
"""

from nege.studies.changes import Change, path
from nege.studies.online_retail import (
    china_facts,
    china_online,
    chinese_cities,
    online_retail,
)
from nege.studies.scenarios import (
    digital_turn,
    freight_kept,
    manufacturing_first,
    metropolis_and_town,
    no_institutional_convergence,
    remote_villages,
    stylised_turn,
    villages,
)

__all__ = [
    "Change",
    "china_facts",
    "china_online",
    "chinese_cities",
    "digital_turn",
    "freight_kept",
    "manufacturing_first",
    "metropolis_and_town",
    "no_institutional_convergence",
    "online_retail",
    "path",
    "remote_villages",
    "stylised_turn",
    "villages",
]
