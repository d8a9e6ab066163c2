"""A row of the explorer's page for what can be moved: a slider, and a box to type in."""

from __future__ import annotations

import html
import math
import unicodedata
from collections.abc import Callable
from typing import Any

from bokeh import models

from nege.explorer.controls import Control

DIGITS = 3  # of a value on a scale in logs
LOG_STEPS = 200
SHOWN = 6  # digits of a value in its box


class ControlRow:
    """One control on the page; `moved` hears of each value that somebody wants."""

    def __init__(
        self, control: Control, value: float, moved: Callable[[str, float], object]
    ) -> None:
        self.control, self._moved, self._hearing = control, moved, True
        title = label(control)
        if control.log:
            low, high = math.log10(control.lowest), math.log10(control.highest)
            span = {"start": low, "end": high, "step": (high - low) / LOG_STEPS}
            # What is read aloud, and shown while it is dragged, is the value.
            span["format"] = models.CustomJSTickFormatter(
                code=f"return Number((10 ** tick).toPrecision({DIGITS})).toString()"
            )
        else:
            span = {"start": control.lowest, "end": control.highest, "step": control.step}
            decimals = max(0, -math.floor(math.log10(control.step) + 1e-9))
            span["format"] = models.NumeralTickFormatter(format="0." + "0" * decimals)
        self.slider = models.Slider(
            value=self._position(value),
            show_value=False,
            title=None,
            sizing_mode="stretch_width",
            margin=(2, 8, 2, 8),
            align="center",
            disabled=not control.movable,
            **span,
        )
        self.number = models.NumericInput(
            value=value,
            mode="float",
            width=96,  # of as many digits, a sign and a point
            margin=(0, 4, 0, 4),
            format=models.CustomJSTickFormatter(
                code=f"return Number(tick.toPrecision({SHOWN})).toString()"
            ),
            disabled=not control.movable,
            html_attributes={"title": f"{control.name}: {control.allowed}"},
        )
        self.remove = models.Button(
            label="✕",
            width=26,
            margin=0,
            button_type="light",
            stylesheets=[":host .bk-btn { padding: 6px 0; }"],  # in its width
        )
        words = models.Div(
            text=title, margin=(6, 4, 0, 4), sizing_mode="stretch_width", disable_math=True
        )
        line = models.Row(
            children=[self.slider, self.number, self.remove],
            sizing_mode="stretch_width",
        )
        rows = [words, line]
        if not control.movable:
            reason = models.Div(
                text=html.escape(control.refused), styles={"color": "#8a1c1c"}, disable_math=True
            )
            rows.append(reason)
        self.layout = models.Column(children=rows, sizing_mode="stretch_width")
        self.slider.on_change("value", self._dragged)
        self.number.on_change("value", self._typed)

    @property
    def named(self) -> list[list[Any]]:
        """What has no words of its own, where that is inside, and what it is to be called."""
        words = self.control.words
        return [
            [self.slider, "[role=slider]", words],
            [self.number, "input", f"value of {words}"],
            [self.remove, "button", f"remove {words}"],
        ]

    def show(self, value: float) -> None:
        """Show a value that comes from elsewhere."""
        self._hearing = False
        try:
            self.number.value, self.slider.value = value, self._position(value)
        finally:
            self._hearing = True

    def _position(self, value: float) -> float:
        """Return where a value is on the slider: at its end where it is beyond."""
        held = min(max(value, self.control.lowest), self.control.highest)
        return math.log10(held) if self.control.log else held

    def _dragged(self, _: str, __: float, position: float) -> None:
        if not self._hearing:
            return
        control = self.control
        # Whole steps, without the digits of their sum, which nobody wants to copy.
        if control.log:
            value = float(f"{10.0**position:.{DIGITS}g}")
        else:
            value = float(f"{round(position / control.step) * control.step:.10g}")
        value = min(max(value, control.lowest), control.highest)
        self._hearing = False
        try:
            self.number.value = value
        finally:
            self._hearing = True
        self._moved(control.name, value)

    def _typed(self, _: str, before: float, value: float | None) -> None:
        if not self._hearing:
            return
        if value is None:  # what was typed is no number
            self.show(before)
            return
        self._hearing = False
        try:
            self.slider.value = self._position(float(value))
        finally:
            self._hearing = True
        self._moved(self.control.name, float(value))


def label(control: Control) -> str:
    """Return what a control is, with its symbol and unit, as HTML."""
    letter = greek(control.symbol)
    unit = f" ({control.unit})" if control.unit not in ("", "1") else ""
    sign = f" <i>{letter}</i>" if letter else ""
    return f"<b>{html.escape(control.words)}</b>{sign}{html.escape(unit)}"


def greek(latex: str) -> str:
    """Return a symbol as a letter, where it is one."""
    name = latex.strip().removeprefix("\\")
    if latex.startswith("\\") and name.isalpha():
        name = name.removeprefix("var").replace("lambda", "lamda")
        try:
            return unicodedata.lookup(f"GREEK SMALL LETTER {name.upper()}")
        except KeyError:
            return ""
    return name if len(name) == 1 and name.isalpha() else ""
