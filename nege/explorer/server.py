"""The explorer's page on this machine alone: a server in a thread, at 127.0.0.1.

Only pages that came from it may talk to it (the origin of a websocket is checked), the page takes
nothing from elsewhere (its Content-Security-Policy), and there is nothing that reads a file for it.
"""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Callable
from typing import Any

from bokeh.application import Application
from bokeh.application.handlers import FunctionHandler
from bokeh.server.server import BaseServer
from bokeh.server.tornado import BokehTornado
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop

from nege.errors import InputError, of_system

HOST = "127.0.0.1"
PORT = 5006  # where it is free
LONGEST_STOP = 2.0  # seconds that closing waits for pages to be told


class PageServer:
    """Gives each browser that comes a page of its own, until it is closed."""

    def __init__(self, make_page: Callable[[Any], None], port: int | None) -> None:
        listening = _listening(port)
        self.port = int(listening.getsockname()[1])
        self.address = f"http://{HOST}:{self.port}/"
        ready = threading.Event()

        def serve() -> None:
            asyncio.set_event_loop(asyncio.new_event_loop())
            loop = IOLoop.current()
            pages = BokehTornado(
                {"/": Application(FunctionHandler(make_page))},
                extra_websocket_origins=[f"{name}:{self.port}" for name in (HOST, "localhost")],
            )
            listener = HTTPServer(pages)
            listener.add_socket(listening)
            self._server, self._loop = BaseServer(loop, pages, listener), loop
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
            for session in self._server.get_sessions("/"):
                for end in session.document.session_destroyed_callbacks:
                    end(session.document.session_context)
            self._server.stop(wait=False)
            self._loop.stop()

        self._loop.add_callback(stop)
        self._thread.join(LONGEST_STOP)


def _listening(port: int | None) -> socket.socket:
    """Return what listens at a port, by default at the usual one or, that taken, another."""
    for wanted in (PORT, 0) if port is None else (port,):
        made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            if os.name == "posix":  # elsewhere it would share a port that is in use
                made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind((HOST, wanted))
            made.listen()
            made.setblocking(False)
            return made
        except OSError as error:
            made.close()
            refused = error
    cure = f"The system says: {of_system(refused)}. Without it nege takes one that is free."
    raise InputError("port", port, "a port that is free", cure) from refused
