"""Ready paths and economies, and what paths are made of, under their public names.

``nege.studies.scenarios`` and ``nege.studies.changes`` make them.
"""

from nege.studies.changes import Change, path
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
    "digital_turn",
    "freight_kept",
    "manufacturing_first",
    "metropolis_and_town",
    "no_institutional_convergence",
    "path",
    "remote_villages",
    "stylised_turn",
    "villages",
]
