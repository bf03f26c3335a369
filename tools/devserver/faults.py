"""Faults that a test can switch on in the server."""

import asyncio
from dataclasses import dataclass, field, fields


@dataclass(slots=True, kw_only=True)
class Faults:
    """Switches that are read at each use, so they may be set at any time.

    Handshake: `upgrade_status` refuses the upgrade with an HTTP status (`upgrade_location`, if any, as Location);
    `handshake_silent` accepts and says nothing; `handshake_reset` resets the TCP connection; `first_frame` replaces
    connection_established ("{socket_id}" in a text is filled in); `handshake_close` closes with that code, after
    `first_frame` if there is one, else instead of any frame.

    Established: `ignore_pings`; `unanswered_channels` get no answer to a subscribe and `subscribe_answers` maps a
    channel to the raw frame sent instead of subscribing ("*" = every channel); the next `drop_events` published
    events vanish.

    HTTP: `api_status` is what the HTTP API answers. The authorizing endpoints answer `auth_status` and/or the raw
    `auth_body`, or a 302 to `auth_redirect`; with `auth_hold` they record the request and answer once the event is
    set. The next `wrong_signatures` and `wrong_shared_secrets` answers are wrong; the keys in `auth_omit` are left out.
    """

    upgrade_status: int | None = None
    upgrade_location: str | None = None
    handshake_silent: bool = False
    handshake_reset: bool = False
    first_frame: str | bytes | None = None
    handshake_close: int | None = None
    handshake_close_reason: str = ""
    ignore_pings: bool = False
    unanswered_channels: set[str] = field(default_factory=set)
    subscribe_answers: dict[str, str] = field(default_factory=dict)
    drop_events: int = 0
    api_status: int | None = None
    auth_status: int | None = None
    auth_body: str | bytes | None = None
    auth_redirect: str | None = None
    auth_hold: asyncio.Event | None = None
    wrong_signatures: int = 0
    wrong_shared_secrets: int = 0
    auth_omit: set[str] = field(default_factory=set)

    def reset(self) -> None:
        """Behave again."""
        good = Faults()
        for fault in fields(self):
            setattr(self, fault.name, getattr(good, fault.name))

    def leaves_unanswered(self, channel: str) -> bool:
        """Whether a subscribe to `channel` gets no answer."""
        return not self.unanswered_channels.isdisjoint({channel, "*"})

    def subscribe_answer(self, channel: str) -> str | None:
        """The raw frame that answers a subscribe to `channel`, if any."""
        return self.subscribe_answers.get(channel, self.subscribe_answers.get("*"))

    def take_dropped_event(self) -> bool:
        """Whether the event published now vanishes."""
        dropped = self.drop_events > 0
        self.drop_events -= dropped
        return dropped

    def take_wrong_signature(self) -> bool:
        """Whether the answer made now is signed wrongly."""
        wrong = self.wrong_signatures > 0
        self.wrong_signatures -= wrong
        return wrong

    def take_wrong_shared_secret(self) -> bool:
        """Whether the answer made now carries a wrong shared secret."""
        wrong = self.wrong_shared_secrets > 0
        self.wrong_shared_secrets -= wrong
        return wrong
