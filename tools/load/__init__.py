"""A server that sends events as fast as a client takes them, for benchmarks and floods."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[2]
SERVER_CORE = "1"


class LoadServer:
    """The load server's process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        """Wait for the port of a started process."""
        self._stdin, stdout = pipes(process)
        self.port = int(stdout.readline())

    def tell(self, line: str) -> None:
        """Give a command."""
        self._stdin.write(line + "\n")
        self._stdin.flush()


@contextmanager
def load_server(*options: str) -> Iterator[LoadServer]:
    """Run the load server."""
    command = ["taskset", "-c", SERVER_CORE, sys.executable, "-m", "tools.load.server"]
    with subprocess.Popen(
        [*command, *options], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield LoadServer(process)
        finally:
            process.terminate()


def pipes(process: subprocess.Popen[str]) -> tuple[IO[str], IO[str]]:
    """Return the standard input and output of a process that has them."""
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("The process has no pipes")
    return process.stdin, process.stdout
