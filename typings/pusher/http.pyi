from collections.abc import Mapping
from typing import Any

from .pusher_client import PusherClient

GET: str
POST: str

class Request:
    method: str
    path: str
    params: dict[str, Any]
    body: bytes
    query_params: dict[str, str]
    def __init__(
        self, client: PusherClient, method: str, path: str, params: object = None
    ) -> None: ...
    @property
    def query_string(self) -> str: ...
    @property
    def signed_path(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def base_url(self) -> str: ...
    @property
    def headers(self) -> dict[str, str]: ...

class RequestMethod:
    def __call__(self, *args: object, **kwargs: object) -> dict[str, Any]: ...
    def make_request(self, *args: object, **kwargs: object) -> Request: ...

def make_query_string(params: Mapping[str, str]) -> str: ...
