"""Linear algebra on one thread, for reproducible rounding: several would sum in other orders."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Iterator
from typing import Any

_lock = threading.Lock()
_users = 0
_limit: Any = None


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Hold linear algebra to one thread until the last of those who ask for it is done."""
    global _users, _limit
    counted = 0
    try:
        with _lock:
            _users, counted = _users + 1, 1
            if _users == 1 and _libraries() is not None:
                _limit = _libraries().limit(limits=1, user_api="blas")
        yield
    finally:
        with _lock:
            _users -= counted
            if _users == 0 and _limit is not None:
                _limit.restore_original_limits()
                _limit = None


@functools.cache
def _libraries() -> Any:
    """Return what sets their threads, None where that is not installed."""
    import scipy.linalg  # noqa: F401, so that its own library is found too

    try:
        from threadpoolctl import ThreadpoolController
    except ImportError:
        return None
    return ThreadpoolController()
