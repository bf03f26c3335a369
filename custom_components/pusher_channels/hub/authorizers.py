"""Makes the authorizer that the user chose: app secret, endpoint or script."""

from asyncio import Lock, timeout
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import ClientSession
from homeassistant.components.script.const import DOMAIN as SCRIPT_DOMAIN
from homeassistant.core import HomeAssistant, split_entity_id
from homeassistant.exceptions import HomeAssistantError, TemplateError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.template import Template
from homeassistant.util.hass_dict import HassKey

from ..client import (
    AuthorizationError,
    Authorizer,
    CallbackAuthorizer,
    EndpointAuthorizer,
    Json,
    Provider,
    SecretAuthorizer,
    User,
    parse_master_key,
)
from ..const import (
    AUTH_ENDPOINT,
    AUTH_SCRIPT,
    AUTH_SECRET,
    CONF_APP_KEY,
    CONF_AUTH_ENDPOINT,
    CONF_AUTHORIZATION,
    CONF_HEADERS,
    CONF_MASTER_KEY,
    CONF_PARAMS,
    CONF_PROXY,
    CONF_SCRIPT,
    CONF_SECRET,
    CONF_SERVER,
    CONF_USER_AUTH_ENDPOINT,
    CONF_USER_ID,
    CONF_USER_INFO,
    CONF_WATCHLIST,
    DOMAIN,
)

SCRIPT_TURNS: HassKey[defaultdict[str, Lock]] = HassKey(f"{DOMAIN}_script_turns")
SCRIPT_REFUSED = 401
SCRIPT_TIMEOUT = 10.0


def make_authorizer(
    hass: HomeAssistant,
    session: ClientSession,
    data: Mapping[str, Any],
    options: Mapping[str, Any],
) -> Authorizer | None:
    """Return who signs for an app's private channels; None when nobody does."""
    kind = data[CONF_AUTHORIZATION]
    if kind == AUTH_SECRET:
        watchlist = tuple(options.get(CONF_WATCHLIST, ()))
        user = User(data[CONF_USER_ID], data.get(CONF_USER_INFO), watchlist)
        return make_secret_authorizer(data, user)
    if kind == AUTH_ENDPOINT:
        return _endpoint_authorizer(hass, session, data)
    if kind == AUTH_SCRIPT:
        return _script_authorizer(hass, data[CONF_SCRIPT])
    return None


def make_secret_authorizer(data: Mapping[str, Any], user: User) -> SecretAuthorizer:
    """Return who signs for a user with an app's own secret."""
    key = data.get(CONF_MASTER_KEY)
    return SecretAuthorizer(
        data[CONF_APP_KEY],
        data[CONF_SECRET],
        user,
        parse_master_key(key) if key else None,
    )


def _endpoint_authorizer(
    hass: HomeAssistant, session: ClientSession, data: Mapping[str, Any]
) -> EndpointAuthorizer:
    return EndpointAuthorizer(
        session,
        data[CONF_AUTH_ENDPOINT],
        data.get(CONF_USER_AUTH_ENDPOINT),
        headers_provider=_rendered(hass, data.get(CONF_HEADERS, ())),
        params_provider=_rendered(hass, data.get(CONF_PARAMS, ())),
        proxy=data[CONF_SERVER].get(CONF_PROXY),
    )


def _rendered(hass: HomeAssistant, fields: Sequence[Mapping[str, str]]) -> Provider:
    """Return a provider that renders each field's template for each request."""
    templates = {field["name"]: Template(field["value"], hass) for field in fields}

    def render() -> Mapping[str, str]:
        return {name: _render(name, template) for name, template in templates.items()}

    return render


def _render(name: str, template: Template) -> str:
    try:
        return str(template.async_render(parse_result=False))
    except TemplateError:
        raise AuthorizationError(f"The template of {name} could not be rendered") from None


def _script_authorizer(hass: HomeAssistant, entity_id: str) -> CallbackAuthorizer:
    """Return an authorizer that runs a script; one that fails, or responds nothing, has refused.

    Each run waits for the one before: a script in its default mode answers only one at a time.
    """
    turn = hass.data.setdefault(SCRIPT_TURNS, defaultdict(Lock))[entity_id]

    async def ask(variables: dict[str, str]) -> Json:
        try:
            async with turn, timeout(SCRIPT_TIMEOUT):
                response = await hass.services.async_call(
                    SCRIPT_DOMAIN,
                    _script_action(hass, entity_id),
                    variables,
                    blocking=True,
                    return_response=True,
                )
        except TimeoutError:
            words = f"The script {entity_id} did not answer in time"
            raise AuthorizationError(words, retryable=True) from None
        except (HomeAssistantError, ValueError) as err:
            words = f"The script {entity_id} failed ({type(err).__name__})"
            raise AuthorizationError(words, SCRIPT_REFUSED) from None
        if not response:
            words = f"The script {entity_id} failed, or it responded nothing"
            raise AuthorizationError(words, SCRIPT_REFUSED)
        return response

    async def ask_for_channel(socket_id: str, channel: str) -> Json:
        return await ask({"socket_id": socket_id, "channel_name": channel})

    async def ask_for_user(socket_id: str) -> Json:
        return await ask({"socket_id": socket_id})

    return CallbackAuthorizer(ask_for_channel, ask_for_user)


def _script_action(hass: HomeAssistant, entity_id: str) -> str:
    """Return the name of a script's action, which a renamed entity keeps."""
    entry = er.async_get(hass).async_get(entity_id)
    return split_entity_id(entity_id)[1] if entry is None else entry.unique_id
