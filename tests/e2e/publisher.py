"""The official server library."""

import asyncio

import pusher
from pusher.http import POST, Request

from .apps import APP_1, App
from .backends import Backend


def publisher(server: Backend, app: App = APP_1) -> pusher.Pusher:
    """Return the official library's client for one app of a server. Its calls block: run them in a thread."""
    return pusher.Pusher(
        app_id=app.app_id,
        key=app.key,
        secret=app.secret,
        host=server.host,
        port=server.port,
        ssl=False,
        encryption_master_key_base64=app.master_key,
    )


async def publish(
    server: Backend, channel: str, event: str, data: object, app: App = APP_1
) -> None:
    """Publish one event."""
    await asyncio.to_thread(publisher(server, app).trigger, channel, event, data)


async def send_to_user(
    server: Backend, user_id: str, event: str, data: object, app: App = APP_1
) -> None:
    """Send one event to all connections of a user."""
    await asyncio.to_thread(publisher(server, app).send_to_user, user_id, event, data)


async def terminate_user_connections(server: Backend, user_id: str, app: App = APP_1) -> None:
    """Close all connections of a user (4009); the library's own call (3.3.4) leaves the app out of the path."""
    client = publisher(server, app)._pusher_client
    path = f"/apps/{app.app_id}/users/{user_id}/terminate_connections"
    await asyncio.to_thread(client.http.send_request, Request(client, POST, path, {}))
