"""The official server library."""

import pusher  # type: ignore[import-untyped]
from pusher.http import POST, Request  # type: ignore[import-untyped]

from .apps import APP_1, App


def publisher(host: str, port: int, app: App = APP_1, encryption_master_key: str | None = None) -> pusher.Pusher:
    """Return the official library's client for one app of the server at host and port, without TLS.

    Its calls block: run them in a thread. `encryption_master_key` is base64 of 32 bytes.
    """
    return pusher.Pusher(
        app_id=app.app_id,
        key=app.key,
        secret=app.secret,
        host=host,
        port=port,
        ssl=False,
        encryption_master_key_base64=encryption_master_key,
    )


def terminate_user_connections(official: pusher.Pusher, app: App, user_id: str) -> None:
    """Close all connections of a user (4009); the library's own call (3.3.4) leaves the app out of the path."""
    client = official._pusher_client
    client.http.send_request(Request(client, POST, f"/apps/{app.app_id}/users/{user_id}/terminate_connections", {}))
