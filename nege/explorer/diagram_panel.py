"""The diagram on the explorer's page: where the equilibria are along one control, and the answer.

It is found in the background and can be cancelled. Where it took no longer than a blink it follows
the other controls by itself; else it stays as it is, marked as old, until it is asked for again.
"""

from __future__ import annotations

import contextvars
import functools
import html
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from bokeh import models

from nege.errors import NegeError
from nege.explorer.answers import Answer
from nege.explorer.controls import Control
from nege.explorer.curves import Outcome, curves, outcomes
from nege.explorer.diagrams import Diagram, why_a_loop
from nege.explorer.engine import Explorer
from nege.explorer.jobs import Job
from nege.explorer.pictures import BAD, NEW, OLD, drawing, legend, new_figure
from nege.models import terms
from nege.plots.branches import MARKERS
from nege.plots.style import BLUE, GREY, ORANGE
from nege.progress import Cancelled

logger = logging.getLogger("nege")

BLINK = 0.7  # seconds in which a diagram is found that follows by itself
PAUSE = 0.8  # seconds without a move after which it follows
FEW_REGIONS = 3  # of which one is drawn to begin with
LINES = {
    "stable": {"color": BLUE, "line_width": 3.0},
    "unstable": {"color": GREY, "line_width": 1.4, "line_dash": [5, 4]},
    "falling": {"color": BLUE, "line_width": 3.0},
    "rising": {"color": ORANGE, "line_width": 3.0, "line_dash": [6, 3]},
    "jump": {"color": GREY, "line_width": 1.6, "line_dash": [2, 3]},
}
#: What happens at special points, and what "shares" beside them are.
MEANINGS = {
    "break": "a spread that was stable is no longer, and others branch off",
    "sustain": "whoever comes to an empty place gains on one side of it, and not on the other",
    "entry": "a branch begins or ends where an empty place gets its first",
    "fold": "two equilibria meet, and there are none beyond",
    "hopf": "shares begin to go round in circles",
}
SHARES = "shares: of the places that are not empty, the largest first."
LOOP = "the stable equilibrium alone, as the number falls and rises again: a hysteresis loop"
BUTTONS = ("Draw the branches", "Draw a hysteresis loop")
KINDS = {"branches": ("stable", "unstable"), "loop": ("falling", "rising", "jump")}
MARKS = {"o": "circle", "s": "square", "^": "triangle", "D": "diamond", "X": "x"}
NONE = {"x": np.empty(0), "y": np.empty(0)}


