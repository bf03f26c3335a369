"""An app and its channels as they stand in Home Assistant."""

import secrets
from collections.abc import Callable, Sequence
from typing import Any, Self

from tools.harness import CallError, Event, Flow, HomeAssistant, State

from .apps import APP_1, App
from .backends import Backend
from .publisher import publish

type Wanted = str | Callable[[State], object]

USER_ID = "kitchen"
USER_INFO = {"name": "Kitchen"}


def app_form(server: Backend, app: App = APP_1) -> dict[str, Any]:
    """Return the first form of the flow, filled in for an app of a server."""
    return {
        "app_key": app.key,
        "server": {"host": server.host, "port": server.port, "use_tls": False},
    }


def secret_form(app: App = APP_1) -> dict[str, Any]:
    """Return the form of the app secret, filled in completely."""
    return {
        "secret": app.secret,
        "app_id": app.app_id,
        "advanced": {
            "encryption_master_key": app.master_key,
            "user_id": USER_ID,
            "user_info": USER_INFO,
        },
    }


class AppEntry:
    """An app that was added to Home Assistant."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Know an entry by its id."""
        self.hass = hass
        self.entry_id = entry_id

    @classmethod
    async def add(
        cls,
        hass: HomeAssistant,
        server: Backend,
        app: App = APP_1,
        authorization: str = "auth_secret",
        **form: object,
    ) -> Self:
        """Add an app of a server, by default with its secret; raises `FlowRefusedError`."""
        fields = secret_form(app) if authorization == "auth_secret" and not form else form
        return cls(hass, await hass.add_app(app_form(server, app), authorization, **fields))

    async def add_channel(
        self, name: str, events: Sequence[str] = (), members: Sequence[str] = ()
    ) -> ChannelEntry:
        """Add a channel, and wait until it is subscribed. Raises FlowRefusedError."""
        subentry_id = await self.hass.add_channel(
            self.entry_id, name, events=events, members=members
        )
        channel = ChannelEntry(self, name, subentry_id)
        await channel.becomes("subscribed", "on")
        return channel

    async def remove(self) -> None:
        """Remove the app."""
        await self.hass.delete(f"/api/config/config_entries/entry/{self.entry_id}")

    async def reload(self) -> None:
        """Unload the app and set it up again."""
        await self.hass.post(f"/api/config/config_entries/entry/{self.entry_id}/reload")

    async def set_enabled(self, enabled: bool) -> None:
        """Disable the app, which unloads it, or enable it."""
        disabled_by = None if enabled else "user"
        await self.hass.call(
            "config_entries/disable", entry_id=self.entry_id, disabled_by=disabled_by
        )

    async def loading(self) -> str:
        """Return how far the app is set up: loaded, setup_retry and so on."""
        entry = await self.hass.call("config_entries/get_single", entry_id=self.entry_id)
        state: str = entry["config_entry"]["state"]
        return state

    async def set_options(self, **options: object) -> None:
        """Change the options, and wait until the app has reconnected with them."""
        before = await self.state("connection_state")
        steps = await self.hass.start_options_flow(self.entry_id)
        await steps.submit(**options)
        steps.created()
        await self.becomes("connection_state", lambda now: _is_another_connection(before, now))

    async def act(self, action: str, **data: object) -> None:
        """Perform an action of the integration for this app. Raises CallError."""
        fields = {"config_entry_id": self.entry_id, **data}
        await self.hass.call_service("pusher_channels", action, fields)

    async def ask(self, action: str, **data: object) -> dict[str, Any]:
        """Perform an action of the integration for this app and return its response. Raises CallError."""
        fields = {"config_entry_id": self.entry_id, **data}
        response: dict[str, Any] = await self.hass.call_service(
            "pusher_channels", action, fields, return_response=True
        )
        return response

    async def refusal(self, action: str, **data: object) -> str:
        """Perform an action that has to fail, and return the translation key of its error."""
        try:
            await self.act(action, **data)
        except CallError as err:
            return str(err.translation_key)
        raise AssertionError(f"{action} did what it must not: {data}")

    async def issues(self) -> set[str]:
        """Return the kinds of the app's repair issues."""
        listed = (await self.hass.call("repairs/list_issues"))["issues"]
        suffix = f"_{self.entry_id}"
        ids = [it["issue_id"] for it in listed if it["domain"] == "pusher_channels"]
        return {id_.removesuffix(suffix) for id_ in ids if id_.endswith(suffix)}

    async def reauth(self) -> Flow:
        """Wait until Home Assistant asks to reauthenticate the app, and open the dialog."""
        async with self.hass.events("repairs_issue_registry_updated") as changes:
            while (steps := await self.hass.reauth_flow(self.entry_id)) is None:
                await changes.take()
        return steps

    async def entity_id(self, key: str) -> str:
        """Return the id of an entity of the app's device, once there is one."""
        unique_id = f"{self.entry_id}_{key}"
        async with self.hass.events("entity_registry_updated") as changes:
            while True:
                try:
                    return await self.hass.entity_id(unique_id)
                except KeyError:
                    await changes.take()

    async def state(self, key: str) -> State:
        """Return the state of an entity of the app's device."""
        return await self.becomes(key, lambda _: True)

    async def becomes(self, key: str, wanted: Wanted) -> State:
        """Return the state of an entity of the app's device, once it matches."""
        entity_id = await self.entity_id(key)
        is_wanted = (lambda state: state.state == wanted) if isinstance(wanted, str) else wanted
        return await self.hass.wait_state(entity_id, is_wanted)

    async def device_id(self, key: str = "connection_state") -> str:
        """Return the id of the device that an entity belongs to."""
        entity = await self.hass.call(
            "config/entity_registry/get", entity_id=await self.entity_id(key)
        )
        device_id: str = entity["device_id"]
        return device_id


