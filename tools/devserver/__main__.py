"""`python -m tools.devserver`: run the server until a signal stops it."""

import argparse
import asyncio
import signal

from . import PROFILES, App, DevServer, Published


def main() -> None:
    """Serve one app and print a line for each event published, until SIGINT or SIGTERM."""
    try:
        asyncio.run(_serve(_parser().parse_args()))
    except (OSError, ValueError) as error:
        raise SystemExit(f"devserver: {error}") from error


def _parser() -> argparse.ArgumentParser:
    default = App()
    parser = argparse.ArgumentParser(
        prog="python -m tools.devserver", description="A small Pusher-compatible server."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=6001, help="0 takes a free one")
    parser.add_argument("--path", default="", help="prefix of the websocket address")
    parser.add_argument(
        "--like", choices=PROFILES, default="soketi", help="the server to behave like (soketi)"
    )
    parser.add_argument("--app-id", default=default.app_id)
    parser.add_argument("--key", default=default.key)
    parser.add_argument("--secret", default=default.secret)
    parser.add_argument(
        "--master-key", metavar="BASE64", help="32 bytes, for private-encrypted channels"
    )
    return parser


async def _serve(options: argparse.Namespace) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    app = App(
        app_id=options.app_id, key=options.key, secret=options.secret, master_key=options.master_key
    )
    place = {"host": options.host, "port": options.port, "path": options.path}
    profile = PROFILES[options.like]
    async with DevServer([app], profile=profile, **place, on_publish=_print_event) as server:
        _say(f"Listening on {server.url}{options.path}/app/{app.key}")
        _say(
            f"app id {app.app_id}, key {app.key}, secret {app.secret}, master key {app.master_key or 'none'}"
        )
        if server.api_port != server.port:
            _say(f"Server API on port {server.api_port}")
        _say(f"Authorizing endpoints {server.auth_url} and {server.user_auth_url}")
        await stopped.wait()


def _print_event(published: Published) -> None:
    dropped = " (dropped)" if published.dropped else ""
    _say(f"{published.channel} {published.event} {published.data}{dropped}")


def _say(line: str) -> None:
    print(line, flush=True)


main()
