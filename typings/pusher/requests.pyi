from typing import Any

import requests

from .http import Request
from .pusher_client import PusherClient

class RequestsBackend:
    client: PusherClient
    options: dict[str, object]
    session: requests.Session
    def __init__(self, client: PusherClient, **options: object) -> None: ...
    def send_request(self, request: Request) -> dict[str, Any]: ...
