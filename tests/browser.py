"""The explorer's page in a real browser: dragged, read, and compared with ``nege.solve``.

``.ci/run`` runs this file where there is a Chromium, whose path is in NEGE_BROWSER; the suite does
not. Waits are for conditions: for the answer to a move, by the number that each has.
"""

import contextlib
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request

import numpy as np
import pytest
from playwright import sync_api as playwright

import nege
from nege.command import economy_file

pytestmark = pytest.mark.closed_form

CHROMIUM = os.environ.get("NEGE_BROWSER", "/usr/bin/chromium")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # As in what a shell starts in the background, and in all that this starts: they must hear it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
PATIENCE = 60_000  # milliseconds that anything may take: a machine may have to compile
MOVES = 30
WILD_MOVES = 20
TRIES = 10

#: Thirty cities with industries, calibrated to nothing: they need no data, and no long reading.
CITIES = """
title = "Thirty cities"
[geography]
kind = "cities"
country = "CN"
min_population = 3_500_000
separate = 50
[model]
kind = "core-periphery"
sigma = 5
mu = 0.4
trade_cost = 1.5
farmers = "population"
[online]
trade_cost = 1.5
[dynamics]
kind = "logit"
scale = 0.1
weights = "population"
online_weight = 1.0
"""

#: Finds the number of the answer on the page, and how long each takes from a key to the picture.
WATCH = """() => {
  const find = (root) => {
    for (const each of root.querySelectorAll("*")) {
      if (each.dataset?.answer) return each
      const inside = each.shadowRoot && find(each.shadowRoot)
      if (inside) return inside
    }
  }
  const story = document.querySelector("#story")
  window.answer = () => Number(find(story)?.dataset.answer ?? 0)
  window.took = []
  let from = null, last = window.answer()
  document.addEventListener("keydown", () => { from = performance.now() }, true)
  const look = () => {
    const now = window.answer()
    if (now !== last && from !== null) {
      const began = from
      from = null
      const drawn = () => window.took.push(performance.now() - began)
      requestAnimationFrame(() => requestAnimationFrame(drawn))
    }
    last = now
    requestAnimationFrame(look)
  }
  look()
}"""


