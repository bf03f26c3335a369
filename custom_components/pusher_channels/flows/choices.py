"""What the form of a channel offers: occupied channels, and the members who are present."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Final

from ..client import (
    ChannelKind,
    HttpApi,
    InvalidUseError,
    PresenceChannel,
    RequestError,
    is_channel_name,
)
from ..const import CONF_USER_ID, MAX_MEMBER_NAME_CHARS
from ..hub.hub import Hub
from .probe import PROBE_CHANNEL

MAX_CHANNELS: Final = 500
MAX_MEMBERS: Final = 500
MAX_PRESENCE_CHANNELS: Final = 10

type Labels = Mapping[str, str]


async def occupied_channels(hub: Hub) -> Labels:
    """Return the channels that the server API names and that are not configured yet."""
    if hub.api is None:
        return {}
    try:
        occupied = await hub.api.channels()
    except RequestError:
        return {}
    names = sorted(
        name
        for name in occupied
        if is_channel_name(name) and not hub.is_configured(name) and name != PROBE_CHANNEL
    )
    return {name: name for name in names[:MAX_CHANNELS]}


async def present_members(hub: Hub, channels: Iterable[str]) -> Labels:
    """Return the members of these presence channels; of several, the label names the channel."""
    names = [name for name in channels if ChannelKind.of(name).is_presence]
    lists = await asyncio.gather(
        *(_members_of(hub, name) for name in names[:MAX_PRESENCE_CHANNELS])
    )
    labels: dict[str, str] = {}
    for channel, members in zip(names, lists, strict=False):
        for user_id, name in members.items():
            label = user_id if name is None else f"{name} ({user_id})"
            labels.setdefault(user_id, label if len(names) == 1 else f"{label}, {channel}")
    return dict(sorted(labels.items())[:MAX_MEMBERS])


async def _members_of(hub: Hub, name: str) -> Mapping[str, str | None]:
    """Return the names of the other members by their ids, None for a member without a name."""
    channel = hub.client.channels.get(name)
    if isinstance(channel, PresenceChannel) and channel.is_subscribed:
        return {
            user_id: _name(member.user_info)
            for user_id, member in channel.members.items()
            if member is not channel.me
        }
    if hub.api is None:
        return {}
    own_id = hub.entry.data.get(CONF_USER_ID)
    return {user_id: None for user_id in await _users(hub.api, name) if user_id != own_id}


async def _users(api: HttpApi, channel: str) -> list[str]:
    try:
        return await api.users(channel)
    except InvalidUseError, RequestError:
        return []


def _name(user_info: object) -> str | None:
    name = user_info.get("name") if isinstance(user_info, dict) else None
    return name[:MAX_MEMBER_NAME_CHARS] if isinstance(name, str) and name else None
