"""The explorer's page, without a browser: what it shows is what was found, or is marked as old.

``tests/browser.py`` has it in a browser.
"""

import base64
import contextvars
import sys
import urllib.request

import numpy as np
import pytest
from bokeh.document import Document
from bokeh.models import MultiLine

import nege
from nege.command.cli import main
from nege.command.economy_file import read_economy
from nege.explorer import Explorer, lines
from nege.explorer.curves import Outcome, curves
from nege.explorer.diagram_panel import DiagramPanel, hop
from nege.explorer.page import IDLE, Page
from nege.explorer.pictures import NEW, OLD, Places, PlacesMap
from nege.explorer.rows import ControlRow, greek
from nege.progress import Cancelled, stop_if_cancelled, stoppable

pytestmark = pytest.mark.closed_form

PLACES = nege.geography.from_points([31.2, 39.9], [121.5, 116.4], names=["<b>S</b>", "Beijing"])
ECONOMY = nege.CorePeriphery(
    PLACES, sigma=5, mu=0.4, trade_cost=1.7, online=nege.OnlineRegion(trade_cost=1.5)
)


@pytest.fixture(scope="module")
def explorer():
    return Explorer(ECONOMY)


@pytest.fixture(scope="module")
def made(explorer):
    return Page(Document(), explorer, ("online_trade_cost",))


@pytest.fixture
def page(made, explorer):
    made.reset()
    made._show(explorer.base)
    return made


def test_numbers_are_those_of_the_answer_and_names_are_no_html(page, explorer):
    text, share = page._numbers.text, explorer.base.data["share"].values
    assert "<b>S</b>" not in text
    assert "&lt;b&gt;S&lt;/b&gt;" in text
    assert f"<td>{100.0 * share[0]:.6g}</td>" in text
    bars = page._bars._sources["workers"].data
    np.testing.assert_allclose(sorted(bars["whole"]), np.sort(share))
    assert page._source.data["text"][0] == explorer.python(explorer.base).text


def test_what_is_not_solved_leaves_the_pictures_and_marks_them_as_old(page, explorer):
    before = page._numbers.text
    page._show(explorer.answer({"sigma": 0.5}, since=explorer.base))
    assert "sigma must be" in page._story.text
    assert page._old.visible
    assert page._numbers.text == before
    assert all(drawn.styles == OLD for drawn in page._pictures.values())
    assert page._numbers.styles == page._python.styles == OLD
    page._show(explorer.answer({"sigma": 4.0}, since=explorer.base))
    assert not page._old.visible
    assert all(drawn.styles == NEW for drawn in page._pictures.values())


def test_moves_wait_for_the_answer_before_and_then_the_latest_is_asked(page, monkeypatch):
    asked = []

    class Waiting:
        done, seconds = False, 0.0

        def when_done(self, hear):
            pass

    monkeypatch.setattr(page._explorer, "ask", lambda values, *_: asked.append(values) or Waiting())
    for value in (1.4, 1.3, 1.2):
        page._moved("online_trade_cost", value)
    assert asked == [{"online_trade_cost": 1.4}]
    page._job.done, page._job.result = True, lambda _: page.good
    page._answered(page._job)
    assert asked[1:] == [{"online_trade_cost": 1.2}]


def test_while_an_answer_takes_long_what_is_shown_is_pale_and_said_to_wait(page, explorer):
    class Long:
        done, seconds, progress, doing = False, 0.25, (0, 1, ""), "compiling <it>"

    page._job = Long()
    page._tick()
    assert page._busy.visible
    assert page._waiting.text == "compiling &lt;it&gt;"
    shown = [*page._pictures.values(), page._story]
    assert all(drawn.styles == OLD for drawn in shown)
    page._job.seconds = 3.2
    page._tick()
    assert page._waiting.text.endswith(": 3 s so far")
    page._job.done, page._job.result, page._again = True, lambda _: explorer.base, False
    page._answered(page._job)
    assert not page._busy.visible
    assert all(drawn.styles == NEW for drawn in shown)


def test_the_page_does_not_end_with_a_job_that_nobody_wants():
    class Loop:
        def add_next_tick_callback(self, call):
            self.context, self.call = contextvars.copy_context(), call

    loop = Loop()
    with stoppable(lambda: False):
        hop(loop, stop_if_cancelled)
        with pytest.raises(Cancelled):
            stop_if_cancelled()
        loop.context.run(loop.call)


def test_a_value_moved_back_is_no_change(page):
    own = ECONOMY.scalars()["online_trade_cost"]
    page._again, page._job = False, type("Job", (), {"done": False})()
    page._moved("online_trade_cost", 1.3)
    page._moved("online_trade_cost", own)
    assert page.values == {}


def test_beside_its_box_a_mechanism_is_named_and_said_to_change_nothing():
    own = Explorer(nege.OnlineAgglomeration(nege.geography.equidistant(2)))
    page = Page(Document(), own, ())
    page._put_in("", "", "tax")
    page._show(own.answer(page.values))
    assert page._switching.labels[-1].startswith("Tax: ")
    assert page._switching.labels[-1].endswith(IDLE)
    assert "<b>Tax: rate" in page._rows["tax.rate"].layout.children[0].text
    page.values["tax.rate"] = 0.1
    page._show(own.answer(page.values))
    assert not page._switching.labels[-1].endswith(IDLE)
    page.reset()  # what was put in can be put in again
    assert page._switching.labels == []
    assert "tax" in [name for name, _ in page._mechanism.options]
    page.closed(None)


def test_switches_that_are_refused_are_said_and_the_page_goes_on(page, explorer, monkeypatch):
    assert "online" not in Explorer(nege.Helpman(PLACES, sigma=5, mu=0.6, trade_cost=2)).switches

    def refuse(values):
        raise nege.InputError("online", None, "on")

    asked = []
    monkeypatch.setattr(page, "ask", lambda: asked.append(dict(page.values)))
    monkeypatch.setattr(explorer, "controls_at", refuse)
    page._switching.active = []
    page._moved("sigma", 4.0)
    assert asked == [{"online": False}, {"online": False, "sigma": 4.0}]
    assert set(page._rows) >= {"sigma", "online_trade_cost"}


def test_files_that_the_lines_need_are_saved_and_each_solve_has_its_own(monkeypatch, tmp_path):
    monkeypatch.setattr(lines, "LONGEST", 0)
    monkeypatch.setattr(lines, "MOST", 0)
    shown = Page(Document(), Explorer(ECONOMY), ())
    explorer = shown._explorer
    one = explorer.answer({"trade_cost": 2.4}, explorer.answer({"trade_cost": 2.2}))
    shown._show(explorer.answer({"trade_cost": 3.0}, explorer.answer({"trade_cost": 2.8}), one))
    assert one.solved
    assert shown.good.against is one
    assert shown._saving.visible
    shown._save()
    for name, content in zip(*(shown._files.data[n] for n in ("name", "content")), strict=True):
        (tmp_path / name).write_bytes(base64.b64decode(content))
    files = {each.name for each in tmp_path.iterdir()}
    assert files == {"economy.nc", "start.nc", "start_before.nc"}
    # Whoever takes the lines alone is told which button saves the rest.
    said = " ".join(shown._script.text.replace("\n# ", " ").split())
    assert f'The button "{shown._saving.label}" of the page saves' in said
    monkeypatch.chdir(tmp_path)
    space, text = {}, shown._script.text
    exec(text.split("print(found)")[0].replace("import matplotlib.pyplot as plt", ""), space)
    for name, answer in (("before", one), ("found", shown.good)):
        np.testing.assert_array_equal(space[name].data["share"].values, answer.data["share"].values)


