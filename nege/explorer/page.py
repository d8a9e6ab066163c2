"""The explorer's page: widgets around an ``Explorer``, for one browser.

What is moved is asked for once the answer before is there, and then the latest of it: pictures
follow a drag as fast as the economy can be solved, and nothing is asked that nobody waits for.
A picture that an answer failed to renew stays, marked as old.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import html
import importlib.resources
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jinja2
import numpy as np
import xarray as xr
from bokeh import models

from nege.errors import InputError, NegeError
from nege.explorer.answers import FAILED, REFUSED, SOLVED, Answer
from nege.explorer.controls import MOST, Control
from nege.explorer.diagram_panel import DiagramPanel, hop
from nege.explorer.engine import Explorer
from nege.explorer.jobs import Job
from nege.explorer.lines import Script, saves
from nege.explorer.pictures import BAD, NEW, OLD, ONLINE, GainBars, Places, PlacesMap, ShareBars
from nege.explorer.rows import ControlRow
from nege.plots import by_place
from nege.progress import Cancelled

logger = logging.getLogger("nege")

PATIENCE = 0.1  # seconds after which an answer is said to take longer
PALE = 0.2  # and after which what is shown turns pale: it is of the economy before
TICK = 75  # milliseconds, so that it is said within a fifth of a second
MOST_ROWS = 60  # of the table of numbers
AREAS = ("story", "controls", "map", "shares", "diagram", "gains", "lines", "numbers")
GOOD = "#1b7837"
#: Of what comes and goes above the rest of the page, which does not move for it.
ABOVE = {"position": "absolute", "top": "0", "right": "0", "background": "#fff3cd"}
#: Text is as wide as its panel, and no wider: it wraps, and what cannot has a bar to move it by.
AS_WIDE = ":host .bk-clearfix { display: block !important; overflow-wrap: break-word; }"
#: Words beside a box to tick wrap beside it.
IN_LINES = """
:host .bk-input-group label { display: flex; align-items: flex-start; white-space: normal; }
:host .bk-input-group label > input { flex: none; }
"""
PLAIN = "people alone"
UNSOLVED = "Nothing is solved yet."
IDLE = " (changes nothing as it is: move a slider of it)"
ONLINE_PART = "part sold online"

#: What gives widgets that have no words of their own a name, for those who do not see them.
NAME_WIDGETS = """
for (const [model, inside, name] of named) {
  const view = Bokeh.index.find_one(model)
  view?.shadow_el?.querySelector(inside)?.setAttribute("aria-label", name)
}
"""

#: Saves what a source has as files, where a browser saves what is downloaded.
SAVE_FILES = """
const {name, content} = cb_obj.data
for (let k = 0; k < name.length; k++) {
  const bytes = Uint8Array.from(atob(content[k]), (each) => each.charCodeAt(0))
  const link = document.createElement("a")
  link.href = URL.createObjectURL(new Blob([bytes]))
  link.download = name[k]
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10000)
}
"""


def page_of(explorer: Explorer, title: str, first: Sequence[str]) -> Callable[[Any], None]:
    """Return what makes a page in a Bokeh document, with an explorer of its own each time.

    Its first sliders are those named, and then what is suggested.
    """

    def make(document: Any) -> None:
        source = importlib.resources.files("nege") / "explorer" / "page.html"
        own = Explorer(
            explorer.model,
            start=explorer.start,
            dynamics=explorer.dynamics,
            options=explorer.options,
            geography=explorer.geography,
        )
        page = Page(document, own, first)
        document.title = f"{title} · nege"
        document.template = jinja2.Template(source.read_text(encoding="utf-8"))
        document.template_variables.update(
            heading=title, about=f"at first: {explorer.model}", areas=AREAS
        )
        document.on_session_destroyed(page.closed)

    return make


class Page:
    """A page: the values that were moved, the last answer, and what shows it."""

    def __init__(self, document: Any, explorer: Explorer, first: Sequence[str]) -> None:
        self._document, self._explorer = document, explorer
        self.values: dict[str, Any] = {}
        self.last: Answer | None = None  # what the next one goes on from
        self.good: Answer | None = None  # what the pictures are of
        self._reference: Answer | None = None
        self._job: Job[Answer] | None = None
        self._again, self._told = False, 0
        self._written: tuple[Answer, Script] | None = None  # in the thread of a job
        self._script: Script | None = None  # of the good answer
        self._saved = 0
        self._rows: dict[str, ControlRow] = {}
        self._known: Mapping[str, Control] = explorer.controls
        self._pictures: dict[str, Any] = {}
        self._places: Places | None = None  # of the good answer
        self._bars: ShareBars | None = None
        self._make_story()
        self._make_controls(first)
        self._make_pictures()
        self._diagram = DiagramPanel(document, explorer, lambda: self.values)
        self._list_rows()
        roots = {
            "story": self._column([self._story, self._busy]),
            "controls": self._controls,
            "map": self._map_column,
            "shares": self._shares_column,
            "diagram": self._diagram.layout,
            "gains": self._gains_column,
            "lines": self._make_lines(),
            "numbers": self._numbers,
        }
        with document.models.freeze():  # what is on the page is counted once, not root by root
            for name, root in roots.items():
                root.name = name
                document.add_root(root)
        document.js_on_event("document_ready", self._naming)
        lost = 'document.getElementById("lost").hidden = false'
        document.js_on_event("connection_lost", models.CustomJS(code=lost))
        document.add_periodic_callback(self._tick, TICK)
        document.add_next_tick_callback(self.ask)

    def closed(self, context: Any) -> None:
        """End what is under way: nobody looks at it any more."""
        self._again, job, self._job = False, self._job, None
        if job is not None:
            job.cancel()
        self._explorer.cancel()

    # --- widgets -----------------------------------------------------------------------

    def _column(self, children: list[Any], **style: Any) -> Any:
        return models.Column(children=children, **{"sizing_mode": "stretch_width", **style})

    def _div(self, text: str = "", **style: Any) -> Any:
        style = {"sizing_mode": "stretch_width", "margin": (2, 4, 2, 4), **style}
        style["stylesheets"] = [AS_WIDE]
        return models.Div(text=text, disable_math=True, **style)

    def _button(self, words: str, press: Callable[[], object], **style: Any) -> Any:
        button = models.Button(label=words, margin=(3, 6, 3, 0), **style)
        button.on_click(press)
        return button

    def _make_story(self) -> None:
        about = {"role": "status", "aria-live": "polite"}
        self._story = self._div(
            "<p>Solving the economy as it was given…</p>", html_attributes=about
        )
        self._waiting = self._div("", margin=(8, 8, 0, 8), sizing_mode="inherit")
        stop = self._button("Cancel", self.cancel, button_type="warning", width=80)
        self._busy = models.Row(children=[self._waiting, stop], visible=False, styles=ABOVE)

    def _make_controls(self, first: Sequence[str]) -> None:
        explorer = self._explorer
        self._naming = models.CustomJS(args={"named": []}, code=NAME_WIDGETS)
        self._listed = self._column([])
        self._adding = models.Select(
            title="Add a slider", value="", options=[], sizing_mode="stretch_width"
        )
        self._adding.on_change("value", self._add)
        wide: dict[str, Any] = {"sizing_mode": "stretch_width", "stylesheets": [IN_LINES]}
        self._switching = models.CheckboxGroup(labels=[], active=[], **wide)
        self._switching.on_change("active", self._switched)
        self._mechanism = models.Select(
            title="Add a mechanism", value="", options=[], sizing_mode="stretch_width"
        )
        self._mechanism.on_change("value", self._put_in)
        self._way = models.RadioGroup(
            labels=["go on from where the economy is", "start anew each time"], active=0, **wide
        )
        self._shown_switches = self._first_switches()
        buttons = models.Row(
            children=[
                self._button("Reset", self.reset),
                self._button("Compare with this", self.compare_with_this),
            ],
            sizing_mode="stretch_width",
        )
        bold = {"font-weight": "bold"}
        self._controls = self._column(
            [
                self._listed,
                self._adding,
                self._switching,
                self._mechanism,
                self._div("Each move", styles=bold),
                self._way,
                buttons,
            ]
        )
        chosen = [name for name in first if name in explorer.controls]
        chosen += [name for name in explorer.suggested if name not in chosen]
        for name in chosen[: max(MOST, len(first))]:
            self._add_row(name)
        self._offer()

    def _make_pictures(self) -> None:
        self._old = self._div("", visible=False, styles={"color": BAD, "font-weight": "bold"})
        self._map = PlacesMap(
            self._explorer.model.geography, self._explorer.model.online is not None
        )
        self._colour = models.Select(title="Colour", value=PLAIN, options=[PLAIN], width=300)
        self._colour.on_change("value", lambda attr, old, new: self._show_map())
        self._online = self._div("")
        drawn = [self._map.figure] if self._map.figure is not None else []
        if not drawn:
            words = "These places have distances alone: there is no map of them."
            drawn = [self._div(words)]
        self._map_column = self._column([self._old, self._colour, self._online, *drawn])
        self._shares_column = self._column([self._div(UNSOLVED)])
        self._gain_bars = GainBars()
        self._gain_bars.figure.visible = False
        self._who = self._div(UNSOLVED, html_attributes={"role": "status"})
        self._gains_column = self._column([self._who, self._gain_bars.figure])
        self._numbers = self._div("")

    def _make_lines(self) -> Any:
        self._python = self._div(UNSOLVED)
        self._source = models.ColumnDataSource({"text": [""]})
        copy = models.Button(label="Copy", width=90, button_type="primary", visible=False)
        copy.js_on_event(
            "button_click",
            models.CustomJS(
                args={"source": self._source, "button": copy},
                code="""
                navigator.clipboard.writeText(source.data.text[0]).then(
                  () => { button.label = "Copied"; setTimeout(() => button.label = "Copy", 1500) },
                  () => { button.label = "Not allowed: select the lines"; button.width = 240 })
                """,
            ),
        )
        self._files = models.ColumnDataSource({"name": [], "content": [], "time": []})
        self._files.js_on_change("data", models.CustomJS(code=SAVE_FILES))
        self._copy = copy
        self._saving = self._button("", self._save, visible=False, width=260)
        self._saving.tags = [self._files]  # else it is no part of the page, and is not sent
        return self._column([copy, self._saving, self._python])

    def _save(self) -> None:
        """Give the files that the lines need to the browser, which saves them."""
        files = {} if self._script is None else self._script.files
        content = [base64.b64encode(each).decode("ascii") for each in files.values()]
        self._saved += 1  # the same files are saved again, too
        self._files.data = {
            "name": list(files),
            "content": content,
            "time": [self._saved] * len(files),
        }

    # --- what can be moved --------------------------------------------------------------

    @property
    def _controls_now(self) -> Mapping[str, Control]:
        """What can be moved as switches are: as it was before, where they are refused together."""
        try:
            self._known = self._explorer.controls_at(self.values)
        except InputError:
            logger.debug("switches are refused: the answer says why")
        return self._known

    def _offer(self) -> None:
        """Offer what is not on the page yet."""
        controls = self._controls_now
        groups: dict[str, list[tuple[str, str]]] = {"": [("", "choose…")]}
        for name, control in controls.items():
            if name not in self._rows:
                group = control.group or "numbers"
                groups.setdefault(group, []).append((name, f"{control.words} ({name})"))
        self._adding.update(options=groups, value="")
        switches = self._explorer.switches
        labels = [self._label(name) for name in self._shown_switches]
        on = [k for k, name in enumerate(self._shown_switches) if self._is_on(name)]
        self._switching.update(labels=labels, active=on, visible=bool(labels))
        others = [(n, one.words) for n, one in switches.items() if n not in self._shown_switches]
        self._mechanism.update(options=[("", "choose…"), *others], value="", visible=bool(others))

    def _label(self, name: str) -> str:
        """Return what a switch is, and whether the last economy would be the same without it."""
        words = self._explorer.switches[name].words
        idle = self.good is not None and name in self.good.idle and self._is_on(name)
        return f"{words}{IDLE}" if idle else words

    def _first_switches(self) -> list[str]:
        """Return the switches to begin with: what the economy has, and the online region."""
        switches = self._explorer.switches
        return [name for name, one in switches.items() if one.on or name == "online"]

    def _is_on(self, name: str) -> bool:
        return bool(self.values.get(name, self._explorer.switches[name].on))

    def _add(self, _: str, __: str, name: str) -> None:
        if name:
            self._add_row(name)
            self._offer()

    def _add_row(self, name: str) -> None:
        control = self._controls_now[name]
        row = ControlRow(control, self.values.get(name, control.value), self._moved)
        row.remove.on_click(functools.partial(self._take_away, name))
        self._rows[name] = row
        self._list_rows()

    def _take_away(self, name: str) -> None:
        """Take a slider away, and what it moved back."""
        del self._rows[name]
        self._list_rows()
        self._offer()
        if self.values.pop(name, None) is not None:
            self.ask()

    def _list_rows(self) -> None:
        self._listed.children = [row.layout for row in self._rows.values()]
        self._naming.args = {"named": [one for row in self._rows.values() for one in row.named]}
        if hasattr(self, "_diagram"):
            self._diagram.offer({name: row.control for name, row in self._rows.items()})

    def _moved(self, name: str, value: float) -> None:
        self.values[name] = value
        if value == self._controls_now[name].value:
            del self.values[name]
        self.ask()

    def _switched(self, _: str, __: list[int], active: list[int]) -> None:
        for k, name in enumerate(self._shown_switches):
            on = k in active
            if on != self._is_on(name):
                self._switch(name, on)

    def _put_in(self, _: str, __: str, name: str) -> None:
        if name:
            self._shown_switches.append(name)
            self._switch(name, True)

    def _switch(self, name: str, on: bool) -> None:
        self.values[name] = on
        if on == self._explorer.switches[name].on:
            del self.values[name]
        known = self._controls_now
        for absent in [one for one in self._rows if one not in known]:
            self._rows.pop(absent)
            self.values.pop(absent, None)
        self._list_rows()
        if on:
            for control in list(known.values()):
                if control.group == name and control.name not in self._rows and control.movable:
                    self._add_row(control.name)
        self._offer()
        self.ask()

    def reset(self) -> None:
        """Go back to the economy as it was given."""
        self.values.clear()
        self.last = self._reference = None
        self._shown_switches = self._first_switches()
        known = self._explorer.controls
        for name in [one for one in self._rows if one not in known]:
            del self._rows[name]
        for name, row in self._rows.items():
            row.show(known[name].value)
        self._list_rows()
        self._offer()
        self.ask()

    def compare_with_this(self) -> None:
        """Measure gains from here on."""
        self._reference = self.good
        self.ask()

    # --- answers ------------------------------------------------------------------------

    def ask(self) -> None:
        """Ask for the economy as it is wanted now; once the answer before is there."""
        if self._job is not None and not self._job.done:
            self._again = True
            return
        self._again = False
        since = self.last if self._way.active == 0 else None
        explorer = self._explorer
        if not self.values and since is None and self._reference is None:
            words = f"solving {len(explorer.model.geography)} places"
            self._job = Job(words, lambda _: explorer.base)
        else:
            self._job = explorer.ask(dict(self.values), since, self._reference)
        self._job.when_done(self._hop)

    def _hop(self, job: Job[Answer]) -> None:
        """Write the lines here, which can take a while, and come back to the page's own thread."""
        with contextlib.suppress(Exception):  # the page hears of it, of the job or as it writes
            answer = job.result(0.0)
            if answer.data is not None:
                self._written = answer, self._explorer.python(answer)
        hop(self._document, functools.partial(self._answered, job))

    def cancel(self) -> None:
        """Wait for no answer any more."""
        self._again = False
        if self._job is not None:
            self._job.cancel()

    def _answered(self, job: Job[Answer]) -> None:
        if job is not self._job:
            return  # of a page that was closed
        try:
            self._show(job.result(0.0))
        except Cancelled:
            self._fail("Cancelled.", ["What was asked for last was not solved."])
        except NegeError as error:
            self._fail("Not solved.", [str(error)])
        except Exception as error:  # a fault of nege's: said, not hidden
            logger.exception("the explorer could not answer")
            self._fail("nege broke.", [f"{type(error).__name__}: {error}"])
        self._busy.visible = False
        if self._again:
            self.ask()

    def _tick(self) -> None:
        """Say what takes long."""
        self._diagram.tick()
        job = self._job
        if job is None or job.done or job.seconds < PATIENCE:
            return
        done, total, _ = job.progress
        words = f"{job.doing}, {done} of {total}" if total > 1 else job.doing
        if job.seconds >= 1.0:
            words += f": {job.seconds:.0f} s so far"
        self._waiting.text = html.escape(words)
        self._busy.visible = True
        if job.seconds >= PALE and self.good is not None:
            self._fade(True)
            self._story.styles = OLD

    def _fail(self, headline: str, words: list[str]) -> None:
        self._tell(headline, words, "", good=False)
        self._mark_old(True)

    def _tell(self, headline: str, words: Any, note: str, *, good: bool) -> None:
        self._told += 1
        self._story.styles = NEW
        lines = "".join(f"<div>{html.escape(line)}</div>" for line in words)
        note = f'<div style="color:#666">{html.escape(note)}</div>' if note else ""
        self._story.text = (
            f'<div data-answer="{self._told}" style="padding-left:10px;'
            f'border-left:4px solid {GOOD if good else BAD}">'
            f"<b>{html.escape(headline)}</b>{lines}{note}</div>"
        )

    def _mark_old(self, old: bool) -> None:
        self._fade(old)
        if old == self._old.visible:
            return
        self._old.text = "Old: the pictures are of the last economy that was solved."
        self._old.visible = old and self.good is not None
        if old:  # what is on it from now on it finds out by itself
            self._diagram.mark(old=True)

    def _fade(self, old: bool) -> None:
        """Make the pictures pale, or bright again."""
        style = OLD if old else NEW
        for drawn in self._pictures.values():
            if drawn.styles != style:
                drawn.styles = style

    def _show(self, answer: Answer) -> None:
        self._document.hold("combine")
        try:
            self.last = answer
            note = f"Solved in {answer.wall:.2g} s, {answer.started}."
            if answer.outcome in (FAILED, REFUSED):
                self._tell(answer.headline, [*answer.words, answer.open], "", good=False)
                self._mark_old(True)
                return
            words = [*answer.words, *([answer.open] if answer.open else [])]
            self._tell(answer.headline, words, note, good=answer.outcome == SOLVED)
            self.good = answer
            self._show_pictures(answer)
            self._mark_old(False)
        finally:
            self._document.unhold()

    def _show_pictures(self, answer: Answer) -> None:
        places = self._places = Places.of(answer)
        if self._bars is None or self._bars.industries != places.industries:
            self._bars = ShareBars(places)
            self._shares_column.children = [self._div(self._bars.legend), self._bars.figure]
            self._pictures |= {"shares": self._bars.figure, "gains": self._gain_bars.figure}
            if self._map.figure is not None:
                self._pictures["map"] = self._map.figure
            self._pictures |= {"online": self._online, "who": self._who}
            self._pictures |= {"numbers": self._numbers, "lines": self._python}
        self._bars.show(places)
        self._colours(answer)
        self._show_map()
        self._show_gains(answer)
        self._show_numbers(places)
        self._show_lines(answer)
        self._diagram.show(answer)
        self._switching.labels = [self._label(name) for name in self._shown_switches]

    def _colours(self, answer: Answer) -> None:
        """Offer what the map may be coloured by, and as it changes from what both have."""
        now = _coloured_by(answer)
        before = _coloured_by(self._reference or self._explorer.base)
        options = [PLAIN, *now, *(f"change of {one}" for one in now if one in before)]
        if options != self._colour.options:
            chosen = self._colour.value if self._colour.value in options else PLAIN
            self._colour.update(options=options, value=chosen)

    def _show_map(self) -> None:
        answer, places = self.good, self._places
        if answer is None or places is None:
            return
        parts = ", ".join(f"{name} {part:.1%}" for name, part in places.online.items())
        self._online.text = f"Online: {html.escape(parts)}" if parts else ""
        wanted = self._colour.value
        change = wanted.startswith("change of ")
        name = wanted.removeprefix("change of ")
        if name == PLAIN:
            self._map.show(places.people, None, change=False)
            return
        shown = self._variable(answer, name)
        if change:
            reference = self._reference or self._explorer.base
            shown = by_place.changed(shown, self._variable(reference, name))
        self._map.show(places.people, shown, change=change)

    def _variable(self, answer: Answer, name: str) -> by_place.Values:
        """Return a variable by place, as maps have it."""
        assert answer.data is not None
        names = [str(place) for place in self._explorer.model.geography.names]
        what, _, which = name.partition(": ")
        if what == ONLINE_PART:
            places = Places.of(answer)
            firms = places.firms[places.industries.index(which), : len(names)]
            with np.errstate(invalid="ignore"):
                part = firms[:, places.channels.index(ONLINE)] / firms.sum(1)
            label = f"share of sales online, {which}"
            return by_place.Values(part, places.people[: len(names)], label, {"long_name": label})

        def select(array: xr.DataArray) -> xr.DataArray:
            beside = (dim for dim in array.dims if dim not in by_place.PLACES)
            return array.sel({dim: which for dim in beside if which in array[dim].values})

        found = by_place.chosen(answer.data, what, names, select)
        return found._replace(label=f"{found.label}, {which}") if which else found

    def _show_gains(self, answer: Answer) -> None:
        words = answer.who or ("This is the economy that gains are measured from.",)
        self._who.text = "".join(f"<div>{html.escape(line)}</div>" for line in words)
        drawn = self._gain_bars.figure
        if answer.gains is None:
            if drawn.visible:
                drawn.visible = False
            return
        found = answer.gains.by_region
        names = [str(name) for name in found["people"].coords[found["people"].dims[0]].values]
        gain = found["gain"].values
        percent = gain if answer.gains.additive else 100.0 * np.expm1(gain)
        people = found["people"].values
        there = people > 0.0
        kept = [name for name, here in zip(names, there, strict=True) if here]
        self._gain_bars.show(kept, percent[there], people[there] / people.sum())
        if not drawn.visible:
            drawn.visible = True

    def _show_numbers(self, places: Places) -> None:
        """Show a table of what the pictures show."""
        heads = ["place", "people (%)", *places.payoff]
        heads += [f"{one}, {way} (%)" for one in places.industries for way in places.channels]
        firms = 100.0 * places.firms.transpose(1, 0, 2).reshape(len(places.names), -1)
        table = np.column_stack([100.0 * places.people, *places.payoff.values(), firms])
        order = np.argsort(-np.nan_to_num(firms).sum(1), kind="stable")[:MOST_ROWS]
        rows = []
        for k in sorted(order):
            cells = "".join(f"<td>{value:.6g}</td>" for value in table[k])
            rows.append(f"<tr><th scope=row>{html.escape(places.names[k])}</th>{cells}</tr>")
        names = places.names
        more = f"<p>{len(order)} of {len(names)} places</p>" if len(order) < len(names) else ""
        head = "".join(f"<th scope=col>{html.escape(one)}</th>" for one in heads)
        style = (
            "<style>table{border-collapse:collapse;font-size:12px}"
            "td,th{padding:1px 4px;text-align:right}td{white-space:nowrap}</style>"
        )
        self._numbers.text = (
            f'{style}<div style="overflow-x:auto"><table><tr>{head}</tr>'
            f"{''.join(rows)}</table></div>{more}"
        )

    def _show_lines(self, answer: Answer) -> None:
        of, script = self._written or (None, None)
        if script is None or of is not answer:
            script = self._explorer.python(answer)
        self._script = script
        self._saving.update(label=saves(script.files), visible=bool(script.files))
        self._source.data = {"text": [script.text]}
        self._copy.visible = True
        style = "background:#f7f7f7;padding:8px;max-height:420px;overflow:auto"
        notes = "".join(f"<div>{html.escape(note)}</div>" for note in script.notes)
        self._python.text = f'<pre style="{style}">{html.escape(script.text)}</pre>{notes}'


def _coloured_by(answer: Answer) -> list[str]:
    """Return what a map of an answer may be coloured by: what has one number for each place."""
    data, found = answer.data, []
    if data is None:
        return []
    for name in by_place.variables(data):
        beside = [dim for dim in data[name].dims if dim not in by_place.PLACES]
        if not beside:
            found.append(name)
        elif len(beside) == 1 and beside[0] in data.coords:
            found += [f"{name}: {one}" for one in data[beside[0]].values]
    if "total_cost" in data:
        found += [f"{ONLINE_PART}: {one}" for one in data["industry"].values]
    return found
