"""Runs Home Assistant as a separate process."""

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, Process
from pathlib import Path

_ENDS_WITHIN = 30
# Home Assistant pins versions that are published as source only. It uses them for voice alone.
_NEED_A_COMPILER = ("pymicro-vad", "pyspeex-noise")


class HassProcess:
    """`hass` in its own process group.

    It runs in the environment that the variable HASS_PYTHON names, where it installs what integrations require, as for
    a user. Without the variable it runs in this program's environment and installs nothing.
    """

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
        """Start it."""
        plain = os.environ.get("HASS_PYTHON")
        command = [plain or sys.executable, "-m", "homeassistant", "--config", str(self._config)]
        if plain:
            command += ["--skip-pip-packages", ",".join(_NEED_A_COMPILER)]
        else:
            command.append("--skip-pip")
        with self._output.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                *command,
                "--log-no-color",
                cwd=self._config,
                stdin=DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    async def stop(self) -> None:
        """Terminate the process (SIGTERM), and kill it after 30 s."""
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
