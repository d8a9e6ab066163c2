"""An economy to explore by hand on a page: in a notebook, from Python, from the command line."""

from __future__ import annotations

import os
import sys
import webbrowser
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nege import validation
from nege.errors import InputError, require
from nege.explorer.engine import Explorer
from nege.models.base import Model
from nege.solver_options import Logit, Replicator, SolverOptions
from nege.validation.keywords import hinted

if TYPE_CHECKING:
    from nege.explorer.server import PageServer

LAST_PORT = 65535
HEIGHT = 900  # pixels, of the frame in a notebook


class Exploration:
    """A page on which an economy is explored, as long as it is open.

    Made by :func:`explore`. In a notebook it shows itself.

    Attributes
    ----------
    address : str
        Where a browser on this machine finds it.
    """

    def __init__(self, server: PageServer, about: str) -> None:
        self._server, self._about = server, about
        self.address = server.address

    def wait(self) -> None:
        """Wait until it is closed, as a script does that would end otherwise."""
        self._server.wait()

    def close(self) -> None:
        """End the page: its address answers no more."""
        self._server.close()

    def __repr__(self) -> str:
        state = "" if self._server.running else " (closed)"
        return f"Explorer of {self._about}: {self.address}{state}"

    def _repr_html_(self) -> str:
        return (
            f'<iframe src="{self.address}" title="nege explorer" width="100%" height="{HEIGHT}" '
            'allow="clipboard-write" style="border:1px solid #ddd"></iframe>'
            f"<div>The page is at {self.address}, on the machine that runs Python: where that is "
            "another one than this, forward the port.</div>"
        )


@hinted
def explore(
    model: Model,
    *,
    start: Any = None,
    dynamics: Replicator | Logit | None = None,
    options: SolverOptions | None = None,
    port: int | None = None,
    browser: bool | None = None,
) -> Exploration:
    """Explore an economy by hand: sliders for its parameters and mechanisms, and what follows.

    The page has a slider for whatever of the model is a number, shares by industry and channel, a
    map, the diagram of all equilibria with the economy on it, who gains, how far each is proven,
    and the lines of Python that make the same. It is served to this machine alone.

    Parameters
    ----------
    model : Model
        The economy to begin with.
    start, dynamics, options
        As :func:`nege.solve` takes them.
    port : int, optional
        Where to serve the page, at 127.0.0.1; by default 5006, or one that is free.
    browser : bool, optional
        Whether to open it in a browser; by default outside of a notebook, where there is a
        screen.

    Returns
    -------
    Exploration
        With its ``address``; it shows itself in a notebook, and ``close()`` ends it.

    Raises
    ------
    InputError
        For what is no model, or a port that is taken.
    DependencyError
        Without Bokeh: ``pip install "nege[explore]"``.

    Notes
    -----
    Not for many economies: each move is one long run, from where the economy was, so that what it
    finds can depend on the way there. :func:`nege.sweep` and :func:`nege.bifurcation` look
    everywhere. Nor for others to look at: whoever has the address on this machine can move things.

    Examples
    --------
    >>> import nege
    >>> places = nege.geography.equidistant(2)
    >>> economy = nege.CorePeriphery(places, sigma=5, mu=0.4, trade_cost=1.7)
    >>> page = nege.explore(economy, port=0, browser=False)
    >>> page.close()
    """
    require_bokeh()
    given: dict[str, Any] = {"start": start, "dynamics": dynamics, "options": options}
    if port is not None:
        port = check_port(port)
    browser = validation.flag("browser", _on_a_screen() if browser is None else browser)
    heading = f"{model.title[:1].upper()}{model.title[1:]} economy"
    exploration = serve(Explorer(model, **given), heading, (), port)
    if browser:
        webbrowser.open(exploration.address)
    return exploration


def require_bokeh() -> None:
    """Say how to install what the page is made of, before any work."""
    require("bokeh", "explore", "The explorer")


def check_port(port: Any) -> int:
    """Return the number of a port."""
    found = validation.whole("port", port, at_least=0)
    if found > LAST_PORT:
        raise InputError("port", port, f"at most {LAST_PORT}", "0 takes one that is free.")
    return found


def serve(explorer: Explorer, title: str, first: Sequence[str], port: int | None) -> Exploration:
    """Serve pages of an explorer like this one, with sliders of some controls in front."""
    # What needs Bokeh, which is not always installed and takes half a second to import.
    from nege.explorer.page import page_of
    from nege.explorer.server import PageServer

    server = PageServer(page_of(explorer, title, first), port)
    return Exploration(server, str(explorer.model))


def open_browser(address: str) -> None:
    """Open a page where there is a screen to show it on."""
    if _has_screen():
        webbrowser.open(address)


def _on_a_screen() -> bool:
    """Whether somebody looks at a screen that is no notebook, which shows the page itself."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return not hasattr(shell, "kernel") and _has_screen()


def _has_screen() -> bool:
    """Whether a browser can open a window: in a terminal alone one would take the terminal."""
    if sys.platform in ("win32", "darwin"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))
