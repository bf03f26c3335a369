"""Our client subscribes to many channels, each with a listener.

With the arguments `PORT PREFIX COUNT SECRET MASTER_KEY` it prints a line of JSON: the seconds from the connection until
all are subscribed and, with `--memory`, bytes for each channel. With `--rejoin` it waits until the server closes the
connection, and prints another line: the seconds from that loss until all are subscribed again.
"""

import argparse
import asyncio
import gc
import json
import os
import time
import tracemalloc

import aiohttp

from . import client_alone  # noqa: F401  # before the client

# isort: split
from custom_components.pusher_channels.client.authorizers import SecretAuthorizer, User
from custom_components.pusher_channels.client.client import ClientNotice, PusherClient
from custom_components.pusher_channels.client.connection import ConnectionState, StateChange
from custom_components.pusher_channels.client.crypto import parse_master_key
from custom_components.pusher_channels.client.server import Server


class States:
    """When the connection last changed to a state."""

    def __init__(self, client: PusherClient) -> None:
        self.since: dict[ConnectionState, float] = {}
        self.connected = asyncio.Event()
        client.listen(self._changed)

    def _changed(self, notice: ClientNotice) -> None:
        if isinstance(notice, StateChange):
            self.since[notice.state] = time.perf_counter()
            if notice.state is ConnectionState.CONNECTED:
                self.connected.set()


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("prefix")
    parser.add_argument("count", type=int)
    parser.add_argument("secret")
    parser.add_argument("master_key")
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--rejoin", action="store_true")
    return parser.parse_args()


async def main() -> None:
    """Subscribe, and with `--rejoin` subscribe again."""
    args = arguments()
    names = [f"{args.prefix}{number}" for number in range(args.count)]
    async with aiohttp.ClientSession() as session:
        authorizer = SecretAuthorizer(
            "bench", args.secret, User("bench"), parse_master_key(args.master_key)
        )
        server = Server.self_hosted("127.0.0.1", args.port, use_tls=False)
        client = PusherClient(session, "bench", server, authorizer=authorizer)
        states = States(client)
        if args.memory:
            tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        for name in names:
            client.subscribe(name).bind(ignore)
        client.connect()
        await all_subscribed(client, states)
        seconds = time.perf_counter() - states.since[ConnectionState.CONNECTED]
        gc.collect()
        taken = tracemalloc.get_traced_memory()[0] - before
        print(json.dumps({"seconds": seconds, "bytes": taken / args.count}), flush=True)
        if args.rejoin:
            states.connected.clear()
            await all_subscribed(client, states)
            seconds = time.perf_counter() - states.since[ConnectionState.RECONNECTING]
            print(json.dumps({"seconds": seconds}), flush=True)
        os._exit(0)


async def all_subscribed(client: PusherClient, states: States) -> None:
    """Wait until every channel is subscribed; the last one requested is the last to succeed."""
    await states.connected.wait()
    for channel in reversed(list(client.channels.values())):
        await channel.wait_subscribed()


def ignore(_: object) -> None:
    """Ignore an event."""


if __name__ == "__main__":
    asyncio.run(main())
