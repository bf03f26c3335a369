"""`python -m tools.demo`: run the demo until it is ended, or check that everything arrives."""

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

from . import dashboard, page, picture
from .check import check
from .stage import APP, Stage, open_stage
from .traffic import keep_going

_WELCOME = """
  Home Assistant  {hass}
  User name       {username}
  Password        {password}
  Dev server      {server}, app id {app.app_id}, key {app.key}, secret {app.secret}
  Shared page     {page}

  Try this
  1. On the dashboard press "Ship an order": the card shows it, and an automation toggles the lamp.
  2. Open the shared page beside it, and switch the lamp in Home Assistant.
  3. Send an order from a program of yours, with any Pusher library, here the one for Python:
     {python} -c 'import pusher
     shop = pusher.Pusher("{app.app_id}", "{app.key}", "{app.secret}", host="{host}", port={port}, ssl=False)
     shop.trigger("orders", "order.shipped", {{"id": 7, "customer": "Me", "total": 12.5}})'

  Ctrl-C ends it
"""
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
    parser.add_argument("--check", action="store_true", help="check that events arrive, then end")
    parser.add_argument(
        "--pictures", type=Path, metavar="FOLDER", help="take the pictures of the pages, then end"
    )
    parser.add_argument("--port", type=int, default=8123, help="of Home Assistant (8123)")
    parser.add_argument("--server-port", type=int, default=6001, help="of the dev server (6001)")
    return parser


async def _until_signal(options: argparse.Namespace) -> int:
    """Run; SIGINT, SIGTERM and SIGHUP end it, with everything closed and removed."""
    task = asyncio.ensure_future(_run(options))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    with suppress(asyncio.CancelledError):
        return await task
    return 1 if options.check or options.pictures else 0


async def _run(options: argparse.Namespace) -> int:
    if options.check:
        return await _check()
    if options.pictures:
        return await _take_pictures(options.pictures)
    return await _show(options)


async def _check() -> int:
    async with open_stage() as stage:
        return 0 if await check(stage, _say) else 1


async def _take_pictures(folder: Path) -> int:
    if not CHROMIUM.exists():
        _say(f"There is no {CHROMIUM}.")
        _say("What to do: apt-get install chromium fonts-noto-core")
        return 1
    try:
        commit = commit_shown_in(folder)
    except UncommittedChangesError as err:
        _say(str(err))
        return 1
    async with open_stage() as stage, page.serve(stage.server) as address:
        await dashboard.lay(stage, address)
        async with asyncio.TaskGroup() as group:
            traffic = group.create_task(keep_going(stage.server, _say_now))
            await asyncio.sleep(_SECONDS_TO_SEE)
            await picture.take(stage, address, folder, commit)
            traffic.cancel()
        await picture.take_animation(stage, folder)
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
    async with (
        open_stage(
            hass_port=options.port, server_port=options.server_port, on_publish=_say_published
        ) as stage,
        page.serve(stage.server) as address,
    ):
        await dashboard.lay(stage, address)
        _say(_welcome(stage, address))
        await keep_going(stage.server, _say_now)
    return 0


def _welcome(stage: Stage, address: str) -> str:
    return _WELCOME.format(
        hass=stage.hass.url,
        username=OWNER.username,
        password=OWNER.password,
        server=stage.server.url,
        host=stage.server.host,
        port=stage.server.port,
        app=APP,
        page=address,
        python=sys.executable,
    )


def _say_published(published: Published) -> None:
    line = f"{published.channel}  {published.event}  {published.data}"
    _say_now(line if len(line) <= _WIDTH else f"{line[:_WIDTH]}…")


def _say_now(line: str) -> None:
    _say(f"{datetime.now().astimezone():%H:%M:%S}  {line}")


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
