"""The authorization methods: each makes the authorizer of an app from its entry's data."""

import re
from asyncio import Lock, timeout
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, override

from aiohttp import ClientSession
from homeassistant.components.script.const import DOMAIN as SCRIPT_DOMAIN
from homeassistant.const import (
    EVENT_SERVICE_REMOVED,
    STATE_ON,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
)
from homeassistant.core import Event, HomeAssistant, callback, split_entity_id
from homeassistant.exceptions import HomeAssistantError, ServiceNotFound, TemplateError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.template import Template
from homeassistant.util.hass_dict import HassKey

from ..client import (
    AuthorizationError,
    Authorizer,
    CallbackAuthorizer,
    ChannelAuth,
    ChannelKind,
    EndpointAuthorizer,
    Json,
    SecretAuthorizer,
    User,
    UserAuth,
    parse_master_key,
)
from ..const import (
    AUTH_ENDPOINT,
    AUTH_NONE,
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
    DEFAULT_USER_INFO,
    DOMAIN,
    Settings,
)

SCRIPT_LOCKS: HassKey[defaultdict[str, Lock]] = HassKey(f"{DOMAIN}_script_locks")
SCRIPT_REFUSED: Final = 401
SCRIPT_TIMEOUT: Final = 10.0
NO_MASTER_KEY: Final = (
    "An encrypted channel needs the encryption master key. Use Reconfigure of the app, choose App"
    " secret, and enter it in the field Encryption master key under Advanced"
)

_EXPRESSION: Final = re.compile(r"{{.*?}}|{%.*?%}|{#.*?#}", re.DOTALL)
_NONE: Final = re.compile(r"\bNone\b")
_MISSING: Final = re.compile(rf"\b({STATE_UNKNOWN}|{STATE_UNAVAILABLE}|None)\b")

type MakeAuthorizer = Callable[
    [HomeAssistant, ClientSession, Settings, Settings], Authorizer | None
]


@dataclass(frozen=True, slots=True)
class AuthorizationMethod:
    """A way to authorize private channels.

    `is_external`: an endpoint or a script authorizes, which may fail to answer.
    """

    make_authorizer: MakeAuthorizer
    is_external: bool


def make_authorizer(
    hass: HomeAssistant, session: ClientSession, data: Settings, options: Settings
) -> Authorizer | None:
    """Return the authorizer of an app; None for an app without private channels."""
    return METHODS[data[CONF_AUTHORIZATION]].make_authorizer(hass, session, data, options)


def make_secret_authorizer(data: Settings, user: User) -> SecretAuthorizer:
    """Return an authorizer that signs for the user with the app secret."""
    key = data.get(CONF_MASTER_KEY)
    return AppSecretAuthorizer(
        data[CONF_APP_KEY],
        data[CONF_SECRET],
        user,
        parse_master_key(key) if key else None,
    )


def _no_authorizer(
    hass: HomeAssistant, session: ClientSession, data: Settings, options: Settings
) -> None:
    return None


def _secret_authorizer(
    hass: HomeAssistant, session: ClientSession, data: Settings, options: Settings
) -> Authorizer:
    watchlist = tuple(options.get(CONF_WATCHLIST, ()))
    return make_secret_authorizer(
        data, User(data[CONF_USER_ID], data.get(CONF_USER_INFO) or DEFAULT_USER_INFO, watchlist)
    )


def _endpoint_authorizer(
    hass: HomeAssistant, session: ClientSession, data: Settings, options: Settings
) -> Authorizer:
    headers = RenderedFields(hass, data.get(CONF_HEADERS, ()))
    params = RenderedFields(hass, data.get(CONF_PARAMS, ()))
    return TemplatedEndpointAuthorizer(
        session,
        data[CONF_AUTH_ENDPOINT],
        data.get(CONF_USER_AUTH_ENDPOINT),
        headers_provider=headers,
        params_provider=params,
        proxy=data[CONF_SERVER].get(CONF_PROXY),
        fields=(headers, params),
    )


def _script_authorizer(
    hass: HomeAssistant, session: ClientSession, data: Settings, options: Settings
) -> Authorizer:
    script = AuthorizationScript(hass, data[CONF_SCRIPT])
    return CallbackAuthorizer(script.authorize_channel, script.authorize_user)


METHODS: Final[Mapping[str, AuthorizationMethod]] = {
    AUTH_SECRET: AuthorizationMethod(_secret_authorizer, is_external=False),
    AUTH_ENDPOINT: AuthorizationMethod(_endpoint_authorizer, is_external=True),
    AUTH_SCRIPT: AuthorizationMethod(_script_authorizer, is_external=True),
    AUTH_NONE: AuthorizationMethod(_no_authorizer, is_external=False),
}


class AppSecretAuthorizer(SecretAuthorizer):
    """Signs with the app secret; a missing encryption master key is named as the form names it."""

    @override
    async def authorize_channel(self, socket_id: str, channel: str) -> ChannelAuth:
        if self.master_key is None and ChannelKind.of(channel).is_encrypted:
            raise AuthorizationError(NO_MASTER_KEY)
        return await SecretAuthorizer.authorize_channel(self, socket_id, channel)


