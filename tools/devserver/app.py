"""What an app of the server is: its credentials, switches and limits."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """One Pusher app.

    `app_id` is a string of digits (the official library insists), `master_key` the base64 of 32 bytes for
    private-encrypted channels. `authorization_timeout` (seconds) closes with 4009 a connection that has neither
    signed in nor subscribed to an authorized channel by then; None never does. A connection beyond `max_connections` is
    refused with `quota_code` (4100 as soketi, 4004 as pusher.com). `cache_ttl` is in seconds. `origins` are the values
    of the header Origin that may connect (None: all). A client that sends more than `messages_per_second` of any kind
    gets 4301, and with `ends_over_rate` its connection ends.
    """

    app_id: str = "1001"
    key: str = "demo-key"
    secret: str = field(default="demo-secret", repr=False)
    master_key: str | None = field(default=None, repr=False)
    enabled: bool = True
    client_events: bool = True
    subscription_count: bool = False
    authorization_timeout: float | None = None
    max_connections: int | None = None
    quota_code: int = 4100
    max_members: int = 100
    max_member_bytes: int = 2048
    max_channel_name: int = 200
    max_event_bytes: int = 10_240
    client_events_per_second: int = 10
    cache_ttl: float = 1800.0
    origins: frozenset[str] | None = None
    messages_per_second: int | None = None
    ends_over_rate: bool = False
