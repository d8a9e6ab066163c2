"""The explorer's page on this machine alone: a server in a thread, at 127.0.0.1.

Only pages that came from it may talk to it (the origin of a websocket is checked), the page takes
nothing from elsewhere (its Content-Security-Policy), and there is nothing that reads a file for it.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

from nege.errors import InputError, of_system, require

HOST = "127.0.0.1"
PORT = 5006  # where it is free
LONGEST_STOP = 2.0  # seconds that closing waits for pages to be told


def require_bokeh() -> None:
    """Say how to install what the page is made of, before any work."""
    require("bokeh", "explore", "The explorer")


class PageServer:
    """Gives each browser that comes a page of its own, until it is closed."""

    def __init__(self, make_page: Callable[[Any], None], port: int | None) -> None:
        server: Any = require("bokeh.server.server", "explore", "The explorer")
        tornado: Any = require("bokeh.server.tornado", "explore", "The explorer")
        handler: Any = require("bokeh.application.handlers", "explore", "The explorer")
        application: Any = require("bokeh.application", "explore", "The explorer")
        http: Any = require("tornado.httpserver", "explore", "The explorer")
        loops: Any = require("tornado.ioloop", "explore", "The explorer")
        sockets = _listening(port)
        self.port = int(sockets[0].getsockname()[1])
        self.address = f"http://{HOST}:{self.port}/"
        ready = threading.Event()

        def serve() -> None:
            asyncio.set_event_loop(asyncio.new_event_loop())
            loop = loops.IOLoop.current()
            pages = tornado.BokehTornado(
                {"/": application.Application(handler.FunctionHandler(make_page))},
                extra_websocket_origins=[f"{name}:{self.port}" for name in (HOST, "localhost")],
            )
            listener = http.HTTPServer(pages)
            listener.add_sockets(sockets)
            self._server, self._loop = server.BaseServer(loop, pages, listener), loop
            self._server.start()
            loop.add_callback(ready.set)
            loop.start()
            loop.close(all_fds=True)

        self._thread = threading.Thread(target=serve, name="nege explorer", daemon=True)
        self._thread.start()
        ready.wait()

    @property
    def running(self) -> bool:
        """Whether it answers."""
        return self._thread.is_alive()

    def wait(self) -> None:
        """Wait until it is closed, or Ctrl-C."""
        self._thread.join()

    def close(self) -> None:
        """End it, and every page of it."""
        if not self._thread.is_alive():
            return

        def stop() -> None:
            self._server.unlisten()
            self._server.stop(wait=False)
            self._loop.stop()

        self._loop.add_callback(stop)
        self._thread.join(LONGEST_STOP)


def _listening(port: int | None) -> Any:
    """Return sockets that listen at a port, by default at the usual one or, that taken, another."""
    bind: Any = require("tornado.netutil", "explore", "The explorer").bind_sockets
    for wanted in (PORT, 0) if port is None else (port,):
        try:
            return bind(wanted, HOST)
        except OSError as error:
            refused = error
    cure = f"The system says: {of_system(refused)}. Without it nege takes one that is free."
    raise InputError("port", port, "a port that is free", cure) from refused
