"""`python -m tools.demo` in its own process, as scripts/demo runs it."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from tools.harness import free_port, is_free

pytestmark = pytest.mark.timeout(300)

ROOT = Path(__file__).resolve().parents[3]

DROP_FIRST_ORDER = """
publish = Broker.publish
def drop_first_order(self, event):
    if event.channel == "orders":
        Broker.publish = publish
        self._faults.drop_events = 1
    publish(self, event)
Broker.publish = drop_first_order
"""
STOP_AT_ORDERS = """
publish = Broker.publish
def stop_at_orders(self, event):
    publish(self, event)
    if event.channel == "orders":
        gc.collect()
        [server] = [it for it in gc.get_objects() if isinstance(it, DevServer)]
        asyncio.get_running_loop().create_task(server.stop())
Broker.publish = stop_at_orders
"""
RUN = """
import asyncio, gc, runpy
from tools.devserver import DevServer
from tools.devserver.broker import Broker
{fault}
runpy.run_module("tools.demo", run_name="__main__", alter_sys=True)
"""

type Start = Callable[..., Awaitable[Process]]


@pytest.fixture
async def start(socket_enabled: None, tmp_path: Path) -> AsyncIterator[Start]:
    """Return what starts the demo with arguments, after some Python; its temporary files go to tmp_path."""
    started: list[Process] = []

    async def start(*arguments: str, fault: str = "") -> Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            RUN.format(fault=fault),
            *arguments,
            cwd=ROOT,
            env={**os.environ, "TMPDIR": str(tmp_path)},
            stdout=PIPE,
            stderr=STDOUT,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def read_until(process: Process, wanted: str) -> str:
    """Read lines until one contains the text, and return it."""
    assert process.stdout
    seen = []
    while line := (await process.stdout.readline()).decode():
        seen.append(line)
        if wanted in line:
            return line
    pytest.fail("".join(seen))


def is_empty(folder: Path) -> bool:
    return not list(folder.iterdir())


async def test_shows_and_ends_quietly(start: Start, tmp_path: Path) -> None:
    port, server_port = free_port(), free_port()
    process = await start("--port", str(port), "--server-port", str(server_port))
    assert f"http://127.0.0.1:{port}" in await read_until(process, "Home Assistant  ")
    await read_until(process, "orders  order.placed")
    await read_until(process, "presence-lobby  ")

    process.send_signal(signal.SIGINT)
    output, _ = await process.communicate()

    assert process.returncode == 0
    assert b"Traceback" not in output
    assert is_free(port)
    assert is_free(server_port)
    assert is_empty(tmp_path)


async def test_ends_quietly_while_it_starts(start: Start, tmp_path: Path) -> None:
    port = free_port()
    process = await start("--port", str(port), "--server-port", str(free_port()))
    await read_until(process, "Starting")
    process.send_signal(signal.SIGINT)
    output, _ = await process.communicate()
    assert (process.returncode, output) == (0, b"")
    assert is_free(port)
    assert is_empty(tmp_path)


@pytest.mark.parametrize(
    ("option", "other"), [("--port", "--server-port"), ("--server-port", "--port")]
)
async def test_port_that_is_taken_is_named(start: Start, option: str, other: str) -> None:
    taken = await asyncio.start_server(lambda *_: None, "127.0.0.1")
    async with taken:
        port = str(taken.sockets[0].getsockname()[1])
        process = await start(option, port, other, str(free_port()))
        output, _ = await process.communicate()
    assert process.returncode == 1
    assert f"port {port}" in output.decode()
    assert f"scripts/demo {option} " in output.decode()


async def test_check_fails_for_one_dropped_event(start: Start) -> None:
    process = await start("--check", fault=DROP_FIRST_ORDER)
    output, _ = await process.communicate()
    lines = output.decode().splitlines()
    assert process.returncode == 1, lines
    assert [line for line in lines if not line.startswith(("ok   ", "FAIL "))] == []
    assert [line.split(":")[1] for line in lines if line.startswith("FAIL")] == [
        " an event reaches the bus and its entity"
    ]
    assert len(lines) == 16


async def test_check_fails_when_the_server_stops_midway(start: Start) -> None:
    process = await start("--check", fault=STOP_AT_ORDERS)
    output, _ = await process.communicate()
    lines = output.decode().splitlines()
    assert process.returncode == 1, lines
    assert any(line.startswith("FAIL server stopped") for line in lines), lines