class Explored:
    """A page in a browser, and what a test does with it."""

    def __init__(self, page, address, requests):
        self.page, self.address, self.requests = page, address, requests

    def slider(self, name):
        return self.page.get_by_role("slider", name=name, exact=True)

    def box(self, name):
        return self.page.get_by_role("textbox", name=f"value of {name}", exact=True)

    def type(self, name, value):
        box = self.box(name)
        box.fill(str(value))
        box.press("Enter")

    def value(self, name):
        return float(self.box(name).input_value())

    def until(self, true):
        """Wait until something is true."""
        end = time.monotonic() + PATIENCE / 1000.0
        while not true():
            assert time.monotonic() < end, f"{PATIENCE} ms: {self.numbers()}, {self.story}"
            self.page.wait_for_timeout(50)

    @property
    def story(self):
        return self.page.locator("#story [data-answer]").inner_text()

    def numbers(self):
        """Return the rows of the table of numbers, by place."""
        rows = self.page.locator("#numbers tr").all_inner_texts()[1:]
        return {row.split("\t")[0]: [float(v) for v in row.split("\t")[1:]] for row in rows}

    def copied(self):
        self.page.get_by_role("button", name="Copy", exact=True).click()
        self.page.get_by_role("button", name="Copied").wait_for()
        return self.page.evaluate("navigator.clipboard.readText()")


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@contextlib.contextmanager
def explored(browser, economy, width=1600, height=1000):
    command = [sys.executable, "-P", "-m", "nege", "explore", economy]
    command += ["--no-browser", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        try:
            address = re.search(r"http://\S+", program.stdout.readline())[0]
            size = {"width": width, "height": height}
            context = browser.new_context(
                viewport=size, permissions=["clipboard-read", "clipboard-write"]
            )
            context.set_default_timeout(PATIENCE)
            page, requests, faults = context.new_page(), [], []
            page.on("request", lambda one: requests.append(one.url))
            page.on("websocket", lambda one: requests.append(one.url))
            page.on("pageerror", lambda one: faults.append(str(one)))
            assert page.goto(address).ok
            page.get_by_text("Solved in").wait_for()
            page.evaluate(WATCH)
            page.get_by_text("Numbers").click()
            yield Explored(page, address, requests)
            assert not faults
            program.send_signal(signal.SIGINT)  # Ctrl-C ends it, and the page says so
            page.get_by_text("has ended").wait_for()
            assert program.wait(10.0) == 130
            context.close()
        finally:
            program.kill()


@pytest.fixture(scope="module")
def two(browser):
    with explored(browser, "two_regions") as page:
        yield page


@pytest.fixture(scope="module")
def cities(browser, tmp_path_factory):
    file = tmp_path_factory.mktemp("economy") / "cities.toml"
    file.write_text(CITIES, encoding="utf-8")
    with explored(browser, str(file), width=390, height=844) as page:
        yield page


def _same(shown, found):
    """Whether the page shows the shares of an equilibrium, to the digits that it shows."""
    share, wage = found.data["share"], found.data["real_wage"]
    shown = {name: row[:2] for name, row in shown.items()}
    there = {
        str(r): [100.0 * share.sel(region=r), wage.sel(region=r)] for r in share["region"].values
    }
    return shown.keys() == there.keys() and all(
        np.allclose(shown[name], there[name], rtol=1e-5, atol=1e-9) for name in there
    )


def _close(some, others):
    """Whether two tables have the same numbers, to what solves of one economy differ by."""
    return all(np.allclose(some[place], others[place], rtol=1e-4) for place in others)


def test_a_slider_dragged_by_the_mouse_gives_what_solve_gives(two):
    economy = economy_file.read_economy("two_regions").model
    two.page.get_by_role("radio", name="start anew each time").check()
    for name, parameter, pixels in (
        ("iceberg trade cost", "trade_cost", -30),
        ("trade cost of the online region", "online_trade_cost", -40),
    ):
        box = two.slider(name).bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        before = two.value(name)
        two.page.mouse.move(x, y)
        two.page.mouse.down()
        two.page.mouse.move(x + pixels, y, steps=8)
        two.page.mouse.up()

        def solved(of=economy, name=name, parameter=parameter, before=before):
            value = two.value(name)
            return value < before and _same(
                two.numbers(), nege.solve(of.replace({parameter: value}))
            )

        two.until(solved)  # with the last of many moves
        economy = economy.replace({parameter: two.value(name)})


def test_lines_that_are_copied_make_the_same(two, tmp_path):
    lines = two.copied()
    assert "import nege" in lines
    lines += "\nprint(*found.data['share'].values.tolist())\n"
    ran = subprocess.run(
        [sys.executable, "-P", "-c", lines],
        cwd=tmp_path,
        env={**os.environ, "MPLBACKEND": "Agg"},
        capture_output=True,
        text=True,
        check=True,
    )
    share = np.array(ran.stdout.strip().splitlines()[-1].split(), dtype=float)
    shown = [people for people, *_ in two.numbers().values()]
    np.testing.assert_allclose(100.0 * share, shown, rtol=1e-5, atol=1e-9)


def test_a_value_that_is_refused_is_said_and_the_pictures_stay_as_old(two):
    before, name = two.numbers(), "elasticity of substitution between varieties"
    old = two.page.get_by_text("Old: the pictures")

    two.type(name, 0.5)
    two.until(lambda: "sigma must be" in two.story)
    old.wait_for()
    assert two.numbers() == before
    assert _pale(two) > 1
    two.type(name, 5)
    two.until(lambda: "Solved in" in two.story)
    old.wait_for(state="hidden")
    two.until(lambda: _pale(two) == 0)


def test_the_diagram_has_the_economy_on_it_and_says_what_is_open(two):
    two.page.locator("#diagram").get_by_role("button", name="Draw").click()
    two.page.get_by_text("Equilibria of a core-periphery economy").wait_for()
    two.page.locator("#diagram").get_by_text("Not established").wait_for()
    two.page.locator("#diagram").get_by_text("the economy now").wait_for()


def test_a_mechanism_is_switched_off_and_on(two):
    online = two.page.get_by_role("checkbox", name="the online region")
    assert "online" in two.numbers()
    online.uncheck()
    two.until(lambda: "online" not in two.numbers())
    online.check()
    two.until(lambda: "online" in two.numbers())


@pytest.mark.parametrize(("width", "height"), [(1600, 1000), (390, 844)])
def test_nothing_is_cut_off_where_mechanisms_are_on(browser, width, height):
    with explored(browser, "online_retail", width, height) as one:
        adding = one.page.get_by_label("Add a mechanism")
        for name in ("Security: ", "Quality: "):
            words = adding.locator("option").all_inner_texts()
            adding.select_option(index=[each.startswith(name) for each in words].index(True))
            one.page.get_by_role("checkbox", name=name).wait_for()
            one.until(lambda: "Solved in" in one.story)
        wider = "them => them.filter(one => one.scrollWidth > one.clientWidth).map(one => one.id)"
        assert one.page.locator("section").evaluate_all(wider) == []


def test_random_moves_leave_a_page_that_answers(two):
    rng, keys = np.random.default_rng(22), ("Home", "End", "PageUp", "PageDown")
    for _ in range(WILD_MOVES):
        sliders, boxes = (
            two.page.get_by_role("slider"),
            two.page.locator("#controls input[type=text]"),
        )
        k = int(rng.integers(sliders.count()))
        if rng.random() < 0.6:
            sliders.nth(k).press(str(rng.choice(keys)))
        else:
            boxes.nth(k).fill(str(rng.choice([-1.0, 0.0, 0.3, 1.7, 1e6])))
            boxes.nth(k).press("Enter")
        assert "nege broke" not in two.story
    two.page.get_by_role("button", name="Reset").click()
    two.page.get_by_role("radio", name="start anew each time").check()
    found = nege.solve(economy_file.read_economy("two_regions").model)
    two.until(lambda: "Solved in" in two.story and _same(two.numbers(), found))


def test_a_diagram_is_cancelled_and_sliders_answer_meanwhile(cities):
    panel, name = cities.page.locator("#diagram"), "iceberg trade cost"
    draw, cancel = (panel.get_by_role("button", name=word) for word in ("Draw", "Cancel"))
    before, value = cities.numbers(), cities.value(name)
    draw.click()
    cities.slider(name).press("ArrowRight")
    cities.until(lambda: cities.numbers() != before)
    cancelled = panel.get_by_text("Cancelled")
    for _ in range(TRIES):  # it may be found before the mouse is there
        with contextlib.suppress(playwright.TimeoutError):
            draw.click()
            cancel.click(timeout=3000)
            cancelled.wait_for(timeout=3000)
            break
    assert cancelled.is_visible()
    cities.slider(name).press("ArrowLeft")
    cities.until(lambda: cities.value(name) == value and _close(cities.numbers(), before))


def test_a_move_that_takes_long_is_said_at_once_and_cancelled(browser):
    with explored(browser, "chinese_cities") as one:
        busy = one.page.locator("#story").get_by_role("button", name="Cancel")
        slider, pale = one.slider("elasticity of substitution between varieties"), 0
        for key in ("Home", "End") * TRIES:  # it may be found before the mouse is there
            slider.press(key)
            with contextlib.suppress(playwright.TimeoutError):
                one.page.locator("#story").get_by_text("solving 260 places").wait_for(timeout=1000)
                one.page.wait_for_timeout(200)
                pale = _pale(one)
                busy.click(timeout=1000)
                one.until(lambda: "Solved" in one.story or "Cancelled." in one.story)
            if "Cancelled." in one.story:
                break
        assert "Cancelled." in one.story
        assert pale > 1
        assert _pale(one) > 1
        one.page.get_by_role("button", name="Reset").click()
        one.until(lambda: "Solved in" in one.story and _pale(one) == 0)


def _pale(one):
    """Return how many pictures that are seen are of another economy than what was asked for.

    Without the diagram: where that takes long it is old until somebody draws it again.
    """
    looks = """them => them.filter(
      one => one.offsetWidth && getComputedStyle(one).opacity < 1).length"""
    places = one.page.locator("body"), one.page.locator("#diagram")
    everywhere, diagram = (at.locator(".bk-Figure").evaluate_all(looks) for at in places)
    return everywhere - diagram


@pytest.mark.parametrize("name", ["two", "cities"])
def test_answers_are_drawn_at_once(name, request, capsys):
    """Prints how long thirty moves took, and fails where most of them are seen to lag."""
    page = request.getfixturevalue(name)
    slider = page.slider("iceberg trade cost")
    page.page.evaluate("window.took = []")
    for done in range(MOVES):
        slider.press("ArrowRight" if done % 2 else "ArrowLeft")
        page.page.wait_for_function(f"window.took.length > {done}")
    took = page.page.evaluate("window.took")
    median, worst = statistics.median(took), max(took)
    with capsys.disabled():
        sys.stdout.write(
            f"\n{name}: from slider to picture in {median:.0f} ms, {worst:.0f} ms at worst\n"
        )
    assert median < 1000.0


def test_nothing_is_asked_of_anybody_else(two, cities):
    for page in (two, cities):
        there = page.address.removeprefix("http://")
        assert page.requests
        for asked in page.requests:
            assert asked.startswith((f"http://{there}", f"ws://{there}", "data:", "blob:")), asked


def test_nobody_else_may_ask(two):
    host, port = two.address.removeprefix("http://").rstrip("/").split(":")
    assert host == "127.0.0.1"
    others = {at[4][0] for at in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    for other in others - {host}:
        with socket.socket() as other_side:
            other_side.settimeout(2.0)
            assert other_side.connect_ex((other, int(port))), f"it answers at {other}"
    for origin, wanted in ((two.address.rstrip("/"), 101), ("http://elsewhere.example", 403)):
        assert _handshake(host, int(port), origin) == wanted
    for path in ("static/../../../../etc/passwd", "static/%2e%2e/%2e%2e/__init__.py", "page.html"):
        with pytest.raises(urllib.error.HTTPError, match=r"40[034]"):
            urllib.request.urlopen(two.address + path, timeout=10)


def _handshake(host, port, origin):
    """Return the status with which a websocket is let in, or not, that comes from a page."""
    token = re.search(r'"token":"([^"]+)"', _text(f"http://{host}:{port}/"))[1]
    lines = [
        "GET /ws HTTP/1.1",
        f"Host: {host}:{port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Protocol: bokeh, {token}",
        f"Origin: {origin}",
        "",
        "",
    ]
    with socket.create_connection((host, port), timeout=10.0) as connection:
        connection.sendall("\r\n".join(lines).encode())
        return int(connection.recv(64).split()[1])


def _text(address):
    with urllib.request.urlopen(address, timeout=60) as answer:
        return answer.read().decode()
