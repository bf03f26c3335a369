from .http import RequestMethod
from .requests import RequestsBackend

class PusherClient:
    http: RequestsBackend
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
    @property
    def trigger(self) -> RequestMethod: ...
    @property
    def trigger_batch(self) -> RequestMethod: ...
    @property
    def channels_info(self) -> RequestMethod: ...
    @property
    def channel_info(self) -> RequestMethod: ...
    @property
    def users_info(self) -> RequestMethod: ...
    @property
    def terminate_user_connections(self) -> RequestMethod: ...