class RenderedFields:
    """Headers or params with templates that are rendered for each request.

    `lacks_states`: whether an entity that the latest rendering used had no state.
    """

    def __init__(self, hass: HomeAssistant, fields: Sequence[Mapping[str, str]]) -> None:
        self._hass = hass
        self._templates = {field["name"]: Template(field["value"], hass) for field in fields}
        self.lacks_states = False

    def __call__(self) -> Mapping[str, str]:
        """Return the fields.

        Raises `AuthorizationError`, retryable while a template lacks the state of an entity.
        """
        self.lacks_states = False
        return {name: self._render(name) for name in self._templates}

    def _render(self, name: str) -> str:
        template = self._templates[name]
        info = template.async_render_to_info(log_fn=_ignore, parse_result=False)
        lacks_state = any(self._lacks_state(entity_id) for entity_id in info.entities)
        self.lacks_states |= lacks_state
        try:
            text = info.result()
        except TemplateError:
            message = f"The template of {name} could not be rendered"
            raise AuthorizationError(message, retryable=lacks_state) from None
        literal = _EXPRESSION.sub("", template.template)
        if lacks_state and (_MISSING.search(text) or text.split() == literal.split()):
            message = f"The template of {name} uses an entity that has no state yet"
            raise AuthorizationError(message, retryable=True)
        if info.entities and _NONE.search(text) and not _NONE.search(literal):
            message = f"The template of {name} uses an attribute that has no value yet"
            raise AuthorizationError(message, retryable=True)
        return text

    def _lacks_state(self, entity_id: str) -> bool:
        state = self._hass.states.get(entity_id)
        return state is None or state.state in (STATE_UNKNOWN, STATE_UNAVAILABLE)


def _ignore(level: int, message: str) -> None:
    """Log nothing: Home Assistant's message quotes the template, which may contain a secret."""


@dataclass(frozen=True, slots=True)
class TemplatedEndpointAuthorizer(EndpointAuthorizer):
    """Asks an endpoint; a refusal is retried while an entity of the templates has no state."""

    fields: tuple[RenderedFields, ...] = field(default=(), repr=False)

    @override
    async def authorize_channel(self, socket_id: str, channel: str) -> ChannelAuth:
        with self._retried_without_states():
            return await EndpointAuthorizer.authorize_channel(self, socket_id, channel)

    @override
    async def authorize_user(self, socket_id: str) -> UserAuth:
        with self._retried_without_states():
            return await EndpointAuthorizer.authorize_user(self, socket_id)

    @contextmanager
    def _retried_without_states(self) -> Iterator[None]:
        try:
            yield
        except AuthorizationError as err:
            if err.status and any(fields.lacks_states for fields in self.fields):
                message = f"{err.message}; a template uses an entity that has no state yet"
                raise AuthorizationError(message, retryable=True) from None
            raise


class AuthorizationScript:
    """Authorizes by running a script; one that fails or responds nothing has refused.

    A run that a reload of the scripts ends is retried. The runs of one script wait for each other:
    in its default mode a script runs only once at a time, and responds nothing while another
    automation runs it, which is retried too.
    """

    def __init__(self, hass: HomeAssistant, entity_id: str) -> None:
        self._hass = hass
        self._entity_id = entity_id
        self._lock = hass.data.setdefault(SCRIPT_LOCKS, defaultdict(Lock))[entity_id]

    async def authorize_channel(self, socket_id: str, channel: str) -> Json:
        """Return the script's response for a channel."""
        return await self._run({"socket_id": socket_id, "channel_name": channel})

    async def authorize_user(self, socket_id: str) -> Json:
        """Return the script's response for a sign-in."""
        return await self._run({"socket_id": socket_id})

    async def _run(self, variables: dict[str, str]) -> Json:
        action, is_reloaded = self._action, False

        @callback
        def handle_removed(event: Event) -> None:
            nonlocal is_reloaded
            is_reloaded |= event.data["service"] == action

        unsubscribe = self._hass.bus.async_listen(EVENT_SERVICE_REMOVED, handle_removed)
        try:
            async with self._lock, timeout(SCRIPT_TIMEOUT):
                response = await self._hass.services.async_call(
                    SCRIPT_DOMAIN, action, variables, blocking=True, return_response=True
                )
        except TimeoutError:
            message = f"The script {self._entity_id} did not answer in time"
            raise AuthorizationError(message, retryable=True) from None
        except (HomeAssistantError, ValueError) as err:
            is_missing = isinstance(err, ServiceNotFound) and err.service == action
            raise self._error(
                f"failed ({type(err).__name__})",
                retryable=is_reloaded or (is_missing and self._is_registered),
            ) from None
        finally:
            unsubscribe()
        if not response:
            is_busy = self._hass.states.is_state(self._entity_id, STATE_ON)
            raise self._error("failed, or it responded nothing", retryable=is_reloaded or is_busy)
        return response

    def _error(self, fault: str, *, retryable: bool) -> AuthorizationError:
        message = f"The script {self._entity_id} {fault}"
        if retryable:
            return AuthorizationError(message, retryable=True)
        return AuthorizationError(message, SCRIPT_REFUSED)

    @property
    def _is_registered(self) -> bool:
        return er.async_get(self._hass).async_get(self._entity_id) is not None

    @property
    def _action(self) -> str:
        """The name of the script's action, which a renamed entity keeps."""
        entry = er.async_get(self._hass).async_get(self._entity_id)
        return split_entity_id(self._entity_id)[1] if entry is None else entry.unique_id
