"""The scripts of the long runs, for a moment."""

import asyncio
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture(autouse=True)
def _sockets(socket_enabled: None) -> None:
    """Allow sockets on loopback."""


async def run(script: str, *arguments: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        SCRIPTS / script,
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode, output.decode()


async def test_fuzz_reads_frames_and_payloads_and_lives() -> None:
    code, output = await run(
        "fuzz", "--frames", "2000", "--payloads", "500", "--machines", "2", "--seed", "1"
    )
    assert code == 0, output
    assert [line.split(":")[0] for line in output.splitlines()] == ["frames", "payloads", "lives"]


async def test_flood_tells_its_figures() -> None:
    code, output = await run("flood", "--events", "1000", "--no-recorder")
    assert "events: 1000 of 1000" in output
    assert code in {0, 1}, output


async def test_soak_accounts_for_every_event() -> None:
    code, output = await run("soak", "--minutes", "0.02", "--seed", "1")
    assert code == 0, output
    assert " heard + " in output
