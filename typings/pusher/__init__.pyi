from collections.abc import Mapping, Sequence
from typing import Any

from .pusher_client import PusherClient
from .requests import RequestsBackend

class Pusher:
    _pusher_client: PusherClient
    def __init__(
        self,
        app_id: str,
        key: str,
        secret: str,
        ssl: bool = True,
        host: str | None = None,
        port: int | None = None,
        timeout: float = 5,
        cluster: str | None = None,
        encryption_master_key: str | None = None,
        encryption_master_key_base64: str | None = None,
        json_encoder: None = None,
        json_decoder: None = None,
        backend: type[RequestsBackend] | None = None,
        **backend_options: object,
    ) -> None: ...
    def trigger(
        self,
        channels: str | Sequence[str],
        event_name: str,
        data: object,
        socket_id: str | None = None,
    ) -> dict[str, Any]: ...
    def send_to_user(self, user_id: str, event_name: str, data: object) -> dict[str, Any]: ...
    def trigger_batch(
        self, batch: Sequence[Mapping[str, object]] = ..., already_encoded: bool = False
    ) -> dict[str, Any]: ...
    def channels_info(
        self, prefix_filter: str | None = None, attributes: Sequence[str] = ...
    ) -> dict[str, Any]: ...
    def channel_info(self, channel: str, attributes: Sequence[str] = ...) -> dict[str, Any]: ...
    def users_info(self, channel: str) -> dict[str, Any]: ...
    def terminate_user_connections(self, user_id: str) -> dict[str, Any]: ...
    def authenticate(
        self, channel: str, socket_id: str, custom_data: Mapping[str, object] | None = None
    ) -> dict[str, str | bytes]: ...
    def authenticate_user(
        self, socket_id: str, user_data: Mapping[str, object] | None = None
    ) -> dict[str, str]: ...
    def validate_webhook(self, key: str, signature: str, body: str) -> dict[str, Any] | None: ...
