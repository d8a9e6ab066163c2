"""Diagrams: where the equilibria are along the control in hand, and where the answer is on them."""

from __future__ import annotations

import dataclasses
from typing import Any


@dataclasses.dataclass(frozen=True, eq=False)
class Diagram:
    """Equilibria along one control."""

    name: str
    kind: str
    found: Any
    words: tuple[str, ...]