def test_a_slider_in_logs_gives_values_that_can_be_read(explorer):
    control = explorer.controls["sigma"]
    moved = []
    row = ControlRow(control, control.value, lambda name, value: moved.append(value))
    row.slider.value = np.log10(7.123456)
    row.number.value = 30.0  # beyond the end
    assert moved == [7.12, 30.0]
    assert row.slider.value == pytest.approx(np.log10(control.highest))
    control = explorer.controls["mu"]
    row = ControlRow(control, control.value, lambda name, value: moved.append(value))
    row.slider.value = 0.1234567
    row.slider.value = 0.0  # before the end
    assert moved[2:] == [0.125, control.lowest]
    row.number.value = None  # what was typed is no number
    assert row.number.value == control.lowest


def test_lines_are_written_where_nobody_waits_and_a_fault_does_not_end_the_page(
    page, explorer, monkeypatch
):
    answer, asked = explorer.answer({"mu": 0.41}), []
    job = type("Job", (), {"done": True, "result": lambda self, _: answer})()
    page._hop(job)  # in the job's thread
    monkeypatch.setattr(explorer, "python", None)  # not once more
    page._job, page._again = job, True
    monkeypatch.setattr(page, "ask", lambda: asked.append(True))
    page._answered(job)
    assert "0.41" in page._source.data["text"][0]
    monkeypatch.setattr(page, "_show_numbers", None)
    page._answered(job)
    assert "nege broke" in page._story.text
    assert page._old.visible
    assert asked == [True, True]  # what was moved meanwhile


def test_two_kinds_of_people_are_shown_apart_and_everything_offered_has_a_map():
    places = nege.geography.from_points([31.2, 39.9], [121.5, 116.4])
    kinds = nege.mechanisms.Workers()
    explorer = Explorer(nege.OnlineAgglomeration(places, mechanisms=[kinds]))
    shown = Page(Document(), explorer, ())
    shown._show(explorer.base)
    assert shown.good is explorer.base
    income = explorer.base.data["real_income"]
    for kind in ("skilled", "unskilled"):
        assert f", {kind}</th>" in shown._numbers.text
        assert f"<td>{float(income.sel(worker=kind)[0]):.6g}</td>" in shown._numbers.text
    for option in {one.partition(": ")[0]: one for one in shown._colour.options}.values():
        shown._colour.value = option
        drawn = shown._map._source.data["value"]
        assert np.isfinite(drawn).all(), option
    assert "real_income: skilled" in shown._colour.options
    shown._show(explorer.answer({"workers": False}))
    assert "change of real_income" not in shown._colour.options  # of whom, before?
    assert "change of wage" in shown._colour.options


def test_places_with_outlines_are_filled_and_countries_are_beneath():
    geopandas = pytest.importorskip("geopandas")
    shapely = pytest.importorskip("shapely")
    ring = [[5, 45], [10, 45], [10, 50], [5, 50]]
    cells = [shapely.Polygon(ring, [[[7, 47], [8, 47], [8, 48]]]), shapely.box(10, 45, 12, 50)]
    frame = geopandas.GeoDataFrame({"name": ["a", "b"]}, geometry=cells, crs="EPSG:4326")
    for crs, degrees in (("EPSG:4326", True), ("EPSG:32632", False)):
        places = nege.geography.from_dataframe(frame.to_crs(crs), names="name")
        drawn = PlacesMap(places, online=False)
        outlines = drawn._source.data["xs"]
        assert [[len(part) for part in place] for place in outlines] == [[2], [1]]
        assert drawn.figure.xaxis.visible is degrees
        lines = next(one for one in drawn.figure.renderers if isinstance(one.glyph, MultiLine))
        assert len(lines.data_source.data["xs"]) > 3
        drawn.show(np.array([0.25, 0.75]), None, change=False)
        assert drawn._source.data["value"].tolist() == [0.25, 0.75]
        assert len(set(drawn._source.data["colour"])) == 2
        assert drawn._source.data["xs"] is outlines


