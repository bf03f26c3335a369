"""A pusher-js guest: it receives and sends what a visitor's browser would on the same channels."""

import asyncio
import contextlib
import json
import os
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self, TypedDict, Unpack

from tools.npm.packages import npm_folder

from .apps import APP_1, App
from .backends import Backend

type Json = str | int | float | bool | list[Json] | dict[str, Json] | None

_TIMEOUT = 60.0
_SUBSCRIBED = ("pusher:subscription_succeeded", "pusher:subscription_error")


@dataclass(frozen=True, slots=True)
class State:
    """The connection went from one pusher-js state to another: connecting, connected, unavailable, disconnected..."""

    previous: str
    current: str
    socket_id: str | None


@dataclass(frozen=True, slots=True)
class Error:
    """The connection reported an error, as pusher-js gives it."""

    data: Json


@dataclass(frozen=True, slots=True)
class Event:
    """A channel emitted an event, pusher-js's own (`pusher:...`) included; `data` is decoded and decrypted.

    `channel` is None for an event to the signed-in user. `user_id` is who sent a client event on a presence channel.
    """

    channel: str | None
    event: str
    data: Json = None
    user_id: str | None = None


type Message = State | Error | Event

_KINDS: dict[str, type[Message]] = {"state": State, "error": Error, "event": Event}


class GuestError(Exception):
    """pusher-js refused a command, the server refused the guest, or the guest's process has ended."""


class Options(TypedDict, total=False):
    """Who a guest is and how patient.

    `user_id` (default "guest") and `user_info` (default {}) are signed for presence channels and for signing in.
    After `activity_timeout` seconds of silence (default 30) the guest pings; after `pong_timeout` more (default 10) it
    reconnects.
    """

    user_id: str | int
    user_info: Json
    activity_timeout: float
    pong_timeout: float


class Guest:
    """pusher-js 8.6.0 in a separate Node.js process; `async with` connects it and ends the process.

    What the guest sees stays in `messages` until an expectation takes it, so expectations may come in any order.
    """

    def __init__(self, server: Backend, app: App = APP_1, **options: Unpack[Options]) -> None:
        """Prepare a guest for one app of a server; it signs with the app's secret."""
        defaults: Options = {
            "user_id": "guest",
            "user_info": {},
            "activity_timeout": 30.0,
            "pong_timeout": 10.0,
        }
        place = {"host": server.host, "port": server.port, "app": asdict(app)}
        self._options: dict[str, object] = {**place, **defaults, **options}
        self._process: Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._arrived = asyncio.Condition()
        self._commanding = asyncio.Lock()
        self._answer: asyncio.Future[Json] | None = None
        self._gone = False
        self.messages: list[Message] = []

    async def __aenter__(self) -> Self:
        """Start the guest and wait until it is connected."""
        packages = await asyncio.to_thread(npm_folder)
        self._process = await asyncio.create_subprocess_exec(
            "node",
            Path(__file__).with_name("guest.js"),
            stdin=PIPE,
            stdout=PIPE,
            limit=2**20,
            env={**os.environ, "NODE_PATH": str(packages / "node_modules")},
        )
        self._reader = asyncio.create_task(self._read(self._process.stdout))
        try:
            await self._command("connect", **self._options)
            await self.state("connected")
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """End the guest's process."""
        if self._process is not None and self._reader is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._reader
            await self._process.wait()

    async def subscribe(self, channel: str) -> Json:
        """Subscribe to a channel and return the data of its `pusher:subscription_succeeded`: the members, if any.

        Raises GuestError with the server's answer when it refuses.
        """
        await self._command("subscribe", channel=channel)
        outcome = await self.expect(
            Event, lambda seen: seen.channel == channel and seen.event in _SUBSCRIBED
        )
        if outcome.event == "pusher:subscription_error":
            raise GuestError(f"{channel}: {outcome.data}")
        return outcome.data

    async def unsubscribe(self, channel: str) -> None:
        """Unsubscribe from a channel."""
        await self._command("unsubscribe", channel=channel)

    async def trigger(self, channel: str, event: str, data: Json) -> None:
        """Send a client event. Raises GuestError when pusher-js does not send it; the server's refusal is an Error."""
        if not await self._command("trigger", channel=channel, event=event, data=data):
            raise GuestError(f"{event} was not sent: the guest is not connected.")

    async def sign_in(self) -> None:
        """Sign the user in. Raises GuestError when the server refuses."""
        if not await self._command("signin"):
            raise GuestError("The guest could not sign in.")

    async def disconnect(self) -> None:
        """Close the connection for good and wait until pusher-js reports it."""
        await self._command("disconnect")
        await self.state("disconnected")

    async def state(self, current: str, timeout: float = _TIMEOUT) -> State:
        """Wait until the connection gets into a state."""
        return await self.expect(State, lambda seen: seen.current == current, timeout)

    async def event(self, channel: str | None, event: str, timeout: float = _TIMEOUT) -> Event:
        """Wait for an event on a channel; channel None: for the signed-in user."""
        return await self.expect(
            Event, lambda seen: (seen.channel, seen.event) == (channel, event), timeout
        )

    async def expect[M: Message](
        self, kind: type[M], predicate: Callable[[M], object], timeout: float = _TIMEOUT
    ) -> M:
        """Take the first message of a kind that satisfies the predicate; wait for it at most `timeout` seconds.

        Raises AssertionError, with all that was seen instead, when none comes, and GuestError when the guest is gone.
        """
        try:
            async with asyncio.timeout(timeout), self._arrived:
                while (message := self._take(kind, predicate)) is None:
                    if self._gone:
                        raise GuestError("The guest's process is gone.")
                    await self._arrived.wait()
                return message
        except TimeoutError:
            raise AssertionError(
                f"Nothing expected came within {timeout} s, but: {self.messages}"
            ) from None

    def _take[M: Message](self, kind: type[M], predicate: Callable[[M], object]) -> M | None:
        for index, message in enumerate(self.messages):
            if isinstance(message, kind) and predicate(message):
                del self.messages[index]
                return message
        return None

    async def _command(self, command: str, **options: object) -> Json:
        if self._process is None or self._process.stdin is None:
            raise GuestError("The guest is not started.")
        async with self._commanding, asyncio.timeout(_TIMEOUT):
            self._answer = asyncio.get_running_loop().create_future()
            self._process.stdin.write(json.dumps({"command": command, **options}).encode() + b"\n")
            return await self._answer

    async def _read(self, reports: asyncio.StreamReader | None) -> None:
        while reports and (line := await reports.readline()):
            await self._receive(json.loads(line))
        self._gone = True
        self._settle(error="The guest's process is gone.")
        async with self._arrived:
            self._arrived.notify_all()

    async def _receive(self, report: dict[str, Any]) -> None:
        match report.pop("type"):
            case "done":
                self._settle(result=report["result"])
            case "failed":
                self._settle(error=report["message"])
            case kind:
                async with self._arrived:
                    self.messages.append(_KINDS[kind](**report))
                    self._arrived.notify_all()

    def _settle(self, result: Json = None, error: str | None = None) -> None:
        if self._answer is None or self._answer.done():
            return
        if error is None:
            self._answer.set_result(result)
        else:
            self._answer.set_exception(GuestError(error))