class ChannelEntry:
    """A channel that was added to an app."""

    def __init__(self, app: AppEntry, name: str, subentry_id: str) -> None:
        """Know a channel by the id of its subentry."""
        self.app = app
        self.name = name
        self.subentry_id = subentry_id

    async def change(self) -> Flow:
        """Start to change the channel."""
        steps = await self.reconfigure()
        await steps.choose("channel")
        return steps

    async def reconfigure(self) -> Flow:
        """Open the menu of what can be changed of the channel."""
        return await self.app.hass.start_channel_flow(
            self.app.entry_id, subentry_id=self.subentry_id
        )

    async def check_receives(self, server: Backend) -> None:
        """Publish an event with the official library, and check that bus and entity have it exactly once."""
        first, second = secrets.token_hex(4), secrets.token_hex(4)
        async with self.app.hass.events("pusher_channels_event") as events:
            for word in (first, second):
                await publish(server, self.name, "proof", {"word": word})
            for word in (first, second):
                received = await events.take(_carries(word))
                assert (received["channel"], received["event"]) == (self.name, "proof")
            assert {"word": first} not in [event["data"] for event in events.waiting]
        await self.becomes("event", lambda state: state.attributes["data"] == {"word": second})

    async def remove(self) -> None:
        """Remove the channel."""
        command = "config_entries/subentries/delete"
        await self.app.hass.call(command, entry_id=self.app.entry_id, subentry_id=self.subentry_id)

    async def entity_id(self, key: str) -> str:
        """Return the id of an entity of the channel's device, once there is one."""
        return await self.app.entity_id(f"{self.subentry_id}_{key}")

    async def state(self, key: str) -> State:
        """Return the state of an entity of the channel's device."""
        return await self.app.state(f"{self.subentry_id}_{key}")

    async def becomes(self, key: str, wanted: Wanted) -> State:
        """Return the state of an entity of the channel's device, once it matches."""
        return await self.app.becomes(f"{self.subentry_id}_{key}", wanted)

    async def device_id(self) -> str:
        """Return the id of the channel's device."""
        return await self.app.device_id(f"{self.subentry_id}_subscribed")


def _is_another_connection(before: State, now: State) -> bool:
    return (
        now.state == "connected" and now.attributes["socket_id"] != before.attributes["socket_id"]
    )


def _carries(word: str) -> Callable[[Event], bool]:
    return lambda event: event["data"] == {"word": word}
