"""Records the notices of a client."""

from custom_components.pusher_channels.client.client import ClientNotice, PusherClient
from custom_components.pusher_channels.client.connection import ConnectionState, StateChange
from custom_components.pusher_channels.client.exceptions import ConnectionFailedError
from custom_components.pusher_channels.client.messages import ErrorReceived, FrameRejected


class Record:
    """A client's states, failures and server errors, in order, from now on."""

    def __init__(self, client: PusherClient) -> None:
        self.states: list[ConnectionState] = []
        self.failures: list[ConnectionFailedError] = []
        self.errors: list[ErrorReceived] = []
        self.rejected: list[str] = []
        client.listen(self._note)

    def _note(self, notice: ClientNotice) -> None:
        match notice:
            case StateChange():
                assert notice.previous is not notice.state
                self.states.append(notice.state)
            case ConnectionFailedError():
                self.failures.append(notice)
            case ErrorReceived():
                self.errors.append(notice)
            case FrameRejected():
                self.rejected.append(notice.reason)
            case _:
                pass
