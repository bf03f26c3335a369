"""What a share does after an error depends on what may help."""

import pytest

from custom_components.pusher_channels.client import (
    InvalidUseError,
    Misuse,
    PusherError,
    RequestError,
    RequestFailure,
    SubscriptionError,
)
from custom_components.pusher_channels.hub.share_route import Failure, failure_of


@pytest.mark.parametrize(
    ("err", "failure"),
    [
        (RequestError(RequestFailure.TOO_LARGE, "", 413), Failure.TOO_LARGE),
        (InvalidUseError(Misuse.DATA_SIZE, ""), Failure.TOO_LARGE),
        (RequestError(RequestFailure.NO_RESPONSE, ""), Failure.TRANSIENT),
        (RequestError(RequestFailure.REFUSED, "", 429), Failure.TRANSIENT),
        (RequestError(RequestFailure.INVALID_RESPONSE, "", 502), Failure.TRANSIENT),
        (InvalidUseError(Misuse.NOT_CONNECTED, ""), Failure.TRANSIENT),
        (InvalidUseError(Misuse.NOT_SUBSCRIBED, ""), Failure.TRANSIENT),
        (SubscriptionError("AuthError", "", 503), Failure.TRANSIENT),
        (TimeoutError(), Failure.TRANSIENT),
        (RequestError(RequestFailure.REFUSED, "", 400), Failure.REFUSED),
        (RequestError(RequestFailure.INVALID_RESPONSE, "", 200), Failure.REFUSED),
        (RequestError(RequestFailure.INVALID_APP_ID, "", 404), Failure.REFUSED),
        (RequestError(RequestFailure.CLOCK_SKEW, "", 401), Failure.REFUSED),
        (InvalidUseError(Misuse.CLIENT_EVENT_CHANNEL, ""), Failure.REFUSED),
        (InvalidUseError(Misuse.MASTER_KEY_MISSING, ""), Failure.REFUSED),
    ],
)
def test_error_says_whether_time_or_less_data_helps(
    err: PusherError | TimeoutError, failure: Failure
) -> None:
    assert failure_of(err) is failure
