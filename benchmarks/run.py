"""Runs one receiver against the load server, each on a core of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from .load_server import BENCH_APP, MASTER_KEY

ROOT = Path(__file__).parents[1]
SERVER_CORE, CLIENT_CORE = "1", "0"


@dataclass(frozen=True, slots=True)
class Load:
    """What is sent: about `size` bytes of data an event, `gap` milliseconds apart (0: a flood)."""

    size: int
    count: int
    channel: str = "measured"
    gap: float = 0

    @property
    def warm(self) -> int:
        """How many events go before those that count."""
        return max(self.count // 10, 1)


@dataclass(frozen=True, slots=True)
class Result:
    """Seconds for all events of a load: of the wall clock, and of this process's CPU."""

    wall: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Receiver:
    """A program that receives, by the name it has in tables."""

    name: str
    module: str
    options: tuple[str, ...] = ()

    def command(self, port: int, load: Load) -> list[str]:
        """Return the command line."""
        told = [str(port), load.channel, str(load.warm), str(load.count)]
        if self.module.endswith(".js"):
            script = ROOT / "benchmarks" / "receivers" / self.module
            return ["node", str(script), *told, BENCH_APP.secret, MASTER_KEY]
        return [sys.executable, "-m", f"benchmarks.receivers.{self.module}", *told, *self.options]


LIMIT = Receiver("b, the obvious limit", "limit")
LIMIT_BUS = Receiver("h, b and a bus event each", "limit", ("--bus",))
CLIENT = Receiver("this client", "this_client")
CLIENT_BUS = Receiver("this client, bus events", "this_client", ("--bus",))
CLIENT_FILTER = Receiver("this client, nobody looks", "this_client", ("--filter",))
PUSHER_JS = Receiver("pusher-js", "pusher_js.js")
ASYNCPUSHER = Receiver("asyncpusher", "asyncpusher_client")
PYSHER = Receiver("Pysher", "pysher_client")


class LoadServer:
    """The load server's process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        """Take over the process, and wait for its port."""
        self._stdin, stdout = _pipes(process)
        self.port = int(stdout.readline())

    def flood(self, load: Load, count: int) -> None:
        """Send that many events of the load."""
        self._stdin.write(f"flood {load.channel} {load.size} {count} {load.gap}\n")
        self._stdin.flush()


@contextmanager
def load_server() -> Iterator[LoadServer]:
    """Run the load server."""
    command = ["taskset", "-c", SERVER_CORE, sys.executable, "-m", "benchmarks.load_server"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield LoadServer(process)
        finally:
            process.terminate()


def measure(server: LoadServer, receiver: Receiver, load: Load) -> Result:
    """Let a receiver hear a load."""
    environment = os.environ | {
        "PYTHONPATH": os.environ["BENCH_PEERS"],
        "NODE_PATH": os.environ["BENCH_NODE_MODULES"],
    }
    command = ["taskset", "-c", CLIENT_CORE, *receiver.command(server.port, load)]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
    ) as process:
        _, stdout = _pipes(process)
        _expect(stdout, "ready")
        server.flood(load, load.warm)
        _expect(stdout, "warm")
        server.flood(load, load.count)
        result = json.loads(stdout.readline())
        process.terminate()
    if result["total"] not in (0, load.warm + load.count):
        raise RuntimeError(f"{receiver.name} heard {result['total']} of {load.count} events")
    return Result(result["wall"], result["cpu"])


def _pipes(process: subprocess.Popen[str]) -> tuple[IO[str], IO[str]]:
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("The process has no pipes")
    return process.stdin, process.stdout


def _expect(stdout: IO[str], word: str) -> None:
    if (line := stdout.readline().strip()) != word:
        raise RuntimeError(f"The receiver said {line!r} instead of {word!r}")
