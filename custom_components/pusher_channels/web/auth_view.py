"""Authorization endpoints for web pages: users are identified by their Home Assistant token."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, override
from urllib.parse import parse_qsl

import orjson
from aiohttp import hdrs, web
from homeassistant.auth.models import User as HomeAssistantUser
from homeassistant.components.http import KEY_HASS, KEY_HASS_USER
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.http import HomeAssistantView, request_handler_factory

from ..client import (
    AuthorizationError,
    BodyTooLongError,
    ChannelKind,
    Json,
    SecretAuthorizer,
    User,
    is_socket_id,
    read_body,
)
from ..const import (
    CONF_AUTH_ENDPOINT_ORIGINS,
    CONF_AUTH_ENDPOINT_VIEW,
    CONF_SECRET,
    DOMAIN,
)
from ..hub.authorization import make_secret_authorizer
from ..hub.hub import PusherConfigEntry

CHANNEL_PATH: Final = f"/api/{DOMAIN}/auth/{{entry_id}}"
USER_PATH: Final = f"/api/{DOMAIN}/user-auth/{{entry_id}}"
MAX_BODY_BYTES: Final = 16 * 1024
NOT_STORED: Final[dict[str, str]] = {hdrs.CACHE_CONTROL: "no-store", hdrs.VARY: hdrs.ORIGIN}
PREFLIGHT: Final[dict[str, str]] = {
    hdrs.ACCESS_CONTROL_ALLOW_METHODS: hdrs.METH_POST,
    hdrs.ACCESS_CONTROL_ALLOW_HEADERS: f"{hdrs.AUTHORIZATION}, {hdrs.CONTENT_TYPE}",
}


@callback
def async_setup_views(hass: HomeAssistant) -> None:
    """Register the endpoints; they answer for entries that enable them."""
    hass.http.register_view(ChannelAuthView)
    hass.http.register_view(UserAuthView)


@dataclass(frozen=True, slots=True)
class AuthRequest:
    """A valid request; `channel` is empty if the request names none."""

    entry: PusherConfigEntry
    user: HomeAssistantUser
    socket_id: str
    channel: str

    @property
    def authorizer(self) -> SecretAuthorizer:
        """The authorizer that signs for the user of Home Assistant."""
        info: dict[str, Json] = {"name": self.user.name or self.user.id}
        return make_secret_authorizer(self.entry.data, User(self.user.id, info))


class _AuthView(HomeAssistantView):
    """An endpoint for authenticated users; pages of the listed origins may read the response."""

    url: str
    name: str

    @override
    def register(
        self, hass: HomeAssistant, app: web.Application, router: web.UrlDispatcher
    ) -> None:
        """Add the routes, with a preflight by entry: the HTTP server has one list of origins."""
        answer = request_handler_factory(hass, self, self.post)

        async def post(request: web.Request) -> web.StreamResponse:
            headers = _headers(request)
            try:
                response = await answer(request)
            except web.HTTPException as refusal:
                refusal.headers.update(headers)
                raise
            response.headers.update(headers)
            return response

        resource = router.add_resource(self.url, name=self.name)
        resource.add_route(hdrs.METH_POST, post)
        resource.add_route(hdrs.METH_OPTIONS, _preflight)

    async def post(self, request: web.Request, entry_id: str) -> web.Response:
        """Return the signed response, or a status and a reason."""
        entry = _find_entry(request)
        if entry is None:
            return self.json_message("There is no such endpoint", HTTPStatus.NOT_FOUND)
        try:
            fields = _parse(request, await read_body(request.content, MAX_BODY_BYTES))
        except BodyTooLongError:
            return self.json_message("Too long", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        except ValueError, web.RequestPayloadError:
            return self.json_message("Send a form or JSON", HTTPStatus.BAD_REQUEST)
        socket_id = fields.get("socket_id", "")
        if not is_socket_id(socket_id):
            return self.json_message("socket_id is missing or wrong", HTTPStatus.BAD_REQUEST)
        return await self.answer(
            AuthRequest(entry, request[KEY_HASS_USER], socket_id, fields.get("channel_name", ""))
        )

    @abstractmethod
    async def answer(self, request: AuthRequest) -> web.Response:
        """Return the response to a valid request."""


class ChannelAuthView(_AuthView):
    """Authorizes the configured private, presence and encrypted channels of an entry."""

    url = CHANNEL_PATH
    name = f"api:{DOMAIN}:auth"

    @override
    async def answer(self, request: AuthRequest) -> web.Response:
        channel = request.channel
        if not channel:
            return self.json_message("channel_name is missing", HTTPStatus.BAD_REQUEST)
        hub = request.entry.runtime_data
        is_ours = hub.is_configured(channel) or hub.shares.uses(channel)
        if not (is_ours and ChannelKind.of(channel).needs_authorization):
            return self.json_message("Not a private channel of this app", HTTPStatus.FORBIDDEN)
        try:
            auth = await request.authorizer.authorize_channel(request.socket_id, channel)
        except AuthorizationError as err:
            return self.json_message(err.message, HTTPStatus.FORBIDDEN)
        return self.json(auth.as_response())


class UserAuthView(_AuthView):
    """Authenticates the user for a sign-in."""

    url = USER_PATH
    name = f"api:{DOMAIN}:user-auth"

    @override
    async def answer(self, request: AuthRequest) -> web.Response:
        auth = await request.authorizer.authorize_user(request.socket_id)
        return self.json(auth.as_response())


async def _preflight(request: web.Request) -> web.Response:
    """Answer a browser's preflight request, which has no token."""
    headers = _headers(request)
    if hdrs.ACCESS_CONTROL_ALLOW_ORIGIN in headers:
        headers = {**headers, **PREFLIGHT}
    return web.Response(status=HTTPStatus.NO_CONTENT, headers=headers)


def _headers(request: web.Request) -> Mapping[str, str]:
    entry, origin = _find_entry(request), request.headers.get(hdrs.ORIGIN)
    if not (entry and origin) or origin not in entry.options.get(CONF_AUTH_ENDPOINT_ORIGINS, ()):
        return NOT_STORED
    return {**NOT_STORED, hdrs.ACCESS_CONTROL_ALLOW_ORIGIN: origin}


def _find_entry(request: web.Request) -> PusherConfigEntry | None:
    """Return the loaded entry in the path, if its endpoint is enabled."""
    config_entries = request.app[KEY_HASS].config_entries
    entry: PusherConfigEntry | None = config_entries.async_get_entry(request.match_info["entry_id"])
    if (
        entry is not None
        and entry.domain == DOMAIN
        and entry.state is ConfigEntryState.LOADED
        and entry.options.get(CONF_AUTH_ENDPOINT_VIEW)
        and CONF_SECRET in entry.data
    ):
        return entry
    return None


def _parse(request: web.Request, body: bytes) -> Mapping[str, str]:
    """Return the fields of a form, or the texts of a JSON object; raises `ValueError`."""
    if request.content_type != "application/json":
        return dict(parse_qsl(body.decode()))
    match orjson.loads(body):
        case dict(fields):
            return {name: value for name, value in fields.items() if isinstance(value, str)}
        case _:
            raise ValueError