def test_a_diagram_has_the_lines_of_nege_plots(explorer):
    diagram = explorer.diagram("online_trade_cost", interval=(1.15, 1.25)).result(60.0)
    drawn = curves(diagram, Outcome(None, "online"))
    lines = [line for line in diagram.plot().lines if line.get_gid() and len(line.get_xdata())]
    assert [line.get_gid() for line in lines] == [line.kind for line in drawn.lines]
    for one, other in zip(lines, drawn.lines, strict=True):
        np.testing.assert_array_equal(one.get_xdata(), other.x)
        np.testing.assert_array_equal(one.get_ydata(), other.y)


def test_the_button_says_which_diagram_will_be_drawn(explorer):
    for n, kind in ((3, "branches"), (13, "hysteresis loop")):
        model = nege.CorePeriphery(nege.geography.equidistant(n), sigma=5, mu=0.4, trade_cost=1.7)
        panel = DiagramPanel(Document(), Explorer(model), dict)
        assert kind in panel._draw_button.label
        assert ("13 regions" in panel._state.text) == ("a hysteresis loop" in panel._state.text)
        assert ("hysteresis" in panel._state.text) == (n == 13)
    panel.show(explorer.base)  # of three regions again
    assert "branches" in panel._draw_button.label


def test_places_are_read_once(explorer):
    places = Places.of(explorer.base)
    assert places.names == [*PLACES.names, "online"]
    assert sum(places.online.values()) == pytest.approx(float(explorer.base.data["share"][-1]))


@pytest.mark.parametrize(
    ("latex", "letter"),
    [(r"\delta", "δ"), (r"\lambda", "λ"), ("T", "T"), (r"\bar{A}", ""), ("", "")],
)
def test_symbols_are_letters(latex, letter):
    assert greek(latex) == letter


def test_without_bokeh_it_says_what_to_install_before_any_work(
    monkeypatch, nothing_is_solved, capsys
):
    monkeypatch.setitem(sys.modules, "bokeh", None)
    with pytest.raises(nege.DependencyError, match=r'pip install "nege\[explore\]"'):
        nege.explore(ECONOMY)
    assert main(["explore", "chinese_cities"]) == 2
    assert 'pip install "nege[explore]"' in capsys.readouterr().err


def test_a_page_is_served_until_it_is_closed_and_shows_itself_in_a_notebook():
    page = nege.explore(ECONOMY, port=0, browser=False)
    with urllib.request.urlopen(page.address, timeout=30) as answer:
        text = answer.read().decode()
    assert "Content-Security-Policy" in text
    assert "<h1>Core-periphery economy</h1><p>at first: CorePeriphery(2 places" in text
    assert "https://" not in text.replace("https://bokeh.org", "")
    assert page.address in page._repr_html_()
    (session,) = page._server._server.get_sessions("/")
    ended = []
    session.document.on_session_destroyed(lambda context: ended.append(context))
    port = int(page.address.rstrip("/").rpartition(":")[2])
    with pytest.raises(nege.InputError, match="a port that is free"):
        nege.explore(ECONOMY, port=port, browser=False)
    page.close()
    assert repr(page).endswith("(closed)")
    assert len(ended) == 1  # what pages had under way
    with pytest.raises(nege.InputError, match="at most 65535"):
        nege.explore(ECONOMY, port=65536)


def test_an_economy_of_a_file_needs_no_path(tmp_path):
    file = tmp_path / "own.toml"
    text = '[geography]\nkind = "racetrack"\nn = 4\n[model]\nsigma = 5\nmu = 0.4\ntrade_cost = 2\n'
    file.write_text(text, encoding="utf-8")
    read = read_economy(str(file))
    assert (read.parameter, read.geography) == ("", "nege.geography.racetrack(n=4)")
    assert read_economy("two_regions").parameter == "online_trade_cost"
    assert main(["explore", "nothing_like_it"]) == 2
