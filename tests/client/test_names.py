"""Channel kinds and the rules for names."""

import pytest

from custom_components.pusher_channels.client.exceptions import InvalidUseError, Misuse
from custom_components.pusher_channels.client.names import (
    ChannelKind,
    check_channel_name,
    check_event_name,
    check_user_id,
    is_channel_name,
    is_socket_id,
    is_user_id,
)

from .vectors import VECTORS

CHANNEL_NAMES = [(row["name"], row["valid"]) for row in VECTORS["names"] if "name" in row]
SOCKET_IDS = [(row["socket_id"], row["valid"]) for row in VECTORS["names"] if "socket_id" in row]


@pytest.mark.parametrize(("name", "valid"), [*CHANNEL_NAMES, ("a\n", False), ("é", False)])
def test_channel_name_is_checked(name: str, valid: bool) -> None:
    assert is_channel_name(name) is valid
    if valid:
        check_channel_name(name)
    else:
        with pytest.raises(InvalidUseError, match="1 to 164") as caught:
            check_channel_name(name)
        assert caught.value.misuse is Misuse.CHANNEL_NAME


@pytest.mark.parametrize(("socket_id", "valid"), SOCKET_IDS)
def test_socket_id_is_checked(socket_id: str, valid: bool) -> None:
    assert is_socket_id(socket_id) is valid


@pytest.mark.parametrize(
    ("user_id", "valid"),
    [
        ("me", True),
        ("a" * 128, True),
        ("a" * 129, False),
        ("", False),
        ("#me", False),
        ("\ud800", False),
    ],
)
def test_user_id_is_checked(user_id: str, valid: bool) -> None:
    assert is_user_id(user_id) is valid
    if valid:
        check_user_id(user_id)
    else:
        with pytest.raises(InvalidUseError, match="1 to 128") as caught:
            check_user_id(user_id)
        assert caught.value.misuse is Misuse.USER_ID


@pytest.mark.parametrize(
    ("name", "valid"),
    [("", False), ("e", True), ("e" * 200, True), ("e" * 201, False), ("\udfff", False)],
)
def test_event_name_is_checked(name: str, valid: bool) -> None:
    if valid:
        check_event_name(name)
    else:
        with pytest.raises(InvalidUseError, match="1 to 200") as caught:
            check_event_name(name)
        assert caught.value.misuse is Misuse.EVENT_NAME


@pytest.mark.parametrize(
    ("channel", "kind", "traits"),
    [
        ("private-encrypted-cache-a", ChannelKind.ENCRYPTED_CACHE, "authorized encrypted cache"),
        ("private-encrypted-a", ChannelKind.ENCRYPTED, "authorized encrypted"),
        ("private-cache-a", ChannelKind.PRIVATE_CACHE, "authorized cache client_events"),
        ("private-a", ChannelKind.PRIVATE, "authorized client_events"),
        ("private-encrypted", ChannelKind.PRIVATE, "authorized client_events"),
        ("presence-cache-a", ChannelKind.PRESENCE_CACHE, "authorized presence cache client_events"),
        ("presence-a", ChannelKind.PRESENCE, "authorized presence client_events"),
        ("cache-a", ChannelKind.CACHE, "cache"),
        ("orders", ChannelKind.PUBLIC, ""),
        ("private", ChannelKind.PUBLIC, ""),
        ("Private-a", ChannelKind.PUBLIC, ""),
        ("#server-to-user-me", ChannelKind.USER, ""),
    ],
)
def test_longest_prefix_decides_the_kind(channel: str, kind: ChannelKind, traits: str) -> None:
    assert ChannelKind.of(channel) is kind
    traits_of_kind = {
        "authorized": kind.needs_authorization,
        "presence": kind.is_presence,
        "encrypted": kind.is_encrypted,
        "cache": kind.is_cache,
        "client_events": kind.takes_client_events,
    }
    assert {trait for trait, has_it in traits_of_kind.items() if has_it} == set(traits.split())
