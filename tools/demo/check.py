"""Proves without a browser that events arrive: on the bus, in the entities, and after a reconnect."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientError
from pusher.errors import PusherError

from tools.harness import CallError, Event, Events, RestError, State

from .guest import Guest
from .home import LAMP
from .stage import ALERTS, LOBBY, ORDERS, SHARED_CHANNEL, VAULT, WEATHER, Channel, Stage

type Say = Callable[[str], None]


class UnprovenError(Exception):
    """Something else arrived than expected."""


_SECONDS = 5
_BACK_WITHIN = 15
_FAILURES = (CallError, ClientError, KeyError, OSError, PusherError, RestError, UnprovenError)
_TO_PROVE = {
    ORDERS: "order.shipped",
    WEATHER: "changed",
    ALERTS: "alert",
    LOBBY: "announcement",
    VAULT: "note",
}


@dataclass(frozen=True, slots=True)
class _Proof:
    """A claim, and a function that raises if it does not hold."""

    claim: str
    run: Callable[[Stage], Awaitable[None]]


async def check(stage: Stage, say: Say) -> bool:
    """Run all checks, print a line for each, and return whether all of them hold."""
    results: list[bool] = []
    for proofs in _steps():
        results += await asyncio.gather(*(_holds(proof, stage, say) for proof in proofs))
    return all(results)


def _steps() -> list[list[_Proof]]:
    """Return the proofs in steps; those of one step run at the same time."""
    return [
        [
            _Proof(f"{it.name}: an event reaches the bus and its entity", _arrives(it))
            for it in _TO_PROVE
        ],
        [
            _Proof(
                "presence-lobby: a guest arrives and leaves, and the entities follow",
                _guest_is_seen,
            )
        ],
        [
            _Proof("orders: a value of an event is a sensor", _shows_value),
            _Proof("private-home: a state of Home Assistant is sent to a page", _shares),
        ],
        [_Proof("the trigger action: an event is sent and received", _triggers)],
        [_Proof("server stopped: reconnecting; started again: connected", _reconnects)],
        [
            _Proof(f"{it.name}: the next event after the reconnect", _arrives(it))
            for it in _TO_PROVE
        ],
        [_Proof("no error in Home Assistant's log", _logs_no_error)],
    ]


async def _holds(proof: _Proof, stage: Stage, say: Say) -> bool:
    try:
        await proof.run(stage)
    except _FAILURES as err:
        say(f"FAIL {proof.claim}: {type(err).__name__}: {err}")
        return False
    say(f"ok   {proof.claim}")
    return True


def _arrives(channel: Channel) -> Callable[[Stage], Awaitable[None]]:
    name = _TO_PROVE[channel]

    async def run(stage: Stage) -> None:
        data = {"proof": secrets.token_hex(4)}
        async with stage.hass.events("pusher_channels_event") as events:
            await stage.server.wait_subscribed(channel.name, timeout=_SECONDS)
            await asyncio.to_thread(stage.server.pusher().trigger, channel.name, name, data)
            event = await events.take(lambda event: event["data"] == data, _SECONDS)
        _expect(event, {"channel": channel.name, "event": name})
        entity_id = await stage.entity(channel, "event")
        await stage.hass.wait_state(entity_id, lambda state: _shows(state, name, data), _SECONDS)

    return run


def _shows(state: State, name: str, data: object) -> bool:
    return state.attributes.get("event") == name and state.attributes.get("data") == data


async def _guest_is_seen(stage: Stage) -> None:
    members = await stage.entity(LOBBY, "members")
    member = await stage.entity(LOBBY, "member_ada")
    async with (
        stage.hass.events("pusher_channels_member_added") as added,
        stage.hass.events("pusher_channels_member_removed") as removed,
    ):
        async with Guest(stage.server, LOBBY.name, ("ada", "Ada")):
            await _is_reported(added, count=2)
            await stage.hass.wait_state(members, lambda state: state.state == "2", _SECONDS)
            await stage.hass.wait_state(member, lambda state: state.state == "on", _SECONDS)
        await _is_reported(removed, count=1)
        await stage.hass.wait_state(members, lambda state: state.state == "1", _SECONDS)
        await stage.hass.wait_state(member, lambda state: state.state == "off", _SECONDS)


async def _is_reported(events: Events, count: int) -> None:
    event = await events.take(lambda event: event["user_id"] == "ada", _SECONDS)
    _expect(event, {"channel": LOBBY.name, "user_info": {"name": "Ada"}, "count": count})


async def _shows_value(stage: Stage) -> None:
    total = secrets.randbelow(1_000_000)
    order = {"id": 1, "customer": "Ada", "total": total}
    await asyncio.to_thread(stage.server.pusher().trigger, ORDERS.name, "order.placed", order)
    await stage.hass.wait_state(
        await stage.value(ORDERS, "Total"), lambda state: state.state == str(total), _SECONDS
    )


async def _shares(stage: Stage) -> None:
    async with Guest(stage.server, SHARED_CHANNEL) as page:
        await stage.hass.call_service("light", "toggle", {"entity_id": LAMP})
        lamp = await stage.hass.state(LAMP)
        async with asyncio.timeout(_SECONDS):
            while True:
                states = await page.received("states")
                if lamp and (LAMP, lamp.state) in _pairs(states):
                    return


def _pairs(message: dict[str, Any]) -> set[tuple[str, str]]:
    return {(it["entity_id"], it["state"]) for it in message["states"]}


async def _triggers(stage: Stage) -> None:
    data = {"proof": secrets.token_hex(4)}
    action = {"channel": ORDERS.name, "event": "order.shipped", "data": data}
    async with stage.hass.events("pusher_channels_event") as events:
        await stage.hass.call_service("pusher_channels", "trigger", action)
        await events.take(lambda event: event["data"] == data, _SECONDS)


async def _reconnects(stage: Stage) -> None:
    sensor = await stage.app_entity("connection_state")
    await stage.hass.wait_state(sensor, lambda state: state.state == "connected", _SECONDS)
    await stage.server.stop()
    try:
        await stage.hass.wait_state(sensor, lambda state: state.state == "reconnecting", _SECONDS)
    finally:
        await stage.server.start()
    await stage.hass.wait_state(sensor, lambda state: state.state == "connected", _BACK_WITHIN)


async def _logs_no_error(stage: Stage) -> None:
    errors = [
        line
        for line in stage.hass.log.splitlines()
        if "pusher_channels" in line and (" ERROR " in line or " CRITICAL " in line)
    ]
    if errors:
        raise UnprovenError("\n".join(errors))


def _expect(event: Event, fields: dict[str, object]) -> None:
    if any(event[key] != value for key, value in fields.items()):
        raise UnprovenError(f"it was {event} instead of {fields}")
