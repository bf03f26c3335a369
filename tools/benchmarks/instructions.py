"""How many user-space instructions an event takes: repeatable where seconds are not. Needs valgrind."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tools.load import LoadServer, load_server

from .figures import Figure, Settings, at_most, ratios
from .run import CLIENT, LIMIT, Load, Receiver, expect, on_client_core

LOADS: Final = {
    "one event at a time": (Load(400, gap=25), at_most(1.05)),
    "flood": (Load(20_000), at_most(1.1)),
}
LEAST_SCALE: Final = 0.1
HASH_SEED: Final = {"PYTHONHASHSEED": "0"}


def can_count() -> bool:
    """Return whether this computer can count instructions."""
    return shutil.which("callgrind_control") is not None


def instructions_per_event(server: LoadServer, receiver: Receiver, load: Load) -> float:
    """Let callgrind count from the end of the warm-up to the end of the process."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "callgrind.out"
        valgrind = ["valgrind", "-q", "--tool=callgrind", "--instr-atstart=no"]
        valgrind += [f"--callgrind-out-file={out}", f"--log-file={folder}/log"]
        command = [*valgrind, *receiver.command(server.port, load)]
        with on_client_core(command, **HASH_SEED) as (process, stdout):
            expect(stdout, "ready")
            server.tell(load.line(load.warm))
            expect(stdout, "warm")
            _start_counting(process.pid)
            server.tell(load.line(load.count))
            process.wait()
        return _total(out) / load.count


def _start_counting(pid: int) -> None:
    command = ["callgrind_control", "--instr=on", str(pid)]
    subprocess.run(command, check=True, capture_output=True)


def _total(out: Path) -> int:
    lines = [line for line in out.read_text().splitlines() if line.startswith("totals: ")]
    return int(lines[-1].split()[1])


def instructions(settings: Settings) -> Iterator[Figure]:
    """Count for b and for the client, events one by one and in a flood."""
    if not can_count():
        return
    with load_server() as server:
        for title, (load, goal) in LOADS.items():
            scaled = load.scaled(max(settings.scale, LEAST_SCALE))
            limit: list[float] = []
            client: list[float] = []
            for _ in range(settings.rounds):
                limit.append(instructions_per_event(server, LIMIT, scaled))
                client.append(instructions_per_event(server, CLIENT.asked("slowed"), scaled))
            yield Figure(title, LIMIT.name, "instructions", limit)
            yield Figure(title, CLIENT.name, "x b", ratios(client, limit), goal)
