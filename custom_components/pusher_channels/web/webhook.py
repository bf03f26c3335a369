"""Receives the server's webhooks, and fires what they tell on the bus."""

import logging
from collections import defaultdict
from contextlib import suppress
from functools import partial
from typing import Final

from aiohttp import hdrs
from aiohttp.web import Request, Response
from homeassistant.components import webhook
from homeassistant.const import CONF_WEBHOOK_ID
from homeassistant.core import CoreState, HomeAssistant, callback
from homeassistant.helpers.network import NoURLAvailableError
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from ..client import (
    MAX_BODY_BYTES,
    WebhookError,
    WebhookMemory,
    WebhookReceiver,
)
from ..const import CONF_APP_KEY, CONF_SECRET, CONF_WEBHOOK, DOMAIN
from ..hub.hub import Hub, PusherConfigEntry
from .request_body import BodyTooLongError, read_body

_LOGGER = logging.getLogger(__name__)

MEMORIES: HassKey[defaultdict[str, WebhookMemory]] = HassKey(f"{DOMAIN}_webhooks")
CLOUD: Final = "cloud"


def has_webhook(entry: PusherConfigEntry) -> bool:
    """Tell whether the user wants webhooks, and there is a secret to check them with."""
    return bool(entry.options.get(CONF_WEBHOOK)) and CONF_SECRET in entry.data


@callback
def async_start(hass: HomeAssistant, entry: PusherConfigEntry) -> None:
    """Receive the webhooks of an entry until it is unloaded, if its user wants that."""
    if not has_webhook(entry):
        return
    memories = hass.data.setdefault(MEMORIES, defaultdict(WebhookMemory))
    receiver = WebhookReceiver(
        entry.data[CONF_APP_KEY], entry.data[CONF_SECRET], memories[entry.entry_id]
    )
    webhook_id = entry.options[CONF_WEBHOOK_ID]
    handler = partial(_handle, entry.runtime_data, receiver)
    webhook.async_register(
        hass, DOMAIN, entry.title, webhook_id, handler, allowed_methods=[hdrs.METH_POST]
    )
    entry.async_on_unload(partial(webhook.async_unregister, hass, webhook_id))


async def async_webhook_url(hass: HomeAssistant, webhook_id: str) -> str:
    """Return a webhook's address: Nabu Casa's where there is one, else Home Assistant's own.

    Of a Home Assistant that does not know its own address it is the path alone.
    """
    if url := await _cloudhook_url(hass, webhook_id):
        return url
    try:
        return webhook.async_generate_url(hass, webhook_id)
    except NoURLAvailableError:
        return webhook.async_generate_path(webhook_id)


async def async_forget(hass: HomeAssistant, entry: PusherConfigEntry) -> None:
    """Delete what an entry that is removed leaves behind."""
    if memories := hass.data.get(MEMORIES):
        memories.pop(entry.entry_id, None)
    if CONF_WEBHOOK_ID in entry.options and CLOUD in hass.config.components:
        from homeassistant.components import cloud  # noqa: PLC0415  # slow to import

        with suppress(cloud.CloudNotAvailable, ValueError):
            await cloud.async_delete_cloudhook(hass, entry.options[CONF_WEBHOOK_ID])


async def _cloudhook_url(hass: HomeAssistant, webhook_id: str) -> str | None:
    if CLOUD not in hass.config.components:
        return None
    from hass_nabucasa import NabuCasaBaseError  # noqa: PLC0415  # slow to import
    from homeassistant.components import cloud  # noqa: PLC0415  # slow to import

    if not cloud.async_active_subscription(hass):
        return None
    try:
        return await cloud.async_get_or_create_cloudhook(hass, webhook_id)
    except (cloud.CloudNotAvailable, NabuCasaBaseError, TimeoutError) as err:
        _LOGGER.warning("Nabu Casa gave no address for a webhook (%s)", type(err).__name__)
        return None


async def _handle(
    hub: Hub, receiver: WebhookReceiver, hass: HomeAssistant, _: str, request: Request
) -> Response:
    """Take a webhook; before automations can hear of it the server is asked to come back."""
    if hass.state is not CoreState.running:
        return Response(status=503)
    try:
        body = await read_body(request.content, MAX_BODY_BYTES)
        events = receiver.receive(request.headers, body, dt_util.utcnow().timestamp())
    except BodyTooLongError:
        return Response(status=413)
    except WebhookError as err:
        _LOGGER.debug("%s refused a webhook: %s", hub.entry.title, err)
        return Response(status=err.status)
    for event in events:
        hub.bus_of(event.channel).fire_webhook(event)
    return Response()
