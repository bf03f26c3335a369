"""The messages of `InvalidUseError`."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from custom_components.pusher_channels.client.exceptions import InvalidUseError, Misuse

MESSAGES = {
    Misuse.CHANNEL_NAME: "A channel name has 1 to 164 letters, digits or _ - = @ , . ;",
    Misuse.EVENT_NAME: "An event name has 1 to 200 characters",
    Misuse.USER_ID: "A user id has 1 to 128 characters and no # at the start",
    Misuse.DATA_TYPE: "The data cannot be written as JSON",
    Misuse.DATA_SIZE: "An event carries at most 10240 bytes of data",
    Misuse.TOO_MANY_CHANNELS: "An event goes to 1 to 100 channels",
    Misuse.TOO_MANY_EVENTS: "A batch has 1 to 10 events",
    Misuse.MASTER_KEY_MISSING: "An encrypted channel needs the encryption master key",
    Misuse.MASTER_KEY: "An encryption master key is 32 bytes in Base64 (44 characters)",
    Misuse.ADDRESS: "The host or the port is not valid",
    Misuse.ENCRYPTED_ALONE: "An encrypted channel must be the only channel of an event",
    Misuse.CLIENT_EVENT_NAME: "A client event's name starts with client-",
    Misuse.CLIENT_EVENT_CHANNEL: (
        "Client events are for private and presence channels that are not encrypted"
    ),
    Misuse.NOT_SUBSCRIBED: "A client event needs a subscribed channel",
    Misuse.NOT_CONNECTED: "There is no connection to send it on",
}


@contextmanager
def misused(misuse: Misuse, message: str | None = None) -> Iterator[None]:
    """Expect an `InvalidUseError` with the usual message, or with `message`."""
    with pytest.raises(InvalidUseError) as caught:
        yield
    assert (caught.value.misuse, str(caught.value)) == (misuse, message or MESSAGES[misuse])
