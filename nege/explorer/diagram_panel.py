"""The diagram on the explorer's page: where the equilibria are along one control, and the answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nege.errors import require
from nege.explorer.answers import Answer
from nege.explorer.engine import Explorer


class DiagramPanel:
    """A diagram that is drawn on demand, in the background, with the answer on it."""

    def __init__(
        self,
        document: Any,
        explorer: Explorer,
        now: Callable[[], tuple[Mapping[str, Any], Answer | None]],
    ) -> None:
        models: Any = require("bokeh.models", "explore", "The explorer")
        self.layout = models.Column(children=[models.Div(text="soon")])

    def offer(self, rows: Mapping[str, Any]) -> None: ...

    def show(self, answer: Answer) -> None: ...

    def tick(self) -> None: ...

    def close(self) -> None: ...