class DiagramPanel:
    """A diagram with the answer on it, and what draws it."""

    def __init__(
        self, document: Any, explorer: Explorer, values: Callable[[], Mapping[str, Any]]
    ) -> None:
        self._document, self._explorer, self._values = document, explorer, values
        self._job: Job[Diagram] | None = None
        self.diagram: Diagram | None = None
        self._answer: Answer | None = None
        self._outcomes: dict[str, Outcome] = {}
        self._seconds = np.inf  # that the last one took
        self._moved = np.inf  # when the economy left it
        self._along = models.Select(title="Along", options=[], sizing_mode="stretch_width")
        self._height = models.Select(
            title="Upwards", options=[], sizing_mode="stretch_width", visible=False
        )
        self._height.on_change("value", self._redraw)
        why = why_a_loop(explorer.model)
        self._draw_button = models.Button(label=BUTTONS[bool(why)], width=180, margin=(4, 6, 4, 4))
        self._draw_button.on_click(self.draw)
        self._stop = models.Button(
            label="Cancel", width=80, button_type="warning", visible=False, margin=(4, 6, 4, 0)
        )
        self._stop.on_click(self.cancel)
        about = {"role": "status"}
        style = {"disable_math": True, "sizing_mode": "stretch_width", "margin": (2, 4, 2, 4)}
        self._state = models.Div(text="", html_attributes=about, **style)
        self._words = models.Div(text="", **style)
        self._legend = models.Div(text="", **style)
        self._sources = {name: models.ColumnDataSource({"xs": [], "ys": []}) for name in LINES}
        self._specials = {name: models.ColumnDataSource(dict(NONE)) for name in MARKERS}
        self._here = models.ColumnDataSource(dict(NONE))
        self._figure = self._drawn()
        loop = f"It will be {LOOP}. {why} " if why else ""
        self._say(f"Not drawn yet. {loop}It is done in the background, and can be cancelled.")
        row = {"sizing_mode": "stretch_width"}
        self.layout = models.Column(
            children=[
                self._along,
                self._height,
                models.Row(children=[self._draw_button, self._stop], **row),
                self._state,
                self._legend,
                self._figure,
                self._words,
            ],
            **row,
        )

    def _drawn(self) -> Any:
        figure = new_figure(
            "Diagram: equilibria along a control, and the economy. The words below say it too.",
            height=330,
            x_range=models.Range1d(0.0, 1.0),
            y_range=models.Range1d(-0.03, 1.03),
        )
        figure.visible = False
        for kind, style in LINES.items():
            figure.multi_line("xs", "ys", source=self._sources[kind], **style)
        for kind, (mark, colour) in MARKERS.items():
            point = figure.scatter(
                "x", "y", source=self._specials[kind], marker=MARKS[mark], size=9
            )
            point.glyph.update(fill_color=colour, line_color="white")
        here = figure.scatter("x", "y", source=self._here, size=13, marker="circle")
        here.glyph.update(fill_color="black", line_color="white", line_width=2)
        return figure

    # --- what may be drawn ---------------------------------------------------------------

    def offer(self, controls: Mapping[str, Control]) -> None:
        """Offer the sliders that are on the page."""
        options = [(name, one.words) for name, one in controls.items() if one.movable]
        known = [name for name, _ in options]
        value = self._along.value if self._along.value in known else (known or [""])[0]
        self._along.update(options=options, value=value)

    def draw(self) -> None:
        """Find the diagram of the economy as it is now."""
        name = self._along.value
        if not name:
            return
        try:
            self._job = self._explorer.diagram(name, dict(self._values()), self._answer)
        except NegeError as error:
            self._say(str(error), bad=True)
            return
        self._job.when_done(self._hop)
        self.tick()

    def cancel(self) -> None:
        """Wait for no diagram any more."""
        if self._job is not None:
            self._job.cancel()

    def _hop(self, job: Job[Diagram]) -> None:
        hop(self._document, functools.partial(self._found, job))

    def _found(self, job: Job[Diagram]) -> None:
        if job is not self._job:
            return
        self._stop.visible = False
        try:
            self.diagram = job.result(0.0)
        except Cancelled:
            self._say("Cancelled." + (" The diagram is the one before." if self.diagram else ""))
        except NegeError as error:
            self._say(str(error), bad=True)
        except Exception as error:  # a fault of nege's: said, not hidden
            logger.exception("the explorer could not draw a diagram")
            self._say(f"nege broke: {type(error).__name__}: {error}", bad=True)
        else:
            self._seconds = job.seconds
            self._say("")
            self._show_diagram()

    def tick(self) -> None:
        """Say how far it is."""
        job = self._job
        if job is None or job.done:
            paused = time.monotonic() - self._moved > PAUSE
            if self._is_old and self._seconds < BLINK and paused:
                self._moved = np.inf
                self.draw()
            return
        done, total, words = job.progress
        far = f": {done} of {total} {words}" if total > 1 else ""
        self._say(f"Finding {job.words}{far}, {job.seconds:.0f} s so far.")
        if not self._stop.visible:
            self._stop.visible = True

    def _say(self, words: str, *, bad: bool = False) -> None:
        text = html.escape(words)
        self._state.text = f'<span style="color:{BAD}">{text}</span>' if bad else text

    # --- what is drawn -------------------------------------------------------------------

    def _show_diagram(self) -> None:
        diagram = self.diagram
        assert diagram is not None
        self._document.hold("combine")
        try:
            self._outcomes = outcomes(diagram.found.model)
            options = list(self._outcomes)
            chosen = self._height.value if self._height.value in options else options[0]
            if options != self._height.options or chosen != self._height.value:
                self._height.update(options=options, value=chosen)
            self._figure.x_range.update(start=diagram.interval[0], end=diagram.interval[1])
            self._figure.xaxis.axis_label = terms.label(diagram.found.model, diagram.name)
            lines = "".join(f"<div>{html.escape(line)}</div>" for line in diagram.words)
            self._words.text = (
                f'<div style="white-space:pre-wrap">{lines}</div>{_meanings(diagram)}'
            )
            self._draw_lines()
            self._figure.visible = self._height.visible = True
            self._place()
        finally:
            self._document.unhold()

    def _redraw(self, _: str, __: str, new: str) -> None:
        if self.diagram is not None and new in self._outcomes:
            self._draw_lines()
            self._place()

    def _draw_lines(self) -> None:
        diagram = self.diagram
        assert diagram is not None
        found = curves(diagram, self._outcomes[self._height.value])
        for kind, source in self._sources.items():
            lines = [line for line in found.lines if line.kind == kind]
            source.data = {"xs": [line.x for line in lines], "ys": [line.y for line in lines]}
        for kind, source in self._specials.items():
            at = found.points.get(kind, np.empty((0, 2)))
            source.data = {"x": at[:, 0], "y": at[:, 1]}
        self._figure.yaxis.axis_label = found.label
        marks = [(_line(LINES[kind]), kind) for kind in KINDS[diagram.kind]]
        marks += [(_point(*MARKERS[kind]), kind) for kind in found.points]
        dot = '<circle cx="11" cy="6" r="5.5" fill="black"/>'
        self._legend.text = legend([*marks, (drawing(dot), "the economy now")])

    def show(self, answer: Answer) -> None:
        """Put an answer on the diagram; where that is of another economy, find another one."""
        first, self._answer = self._answer is None, answer
        if answer.model is not None:  # with the online region it may be too large
            self._draw_button.label = BUTTONS[bool(why_a_loop(answer.model))]
        if first and len(self._explorer.model.regions) <= FEW_REGIONS:
            self.draw()
        if self.diagram is not None:
            self._place()

    def mark(self, *, old: bool) -> None:
        """Mark the diagram, and the economy on it, as old, or no longer so."""
        self._figure.styles = OLD if old else NEW

    @property
    def _is_old(self) -> bool:
        return bool(self._figure.styles == OLD)

    def _place(self) -> None:
        """Put the answer where it is, or say that the diagram is old."""
        diagram, answer = self.diagram, self._answer
        assert diagram is not None
        if answer is None:
            return
        outcome = self._outcomes[self._height.value]
        at = diagram.point(answer, outcome.region, outcome.industry)
        x, y = ([], []) if at is None else ([at[0]], [at[1]])
        self._here.data = {"x": np.array(x), "y": np.array(y)}
        old = at is None
        if old:
            self._moved = time.monotonic()
        if old != self._is_old:
            self.mark(old=old)
            follows = self._seconds < BLINK
            redraw = "It is drawn again in a moment." if follows else "Draw it again."
            self._say(f"Old: other things have been moved since. {redraw}" if old else "")


