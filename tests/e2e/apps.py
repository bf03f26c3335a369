"""The two Pusher apps that every server under test knows."""

import base64
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class App:
    """A Pusher app: its numeric id, key and secret, and the key that seals encrypted channels (base64 of 32 bytes)."""

    app_id: str
    key: str
    secret: str = field(repr=False)
    master_key: str = field(repr=False)


def _master_key(first: int) -> str:
    return base64.b64encode(bytes(range(first, first + 32))).decode()


APP_1 = App("1001", "key-of-app-1", "canary-the-secret-of-app-1", _master_key(1))
APP_2 = App("1002", "key-of-app-2", "canary-the-secret-of-app-2", _master_key(100))
