"""Bounds that more than one module uses: times in seconds, sizes in bytes."""

from typing import Final

ANSWER_TIMEOUT: Final = 10.0
"""How long a subscription or a sign-in waits for the server's answer."""
MAX_MESSAGE_CHARS: Final = 300
"""The characters that are kept of a server's error message."""
MAX_FRAME_BYTES: Final = 16 * 1024 * 1024
MAX_EVENT_DATA_BYTES: Final = 1024 * 1024
MAX_MEMBER_BYTES: Final = 64 * 1024
"""A frame about one member, or with an error; the protocol allows a user object of 1 KB."""
MAX_RECEIVED_NAME_CHARS: Final = 64 * 1024
"""The name of an event; the protocol allows 200 characters."""
MAX_RECEIVED_ID_CHARS: Final = 200
"""The id of a user; the protocol allows 128 characters."""
MAX_MEMBERS: Final = 10_000
"""The members of a channel that are kept; pusher.com allows 100."""
MAX_INTEGER: Final = 2**53
"""JavaScript reads larger integers wrongly."""
