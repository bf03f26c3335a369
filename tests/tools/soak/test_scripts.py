"""The scripts of the long runs, for a moment; all at once."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[3] / "scripts"
COMMANDS = {
    "soak": ("--minutes", "0.02", "--seed", "1"),
    "flood": ("--events", "1000", "--no-recorder"),
    "fuzz": ("--frames", "2000", "--payloads", "500", "--machines", "2", "--seed", "1"),
}

type Running = dict[str, subprocess.Popen[str]]


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with ExitStack() as stack:
        yield {
            script: stack.enter_context(
                subprocess.Popen(
                    [SCRIPTS / script, *arguments],
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                )
            )
            for script, arguments in COMMANDS.items()
        }


def result(process: subprocess.Popen[str]) -> tuple[int, str]:
    output, _ = process.communicate()
    return process.returncode, output


def test_fuzz_reads_frames_and_payloads_and_runs_the_state_machine(running: Running) -> None:
    code, output = result(running["fuzz"])
    assert code == 0, output
    assert [line.split(":")[0] for line in output.splitlines()] == ["frames", "payloads", "runs"]


def test_flood_prints_its_figures(running: Running) -> None:
    code, output = result(running["flood"])
    assert output.count("1000 of 1000") == 3, output
    assert code in {0, 1}, output


def test_soak_accounts_for_every_event(running: Running) -> None:
    code, output = result(running["soak"])
    assert code == 0, output
    assert " received + " in output
