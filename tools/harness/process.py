"""Home Assistant as a process of its own."""

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, Process
from pathlib import Path

_ENDS_WITHIN = 30


class HassProcess:
    """`hass` of the interpreter that runs this, in a process group of its own."""

    def __init__(self, config: Path) -> None:
        """Prepare; nothing runs yet."""
        self._config = config
        self._output = config / "output.log"
        self._process: Process | None = None

    @property
    def log(self) -> str:
        """All that it has printed, over all its starts."""
        return self._output.read_text(errors="replace") if self._output.exists() else ""

    @property
    def is_running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Start it; it never installs anything."""
        command = [sys.executable, "-m", "homeassistant", "--config", str(self._config)]
        with self._output.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                *command,
                "--skip-pip",
                "--log-no-color",
                cwd=self._config,
                stdin=DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    async def stop(self) -> None:
        """Let it end in its own way (SIGTERM), and kill it when that takes more than 30 s."""
        self._signal(signal.SIGTERM)
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_ENDS_WITHIN):
                    await self._wait()
        finally:
            await self.kill()

    async def kill(self) -> None:
        """End it, and all that it has started, at once (SIGKILL)."""
        self._signal(signal.SIGKILL)
        await self._wait()

    async def _wait(self) -> None:
        if self._process is not None:
            await self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
