"""How kinds of Pusher servers differ, measured in November 2026."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto
from types import MappingProxyType

from . import frames


class Refusal(StrEnum):
    """Why a subscription is refused."""

    NO_AUTH = auto()
    WRONG_KEY = auto()
    WRONG_SIGNATURE = auto()
    NO_CHANNEL_DATA = auto()
    INVALID_CHANNEL_DATA = auto()


class RefusalFrame(Enum):
    """The frame that refuses a subscription."""

    SUBSCRIPTION_ERROR = auto()
    ERROR = auto()


class Farewell(Enum):
    """How the server ends a connection that it refuses."""

    ERROR_AND_CLOSE = auto()
    CLOSE = auto()
    ERROR_AND_CUT = auto()


class OnSilence(Enum):
    """What the server does when a client has sent nothing for a while."""

    NOTHING = auto()
    PING = auto()
    CLOSE = auto()


type Texts = Mapping[Refusal, str]

_SUCCEEDED_EMPTY_TEXT: Mapping[str, object] = MappingProxyType({"data": "{}"})
_SUCCEEDED_OBJECT: Mapping[str, object] = MappingProxyType({"data": {}})
_NOTHING: Mapping[str, object] = MappingProxyType({})
_INVALID_SIGNATURE = (
    "Invalid signature: Expected HMAC SHA256 hex digest of {signed}, but got {signature}"
)
_DIGEST_TEXTS = MappingProxyType(dict.fromkeys(Refusal, _INVALID_SIGNATURE))
_PUSHER_TEXTS = MappingProxyType(
    {
        Refusal.NO_AUTH: "Auth info required to subscribe to {channel}",
        Refusal.WRONG_KEY: "Invalid key in subscription auth data: '{key}'",
        Refusal.WRONG_SIGNATURE: _INVALID_SIGNATURE,
        Refusal.NO_CHANNEL_DATA: "{channel} is a presence channel and subscription must include channel_data",
        Refusal.INVALID_CHANNEL_DATA: "user_info supplied to presence subscription is invalid",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How one kind of server behaves; the defaults are soketi's.

    `activity_timeout` is what the welcome has, in seconds; slanger sends a text. `silence_after` is how long a client
    may be silent before `on_silence`, and `answer_within` how long it has to answer a ping (seconds). `kind_separator`
    follows "private" and "presence" in the names of channels that need authorization.
    """

    activity_timeout: float | str = 120
    farewell: Farewell = Farewell.ERROR_AND_CLOSE
    on_silence: OnSilence = OnSilence.NOTHING
    silence_after: float = 60
    answer_within: float = 30

    error_data_is_text: bool = False
    error_has_channel: bool = True
    pong: Mapping[str, object] = field(default_factory=lambda: {"data": {}})
    succeeded: Mapping[str, object] = _NOTHING

    refusal_frame: RefusalFrame = RefusalFrame.SUBSCRIPTION_ERROR
    refusal_code: int | None = 401
    refusal_texts: Texts = MappingProxyType(
        dict.fromkeys(Refusal, "The connection is unauthorized.")
    )
    refuses_twice: bool = False
    drops_frames_after_refusal: bool = False

    needs_user_id: bool = False
    needs_user_info: bool = False
    has_sign_in: bool = True
    kind_separator: str = "-"

    has_encrypted_cache: bool = True
    caches_client_events: bool = False
    caches_member_removed: bool = False

    client_events_need_structure: bool = False
    limits_client_events: bool = True
    max_message_bytes: int | None = None

    api_on_second_port: bool = False
    signs_path_prefix: bool = False
    event_status: int = 200
    has_batch: bool = True
    has_terminate: bool = True
    knows_unoccupied_channels: bool = True
    knows_users_of_unoccupied: bool = True
    refuses_info_lists: bool = False
    batch_answer_is_object: bool = False
    refuses_empty_data: bool = False
    max_request_bytes: int | None = None

    def error(self, code: int | None, message: str, channel: str | None = None) -> str:
        """Return a pusher:error."""
        place = channel if self.error_has_channel else None
        return frames.error(code, message, place, as_text=self.error_data_is_text)

    def refusal(self, refusal: Refusal, channel: str, **values: object) -> str:
        """Return the frame that refuses a subscription; `values` fill its text."""
        text = self.refusal_texts[refusal].format(channel=channel, **values)
        if self.refusal_frame is RefusalFrame.ERROR:
            return self.error(self.refusal_code, text)
        if refusal in {Refusal.NO_CHANNEL_DATA, Refusal.INVALID_CHANNEL_DATA}:
            return frames.subscription_error(
                channel, "A server error has occured.", 4302, "ErrorReceived"
            )
        return frames.subscription_error(channel, text, self.refusal_code or 401)


SOKETI = Profile(signs_path_prefix=True)
PUSHER = Profile(
    farewell=Farewell.CLOSE,
    error_has_channel=False,
    succeeded=_SUCCEEDED_EMPTY_TEXT,
    refusal_frame=RefusalFrame.ERROR,
    refusal_code=None,
    refusal_texts=_PUSHER_TEXTS,
    refuses_twice=True,
    needs_user_id=True,
)
REVERB = Profile(
    activity_timeout=30,
    farewell=Farewell.ERROR_AND_CUT,
    on_silence=OnSilence.PING,
    error_data_is_text=True,
    error_has_channel=False,
    pong=_NOTHING,
    succeeded=_SUCCEEDED_EMPTY_TEXT,
    refusal_frame=RefusalFrame.ERROR,
    refusal_code=4009,
    refusal_texts=MappingProxyType(dict.fromkeys(Refusal, "Connection is unauthorized")),
    needs_user_info=True,
    has_sign_in=False,
    kind_separator="",
    has_encrypted_cache=False,
    caches_client_events=True,
    caches_member_removed=True,
    client_events_need_structure=True,
    limits_client_events=False,
    max_message_bytes=10_000,
    knows_users_of_unoccupied=False,
    batch_answer_is_object=True,
    refuses_empty_data=True,
    max_request_bytes=10_000,
)
LARAVEL_WEBSOCKETS = Profile(
    activity_timeout=30,
    error_has_channel=False,
    refusal_frame=RefusalFrame.ERROR,
    refusal_code=4009,
    refusal_texts=MappingProxyType(dict.fromkeys(Refusal, "Invalid Signature")),
    needs_user_id=True,
    drops_frames_after_refusal=True,
    has_batch=False,
    has_terminate=False,
    knows_unoccupied_channels=False,
)
POXA = Profile(
    on_silence=OnSilence.CLOSE,
    silence_after=120,
    error_has_channel=False,
    succeeded=_SUCCEEDED_OBJECT,
    refusal_frame=RefusalFrame.ERROR,
    refusal_code=None,
    refusal_texts=_DIGEST_TEXTS,
    needs_user_id=True,
    has_batch=False,
    has_terminate=False,
    refuses_info_lists=True,
)
SLANGER = Profile(
    activity_timeout="30",
    error_has_channel=False,
    succeeded=_SUCCEEDED_OBJECT,
    refusal_frame=RefusalFrame.ERROR,
    refusal_code=None,
    refusal_texts=_DIGEST_TEXTS,
    needs_user_id=True,
    api_on_second_port=True,
    event_status=202,
)

PROFILES: Mapping[str, Profile] = MappingProxyType(
    {
        "pusher": PUSHER,
        "soketi": SOKETI,
        "reverb": REVERB,
        "laravel-websockets": LARAVEL_WEBSOCKETS,
        "poxa": POXA,
        "slanger": SLANGER,
    }
)
