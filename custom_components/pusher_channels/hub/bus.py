"""Fires Home Assistant events for the notices of an app's connection and channels."""

from typing import Any, Final

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..client import (
    Channel,
    ChannelNotice,
    ClientNotice,
    ConnectionFailedError,
    DecryptionFailure,
    ErrorReceived,
    Event,
    FrameRejected,
    Gap,
    Member,
    MemberAdded,
    MemberRemoved,
    PresenceChannel,
    SigninFailed,
    StateChange,
    SubscriptionRefused,
    SubscriptionSucceeded,
    WebhookEvent,
)
from ..const import (
    EVENT,
    EVENT_CONNECTION_STATE,
    EVENT_DECRYPTION_FAILURE,
    EVENT_ERROR,
    EVENT_GAP,
    EVENT_MEMBER_ADDED,
    EVENT_MEMBER_REMOVED,
    EVENT_SUBSCRIPTION_ERROR,
    EVENT_SUBSCRIPTION_SUCCEEDED,
    EVENT_WEBHOOK,
)

MAX_MEMBERS: Final = 100


class DeviceBus:
    """Fires events that name one device of one entry."""

    def __init__(self, hass: HomeAssistant, entry_id: str, device_id: str) -> None:
        self._fire = hass.bus.async_fire
        self._entry_id = entry_id
        self._device_id = device_id

    def fire(self, event_type: str, data: dict[str, Any]) -> None:
        """Fire an event with the entry's and the device's id."""
        self._fire(event_type, {"entry_id": self._entry_id, "device_id": self._device_id, **data})

    def fire_event(self, event: Event) -> None:
        """Fire an event of a channel."""
        self._fire(
            EVENT,
            {
                "entry_id": self._entry_id,
                "device_id": self._device_id,
                "channel": event.channel,
                "event": event.name,
                "data": event.writable(),
                "user_id": event.user_id,
                "cached": event.cached,
            },
        )

    def fire_webhook(self, event: WebhookEvent) -> None:
        """Fire an event of a webhook."""
        self.fire(
            EVENT_WEBHOOK,
            {
                "channel": event.channel,
                "event": event.name,
                "user_id": event.user_id,
                "client_event": event.client_event,
                "data": event.data,
                "socket_id": event.socket_id,
                "subscription_count": event.subscription_count,
            },
        )

    def fire_client_notice(self, notice: ClientNotice) -> None:
        """Fire a notice of the connection, the app or its user."""
        match notice:
            case StateChange():
                state = {"state": notice.state.value, "previous": notice.previous.value}
                self.fire(EVENT_CONNECTION_STATE, state)
            case ConnectionFailedError() | ErrorReceived():
                self.fire(EVENT_ERROR, {"code": notice.code, "message": notice.message})
            case FrameRejected():
                self.fire(EVENT_ERROR, {"code": None, "message": notice.reason})
            case SigninFailed():
                self.fire(EVENT_ERROR, {"code": notice.status or None, "message": notice.error})
            case Gap():
                gap = {
                    "since": dt_util.utc_from_timestamp(notice.since).isoformat(),
                    "until": dt_util.utc_from_timestamp(notice.until).isoformat(),
                    "channels": list(notice.channels),
                }
                self.fire(EVENT_GAP, gap)
            case _:
                pass

    def fire_channel_notice(self, channel: Channel, notice: ChannelNotice) -> None:
        """Fire a notice of a channel."""
        match notice:
            case SubscriptionSucceeded():
                self.fire(EVENT_SUBSCRIPTION_SUCCEEDED, _subscribed(channel))
            case SubscriptionRefused():
                error = {
                    "channel": notice.channel,
                    "type": notice.type,
                    "error": notice.error,
                    "status": notice.status,
                }
                self.fire(EVENT_SUBSCRIPTION_ERROR, error)
            case MemberAdded(member=member, missed=missed):
                self.fire(EVENT_MEMBER_ADDED, _member(channel, member, missed=missed))
            case MemberRemoved(user_id=user_id, user_info=user_info, missed=missed):
                member = Member(user_id, user_info)
                self.fire(EVENT_MEMBER_REMOVED, _member(channel, member, missed=missed))
            case DecryptionFailure():
                failure = {
                    "channel": notice.channel,
                    "event": notice.event,
                    "reason": notice.reason,
                }
                self.fire(EVENT_DECRYPTION_FAILURE, failure)
            case _:
                pass


def _subscribed(channel: Channel) -> dict[str, Any]:
    data: dict[str, Any] = {"channel": channel.name}
    if isinstance(channel, PresenceChannel):
        data["count"] = channel.count
        data["me"] = None if channel.me is None else channel.me.user_id
        data["members"] = sorted(channel.members)[:MAX_MEMBERS]
    return data


def _member(channel: Channel, member: Member, *, missed: bool) -> dict[str, Any]:
    return {
        "channel": channel.name,
        "user_id": member.user_id,
        "user_info": member.user_info,
        "missed": missed,
        "count": channel.count if isinstance(channel, PresenceChannel) else None,
    }
