"""The two Pusher apps that every server under test knows."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class App:
    """A Pusher app: its numeric id, key and secret."""

    app_id: str
    key: str
    secret: str


APP_1 = App("1001", "key1", "secret1")
APP_2 = App("1002", "key2", "secret2")
