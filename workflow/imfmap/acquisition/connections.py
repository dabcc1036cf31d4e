"""Connections of HTTP: none to a server of this machine or its network that the config does not name; none for ever."""

import socket
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import PoolManager

from ..core.errors import SetupError
from . import limits
from .outside import is_near


class GuardedAdapter(HTTPAdapter):
    """Makes guarded connections for `requests`, and never repeats a request: `http` does that.

    A server whose name leads to this machine or its network is left at once, before anything is sent to it: the server
    of a redirect too, and a name that leads elsewhere since it was checked. An IP address is taken, because
    `outside.address` has checked it. Behind a proxy, the proxy finds the server.

    Parameters
    ----------
    named : collection of str
        Hosts that the config names, which may be anywhere.

    Raises
    ------
    SetupError
        From each request to a server that is left.
    """

    def __init__(self, named: Collection[str]) -> None:
        self._named = named
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **keywords: Any) -> None:
        super().init_poolmanager(*args, **keywords)
        self._guard(self.poolmanager, check_peer=True)

    def proxy_manager_for(self, proxy: str, **keywords: Any) -> PoolManager:
        known = proxy in self.proxy_manager
        manager = super().proxy_manager_for(proxy, **keywords)
        if not known:
            self._guard(manager, check_peer=False)
        return manager

    def _guard(self, manager, check_peer):
        manager.pool_classes_by_scheme = {
            scheme: type(
                pool.__name__, (pool,), {"ConnectionCls": _guarded(pool.ConnectionCls, self._named, check_peer)}
            )
            for scheme, pool in manager.pool_classes_by_scheme.items()
        }


def _guarded(connection, named, check_peer):
    """Class of connections that are left at once if their server is near, and of heads that come in time."""

    class Guarded(connection):
        def connect(self):
            super().connect()
            if not check_peer or self.host in named or _is_number(self.host):
                return
            peer = self.sock.getpeername()[0]
            if is_near(peer):
                self.close()
                raise SetupError(
                    f"server {self.host}",
                    f"its name leads to {peer}, which is this machine or in its network",
                    "check the address; to use this server, name it in acquisition.mirror",
                )

        def getresponse(self):
            # A head of one byte now and then, and one without end.
            limit_s = limits.HEAD_TIMEOUTS * self.timeout
            stop = self.sock
            with ended_after(limit_s, lambda: stop.shutdown(socket.SHUT_RDWR)) as late:
                try:
                    return super().getresponse()
                finally:
                    if late.is_set():
                        raise TimeoutError

    # Messages of failures name the class.
    Guarded.__name__ = Guarded.__qualname__ = connection.__name__
    return Guarded


def _is_number(host):
    """Whether a host is an IP address."""
    for family in (socket.AF_INET, socket.AF_INET6):
        with suppress(OSError):
            return bool(socket.inet_pton(family, host.strip("[]")))
    return False


@contextmanager
def ended_after(seconds: float, end: Callable[[], object]) -> Iterator[threading.Event]:
    """Call a function if the block takes longer.

    Parameters
    ----------
    seconds : float
    end : callable
        What makes the block end, such as closing the socket that it reads.

    Yields
    ------
    threading.Event
        Set if the time was over.
    """
    late = threading.Event()

    def act():
        late.set()
        # The block may have ended at this very moment.
        with suppress(OSError, ValueError, RuntimeError):
            end()

    timer = threading.Timer(seconds, act)
    timer.daemon = True
    timer.start()
    try:
        yield late
    finally:
        timer.cancel()


@contextmanager
def kept_going(window_s: float, count: Callable[[], int], end: Callable[[], object]) -> Iterator[threading.Event]:
    """Call a function if a transfer in the block is too slow for a while (`limits.SLOWEST_BYTES_S`).

    Parameters
    ----------
    window_s : float
        The while, seconds.
    count : callable
        Gives the bytes that have come.
    end : callable
        What makes the block end.

    Yields
    ------
    threading.Event
        Set if the transfer was too slow.
    """
    slow, done = threading.Event(), threading.Event()

    def watch():
        before = count()
        while not done.wait(window_s):
            now = count()
            if now - before < limits.SLOWEST_BYTES_S * window_s:
                slow.set()
                with suppress(OSError, ValueError, RuntimeError):
                    end()
                return
            before = now

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield slow
    finally:
        done.set()
        watcher.join()
