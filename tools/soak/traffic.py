"""Events from every side, and guests that subscribe and unsubscribe."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import AsyncExitStack, asynccontextmanager

from aiohttp import ClientSession

from custom_components.pusher_channels.client.authorizers import SecretAuthorizer, User
from custom_components.pusher_channels.client.client import PusherClient
from custom_components.pusher_channels.client.connection import Timing
from custom_components.pusher_channels.client.exceptions import InvalidUseError, SubscriptionError
from custom_components.pusher_channels.client.server import Server
from tools.devserver import DevServer

from .event_recorder import EventRecorder
from .home import SIGNED, HomeApp
from .ledger import Ledger, Place, Sent

LONGEST_PAUSE = 0.1
RECEIVED_WITHIN = 5.0
LOOKS_EVERY = 0.1
ROOMS = ("presence-lobby", "private-room")
EVENTS = ("shipped", "order.paid", "temperature")


@asynccontextmanager
async def guests(server: DevServer) -> AsyncIterator[list[PusherClient]]:
    """Connect three other users of the first app."""
    async with ClientSession() as session, AsyncExitStack() as stack:
        present = []
        for name in ("ada", "bob", "cyd"):
            guest = PusherClient(
                session,
                SIGNED.key,
                Server.self_hosted(server.host, server.port, use_tls=False),
                authorizer=SecretAuthorizer(SIGNED.key, SIGNED.secret, User(name)),
                timing=Timing(activity_timeout=5, pong_timeout=2, max_reconnect_gap=2),
            )
            stack.push_async_callback(guest.disconnect)
            guest.connect()
            present.append(guest)
        yield present


class Traffic:
    """Steps that send events, also while something is broken."""

    def __init__(
        self,
        server: DevServer,
        apps: list[HomeApp],
        guests: list[PusherClient],
        recorder: EventRecorder,
        ledger: Ledger,
        chance: random.Random,
    ) -> None:
        """Take both sides."""
        self._server = server
        self._apps = apps
        self._guests = guests
        self._recorder = recorder
        self._ledger = ledger
        self._chance = chance
        self._moves: dict[Callable[[], Coroutine[None, None, None]], int] = {
            self._publish: 20,
            self._trigger_by_home: 3,
            self._send_client_event: 3,
            self._send_client_event_by_home: 2,
            self._subscribe_or_unsubscribe_guest: 2,
            self._join_or_leave_passing: 1,
        }

    async def flow(self, stop: asyncio.Event) -> None:
        """Run steps, without waiting for slow ones, until `stop` is set; then wait for all of them."""
        async with asyncio.TaskGroup() as moves:
            while not stop.is_set():
                [move] = self._chance.choices([*self._moves], [*self._moves.values()])
                moves.create_task(move())
                self.note_client_events()
                await asyncio.sleep(self._chance.uniform(0, LONGEST_PAUSE))

    async def publish(self, app: HomeApp, place: Place) -> int:
        """Publish an event and return its number."""
        number, now = self._ledger.number(), time.time()
        self._ledger.note_sent(Sent(number, place, now, now))
        event = self._chance.choice(EVENTS)
        await self._server.publish(place.channel, event, {"number": number}, app=app.app)
        return number

    async def is_received(self, app: HomeApp, places: Iterable[Place]) -> bool:
        """Whether Home Assistant receives an event on each of the channels within 5 seconds."""
        numbers = [await self.publish(app, place) for place in places]
        end = time.monotonic() + RECEIVED_WITHIN
        while time.monotonic() < end:
            self._recorder.catch_up()
            if all(self._ledger.was_received(number) for number in numbers):
                return True
            await asyncio.sleep(LOOKS_EVERY)
        return False

    def note_client_events(self) -> None:
        """Record the guests' events that the server got, and clear the rest of its journal."""
        home = self._apps[0]
        apart = time.time() - asyncio.get_running_loop().time()
        for frame in self._server.received:
            if frame.event == "client-by-guest" and isinstance(frame.data, dict):
                at = frame.time + apart
                place = home.place(str(frame.channel))
                self._ledger.note_sent(Sent(int(str(frame.data["number"])), place, at, at))
        for journal in (self._server.received, self._server.published):
            journal.clear()
        for requests in (self._server.attempts, self._server.auth_requests):
            requests.clear()

    async def _publish(self) -> None:
        app = self._chance.choice(self._apps)
        places = [it for it in (*app.places, app.passing) if not self._ledger.is_away(it)]
        await self.publish(app, self._chance.choice(places or app.places))

    async def _trigger_by_home(self) -> None:
        home = self._apps[0]
        place = self._chance.choice(home.places)
        number, since = self._ledger.number(), time.time()
        done = await home.act(
            "trigger", channel=place.channel, event="by-home", data={"number": number}
        )
        self._ledger.note_sent(Sent(number, place, since, time.time(), certain=done))

    async def _send_client_event(self) -> None:
        guest, room = self._chance.choice(self._guests), self._chance.choice(ROOMS)
        channel = guest.channels.get(room)
        if channel is not None and channel.is_subscribed:
            try:
                await guest.trigger(room, "client-by-guest", {"number": self._ledger.number()})
            except InvalidUseError, SubscriptionError:
                return

    async def _send_client_event_by_home(self) -> None:
        room = self._chance.choice(ROOMS)
        await self._apps[0].act("trigger", channel=room, event="client-by-home", via="client")

    async def _subscribe_or_unsubscribe_guest(self) -> None:
        guest, room = self._chance.choice(self._guests), self._chance.choice(ROOMS)
        if room in guest.channels:
            guest.unsubscribe(room)
        else:
            guest.subscribe(room)

    async def _join_or_leave_passing(self) -> None:
        app = self._chance.choice(self._apps)
        async with app.changing:
            if self._ledger.is_away(app.passing):
                if await app.act("subscribe", channel=app.passing.channel):
                    self._ledger.join(app.passing, time.time())
            elif await self.is_received(app, [app.passing]):
                self._ledger.leave([app.passing], time.time())
                await app.act("unsubscribe", channel=app.passing.channel)