def hop(document: Any, call: Callable[[], object]) -> None:
    """Call something in the thread of a page, from whichever thread this is.

    Not in this thread's context: whether a job is still wanted, say, is no matter of the page's.
    """
    contextvars.Context().run(document.add_next_tick_callback, call)


def _line(style: Mapping[str, Any]) -> str:
    """Return the mark of a line in the legend."""
    dash = " ".join(map(str, style.get("line_dash", ())))
    return drawing(
        f'<path d="M0 6H22" stroke="{style["color"]}" stroke-width="{style["line_width"]}" '
        f'stroke-dasharray="{dash}"/>'
    )


#: Forms of special points, around the middle of a small drawing.
FORMS = {
    "s": "M7 2H15V10H7Z",
    "^": "M11 1L16 10H6Z",
    "D": "M11 1L16 6L11 11L6 6Z",
    "X": "M7 2L15 10M15 2L7 10",
}


def _point(mark: str, colour: str) -> str:
    """Return the mark of a special point in the legend."""
    if mark not in FORMS:
        return drawing(f'<circle cx="11" cy="6" r="4.5" fill="{colour}"/>')
    return drawing(f'<path d="{FORMS[mark]}" fill="{colour}" stroke="{colour}"/>')


def _meanings(diagram: Diagram) -> str:
    """Return what the kinds of special points that a diagram has mean, as HTML."""
    special = getattr(diagram.found, "special_points", ())
    said = [f"{kind}: {MEANINGS[kind]}." for kind in MEANINGS if kind in {s.kind for s in special}]
    if said and diagram.found.model.in_shares:
        said.append(SHARES)
    lines = "".join(f"<div>{html.escape(line)}</div>" for line in said)
    return f'<div style="color:#555">{lines}</div>' if said else ""
