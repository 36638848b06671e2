"""Waiting for a server to listen, and asking whether a port is free."""

from __future__ import annotations

import errno
import secrets
import socket
import time
from collections.abc import Callable
from pathlib import Path

LOOPBACK = "127.0.0.1"
FEW_USE = range(20_000, 32_000)


class NotReadyError(TimeoutError):
    """A server did not listen in time."""


def wait_for_socket(path: Path, *, timeout_seconds: float = 10, give_up: Callable[[], bool] = lambda: False) -> None:
    """Wait until somebody listens on a unix socket."""
    _wait_until_it_listens(socket.AF_UNIX, str(path), str(path), timeout_seconds, give_up)


def wait_for_port(port: int, *, timeout_seconds: float = 30, give_up: Callable[[], bool] = lambda: False) -> None:
    """Wait until somebody listens on a loopback port.

    :param give_up: asked between tries; when it says yes the wait ends early
    """
    _wait_until_it_listens(socket.AF_INET, (LOOPBACK, port), f"port {port}", timeout_seconds, give_up)


def is_free(port: int) -> bool:
    with socket.socket() as candidate:
        candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            candidate.bind((LOOPBACK, port))
        except OSError as error:
            if error.errno in {errno.EADDRINUSE, errno.EACCES}:
                return False
            raise
        return True


def find_free_port() -> int:
    """Return a port that was free a moment ago, and is below those that the system gives away by itself meanwhile."""
    while not is_free(port := secrets.choice(FEW_USE)):
        pass
    return port


def _wait_until_it_listens(
    family: socket.AddressFamily,
    address: str | tuple[str, int],
    name: str,
    timeout_seconds: float,
    give_up: Callable[[], bool],
) -> None:
    end = time.monotonic() + timeout_seconds
    while time.monotonic() < end and not give_up():
        with socket.socket(family) as attempt:
            attempt.settimeout(1)
            try:
                attempt.connect(address)
            except OSError:
                time.sleep(0.03)
            else:
                return
    raise NotReadyError(f"Nobody listens on {name}.")
