"""What is signed here is what an endpoint would answer."""

import pytest

from custom_components.pusher_channels.client.auth import (
    SecretAuthorizer,
    User,
    parse_channel_answer,
    parse_user_answer,
)
from custom_components.pusher_channels.client.crypto import parse_key

from .conftest import APP, MASTER_KEY

AUTHORIZER = SecretAuthorizer(APP.key, APP.secret, User("ada", {"n": 1}), parse_key(MASTER_KEY))


@pytest.mark.parametrize(
    ("channel", "fields"),
    [
        ("private-a", {"auth"}),
        ("presence-a", {"auth", "channel_data"}),
        ("private-encrypted-a", {"auth", "shared_secret"}),
    ],
)
async def test_answer_for_a_channel_has_the_kinds_fields_and_is_read_back(
    channel: str, fields: set[str]
) -> None:
    signed = await AUTHORIZER.authorize_channel("1.2", channel)
    answer = signed.as_answer()
    assert answer.keys() == fields
    assert parse_channel_answer({**answer}, channel) == signed


async def test_answer_for_a_user_is_read_back() -> None:
    signed = await AUTHORIZER.authorize_user("1.2")
    answer = signed.as_answer()
    assert answer.keys() == {"auth", "user_data"}
    assert parse_user_answer({**answer}) == signed
