"""The user as which an app signs in, and the users that it watches."""

from collections.abc import Callable

from homeassistant.core import HomeAssistant, callback

from ..client import (
    ClientNotice,
    ConnectionState,
    Listeners,
    OnlineChange,
    PusherClient,
    SignedIn,
    SigninFailed,
    StateChange,
    Unlisten,
)
from .grace import GRACE_SECONDS, OutageGrace
from .timer import Timer


class AppUser:
    """What entities show of the user; it does not change in an outage of less than 10 s.

    After a sign-in a server names only the watched users who are online. A user who was online
    before the outage counts as offline if the server has not named them for 10 s.
    """

    def __init__(self, hass: HomeAssistant, client: PusherClient) -> None:
        self._grace = OutageGrace(hass, self._sign_out)
        self._changes: Listeners[None] = Listeners()
        self._online: set[str] = set()
        self._unconfirmed: set[str] = set()
        self._timer = Timer(hass, self._drop_unconfirmed)
        client.listen(self._handle_notice)

    @property
    def is_available(self) -> bool:
        """Whether the user is signed in, or was less than 10 s ago."""
        return self._grace.is_available

    def is_online(self, user_id: str) -> bool:
        """Return whether a watched user is online."""
        return user_id in self._online

    def listen(self, listener: Callable[[None], None]) -> Unlisten:
        """Call the listener when something changed."""
        return self._changes.add(listener)

    def _handle_notice(self, notice: ClientNotice) -> None:
        match notice:
            case SignedIn():
                self._grace.recover()
                self._confirm_soon()
            case OnlineChange(user_id=user_id, online=online):
                self._unconfirmed.discard(user_id)
                if online:
                    self._online.add(user_id)
                else:
                    self._online.discard(user_id)
            case StateChange(state=ConnectionState.RECONNECTING):
                self._unconfirmed = set(self._online)
                self._timer.cancel()
                self._grace.start_outage()
                return
            case (
                SigninFailed(is_retried=False)
                | StateChange(state=ConnectionState.DISCONNECTING | ConnectionState.DISCONNECTED)
            ):
                self._sign_out()
                return
            case _:
                return
        self._changes.notify(None)

    @callback
    def _sign_out(self) -> None:
        """Show that the user is not signed in."""
        self._grace.give_up()
        self._timer.cancel()
        self._online.clear()
        self._unconfirmed.clear()
        self._changes.notify(None)

    def _confirm_soon(self) -> None:
        self._timer.cancel()
        if self._unconfirmed:
            self._timer.start(GRACE_SECONDS)

    @callback
    def _drop_unconfirmed(self) -> None:
        self._online -= self._unconfirmed
        self._unconfirmed.clear()
        self._changes.notify(None)
