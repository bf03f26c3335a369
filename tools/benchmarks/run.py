"""Runs the load server and the receivers, each side on a separate core."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import IO, Any

from tools.load import ROOT, LoadServer, pipes
from tools.load.server import BENCH_APP, MASTER_KEY

CLIENT_CORE = "0"


@dataclass(frozen=True, slots=True)
class Load:
    """What is sent: `count` events of about `size` bytes a frame, `gap` milliseconds apart (0: a flood).

    `command` is the load server's: flood, stamp or churn.
    """

    count: int
    size: int = 100
    channel: str = "measured"
    gap: float = 0
    command: str = "flood"

    @property
    def warm(self) -> int:
        """How many events go before those that count."""
        return max(self.count // 10, 1)

    def scaled(self, scale: float) -> Load:
        """Return the same with another count."""
        return replace(self, count=max(int(self.count * scale), 20))

    def line(self, count: int) -> str:
        """Return the load server's command for that many events."""
        match self.command:
            case "flood":
                return f"flood {self.channel} {self.size} {count} {self.gap}"
            case "stamp":
                return f"stamp {self.channel} {count} {self.gap}"
            case _:
                return f"churn {self.channel} {count}"


@dataclass(frozen=True, slots=True)
class Result:
    """Seconds for all events of a load: of the wall clock, of the process's CPU; and delays in seconds."""

    wall: float
    cpu: float
    delays: Sequence[float]

    def delay(self, share: float) -> float:
        """Return the delay that this share of events does not exceed."""
        return sorted(self.delays)[min(int(len(self.delays) * share), len(self.delays) - 1)]


@dataclass(frozen=True, slots=True)
class Receiver:
    """A program that receives, by the name it has in tables."""

    name: str
    module: str
    options: tuple[str, ...] = ()

    @property
    def short(self) -> str:
        """The name without its explanation."""
        return self.name.partition(",")[0]

    def asked(self, *options: str) -> Receiver:
        """Return the same with more options, which are the receiver's."""
        return replace(self, options=(*self.options, *options))

    def command(self, port: int, load: Load) -> list[str]:
        """Return the command line."""
        args = [str(port), load.channel, str(load.warm), str(load.count)]
        args += [BENCH_APP.secret, MASTER_KEY]
        if self.module.endswith(".js"):
            script = ROOT / "tools" / "benchmarks" / "receivers" / self.module
            return ["node", str(script), *args, *self.options]
        module = ["-m", f"tools.benchmarks.receivers.{self.module}"]
        return [sys.executable, *module, *args, *self.options]


LIMIT = Receiver("b, the obvious limit", "limit")
LIMIT_BUS = Receiver("h, b and a bus event each", "limit", ("bus",))
CLIENT = Receiver("this client", "this_client")
CLIENT_BUS = Receiver("this client, bus events", "this_client", ("bus",))
CLIENT_FILTER = Receiver("this client, no listener", "this_client", ("filter",))
PUSHER_JS = Receiver("pusher-js", "pusher_js.js")
ASYNCPUSHER = Receiver("asyncpusher", "asyncpusher_client")
PYSHER = Receiver("Pysher", "pysher_client")
SOCKUDO = Receiver("sockudo-python", "sockudo_client")


@contextmanager
def on_client_core(
    command: Sequence[str], **environment: str
) -> Iterator[tuple[subprocess.Popen[str], IO[str]]]:
    """Run a program beside the peers, and end it; yields the process and what it prints."""
    peers = {
        "PYTHONPATH": os.environ["BENCH_PEERS"],
        "NODE_PATH": os.environ["BENCH_NODE_MODULES"],
    }
    with subprocess.Popen(
        ["taskset", "-c", CLIENT_CORE, *command],
        cwd=ROOT,
        env=os.environ | peers | environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process, pipes(process)[1]
        finally:
            process.terminate()


def measure(server: LoadServer, receiver: Receiver, load: Load) -> Result:
    """Run a receiver against a load."""
    return follow(server, receiver.name, receiver.command(server.port, load), load)


def follow(
    server: LoadServer, name: str, command: Sequence[str], load: Load, **environment: str
) -> Result:
    """Run a receiver's command and send it the load."""
    with on_client_core(command, **environment) as (_, stdout):
        expect(stdout, "ready")
        server.tell(load.line(load.warm))
        expect(stdout, "warm")
        server.tell(load.line(load.count))
        result: dict[str, Any] = json.loads(stdout.readline())
    if result["total"] not in (0, load.warm + load.count):
        raise RuntimeError(f"{name} received {result['total']} of {load.warm + load.count} events")
    return Result(result["wall"], result["cpu"], result["delays"])


def ulid_implementation() -> str:
    """Say which implementation of ulid-transform, which makes Home Assistant's context ids, is used."""
    program = "import ulid_transform._ulid_impl"
    peers = {"PYTHONPATH": os.environ["BENCH_PEERS"]}
    command = [sys.executable, "-c", program]
    found = subprocess.run(command, env=os.environ | peers, capture_output=True, check=False)
    kind = "compiled" if found.returncode == 0 else "pure-Python"
    return f"Home Assistant's context ids came from the {kind} ulid-transform."


def expect(stdout: IO[str], word: str) -> None:
    """Wait for a word; raises RuntimeError for any other."""
    if (line := stdout.readline().strip()) != word:
        raise RuntimeError(f"The receiver said {line!r} instead of {word!r}")
