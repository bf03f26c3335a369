"""What the client says to a caller who asks for what cannot be done."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from custom_components.pusher_channels.client.exceptions import InvalidUseError, Misuse

WORDS = {
    Misuse.CHANNEL_NAME: "A channel name has 1 to 164 letters, digits or _ - = @ , . ;",
    Misuse.EVENT_NAME: "An event name has 1 to 200 characters",
    Misuse.USER_ID: "A user id has 1 to 128 characters and no # in front",
    Misuse.DATA_TYPE: "The data cannot be written as JSON",
    Misuse.DATA_SIZE: "An event carries at most 10240 bytes of data",
    Misuse.TOO_MANY_CHANNELS: "An event goes to 1 to 100 channels",
    Misuse.TOO_MANY_EVENTS: "A batch has 1 to 10 events",
    Misuse.MASTER_KEY_MISSING: "An encrypted channel needs the encryption master key",
    Misuse.MASTER_KEY: "The encryption master key is the base64 of 32 bytes",
    Misuse.ENCRYPTED_ALONE: "An event for an encrypted channel goes to that channel alone",
    Misuse.CLIENT_EVENT_NAME: "A client event's name starts with client-",
    Misuse.CLIENT_EVENT_CHANNEL: (
        "Client events are for private and presence channels that are not encrypted"
    ),
    Misuse.NOT_SUBSCRIBED: "A client event needs a joined channel",
    Misuse.NOT_CONNECTED: "There is no connection to send it on",
}


@contextmanager
def misused(misuse: Misuse, words: str | None = None) -> Iterator[None]:
    """Expect that the caller is told so; `words` are others than the usual ones."""
    with pytest.raises(InvalidUseError) as caught:
        yield
    assert (caught.value.misuse, str(caught.value)) == (misuse, words or WORDS[misuse])
