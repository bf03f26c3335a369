"""`python -m demo`: run the demo until it is told to stop, or check that everything arrives."""

import argparse
import asyncio
import signal
import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from aiohttp import ClientError

from tools.browser.frontend import CHROMIUM
from tools.browser.pictures import UncommittedChangesError, commit_shown_in
from tools.devserver import Published
from tools.harness import OWNER, CallError, FlowRefusedError, NotReadyError, RestError, is_free

from . import dashboard, picture
from .check import check
from .stage import APP, open_stage
from .traffic import keep_going

_WIDTH = 100
_SECONDS_TO_SEE = 120


def main() -> int:
    """Return 0, or 1 when a port is taken, Home Assistant does not start or a proof fails."""
    options = _parser().parse_args()
    try:
        return asyncio.run(_until_signal(options))
    except (CallError, ClientError, FlowRefusedError, NotReadyError, OSError, RestError) as err:
        _say(f"FAIL {type(err).__name__}: {err}")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/demo",
        description="Home Assistant with Pusher Channels, and something to see.",
    )
    parser.add_argument(
        "--check", action="store_true", help="prove that everything arrives, then end"
    )
    parser.add_argument(
        "--screenshot", type=Path, metavar="FILE", help="picture the dashboard, then end"
    )
    parser.add_argument("--port", type=int, default=8123, help="of Home Assistant (8123)")
    parser.add_argument("--server-port", type=int, default=6001, help="of the dev server (6001)")
    return parser


async def _until_signal(options: argparse.Namespace) -> int:
    """Run; SIGINT, SIGTERM and SIGHUP end it quietly, everything put away."""
    task = asyncio.ensure_future(_run(options))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    with suppress(asyncio.CancelledError):
        return await task
    return 1 if options.check or options.screenshot else 0


async def _run(options: argparse.Namespace) -> int:
    if options.check:
        return await _check()
    if options.screenshot:
        return await _picture(options.screenshot)
    return await _show(options)


async def _check() -> int:
    async with open_stage() as stage:
        return 0 if await check(stage, _say) else 1


async def _picture(file: Path) -> int:
    if not CHROMIUM.exists():
        _say(f"There is no {CHROMIUM}.")
        _say("What to do: apt-get install chromium fonts-noto-core")
        return 1
    try:
        commit = commit_shown_in(file.parent)
    except UncommittedChangesError as err:
        _say(str(err))
        return 1
    async with open_stage() as stage:
        await dashboard.lay(stage)
        async with asyncio.TaskGroup() as group:
            traffic = group.create_task(keep_going(stage.server, _say_now))
            await asyncio.sleep(_SECONDS_TO_SEE)
            await picture.take(stage.hass, file, commit)
            traffic.cancel()
    return 0


async def _show(options: argparse.Namespace) -> int:
    for name, option, port in (
        ("Home Assistant", "--port", options.port),
        ("The dev server", "--server-port", options.server_port),
    ):
        if not is_free(port):
            _say(f"{name} needs port {port}, and something else has it.")
            _say(
                f"What to do: end what uses it, or choose another: scripts/demo {option} {port + 1}"
            )
            return 1
    _say("Starting Home Assistant; this takes a moment.")
    async with open_stage(
        hass_port=options.port, server_port=options.server_port, on_publish=_say_published
    ) as stage:
        await dashboard.lay(stage)
        _say(f"\n  Home Assistant  {stage.hass.url}")
        _say(f"  User name       {OWNER.username}")
        _say(f"  Password        {OWNER.password}")
        _say(f"  Dev server      {stage.server.url}, app id {APP.app_id}, key {APP.key}")
        _say("  Ctrl-C ends it\n")
        await keep_going(stage.server, _say_now)
    return 0


def _say_published(published: Published) -> None:
    line = f"{published.channel}  {published.event}  {published.data}"
    _say_now(line if len(line) <= _WIDTH else f"{line[:_WIDTH]}…")


def _say_now(line: str) -> None:
    _say(f"{datetime.now().astimezone():%H:%M:%S}  {line}")


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
