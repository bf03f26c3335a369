"""What the integration costs before any event: import, set-up, unload, memory, and CPU while idle."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

from tools.load import ROOT, load_server

from .figures import Figure, Settings, at_most
from .run import CLIENT_CORE, on_client_core

IMPORTS = ("taskset", "-c", CLIENT_CORE, sys.executable, "-m", "tools.benchmarks.receivers.imports")
IMPORT_GOAL = at_most(30)
MANY_GOAL = at_most(100)
UNLOAD_GOAL = at_most(20)
IDLE_SECONDS = 20.0
PING_EVERY, PINGS_AN_HOUR = 1.0, 30.0


def startup(settings: Settings) -> Iterator[Figure]:
    """Import, set up, idle and unload, each in a new process."""
    yield Figure("import", "all of the integration", "ms", import_times(settings), IMPORT_GOAL)
    idle = IDLE_SECONDS * settings.scale
    with load_server("--activity-timeout", str(PING_EVERY)) as server:
        found = [entries(server.port, idle) for _ in range(settings.rounds)]
    for load, key, name, goal in (
        ("set-up until subscribed", "first", "the first entry, with one channel", None),
        ("set-up until subscribed", "second", "another entry, with one channel", None),
        ("set-up until subscribed", "many", "an entry with 100 channels", MANY_GOAL),
        ("unload", "unload", "an entry with 100 channels", UNLOAD_GOAL),
    ):
        yield Figure(load, name, "ms", [it[key] * 1000 for it in found], goal)
    yield Figure("memory", "an entry with one channel", "KB", [it["bytes"] / 1000 for it in found])
    pings = idle / PING_EVERY
    hours = [max(it["idle"], 0) * 1000 / pings * PINGS_AN_HOUR for it in found]
    yield Figure("idle", "CPU of an entry, 30 pings an hour", "ms an hour", hours)


def import_times(settings: Settings) -> list[float]:
    """Return the milliseconds of CPU that the imports take, with bytecode cached."""
    with tempfile.TemporaryDirectory() as cache:
        used = _import(cache)
        _import(cache, used)
        return [float(_import(cache, used)) * 1000 for _ in range(settings.rounds)]


def entries(port: int, seconds: float) -> dict[str, Any]:
    """Return the figures of the program entries.py."""
    command = [sys.executable, "-m", "tools.benchmarks.receivers.entries", str(port), str(seconds)]
    with on_client_core(command) as (_, stdout):
        found: dict[str, Any] = json.loads(stdout.readline())
        return found


def _import(cache: str, *arguments: str) -> str:
    environment = os.environ | {"PYTHONPYCACHEPREFIX": cache}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(
        [*IMPORTS, *arguments],
        cwd=ROOT,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout
