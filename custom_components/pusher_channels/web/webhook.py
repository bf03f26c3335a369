"""Receives the webhooks of the server and fires their events on the bus."""

import logging
from collections import defaultdict
from contextlib import suppress
from functools import partial
from http import HTTPStatus

from aiohttp import hdrs
from aiohttp.web import Request, RequestPayloadError, Response
from homeassistant.components import webhook
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_WEBHOOK_ID
from homeassistant.core import CoreState, HomeAssistant, callback
from homeassistant.helpers.network import NoURLAvailableError, get_url
from homeassistant.helpers.start import async_at_started
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from ..client import (
    MAX_BODY_BYTES,
    BodyTooLongError,
    WebhookError,
    WebhookEvent,
    WebhookMemory,
    WebhookReceiver,
    read_body,
)
from ..const import CONF_APP_KEY, CONF_SECRET, CONF_WEBHOOK, CONF_WEBHOOK_KEYS, DOMAIN
from ..hub import issues
from ..hub.hub import PusherConfigEntry

_LOGGER = logging.getLogger(__name__)

MEMORIES: HassKey[defaultdict[str, WebhookMemory]] = HassKey(f"{DOMAIN}_webhooks")


def has_webhook(entry: PusherConfigEntry) -> bool:
    """Return whether an entry receives webhooks; they are checked with the app secret."""
    return bool(entry.options.get(CONF_WEBHOOK)) and CONF_SECRET in entry.data


@callback
def async_setup_webhooks(hass: HomeAssistant) -> None:
    """Register the webhooks of all entries.

    They stay registered while an entry is not loaded: the server is asked to repeat its request.
    """
    hass.data[MEMORIES] = defaultdict(WebhookMemory)
    for entry in hass.config_entries.async_entries(DOMAIN):
        _register(hass, entry)


@callback
def async_start(hass: HomeAssistant, entry: PusherConfigEntry) -> None:
    """Register or remove the webhook of an entry by its present options."""
    _register(hass, entry)
    if not has_webhook(entry):
        issues.webhook_removed(hass, entry)
        return

    @callback
    def check(hass: HomeAssistant) -> None:
        webhook_id = entry.options[CONF_WEBHOOK_ID]
        if _has_cloudhook(hass, webhook_id):
            issues.webhook_moved(hass, entry, async_webhook_url(hass, webhook_id))

    entry.async_on_unload(async_at_started(hass, check))


@callback
def async_webhook_url(hass: HomeAssistant, webhook_id: str) -> str:
    """Return the external address of a webhook; only its path if Home Assistant has no address."""
    path = webhook.async_generate_path(webhook_id)
    try:
        return f"{get_url(hass, prefer_external=True, allow_cloud=True)}{path}"
    except NoURLAvailableError:
        return path


@callback
def async_remove(hass: HomeAssistant, entry: PusherConfigEntry) -> None:
    """Remove the webhook of an entry that is removed."""
    if MEMORIES in hass.data:
        hass.data[MEMORIES].pop(entry.entry_id, None)
    if CONF_WEBHOOK_ID in entry.options:
        webhook.async_unregister(hass, entry.options[CONF_WEBHOOK_ID])


def _register(hass: HomeAssistant, entry: PusherConfigEntry) -> None:
    if CONF_WEBHOOK_ID not in entry.options:
        return
    webhook_id = entry.options[CONF_WEBHOOK_ID]
    webhook.async_unregister(hass, webhook_id)
    if has_webhook(entry):
        handler = partial(_handle, entry)
        webhook.async_register(
            hass, DOMAIN, entry.title, webhook_id, handler, allowed_methods=[hdrs.METH_POST]
        )


def _has_cloudhook(hass: HomeAssistant, webhook_id: str) -> bool:
    """Return whether an earlier version created a cloudhook.

    The cloud integration is not imported, because its requirements would be needed.
    """
    with suppress(KeyError, AttributeError):
        return webhook_id in hass.data["cloud"].client.cloudhooks
    return False


def _secrets(entry: PusherConfigEntry) -> dict[str, str]:
    """Return the secret of each key of the app."""
    others = {key["name"]: key["value"] for key in entry.options.get(CONF_WEBHOOK_KEYS, ())}
    return others | {entry.data[CONF_APP_KEY]: entry.data[CONF_SECRET]}


async def _handle(
    entry: PusherConfigEntry, hass: HomeAssistant, _: str, request: Request
) -> Response:
    """Handle a webhook; the server repeats it later while automations cannot run."""
    try:
        body = await read_body(request.content, MAX_BODY_BYTES)
    except BodyTooLongError:
        return Response(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    except RequestPayloadError:
        return Response(status=HTTPStatus.BAD_REQUEST)
    if hass.state is not CoreState.running or entry.state is not ConfigEntryState.LOADED:
        return Response(status=HTTPStatus.SERVICE_UNAVAILABLE)
    hub = entry.runtime_data

    def fire(event: WebhookEvent) -> None:
        hub.bus_of(event.channel).fire_webhook(event)

    receiver = WebhookReceiver(_secrets(entry), hass.data[MEMORIES][entry.entry_id])
    try:
        receiver.receive(request.headers, body, dt_util.utcnow().timestamp(), fire)
    except WebhookError as err:
        _LOGGER.debug("%s refused a webhook: %s", entry.title, err)
        issues.webhook_refused(hass, entry, err.message)
        return Response(status=err.status)
    issues.webhook_accepted(hass, entry)
    return Response()
