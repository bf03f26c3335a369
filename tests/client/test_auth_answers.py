"""A signed authorization can be sent as the response of an endpoint."""

import pytest

from custom_components.pusher_channels.client.auth_answers import (
    parse_channel_answer,
    parse_user_answer,
)
from custom_components.pusher_channels.client.authorizers import SecretAuthorizer, User
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
async def test_response_for_a_channel_has_the_fields_of_its_kind(
    channel: str, fields: set[str]
) -> None:
    signed = await AUTHORIZER.authorize_channel("1.2", channel)
    response = signed.as_response()
    assert response.keys() == fields
    assert parse_channel_answer({**response}, channel) == signed


async def test_response_for_a_user_is_parsed_again() -> None:
    signed = await AUTHORIZER.authorize_user("1.2")
    response = signed.as_response()
    assert response.keys() == {"auth", "user_data"}
    assert parse_user_answer({**response}) == signed
