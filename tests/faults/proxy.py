"""A wire that can be cut: stands in front of Redis, PostgreSQL or the mail server, in a process of its own.

python -m tests.faults.proxy PORT TARGET MODE_FILE

TARGET is a port of the loopback or the path of a unix socket.  The first word of the file is what the wire does now:

ok         passes everything on
down       refuses everybody, and cuts those who are there
reset      cuts everybody once with a reset, and goes on so with newcomers
blackhole  takes everything and passes nothing on; who was there then is cut when that ends, as a half-open line is
latency    passes everything on 100 ms late
slice      passes everything on in pieces of a few bytes
cut        cuts each connection in the middle of something, after a few hundred to a few thousand bytes
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import socket
import struct
import subprocess
import sys
from pathlib import Path

from devstack.privileges import dying_with_parent
from devstack.waiting import LOOPBACK, find_free_port, wait_for_port

MODES = ("ok", "down", "reset", "blackhole", "latency", "slice", "cut")
LATENCY_SECONDS = 0.1
SLICE_BYTES = 7
LOOK_SECONDS = 0.02
RESET = struct.pack("ii", 1, 0)  # linger for no time: close with a reset


class Wire:
    """What happens to each connection, by the mode of the moment."""

    def __init__(self, target: str, mode_file: Path) -> None:
        self.target, self.mode_file = target, mode_file
        self.mode = "ok"
        self.open: set[asyncio.StreamWriter] = set()

    async def watch(self) -> None:
        """Follow the file; what a change means for those who are there happens here."""
        while True:
            with contextlib.suppress(OSError, IndexError):
                before, self.mode = self.mode, self.mode_file.read_text().split()[0]
                if self.mode != before and (self.mode in {"down", "reset"} or before == "blackhole"):
                    self.cut_all()
            await asyncio.sleep(LOOK_SECONDS)

    def cut_all(self) -> None:
        for writer in list(self.open):
            _reset(writer)

    async def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.mode in {"down", "reset"}:
            _reset(writer)
            return
        try:
            there_reader, there_writer = await self._reach()
        except OSError:
            _reset(writer)
            return
        self.open |= {writer, there_writer}
        left = [random.randint(200, 4000)]  # bytes until this connection is cut, in both directions together
        directions = [
            asyncio.ensure_future(self.pump(reader, there_writer, left)),
            asyncio.ensure_future(self.pump(there_reader, writer, left)),
        ]
        await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
        for direction in directions:
            direction.cancel()
        for one in (writer, there_writer):
            self.open.discard(one)
            one.close()

    async def _reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self.target.isdigit():
            return await asyncio.open_connection(LOOPBACK, int(self.target))
        return await asyncio.open_unix_connection(self.target)

    async def pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, left: list[int]) -> None:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(65536):
                while self.mode == "blackhole":
                    await asyncio.sleep(LOOK_SECONDS)
                if self.mode == "latency":
                    await asyncio.sleep(LATENCY_SECONDS)
                if self.mode == "cut":
                    left[0] -= len(chunk)
                    if left[0] < 0:
                        writer.write(chunk[: len(chunk) // 2])
                        return
                size = SLICE_BYTES if self.mode == "slice" else len(chunk)
                for begin in range(0, len(chunk), size):
                    writer.write(chunk[begin : begin + size])
                    await writer.drain()
                    if size < len(chunk):
                        await asyncio.sleep(0)


def _reset(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    if connection and connection.family == socket.AF_INET:
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.abort()


class Proxy:
    """The process, from the side of a test."""

    def __init__(self, folder: Path, name: str, target: str) -> None:
        self.target, self.port = target, find_free_port()
        self.mode_file, self.log = folder / f"{name}.mode", folder / f"{name}-proxy.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.mode = "ok"

    @property
    def mode(self) -> str:
        return self.mode_file.read_text()

    @mode.setter
    def mode(self, mode: str) -> None:
        assert mode in MODES
        unfinished = self.mode_file.with_suffix(".part")
        unfinished.write_text(mode)
        unfinished.rename(self.mode_file)

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.faults.proxy", str(self.port), self.target, str(self.mode_file)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                cwd=Path(__file__).resolve().parent.parent.parent,
                env=os.environ.copy(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=dying_with_parent(signal.SIGKILL),
            )
        process = self.process
        wait_for_port(self.port, give_up=lambda: process.poll() is not None)

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


async def main(port: int, target: str, mode_file: Path) -> None:
    wire = Wire(target, mode_file)
    server = await asyncio.start_server(wire.connect, LOOPBACK, port)
    async with server:
        await wire.watch()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], Path(sys.argv[3])))
