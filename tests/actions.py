"""Helpers of the tests of actions and triggers: calls, errors and another client."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

import custom_components.pusher_channels
from custom_components.pusher_channels.const import DOMAIN
from tests.tools.devserver.peer import Peer
from tools.devserver import DevServer

_FOLDER = Path(custom_components.pusher_channels.__file__).parent
ENGLISH = json.loads((_FOLDER / "translations/en.json").read_text())


async def act(hass: HomeAssistant, action: str, **data: Any) -> None:
    """Run an action."""
    await hass.services.async_call(DOMAIN, action, data, blocking=True)


async def ask(hass: HomeAssistant, action: str, **data: Any) -> Any:
    """Run an action and return its response, as it would go over the WebSocket API."""
    response = await hass.services.async_call(
        DOMAIN, action, data, blocking=True, return_response=True
    )
    return json.loads(json.dumps(response))


async def mistake(hass: HomeAssistant, action: str, **data: Any) -> tuple[str | None, str]:
    """Run an action that raises a validation error; return its key and its text."""
    with pytest.raises(ServiceValidationError) as caught:
        await act(hass, action, **data)
    return caught.value.translation_key, text_of(caught.value)


async def failure(hass: HomeAssistant, action: str, **data: Any) -> tuple[str | None, str]:
    """Run an action that raises an error of the network or the server; return its key and text."""
    with pytest.raises(HomeAssistantError) as caught:
        await act(hass, action, **data)
    assert not isinstance(caught.value, ServiceValidationError)
    return caught.value.translation_key, text_of(caught.value)


def text_of(err: HomeAssistantError) -> str:
    """Return the error's English text; fail when there is none, or a placeholder stays empty."""
    assert err.translation_domain == DOMAIN
    text: str = ENGLISH["exceptions"][err.translation_key]["message"]
    return text.format(**err.translation_placeholders or {})


@asynccontextmanager
async def connected_guest(server: DevServer) -> AsyncIterator[Peer]:
    """Connect another client, which signs with the official library."""
    async with ClientSession() as session:
        peer = await Peer.open(server, session)
        await peer.greet()
        try:
            yield peer
        finally:
            await peer.websocket.close()
