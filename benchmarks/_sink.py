"""A mail server that takes everything and keeps nothing, in a process of its own.

python -m benchmarks._sink PORT SECONDS
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from devstack.waiting import LOOPBACK, find_free_port, wait_for_port

POSTFIX = Path("/usr/sbin/smtp-sink")
BACKLOG = "64"
ANSWERS = {b"EHLO": b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n", b"QUIT": b"221 bye\r\n"}


@contextmanager
def sink(*, seconds: float = 0) -> Iterator[tuple[str, int]]:
    """Start it; yield its name and port.  `smtp-sink` of Debian's postfix where it is installed: it is nearly free.

    :param seconds: that it takes over each mail; if any, it is our own
    """
    port = find_free_port()
    postfix = shutil.which("smtp-sink") or (str(POSTFIX) if POSTFIX.exists() else "")
    if seconds:
        postfix = ""
    own = [sys.executable, "-m", "benchmarks._sink", str(port), str(seconds)]
    command = [postfix, "-u", "nobody", f"{LOOPBACK}:{port}", BACKLOG] if postfix else own
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        wait_for_port(port, give_up=lambda: server.poll() is not None)
        yield "smtp-sink" if postfix else "own", port
    finally:
        server.terminate()
        server.wait(10)


def serve(port: int, seconds: float) -> None:
    with socket.create_server((LOOPBACK, port), backlog=int(BACKLOG)) as listener:
        while True:
            client, _ = listener.accept()
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=_talk, args=[client, seconds], daemon=True).start()


def _talk(client: socket.socket, seconds: float) -> None:
    with client, client.makefile("rb") as lines, suppress(ConnectionResetError):
        client.sendall(b"220 sink\r\n")
        for line in lines:
            verb = line[:4].upper()
            if verb == b"DATA":
                client.sendall(b"354 go on\r\n")
                while lines.readline() not in {b".\r\n", b""}:
                    pass
                time.sleep(seconds)
            client.sendall(ANSWERS.get(verb, b"250 ok\r\n"))
            if verb == b"QUIT":
                return


if __name__ == "__main__":
    serve(int(sys.argv[1]), float(sys.argv[2]))
